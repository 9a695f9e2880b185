"""Sparse kernels on blocks of columns.

A matrix entry is loaded once for all columns of a block, (n, w) in C order, and the loop over the
columns is one run of memory: that, rather than the number of operations, is why w right-hand
sides together cost a fraction of w times one. Rows are cut into slabs of two colours, no slab
coupled to another of its own colour, so that Gauss-Seidel runs in parallel and gives the same
result on any number of threads.
"""

from __future__ import annotations

import numba
import numpy as np

from multisource.compiled import njit

# Sums are taken in this many pieces whatever the number of threads.
PIECES = 64


@njit(inline="always", fastmath={"contract", "reassoc"})
def _add_row(
    out: np.ndarray,
    start: int,
    stop: int,
    columns: np.ndarray,
    data: np.ndarray,
    x: np.ndarray,
) -> None:
    """Add ``data[start:stop] @ x[columns[start:stop]]`` to ``out``, four entries at a time."""
    width = len(out)
    at = start
    while at + 4 <= stop:
        a, b, c, d = data[at], data[at + 1], data[at + 2], data[at + 3]
        p, q, r, s = x[columns[at]], x[columns[at + 1]], x[columns[at + 2]], x[columns[at + 3]]
        for k in range(width):
            out[k] += a * p[k] + b * q[k] + c * r[k] + d * s[k]
        at += 4
    while at < stop:
        a = data[at]
        p = x[columns[at]]
        for k in range(width):
            out[k] += a * p[k]
        at += 1


@njit(parallel=True, cache=True)
def multiply(
    pointers: np.ndarray,
    columns: np.ndarray,
    data: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
) -> None:
    """Write A x to ``y``.

    Parameters
    ----------
    pointers, columns, data : ndarray
        A (m, n) in compressed rows.
    x : ndarray of shape (n, w)
        Block of columns.
    y : ndarray of shape (m, w)
        Overwritten.
    """
    for row in numba.prange(len(pointers) - 1):
        y[row] = 0
        _add_row(y[row], pointers[row], pointers[row + 1], columns, data, x)


@njit(parallel=True, cache=True)
def add_multiply(
    pointers: np.ndarray,
    columns: np.ndarray,
    data: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
) -> None:
    """Add A x to ``y``.

    Parameters
    ----------
    pointers, columns, data : ndarray
        A (m, n) in compressed rows.
    x : ndarray of shape (n, w)
        Block of columns.
    y : ndarray of shape (m, w)
        Changed in place.
    """
    for row in numba.prange(len(pointers) - 1):
        _add_row(y[row], pointers[row], pointers[row + 1], columns, data, x)


@njit(parallel=True, cache=True)
def minus_upper(
    pointers: np.ndarray,
    diagonal: np.ndarray,
    columns: np.ndarray,
    data: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
) -> None:
    """Write -U x to ``y``, the residual after a forward sweep from zero.

    Parameters
    ----------
    pointers, diagonal, columns, data : ndarray
        A (n, n) in compressed rows, and the place of each row's diagonal entry; U is its strict
        upper triangle.
    x : ndarray of shape (n, w)
        Block of columns.
    y : ndarray of shape (n, w)
        Overwritten.
    """
    for row in numba.prange(len(pointers) - 1):
        y[row] = 0
        _add_row(y[row], diagonal[row] + 1, pointers[row + 1], columns, data, x)
        for k in range(y.shape[1]):
            y[row, k] = -y[row, k]


@njit(parallel=True, cache=True)
def forward_from_zero(
    slabs: np.ndarray,
    pointers: np.ndarray,
    diagonal: np.ndarray,
    columns: np.ndarray,
    data: np.ndarray,
    b: np.ndarray,
    x: np.ndarray,
) -> None:
    """Sweep forward by Gauss-Seidel from zero, (D + L) x = b, on the rows of one colour.

    Parameters
    ----------
    slabs : ndarray of shape (s, 2)
        First row and the row after the last of each slab.
    pointers, diagonal, columns, data : ndarray
        A (n, n) in compressed rows, and the place of each row's diagonal entry.
    b : ndarray of shape (n, w)
        Right-hand sides.
    x : ndarray of shape (n, w)
        Overwritten in the rows of the slabs.
    """
    for slab in numba.prange(len(slabs)):
        for row in range(slabs[slab, 0], slabs[slab, 1]):
            x[row] = 0
            _add_row(x[row], pointers[row], diagonal[row], columns, data, x)
            pivot = data[diagonal[row]]
            for k in range(x.shape[1]):
                x[row, k] = (b[row, k] - x[row, k]) / pivot


@njit(parallel=True, cache=True)
def backward(
    slabs: np.ndarray,
    pointers: np.ndarray,
    diagonal: np.ndarray,
    columns: np.ndarray,
    data: np.ndarray,
    b: np.ndarray,
    x: np.ndarray,
) -> None:
    """Sweep backward by Gauss-Seidel on the rows of one colour, in place.

    Parameters
    ----------
    slabs : ndarray of shape (s, 2)
        First row and the row after the last of each slab.
    pointers, diagonal, columns, data : ndarray
        A (n, n) in compressed rows, and the place of each row's diagonal entry.
    b : ndarray of shape (n, w)
        Right-hand sides.
    x : ndarray of shape (n, w)
        Solutions, improved in the rows of the slabs.
    """
    for slab in numba.prange(len(slabs)):
        total = np.empty(x.shape[1], x.dtype)
        for row in range(slabs[slab, 1] - 1, slabs[slab, 0] - 1, -1):
            total[:] = 0
            _add_row(total, pointers[row], diagonal[row], columns, data, x)
            _add_row(total, diagonal[row] + 1, pointers[row + 1], columns, data, x)
            pivot = data[diagonal[row]]
            for k in range(x.shape[1]):
                x[row, k] = (b[row, k] - total[k]) / pivot


@njit(parallel=True, cache=True)
def dots(
    x: np.ndarray,
    y: np.ndarray,
) -> np.ndarray:
    """Return column-wise inner products, the same on any number of threads.

    Parameters
    ----------
    x, y : ndarray of shape (n, w)
        Blocks of columns, in any precision.

    Returns
    -------
    ndarray of shape (w,)
        Inner products in double precision.
    """
    partial = np.zeros((PIECES, x.shape[1]))
    for piece in numba.prange(PIECES):
        total = partial[piece]
        for row in range(piece * len(x) // PIECES, (piece + 1) * len(x) // PIECES):
            for k in range(x.shape[1]):
                total[k] += x[row, k] * y[row, k]
    return partial.sum(axis=0)


@njit(parallel=True, cache=True)
def multiply_and_dot(
    pointers: np.ndarray,
    columns: np.ndarray,
    data: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
) -> np.ndarray:
    """Write A x to ``y``, and return the inner products of both while they are at hand.

    Parameters
    ----------
    pointers, columns, data : ndarray
        A (n, n) in compressed rows.
    x : ndarray of shape (n, w)
        Block of columns.
    y : ndarray of shape (n, w)
        Overwritten.

    Returns
    -------
    ndarray of shape (w,)
        Inner products of ``x`` and ``y``, column by column.
    """
    size = len(x)
    partial = np.zeros((PIECES, x.shape[1]))
    for piece in numba.prange(PIECES):
        total = partial[piece]
        for row in range(piece * size // PIECES, (piece + 1) * size // PIECES):
            y[row] = 0
            _add_row(y[row], pointers[row], pointers[row + 1], columns, data, x)
            for k in range(x.shape[1]):
                total[k] += x[row, k] * y[row, k]
    return partial.sum(axis=0)


@njit(parallel=True, cache=True)
def step(
    x: np.ndarray,
    r: np.ndarray,
    p: np.ndarray,
    q: np.ndarray,
    alpha: np.ndarray,
    scale: np.ndarray,
    single: np.ndarray,
) -> np.ndarray:
    """Take a step of conjugate gradients: x += alpha p, r -= alpha q, single = r / scale.

    Parameters
    ----------
    x, r : ndarray of shape (n, w)
        Solutions and residuals, changed in place.
    p, q : ndarray of shape (n, w)
        Directions, and A times them.
    alpha, scale : ndarray of shape (w,)
        Lengths of the step, and norms of the right-hand sides.
    single : ndarray of float32, shape (n, w)
        Overwritten.

    Returns
    -------
    ndarray of shape (w,)
        Squared norms of the residuals.
    """
    partial = np.zeros((PIECES, x.shape[1]))
    for piece in numba.prange(PIECES):
        total = partial[piece]
        for row in range(piece * len(x) // PIECES, (piece + 1) * len(x) // PIECES):
            for k in range(x.shape[1]):
                x[row, k] += alpha[k] * p[row, k]
                left = r[row, k] - alpha[k] * q[row, k]
                r[row, k] = left
                single[row, k] = left / scale[k]
                total[k] += left * left
    return partial.sum(axis=0)


@njit(parallel=True, cache=True)
def turn(
    p: np.ndarray,
    z: np.ndarray,
    beta: np.ndarray,
) -> None:
    """Set p = z + beta p, column by column.

    Parameters
    ----------
    p : ndarray of shape (n, w)
        Directions, changed in place.
    z : ndarray of shape (n, w)
        Corrections.
    beta : ndarray of shape (w,)
        Shares of the former directions.
    """
    for row in numba.prange(len(p)):
        for k in range(p.shape[1]):
            p[row, k] = z[row, k] + beta[k] * p[row, k]
