"""The process that DUNEuro runs in: which interpreter, whether it can, and what it says.

DUNEuro can crash hard, and its module may belong to another Python: ``DUNEUROPY_PYTHON`` names
that interpreter, else the running one is used with whatever PYTHONPATH adds to it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import deque
from pathlib import Path

from multisource.errors import UserError
from multisource.fem import duneuro_worker
from multisource.progress import progress

DOCUMENTATION = "docs/duneuro.md"
# DUNEuro says this once per solve.
SOLVE_LINE = "=== Solver setup"


def require_duneuropy(*, python: str | None = None, timeout: float = 120.0) -> None:
    """Raise UserError, with the way out, unless ``import duneuropy`` works.

    It is tried in a process of its own, since the module of another Python version can crash.

    Parameters
    ----------
    python : str, optional
        Interpreter; None takes that of ``DUNEUROPY_PYTHON``, else the running one.
    timeout : float, optional
        Seconds after which the import counts as failed.

    Raises
    ------
    UserError
        If the module cannot be imported.
    """
    interpreter = _interpreter(python)
    code = (
        "import numpy, duneuropy as d; d.MEEGDriver3d, d.Dipole3d, d.FieldVector3D; print('fine')"
    )
    try:
        done = subprocess.run(
            [interpreter, "-c", code], capture_output=True, text=True, timeout=timeout
        )
        reason = _reason(done.returncode, done.stderr)
        fine = done.returncode == 0 and done.stdout.endswith("fine\n")
    except (OSError, subprocess.TimeoutExpired) as error:
        fine, reason = False, str(error)
    if not fine:
        raise UserError(
            f"leadfield.fem.backend: duneuro needs the module duneuropy, which {interpreter} "
            f"cannot import ({reason}): build it with envs/duneuro.sh ({DOCUMENTATION}) and put it "
            "on PYTHONPATH (or name its interpreter in DUNEUROPY_PYTHON), or set "
            "leadfield.fem.backend: native"
        )


def run_worker(folder: Path, python: str | None, task: str) -> None:
    """Run the worker on a folder, showing its progress.

    Parameters
    ----------
    folder : Path
        Holds request.json and the arrays it speaks of; the worker leaves its answer there.
    python : str or None
        Interpreter that can import duneuropy; None takes that of ``DUNEUROPY_PYTHON``, else the
        running one.
    task : str
        What the progress bar calls it.

    Raises
    ------
    UserError
        With the worker's reason, if it fails.
    """
    errors = folder / "stderr.txt"
    with errors.open("w") as stderr:
        process = subprocess.Popen(
            [_interpreter(python), duneuro_worker.__file__, str(folder)],
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
        tail: deque[str] = deque(maxlen=5)
        with process, progress(f"DUNEuro {task}") as bar:
            for line in process.stdout or ():
                if line.startswith(duneuro_worker.PROGRESS):
                    done, bar.total = map(int, line.split()[-2:])
                    bar.update(done - bar.n)
                elif line.startswith(duneuro_worker.MODULE):
                    print(f"DUNEuro {task} by{line.removeprefix(duneuro_worker.MODULE)}", end="")
                elif line.startswith(SOLVE_LINE):
                    bar.update()
                elif line.strip():
                    tail.append(line.strip())
    if process.returncode == 0:
        return
    told = folder / "error.txt"
    reason = told.read_text() if told.is_file() else ""
    raise UserError(
        f"DUNEuro failed ({reason or _reason(process.returncode, errors.read_text())})"
        + (f" after saying {tail[-1]!r}" if tail and not reason else "")
        + ": leadfield.fem.backend: native computes the same leadfield"
    )


def _reason(returncode: int, stderr: str) -> str:
    if returncode < 0:
        return f"killed by {signal.Signals(-returncode).name}"
    lines = stderr.strip().splitlines()
    return lines[-1] if lines else f"exit status {returncode}"


def _interpreter(python: str | None) -> str:
    return python or os.environ.get("DUNEUROPY_PYTHON") or sys.executable
