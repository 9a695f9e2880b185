"""Runs of Snakemake that need not import it: each is forked from a process which has done so.

Most of a dry run is imports. A run from here is a process of its own, in the folder and the
environment that it is given, and does what ``python -m snakemake`` does. It finds the modules of
other packages in memory, and takes ``multisource`` from the folder that it runs in.
"""

from __future__ import annotations

import atexit
import json
import os
import runpy
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

# What a run imports from other packages. One that is missing here costs time, nothing else.
MODULES = (
    "jsonschema",
    "mne.channels",
    "mne.surface",
    "nibabel",
    "pandas",
    "scipy.spatial",
    "scipy.special",
    "smart_open",
    "snakemake.api",
    "snakemake.cli",
    "snakemake.report.html_reporter",
)


def run_snakemake(arguments: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run Snakemake in a folder and return what it said."""
    server = _server()
    with tempfile.TemporaryDirectory() as place:
        said = [Path(place) / name for name in ("stdout", "stderr")]
        request = {
            "folder": str(folder),
            "arguments": list(arguments),
            "environment": dict(os.environ),
            "said": [str(path) for path in said],
        }
        assert server.stdin and server.stdout
        print(json.dumps(request), file=server.stdin, flush=True)
        code = int(server.stdout.readline())
        output, errors = (path.read_text(encoding="utf-8") for path in said)
    command = ["snakemake", *arguments]
    return subprocess.CompletedProcess(command, code, output, errors)


@cache
def _server() -> subprocess.Popen[str]:
    """Start this file as a program, which ends with the process that has started it."""
    command = [sys.executable, __file__]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert server.stdin
    atexit.register(server.wait)
    atexit.register(server.stdin.close)
    return server


def _next_run() -> dict[str, Any]:
    """Answer each request with the exit code of its run; return it in the process that runs it."""
    for line in sys.stdin:
        request: dict[str, Any] = json.loads(line)
        process = os.fork()
        if process == 0:
            return request
        print(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), flush=True)
    sys.exit()


def _become(request: dict[str, Any]) -> None:
    """Make this process the one that was asked for."""
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    sys.path[0] = request["folder"]
    sys.argv = ["snakemake", *request["arguments"]]
    for stream, path in zip((0, 1, 2), (os.devnull, *request["said"]), strict=True):
        flags = os.O_WRONLY | os.O_CREAT if stream else os.O_RDONLY
        os.dup2(os.open(path, flags), stream)


if __name__ == "__main__":
    import importlib

    for name in MODULES:
        importlib.import_module(name)
    importlib.import_module("snakemake.cli").get_argument_parser()  # imports the plug-ins
    _become(_next_run())
    runpy.run_module("snakemake", run_name="__main__", alter_sys=True)
