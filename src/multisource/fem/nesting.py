"""Closed surfaces inside each other: which lies directly in which, and whether any two touch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from multisource.errors import UserError
from multisource.geometry.closest_points import closest_points
from multisource.geometry.crossing import crossing
from multisource.geometry.rays import contains
from multisource.geometry.surfaces import Surface, edge_lengths, is_closed, volume

SMALLEST_GAP = 0.3


@dataclass(frozen=True)
class Shell:
    """A closed surface with outward triangles, and the tissue label just inside it.

    Attributes
    ----------
    name : str
        What messages call it.
    vertices : ndarray of shape (v, 3)
        Vertices, mm.
    triangles : ndarray of int, shape (t, 3)
        Triangles.
    label : int
        Tissue label just inside the surface.
    layers : int
        How many layers of elements lie between it and the one surface directly inside it, which
        has the same triangles; 0: a mesher fills what is between them.
    """

    name: str
    vertices: np.ndarray
    triangles: np.ndarray
    label: int
    layers: int = 0


def nesting(shells: list[Shell]) -> list[int]:
    """Return for each surface which one lies directly around it.

    Parameters
    ----------
    shells : list of Shell
        The surfaces, in any order.

    Returns
    -------
    list of int
        Index of the surface directly around each, -1 for the outermost.

    Raises
    ------
    UserError
        With the surfaces' names, unless all are closed, face outwards, do not cross themselves and
        are nested or apart with at least ``SMALLEST_GAP`` mm between them.
    """
    for shell in shells:
        if not is_closed(shell.triangles):
            raise UserError(f"surface {shell.name} is not closed: fill its holes")
        if volume(shell.vertices, shell.triangles) <= 0:
            raise UserError(f"surface {shell.name} is inside out: reverse its triangles")
        surface = _surface(shell)
        where = crossing(surface, surface)
        if where is not None:
            raise UserError(
                f"surface {shell.name} crosses itself near ({where[0]:.0f}, {where[1]:.0f}, "
                f"{where[2]:.0f}) mm: repair it, or use leadfield.fem.mesh: hexahedra"
            )
    volumes = [volume(shell.vertices, shell.triangles) for shell in shells]
    by_size = np.argsort(volumes)[::-1]
    parents = [-1] * len(shells)
    for rank, index in enumerate(by_size):
        for around in by_size[:rank]:
            if _separate(shells[index], shells[around]):
                # Surfaces come in falling size: the last one around it is the nearest.
                parents[index] = int(around)
    if parents.count(-1) != 1:
        apart = [shell.name for shell, parent in zip(shells, parents, strict=True) if parent < 0]
        raise UserError(f"surfaces {', '.join(apart)} lie beside each other: one must hold all")
    return parents


def _separate(small: Shell, large: Shell) -> bool:
    """Whether ``small`` lies inside ``large``; UserError if they cross or nearly touch."""
    inside = contains(large.vertices, large.triangles, small.vertices)
    pairs = ((small, large), (large, small))
    touching = 0 < inside.sum() < len(inside)
    # An edge may pierce the other surface though its ends do not lie beyond it.
    touching = touching or any(
        crossing(*map(_surface, pair)) is not None or _nears(*pair) for pair in pairs
    )
    if touching:
        raise UserError(
            f"surfaces {small.name} and {large.name} cross or come closer than {SMALLEST_GAP:g} "
            "mm: separate them, or use leadfield.fem.mesh: hexahedra"
        )
    return bool(inside.all())


def _nears(one: Shell, other: Shell) -> bool:
    """Whether a vertex of one surface lies within ``SMALLEST_GAP`` mm of the other."""
    # Points of one surface far from the other need no exact distance.
    reach = max(edge_lengths(*_surface(shell)).max() for shell in (one, other))
    near, _ = cKDTree(other.vertices).query(one.vertices, distance_upper_bound=reach)
    near = np.isfinite(near)
    if not near.any():
        return False
    _, gap, _ = closest_points(other.vertices, other.triangles, one.vertices[near])
    return bool(gap.min() < SMALLEST_GAP)


def _surface(shell: Shell) -> Surface:
    return shell.vertices, shell.triangles
