"""One step of the workflow, seen from its script: checked, logged, and recorded."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from multisource.attempts import mark_refused, unmark
from multisource.damage import check_inputs, fingerprints
from multisource.errors import UserError
from multisource.logs import logged
from multisource.runs import end_with_run
from multisource.versions import record_path, results_of, write_record


@contextmanager
def step(job: Any) -> Iterator[None]:
    """Do a step's work inside its log; when it has succeeded, record what it was made with.

    The log begins with the place where the step runs. Inputs that are not what their steps wrote
    are refused, and a step that refuses is not tried again. The step ends with the run that has
    started it.

    Parameters
    ----------
    job : Any
        The object ``snakemake`` of the script.

    Yields
    ------
    None
        The work stands in the body of ``with``.
    """
    log = job.log[0]
    record = record_path(log)
    record.unlink(missing_ok=True)
    unmark(log)
    with logged(log, declared_mb=getattr(job.resources, "mem_mb", None)):
        print(f"{job.rule}: {place(job.threads)}", flush=True)
        end_with_run()
        try:
            check_inputs(map(str, job.input), results_of(record))
            yield
        except UserError:
            mark_refused(log)
            raise
        outputs = list(map(str, job.output))
        write_record(record, job.rule, outputs, fingerprints(outputs))


def place(threads: int) -> str:
    """Return where this process runs: machine, job, threads and device.

    Parameters
    ----------
    threads : int
        Threads that the step may use.

    Returns
    -------
    str
        Such as ``node7, SLURM job 4711, 2 threads, device cpu``. A step that has loaded torch
        computes with what torch sees, any other on the processor.
    """
    number = os.environ.get("SLURM_JOB_ID")
    job = f"SLURM job {number}" if number else f"process {os.getpid()}"
    torch = sys.modules.get("torch")
    device = "cpu"
    if torch is not None and torch.cuda.is_available():
        device = f"cuda ({torch.cuda.get_device_name()})"
    counted = f"{threads} thread{'s' if threads != 1 else ''}"
    return f"{socket.gethostname()}, {job}, {counted}, device {device}"
