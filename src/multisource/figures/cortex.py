"""The cortex as it is drawn: one mesh of both hemispheres, opened a little, with its dipoles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from multisource.errors import UserError
from multisource.geometry.neighbours import adjacency, spread
from multisource.geometry.surfaces import Surface, vertex_normals, volume
from multisource.geometry.unfolding import smooth_surface


@dataclass(frozen=True)
class Cortex:
    """A drawable cortex: both hemispheres in one mesh.

    Attributes
    ----------
    vertices : ndarray of shape (V, 3)
        mm, surface RAS, smoothed for display.
    triangles : ndarray of shape (T, 3)
        Vertex indices, counter-clockwise from outside.
    normals : ndarray of shape (V, 3)
        Unit normals, outward.
    relief : ndarray of shape (V,)
        mm, positive on gyri and negative in sulci.
    hemisphere : ndarray of shape (V,)
        0 left, 1 right.
    dipoles : ndarray of shape (N,)
        The vertex that carries each dipole.
    adjacency : csr_array of shape (V, V)
        Ones between neighbours.
    """

    vertices: np.ndarray
    triangles: np.ndarray
    normals: np.ndarray
    relief: np.ndarray
    hemisphere: np.ndarray
    dipoles: np.ndarray
    adjacency: sparse.csr_array


def make_cortex(
    surfaces: Mapping[str, Surface],
    used: Sequence[np.ndarray],
    *,
    kind: str = "pial",
    smoothing_mm: float = 5.0,
) -> Cortex:
    """Join the hemispheres ``lh.<kind>`` and ``rh.<kind>`` and open their sulci for display.

    Parameters
    ----------
    surfaces : mapping of str to Surface
        Surfaces of the head by name; points in mm.
    used : sequence of two ndarray
        For the left and the right hemisphere the vertices that carry a dipole (the ``vertno`` of
        the source space), so that values in the order of the leadfield can be drawn.
    kind : str
        Which surface is drawn.
    smoothing_mm : float
        Length over which folds are smoothed away; 0 draws the surface as it is.

    Returns
    -------
    Cortex
        The joined mesh.

    Raises
    ------
    UserError
        If a dipole's vertex is not on its surface.
    """
    parts = []
    for side, vertno in zip(("lh", "rh"), used, strict=True):
        points, triangles = surfaces[f"{side}.{kind}"]
        points, triangles = np.asarray(points, float), np.asarray(triangles, int)
        vertno = np.asarray(vertno, int)
        if vertno.size and (vertno.min() < 0 or vertno.max() >= len(points)):
            raise UserError(
                f"{side}.{kind}: a dipole is on vertex {vertno.max()} but the surface has only "
                f"{len(points)}; the source space and the surfaces must be of the same head"
            )
        if volume(points, triangles) < 0:
            triangles = triangles[:, ::-1]
        opened = smooth_surface(points, triangles, smoothing_mm)
        relief = np.einsum("ij,ij->i", points - opened, vertex_normals(opened, triangles))
        parts.append((opened, triangles, relief, vertno))
    (left, left_tri, left_relief, left_use), (right, right_tri, right_relief, right_use) = parts
    vertices = np.vstack([left, right])
    triangles = np.vstack([left_tri, right_tri + len(left)])
    return Cortex(
        vertices=vertices,
        triangles=triangles,
        normals=vertex_normals(vertices, triangles),
        relief=np.concatenate([left_relief, right_relief]),
        hemisphere=np.repeat([0, 1], [len(left), len(right)]),
        dipoles=np.concatenate([left_use, right_use + len(left)]),
        adjacency=adjacency(triangles, len(vertices)),
    )


def spread_to_vertices(cortex: Cortex, values: np.ndarray) -> np.ndarray:
    """Spread dipole values to all vertices.

    Dipoles keep theirs; the rest take the mean of their neighbours, ring by ring.

    Parameters
    ----------
    cortex : Cortex
        The mesh and its dipoles.
    values : ndarray of shape (N,)
        One value per dipole.

    Returns
    -------
    ndarray of shape (V,)
        One value per vertex.

    Raises
    ------
    UserError
        If the number of values is not the number of dipoles.
    """
    values = np.asarray(values, float)
    if values.shape != cortex.dipoles.shape:
        raise UserError(
            f"map to draw: {values.shape} values for {cortex.dipoles.shape} dipoles; the estimate "
            "and the source space must be of the same head"
        )
    return spread(values, cortex.dipoles, cortex.adjacency)
