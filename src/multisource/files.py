"""Atomic output files: a path holds either the whole content or nothing."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomic(path: str | os.PathLike) -> Iterator[Path]:
    """Yield a temporary path in the folder of ``path``; rename it to ``path`` on success.

    The temporary name keeps every suffix of ``path``, since writers (MNE, nibabel, pandas)
    choose the format by it. On an exception the temporary file is removed and ``path`` is left
    as it was.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".writing-", dir=target.parent))
    try:
        part = folder / target.name
        yield part
        os.replace(part, target)
    finally:
        for left in folder.iterdir():
            left.unlink()
        folder.rmdir()
