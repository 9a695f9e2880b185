"""The mesh of a head: how the configuration's settings reach the mesher."""

import numpy as np

from multisource.anatomy.head import SHELLS, Head
from multisource.fem.native import head_mesh
from multisource.geometry.icosphere import geodesic_sphere

RADII = (50.0, 62.0, 74.0)


def test_shorter_edges_inside_the_inner_skull_make_more_elements():
    vertices, triangles = geodesic_sphere(6)
    surfaces = {name: (r * vertices, triangles) for name, r in zip(SHELLS, RADII, strict=True)}
    half = int(RADII[0] // 4) + 1
    affine = np.diag([4.0, 4.0, 4.0, 1.0])
    affine[:3, 3] = -4.0 * half
    head = Head(surfaces, np.full(3 * [2 * half + 1], 2, np.uint8), affine, {}, np.eye(4))
    coarse, fine = (head_mesh(head, "tetrahedra", inner_edge=edge) for edge in (12.0, 7.0))
    counts = [int((mesh.labels == 2).sum()) for mesh in (coarse, fine)]
    assert counts[1] > 2 * counts[0]
