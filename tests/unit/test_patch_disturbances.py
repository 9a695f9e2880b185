"""Windows that are disturbed beside the brain: what is taken out of them, and what is left."""

import numpy as np
import pytest
from patch_case import N_CHANNELS, N_TIMES, ar_models, small_head
from scipy.stats import multivariate_normal
from solver_case import SETTINGS, simulated_case

from multisource.inverse import registry
from multisource.leadfield.forward import electrodes_of, leadfield_of
from multisource.posterior.disturbances import known_disturbances, strongest
from multisource.posterior.likelihood import evaluate, log_likelihood
from multisource.posterior.model import build_model
from multisource.posterior.room import BOOST, SCALE, scratch, terms
from multisource.posterior.states import states
from multisource.posterior.trust import BRAIN, NOISE, trust
from multisource.simulation.eyes import BLINK, eye_topography
from multisource.simulation.muscle import muscle_topographies

BLINK_UV, NOISY_UV = 100.0, 15.0


@pytest.fixture(scope="module")
def model():
    """Return a small model."""
    gain, positions = small_head()
    return build_model(gain, positions, ar_models([1.2, -0.5]), n_times=N_TIMES, largest_mm=60.0)


def evaluated(model, window, centres, boost=8.0):
    """Return the parts of a state of patches of 40 mm, and its values."""
    room, parts, one = (
        scratch(model.geometry, model.spectra),
        terms(model.geometry, model.spectra),
        states(1),
    )
    one.number[0] = len(centres)
    one.course[:], one.gain[:] = -1, 1.0
    one.centre[0, : len(centres)], one.extent[0, : len(centres)] = centres, 40.0
    one.values[0, BOOST], one.values[0, SCALE] = boost, 1.0
    evaluate(model.geometry, model.spectra, window, one, 0, room, parts, 0)
    return parts, one.values[0]


def test_a_disturbance_is_one_more_term_of_the_dense_covariance(model):
    rng = np.random.default_rng(4)
    r = N_CHANNELS - 1
    column = rng.standard_normal(r)
    window = rng.standard_normal((r, N_TIMES))
    found = log_likelihood(
        model.disturbed(column, 3.0).geometry, model.spectra, window, [], [], boost=8.0
    )
    covariance = np.eye(r) + 3.0 * np.outer(column, column)
    assert found == pytest.approx(multivariate_normal(cov=covariance).logpdf(window.T).sum())


def test_the_gain_is_that_of_the_likelihood(model):
    """Beside a patch, at the strength that is returned; no other one on the grid does better."""
    rng = np.random.default_rng(5)
    r = N_CHANNELS - 1
    electrodes = 90 * (lambda x: x / np.linalg.norm(x, axis=1, keepdims=True))(
        rng.standard_normal((N_CHANNELS, 3))
    )
    known = known_disturbances(model, electrodes, [f"E{i}" for i in range(N_CHANNELS)])
    assert known.names[:3] == ("blink", "saccade", "muscle 1") and known.names[-1] == "E8"
    np.testing.assert_allclose(np.linalg.norm(known.columns, axis=0), 1)
    window = rng.standard_normal((r, N_TIMES))
    window += 6 * np.outer(known.columns[:, 0], rng.standard_normal(N_TIMES))
    parts, values = evaluated(model, window, [7])
    which, strength, gain = strongest(model, known, parts, 0, 1, values)
    assert known.names[which] == "blink"

    def reached(v):
        geometry = model.disturbed(known.columns[:, which], v).geometry
        return log_likelihood(geometry, model.spectra, window, [7], [40.0], boost=8.0)

    assert reached(strength) - reached(0) == pytest.approx(gain, rel=1e-5)
    assert gain > max(reached(2 * strength), reached(strength / 2)) - reached(0)


def test_trust_grows_with_the_share_of_noise(model):
    found = [trust(model.spectra, noise) for noise in (0.0, 1e-2, 1.0, 1e2, 1e9)]
    assert found == sorted(found) and len(set(found)) == 5
    assert found[0] == pytest.approx(1 / (NOISE + BRAIN))
    assert found[-1] == pytest.approx(1 / NOISE)


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    """Return the forward, the study, three windows with sources, and electrodes in mm."""
    forward, study, block, _ = simulated_case(tmp_path_factory.mktemp("disturbed"), 3)
    return forward, study, block.eeg.astype(float), electrodes_of(forward)


def solve(case, eeg, **options):
    forward, study, _, _ = case
    found = registry.estimates(
        "patch_posterior",
        forward,
        eeg,
        study=study,
        budget=600,
        windows=None,
        sources=[0, 2],
        **options,
    )
    return found, {name: value for name, (_, value, _) in found.variables.items()}


def taken(found, window):
    """Return the names of what was taken out of a window."""
    _, values, about = found.variables["disturbed"]
    return [about["names"].split(", ")[k] for k in np.flatnonzero(values[window])]


def background(case):
    """Return a window without a source, V."""
    forward, _, eeg, _ = case
    gain = leadfield_of(forward).fixed
    dipoles = np.random.default_rng(8).standard_normal((gain.shape[1], eeg.shape[2]))
    return 1e-9 * SETTINGS.background_nam * gain @ dipoles


def test_electrodes_come_back_in_the_frame_of_the_dipoles(case):
    forward, _, _, electrodes = case
    assert electrodes.shape == (28, 3)
    # On the sphere of the montage, round dipoles that lie within 77 mm.
    middle = leadfield_of(forward).positions.mean(axis=0)
    assert (np.linalg.norm(electrodes - middle, axis=1) > 77).all()
    names = forward["sol"]["row_names"]
    assert electrodes[names.index("Fpz"), 1] > electrodes[names.index("Oz"), 1] + 100


def test_a_blink_and_a_muscle_are_no_source(case):
    *_, electrodes = case
    rng = np.random.default_rng(6)
    quiet = background(case)
    course = np.sin(np.linspace(0, np.pi, quiet.shape[1]))
    blink = quiet + 1e-6 * BLINK_UV * np.outer(eye_topography(electrodes, np.array(BLINK)), course)
    muscle = muscle_topographies(electrodes)[3]
    muscle = quiet + 20e-6 * np.outer(muscle, rng.standard_normal(quiet.shape[1]))
    windows = np.stack([quiet, blink, muscle])
    found, values = solve(case, windows)
    assert [taken(found, i) for i in range(3)] == [[], ["blink"], ["muscle 4"]]
    assert (values["presence"] < 0.05).all()
    _, blind = solve(case, windows, disturbances=False)
    assert blind["presence"][0] < 0.05 and (blind["presence"][1:] > 0.95).all()
    assert "disturbed" not in blind


def test_sources_are_found_beside_a_bad_channel(case):
    _, _, eeg, _ = case
    found, _ = solve(case, eeg)
    assert not any(taken(found, i) for i in range(len(eeg)))
    plain, before = solve(case, eeg, disturbances=False)
    assert (before["presence"] > 0.9).sum() >= 2
    np.testing.assert_array_equal(found.maps, plain.maps)

    noisy, flat = eeg.copy(), eeg.copy()
    noisy[:, 4] += 1e-6 * NOISY_UV * np.random.default_rng(9).standard_normal(eeg[:, 4].shape)
    flat[:, 4] = 0.0
    name = case[0]["sol"]["row_names"][4]
    for bad in (noisy, flat):
        told, values = solve(case, bad)
        blind, _ = solve(case, bad, disturbances=False)
        assert all(taken(told, i) in ([name], []) for i in range(len(eeg)))
        assert (values["presence"] > 0.9).tolist() == (before["presence"] > 0.9).tolist()
        assert overlap(told.maps, plain.maps) > max(0.6, overlap(blind.maps, plain.maps))


def overlap(first, second):
    """Return the sum of the smaller over the sum of the larger values."""
    return np.minimum(first, second).sum() / np.maximum(first, second).sum()
