"""What an unexpected error of a step means for its user, in one line."""

from __future__ import annotations

import errno
import os
import resource
import sys
import traceback
from pathlib import Path

# What libraries say that have no exception of their own for it.
_NO_MEMORY = ("out of memory", "can't allocate memory", "cannot allocate memory", "bad_alloc")
_NO_SPACE = ("no space left", "errno = 28", "disk quota exceeded", "errno = 122")


def explain(error: BaseException, *, declared_mb: float | None = None) -> str:
    """Say what has happened, and what to do.

    Parameters
    ----------
    error : BaseException
        The error that ended the step.
    declared_mb : float, optional
        Memory that the step's rule declares, MB.

    Returns
    -------
    str
        One line.
    """
    told = " ".join(str(error).split())
    small = told.lower()
    if isinstance(error, MemoryError) or any(words in small for words in _NO_MEMORY):
        declared = f", and its rule declares {declared_mb:g} MB (mem_mb)" if declared_mb else ""
        return (
            f"out of memory: this step had taken {used_mb():.0f} MB{declared}; run it where there "
            "is more, with fewer steps at once (--cores), or make the study smaller"
        )
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    if full or any(words in small for words in _NO_SPACE):
        where = f" ({error.filename})" if isinstance(error, OSError) and error.filename else ""
        return f"the disk is full{where}: make room, and the same command goes on"
    kind = type(error).__name__
    return f"unexpected {kind}: {told:.300}" if told else f"unexpected {kind}"


def write_traceback(folder: str | os.PathLike[str], error: BaseException) -> Path:
    """Keep the traceback of an error that is shown as one line.

    Parameters
    ----------
    folder : str or path-like
        Where to write; it is made.
    error : BaseException
        The error.

    Returns
    -------
    Path
        The file.
    """
    path = Path(folder, "multisource-error.log")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
    return path


def used_mb() -> float:
    """Return the most memory that this process has held so far.

    Returns
    -------
    float
        Resident memory, MB.
    """
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, KiB elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
