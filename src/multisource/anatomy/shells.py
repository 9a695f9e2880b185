"""The nested surfaces of a boundary element model: resolution, orientation, crossings."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

from multisource.anatomy.surfaces import Surface, contains, edges, is_closed, volume
from multisource.errors import UserError

SHELLS = ("inner_skull", "outer_skull", "outer_skin")


def nested_shells(surfaces: Mapping[str, Surface], ico: int | None) -> dict[str, Surface]:
    """Inner skull, outer skull and outer skin at one icosahedron subdivision, checked.

    ``surfaces`` holds them by the names of SHELLS. ``ico`` 2, 3, 4 gives 162, 642, 2562 vertices
    each; None keeps the surfaces as they are. Raises UserError naming the surface that is
    missing, open, inside out, self-intersecting, or that crosses or leaves the next one.
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

    FreeSurfer's and MNE's head surfaces are icosahedra whose vertices moved, numbered alike.
    Raises UserError for another triangulation or a finer ``ico`` than the surface has.
    """
    try:
        level = [len(rr) for rr, _ in icosahedra()].index(len(vertices))
        if not _same_triangles(triangles, icosahedra()[level][1]):
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
    target, kept = icosahedra()[ico]
    _, index = cKDTree(icosahedra()[level][0]).query(target)
    return vertices[index], kept


@lru_cache(maxsize=1)
def icosahedra() -> list[Surface]:
    """Unit icosahedra, subdivided 0 to 7 times, in FreeSurfer's vertex order (MNE's file)."""
    import mne

    path = Path(mne.__file__).parent / "data" / "icos.fif.gz"
    return [
        (surface["rr"], surface["tris"].astype(np.int64))
        for surface in mne.read_bem_surfaces(path, verbose="error")
    ]


def crossing(first: Surface, second: Surface) -> np.ndarray | None:
    """A point (3,) where an edge of ``first`` pierces a triangle of ``second``, or None.

    For ``first is second``, triangles that share a vertex with the edge do not count.
    """
    pairs = np.unique(np.sort(edges(np.asarray(first[1])), axis=1), axis=0)
    start, end = first[0][pairs[:, 0]], first[0][pairs[:, 1]]
    corners = second[0][second[1]]
    centroids = corners.mean(axis=1)
    middle = (start + end) / 2
    reach = np.linalg.norm(corners - centroids[:, None], axis=2).max()
    reach += np.linalg.norm(end - start, axis=1).max() / 2
    found = cKDTree(centroids).query_ball_point(middle, reach)
    edge = np.repeat(np.arange(len(pairs)), [len(f) for f in found])
    triangle = np.fromiter((t for f in found for t in f), np.int64, len(edge))
    if first is second:
        near = second[1][triangle]
        apart = (near[:, :, None] != pairs[edge][:, None, :]).all(axis=(1, 2))
        edge, triangle = edge[apart], triangle[apart]
    p, q = start[edge], end[edge]
    a, b, c = np.moveaxis(corners[triangle], 1, 0)
    before, behind = _signed(p, a, b, c), _signed(q, a, b, c)
    turns = np.sign([_signed(p, q, a, b), _signed(p, q, b, c), _signed(p, q, c, a)])
    hit = (before * behind < 0) & (np.abs(turns.sum(axis=0)) == 3)
    return middle[edge[hit][0]] if hit.any() else None


def _signed(a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray) -> np.ndarray:
    """Six times the signed volume of each tetrahedron."""
    return np.einsum("ij,ij->i", b - a, np.cross(c - a, d - a))


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
