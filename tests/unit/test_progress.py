"""The line of progress: what it counts, and what it lets through."""

import logging
import os
import pty
import select
import sys
from contextlib import contextmanager

import pytest
from snakemake.settings.types import OutputSettings
from snakemake_interface_logger_plugins.common import LogEvent

from multisource import logs
from snakemake_logger_plugin_multisource import QUIET, LogHandler
from snakemake_logger_plugin_multisource.progress import Progress


def test_time_left_follows_the_steps_of_each_rule():
    progress = Progress()
    progress.plan({"train": 1, "score": 3, "total": 4})
    now = progress.started
    assert progress.left() is None
    progress.started = now - 20
    progress.start(1, "score", {"head": "h", "scenario": "A"})
    progress.running[1] = now - 20
    progress.finish(1)
    progress.start(2, "train", {})
    # A train and two scores to come, 20 s each as far as is known, one at a time.
    assert progress.left() == pytest.approx(60, abs=1)
    assert progress.line(200) == "1 of 4 steps (25 %), 20 s, about 1 min 0 s left: train"
    assert len(progress.line(30)) == 30


def test_failed_step_is_not_done():
    progress = Progress()
    progress.plan({"score": 2})
    progress.start(1, "score", {})
    progress.finish(1, failed=True)
    assert progress.done == 0 and not progress.running
    assert progress.line(200).startswith("0 of 2 steps (0 %), 0 s, 1 failed")


def test_steps_and_handler_agree_on_the_name():
    assert QUIET == logs.QUIET


@contextmanager
def terminal():
    """Standard error is a terminal; yield a function that returns what was written to it.

    Not a fixture: pytest puts its own streams back between the phases of a test.
    """
    ours, theirs = pty.openpty()
    before = sys.stderr
    try:
        with os.fdopen(theirs, "w") as sys.stderr:
            yield lambda: _read(ours)
    finally:
        sys.stderr = before
        os.close(ours)


def _read(terminal):
    """All that has been written: a terminal hands it over in parts, the last of them late."""
    text = b""
    while select.select([terminal], [], [], 0.5)[0]:
        text += os.read(terminal, 100_000)
    return text.decode()


def record(level, text, **extra):
    made = logging.LogRecord("snakemake", level, "", 0, text, None, None)
    vars(made).update(extra)
    return made


def test_terminal_shows_progress_and_errors_but_no_job_blocks(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv(QUIET, "")  # put back afterwards
    monkeypatch.delenv(QUIET)
    with terminal() as shown:
        handler = LogHandler(OutputSettings(), None)
        assert handler.live and os.environ[QUIET] == "1"
        handler.emit(record(logging.INFO, "plan", event=LogEvent.RUN_INFO, stats={"score": 2}))
        job = {"jobid": 1, "rule_name": "score", "wildcards": {"head": "h", "scenario": "A"}}
        handler.emit(record(logging.INFO, "a block about a job", event=LogEvent.JOB_INFO, **job))
        handler.emit(record(logging.ERROR, "what went wrong", event=LogEvent.ERROR))
        handler.emit(record(logging.INFO, "done", event=LogEvent.JOB_FINISHED, job_id=1))
        handler.close()
        text = shown()
    assert "0 of 2 steps (0 %)" in text and ": score A" in text and "1 of 2 steps (50 %)" in text
    assert "what went wrong" in text and "a block about a job" not in text


def test_without_a_terminal_it_is_snakemakes_own_output(capsys):
    handler = LogHandler(OutputSettings(), None)
    assert not handler.live
    handler.emit(record(logging.INFO, "Select jobs to execute..."))
    handler.close()
    assert "Select jobs to execute..." in capsys.readouterr().err
