"""Runs of the workflow in one folder: which are alive, and what ends with them.

Snakemake's own locks outlive a killed run, and its steps go on without it. The operating system's
locks end with their process, and a process can wait for the end of another.
"""

from __future__ import annotations

import fcntl
import os
import select
import signal
import socket
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

# The identity of the Snakemake process that starts the steps; they find it in their environment.
RUN = "MULTISOURCE_RUN"
_held: list[int] = []


def enter(folder: str | os.PathLike[str], *, stay: bool) -> None:
    """Mark this process as a run at work in a folder; without another one, remove old locks.

    Parameters
    ----------
    folder : str or path-like
        Snakemake's folder of the study, ``.snakemake``.
    stay : bool
        Keep the mark until this process ends: a dry run does not.
    """
    folder = Path(folder)
    try:
        folder.mkdir(exist_ok=True)
        mark = os.open(folder / "multisource-runs", os.O_CREAT | os.O_RDWR, 0o666)
    except OSError:
        return  # a folder that is not ours to write in
    try:
        fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pass  # another run is alive: the locks may be its own
    except OSError:
        os.close(mark)  # a file system without locks: snakemake --unlock
        return
    else:
        for lock in (folder / "locks").glob("*.lock"):
            lock.unlink(missing_ok=True)
    if stay:
        fcntl.flock(mark, fcntl.LOCK_SH)
        _held.append(mark)
    else:
        os.close(mark)


def mark_run() -> None:
    """Name this process as the run that steps belong to."""
    os.environ[RUN] = identity(os.getpid())


def identity(number: int) -> str:
    """Return what tells a process from all others, here, elsewhere and later.

    Parameters
    ----------
    number : int
        The process.

    Returns
    -------
    str
        Place, number and time of start; of one that is gone, without a time.
    """
    with suppress(OSError):
        # What follows the name in parentheses: the state is the third field, the start the 22nd.
        fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
        return f"{_place()}|{number}|{fields[19]}"
    return f"{_place()}|{number}|"


def end_with_run() -> None:
    """End this process, and all it has started, as soon as its run is gone.

    A step that outlives a killed run would write beside the next one.
    """
    place, _, rest = os.environ.get(RUN, "").partition("|")
    number = rest.partition("|")[0]
    # Processes of another machine or container have other numbers.
    if place != _place() or not number.isdigit() or not hasattr(os, "pidfd_open"):
        return
    try:
        run = os.pidfd_open(int(number))
    except ProcessLookupError:
        _end_step()
    except OSError:
        return
    if identity(int(number)) != os.environ[RUN]:
        _end_step()

    def wait() -> None:
        poll = select.poll()
        poll.register(run, select.POLLIN)
        poll.poll()
        _end_step()

    threading.Thread(target=wait, daemon=True).start()


def _place() -> str:
    """Return the machine and the space of process numbers on it."""
    with suppress(OSError):
        return f"{socket.gethostname()} {os.readlink('/proc/self/ns/pid')}"
    return socket.gethostname()


def _end_step() -> NoReturn:
    with suppress(Exception):
        print("multisource: the run has ended, and this step with it", file=sys.stderr)
        sys.stderr.flush()
    end_descendants()
    os._exit(1)


def end_descendants() -> None:
    """End all processes that this one has started, and those that they have."""
    for number in _descendants(os.getpid()):
        with suppress(OSError):
            os.kill(number, signal.SIGTERM)


def stop_now(*_: object) -> None:
    """Stop a run as Ctrl-C does, its steps too: they go on where they were at the next start.

    Parameters
    ----------
    *_ : object
        What a signal passes.

    Raises
    ------
    KeyboardInterrupt
        Always.
    """
    signal.signal(signal.SIGTERM, signal.SIG_IGN)

    def end_all() -> None:
        while True:  # a step may just be starting
            end_descendants()
            time.sleep(0.2)

    threading.Thread(target=end_all, daemon=True).start()
    raise KeyboardInterrupt


def _descendants(number: int) -> list[int]:
    """Return the processes below one, the nearest first (Linux; elsewhere none)."""
    found = [number]
    for parent in found:
        for path in Path(f"/proc/{parent}/task").glob("*/children"):
            with suppress(OSError):
                found += map(int, path.read_text().split())
    return found[1:]
