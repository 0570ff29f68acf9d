#!/bin/sh
# Create .venv with Python 3.11, installing Debian's venv package where it is missing.
set -eu
python=$1
command -v "$python" >/dev/null 2>&1 || python=python3
"$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' ||
  { echo "Python 3.11 is needed; give its path as PYTHON=…" >&2; exit 1; }
if ! "$python" -m venv .venv; then
  rm -rf .venv
  [ "$(id -u)" = 0 ] || { echo "Install the package python3.11-venv, then run make again." >&2; exit 1; }
  apt-get update -qq && apt-get install -y -qq python3.11-venv
  "$python" -m venv .venv
fi
