"""The layered-sphere series against closed forms and MNE's sphere model."""

import mne
import numpy as np
import pytest

from multisource.errors import UserError
from multisource.leadfield.sphere import layer_factors, sphere_leadfield

RADII = np.array([78.0, 80.0, 86.0, 92.0])
SIGMA = np.array([0.33, 1.79, 0.01, 0.43])


def directions(count: int) -> np.ndarray:
    rng = np.random.default_rng(1)
    points = rng.standard_normal((count, 3))
    return points / np.linalg.norm(points, axis=1, keepdims=True)


def homogeneous(electrodes, positions, radius, sigma):
    """Closed form on the surface of one sphere (Brody, Terry, Ideker 1973), V/(Am)."""
    e, p, big = electrodes * 1e-3, positions * 1e-3, radius * 1e-3
    offset = e[:, None] - p[None]
    distance = np.linalg.norm(offset, axis=2)[..., None]
    inner = (e @ p.T)[..., None]
    tail = e[:, None] + (e[:, None] * inner / big - big * p[None]) / (distance + big - inner / big)
    gain = (2 * offset / distance**3 + tail / (big**2 * distance)) / (4 * np.pi * sigma)
    gain = gain.reshape(len(e), -1)
    return gain - gain.mean(axis=0)


@pytest.mark.parametrize("eccentricity", [0.0, 0.2, 0.9, 0.99])
def test_equal_layers_are_the_homogeneous_sphere(eccentricity):
    electrodes = 92 * directions(30)
    positions = eccentricity * RADII[0] * directions(8)
    gain = sphere_leadfield(electrodes, positions, radii=RADII, conductivities=np.full(4, 0.33))
    exact = homogeneous(electrodes, positions, 92.0, 0.33)
    # Both are exact: only the rounding of a few hundred terms is left.
    np.testing.assert_allclose(gain, exact, atol=1e-12 * np.abs(exact).max())


def test_factors_solve_the_interface_equations():
    # Independent route: one dense system per order with potential and flux at each interface.
    for n in (1, 2, 7, 20):
        x = RADII / RADII[-1]
        matrix, right = np.zeros((8, 8)), np.zeros(8)
        for k in range(3):
            for side, layer in ((1, k), (-1, k + 1)):
                columns = [2 * layer, 2 * layer + 1]
                matrix[2 * k, columns] = side * np.array([x[k] ** n, x[k] ** -(n + 1)])
                matrix[2 * k + 1, columns] = (
                    side
                    * SIGMA[layer]
                    * np.array([n * x[k] ** (n - 1), -(n + 1) * x[k] ** -(n + 2)])
                )
        matrix[6, 6:] = n, -(n + 1)
        matrix[7, 1] = right[7] = 1
        solution = np.linalg.solve(matrix, right)
        expected = solution[6] + solution[7]
        # The dense system's conditioning grows with the order; 1e-6 holds to order 20.
        assert layer_factors(n, RADII, SIGMA)[-1] == pytest.approx(expected, rel=1e-6)


def test_agrees_with_mne_sphere_model():
    electrodes = 92 * directions(40)
    positions = np.array([[0.0, 0.0, 15.0], [20.0, 30.0, 10.0], [5.0, -50.0, 30.0]])
    info = mne.create_info([f"E{i}" for i in range(40)], 250.0, "eeg")
    montage = mne.channels.make_dig_montage(
        dict(zip(info["ch_names"], electrodes * 1e-3, strict=True)), coord_frame="head"
    )
    info.set_montage(montage)
    model = mne.make_sphere_model(
        (0.0, 0.0, 0.0), 0.092, info, RADII / RADII[-1], SIGMA, verbose="error"
    )
    src = mne.setup_volume_source_space(
        pos=dict(rr=positions * 1e-3, nn=np.tile([0.0, 0, 1], (3, 1))), verbose="error"
    )
    src[0]["coord_frame"] = mne.io.constants.FIFF.FIFFV_COORD_HEAD
    trans = mne.Transform("head", "mri")
    forward = mne.make_forward_solution(
        info, trans, src, model, meg=False, eeg=True, mindist=0, verbose="error"
    )
    peer = forward["sol"]["data"]
    peer = peer - peer.mean(axis=0)
    gain = sphere_leadfield(electrodes, positions, radii=RADII, conductivities=SIGMA)
    # MNE fits three Berg dipoles to the series: 0.1-0.5 % of RDM up to mid-depth.
    assert np.linalg.norm(peer - gain) < 0.01 * np.linalg.norm(gain)


def test_refuses_a_dipole_outside_the_innermost_sphere():
    with pytest.raises(UserError, match="dipole 1"):
        sphere_leadfield(
            92 * directions(5), [[0, 0, 1], [0, 0, 79]], radii=RADII, conductivities=SIGMA
        )
