"""The checksums that Snakemake takes of the inputs of a step, each taken once.

When a job has finished, Snakemake hashes every input again for each of its outputs, and waits with
the next job: with eight scenarios a job that is 23 GB in the default study.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import wraps
from typing import Any


def remembered(checksum: Callable[..., Any]) -> Callable[..., Any]:
    """Let a method of Snakemake's files return what it did before for the same file.

    Parameters
    ----------
    checksum : callable
        The method ``checksum`` of ``snakemake.io._IOFile``.

    Returns
    -------
    callable
        The same for a file that has changed in age, size or place on the disk since.
    """
    known: dict[tuple[Any, ...], str | None] = {}

    @wraps(checksum)
    async def once(file: Any, *arguments: Any, **options: Any) -> str | None:
        try:
            found = os.stat(file.file)
        except OSError:
            return await checksum(file, *arguments, **options)
        state = (found.st_ino, found.st_size, found.st_mtime_ns)
        key = (os.path.abspath(file.file), state, arguments, tuple(sorted(options.items())))
        if key not in known:
            known[key] = await checksum(file, *arguments, **options)
        return known[key]

    return once
