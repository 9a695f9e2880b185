"""The script that builds DUNEuro, as far as it goes without a build, and the proof of a build."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT, PROOF = ROOT / "envs/duneuro.sh", ROOT / "tests/proofs/duneuro.py"
STAND_IN = Path(__file__).parent / "duneuropy_recorder"
MODULES = "common geometry localfunctions grid istl uggrid typetree functions pdelab".split()


def build(*arguments):
    return subprocess.run(
        ["bash", str(SCRIPT), *map(str, arguments)], capture_output=True, text=True, check=False
    )


def test_what_the_sources_lack_is_named_before_anything_is_done(tmp_path):
    for name in [f"dune-{name}" for name in MODULES[1:]] + ["duneuro"]:
        (tmp_path / "sources" / name).mkdir(parents=True)
        (tmp_path / "sources" / name / "dune.module").write_text("")
    done = build(tmp_path / "made", tmp_path / "sources")
    assert done.returncode == 1 and done.stdout == ""
    assert "sources lacks dune-common duneuro-py: one folder of this name" in done.stderr
    assert done.stderr.count("\n") == 1
    done = build("-n", tmp_path / "made", tmp_path / "nowhere")
    assert "nowhere is no folder" in done.stderr
    assert not (tmp_path / "made").exists()


def test_bindings_older_than_duneuro_are_named_before_anything_is_compiled(tmp_path):
    for name in [f"dune-{name}" for name in MODULES] + ["duneuro", "duneuro-py"]:
        (tmp_path / "sources" / name / "src").mkdir(parents=True)
        (tmp_path / "sources" / name / "dune.module").write_text("")
    bindings = tmp_path / "sources/duneuro-py/src/duneuro-py.cc"
    bindings.write_text("#include <duneuro/tes/patch_set.hh>\n")
    done = build(tmp_path / "made", tmp_path / "sources")
    assert done.returncode == 1
    assert "duneuro-py is older than duneuro" in done.stderr


def test_the_script_says_how_it_is_used():
    for arguments in ((), ("-n",), ("a", "b", "c")):
        done = build(*arguments)
        assert done.returncode == 1 and done.stderr.startswith("duneuro: usage: ")


def prove(*models, **environment):
    return subprocess.run(
        [sys.executable, str(PROOF), *models],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | environment,
    )


def test_a_proof_without_the_module_fails_in_one_line():
    done = prove()
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.startswith("not tested: ") and "envs/duneuro.sh" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.slow
def test_the_proof_of_a_build_runs_with_the_stand_in(tmp_path):
    paths = os.pathsep.join([str(STAND_IN), str(ROOT / "src")])
    record = str(tmp_path / "record.jsonl")
    done = prove("partial_integration", PYTHONPATH=paths, DUNEUROPY_RECORD=record)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "hexahedra, partial_integration" in done.stdout
    assert "tetrahedra, partial_integration" in done.stdout and "above" not in done.stdout
