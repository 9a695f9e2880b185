"""Where a network runs: processor or CUDA device, with how many threads."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import torch

from multisource.errors import UserError

# Of mallopt, in malloc.h.
_M_TRIM_THRESHOLD, _M_MMAP_MAX = -1, -4


def resolve_device(name: str = "auto") -> torch.device:
    """Turn a name into a device.

    Parameters
    ----------
    name : str, optional
        ``auto``, ``cpu``, ``cuda`` or ``cuda:1``; auto prefers CUDA.

    Returns
    -------
    torch.device
        The device.

    Raises
    ------
    UserError
        For another name, or if a CUDA device is asked for and there is none.
    """
    kind, _, number = name.partition(":")
    if kind not in ("auto", "cpu", "cuda") or (number and not number.isdecimal()):
        raise UserError(f"device: {name!r}; allowed: auto, cpu, cuda, cuda:<number>")
    if kind == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if kind == "cuda" and torch.cuda.device_count() <= int(number or 0):
        raise UserError(
            f"device: {name!r}; torch sees {torch.cuda.device_count()} CUDA devices; "
            "choose cpu or auto"
        )
    return torch.device(name)


@contextmanager
def reproducible(seed: int, *, threads: int | None = None) -> Iterator[None]:
    """Seed torch, ask for deterministic algorithms and ``threads``; restore all at the end.

    With the same seed and number of threads the same numbers come out of the processor, bit for
    bit; with another number of threads sums are rounded in another order. On a CUDA device some
    sums (sparse products) are rounded in a new order each time.

    Parameters
    ----------
    seed : int
        Seed of torch.
    threads : int, optional
        Threads on the processor; None: torch's number.

    Yields
    ------
    None
        While torch is in that state.
    """
    # cuBLAS is deterministic only with a fixed workspace, chosen before its first call.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    before = torch.get_num_threads()
    mode = torch.get_deterministic_debug_mode()
    memory = cast(Any, torch.utils.deterministic)
    filled = memory.fill_uninitialized_memory
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        # Not `use_deterministic_algorithms`, which takes two seconds to load torch's compiler.
        torch.set_deterministic_debug_mode("warn")
        # Every number is written before it is read, so that none has to be written twice.
        memory.fill_uninitialized_memory = False
        if threads:
            torch.set_num_threads(threads)
        try:
            yield
        finally:
            torch.set_deterministic_debug_mode(mode)
            memory.fill_uninitialized_memory = filled
            torch.set_num_threads(before)


def keep_memory() -> None:
    """Let the process keep large arrays that are freed, where the C library is GNU's.

    A training makes the same arrays in every step. The system would clear each page of theirs
    again, which takes a tenth of the training's time.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, TypeError, AttributeError):  # another system, or another C library
        return
    mallopt(_M_MMAP_MAX, 0)
    mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)
