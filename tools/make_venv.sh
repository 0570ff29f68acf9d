#!/bin/sh
# Create .venv with Python 3.11, 3.12 or 3.13, installing Debian's venv package where it is missing.
set -eu
python=$1
command -v "$python" >/dev/null 2>&1 || python=python3
"$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' ||
  { echo "Python 3.11, 3.12 or 3.13 is needed; give its path as PYTHON=…" >&2; exit 1; }
if ! "$python" -m venv .venv; then
  rm -rf .venv
  [ "$(id -u)" = 0 ] || { echo "Install the package that brings Python's venv (Debian: python3-venv), then run make again." >&2; exit 1; }
  version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
  apt-get update -qq && apt-get install -y -qq "python$version-venv"
  "$python" -m venv .venv
fi
