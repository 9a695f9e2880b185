#!/usr/bin/env bash
# Make the virtual environment and install the pinned software into it.
# usage: envs/install.sh PYTHON VENV EXTRA     an extra of pyproject.toml, say `workflow`
set -euo pipefail
python=$1
venv=$2
extra=$3
here=$(cd "$(dirname "$0")" && pwd)

"$python" - <<'PY' || { echo "multisource needs Python 3.11 to 3.13; name one with: make PYTHON=python3.11" >&2; exit 1; }
import sys
sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PY

has_cuda() { "$1" -c 'import sys, torch; sys.exit(not torch.cuda.is_available())' 2>/dev/null; }

# A CUDA torch that is already there, in the virtual environment or outside it, is kept.
if [ ! -x "$venv/bin/python" ]; then
  if has_cuda "$python"; then
    "$python" -m venv --system-site-packages "$venv"
  else
    "$python" -m venv "$venv"
  fi
fi
constraints=$(mktemp)
trap 'rm -f "$constraints"' EXIT
if has_cuda "$venv/bin/python"; then
  echo "keeping the CUDA torch of this machine"
  grep -v '^torch==' "$here/constraints.txt" >"$constraints"
else
  cp "$here/constraints.txt" "$constraints"
fi
# Python compiles what is imported, at its first import: most of what is installed never is.
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile --use-pep517 \
  --constraint "$constraints" --editable "$here/..[$extra]"
