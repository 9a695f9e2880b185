#!/usr/bin/env bash
# Make the virtual environment that SAMSEG needs (numpy 1, Python 3.11), without root.
# usage: envs/samseg.sh VENV      (PYTHON311 names the interpreter, else one is looked for)
set -euo pipefail
venv=$1
here=$(cd "$(dirname "$0")" && pwd)

fail() { echo "samseg: $1" >&2; exit 1; }
is_311() { "$1" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' >/dev/null 2>&1; }

[ "$(uname -sm)" = "Linux x86_64" ] ||
  fail "SAMSEG's package is for Linux on x86-64 only; use provider freesurfer instead"
python=
for candidate in ${PYTHON311:-} python3.11 python3 python; do
  if is_311 "$candidate"; then python=$candidate; break; fi
done
[ -n "$python" ] || fail "needs Python 3.11; install it, or name one: PYTHON311=/path/to/python3.11"
command -v cc >/dev/null || command -v gcc >/dev/null ||
  fail "needs a C compiler (its dependency surfa is built from source); install gcc"

rm -rf "$venv"
trap 'rm -rf "$venv"' ERR
"$python" -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/samseg.txt"
"$venv/bin/python" -c 'import samseg' || { rm -rf "$venv"; fail "installed, but does not import"; }
