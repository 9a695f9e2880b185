"""The four-layer sphere of the FEM benchmarks: meshes, electrodes, dipoles."""

from __future__ import annotations

import numpy as np

from multisource.anatomy.surfaces import volume
from multisource.leadfield.hexahedra import hexahedral_mesh
from multisource.leadfield.mesh import Mesh
from multisource.leadfield.sphere import geodesic_sphere
from multisource.leadfield.tetrahedra import Shell, tetrahedral_mesh

RADII = np.array([78.0, 80.0, 86.0, 92.0])
LABELS = (2, 3, 4, 5)
CONDUCTIVITY = {2: 0.33, 3: 1.79, 4: 0.01, 5: 0.43}


def electrodes(count: int = 51) -> np.ndarray:
    """Fibonacci points on the scalp (count, 3) mm."""
    turn = np.arange(count) + 0.5
    height = 1 - 2 * turn / count
    angle = np.pi * (1 + 5**0.5) * turn
    ring = np.sqrt(1 - height**2)
    return RADII[-1] * np.column_stack([ring * np.cos(angle), ring * np.sin(angle), height])


def dipoles(eccentricity: float, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Random positions (count, 3) mm at an eccentricity, their radial and tangential moments."""
    rng = np.random.default_rng(int(1000 * eccentricity))
    radial = rng.standard_normal((count, 3))
    radial /= np.linalg.norm(radial, axis=1, keepdims=True)
    tangential = np.cross(radial, rng.standard_normal((count, 3)))
    tangential /= np.linalg.norm(tangential, axis=1, keepdims=True)
    return eccentricity * RADII[0] * radial, radial, tangential


def voxels(step: float, shift: float = 0.33) -> Mesh:
    """Hexahedra with edges of ``step`` mm."""
    half = int(np.ceil(RADII[-1] / step)) + 1
    line = ((np.arange(2 * half) - half + 0.5) * step).astype(np.float32)
    distance = np.sqrt(line[:, None, None] ** 2 + line[:, None] ** 2 + line**2)
    labels = np.zeros(distance.shape, np.uint8)
    for label, radius in zip(LABELS[::-1], RADII[::-1], strict=True):
        labels[distance <= radius] = label
    affine = np.diag([step, step, step, 1.0])
    affine[:3, 3] = line[0]
    return hexahedral_mesh(labels, affine, shift=shift)


def fitted(
    frequencies: tuple[int, int, int, int] = (36, 40, 40, 24),
    *,
    max_edge: float = 8.5,
    grading: float = 0.35,
) -> Mesh:
    """Tetrahedra between geodesic spheres, about 112,000 nodes by default.

    All of the signal passes the skull, where its gradients vary along the layer: on even meshes
    most of the error comes from there, and so it gets the finest surfaces. The polyhedra hold the
    volumes of their spheres: inscribed ones would make every layer too small, an error of the
    geometry and not of the method.
    """
    names = ("brain", "CSF", "skull", "scalp")
    shells = []
    for name, radius, label, frequency in zip(names, RADII, LABELS, frequencies, strict=True):
        vertices, triangles = geodesic_sphere(frequency)
        vertices = vertices * (4 / 3 * np.pi / volume(vertices, triangles)) ** (1 / 3)
        shells.append(Shell(name, radius * vertices, triangles, label))
    return tetrahedral_mesh(shells, max_edge=max_edge, grading=grading)
