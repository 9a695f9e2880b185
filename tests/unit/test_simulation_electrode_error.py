"""Electrodes that are off: the approximation against a sphere whose leadfield is exact."""

from dataclasses import replace

import numpy as np
import pytest
from realism_case import ELECTRODES, PLAIN, added, record, simulate

from multisource.errors import UserError
from multisource.geometry.icosphere import even_directions
from multisource.leadfield.compare import rdm
from multisource.leadfield.sphere import sphere_leadfield
from multisource.simulation.electrode_error import ElectrodeError, tangential_gradients
from multisource.simulation.streams import stream_key

RADII, CONDUCTIVITIES = np.array([78.0, 80.0, 86.0, 92.0]), np.array([0.33, 1.79, 0.01, 0.43])
CENTRE = np.array([1.0, 5.0, 20.0])
RNG = np.random.default_rng(7)


def cap() -> np.ndarray:
    """Some 50 electrodes, evenly over the upper two thirds of the sphere, mm."""
    directions, _ = even_directions(2)
    upper = directions[directions[:, 2] > -0.3]
    order = [0]  # farthest point first: an even choice
    distance = np.linalg.norm(upper - upper[0], axis=1)
    while len(order) < 51:
        order.append(int(distance.argmax()))
        distance = np.minimum(distance, np.linalg.norm(upper - upper[order[-1]], axis=1))
    return CENTRE + RADII[-1] * upper[order]


def leadfield(electrodes: np.ndarray) -> np.ndarray:
    """Of dipoles as deep as cortex, 10 to 40 mm below the inner skull, (E, 600)."""
    rng = np.random.default_rng(1)
    places = rng.standard_normal((200, 3))
    places *= (rng.uniform(40, 70, 200) / np.linalg.norm(places, axis=1))[:, None]
    arguments = {"radii": RADII, "conductivities": CONDUCTIVITIES, "centre": CENTRE}
    return sphere_leadfield(electrodes, CENTRE + places, **arguments)


@pytest.mark.parametrize(("error_mm", "least"), [(2, 0.97), (5, 0.97), (10, 0.95)])
def test_a_displaced_montage_is_that_of_the_exact_leadfield(error_mm, least):
    electrodes = cap()
    gradients, tangents = tangential_gradients(electrodes)
    along = error_mm / np.sqrt(2) * RNG.standard_normal((51, 2))
    moved = electrodes + np.einsum("ek,ekd->ed", along, tangents)
    plain, exact = leadfield(electrodes), leadfield(moved)
    change = along[:, :1] * (gradients[0] @ plain) + along[:, 1:] * (gradients[1] @ plain)
    change -= change.mean(axis=0)
    truth = exact - plain
    alike = (change * truth).sum(axis=0) / np.linalg.norm(change, axis=0)
    alike /= np.linalg.norm(truth, axis=0)
    # The spline does not know what the electrodes do not sample, some per cent of the power;
    # the second order, of size (10 mm / 92 mm)^2 for the smooth part, is left out.
    assert np.median(alike) > least
    ratio = np.median(rdm(plain + change, plain)) / np.median(rdm(exact, plain))
    assert ratio == pytest.approx(1, abs=0.06)


def test_displacements_have_the_size_that_is_asked_for():
    electrodes = cap()
    # The potential x has the derivative of a step along the tangents' x components.
    eeg = np.repeat((electrodes - electrodes.mean(axis=0))[None, :, :1], 4000, axis=0)
    before = eeg.copy()
    key, indices = stream_key(3, "train"), np.arange(4000)
    error = ElectrodeError(electrodes, (4.0, 4.0)).on_samples(eeg, key, indices)
    np.testing.assert_array_equal(error, 4.0)
    change = (eeg - before)[:, :, 0]
    np.testing.assert_allclose(change.mean(axis=1), 0, atol=1e-6)
    outward = (electrodes - CENTRE) / 92
    # Variance 8 along each tangent; the mean over 51 electrodes is taken out.
    sizes = 8 * (1 - outward[:, 0] ** 2)
    expected = sizes * (1 - 2 / 51) + sizes.sum() / 51**2
    np.testing.assert_allclose(change.var(axis=0), expected, rtol=5 * np.sqrt(2 / 4000), atol=0.1)


def test_a_constant_has_no_slope_and_two_electrodes_at_one_place_are_refused():
    gradients, tangents = tangential_gradients(ELECTRODES)
    assert np.abs(gradients.sum(axis=2)).max() < 1e-9 * np.abs(gradients).max()
    np.testing.assert_allclose(
        tangents @ tangents.transpose(0, 2, 1),
        np.tile(np.eye(2), (len(tangents), 1, 1)),
        atol=1e-12,
    )
    with pytest.raises(UserError, match="two electrodes are at one place"):
        tangential_gradients(np.concatenate([ELECTRODES, ELECTRODES[:1]]))


def test_samples_have_montages_of_their_own_and_a_recording_has_one():
    settings = replace(PLAIN, electrode_error_mm=(0, 10))
    error = simulate(settings, range(600))["electrode_error_mm"].values
    levels = np.sort(error) / 10
    assert np.abs(levels - np.linspace(0, 1, 600)).max() < 1.95 / np.sqrt(600)
    change = added(settings)
    share = np.linalg.norm(change, axis=(1, 2)) / np.linalg.norm(
        simulate(PLAIN)["eeg"].values, axis=(1, 2)
    )
    assert np.corrcoef(share, error[:60])[0, 1] > 0.8
    assert np.abs(change.mean(axis=1)).max() < 1e-6 * np.abs(change).max()
    data = record(replace(PLAIN, electrode_error_mm=(5, 5)))
    difference = data["eeg"].values - record(PLAIN)["eeg"].values
    # One montage: what it adds to a recording has the rank of a matrix of one montage.
    flat = difference.transpose(1, 0, 2).reshape(len(ELECTRODES), -1)
    clean = record(PLAIN)["eeg"].values.transpose(1, 0, 2).reshape(len(ELECTRODES), -1)
    mapped = np.linalg.lstsq(clean.T.astype(float), flat.T.astype(float), rcond=None)[0]
    np.testing.assert_allclose(clean.T @ mapped, flat.T, atol=1e-4 * np.abs(flat).max())
    with pytest.raises(UserError, match="electrode_error_mm: need the electrode positions"):
        simulate(settings, electrodes=None)
