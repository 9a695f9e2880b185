"""Spatial module: centres, extents and radial coefficients of the active patches (paper II-B).

- Centres: c1 uniform over the dipoles of the cortex, which the medial wall is no part of; c2 with
  probability proportional to the distance from c1; every further one with probability
  proportional to the least distance from those before it.
- Extent: uniform; it is a diameter. Dipoles nearer to the centre than extent / 2, by straight
  distance, are active, and l falls linearly from 1 at the centre to 0 at the rim, which itself is
  inactive. Straight distance, as in the paper's "radial zone", may reach across a sulcus; with it
  1-3 patches of 20-60 mm make 4.8 % of the dipoles active, the paper's figure for Random
  (FractionActive 0.049). See docs/simulation.md.
- Truth of a dipole: min(sum of its l over the patches, 1), the share of its series that comes
  from centres in the paper's overlap formula.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

import numpy as np
import numpy.typing as npt

from multisource.compiled import njit
from multisource.errors import UserError
from multisource.simulation.truth import SparseTruth


@dataclass(frozen=True)
class Patches:
    """The patches of S samples, at most P each.

    Attributes
    ----------
    truth : SparseTruth
        Their active dipoles with the coefficients of all patches together.
    extents_mm : ndarray of shape (S, P)
        Diameters, mm, float32; 0 where a sample has fewer patches.
    coefficients : ndarray of shape (K, P)
        The l of each patch at the dipoles of ``truth``, float32.
    """

    truth: SparseTruth
    extents_mm: np.ndarray
    coefficients: np.ndarray

    def take(self, rows: np.ndarray) -> Patches:
        """Return the patches of some samples.

        Parameters
        ----------
        rows : ndarray of int
            Numbers of the samples.

        Returns
        -------
        Patches
            Theirs.
        """
        truth, chosen = self.truth.take(rows)
        return Patches(truth, self.extents_mm[rows], self.coefficients[chosen])


class PatchDrawer:
    """Draws and fills patches on given dipoles.

    Parameters
    ----------
    positions : ndarray of shape (N, 3)
        Positions of the dipoles, mm.
    classes : ndarray of shape (N,), optional
        Class of each dipole: the dipoles of a sample come ordered by it. By default all are of one.
    cortex : ndarray of shape (N,), bool, optional
        Where centres may be drawn; by default everywhere.

    Raises
    ------
    UserError
        If ``cortex`` has another number of dipoles.
    """

    def __init__(
        self,
        positions: np.ndarray,
        classes: np.ndarray | None = None,
        cortex: np.ndarray | None = None,
    ) -> None:
        if cortex is not None and np.shape(cortex) != (len(positions),):
            raise UserError(f"cortex: shape {np.shape(cortex)} for {len(positions)} dipoles")
        # Float32 about the middle of the head is exact to 1e-5 mm.
        centred = positions - positions.mean(axis=0)
        self._rows = np.ascontiguousarray(centred.T, dtype=np.float32)
        # Dipoles by y (front to back, the head's longest axis): a patch needs a slab of them.
        self._order = np.argsort(self._rows[1], kind="stable").astype(np.int32)
        self._sorted = np.ascontiguousarray(self._rows[:, self._order])
        classes = np.zeros(len(positions)) if classes is None else classes
        self._classes = np.asarray(classes, dtype=np.int64)
        self._n_classes = int(self._classes.max()) + 1
        allowed = np.arange(len(positions)) if cortex is None else np.flatnonzero(cortex)
        self._allowed = allowed.astype(np.int32)
        self._allowed_rows = np.ascontiguousarray(self._rows[:, allowed])

    def draw(
        self, uniforms: np.ndarray, *, n_patches: tuple[int, int], extent_mm: tuple[float, float]
    ) -> Patches:
        """Draw random patches from uniform numbers.

        Parameters
        ----------
        uniforms : ndarray of shape (S, 1 + 2 P)
            Numbers in [0, 1). The first decides the number of patches, the next P the centres, the
            last P the extents.
        n_patches : tuple of int
            Fewest and most patches of a sample; the most is P, but that P is 1 also for none.
        extent_mm : tuple of float
            Range of the extent, mm.

        Returns
        -------
        Patches
            The patches of the S samples.

        Raises
        ------
        UserError
            If there are fewer dipoles than patches.
        """
        low, most = n_patches
        n_allowed = len(self._allowed)
        if n_allowed < most:
            raise UserError(f"n_patches: {most} patches need as many dipoles, not {n_allowed}")
        counts = low + (uniforms[:, 0] * (most - low + 1)).astype(np.int64)
        room = uniforms.shape[1] // 2
        centres = np.full((len(uniforms), room), -1, dtype=np.int32)
        _draw_centres(self._allowed_rows, uniforms[:, 1 : 1 + room], counts, centres)
        drawn = centres >= 0
        centres[drawn] = self._allowed[centres[drawn]]
        extents = uniforms[:, 1 + room :] * (extent_mm[1] - extent_mm[0])
        extents = (extent_mm[0] + extents).astype(np.float32)
        extents[centres < 0] = 0.0
        return self.fill(centres, extents)

    def fill(self, centres: npt.ArrayLike, extents_mm: npt.ArrayLike) -> Patches:
        """Find the active dipoles and the l of given patches.

        Parameters
        ----------
        centres : array_like of shape (S, P)
            Dipole of each centre, -1 for none.
        extents_mm : array_like of shape (S, P)
            Extents, mm.

        Returns
        -------
        Patches
            The patches of the S samples.

        Raises
        ------
        UserError
            If a centre is no dipole.
        """
        centres = np.atleast_2d(np.asarray(centres, dtype=np.int32))
        extents = np.atleast_2d(np.asarray(extents_mm, dtype=np.float32))
        n_dipoles = self._rows.shape[1]
        if centres.max() >= n_dipoles:
            raise UserError(f"centre: dipole {centres.max()} does not exist; N is {n_dipoles}")
        offset, dipole, coefficients = _fill(
            self._rows,
            self._sorted,
            self._order,
            centres,
            extents,
            self._classes,
            self._n_classes,
        )
        # Column by column: NumPy is slow at sums over rows of three.
        total = np.minimum(reduce(np.add, coefficients.T), np.float32(1.0))
        truth = SparseTruth(offset, dipole, total, centres, n_dipoles)
        return Patches(truth, extents, coefficients)


# Arrays are copied in loops here: Numba takes seconds to compile an assignment to a slice.

# Sums may be taken in any order, so that the loops over all dipoles use the vector unit.
_FAST = {"reassoc", "contract", "nsz"}
_STEP = 64


@njit(cache=True, nogil=True, fastmath=_FAST)
def _squared_distances(xyz: np.ndarray, point: np.ndarray, out: np.ndarray) -> None:
    x, y, z = point[0], point[1], point[2]
    for n in range(xyz.shape[1]):
        dx, dy, dz = xyz[0, n] - x, xyz[1, n] - y, xyz[2, n] - z
        out[n] = dx * dx + dy * dy + dz * dz


@njit(cache=True, nogil=True, fastmath=_FAST)
def _choose(weight: np.ndarray, uniform: float) -> int:
    """Index drawn with probability proportional to weight (N,), by the inverse distribution."""
    n_steps = -(-len(weight) // _STEP)
    sums = np.empty(n_steps)
    for b in range(n_steps):
        part = np.float32(0.0)
        for n in range(b * _STEP, min((b + 1) * _STEP, len(weight))):
            part += weight[n]
        sums[b] = part
    goal = uniform * sums.sum()
    step = 0
    while step < n_steps - 1 and goal >= sums[step]:
        goal -= sums[step]
        step += 1
    last = -1
    for n in range(step * _STEP, min((step + 1) * _STEP, len(weight))):
        if weight[n] > 0.0:
            last = n
            goal -= weight[n]
            if goal < 0.0:
                break
    return last


@njit(cache=True, nogil=True)
def _draw_centres(
    xyz: np.ndarray, uniform: np.ndarray, counts: np.ndarray, centres: np.ndarray
) -> None:
    n_dipoles = xyz.shape[1]
    nearest = np.empty(n_dipoles, dtype=np.float32)
    distance = np.empty(n_dipoles, dtype=np.float32)
    for s in range(len(counts)):
        if counts[s] == 0:
            continue
        centres[s, 0] = int(uniform[s, 0] * n_dipoles)
        for p in range(1, counts[s]):
            _squared_distances(xyz, xyz[:, centres[s, p - 1]], distance)
            if p == 1:
                for n in range(n_dipoles):
                    nearest[n] = distance[n]
            else:
                for n in range(n_dipoles):
                    nearest[n] = min(nearest[n], distance[n])
            for n in range(n_dipoles):
                distance[n] = np.sqrt(nearest[n])
            centres[s, p] = _choose(distance, uniform[s, p])


@njit(cache=True)
def _count_below(ordered: np.ndarray, limit: float, with_equal: bool) -> int:
    """Count the values of an ascending array below a limit; np.searchsorted compiles for 3 s."""
    low, high = 0, len(ordered)
    while low < high:
        middle = (low + high) // 2
        if ordered[middle] < limit or (with_equal and ordered[middle] == limit):
            low = middle + 1
        else:
            high = middle
    return low


@njit(cache=True, nogil=True)
def _fill(
    xyz: np.ndarray,
    ordered: np.ndarray,
    order: np.ndarray,
    centres: np.ndarray,
    extents: np.ndarray,
    classes: np.ndarray,
    n_classes: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    n_samples, n_patches = centres.shape
    n_dipoles = xyz.shape[1]
    squared = np.empty(n_dipoles, dtype=np.float32)
    offsets = np.zeros(n_samples + 1, dtype=np.int64)
    size = 1024 * n_samples
    dipoles = np.empty(size, dtype=np.int32)
    coefficients = np.empty((size, n_patches), dtype=np.float32)
    # The l of a sample by dipole, and its active dipoles in the order they are met.
    held = np.zeros((n_dipoles, n_patches), dtype=np.float32)
    seen = np.zeros(n_dipoles, dtype=np.bool_)
    active = np.empty(n_dipoles, dtype=np.int32)
    inside = np.empty(n_dipoles + 1, dtype=np.int32)
    start = np.empty(n_classes + 1, dtype=np.int64)
    for s in range(n_samples):
        count = 0
        for p in range(n_patches):
            if centres[s, p] < 0:
                continue
            radius = np.float32(0.5) * extents[s, p]
            limit = radius * radius
            point = xyz[:, centres[s, p]]
            low = _count_below(ordered[1], point[1] - radius, False)
            high = _count_below(ordered[1], point[1] + radius, True)
            slab = ordered[:, low:high]
            _squared_distances(slab, point, squared)
            found = 0
            for n in range(high - low):
                inside[found] = n
                found += squared[n] < limit
            for i in range(found):
                n = order[low + inside[i]]
                distance = np.sqrt(squared[inside[i]])
                held[n, p] = max(np.float32(1.0) - distance / radius, np.float32(0.0))
                if not seen[n] and held[n, p] > 0:
                    seen[n] = True
                    active[count] = n
                    count += 1
        first = offsets[s]
        offsets[s + 1] = first + count
        if first + count > size:
            size = 2 * (first + count)
            more = np.empty(size, dtype=np.int32)
            wider = np.empty((size, n_patches), dtype=np.float32)
            for i in range(first):
                more[i] = dipoles[i]
                for p in range(n_patches):
                    wider[i, p] = coefficients[i, p]
            dipoles, coefficients = more, wider
        for m in range(n_classes + 1):
            start[m] = 0
        for i in range(count):
            start[classes[active[i]] + 1] += 1
        for m in range(n_classes):
            start[m + 1] += start[m]
        for i in range(count):
            n = active[i]
            place = first + start[classes[n]]
            start[classes[n]] += 1
            dipoles[place] = n
            for p in range(n_patches):
                coefficients[place, p] = held[n, p]
                held[n, p] = np.float32(0.0)
            seen[n] = False
    total = offsets[n_samples]
    return offsets, dipoles[:total].copy(), coefficients[:total].copy()
