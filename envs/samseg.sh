#!/usr/bin/env bash
# Make the virtual environment that SAMSEG needs (numpy 1, Python 3.11), without root, or take the
# one that is there, if it was made from the same pins.
# usage: envs/samseg.sh VENV [LIST]    (PYTHON311 names the interpreter, else one is looked for;
#                                       LIST is written: the packages, with their versions)
set -euo pipefail
venv=$1
list=${2:-}
here=$(cd "$(dirname "$0")" && pwd)

fail() { echo "samseg: $1" >&2; exit 1; }
is_311() { "$1" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' >/dev/null 2>&1; }
imports() { "$venv/bin/python" -I -c 'import samseg' >/dev/null 2>&1; }
# The last file of an installation: a copy of the pins that it was made from.
is_there() { cmp -s "$here/samseg.txt" "$venv/pins.txt" && imports; }
# A list that is there under its name is whole.
write_list() {
  [ -n "$list" ] || return 0
  "$venv/bin/python" -I -m pip list --format=freeze --disable-pip-version-check > "$list.part"
  mv "$list.part" "$list"
}

[ "$(uname -sm)" = "Linux x86_64" ] ||
  fail "SAMSEG's package is for Linux on x86-64 only; use provider freesurfer instead"

# Several heads may ask at a time: one installs, the others wait for it.
mkdir -p "$(dirname "$venv")"
exec 9>"$venv.lock"
flock 9 || echo "samseg: no locks on this file system; do not install twice at a time" >&2
if is_there; then echo "samseg: $venv is there"; write_list; exit; fi

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
imports || { rm -rf "$venv"; fail "installed, but does not import"; }
cp "$here/samseg.txt" "$venv/pins.txt"
write_list
