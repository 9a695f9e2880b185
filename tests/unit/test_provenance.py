"""Code versions follow the code and nothing else."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import multisource
from multisource.provenance import code_version, imported_modules, script_version

SCRIPT = """
from multisource.inverse.io import write_kernel
from multisource.steps import step

with step(snakemake):
    write_kernel(snakemake.output.kernel, None)
"""


@pytest.fixture
def package(tmp_path):
    """A copy of the package whose files a test may edit; versions are read in a new process."""
    copy = tmp_path / "multisource"
    shutil.copytree(Path(multisource.__file__).parent, copy)

    def version(*modules):
        run = subprocess.run(
            [
                sys.executable,
                "-c",
                "import sys; from multisource.provenance import code_version;"
                "print(code_version(*sys.argv[1:]))",
                *modules,
            ],
            env={"PYTHONPATH": str(tmp_path)},
            capture_output=True,
            text=True,
            check=True,
        )
        return run.stdout.strip()

    return copy, version


def test_comment_and_docstring_do_not_count(package):
    folder, version = package
    path = folder / "inverse" / "laura.py"
    before = version("multisource.inverse.laura")
    source = path.read_text()
    path.write_text(source.replace('"""', '"""Another first word. ', 1) + "\n# a last comment\n")
    assert version("multisource.inverse.laura") == before


def test_code_counts(package):
    folder, version = package
    before = version("multisource.inverse.laura")
    with (folder / "inverse" / "laura.py").open("a") as file:
        file.write("\nEXTRA = 1\n")
    assert version("multisource.inverse.laura") != before


def test_imported_module_counts_and_other_does_not(package):
    folder, version = package
    laura, loreta = version("multisource.inverse.laura"), version("multisource.inverse.loreta")
    with (folder / "inverse" / "loreta.py").open("a") as file:
        file.write("\nEXTRA = 1\n")
    assert version("multisource.inverse.laura") == laura
    assert version("multisource.inverse.loreta") != loreta
    with (folder / "inverse" / "kernel.py").open("a") as file:
        file.write("\nEXTRA = 1\n")
    assert version("multisource.inverse.laura") != laura


def test_imports_stay_inside_the_package():
    found = imported_modules("multisource.inverse.laura")
    assert "multisource.inverse.kernel" in found
    assert all(name.split(".")[0] == "multisource" for name in found)


def test_unknown_module_is_refused():
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        code_version("multisource.no_such_module")


def test_release_log_and_messages_do_not_count(package):
    folder, version = package
    before = version("multisource.inverse.laura", "multisource.simulation.chunks")
    neutral = ("__init__", "logs", "errors", "files", "provenance", "steps", "versions", "damage")
    for name in neutral:
        with (folder / f"{name}.py").open("a") as file:
            file.write("\n__version__ = '99.0'\n")
    assert version("multisource.inverse.laura", "multisource.simulation.chunks") == before


def test_script_counts_by_what_it_does(tmp_path):
    def version(text, *modules):
        path = tmp_path / f"script-{len(list(tmp_path.iterdir()))}.py"
        path.write_text(text)
        return script_version(path, *modules)

    before = version(SCRIPT)
    assert version("# A comment.\n" + SCRIPT.replace("kernel, None", "kernel,\n  None")) == before
    assert version(SCRIPT.replace("None", "1")) != before
    assert version(SCRIPT.replace("inverse.io", "inverse.kernel")) != before
    laura = version(SCRIPT, "multisource.inverse.laura:build_kernel")
    assert laura != before


def test_imports_for_a_type_checker_do_not_count():
    assert "multisource.fem.mesh" not in imported_modules("multisource.fem.backends")


def test_a_new_line_of_a_registry_reruns_nothing(package):
    folder, version = package
    path = folder / "inverse" / "registry.py"
    before = version("multisource.inverse.registry")
    line = '"laura": "multisource.inverse.laura:build_kernel",'
    source = path.read_text()
    path.write_text(source.replace(line, line + line.replace('"laura"', '"mine"')))
    assert version("multisource.inverse.registry") == before
    path.write_text(source.replace("snr: float = 3.0", "snr: float = 2.0"))
    assert version("multisource.inverse.registry") != before


def test_the_line_in_use_counts(tmp_path):
    script = tmp_path / "build_kernel.py"
    script.write_text(SCRIPT)
    module = "multisource.inverse.laura"
    one, other = (script_version(script, f"{module}:{f}") for f in ("build_kernel", "laura_matrix"))
    assert one != other


def test_a_module_is_read_once_and_again_when_it_changes(package):
    folder, version = package
    path, module = folder / "inverse" / "laura.py", "multisource.inverse.laura"
    before = version(module)
    (memory,) = (path.parent / "__pycache__").glob("laura.*.code.json")
    content = json.loads(memory.read_text())
    memory.write_text(json.dumps(content | {"code": "remembered"}))
    assert version(module) != before, "what is remembered is taken"
    memory.write_text(json.dumps(content)[:-9])
    assert version(module) == before, "what is damaged is made anew"
    # Of the same size and age, but another.
    stamp, source = path.stat(), path.read_bytes()
    path.write_bytes(source.replace(b"exponent", b"exponint"))
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert version(module) != before
