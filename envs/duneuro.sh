#!/usr/bin/env bash
# Build DUNEuro's Python module from its public sources: docs/duneuro.md.
# usage: envs/duneuro.sh [-n] FOLDER [SOURCES]
#   FOLDER   where everything goes; FOLDER/module/ is what PYTHONPATH wants
#   SOURCES  a folder with one folder per module below; without it git fetches them
#   -n       check what is there and say what would be done, and do nothing
# PYTHON names the Python that will import the module (with NumPy; python3), JOBS how many files are
# compiled at a time (each takes one to two GB; 1), GITLAB another place of the repositories.
set -euo pipefail

# Module, repository, commit: what DUNEuro's own tests (its folder ci_information) name for its state
# 0960664 of January 2025, the Python bindings too. FOLDER/versions.txt names what was built.
modules="
dune-common          core/dune-common          ab2af8558f5d5710005844591924536643a318f1
dune-geometry        core/dune-geometry        5673e95ac364ad3498aed9eaf65e0d224384d15a
dune-localfunctions  core/dune-localfunctions  149c7866a11cab6ae5602b50b9f815088daa7a49
dune-grid            core/dune-grid            954436b88247e904628ec4d7c8bb7b2eaac08900
dune-istl            core/dune-istl            a255da6e72f3d0f2ccafec48374cc83f3bc66b60
dune-uggrid          staging/dune-uggrid       cf2513efb6497dc95744649e0658cedef2980bff
dune-typetree        staging/dune-typetree     126b62e36772ee10224fa46de163f1a02b59e2e7
dune-functions       staging/dune-functions    b13eb6fb3f99088754408fa091715e1745916469
dune-pdelab          pdelab/dune-pdelab        ff9b61e01efa8c30432f24b38d37f52fe15a7bc4
duneuro              duneuro/duneuro           0960664
duneuro-py           duneuro/duneuro-py        9c6bcf1f187e7f39699545a696b9413c6cb32908
"
host=${GITLAB:-https://gitlab.dune-project.org}

fail() { echo "duneuro: $1" >&2; exit 1; }

# Said at once: the compiler would say it after half an hour.
same_age() {
  if [ ! -d "$sources/duneuro/duneuro/tes" ] &&
    grep -qs 'duneuro/tes/' "$sources/duneuro-py/src/duneuro-py.cc"; then
    fail "duneuro-py is older than duneuro: it includes duneuro/tes, which is gone; take the commits in $0"
  fi
}

dry=
if [ "${1:-}" = -n ]; then dry=yes; shift; fi
if [ $# -lt 1 ] || [ $# -gt 2 ]; then fail "usage: envs/duneuro.sh [-n] FOLDER [SOURCES]"; fi
folder=$1
sources=${2:-}
python=${PYTHON:-python3}
jobs=${JOBS:-1}

# What is missing is named before anything is fetched or compiled.
if [ -n "$sources" ]; then
  [ -d "$sources" ] || fail "$sources is no folder"
  lacking=
  while read -r name _; do
    [ -z "$name" ] || [ -f "$sources/$name/dune.module" ] || lacking="$lacking $name"
  done <<<"$modules"
  [ -z "$lacking" ] ||
    fail "$sources lacks$lacking: one folder of this name for each, with its dune.module"
  same_age
else
  command -v git >/dev/null || fail "needs git, or a folder of sources: envs/duneuro.sh FOLDER SOURCES"
fi
command -v cmake >/dev/null || fail "needs cmake (Debian: apt-get install cmake)"
command -v g++ >/dev/null || fail "needs g++ (Debian: apt-get install build-essential)"
"$python" -c 'import numpy' 2>/dev/null ||
  fail "$python has no NumPy; name a Python that has: PYTHON=/path/to/python"
headers=$("$python" -c 'import sysconfig; print(sysconfig.get_path("include"))')
[ -f "$headers/Python.h" ] || fail "$headers has no Python.h (Debian: apt-get install python3-dev)"
lacking=
while read -r header package; do
  echo "#include <$header>" | g++ -std=c++20 -I/usr/include/eigen3 -I/usr/include/superlu -E -x c++ - \
    >/dev/null 2>&1 || lacking="$lacking $package"
done <<'LIST'
Eigen/Dense libeigen3-dev
tbb/tbb.h libtbb-dev
slu_ddefs.h libsuperlu-dev
LIST
[ -z "$lacking" ] || fail "libraries are missing (Debian: apt-get install$lacking)"

if [ -n "$dry" ]; then
  if [ -z "$sources" ]; then
    while read -r name path commit; do
      [ -z "$name" ] || echo "git clone $host/$path.git, $commit"
    done <<<"$modules"
  fi
  echo "build ${sources:-$folder/sources} for $("$python" -V), $jobs files at a time, into $folder/module"
  exit
fi

mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
if [ -z "$sources" ]; then
  sources=$folder/sources
  mkdir -p "$sources"
  while read -r name path commit; do
    # What an earlier run has fetched whole is kept.
    if [ -z "$name" ] || [ -f "$sources/$name/dune.module" ]; then continue; fi
    rm -rf "$sources/$name.part"
    echo "duneuro: fetching $name"
    git clone --quiet "$host/$path.git" "$sources/$name.part" ||
      fail "cannot fetch $host/$path.git; with sources from elsewhere: envs/duneuro.sh FOLDER SOURCES"
    git -C "$sources/$name.part" checkout --quiet "$commit" ||
      fail "$host/$path.git has no $commit any more"
    git -C "$sources/$name.part" submodule --quiet update --init --recursive
    mv "$sources/$name.part" "$sources/$name"
  done <<<"$modules"
fi
sources=$(cd "$sources" && pwd)
same_age

# No MPI and none of DUNE's own Python modules; what a shared module is linked from has to be movable.
# dunecontrol wants all flags in one line, which these become.
cat >"$folder/build.opts" <<OPTS
CMAKE_FLAGS="-DCMAKE_BUILD_TYPE=Release \
-DCMAKE_CXX_FLAGS='-O3 -std=c++20 -fno-common' \
-DCMAKE_POSITION_INDEPENDENT_CODE=ON \
-DCMAKE_DISABLE_FIND_PACKAGE_MPI=TRUE \
-DCMAKE_DISABLE_FIND_PACKAGE_LATEX=TRUE \
-DCMAKE_DISABLE_FIND_PACKAGE_Doxygen=TRUE \
-DDUNE_ENABLE_PYTHONBINDINGS=OFF \
-DPython3_EXECUTABLE='$(command -v "$python")' \
-DPYTHON_EXECUTABLE='$(command -v "$python")'"
MAKE_FLAGS="-j$jobs"
OPTS
log=$folder/build.log
echo "duneuro: building, some ten minutes or more; $log"
DUNE_CONTROL_PATH=$sources "$sources/dune-common/bin/dunecontrol" \
  --opts="$folder/build.opts" --builddir="$folder/build" --module=duneuro-py all >"$log" 2>&1 ||
  { tail -n 5 "$log" >&2; fail "the build failed; all of it: $log"; }

found=$(find "$folder/build/duneuro-py" -name 'duneuropy*.so' | head -n 1)
[ -n "$found" ] || fail "the build made no duneuropy*.so; what it said: $log"
mkdir -p "$folder/module"
cp "$found" "$folder/module/duneuropy.so.part"
mv "$folder/module/duneuropy.so.part" "$folder/module/$(basename "$found")"
PYTHONPATH=$folder/module "$python" -c 'import duneuropy; duneuropy.MEEGDriver3d' ||
  fail "$folder/module/$(basename "$found") was built and cannot be imported by $python"
{
  while read -r name _; do
    [ -z "$name" ] ||
      echo "$name $(git -C "$sources/$name" rev-parse HEAD 2>/dev/null || echo 'of a folder')"
  done <<<"$modules"
  (cd "$folder/module" && sha256sum "$(basename "$found")")
} >"$folder/versions.txt.part"
mv "$folder/versions.txt.part" "$folder/versions.txt"
echo "duneuro: done; export PYTHONPATH=$folder/module"
