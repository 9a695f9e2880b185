"""The nested surfaces of a boundary element model: resolution, orientation, crossings."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.spatial import cKDTree

from multisource.anatomy.head import SHELLS
from multisource.errors import UserError
from multisource.geometry.crossing import crossing
from multisource.geometry.icosphere import FINEST, icosphere
from multisource.geometry.rays import contains
from multisource.geometry.surfaces import Surface, is_closed, volume


def nested_shells(surfaces: Mapping[str, Surface], ico: int | None) -> dict[str, Surface]:
    """Check inner skull, outer skull and outer skin, and decimate them.

    Parameters
    ----------
    surfaces : mapping of str to (ndarray of shape (n, 3), ndarray of shape (m, 3))
        Vertices, mm, and triangles by the names of SHELLS.
    ico : int or None
        Subdivision of the icosahedron: 2, 3, 4 gives 162, 642, 2562 vertices each. None keeps
        the surfaces as they are.

    Returns
    -------
    dict of str to (ndarray of shape (n, 3), ndarray of shape (m, 3))
        The three surfaces at one subdivision.

    Raises
    ------
    UserError
        Naming the surface that is missing, open, inside out, self-intersecting, or that crosses
        or leaves the next one.
    """
    shells = {}
    for name in SHELLS:
        if name not in surfaces:
            raise UserError(f"BEM surface {name} is missing; give {', '.join(SHELLS)}")
        vertices, triangles = (np.asarray(part) for part in surfaces[name])
        _check_closed(name, vertices, triangles)
        shells[name] = (
            (vertices, triangles) if ico is None else decimate(name, vertices, triangles, ico)
        )
    for name, shell in shells.items():
        where = crossing(shell, shell)
        if where is not None:
            raise UserError(f"BEM surface {name} intersects itself near {_text(where)}; repair it")
    for inner, outer in zip(SHELLS[:-1], SHELLS[1:], strict=True):
        inside = contains(*shells[outer], shells[inner][0])
        if not inside.any():
            raise UserError(
                f"BEM surface {inner} does not lie inside {outer}; "
                f"the order from inside is {', '.join(SHELLS)}"
            )
        where = crossing(shells[inner], shells[outer])
        if where is None:
            where = crossing(shells[outer], shells[inner])
        if where is None and not inside.all():
            where = shells[inner][0][~inside][0]
        if where is not None:
            raise UserError(
                f"BEM surfaces {inner} and {outer} cross near {_text(where)}; "
                f"keep {inner} inside {outer}"
            )
    return shells


def decimate(name: str, vertices: np.ndarray, triangles: np.ndarray, ico: int) -> Surface:
    """Keep the vertices that a subdivided icosahedron shares with a coarser one.

    Parameters
    ----------
    name : str
        Name of the surface, for messages.
    vertices : ndarray of shape (n, 3)
        Positions, mm.
    triangles : ndarray of shape (m, 3)
        Indices of vertices.
    ico : int
        Subdivision to keep.

    Returns
    -------
    vertices : ndarray of shape (10 * 4**ico + 2, 3)
        The vertices kept, mm.
    triangles : ndarray of shape (20 * 4**ico, 3)
        Indices of vertices.

    Raises
    ------
    UserError
        For another triangulation or a finer ``ico`` than the surface has.

    Notes
    -----
    FreeSurfer's and MNE's head surfaces are icospheres whose vertices moved, numbered alike.
    """
    try:
        level = [10 * 4**k + 2 for k in range(FINEST + 1)].index(len(vertices))
        if not _same_triangles(triangles, icosphere(level)[1]):
            raise ValueError
    except ValueError:
        raise UserError(
            f"BEM surface {name} ({len(vertices)} vertices) is not a subdivided icosahedron; "
            "give one, or set ico: null to use the surface as it is"
        ) from None
    if not 0 <= ico <= level:
        raise UserError(
            f"BEM surface {name} is an icosahedron of level {level}, ico: {ico} asked; "
            f"use 0 to {level}"
        )
    target, kept = icosphere(ico)
    _, index = cKDTree(icosphere(level)[0]).query(target)
    return vertices[index], kept


def _check_closed(name: str, vertices: np.ndarray, triangles: np.ndarray) -> None:
    if not np.isfinite(vertices).all():
        raise UserError(f"BEM surface {name} holds coordinates that are not finite")
    if not is_closed(triangles):
        raise UserError(f"BEM surface {name} is not closed; fill its holes")
    if volume(vertices, triangles) <= 0:
        raise UserError(
            f"BEM surface {name} is inside out; its triangles must turn counter-clockwise "
            "as seen from outside"
        )


def _same_triangles(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether two triangulations are equal up to the order of triangles and their first corner."""
    if len(first) != len(second):
        return False

    def canonical(triangles: np.ndarray) -> np.ndarray:
        least = np.argmin(triangles, axis=1)
        turned = triangles[np.arange(len(triangles))[:, None], (least[:, None] + range(3)) % 3]
        return turned[np.lexsort(turned.T)]

    return np.array_equal(canonical(first), canonical(second))


def _text(point: np.ndarray) -> str:
    return "({:.0f}, {:.0f}, {:.0f}) mm".format(*point)
