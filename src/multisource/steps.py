"""One step of the workflow, seen from its script: checked, logged, and recorded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from multisource.damage import check_inputs, fingerprints
from multisource.logs import logged
from multisource.runs import end_with_run
from multisource.versions import record_path, results_of, write_record


@contextmanager
def step(job: Any) -> Iterator[None]:
    """Do a step's work inside its log; when it has succeeded, record what it was made with.

    Inputs that are not what their steps wrote are refused. The step ends with the run that has
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
    record = record_path(job.log[0])
    record.unlink(missing_ok=True)
    with logged(job.log[0], declared_mb=getattr(job.resources, "mem_mb", None)):
        end_with_run()
        check_inputs(map(str, job.input), results_of(record))
        yield
        outputs = list(map(str, job.output))
        write_record(record, job.rule, outputs, fingerprints(outputs))
