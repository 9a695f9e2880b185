"""Atomic output files: a path holds either the whole content or nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomic(path: str | os.PathLike) -> Iterator[Path]:
    """Yield a temporary path in the folder of ``path``; rename it to ``path`` on success.

    The temporary name keeps every suffix of ``path``, since writers (MNE, nibabel, pandas)
    choose the format by it. On an exception the temporary file is removed and ``path`` is left
    as it was; what a killed process left behind is removed by the next that writes ``path``.
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
