"""Files of a step: outputs that are whole or not there, inputs sorted by their folders."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomic(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path in the folder of ``path``; rename it to ``path`` on success.

    The temporary name keeps every suffix of ``path``, since writers (MNE, nibabel, pandas)
    choose the format by it. On an exception the temporary file is removed and ``path`` is left
    as it was; what a killed process left behind is removed by the next that writes ``path``.

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
    folder = target.parent / f".writing-{target.name}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder / target.name
        os.replace(folder / target.name, target)
    finally:
        shutil.rmtree(folder)


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
