#!/bin/sh
# Make sure that a Chromium for the browser tests is there: the system's, or Debian's package. Beside it, where it can be had,
# the one without windows, which takes a quarter less of the processor.
set -eu
browser() {
  command -v chromium || command -v chromium-browser || command -v google-chrome
} >/dev/null 2>&1
browser && command -v chromium-headless-shell >/dev/null 2>&1 && exit 0
if command -v apt-get >/dev/null 2>&1 && { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null || ! browser; }; then
  as_root=""
  [ "$(id -u)" = 0 ] || as_root="sudo"
  install="$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends"
  $as_root apt-get update -qq || true
  browser || $install chromium fonts-dejavu-core >/dev/null
  $install chromium-headless-shell >/dev/null || echo "The browser tests run in the whole Chromium, which takes longer." >&2
fi
browser && exit 0
echo "The browser tests need Chromium: install it and run make test again." >&2
exit 1
