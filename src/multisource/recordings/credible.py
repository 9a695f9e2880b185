"""Which regions the centre of a named source may lie in."""

from __future__ import annotations

import numpy as np

from multisource.certainty.levels import LEVELS

REACH = LEVELS.index(0.8)  # regions are told within the radius of this level
LEAST = 0.02  # a smaller share is not told


def region_shares(
    centre: int,
    radius_mm: np.ndarray,
    positions: np.ndarray,
    areas: np.ndarray,
    labels: np.ndarray,
    cortex: np.ndarray,
) -> dict[str, float]:
    """Share out the probability of where a source's centre is among regions.

    The radii say that the centre lies within the first in 50 cases of 100, and between the first
    and the second in 30. Each of these is spread evenly over the cortex there.

    Parameters
    ----------
    centre : int
        The dipole that is named.
    radius_mm : ndarray of shape (3,)
        Within which the true centre lies, at the levels of
        :data:`multisource.certainty.levels.LEVELS`, mm.
    positions : ndarray of shape (N, 3)
        Of the dipoles, mm.
    areas : ndarray of shape (N,)
        Of cortex that each stands for, of any unit.
    labels : ndarray of str, shape (N,)
        Region of each.
    cortex : ndarray of bool, shape (N,)
        Where there is cortex.

    Returns
    -------
    dict of str to float
        Region to its share of the probability within the radius of 80 %, the largest first;
        shares below 2 % are left out.
    """
    distance = np.linalg.norm(positions - positions[centre], axis=1)
    usable = cortex.copy()
    usable[centre] = True
    weight = np.zeros(len(positions))
    inner, before = -1.0, 0.0
    held = 0.0
    for level, radius in zip(LEVELS[: REACH + 1], radius_mm[: REACH + 1], strict=True):
        ring = usable & (distance > inner) & (distance <= max(radius, 0.0))
        held += level - before
        before = level
        # A ring without a dipole leaves its share to the next, or to what lies inside it.
        if ring.any():
            weight[ring] += held * areas[ring] / areas[ring].sum()
            held, inner = 0.0, max(radius, inner)
    total: dict[str, float] = {}
    for name in np.unique(labels[weight > 0]):
        total[str(name)] = float(weight[labels == name].sum() / weight.sum())
    ordered = sorted(total.items(), key=lambda item: (-item[1], item[0]))
    return {name: share for name, share in ordered if share >= LEAST}


def shares_in_cell(shares: dict[str, float]) -> str:
    """Write shares into one cell of a table.

    Parameters
    ----------
    shares : dict of str to float
        Region to share, 0 to 1.

    Returns
    -------
    str
        Such as ``postcentral-lh 0.71, precentral-lh 0.29``.
    """
    return ", ".join(f"{name} {share:.2f}" for name, share in shares.items())


def shares_of_cell(cell: str) -> dict[str, float]:
    """Read what :func:`shares_in_cell` wrote.

    Parameters
    ----------
    cell : str
        The cell.

    Returns
    -------
    dict of str to float
        Region to share.
    """
    pairs = (part.rpartition(" ") for part in cell.split(", ") if part)
    return {name: float(share) for name, _, share in pairs}
