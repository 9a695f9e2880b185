"""Where one more patch would explain most: a scan over the cortex, and the start of the chains.

The gain of a patch is that of its topography alone, its time course being Gaussian: for a column t
and the covariance S of what is there already, half the sum of h^2 / (1 + q) less log(1 + q), with
q = t' S^-1 t and h = t' S^-1 y, component of time by component.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular
from scipy.spatial import cKDTree

from multisource.compiled import njit
from multisource.posterior import likelihood as exact
from multisource.posterior.model import Geometry, PatchModel, Spectra
from multisource.posterior.moves import Births
from multisource.posterior.noise_profile import noise_profile
from multisource.posterior.room import BOOST, NOISE, SCALE, Scratch, Terms, width
from multisource.posterior.states import States
from multisource.posterior.topography import topography

_UNIFORM = 0.1  # the part of births that the scan has no say in
_LEAST = 5.0  # gain of a patch that the start takes in
_ROUNDS = 2  # of placing each patch again, given the others
_FLATTEN = 0.15  # exponent of the scan's likelihood ratios: it is an approximation


@dataclass(frozen=True)
class ScanTable:
    """Topographies of single patches, prepared.

    Attributes
    ----------
    centres : ndarray of shape (Q,)
        Dipoles at their centres.
    extents : ndarray of shape (X,)
        Their diameters, mm.
    columns : ndarray of shape (r, X Q)
        Their topographies at a boost of 1, float32, extent by extent.
    nearest : ndarray of shape (M,)
        For every allowed dipole the nearest of the centres, by its place in ``centres``; Q where
        that one is left out.
    shares : ndarray of shape (Q,)
        How many allowed dipoles have a centre as their nearest.
    """

    centres: np.ndarray
    extents: np.ndarray
    columns: np.ndarray
    nearest: np.ndarray
    shares: np.ndarray

    def within(self, proposal: np.ndarray, allowed: np.ndarray, count: int) -> ScanTable:
        """Return the part of the table where a map is largest.

        Parameters
        ----------
        proposal : ndarray of shape (N,)
            A map over all dipoles, 0 or more.
        allowed : ndarray of shape (M,)
            The dipoles that ``nearest`` is about.
        count : int
            How many centres are kept.

        Returns
        -------
        ScanTable
            The centres in whose neighbourhood the map's largest values are; the whole table for a
            map that is the same everywhere.
        """
        largest = np.zeros(len(self.centres))
        np.maximum.at(largest, self.nearest, proposal[allowed])
        if np.ptp(largest) == 0 or count >= len(largest):
            return self
        kept = np.sort(largest.argsort(kind="stable")[-count:])
        place = np.full(len(largest) + 1, count)
        place[kept] = np.arange(count)
        columns = self.columns.reshape(len(self.columns), len(self.extents), -1)[:, :, kept]
        return ScanTable(
            self.centres[kept],
            self.extents,
            np.ascontiguousarray(columns).reshape(len(columns), -1),
            place[self.nearest],
            self.shares[kept],
        )


def scan_table(model: PatchModel, *, spacing_mm: float, extents_mm: np.ndarray) -> ScanTable:
    """Prepare a scan.

    Parameters
    ----------
    model : PatchModel
        The model.
    spacing_mm : float
        Least distance of two centres, mm.
    extents_mm : ndarray of shape (X,)
        Extents that are tried, mm.

    Returns
    -------
    ScanTable
        The topographies.
    """
    geometry = model.geometry
    places = model.positions[geometry.allowed]
    chosen = _spread(places, spacing_mm)
    centres = geometry.allowed[chosen]
    columns = np.zeros((len(extents_mm), len(centres), geometry.rows.shape[1]), np.float32)
    _columns(geometry, centres.astype(np.int64), np.asarray(extents_mm, float), columns)
    nearest = cKDTree(places[chosen]).query(places)[1]
    return ScanTable(
        centres,
        np.asarray(extents_mm, float),
        np.ascontiguousarray(columns.reshape(-1, columns.shape[2]).T),
        nearest,
        np.bincount(nearest, minlength=len(centres)),
    )


def _spread(places: np.ndarray, spacing: float) -> np.ndarray:
    """Choose places of which no two are nearer than the spacing, in their order."""
    tree = cKDTree(places)
    free = np.ones(len(places), bool)
    chosen = []
    for i in range(len(places)):
        if free[i]:
            chosen.append(i)
            free[tree.query_ball_point(places[i], spacing)] = False
    return np.array(chosen)


@njit(cache=True)
def _columns(geometry: Geometry, centres: np.ndarray, extents: np.ndarray, out: np.ndarray) -> None:
    nothing = np.zeros(len(geometry.permitted))
    column = np.zeros(geometry.rows.shape[1])
    for x in range(len(extents)):
        for i in range(len(centres)):
            topography(geometry, centres[i], extents[x], 1.0, nothing, column)
            for e in range(len(column)):
                out[x, i, e] = column[e]


def gains(
    model: PatchModel, table: ScanTable, parts: Terms, at: int, n: int, values: np.ndarray
) -> np.ndarray:
    """Return the gain in log likelihood of one more patch.

    Parameters
    ----------
    model : PatchModel
        The model.
    table : ScanTable
        The patches that are tried.
    parts : Terms
        Parts of the present states.
    at : int
        Which of them.
    n : int
        Patches of that state.
    values : ndarray of shape (4,)
        Boost, scale, noise and widening.

    Returns
    -------
    ndarray of shape (X, Q)
        The gain by extent and centre.
    """
    total = np.zeros(table.columns.shape[1])
    for data, inverse, size in whitened_groups(model, parts, at, n):
        tried = np.float32(values[BOOST]) * (inverse.astype(np.float32) @ table.columns)
        right = (data / values[SCALE]).astype(np.float32).T @ tried
        power, explained = np.square(tried).sum(axis=0), np.square(right).sum(axis=0)
        total += column_gain(explained, power, size)
    return total.reshape(len(table.extents), -1)


def column_gain(explained: np.ndarray, power: np.ndarray, size: int) -> np.ndarray:
    """Return the gain in log likelihood of one more column of unknown, Gaussian course.

    Parameters
    ----------
    explained : ndarray
        h^2 of the columns, summed over the components of time.
    power : ndarray
        q of the columns.
    size : int
        Number of components of time.

    Returns
    -------
    ndarray
        The gain of each.
    """
    return 0.5 * explained / (1 + power) - 0.5 * size * np.log1p(power)


def whitened_groups(
    model: PatchModel, parts: Terms, at: int, n: int
) -> Iterator[tuple[np.ndarray, np.ndarray, int]]:
    """Divide the window by the whole covariance of a state, group of times by group.

    Parameters
    ----------
    model : PatchModel
        The model.
    parts : Terms
        Parts of the present states.
    at : int
        Which of them.
    n : int
        Patches of that state.

    Yields
    ------
    data : ndarray of shape (r, size)
        The window's part, S^-1/2 y for a covariance S.
    inverse : ndarray of shape (r, r)
        S^-1/2, which divides topographies.
    size : int
        Components of time of the group.
    """
    spectra, r = model.spectra, model.geometry.rows.shape[1]
    n_groups, n_times = int(parts.groups[at]), spectra.roots.shape[1]
    for g in range(n_groups):
        size = n_times if n_groups == 1 else int(spectra.group[g + 1] - spectra.group[g])
        columns = width(r, size)
        upper = parts.factor[at, g, : r * columns].reshape(r, columns)
        data = upper[:, r : r + size]
        inverse = solve_triangular(upper[:, :r], np.eye(r), trans=1, check_finite=False)
        divided = parts.divided[at, g, :n].T
        # (I + U U')^-1/2 on the left takes the patches that are there into account.
        left, singular, _ = np.linalg.svd(divided, full_matrices=False)
        shrink = left * (1 - 1 / np.sqrt(1 + singular**2))
        yield data - shrink @ (left.T @ data), inverse - shrink @ (left.T @ inverse), size


def births(table: ScanTable, geometry: Geometry, maps: list[np.ndarray]) -> Births:
    """Turn scans into the density that new patches are proposed from.

    Parameters
    ----------
    table : ScanTable
        What was scanned.
    geometry : Geometry
        The dipoles.
    maps : list of ndarray of shape (X, Q)
        Gains of several scans, each counting the same.

    Returns
    -------
    Births
        The density.
    """
    size = len(geometry.allowed)
    density = np.full(size, _UNIFORM / size)
    for gain in maps:
        best = gain.max(axis=0)
        weight = np.exp(_FLATTEN * (best - best.max()))
        share = np.append(weight / (weight @ table.shares), 0.0)
        density += (1 - _UNIFORM) / len(maps) * share[table.nearest]
    logarithm = np.full(len(geometry.permitted), -np.inf)
    logarithm[geometry.allowed] = np.log(density)
    return Births(np.cumsum(density), logarithm)


def greedy(
    model: PatchModel,
    table: ScanTable,
    window: np.ndarray,
    these: States,
    *,
    sources: tuple[int, int],
    noise: np.ndarray,
    free_scale: bool,
    room: Scratch,
    parts: Terms,
) -> list[np.ndarray]:
    """Add patches one by one to state 0, each where it explains most.

    Parameters
    ----------
    model : PatchModel
        The model.
    table : ScanTable
        What is scanned.
    window : ndarray of shape (r, T)
        The whitened window.
    these : States
        Room for two states; the first holds the values to start from and gets the patches.
    sources : tuple of int
        Fewest and most patches.
    noise : ndarray of float
        Levels of noise that are tried, the present one apart.
    free_scale : bool
        Whether the scale is set to the best too.
    room : Scratch
        Room for the likelihood.
    parts : Terms
        Parts of two states.

    Returns
    -------
    list of ndarray of shape (X, Q)
        The gains before each patch, and after the last.
    """
    values = these.values[0]
    levels = list(noise)
    density = _settle(model, window, these, levels, free_scale, room, parts)
    maps = [gains(model, table, parts, 0, 0, values)]
    for n in range(sources[1]):
        best = _place(these, table, n, maps[-1])
        if best < _LEAST and n >= sources[0]:
            break
        these.number[0] = n + 1
        before, density = density, _settle(model, window, these, levels, free_scale, room, parts)
        if n:
            density = _again(model, table, window, these, levels, free_scale, room, parts, maps)
        if density < before and n >= sources[0]:
            these.number[0] = n
            _settle(model, window, these, [], free_scale, room, parts)
            break
        if n + 1 < sources[1]:
            maps.append(gains(model, table, parts, 0, n + 1, values))
    return maps


def _place(these: States, table: ScanTable, p: int, gain: np.ndarray) -> float:
    """Set patch p of state 0 to the best of a scan; return its gain."""
    extent, place = np.unravel_index(gain.argmax(), gain.shape)
    these.centre[0, p] = table.centres[place]
    these.extent[0, p] = table.extents[extent]
    return float(gain[extent, place])


def _again(
    model: PatchModel,
    table: ScanTable,
    window: np.ndarray,
    these: States,
    levels: list[float],
    free_scale: bool,
    room: Scratch,
    parts: Terms,
    maps: list[np.ndarray],
) -> float:
    """Place each patch of state 0 again, given the others; return the log likelihood."""
    n = int(these.number[0])
    density = _settle(model, window, these, [], free_scale, room, parts)
    for _ in range(_ROUNDS):
        moved = False
        # The last patch comes to stand first, until all have had their turn.
        for _ in range(n):
            for values in (these.centre[0], these.extent[0]):
                values[:n] = np.roll(values[:n], -1)
            present = these.centre[0, n - 1], these.extent[0, n - 1]
            these.number[0] = n - 1
            _settle(model, window, these, [], free_scale, room, parts)
            gain = gains(model, table, parts, 0, n - 1, these.values[0])
            maps.append(gain)
            these.number[0] = n
            _place(these, table, n - 1, gain)
            there = _settle(model, window, these, [], free_scale, room, parts)
            if there > density:
                moved |= (these.centre[0, n - 1], these.extent[0, n - 1]) != present
                density = there
            else:
                these.centre[0, n - 1], these.extent[0, n - 1] = present
        if not moved:
            break
    return _settle(model, window, these, levels, free_scale, room, parts)


def _settle(
    model: PatchModel,
    window: np.ndarray,
    these: States,
    levels: list[float],
    free_scale: bool,
    room: Scratch,
    parts: Terms,
) -> float:
    """Evaluate state 0 at the best of the noise levels; return its log likelihood."""
    values, n = these.values[0], int(these.number[0])
    exact.evaluate(model.geometry, model.spectra, window, these, 0, room, parts, 0)
    if levels:
        best = _noise(model.spectra, window, values, n, levels, free_scale, parts)
        if best != values[NOISE]:
            values[NOISE] = best
            exact.finish(model.spectra, window, these.course[0], n, values, room, parts, 0)
    if free_scale:
        values[SCALE] = np.sqrt(parts.square[0] / window.size)
    return float(exact.density(parts, 0, window.size, values[SCALE]))


def _noise(
    spectra: Spectra,
    window: np.ndarray,
    values: np.ndarray,
    n: int,
    levels: list[float],
    free_scale: bool,
    parts: Terms,
) -> float:
    """Return the best of state 0's level of noise and others, then of that, half and twice it."""
    present = float(values[NOISE])
    try:
        profile = noise_profile(spectra, window, values, parts, n, free_scale=free_scale)
    except np.linalg.LinAlgError:
        return present  # By rounding it is no covariance, and its likelihood says so.
    tried = np.array([present, *levels])
    best = tried[profile.log_density(tried).argmax()]
    if best > 0:
        tried = np.array([best, best / 2, best * 2])
        best = tried[profile.log_density(tried).argmax()]
    return float(best)
