"""Snakemake's SLURM plugin, made to end its waiting and to say why a job has failed.

As it comes, the plugin waits for ever for a job that SLURM has forgotten (``MinJobAge`` seconds
after its end, where there is no accounting database), asks ``sacct`` wherever the program is
installed though it may have no database to ask, guesses an account by a command that cannot work,
and loses SLURM's own word on a job that is a group of steps.
"""

from __future__ import annotations

import functools
import subprocess
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

# A job is given up when SLURM has answered for so long without naming it.
PATIENCE_S = 180
_NAME = Path(".snakemake/multisource-slurm-run")


def adapt_plugin() -> None:
    """Change the plugin where it is installed. Called once by the Snakefile of a run."""
    with suppress(ImportError):
        import snakemake_executor_plugin_slurm as plugin

        executor = plugin.Executor
        if hasattr(executor.check_active_jobs, "__wrapped__"):
            return  # by another Snakefile of the same run
        plugin.is_query_tool_available = _available(plugin.is_query_tool_available)
        answers = _Answers()
        plugin.query_job_status = answers.heard(plugin.query_job_status)
        executor.check_active_jobs = _bounded(executor.check_active_jobs, answers)
        executor.run_job_pre = _with_files_of_before(executor.run_job_pre)
        executor.print_job_error = _with_cause(executor.print_job_error)
        executor.get_account_arg = _without_guess(executor.get_account_arg)
        executor.__post_init__ = _after_the_last_run(executor.__post_init__)


class _Answers:
    """Which jobs SLURM has named, and since when it names others but not them."""

    def __init__(self) -> None:
        self.named: set[str] | None = None
        self.missing: dict[str, float] = {}

    def heard(self, ask: Any) -> Any:
        """Return the plugin's query, overheard."""

        @functools.wraps(ask)
        async def asked(command: str, logger: Any) -> Any:
            status, seconds = await ask(command, logger)
            if status is not None:
                self.named = set(status)
            return status, seconds

        return asked

    def is_lost(self, number: str | None, *, now: float) -> bool:
        """Whether a job has not been named for too long; without an answer nothing is known."""
        if self.named is None or number is None:
            return False
        if {number, number.partition("_")[0]} & self.named:
            self.missing.pop(number, None)
            return False
        return now - self.missing.setdefault(number, now) >= PATIENCE_S


def _bounded(check: Any, answers: _Answers) -> Any:
    """Return the plugin's look at its jobs, which ends the wait for those that are lost."""

    @functools.wraps(check)
    async def checked(self: Any, active: list[Any]) -> AsyncIterator[Any]:
        answers.named = None
        async for info in check(self, active):
            if not answers.is_lost(info.external_jobid, now=time.monotonic()):
                yield info
                continue
            done = is_made(info.job, self.files_of_before.get(info.job, {}))
            told = f"SLURM job {info.external_jobid} is not known to SLURM any more"
            if done:
                self.logger.info(f"{told}; its files are there, and it counts as finished.")
                self.report_job_success(info)
            else:
                log = info.aux["slurm_logfile"]
                self.report_job_error(info, msg=f"{told}, and files are missing. ", aux_logs=[log])

    return checked


def steps_of(job: Any) -> list[Any]:
    """Return the steps of a job of Snakemake's: those of a group, or the job itself.

    Parameters
    ----------
    job : Any
        Snakemake's job or group of jobs.

    Returns
    -------
    list
        Its jobs, in the order of their rules' names.
    """
    return sorted(job.jobs, key=lambda one: str(one.rule.name)) if job.is_group() else [job]


def stamps(job: Any) -> dict[str, tuple[int, int]]:
    """Return what tells the present outputs of a job from later ones.

    Parameters
    ----------
    job : Any
        Snakemake's job or group of jobs.

    Returns
    -------
    dict of str to tuple of int
        File that exists -> (number of its inode, time of change in ns).
    """
    found = {}
    for path in (str(path) for step in steps_of(job) for path in step.output):
        with suppress(OSError):
            state = Path(path).stat()
            found[path] = (state.st_ino, state.st_mtime_ns)
    return found


def is_made(job: Any, before: dict[str, tuple[int, int]]) -> bool:
    """Whether a job has written all its outputs.

    Files are renamed to their names when they are whole, so that a new file is a finished one.

    Parameters
    ----------
    job : Any
        Snakemake's job or group of jobs.
    before : dict of str to tuple of int
        The ``stamps`` of the job before it was submitted.

    Returns
    -------
    bool
        True if each output exists, and none is what it was before.
    """
    now = stamps(job)
    outputs = {str(path) for step in steps_of(job) for path in step.output}
    return outputs == set(now) and not any(before.get(path) == now[path] for path in outputs)


def _with_files_of_before(start: Any) -> Any:
    @functools.wraps(start)
    def started(self: Any, job: Any) -> None:
        self.files_of_before[job] = stamps(job)
        start(self, job)

    return started


def _with_cause(tell: Any) -> Any:
    """Return the plugin's message of a failed job: of a group, what SLURM says and what failed."""

    @functools.wraps(tell)
    def told(self: Any, info: Any, msg: str | None = None, **more: Any) -> None:
        if not info.job.is_group():
            tell(self, info, msg, **more)
            return
        steps = steps_of(info.job)
        unfinished = [step for step in steps if not _has_record(step)]
        begun = [step for step in unfinished if any(Path(log).exists() for log in step.log)]
        names = ", ".join(str(step.rule.name) for step in steps)
        done = f"{len(steps) - len(unfinished)} of its {len(steps)} steps ({names})"
        logs = ", ".join(map(str, more.get("aux_logs") or []))
        self.logger.error(f"{(msg or '').strip()} Finished: {done}. SLURM's log: {logs}")
        for step in begun:
            step.log_error(external_jobid=info.external_jobid)

    return told


def _has_record(step: Any) -> bool:
    """Whether a step has ended well: it removes its record when it begins."""
    from multisource.versions import record_path

    return all(Path(log).exists() and record_path(log).exists() for log in step.log)


def _without_guess(arguments: Any) -> Any:
    """Return the account that is given, if any: without one SLURM takes the user's own."""

    @functools.wraps(arguments)
    def given(self: Any, job: Any) -> Iterable[str]:
        return arguments(self, job) if job.resources.get("slurm_account") else iter([""])

    return given


def _after_the_last_run(prepare: Any) -> Any:
    """Return the plugin's start: it names jobs of a killed run of this folder that go on."""

    @functools.wraps(prepare)
    def prepared(self: Any, *arguments: Any, **options: Any) -> None:
        self.files_of_before = {}
        settings = self.workflow.executor_settings
        if settings.status_command == "sacct" and not has_accounting():
            settings.status_command = "squeue"
        prepare(self, *arguments, **options)
        with suppress(OSError):
            name = _NAME.read_text().strip() if _NAME.exists() else ""
            count = len(_said(["squeue", "--noheader", "--format=%i", f"--name={name}"]).split())
            if name and count:
                self.logger.warning(
                    f"SLURM still has {count} jobs of an earlier run in this folder. They do no "
                    f"harm, and their work is done again; to end them: scancel --name {name}"
                )
            _NAME.parent.mkdir(exist_ok=True)
            _NAME.write_text(f"{self.run_uuid}\n")

    return prepared


def _available(ask: Any) -> Any:
    """Return whether a program can be asked: ``sacct`` only where there is a database."""

    @functools.wraps(ask)
    def answers(name: str) -> bool:
        return bool(ask(name)) and (name != "sacct" or has_accounting())

    return answers


@cache
def has_accounting() -> bool:
    """Whether SLURM keeps what has become of its jobs, for ``sacct``.

    Returns
    -------
    bool
        False also where there is no ``sacct``.
    """
    with suppress(OSError, subprocess.SubprocessError):
        command = ["sacct", "--noheader", "--allocations", "--jobs=1"]
        run = subprocess.run(command, capture_output=True, timeout=60)
        return run.returncode == 0
    return False


def _said(command: list[str]) -> str:
    with suppress(OSError, subprocess.SubprocessError):
        return subprocess.run(command, capture_output=True, text=True, timeout=60).stdout
    return ""
