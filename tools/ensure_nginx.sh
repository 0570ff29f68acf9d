#!/bin/sh
# Have nginx for the tests of several processes: the system's, or Debian's package. Where it cannot be had these tests
# are skipped and say so.
set -eu
PATH="$PATH:/usr/sbin"
command -v nginx >/dev/null 2>&1 && exit 0
if command -v apt-get >/dev/null 2>&1 && { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }; then
  as_root=""
  [ "$(id -u)" = 0 ] || as_root="sudo -n"
  $as_root apt-get update -qq
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends nginx-light >/dev/null && exit 0
fi
echo "nginx cannot be installed here: the tests of several processes behind it will be skipped." >&2
