#!/bin/sh
# Install the package with every Python that it promises and run the core's tests; a Python that is not here is skipped aloud.
#
#   sh tools/try_pythons.sh [VERSION…]        such as 3.12 3.13; all that pyproject.toml names by default
#
# Pythons are looked for on the PATH, in pyenv and in uv. Environments are kept in build/pythons.
set -eu
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- $(sed -n 's/.*Python :: \(3\.[0-9]*\)".*/\1/p' pyproject.toml)

find_python() {
  for found in "$(command -v "python$1" || true)" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$1".*/bin/python \
    "$(uv python find "$1" 2>/dev/null || true)"; do
    "$found" -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$1')" 2>/dev/null && echo "$found" && return
  done
}

failed=""
for version in "$@"; do
  python=$(find_python "$version" || true)
  if [ -z "$python" ]; then
    echo "Python $version: SKIPPED, it is not on this machine"
    continue
  fi
  place=build/pythons/$version
  [ -x "$place/bin/python" ] || "$python" -m venv "$place"
  "$place/bin/pip" install --quiet --disable-pip-version-check -r requirements-dev.txt
  "$place/bin/pip" install --quiet --disable-pip-version-check --no-deps --force-reinstall .
  (cd "$place" && bin/hybrid-emotion analyze ../../../assets/pexels_distress_to_laughter.mp4 --json analysis.json --quiet >/dev/null)
  if "$place/bin/python" -m pytest -n 2 --dist loadfile tests/unit tests/property emo_core --ignore=tests/unit/training; then
    echo "Python $version: analyzed the sample as an installed package, tests passed"
  else
    echo "Python $version: tests FAILED"
    failed="$failed $version"
  fi
done
[ -z "$failed" ]
