"""How far two leadfields disagree: topography (RDM) and amplitude (lnMAG), dipole by dipole.

Meijs et al., IEEE Trans Biomed Eng 36 (1989) 1038-1049; lnMAG: Guellmar et al., IEEE Trans
Biomed Eng 57 (2010).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from multisource.errors import UserError
from multisource.geometry.closest_points import closest_points
from multisource.geometry.surfaces import Surface
from multisource.leadfield.check import average_reference
from multisource.leadfield.forward import Leadfield

DEPTH_EDGES_MM = (0.0, 5.0, 10.0, 15.0, 20.0, 30.0, 40.0, 60.0, 100.0)


def rdm(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the relative difference measure, column by column.

    Parameters
    ----------
    first, second : ndarray of shape (E, K)
        Gains, in any one unit.

    Returns
    -------
    ndarray of shape (K,)
        Distance between the columns scaled to unit length, 0 to 2.
    """
    unit = [part / np.linalg.norm(part, axis=0) for part in _columns(first, second)]
    return np.linalg.norm(unit[0] - unit[1], axis=0)


def lnmag(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return lnMAG, the logarithm of the ratio of column norms.

    Parameters
    ----------
    first, second : ndarray of shape (E, K)
        Gains, in any one unit.

    Returns
    -------
    ndarray of shape (K,)
        Positive where ``first`` is larger.
    """
    one, two = _columns(first, second)
    return np.log(np.linalg.norm(one, axis=0) / np.linalg.norm(two, axis=0))


def compare_leadfields(
    first: Leadfield, second: Leadfield, *, inner_skull: Surface
) -> pd.DataFrame:
    """Return RDM and lnMAG of ``first`` against ``second``, one row per dipole.

    Parameters
    ----------
    first, second : Leadfield
        Leadfields of the same channels and dipoles; their average reference is compared.
    inner_skull : tuple of ndarray
        The surface that depth is measured from: vertices (v, 3) mm and triangles (t, 3).

    Returns
    -------
    pandas.DataFrame
        Columns: ``dipole``; ``x``, ``y``, ``z`` (mm, surface RAS); ``depth_mm``; ``rdm`` and
        ``lnmag`` (dipoles along the normals); ``rdm_free`` and ``lnmag_free`` (norm over the three
        axes, one topography of 3 E values); ``norm_first``, ``norm_second`` (V/(Am)).

    Raises
    ------
    UserError
        If the leadfields do not describe the same channels and dipoles.
    """
    _same_problem(first, second)
    one, two = average_reference(first.fixed), average_reference(second.fixed)
    stacked = [
        np.moveaxis(average_reference(part.free).reshape(len(part.free), -1, 3), 2, 0).reshape(
            3 * len(part.free), -1
        )
        for part in (first, second)
    ]
    _, depth, _ = closest_points(*inner_skull, first.positions)
    x, y, z = first.positions.T
    return pd.DataFrame(
        {
            "dipole": np.arange(len(depth)),
            "x": x,
            "y": y,
            "z": z,
            "depth_mm": depth,
            "rdm": rdm(one, two),
            "lnmag": lnmag(one, two),
            "rdm_free": rdm(*stacked),
            "lnmag_free": lnmag(*stacked),
            "norm_first": np.linalg.norm(one, axis=0),
            "norm_second": np.linalg.norm(two, axis=0),
        }
    )


def median_difference(first: Leadfield, second: Leadfield) -> tuple[float, float]:
    """Return how far two leadfields disagree in the middle of their dipoles.

    Parameters
    ----------
    first, second : Leadfield
        Leadfields of the same channels and dipoles; their average reference is compared.

    Returns
    -------
    rdm : float
        Median over the dipoles along the normals.
    lnmag : float
        The same of lnMAG.

    Raises
    ------
    UserError
        If the leadfields do not describe the same channels and dipoles.
    """
    _same_problem(first, second)
    one, two = average_reference(first.fixed), average_reference(second.fixed)
    return float(np.median(rdm(one, two))), float(np.median(lnmag(one, two)))


def by_depth(
    comparison: pd.DataFrame, *, edges_mm: Sequence[float] = DEPTH_EDGES_MM
) -> pd.DataFrame:
    """Return quantiles of RDM and lnMAG in bins of the depth below the inner skull.

    Parameters
    ----------
    comparison : pandas.DataFrame
        The table of ``compare_leadfields``.
    edges_mm : sequence of float, optional
        Edges of the bins, mm, increasing.

    Returns
    -------
    pandas.DataFrame
        Columns: ``depth_from_mm``, ``depth_to_mm``, ``dipoles``, and ``p5``, ``p50``, ``p95`` of
        ``rdm`` and ``lnmag``. Empty bins are left out; a last row (0 to infinity) holds all
        dipoles.
    """
    rows = []
    bounds = [*zip(edges_mm[:-1], edges_mm[1:], strict=True), (0.0, np.inf)]
    for low, high in bounds:
        part = comparison[(comparison["depth_mm"] >= low) & (comparison["depth_mm"] < high)]
        if part.empty:
            continue
        row = {"depth_from_mm": low, "depth_to_mm": high, "dipoles": len(part)}
        for column in ("rdm", "lnmag"):
            for percent in (5, 50, 95):
                row[f"{column}_p{percent}"] = float(np.percentile(part[column], percent))
        rows.append(row)
    return pd.DataFrame(rows)


def _columns(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if np.shape(first) != np.shape(second):
        raise ValueError(f"gains of shape {np.shape(first)} and {np.shape(second)}")
    return np.asarray(first, float), np.asarray(second, float)


def _same_problem(first: Leadfield, second: Leadfield) -> None:
    if first.channels != second.channels:
        raise UserError(
            f"leadfields have other channels ({len(first.channels)} and {len(second.channels)}) "
            "or another order; compute both from one electrodes file"
        )
    if first.positions.shape != second.positions.shape:
        raise UserError(
            f"leadfields have {len(first.positions)} and {len(second.positions)} dipoles; "
            "compute both on one source space"
        )
    apart = np.linalg.norm(first.positions - second.positions, axis=1).max()
    if apart > 0.01:
        raise UserError(
            f"dipoles of the leadfields lie up to {apart:.1f} mm apart; "
            "compute both on one source space"
        )
