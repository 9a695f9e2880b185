"""Multigrid hierarchies for the block conjugate-gradient solver.

pyamg coarsens, on hexahedra and tetrahedra alike, by smoothed aggregation with the evolution
strength of connection (Olson, Schroder, Tuminaro, Numer. Linear Algebra Appl. 17, 2010), which
follows the jumps of conductivity. Coarse matrices are Galerkin products. The V-cycle is our own,
since it runs on a block of columns at once. The smoother is one forward Gauss-Seidel sweep before
and one backward sweep after the correction, which keeps the cycle symmetric. It runs in single
precision: as a preconditioner it decides how fast, not how far, the solver converges.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy import linalg, sparse
from threadpoolctl import threadpool_limits

from multisource.compiled import njit
from multisource.fem import kernels

COARSEST = 400


@dataclass
class Level:
    """One level, and the way to and from the next coarser one.

    Attributes
    ----------
    matrix : scipy.sparse.csr_array of shape (n, n)
        Matrix in slab order, float32.
    colours : list of ndarray of shape (s, 2)
        First row and the row after the last of each slab, for each of the two colours.
    diagonal : ndarray of shape (n,)
        Place of each row's diagonal entry.
    interpolation : scipy.sparse.csr_array of shape (n, c)
        From the next coarser level.
    restriction : scipy.sparse.csr_array of shape (c, n)
        Its transpose.
    work : list of ndarray
        Arrays that a cycle writes to, kept from one cycle to the next.
    """

    matrix: sparse.csr_array
    colours: list[np.ndarray]
    diagonal: np.ndarray
    interpolation: sparse.csr_array
    restriction: sparse.csr_array
    work: list[np.ndarray] = field(default_factory=list)


class Multigrid:
    """A symmetric V-cycle M ~ A^-1 for blocks of columns (n, w), float32, in slab order.

    Parameters
    ----------
    matrix : scipy.sparse.csr_array of shape (n, n)
        The symmetric matrix A.

    Attributes
    ----------
    order : ndarray of int, shape (n,)
        The caller's rows in slab order.
    fine : scipy.sparse.csr_array of shape (n, n)
        The matrix in that order, float64: the solver works there throughout and sorts back once.
    levels : list of Level
        All levels but the coarsest, finest first.
    coarsest : ndarray of shape (c, c)
        Pseudo-inverse of the coarsest matrix, float32.
    """

    def __init__(self, matrix: sparse.csr_array) -> None:
        matrices, interpolations, groups = _levels(matrix)
        self.levels: list[Level] = []
        orders = [_slab_order(group) for group in groups]
        # A mesh of up to ``COARSEST`` nodes has no level but the coarsest, which keeps its order.
        self.order = orders[0][0] if orders else np.arange(matrix.shape[0])
        self.fine = _permuted(matrices[0], self.order, self.order)
        for depth, (order, colours) in enumerate(orders):
            if depth == 0:
                fine = self.fine
                single = sparse.csr_array(
                    (fine.data.astype(np.float32), fine.indices, fine.indptr), shape=fine.shape
                )
            else:
                single = _permuted(matrices[depth], order, order).astype(np.float32)
            matrices[depth] = None
            # The coarsest level keeps its order.
            coarse = orders[depth + 1][0] if depth + 1 < len(orders) else None
            up = _permuted(interpolations[depth], order, coarse).astype(np.float32)
            level = Level(single, colours, _diagonal_places(single), up, up.T.tocsr())
            self.levels.append(level)
        # The constant null space of the Neumann problem reaches the coarsest level, where the
        # pseudo-inverse removes it.
        with _one_thread():
            self.coarsest = linalg.pinvh(matrices[-1].toarray(), rtol=1e-10).astype(np.float32)

    @property
    def sizes(self) -> list[int]:
        """Number of unknowns of each level."""
        return [level.matrix.shape[0] for level in self.levels] + [len(self.coarsest)]

    def cycle(self, residual: np.ndarray, out: np.ndarray) -> None:
        """Write M times a residual to ``out``.

        Parameters
        ----------
        residual : ndarray of float32, shape (n, w)
            Residuals in slab order.
        out : ndarray of float32, shape (n, w)
            Overwritten.
        """
        with _one_thread():
            self._cycle(0, residual, out)

    def _cycle(self, depth: int, b: np.ndarray, x: np.ndarray) -> None:
        if depth == len(self.levels):
            np.matmul(self.coarsest, b, out=x)
            return
        level = self.levels[depth]
        a = level.matrix
        rows = (a.indptr, level.diagonal, a.indices, a.data)
        for slabs in level.colours:
            kernels.forward_from_zero(slabs, *rows, b, x)
        rest, coarse_b, coarse_x = self._work(depth, b.shape[1])
        kernels.minus_upper(*rows, x, rest)
        down, up = level.restriction, level.interpolation
        kernels.multiply(down.indptr, down.indices, down.data, rest, coarse_b)
        self._cycle(depth + 1, coarse_b, coarse_x)
        kernels.add_multiply(up.indptr, up.indices, up.data, coarse_x, x)
        for slabs in level.colours[::-1]:
            kernels.backward(slabs, *rows, b, x)

    def _work(self, depth: int, width: int) -> list[np.ndarray]:
        level = self.levels[depth]
        if not level.work or level.work[0].shape[1] != width:
            fine, coarse = level.interpolation.shape
            level.work = [np.empty((size, width), np.float32) for size in (fine, coarse, coarse)]
        return level.work


def _one_thread() -> threadpool_limits:
    """BLAS rounds long sums otherwise on more threads; a leadfield is to be the same on any."""
    return threadpool_limits(limits=1, user_api="blas")


def _slab_order(group: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
    """Sort rows by slab, even slabs first; return the order and the (start, stop) per colour."""
    odd = group & 1
    order = np.lexsort((group, odd))
    arranged = group[order]
    edges = np.flatnonzero(np.r_[True, arranged[1:] != arranged[:-1]])
    spans = np.stack([edges, np.r_[edges[1:], len(group)]], axis=1)
    parity = arranged[edges] & 1
    return order, [np.ascontiguousarray(spans[parity == colour]) for colour in (0, 1)]


def _permuted(
    matrix: sparse.csr_array, rows: np.ndarray, columns: np.ndarray | None
) -> sparse.csr_array:
    """Rows and columns in a new order, column indices sorted, 32-bit."""
    picked = sparse.csr_array(matrix)[rows]
    if columns is not None:
        place = np.empty(len(columns), np.int32)
        place[columns] = np.arange(len(columns), dtype=np.int32)
        picked.indices = place[picked.indices]
        picked.has_sorted_indices = False
    picked.sort_indices()
    return picked


def _diagonal_places(matrix: sparse.csr_array) -> np.ndarray:
    """Index into ``data`` of each row's diagonal entry."""
    rows = np.repeat(np.arange(matrix.shape[0], dtype=np.int32), np.diff(matrix.indptr))
    return np.flatnonzero(matrix.indices == rows).astype(matrix.indptr.dtype)


def _levels(
    matrix: sparse.csr_array,
) -> tuple[list[sparse.csr_array], list[sparse.csr_array], list[np.ndarray]]:
    """Matrix of each level, interpolations to each but the coarsest, and groups of their rows."""
    import pyamg

    # pyamg estimates eigenvalues from a start that it draws from numpy's global generator: left
    # alone, a study would differ from its repetition in the last digits, and its training by more.
    state = np.random.get_state()  # noqa: NPY002
    np.random.seed(0)  # noqa: NPY002
    try:
        with _one_thread():
            hierarchy = pyamg.smoothed_aggregation_solver(
                sparse.csr_matrix(matrix),
                strength=("evolution", {"epsilon": 4.0, "k": 2}),
                max_coarse=COARSEST,
            )
    finally:
        np.random.set_state(state)  # noqa: NPY002
    matrices = [sparse.csr_array(level.A) for level in hierarchy.levels]
    interpolations = [sparse.csr_array(level.P) for level in hierarchy.levels[:-1]]
    return matrices, interpolations, [_breadth_first(a) for a in matrices[:-1]]


def _breadth_first(matrix: sparse.csr_array) -> np.ndarray:
    """Distance (n,) in steps from a remote row: only equal or adjacent levels are coupled."""
    depth = np.full(matrix.shape[0], -1, np.int64)
    _spread(matrix.indptr, matrix.indices, 0, depth)
    start = int(np.argmax(depth))
    depth[:] = -1
    _spread(matrix.indptr, matrix.indices, start, depth)
    return depth


@njit(cache=True)
def _spread(
    pointers: np.ndarray,
    columns: np.ndarray,
    start: int,
    depth: np.ndarray,
) -> None:
    """Number the rows by their steps from ``start``; ``depth`` holds -1 to begin with."""
    queue = np.empty(len(depth), np.int64)
    queue[0], head, tail = start, 0, 1
    depth[start] = 0
    while head < tail:
        row = queue[head]
        head += 1
        for at in range(pointers[row], pointers[row + 1]):
            other = columns[at]
            if depth[other] < 0:
                depth[other] = depth[row] + 1
                queue[tail] = other
                tail += 1
