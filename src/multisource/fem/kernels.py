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

# Sums are taken in this many pieces whatever the number of threads.
PIECES = 64


@numba.njit(inline="always", fastmath={"contract", "reassoc"})
def _add_row(out, start, stop, columns, data, x):
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


@numba.njit(parallel=True, cache=True)
def multiply(pointers, columns, data, x, y):
    """y = A x."""
    for row in numba.prange(len(pointers) - 1):
        y[row] = 0
        _add_row(y[row], pointers[row], pointers[row + 1], columns, data, x)


@numba.njit(parallel=True, cache=True)
def add_multiply(pointers, columns, data, x, y):
    """y += A x."""
    for row in numba.prange(len(pointers) - 1):
        _add_row(y[row], pointers[row], pointers[row + 1], columns, data, x)


@numba.njit(parallel=True, cache=True)
def minus_upper(pointers, diagonal, columns, data, x, y):
    """y = -U x, the residual after a forward sweep from zero (U: strict upper triangle)."""
    for row in numba.prange(len(pointers) - 1):
        y[row] = 0
        _add_row(y[row], diagonal[row] + 1, pointers[row + 1], columns, data, x)
        for k in range(y.shape[1]):
            y[row, k] = -y[row, k]


@numba.njit(parallel=True, cache=True)
def forward_from_zero(slabs, pointers, diagonal, columns, data, b, x):
    """Forward Gauss-Seidel with start zero, (D + L) x = b, on the rows of one colour."""
    for slab in numba.prange(len(slabs)):
        for row in range(slabs[slab, 0], slabs[slab, 1]):
            x[row] = 0
            _add_row(x[row], pointers[row], diagonal[row], columns, data, x)
            pivot = data[diagonal[row]]
            for k in range(x.shape[1]):
                x[row, k] = (b[row, k] - x[row, k]) / pivot


@numba.njit(parallel=True, cache=True)
def backward(slabs, pointers, diagonal, columns, data, b, x):
    """Backward Gauss-Seidel on the rows of one colour, in place."""
    for slab in numba.prange(len(slabs)):
        total = np.empty(x.shape[1], x.dtype)
        for row in range(slabs[slab, 1] - 1, slabs[slab, 0] - 1, -1):
            total[:] = 0
            _add_row(total, pointers[row], diagonal[row], columns, data, x)
            _add_row(total, diagonal[row] + 1, pointers[row + 1], columns, data, x)
            pivot = data[diagonal[row]]
            for k in range(x.shape[1]):
                x[row, k] = (b[row, k] - total[k]) / pivot


@numba.njit(parallel=True, cache=True)
def dots(x, y):
    """Column-wise inner products in double precision, the same on any number of threads."""
    partial = np.zeros((PIECES, x.shape[1]))
    for piece in numba.prange(PIECES):
        total = partial[piece]
        for row in range(piece * len(x) // PIECES, (piece + 1) * len(x) // PIECES):
            for k in range(x.shape[1]):
                total[k] += x[row, k] * y[row, k]
    return partial.sum(axis=0)


@numba.njit(parallel=True, cache=True)
def multiply_and_dot(pointers, columns, data, x, y):
    """y = A x, and the inner products of x and y while both are at hand."""
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


@numba.njit(parallel=True, cache=True)
def step(x, r, p, q, alpha, scale, single):
    """x += alpha p, r -= alpha q, single = r / scale; return the squared norms of r."""
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


@numba.njit(parallel=True, cache=True)
def turn(p, z, beta):
    """p = z + beta p, column by column."""
    for row in numba.prange(len(p)):
        for k in range(p.shape[1]):
            p[row, k] = z[row, k] + beta[k] * p[row, k]
