"""What a run shows: on a terminal one line of progress, elsewhere what Snakemake prints.

A logger plugin of Snakemake, found by its name; ``profiles/default`` chooses it. On a terminal the
blocks about every job go to Snakemake's log file only, and the steps' own output to their logs;
warnings and errors, with the log of a step that failed, are printed above the line.
"""

from __future__ import annotations

import os
import shutil
import sys
import threading
from logging import WARNING, LogRecord

from snakemake.logging import ColorizingTextHandler
from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

from snakemake_logger_plugin_multisource.configuration import install
from snakemake_logger_plugin_multisource.progress import Progress
from snakemake_logger_plugin_multisource.wording import worded

# What Snakemake says before and after the steps, and is shown in every case.
SHOWN = ("Building DAG", "Nothing to be done", "Complete log", "Exiting because", "Shutting down")
# The package is not imported: the copy installed here need not be the one beside the workflow.
QUIET = "MULTISOURCE_QUIET"  # see multisource.logs
CLEAR = "\r\x1b[K"


class LogHandler(LogHandlerBase, ColorizingTextHandler):
    """Snakemake's handler of the terminal, with the line of progress."""

    def __post_init__(self) -> None:
        settings = self.common_settings
        stream = sys.stdout if settings.stdout else sys.stderr
        ColorizingTextHandler.__init__(self, nocolor=settings.nocolor, stream=stream)
        plain = settings.dryrun or settings.quiet or settings.verbose or settings.printshellcmds
        dumb = os.environ.get("TERM", "dumb") == "dumb"
        self.progress = Progress()
        # A job of this run has the variable, and leaves the terminal alone.
        self.live = stream.isatty() and not (plain or dumb or QUIET in os.environ)
        self._shown = False
        self._lock = threading.RLock()
        self._end = threading.Event()
        self._clock: threading.Thread | None = None
        if self.live:
            os.environ[QUIET] = "1"

    writes_to_stream = True
    writes_to_file = False
    has_filter = False
    has_formatter = False
    needs_rulegraph = False

    def emit(self, record: LogRecord) -> None:
        event = getattr(record, "event", None)
        with self._lock:
            if not self.live:
                ColorizingTextHandler.emit(self, record)
                return
            self._follow(event, record)
            self._erase()
            if record.levelno >= WARNING or record.getMessage().startswith(SHOWN):
                ColorizingTextHandler.emit(self, record)
            self._draw()

    def format(self, record: LogRecord) -> str:
        text = super().format(record)
        return worded(text, exception=getattr(record, "exception", "")) if text else text

    def close(self) -> None:
        self._end.set()
        with self._lock:
            if self.live and self._clock:
                # The last state stays.
                self._draw()
                self.stream.write("\n")
                self.stream.flush()
                self._clock = None
        super().close()

    def _follow(self, event: LogEvent | None, record: LogRecord) -> None:
        said = vars(record)
        if event == LogEvent.RUN_INFO:
            self.progress.plan(said["stats"])
            if not self._clock:
                self._clock = threading.Thread(target=self._tick, daemon=True)
                self._clock.start()
        elif event == LogEvent.JOB_INFO:
            self.progress.start(said["jobid"], said["rule_name"], said["wildcards"] or {})
        elif event == LogEvent.JOB_FINISHED:
            self.progress.finish(said["job_id"])
        elif event == LogEvent.JOB_ERROR:
            self.progress.finish(said["jobid"], failed=True)

    def _tick(self) -> None:
        while not self._end.wait(1.0):
            with self._lock:
                self._draw()

    def _erase(self) -> None:
        if self._shown:
            self.stream.write(CLEAR)
            self._shown = False

    def _draw(self) -> None:
        if self._clock:
            width = shutil.get_terminal_size().columns - 1
            self.stream.write(CLEAR + self.progress.line(width))
            self.stream.flush()
            self._shown = True


install()
