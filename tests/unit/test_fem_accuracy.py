"""Accuracy of fitted tetrahedra: the mesh of 106,000 nodes of docs/fem-accuracy.md."""

import numpy as np
import pytest

from multisource.fem.native import leadfield, transfer_matrix
from multisource.leadfield.compare import lnmag, rdm
from multisource.leadfield.sphere import sphere_leadfield
from multisource.leadfield.sphere_mesh import RADII, fitted_spheres

pytestmark = pytest.mark.slow

SIGMA = {2: 0.33, 3: 1.79, 4: 0.01, 5: 0.43}
ELECTRODES = 12
DIPOLES = 20
# The project's bars on the median RDM up to eccentricity 0.97, and on the amplitude. Measured
# with 51 electrodes: Venant at most 0.4 %, multipolar 0.2 %, localised subtraction 0.15 %,
# amplitude within 0.2 %.
BARS = {"venant": 0.0045, "multipolar_venant": 0.0045, "localised_subtraction": 0.002}
AMPLITUDE = 0.003


# Errors of 200 dipoles there, 0.4 mm from the CSF: median 1.8 %, 95 % 3.4 %, most 7.3 %. By 16
# points a face instead of exact integrals: 3.1, 11 and 34 %.
CLOSE, CLOSE_MEDIAN, CLOSE_MOST = 0.995, 0.025, 0.1


@pytest.fixture(scope="module")
def head():
    mesh = fitted_spheres(3.1)
    assert len(mesh.nodes) < 110_000
    rng = np.random.default_rng(0)
    electrodes = rng.standard_normal((ELECTRODES, 3))
    electrodes *= RADII["scalp"] / np.linalg.norm(electrodes, axis=1, keepdims=True)
    return mesh, electrodes, transfer_matrix(mesh, SIGMA, electrodes)


def errors(head, model: str, eccentricity: float) -> list[tuple[np.ndarray, np.ndarray]]:
    """RDM and lnMAG (DIPOLES,) of radial and of tangential dipoles."""
    mesh, electrodes, transfer = head
    rng = np.random.default_rng(1)
    radial = rng.standard_normal((DIPOLES, 3))
    radial /= np.linalg.norm(radial, axis=1, keepdims=True)
    positions = eccentricity * RADII["brain"] * radial
    tangential = np.cross(radial, rng.standard_normal((DIPOLES, 3)))
    tangential /= np.linalg.norm(tangential, axis=1, keepdims=True)
    gain = leadfield(mesh, transfer, positions, source_model=model, conductivity=SIGMA)
    radii, sigma = (np.array(list(part.values())) for part in (RADII, SIGMA))
    exact = sphere_leadfield(electrodes, positions, radii=radii, conductivities=sigma)
    found = []
    for moments in (radial, tangential):
        a, b = (
            np.einsum("end,nd->en", part.reshape(ELECTRODES, -1, 3), moments)
            for part in (gain, exact)
        )
        found.append((rdm(a, b), lnmag(a, b)))
    return found


@pytest.mark.parametrize("model", BARS)
@pytest.mark.parametrize("eccentricity", [0.5, 0.9, 0.97])
def test_fitted_tetrahedra_reach_the_bars(head, model, eccentricity):
    for topographies, amplitudes in errors(head, model, eccentricity):
        assert np.median(topographies) < BARS[model]
        assert abs(np.median(amplitudes)) < AMPLITUDE


def test_localised_subtraction_stands_dipoles_close_to_a_face(head):
    found = np.concatenate([rdms for rdms, _ in errors(head, "localised_subtraction", CLOSE)])
    assert np.median(found) < CLOSE_MEDIAN and found.max() < CLOSE_MOST
