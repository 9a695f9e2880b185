"""Tetrahedra fitted to nested closed surfaces.

The surfaces' triangles become faces of the mesh, so that conductivity jumps exactly where the
surfaces are. Netgen (Schoeberl, Comput. Vis. Sci. 1, 1997) fills the layers between them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from multisource.anatomy import surfaces as geometry
from multisource.errors import UserError
from multisource.leadfield.mesh import Mesh
from multisource.leadfield.shells import crossing

SMALLEST_GAP = 0.3


@dataclass(frozen=True)
class Shell:
    """A closed surface with outward triangles, and the tissue label just inside it."""

    name: str
    vertices: np.ndarray
    triangles: np.ndarray
    label: int


def tetrahedral_mesh(
    shells: list[Shell],
    *,
    max_edge: float = 8.0,
    grading: float = 0.3,
    inner_edge: float | None = None,
    optimisation: int = 1,
) -> Mesh:
    """Return tetrahedra between nested surfaces; edges grow from the surfaces' own length inwards.

    ``shells`` in any order, mm; each lies inside exactly one other or is the outermost one.
    ``max_edge`` mm bounds the edges everywhere, ``inner_edge`` mm those inside surfaces that
    contain no other; ``grading`` in (0, 1]: how fast they grow; ``optimisation``: Netgen's passes
    of improvement. Raises UserError, with the surfaces' names, for a surface that is open or
    inside out, and for two that cross or come closer than ``SMALLEST_GAP`` mm; RuntimeError if
    Netgen cannot fill a layer.
    """
    sizes = {"max_edge": max_edge, "grading": grading, "inner_edge": inner_edge}
    return _fill(shells, nesting(shells), **sizes, optimisation=optimisation)


def _fill(
    shells: list[Shell],
    outside: list[int],
    *,
    max_edge: float = 8.0,
    grading: float = 0.3,
    inner_edge: float | None = None,
    optimisation: int = 1,
) -> Mesh:
    """Return the tetrahedra of surfaces whose ``nesting`` is ``outside``."""
    import netgen.meshing as netgen

    mesh = netgen.Mesh()
    mesh.dim = 3
    for index, (shell, parent) in enumerate(zip(shells, outside, strict=True)):
        face = mesh.Add(
            netgen.FaceDescriptor(
                surfnr=index + 1, domin=index + 1, domout=parent + 1, bc=index + 1
            )
        )
        points = [mesh.Add(netgen.MeshPoint(netgen.Pnt(*vertex))) for vertex in shell.vertices]
        for triangle in shell.triangles:
            mesh.Add(netgen.Element2D(face, [points[corner] for corner in triangle]))
        mesh.SetMaterial(index + 1, shell.name)
    if inner_edge is not None:
        innermost = set(range(len(shells))) - set(outside)
        edges = [inner_edge if index in innermost else max_edge for index in range(len(shells))]
        mesh.SetMaxHDomain(edges)
    mesh.GenerateVolumeMesh(maxh=max_edge, grading=grading, optsteps3d=optimisation)
    table = mesh.Elements3D().NumPy()
    elements = table["nodes"][:, :4].astype(np.int64) - 1
    domain = table["index"].astype(int) - 1
    if set(domain) != set(range(len(shells))):
        missing = [shell.name for index, shell in enumerate(shells) if index not in set(domain)]
        raise RuntimeError(f"Netgen left the layer inside {missing[0]} empty")
    labels = np.array([shell.label for shell in shells], np.uint8)[domain]
    return from_arrays(np.array(mesh.Coordinates(), float), elements, labels)


def from_arrays(nodes: np.ndarray, elements: np.ndarray, labels: np.ndarray) -> Mesh:
    """Return a mesh of right-handed tetrahedra without unused nodes."""
    used, inverse = np.unique(elements, return_inverse=True)
    elements = inverse.reshape(elements.shape).astype(np.int32)
    nodes = np.ascontiguousarray(nodes[used], float)
    corners = nodes[elements]
    left = np.linalg.det(corners[:, 1:] - corners[:, :1]) < 0
    elements[left] = elements[left][:, [0, 2, 1, 3]]
    return Mesh(nodes, elements, np.asarray(labels, np.uint8))


def nesting(shells: list[Shell]) -> list[int]:
    """Return for each surface the index of the one directly around it, -1 for the outermost.

    Raises UserError with the surfaces' names unless all are closed, face outwards, do not cross
    themselves and are nested or apart with at least ``SMALLEST_GAP`` mm between them.
    """
    for shell in shells:
        if not geometry.is_closed(shell.triangles):
            raise UserError(f"surface {shell.name} is not closed: fill its holes")
        if geometry.volume(shell.vertices, shell.triangles) <= 0:
            raise UserError(f"surface {shell.name} is inside out: reverse its triangles")
        surface = _surface(shell)
        where = crossing(surface, surface)
        if where is not None:
            raise UserError(
                f"surface {shell.name} crosses itself near ({where[0]:.0f}, {where[1]:.0f}, "
                f"{where[2]:.0f}) mm: repair it, or use leadfield.fem.mesh: hexahedra"
            )
    volumes = [geometry.volume(shell.vertices, shell.triangles) for shell in shells]
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
    inside = geometry.contains(large.vertices, large.triangles, small.vertices)
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
    reach = max(_edge_lengths(one).max(), _edge_lengths(other).max())
    near, _ = cKDTree(other.vertices).query(one.vertices, distance_upper_bound=reach)
    near = np.isfinite(near)
    if not near.any():
        return False
    _, gap, _ = geometry.closest_points(other.vertices, other.triangles, one.vertices[near])
    return bool(gap.min() < SMALLEST_GAP)


def _pierces(one: Shell, other: Shell) -> bool:
    """Whether an edge of one surface goes through a triangle of the other."""
    return crossing(_surface(one), _surface(other)) is not None


def _surface(shell: Shell) -> geometry.Surface:
    return shell.vertices, shell.triangles


def _edge_lengths(shell: Shell) -> np.ndarray:
    corners = shell.vertices[shell.triangles]
    return np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2)


def shells_and_labels(
    shells: list[Shell],
    labels: np.ndarray,
    affine: np.ndarray,
    *,
    inner_edge: float = 3.0,
    **options,
) -> Mesh:
    """Return tetrahedra fitted to ``shells`` with tissues from a label volume inside.

    Where surfaces touch, as white, pial and inner skull do in places, the fitted shells are those
    that do not; inside the innermost one each element takes the tissue that ``labels`` (i, j, k),
    with ``affine`` (4, 4) from voxels to mm, has at its centroid if that is 1, 2 or 3, and else
    the shell's own.
    """
    parents = nesting(shells)
    mesh = _fill(shells, parents, inner_edge=inner_edge, **options)
    innermost = [shell.label for index, shell in enumerate(shells) if index not in set(parents)]
    inside = np.flatnonzero(np.isin(mesh.labels, innermost))
    index = np.rint(
        (mesh.centroids[inside] - affine[:3, 3]) @ np.linalg.inv(affine[:3, :3]).T
    ).astype(int)
    within = np.all((index >= 0) & (index < labels.shape), axis=1)
    tissue = np.zeros(len(inside), np.uint8)
    tissue[within] = labels[tuple(index[within].T)]
    brain = (tissue >= 1) & (tissue <= 3)
    result = mesh.labels.copy()
    result[inside[brain]] = tissue[brain]
    return Mesh(mesh.nodes, mesh.elements, result)
