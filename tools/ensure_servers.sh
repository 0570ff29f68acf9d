#!/bin/sh
# Have nginx and coturn for the tests of several processes: the system's, or Debian's packages. Where they cannot be had
# these tests are skipped and say so.
set -eu
PATH="$PATH:/usr/sbin"
command -v nginx >/dev/null 2>&1 && command -v turnserver >/dev/null 2>&1 && exit 0
if command -v apt-get >/dev/null 2>&1 && { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }; then
  as_root=""
  [ "$(id -u)" = 0 ] || as_root="sudo -n"
  $as_root apt-get update -qq || true
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends nginx-light coturn \
    >/dev/null && exit 0
fi
echo "nginx or coturn cannot be installed here: the tests of several processes will be skipped." >&2
