"""Files of a step: outputs that are whole or not there, inputs sorted by their folders."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from multisource.errors import UserError

# Folders that files are written in begin so; one that is left over has nobody who holds its lock.
_PREFIX = ".writing-"
_LOCK = "lock"
_STALE_S = 86_400  # of one whose lock cannot be asked for


@contextmanager
def atomic(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path in the folder of ``path``; rename it to ``path`` on success.

    The temporary name keeps every suffix of ``path``, since writers (MNE, nibabel, pandas)
    choose the format by it, and lies in a folder of its own: two that write the same file at the
    same time do not meet, and the last one's file stays. On an exception the temporary file is
    removed and ``path`` is left as it was; :func:`sweep` removes what a killed process leaves.
    The file is on the disk before it has its name, so that a power cut leaves no empty one. Its
    mode is that of any new file, whatever the writer has chosen.

    Parameters
    ----------
    path : str or path-like
        The output; its folder is made.

    Yields
    ------
    Path
        Where to write.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    folder, lock = _locked_folder(target.parent)
    try:
        part = folder / target.name
        yield part
        os.chmod(part, folder.stat().st_mode & 0o666)
        _to_disk(part)
        os.replace(part, target)
        _to_disk(target.parent)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def sweep(folder: str | os.PathLike[str]) -> int:
    """Remove what killed writers have left below a folder; the files of live ones stay.

    Parameters
    ----------
    folder : str or path-like
        Where to look, at any depth.

    Returns
    -------
    int
        Number of left-overs that were removed.
    """
    count = 0
    for place, names, _ in os.walk(folder):
        for name in [name for name in names if name.startswith(_PREFIX)]:
            names.remove(name)
            count += _remove_if_left(Path(place, name))
    return count


@contextmanager
def reading(path: str | os.PathLike[str]) -> Iterator[None]:
    """Name a file that cannot be read, whatever its reader says of it.

    Libraries tell of a damaged file by exceptions of many kinds, and most name no file.

    Parameters
    ----------
    path : str or path-like
        The file that is read in the body of ``with``.

    Yields
    ------
    None
        While it is read.

    Raises
    ------
    UserError
        If it is missing or damaged.
    """
    try:
        yield
    except (UserError, MemoryError):
        raise
    except Exception as error:
        told = " ".join(str(error).split())
        raise UserError(
            f"{path}: missing or damaged ({type(error).__name__}: {told:.120}); delete it, and run "
            "the same command again"
        ) from error


def _locked_folder(parent: Path) -> tuple[Path, int]:
    """Make a folder to write in; the lock on a file in it says that its writer lives."""
    while True:
        folder = parent / f"{_PREFIX}{uuid4().hex[:16]}"
        folder.mkdir()
        lock = os.open(folder / _LOCK, os.O_CREAT | os.O_RDWR)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)  # a sweep has come between: it removes the folder
            continue
        except OSError:
            pass  # a file system without locks: its left-overs are known by their age
        return folder, lock


def _remove_if_left(folder: Path) -> bool:
    try:
        lock = os.open(folder / _LOCK, os.O_RDWR)
    except OSError:
        # No lock yet, or the folder of another version of this program.
        return _is_old(folder) and _removed(folder)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return _is_old(folder) and _removed(folder)
    else:
        return _removed(folder)
    finally:
        os.close(lock)


def _is_old(folder: Path) -> bool:
    with suppress(OSError):
        return abs(time.time() - folder.stat().st_mtime) > _STALE_S
    return False


def _removed(folder: Path) -> bool:
    shutil.rmtree(folder, ignore_errors=True)
    return True


def _to_disk(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network file systems cannot do it for folders; a full disk is told.
        if not path.is_dir():
            raise error
    finally:
        os.close(descriptor)


def by_folder(paths: Iterable[str | os.PathLike[str]]) -> dict[str, list[Path]]:
    """Sort files by the names of their folders: those of a scenario lie in a folder of its name.

    Parameters
    ----------
    paths : iterable of str or path-like
        Files, such as ``estimates/A/mne.nc``.

    Returns
    -------
    dict of str to list of Path
        Name of the folder -> its files, both in the order given.
    """
    found: dict[str, list[Path]] = {}
    for path in map(Path, paths):
        found.setdefault(path.parent.name, []).append(path)
    return found
