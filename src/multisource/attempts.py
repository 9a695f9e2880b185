"""Attempts at a step: what is removed before one starts, and which failures are not tried again.

Snakemake can start a failed step once more (``retries``). That helps where memory or time ran out,
or where a machine failed, and never where the step has refused its input: it would refuse it again.
Snakemake sees no difference, so that a step which refuses leaves a mark, and the run looks for it.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

_MARKS = Path(".snakemake/multisource-refused")


def mark_refused(log: str | Path) -> None:
    """Say that a step has refused its input: the run shall not try it again.

    Parameters
    ----------
    log : str or Path
        The step's log, by which it is known.
    """
    with suppress(OSError):  # without the mark it is tried once more, and ends with the same line
        _MARKS.mkdir(parents=True, exist_ok=True)
        _mark(log).touch()


def unmark(log: str | Path) -> None:
    """Remove the mark of an earlier attempt at a step.

    Parameters
    ----------
    log : str or Path
        The step's log.
    """
    with suppress(OSError):
        _mark(log).unlink(missing_ok=True)


def is_refused(logs: Iterable[str | Path]) -> bool:
    """Whether one of some steps has refused its input in its last attempt.

    Parameters
    ----------
    logs : iterable of str or Path
        Their logs.

    Returns
    -------
    bool
        True if at least one has.
    """
    return any(_mark(log).exists() for log in logs)


def watch_attempts() -> None:
    """Let a run remove old logs before it starts a step, and not repeat what was refused.

    A step that is killed before its start, in a queue say, would else show the log of an earlier
    attempt as its own. Called once by the Snakefile in the process that starts the steps.
    """
    from snakemake.jobs import GroupJob, Job
    from snakemake_interface_executor_plugins.executors.base import AbstractExecutor

    start = AbstractExecutor.run_job_pre
    if hasattr(start, "__wrapped__"):
        return  # by another Snakefile of the same run

    @functools.wraps(start)
    def start_afresh(executor: Any, job: Any) -> None:
        if not (executor.workflow.dryrun or executor.workflow.touch):
            for log in job.log:
                unmark(log)
                with suppress(OSError):
                    Path(log).unlink(missing_ok=True)
        start(executor, job)

    def property_of(kind: type) -> property:
        tries = vars(kind)["restart_times"].fget
        return property(lambda job: 0 if is_refused(job.log) else tries(job))

    AbstractExecutor.run_job_pre = start_afresh
    for kind in (Job, GroupJob):
        kind.restart_times = property_of(kind)


def _mark(log: str | Path) -> Path:
    return _MARKS / hashlib.sha256(str(log).encode()).hexdigest()[:20]
