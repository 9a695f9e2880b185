"""The integrals of localised subtraction on triangles against quadrature, near and far."""

import numpy as np
import pytest

from multisource.fem.source_models.localised_tetrahedra import flux_integral, potential_integral

TRIANGLE = np.array([[0.0, 0, 0], [3.0, 0.4, 0.2], [0.8, 2.5, -0.3]])
# Within the triangle, at an edge, at a corner and outside, in shares of its corners.
FEET = {
    "inside": (0.3, 0.4, 0.3),
    "edge": (0.5, 0.5, 0.0),
    "corner": (0.0, 1.0, 0.0),
    "beside": (1.4, -0.7, 0.3),
    "on an edge's line": (0.0, 1.5, -0.5),
}


def refined(points: np.ndarray, spot: np.ndarray) -> list[np.ndarray]:
    """Triangles that are small beside their distance from a spot, and together make up one."""
    edge = np.linalg.norm(points - np.roll(points, 1, axis=0), axis=1).max()
    if edge < 0.7 * np.linalg.norm(points - spot, axis=1).min():
        return [points]
    a, b, c = points
    ab, bc, ca = (a + b) / 2, (b + c) / 2, (c + a) / 2
    parts = [(a, ab, ca), (ab, b, bc), (ca, bc, c), (bc, ca, ab)]
    return [small for part in parts for small in refined(np.array(part), spot)]


def by_quadrature(spot: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both integrals over TRIANGLE of a dipole at a spot, by collapsed Gauss rules."""
    line, weight = np.polynomial.legendre.leggauss(12)
    x, w = (line + 1) / 2, weight / 2
    u, v = (part.ravel() for part in np.meshgrid(x, x, indexing="ij"))
    shares = np.column_stack([1 - u, u * (1 - v), u * v])
    weights = np.outer(w * x, w).ravel()
    inverse = np.linalg.pinv(np.vstack([TRIANGLE.T, np.ones(3)]))
    potential, flux = np.zeros(3), np.zeros((3, 3))
    for part in refined(TRIANGLE, spot):
        normal = np.cross(part[1] - part[0], part[2] - part[0])
        area, normal = np.linalg.norm(normal), normal / np.linalg.norm(normal)
        points = shares @ part
        hats = np.column_stack([points, np.ones(len(points))]) @ inverse.T
        way = points - spot
        far = np.linalg.norm(way, axis=1, keepdims=True)
        potential += area * (weights * (hats @ values)) @ (way / far**3)
        slopes = normal / far**3 - 3 * way * (way @ normal)[:, None] / far**5
        flux += area * np.einsum("q,qi,qm->im", weights, hats, slopes)
    return potential, flux


@pytest.mark.parametrize("where", FEET)
@pytest.mark.parametrize("height", [1e-4, 0.02, 0.3, 4.0, -40.0])
def test_closed_forms_equal_quadrature(where, height):
    normal = np.cross(TRIANGLE[1] - TRIANGLE[0], TRIANGLE[2] - TRIANGLE[0])
    spot = np.array(FEET[where]) @ TRIANGLE + height * normal / np.linalg.norm(normal)
    values = np.array([1.0, 0.0, 1.0])
    potential, flux = by_quadrature(spot, values)
    np.testing.assert_allclose(
        potential_integral(TRIANGLE - spot, values), potential, atol=1e-10 * abs(potential).max()
    )
    np.testing.assert_allclose(flux_integral(TRIANGLE - spot), flux, atol=1e-9 * abs(flux).max())


@pytest.mark.parametrize("height", [1e-3, 1e-6, 1e-9])
def test_a_dipole_next_to_a_face_feels_a_double_layer(height):
    # int r_n / r^3 of a plane is 2 pi, on its other side -2 pi; where the foot lies far from the
    # edges the triangle is one, but for what the height takes away.
    normal = np.cross(TRIANGLE[1] - TRIANGLE[0], TRIANGLE[2] - TRIANGLE[0])
    normal /= np.linalg.norm(normal)
    for side in (1, -1):
        spot = np.array(FEET["inside"]) @ TRIANGLE - side * height * normal
        found = potential_integral(TRIANGLE - spot, np.ones(3)) @ normal
        assert found == pytest.approx(side * 2 * np.pi, abs=10 * height)


def test_dipoles_in_the_plane_beside_a_triangle():
    for where in ("beside", "on an edge's line"):
        spot = np.array(FEET[where]) @ TRIANGLE
        values = np.array([0.2, 1.0, 0.5])
        potential, flux = by_quadrature(spot, values)
        np.testing.assert_allclose(potential_integral(TRIANGLE - spot, values), potential)
        np.testing.assert_allclose(flux_integral(TRIANGLE - spot), flux, atol=1e-12)
