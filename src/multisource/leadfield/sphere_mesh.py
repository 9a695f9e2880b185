"""The four-layer sphere that meshes are judged on: voxels, tetrahedra fitted to it, or cut."""

from __future__ import annotations

import numpy as np

from multisource.fem.cutting import cut
from multisource.fem.mesh import Mesh
from multisource.fem.nesting import Shell
from multisource.fem.tetrahedra import tetrahedral_mesh
from multisource.geometry.icosphere import geodesic_sphere
from multisource.geometry.surfaces import Surface, volume

# mm, from the inside out; the usual test sphere of the FEM literature.
RADII = {"brain": 78.0, "csf": 80.0, "skull": 86.0, "scalp": 92.0}
LABELS = {"brain": 2, "csf": 3, "skull": 4, "scalp": 5}
# Layers of elements below each surface; those of the brain together are so thick:
LAYERS = {"brain": 3, "csf": 1, "skull": 2, "scalp": 2}
LAYERED_BRAIN_MM = 9.0


def layered_voxels(axis: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the four spheres about the origin as a volume of labels.

    Parameters
    ----------
    axis : ndarray of shape (n,)
        Where the centres of the voxels lie along each of the three axes, mm, evenly spaced.

    Returns
    -------
    labels : ndarray of uint8, shape (n, n, n)
        ``LABELS`` of the sphere that holds each voxel's centre, 0 outside.
    affine : ndarray of shape (4, 4)
        From indices of voxels to mm.
    """
    distance = np.sqrt(axis[:, None, None] ** 2 + axis[:, None] ** 2 + axis**2)
    labels = np.zeros(distance.shape, np.uint8)
    for name, radius in reversed(RADII.items()):
        labels[distance <= radius] = LABELS[name]
    affine = np.diag([*[axis[1] - axis[0]] * 3, 1.0])
    affine[:3, 3] = axis[0]
    return labels, affine


def fitted_spheres(edge_mm: float) -> Mesh:
    """Return tetrahedra fitted to the four spheres.

    Layers of one triangulation reach from 9 mm below the surface of the brain to the scalp; Netgen
    fills the rest. The polyhedra hold the volumes of their spheres: inscribed ones would make every
    layer too small, an error of the geometry and not of the method.

    Parameters
    ----------
    edge_mm : float
        Length of the edges along the spheres, mm, about; 3.1 mm gives 106,000 nodes.

    Returns
    -------
    Mesh
        Tetrahedra with ``LABELS``, nodes in mm.
    """
    # Neighbours on a geodesic sphere are about 1.2 radii over its frequency apart.
    vertices, triangles = _full_sphere(round(1.2 * RADII["brain"] / edge_mm))
    core = (RADII["brain"] - LAYERED_BRAIN_MM) * vertices
    shells = [Shell("depth of the brain", core, triangles, LABELS["brain"])]
    for name, radius in RADII.items():
        shells.append(Shell(name, radius * vertices, triangles, LABELS[name], layers=LAYERS[name]))
    return tetrahedral_mesh(shells, max_edge=4 * edge_mm, grading=0.5)


def cut_spheres(edge_mm: float) -> Mesh:
    """Return tetrahedra fitted to three of the spheres, and cut along the brain's.

    As the cut tetrahedra of a head: Netgen fills the three shells, and knows nothing of the brain.

    Parameters
    ----------
    edge_mm : float
        Length of the edges inside the CSF's sphere, mm, about.

    Returns
    -------
    Mesh
        Tetrahedra with ``LABELS``, nodes in mm.
    """
    vertices, triangles = _full_sphere(32)
    shells = [
        Shell(name, radius * vertices, triangles, LABELS[name])
        for name, radius in RADII.items()
        if name != "brain"
    ]
    mesh = tetrahedral_mesh(shells, inner_edge=edge_mm)
    nodes, elements, parent, side = cut(
        mesh.nodes,
        mesh.elements,
        mesh.labels == LABELS["csf"],
        lambda points: np.linalg.norm(points, axis=1) - RADII["brain"],
    )
    labels = mesh.labels[parent]
    labels[side < 0] = LABELS["brain"]
    return Mesh(nodes, elements, labels)


def _full_sphere(frequency: int) -> Surface:
    """Return a geodesic polyhedron with the volume of the unit sphere."""
    vertices, triangles = geodesic_sphere(frequency)
    return vertices * (4 / 3 * np.pi / volume(vertices, triangles)) ** (1 / 3), triangles
