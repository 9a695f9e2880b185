"""Preconditioned conjugate gradients on all right-hand sides at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from multisource.fem import kernels
from multisource.fem.multigrid import Multigrid
from multisource.progress import progress


@dataclass(frozen=True)
class Convergence:
    """What a solve took and reached.

    Attributes
    ----------
    iterations : int
        Iterations taken.
    residuals : ndarray of shape (w,)
        Final relative residual of each column.
    """

    iterations: int
    residuals: np.ndarray


def solve_block(
    multigrid: Multigrid,
    right: np.ndarray,
    *,
    tolerance: float = 1e-8,
    max_iterations: int = 200,
    name: str = "conjugate gradients",
) -> tuple[np.ndarray, Convergence]:
    """Solve A x = b for every column of ``right``.

    Columns are independent conjugate-gradient runs in step, until each has
    ``||b - A x|| <= tolerance ||b||``; they share every pass over the matrix. A may be singular
    with constant null space if the columns sum to zero.

    Parameters
    ----------
    multigrid : Multigrid
        The matrix A (n, n), and the preconditioner.
    right : ndarray of shape (n, w)
        Right-hand sides, rows in the order of ``multigrid``; overwritten by the residuals.
    tolerance : float, optional
        Relative residual to be reached.
    max_iterations : int, optional
        Iterations after which the solver gives up.
    name : str, optional
        What the progress bar calls it; the bar shows the largest relative residual.

    Returns
    -------
    solution : ndarray of shape (n, w)
        Solutions, rows in the order of ``multigrid``.
    convergence : Convergence
        Iterations and residuals.

    Raises
    ------
    RuntimeError
        If ``max_iterations`` do not suffice.

    References
    ----------
    Hestenes and Stiefel, J. Res. Natl. Bur. Stand. 49, 1952.
    """
    a = multigrid.fine
    residual = right
    solution = np.zeros_like(residual)
    scale = np.sqrt(kernels.dots(residual, residual))
    scale[scale == 0] = 1.0
    # Unit size keeps the preconditioner's single precision far from its smallest number.
    single = (residual / scale).astype(np.float32)
    correction = np.empty_like(single)
    multigrid.cycle(single, correction)
    direction = correction.astype(float)
    image = np.empty_like(direction)
    energy = kernels.dots(residual, correction)
    with progress(name, unit="iteration") as bar:
        for iteration in range(1, max_iterations + 1):
            curvature = kernels.multiply_and_dot(a.indptr, a.indices, a.data, direction, image)
            alpha = np.divide(energy, curvature, out=np.zeros_like(energy), where=curvature > 0)
            squares = kernels.step(solution, residual, direction, image, alpha, scale, single)
            reached = np.sqrt(squares) / scale
            bar.set_postfix_str(f"residual {reached.max():.1e}", refresh=False)
            bar.update()
            if np.all(reached <= tolerance):
                return solution, Convergence(iteration, reached)
            multigrid.cycle(single, correction)
            before, energy = energy, kernels.dots(residual, correction)
            beta = np.divide(energy, before, out=np.zeros_like(energy), where=before > 0)
            kernels.turn(direction, correction, beta)
    raise RuntimeError(
        f"conjugate gradients reached {float(reached.max()):.1e} after {max_iterations} "
        f"iterations, not {tolerance:g}"
    )
