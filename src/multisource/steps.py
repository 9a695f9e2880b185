"""One step of the workflow, seen from its script: logged, and recorded with its libraries."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from multisource.logs import logged
from multisource.versions import record_path, write_record


@contextmanager
def step(job: Any) -> Iterator[None]:
    """Do a step's work inside its log; when it has succeeded, record what it was made with.

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
    with logged(job.log[0]):
        yield
    write_record(record, job.rule, map(str, job.output))
