"""Logging of one workflow step: everything on the terminal and in the step's log file."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from multisource.errors import UserError


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

    def __getattr__(self, name: str):
        return getattr(self.terminal, name)


@contextmanager
def logged(path: str | Path) -> Iterator[None]:
    """Copy standard output, standard error, warnings and logging of a step to ``path``.

    An exception is written to both places. A :class:`~multisource.errors.UserError` is shown as
    its one line, without a traceback, and ends the step with exit status 1.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    stdout, stderr = sys.stdout, sys.stderr
    with path.open("w", encoding="utf-8") as log:
        sys.stdout, sys.stderr = _Tee(stdout, log), _Tee(stderr, log)
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
        root = logging.getLogger()
        level = root.level
        root.addHandler(handler)
        root.setLevel(logging.INFO)
        logging.captureWarnings(True)
        try:
            yield
        except UserError as error:
            print(f"\nmultisource: {error}", file=sys.stderr)
            raise SystemExit(1) from error
        except Exception:
            log.write(traceback.format_exc())
            raise
        finally:
            logging.captureWarnings(False)
            root.removeHandler(handler)
            root.setLevel(level)
            for tee in (sys.stdout, sys.stderr):
                tee.finish()
            sys.stdout, sys.stderr = stdout, stderr
