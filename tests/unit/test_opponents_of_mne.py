"""Solvers of MNE-Python that depend on the data: each row is what the package itself says."""

import inverse_case
import mne
import numpy as np
import pytest
from solver_case import simulated_case

from multisource.errors import UserError
from multisource.inverse import registry
from multisource.inverse.mne_windows import given_to_mne
from multisource.inverse.music import signal_dimension
from multisource.inverse.points import spread
from multisource.inverse.solver import solve
from multisource.inverse.solver_leadfield import background_covariance
from multisource.inverse.window_noise import WindowNoise


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    forward, study, block, positions = simulated_case(tmp_path_factory.mktemp("opponents"), 3)
    return forward, study, block.eeg.astype(float), block.patches.truth, positions


def along_normals(forward):
    """Return the forward of dipoles along the normals of their own vertices."""
    fixed = mne.convert_forward_solution(
        forward, surf_ori=True, force_fixed=True, use_cps=False, verbose="error"
    )
    # MNE-Python converts what the forward was made with, which has no average reference yet.
    fixed["sol"]["data"] -= fixed["sol"]["data"].mean(axis=0)
    return fixed


def alone(case):
    """Return three windows, the fixed forward and the noise, by MNE-Python's own functions only."""
    forward, _, eeg, _, _ = case
    names = forward["sol"]["row_names"]
    info = mne.create_info(names, 250.0, "eeg", verbose="error")
    fixed = along_normals(forward)
    gain = fixed["sol"]["data"]
    # What independent dipoles of 1 nAm make of the channels, with a thousandth of white noise.
    covariance = 1e-18 * gain @ gain.T
    covariance += 1e-3 * np.mean(np.diag(covariance)) * np.eye(len(gain))
    covariance *= np.trace(1e-18 * gain @ gain.T) / np.trace(covariance - covariance.mean(axis=0))
    evokeds = []
    for window in eeg:
        evoked = mne.EvokedArray(window, info, nave=1, verbose="error")
        evokeds.append(evoked.set_eeg_reference("average", projection=True, verbose="error"))
        evoked.apply_proj(verbose="error")
    noise = mne.Covariance(covariance, names, [], evokeds[0].info["projs"], 1, verbose="error")
    return evokeds, fixed, noise


def on_cortex(forward, estimate):
    """Return the mean of the scaled magnitudes of a source estimate (N,), vertex by vertex."""
    vertices = [s["vertno"] for s in forward["src"]]
    whole = estimate.expand(vertices).data if len(estimate.data) else np.zeros((1, 1))
    return np.abs(whole).mean(axis=1) / np.abs(whole).max()


def at_places(forward, dipoles):
    positions = forward["source_rr"]
    peak = max(np.abs(dipole.amplitude).max() for dipole in dipoles)
    result = np.zeros(len(positions))
    for dipole in dipoles:
        place = np.linalg.norm(positions - dipole.pos[0], axis=1).argmin()
        result[place] = np.abs(dipole.amplitude).mean() / peak
    return result


def by_gamma_map(evoked, forward, noise):
    found = mne.inverse_sparse.gamma_map(
        evoked, forward, noise, 0.5, loose=0.0, maxit=50, verbose="error"
    )
    return on_cortex(forward, found)


def by_mixed_norm(evoked, forward, noise):
    found = mne.inverse_sparse.mixed_norm(
        evoked, forward, noise, 30.0, loose=0.0, n_mxne_iter=10, verbose="error"
    )
    return on_cortex(forward, found)


def by_lcmv(evoked, forward, noise):
    epochs = mne.EpochsArray(evoked.data[None], evoked.info, verbose="error")
    covariance = mne.compute_covariance(epochs, verbose="error")
    filters = mne.beamformer.make_lcmv(
        evoked.info,
        forward,
        covariance,
        reg=0.1,
        noise_cov=noise,
        weight_norm="nai",
        rank={"eeg": len(evoked.ch_names) - 1},
        verbose="error",
    )
    return on_cortex(forward, mne.beamformer.apply_lcmv(evoked, filters, verbose="error"))


def by_rap_music(evoked, forward, noise):
    return at_places(forward, mne.beamformer.rap_music(evoked, forward, noise, 2, verbose="error"))


def by_trap_music(evoked, forward, noise):
    return at_places(forward, mne.beamformer.trap_music(evoked, forward, noise, 2, verbose="error"))


ROWS = {
    "gamma_map": (by_gamma_map, {"alpha": 0.5, "iterations": 50}),
    "mixed_norm": (by_mixed_norm, {"alpha": 30.0}),
    "lcmv": (by_lcmv, {"regularisation": 0.1}),
    "rap_music": (by_rap_music, {"dipoles": 2}),
    "trap_music": (by_trap_music, {"dipoles": 2}),
}


@pytest.mark.parametrize("kind", ROWS)
def test_the_row_is_what_mne_says(case, kind):
    forward, study, eeg, _, _ = case
    theirs, options = ROWS[kind]
    evokeds, fixed, noise = alone(case)
    maps = registry.estimate(kind, forward, eeg, study=study, noise="background", **options)
    expected = np.array([theirs(evoked, fixed, noise) for evoked in evokeds])
    assert (maps > 0).any(axis=1).all()
    # Normals in single precision make noise covariances that differ by 4e-7 of the largest
    # variance, 6e-3 of the smallest; what iterates takes that further.
    np.testing.assert_allclose(maps, expected, atol=1e-3)


@pytest.mark.parametrize("kind", ROWS)
def test_the_common_offset_and_silence_do_not_matter(case, kind):
    """Data of any reference are the same EEG; of no EEG there is an empty map."""
    forward, _, eeg, _, _ = case
    options = {"dipoles": 1} if "music" in kind else {}
    both = registry.estimate(
        kind, forward, np.stack([eeg[0], eeg[0] + 1e-5, 0 * eeg[0]]), **options
    )
    np.testing.assert_allclose(both[1], both[0], atol=1e-4)
    assert not both[2].any()


@pytest.mark.parametrize("kind", [*ROWS, "average"])
def test_a_window_far_below_the_background_is_an_answer(case, kind):
    """Gamma-MAP leaves no dipole there, of which MNE-Python makes an error."""
    forward, study, eeg, _, _ = case
    options = {"of": [{"kind": "gamma_map"}, {"kind": "mixed_norm"}]} if kind == "average" else {}
    maps = registry.estimate(
        kind, forward, np.stack([eeg[0], 1e-4 * eeg[1]]), study=study, **options
    )
    assert np.isfinite(maps).all() and maps[0].any()
    if kind == "gamma_map":
        assert not maps[1].any()


def test_maps_are_spread_as_cones(case):
    forward, _, _, _, positions = case
    maps = np.zeros((2, len(positions)))
    maps[0, 7], maps[1, [3, 90]] = 1.0, (0.5, 2.0)
    distance = np.linalg.norm(positions[:, None] - positions, axis=2)
    cones = np.maximum(1 - distance / 25, 0)
    # Positions of the forward are in single precision, 1e-7 of a head's size.
    np.testing.assert_allclose(spread(forward, maps, 50.0), maps @ cones, atol=1e-5)
    np.testing.assert_array_equal(spread(forward, maps, 0), maps)


def test_components_above_the_background_are_counted(case):
    """Of the background alone hardly any component stands out; of sources so many do."""
    forward, _, _, _, _ = case
    gain = along_normals(forward)["sol"]["data"]
    given = given_to_mne(
        forward,
        noise_covariance=background_covariance(forward),
        sfreq=250.0,
        study=None,
        measured=None,
    )
    rng = np.random.default_rng(0)
    moments = 1e-9 * rng.standard_normal((gain.shape[1], 4000))
    # 4000 independent samples: the largest of 27 variances of 1 is 1.17 (Marchenko & Pastur 1967).
    nothing = given.evoked(gain @ moments)
    assert signal_dimension(given, nothing, 1.3) == 1
    moments[[5, 60, 100]] *= 200
    assert signal_dimension(given, given.evoked(gain @ moments), 1.3) == 3


def test_the_true_number_is_told_only_where_it_is_known(case):
    forward, _, eeg, truth, _ = case
    numbers = truth.numbers()
    assert numbers == [len(truth.centres(window)) for window in range(3)]
    maps = registry.estimate("rap_music", forward, eeg, dipoles="true_number", true_sources=numbers)
    assert list((maps > 0).sum(axis=1)) == numbers
    with pytest.raises(UserError, match="true_number"):
        registry.estimate("rap_music", forward, eeg, dipoles="true_number")


@pytest.mark.parametrize("kind", ["rap_music", "trap_music"])
def test_the_true_number_is_told_with_the_noise_of_each_window(case, kind):
    """Each window's own number, also where windows of one noise are solved together."""
    forward, _, eeg, truth, _ = case
    numbers = truth.numbers()
    noise = background_covariance(forward)

    def with_forward(windows, sfreq, **told):
        return registry.estimates(
            kind=kind, forward=forward, eeg=windows, sfreq=sfreq, dipoles="true_number", **told
        )

    told = WindowNoise(np.stack([noise, 2 * noise]), np.array([1, 0, 1]))
    maps = solve(with_forward, eeg, 250.0, true_sources=numbers, noise=told).maps
    assert list((maps > 0).sum(axis=1)) == numbers


@pytest.mark.parametrize(
    ("kind", "options", "word"),
    [
        ("gamma_map", {"alpha": 0.0}, "alpha"),
        ("gamma_map", {"iterations": 0}, "iterations"),
        ("mixed_norm", {"alpha": 100.0}, "percent"),
        ("mixed_norm", {"reweightings": 0}, "reweightings"),
        ("lcmv", {"weight_norm": "none"}, "weight_norm"),
        ("lcmv", {"regularisation": 0.0}, "regularisation"),
        ("trap_music", {"dipoles": 9}, "dipoles"),
        ("trap_music", {"threshold": -1.0}, "threshold"),
        ("trap_music", {"spread_mm": 900.0}, "spread_mm"),
    ],
)
def test_options_out_of_range_are_named(kind, options, word):
    eeg = inverse_case.random_data(1, 28, 5)
    with pytest.raises(UserError, match=word):
        registry.estimate(kind, inverse_case.forward(), eeg, **options)
