"""The leadfield of another head, brought to this head's dipoles by the registered spheres.

Each dipole of this head is represented by the other head's dipole that is nearest on the registered
sphere, turned with the cortex: outwards stays outwards, and a direction along the cortex stays what
it is on the sphere. So the gain along this head's normals is that of the other head along its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from multisource.errors import UserError
from multisource.geometry.surfaces import Surface, edges
from multisource.leadfield.forward import Leadfield

_SIDES = ("lh", "rh")
_SPHERE_MM = 100.0  # radius of FreeSurfer's registered spheres
_SAME_MM = 0.01  # dipoles that are nearer to their vertices than this are on them


@dataclass(frozen=True, eq=False)
class RegisteredDipoles:
    """N dipoles of a head whose cortex is registered to a sphere.

    Attributes
    ----------
    hemisphere : ndarray of shape (N,)
        0 left, 1 right.
    vertices : ndarray of int, shape (N,)
        Vertex number in the hemisphere's surface.
    normals : ndarray of shape (N, 3)
        Unit normals of the cortex, outwards, surface RAS.
    surfaces : mapping of str to Surface
        {lh,rh}.{white,sphere.reg}, mm, white in surface RAS.
    """

    hemisphere: np.ndarray
    vertices: np.ndarray
    normals: np.ndarray
    surfaces: Mapping[str, Surface]

    def on_sphere(self) -> np.ndarray:
        """Return the places of the dipoles on the registered sphere.

        Returns
        -------
        ndarray of shape (N, 3)
            Points on a sphere of 100 mm.
        """
        points = self._of_vertices("sphere.reg")
        return _SPHERE_MM * points / np.linalg.norm(points, axis=1, keepdims=True)

    def on_cortex(self) -> np.ndarray:
        """Return the places of the dipoles' vertices on the white surface.

        Returns
        -------
        ndarray of shape (N, 3)
            Points, mm, surface RAS.
        """
        return self._of_vertices("white")

    def _of_vertices(self, surface: str) -> np.ndarray:
        found = np.empty((len(self.vertices), 3))
        for number, side in enumerate(_SIDES):
            own = self.hemisphere == number
            found[own] = self.surfaces[f"{side}.{surface}"][0][self.vertices[own]]
        return found


def match_dipoles(own: RegisteredDipoles, other: RegisteredDipoles) -> pd.DataFrame:
    """Find the dipole of another head that is nearest to each dipole on the registered sphere.

    Parameters
    ----------
    own, other : RegisteredDipoles
        N dipoles of this head, and those of the other.

    Returns
    -------
    pandas.DataFrame
        N rows: ``dipole``, ``other`` (its number there), ``apart_mm`` (on the sphere of 100 mm) and
        ``shared_by`` (how many dipoles of this head it represents).
    """
    places, goals = own.on_sphere(), other.on_sphere()
    nearest = np.empty(len(places), dtype=np.int64)
    apart = np.empty(len(places))
    for number in range(len(_SIDES)):
        asking, there = own.hemisphere == number, np.flatnonzero(other.hemisphere == number)
        apart[asking], index = cKDTree(goals[there]).query(places[asking])
        nearest[asking] = there[index]
    shared_by = np.bincount(nearest, minlength=len(goals))[nearest]
    return pd.DataFrame(
        {
            "dipole": np.arange(len(nearest)),
            "other": nearest,
            "apart_mm": apart,
            "shared_by": shared_by,
        }
    )


def said_of_matches(matches: pd.DataFrame, count: int) -> str:
    """Say in a line how far from one to one a match is.

    Parameters
    ----------
    matches : pandas.DataFrame
        Of :func:`match_dipoles`.
    count : int
        Dipoles of the other head.

    Returns
    -------
    str
        How many dipoles represent how many, how many share theirs, and how far apart they are.
    """
    apart = matches["apart_mm"]
    return (
        f"{matches['other'].nunique()} of the other head's {count} dipoles represent "
        f"{len(matches)} of this head's, of which {int((matches['shared_by'] > 1).sum())} share "
        f"theirs; on the registered sphere of {_SPHERE_MM:.0f} mm they are {apart.median():.1f} mm "
        f"apart in the median, {apart.max():.1f} mm at most"
    )


def borrowed_gain(
    own: RegisteredDipoles,
    other: RegisteredDipoles,
    leadfield: Leadfield,
    channels: Sequence[str],
    matches: pd.DataFrame,
) -> np.ndarray:
    """Return another head's gain for this head's dipoles.

    Parameters
    ----------
    own, other : RegisteredDipoles
        N dipoles of this head, and those of the other.
    leadfield : Leadfield
        Of the other head, all its dipoles.
    channels : sequence of str
        E names, those of this head's electrodes.
    matches : pandas.DataFrame
        Of :func:`match_dipoles`.

    Returns
    -------
    ndarray of shape (E, 3 N)
        Gain in V/(Am), average reference; columns x, y, z of each dipole in surface RAS of this
        head. Along this head's normals it is that of the other head along its own.

    Raises
    ------
    UserError
        If channels are missing by name, or the leadfield's dipoles are not those of ``other``.
    """
    lacking = [name for name in channels if name not in leadfield.channels]
    if lacking:
        raise UserError(f"the other head's leadfield has no channel {', '.join(lacking)}")
    places = other.on_cortex()
    if places.shape != leadfield.positions.shape or (
        np.abs(places - leadfield.positions).max() > _SAME_MM
    ):
        raise UserError("the other head's leadfield is not on the dipoles of its table")
    chosen = matches["other"].to_numpy()
    axes = _tangent_axes(own.on_sphere())
    frames = _frames(own, axes, np.arange(len(chosen)))
    turn = frames @ _frames(other, axes, chosen).transpose(0, 2, 1)
    free = leadfield.of_channels(channels).free.reshape(len(channels), -1, 3)[:, chosen]
    # A moment here is the other head's, turned; the gain of the other is asked for it turned back.
    return np.einsum("enk,njk->enj", free, turn).reshape(len(channels), -1)


def _tangent_axes(points: np.ndarray) -> np.ndarray:
    """Return two axes (N, 3, 2) along a sphere at its points: with outwards right-handed."""
    outward = points / np.linalg.norm(points, axis=1, keepdims=True)
    # Any direction will do that is not the point's own; it is the same for both heads.
    start = np.eye(3)[np.abs(outward).argmin(axis=1)]
    first = np.cross(start, outward)
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    return np.stack([first, np.cross(outward, first)], axis=2)


def _frames(dipoles: RegisteredDipoles, axes: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Return where axes on the sphere point on the cortex, and its normal: rotations (N, 3, 3).

    The axes are turned as the edges at a vertex are, from the sphere to the plane of the cortex: by
    the rotation that brings those nearest to these in the sense of least squares. It is never a
    reflection, also where the map to the sphere has a fold.
    """
    normals = dipoles.normals[chosen]
    tangents = _tangent_axes(normals)
    products = np.empty((len(chosen), 2, 2))
    for number, side in enumerate(_SIDES):
        here = np.flatnonzero(dipoles.hemisphere[chosen] == number)
        white, triangles = dipoles.surfaces[f"{side}.white"]
        sphere = dipoles.surfaces[f"{side}.sphere.reg"][0]
        row, begin, end = _edges_of(dipoles.vertices[chosen[here]], triangles)
        along = np.einsum("ki,kij->kj", sphere[end] - sphere[begin], axes[here[row]])
        onto = np.einsum("ki,kij->kj", white[end] - white[begin], tangents[here[row]])
        for i, j in np.ndindex(2, 2):
            products[here, i, j] = np.bincount(row, onto[:, i] * along[:, j], len(here))
    angle = np.arctan2(products[:, 1, 0] - products[:, 0, 1], products[:, 0, 0] + products[:, 1, 1])
    cosine, sine = np.cos(angle), np.sin(angle)
    turned = np.stack([cosine, -sine, sine, cosine], axis=1).reshape(-1, 2, 2)
    return np.concatenate([tangents @ turned, normals[:, :, None]], axis=2)


def _edges_of(
    vertices: np.ndarray, triangles: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the edges that begin at vertices: row of ``vertices``, begin and end of each."""
    pairs = edges(triangles)
    first = np.unique(vertices)
    pairs = pairs[np.isin(pairs[:, 0], first)]
    pairs = pairs[np.argsort(pairs[:, 0], kind="stable")]
    start = np.searchsorted(pairs[:, 0], vertices, "left")
    count = np.searchsorted(pairs[:, 0], vertices, "right") - start
    row = np.repeat(np.arange(len(vertices)), count)
    offset = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    picked = pairs[np.repeat(start, count) + offset]
    return row, picked[:, 0], picked[:, 1]
