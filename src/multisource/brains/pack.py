"""Arrays in a page: one compressed block of bytes, and where in it each array lies."""

from __future__ import annotations

import base64
import zlib
from typing import TypedDict

import numpy as np

STEPS = 65535  # of a coordinate, from the least to the largest


class Place(TypedDict):
    """Where an array lies: ``at`` in bytes, ``type`` as numpy's letters, ``size`` in elements."""

    at: int
    type: str
    size: int


class Pack:
    """Collects arrays, and writes them as text of letters and digits."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._end = 0

    def add(self, values: np.ndarray, kind: str) -> Place:
        """Add an array.

        Parameters
        ----------
        values : ndarray
            The values, of any shape; they are kept in C order.
        kind : str
            ``u1``, ``u2``, ``u4``, ``i1`` or ``f4``; stored with the low byte first.

        Returns
        -------
        Place
            Where it lies.

        Raises
        ------
        ValueError
            If a value does not fit into the type.
        """
        values = np.asarray(values)
        stored = np.ascontiguousarray(values, f"<{kind}")
        if kind != "f4" and not np.array_equal(stored, values):
            raise ValueError(f"values from {values.min()} to {values.max()} are not of type {kind}")
        at = self._end
        # JavaScript reads numbers of four bytes only from multiples of four.
        data = stored.tobytes()
        self._parts.append(data + bytes(-len(data) % 4))
        self._end += len(self._parts[-1])
        return {"at": at, "type": kind, "size": stored.size}

    def text(self) -> str:
        """Return the whole block.

        Returns
        -------
        str
            Compressed (zlib) and written in base64; the same arrays give the same text.
        """
        return base64.b64encode(zlib.compress(b"".join(self._parts), 9)).decode("ascii")


def unpack(text: str, place: Place) -> np.ndarray:
    """Read an array of a block.

    Parameters
    ----------
    text : str
        Of :meth:`Pack.text`.
    place : Place
        Of :meth:`Pack.add`.

    Returns
    -------
    ndarray of shape (size,)
        The values.
    """
    block = zlib.decompress(base64.b64decode(text))
    return np.frombuffer(block, f"<{place['type']}", place["size"], place["at"])


def in_steps(values: np.ndarray, steps: int = STEPS) -> tuple[np.ndarray, float, float]:
    """Round values to equal steps between the least and the largest.

    Parameters
    ----------
    values : ndarray
        Finite values.
    steps : int
        How many steps.

    Returns
    -------
    number : ndarray of int
        Steps from the least value, in the shape of ``values``.
    least : float
        The least value.
    step : float
        The length of a step: ``least + step * number`` is off by half of it at most.
    """
    values = np.asarray(values, float)
    least = float(values.min())
    step = (float(values.max()) - least) / steps
    if step == 0:
        return np.zeros(values.shape, int), least, 0.0
    return np.round((values - least) / step).astype(int), least, step
