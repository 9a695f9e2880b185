"""The four-layer sphere of the FEM benchmarks: meshes, electrodes, dipoles."""

from __future__ import annotations

import numpy as np

from multisource.fem.hexahedra import hexahedral_mesh
from multisource.fem.mesh import Mesh
from multisource.leadfield import sphere_mesh

RADII = np.array(list(sphere_mesh.RADII.values()))
LABELS = tuple(sphere_mesh.LABELS.values())
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
    return hexahedral_mesh(*sphere_mesh.layered_voxels(line), shift=shift)
