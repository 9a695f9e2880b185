"""Functions that Numba compiles, each once: a process waits while another compiles the same.

Steps that start together need the same functions. Numba keeps what it has compiled on the disk, but
does not look there again while it compiles, so that each of them would do the work.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from typing import Any

import numba
from numba.core.caching import FunctionCache

# Folders in which this process compiles: {folder: [file descriptor, functions being compiled]}.
# One compiled function calls another, and Numba lets one thread at a time compile.
_locked: dict[str, list[int]] = {}


def njit(
    *, cache: bool = False, inner: bool = False, **options: Any
) -> Callable[[Callable[..., Any]], Any]:
    """Return a decorator like ``numba.njit``, whose cache is filled by one process at a time.

    Parameters
    ----------
    cache : bool
        Whether what is compiled is kept on the disk.
    inner : bool
        Whether only compiled functions call it: what Python would call it by is left out, which is
        a good part of the compiling where arguments are many.
    **options : Any
        Other options of ``numba.njit``.

    Returns
    -------
    callable
        From a function to Numba's dispatcher.
    """

    if inner:
        options |= {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}

    def decorate(function: Callable[..., Any]) -> Any:
        dispatcher = numba.njit(**options)(function)
        if cache:
            dispatcher._cache = _OnceCache(function)
        return dispatcher

    return decorate


class _OnceCache(FunctionCache):
    """Numba's cache on the disk, locked from a function that is missing there until it is there."""

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        found = super().load_overload(sig, target_context)
        if found is None:
            _lock(self.cache_path)
            found = super().load_overload(sig, target_context)
            if found is not None:  # It has come while this process waited.
                _unlock(self.cache_path)
        return found

    def save_overload(self, sig: Any, data: Any) -> None:
        try:
            super().save_overload(sig, data)
        finally:
            _unlock(self.cache_path)


def _lock(folder: str) -> None:
    """Wait until no other process compiles in a folder; the lock ends with this process."""
    if folder in _locked:
        _locked[folder][1] += 1
        return
    file = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
    except OSError:
        pass  # A file system without locks: several processes may compile, as Numba has it.
    _locked[folder] = [file, 1]


def _unlock(folder: str) -> None:
    """Let other processes compile in a folder, unless a caller of the function is still to come."""
    _locked[folder][1] -= 1
    if not _locked[folder][1]:
        os.close(_locked.pop(folder)[0])
