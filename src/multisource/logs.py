"""Logging of one workflow step: everything on the terminal and in the step's log file."""

from __future__ import annotations

import logging
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO, cast

from multisource.errors import UserError
from multisource.failures import explain
from multisource.progress import shown

# Set where the terminal shows one line of progress: a step's output then goes to its log alone.
QUIET = "MULTISOURCE_QUIET"


class _Tee:
    """Write to the terminal and to the log; of a progress bar keep only the last state."""

    def __init__(self, terminal: TextIO, log: TextIO) -> None:
        self.terminal = terminal
        self.log = log
        self._line = ""

    def write(self, text: str) -> int:
        self.terminal.write(text)
        *lines, self._line = (self._line + text).split("\n")
        for line in lines:
            self.log.write(line.rpartition("\r")[2] + "\n")
        return len(text)

    def flush(self) -> None:
        self.terminal.flush()
        self.log.flush()

    def finish(self) -> None:
        if self._line:
            self.log.write(self._line.rpartition("\r")[2] + "\n")
            self._line = ""
        self.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.terminal, name)


@contextmanager
def logged(path: str | Path, *, declared_mb: float | None = None) -> Iterator[None]:
    """Copy standard output, standard error, warnings and logging of a step to a file.

    Progress bars are shown. An exception ends the step with exit status 1 and is shown as one
    line: a :class:`~multisource.errors.UserError` says what to do; of any other the log has the
    traceback. Where ``QUIET`` is set, the terminal shows nothing: Snakemake shows the log of a
    step that failed.

    Parameters
    ----------
    path : str or Path
        The log; its folder is made.
    declared_mb : float, optional
        Memory that the step's rule declares, MB, for a step that runs out of it.

    Yields
    ------
    None
        While the step runs.

    Raises
    ------
    SystemExit
        If the step ends with an exception that has been shown already.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    stdout, stderr = sys.stdout, sys.stderr
    quiet = QUIET in os.environ
    with (
        path.open("w", encoding="utf-8") as log,
        _terminal(stdout, stderr, log, quiet) as terminal,
        shown(),
    ):
        tees = _Tee(terminal[0], log), _Tee(terminal[1], log)
        # A tee passes on whatever else a program asks of a stream.
        sys.stdout, sys.stderr = (cast(TextIO, tee) for tee in tees)
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
        root = logging.getLogger()
        level = root.level
        root.addHandler(handler)
        root.setLevel(logging.INFO)
        logging.captureWarnings(True)
        hooks = sys.excepthook, sys.unraisablehook
        sys.excepthook, sys.unraisablehook = _hooks(log)
        try:
            yield
        except UserError as error:
            print(f"\nmultisource: {error}", file=sys.stderr)
            raise SystemExit(1) from error
        except Exception as error:
            for tee in tees:
                tee.finish()
            log.write(traceback.format_exc())
            # Files that the error kept open are closed now, while what they say goes to the log.
            traceback.clear_frames(error.__traceback__)
            line = explain(error, declared_mb=declared_mb)
            print(f"\nmultisource: {line}; the log has the traceback: {path}", file=sys.stderr)
            raise SystemExit(1) from error
        finally:
            sys.excepthook, sys.unraisablehook = hooks
            logging.captureWarnings(False)
            root.removeHandler(handler)
            root.setLevel(level)
            for tee in tees:
                tee.finish()
            sys.stdout, sys.stderr = stdout, stderr


def _hooks(log: TextIO) -> tuple[Callable[..., None], Callable[..., None]]:
    """Errors that nobody can catch, as of a file closed on a full disk, go to the log alone."""

    def uncaught(kind: type[BaseException], error: BaseException, where: TracebackType) -> None:
        log.write("".join(traceback.format_exception(kind, error, where)))

    def unraisable(what: sys.UnraisableHookArgs) -> None:
        log.write(f"{what.err_msg or 'Exception ignored in'}: {what.object!r}\n")
        if what.exc_value is not None:
            log.write("".join(traceback.format_exception(what.exc_value)))

    return uncaught, unraisable


@contextmanager
def _terminal(
    stdout: TextIO, stderr: TextIO, log: TextIO, quiet: bool
) -> Iterator[tuple[TextIO, TextIO]]:
    """Yield the streams of the terminal; if ``quiet`` nothing reaches it, even from C code."""
    if not quiet:
        yield stdout, stderr
        return
    stdout.flush()
    stderr.flush()
    kept = os.dup(1), os.dup(2)
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        try:
            for descriptor in (1, 2):
                os.dup2(log.fileno(), descriptor)
            yield nowhere, nowhere
        finally:
            for descriptor, old in zip((1, 2), kept, strict=True):
                os.dup2(old, descriptor)
                os.close(old)
