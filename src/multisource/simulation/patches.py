"""Spatial module: centres, extents and radial coefficients of the active patches (paper II-B).

- Centres: c1 uniform over the dipoles; c2 with probability proportional to the distance from c1;
  every further one with probability proportional to the least distance from those before it.
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

import numpy as np
from numba import njit

from multisource.errors import UserError


@dataclass(frozen=True)
class Patches:
    """The active dipoles of S samples with at most P patches each.

    centres (S, P) int32, -1 where a sample has fewer; extents_mm (S, P) float32, 0 there;
    offsets (S + 1,) int64: the dipoles of sample s are ``offsets[s]:offsets[s + 1]`` of
    dipoles (K,) int32 and coefficients (K, P) float64, the l of each patch.
    """

    centres: np.ndarray
    extents_mm: np.ndarray
    offsets: np.ndarray
    dipoles: np.ndarray
    coefficients: np.ndarray

    @property
    def truth(self) -> np.ndarray:
        """Truth (K,) of the active dipoles, in (0, 1]."""
        return np.minimum(self.coefficients.sum(axis=1), 1.0)


def draw_patches(
    positions: np.ndarray,
    uniforms: np.ndarray,
    *,
    n_patches: tuple[int, int],
    extent_mm: tuple[float, float],
    classes: np.ndarray | None = None,
) -> Patches:
    """Random patches from uniform numbers.

    positions (N, 3) mm; uniforms (S, 1 + 2 P) in [0, 1): the number of patches, then P centres,
    then P extents; classes (N,): if given, the dipoles of a sample come ordered by class.
    """
    low, most = n_patches
    if len(positions) < most:
        raise UserError(f"n_patches: {most} patches need as many dipoles, not {len(positions)}")
    counts = low + (uniforms[:, 0] * (most - low + 1)).astype(np.int64)
    centres = np.full((len(uniforms), most), -1, dtype=np.int32)
    _draw_centres(np.ascontiguousarray(positions.T), uniforms[:, 1 : 1 + most], counts, centres)
    extents = extent_mm[0] + uniforms[:, 1 + most : 1 + 2 * most] * (extent_mm[1] - extent_mm[0])
    extents[centres < 0] = 0.0
    return fill_patches(positions, centres, extents.astype(np.float32), classes=classes)


def fill_patches(
    positions: np.ndarray,
    centres: np.ndarray,
    extents_mm: np.ndarray,
    *,
    classes: np.ndarray | None = None,
) -> Patches:
    """Active dipoles and radial coefficients of given centres (S, P) and extents (S, P) mm.

    Raises UserError if a centre is no dipole or stands twice in a sample.
    """
    centres = np.atleast_2d(np.asarray(centres, dtype=np.int32))
    extents = np.atleast_2d(np.asarray(extents_mm, dtype=np.float32))
    if centres.max() >= len(positions):
        raise UserError(f"centre: dipole {centres.max()} does not exist; N is {len(positions)}")
    for row in centres if len(centres) < 100 else ():
        given = row[row >= 0]
        if len(np.unique(given)) < len(given):
            raise UserError(f"centres: {given.tolist()} names a dipole twice; give distinct ones")
    if classes is None:
        classes = np.zeros(len(positions), dtype=np.int64)
    offsets, dipoles, coefficients = _fill(
        np.ascontiguousarray(positions.T, dtype=np.float64),
        centres,
        extents,
        classes.astype(np.int64),
        int(classes.max()) + 1,
    )
    return Patches(centres, extents, offsets, dipoles, coefficients)


@njit(cache=True)
def _distances(xyz, centre, out):
    x, y, z = xyz[0, centre], xyz[1, centre], xyz[2, centre]
    for n in range(xyz.shape[1]):
        dx, dy, dz = xyz[0, n] - x, xyz[1, n] - y, xyz[2, n] - z
        out[n] = np.sqrt(dx * dx + dy * dy + dz * dz)


@njit(cache=True)
def _draw_centres(xyz, uniform, counts, centres):
    n_dipoles = xyz.shape[1]
    nearest = np.empty(n_dipoles)
    distance = np.empty(n_dipoles)
    for s in range(len(counts)):
        centres[s, 0] = int(uniform[s, 0] * n_dipoles)
        if counts[s] > 1:
            _distances(xyz, centres[s, 0], nearest)
        for p in range(1, counts[s]):
            if p > 1:
                _distances(xyz, centres[s, p - 1], distance)
                nearest = np.minimum(nearest, distance)
            goal = uniform[s, p] * nearest.sum()
            running = 0.0
            choice = -1
            for n in range(n_dipoles):
                running += nearest[n]
                if running > goal and nearest[n] > 0.0:
                    choice = n
                    break
            # Rounding of the sum may leave the goal unreached: take the last dipole that may be.
            n = n_dipoles - 1
            while choice < 0:
                if nearest[n] > 0.0:
                    choice = n
                n -= 1
            centres[s, p] = choice


@njit(cache=True)
def _fill(xyz, centres, extents, classes, n_classes):
    n_samples, n_patches = centres.shape
    n_dipoles = xyz.shape[1]
    squared = np.empty((n_patches, n_dipoles))
    offsets = np.zeros(n_samples + 1, dtype=np.int64)
    size = 1024 * n_samples
    dipoles = np.empty(size, dtype=np.int32)
    coefficients = np.empty((size, n_patches))
    active = np.empty(n_dipoles, dtype=np.int32)
    start = np.empty(n_classes + 1, dtype=np.int64)
    for s in range(n_samples):
        hit = np.zeros(n_dipoles, dtype=np.uint8)
        for p in range(n_patches):
            if centres[s, p] < 0:
                continue
            x, y, z = xyz[0, centres[s, p]], xyz[1, centres[s, p]], xyz[2, centres[s, p]]
            limit = (0.5 * extents[s, p]) ** 2
            for n in range(n_dipoles):
                dx, dy, dz = xyz[0, n] - x, xyz[1, n] - y, xyz[2, n] - z
                squared[p, n] = dx * dx + dy * dy + dz * dz
                hit[n] |= squared[p, n] < limit
        count = 0
        for n in range(n_dipoles):
            if hit[n]:
                active[count] = n
                count += 1
        first = offsets[s]
        offsets[s + 1] = first + count
        if first + count > size:
            size = 2 * (first + count)
            more = np.empty(size, dtype=np.int32)
            more[:first] = dipoles[:first]
            dipoles = more
            wider = np.empty((size, n_patches))
            wider[:first] = coefficients[:first]
            coefficients = wider
        start[:] = 0
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
                coefficients[place, p] = 0.0
                if centres[s, p] >= 0:
                    radius = 0.5 * extents[s, p]
                    coefficients[place, p] = max(1.0 - np.sqrt(squared[p, n]) / radius, 0.0)
    total = offsets[n_samples]
    return offsets, dipoles[:total].copy(), coefficients[:total].copy()
