"""Every realism option: off by default, and doing what its name says when on."""

from dataclasses import replace

import numpy as np
import pytest
from realism_case import ELECTRODES, GAIN, MODELS, PLAIN, POSITIONS, E, added, record, simulate

from multisource.errors import UserError
from multisource.simulation import eyes, muscle, streams
from multisource.simulation.ar import power_spectrum
from multisource.simulation.chunks import read_chunks, write_chunk
from multisource.simulation.noise import noise_model, spatial_factor
from multisource.simulation.samples import Simulator
from multisource.simulation.settings import ARTEFACTS, Artefacts, BadChannels, Noise
from multisource.simulation.synchronise import correlate, source_weights
from multisource.simulation.topography import head_sphere


def test_everything_is_off_by_default_and_leaves_the_sources_alone():
    data = simulate(PLAIN)
    assert not {"snr_db", "disturbed", "bad", "amplitude"} & set(data)
    noisy = simulate(replace(PLAIN, noise=Noise(snr_db=(0, 0))))
    for name in ("truth_dipole", "truth_coefficient", "centre", "extent_mm"):
        np.testing.assert_array_equal(noisy[name], data[name])


@pytest.mark.parametrize("snr_db", [-5.0, 10.0])
def test_noise_has_the_given_ratio_to_the_signal(snr_db):
    settings = replace(PLAIN, noise=Noise(snr_db=(snr_db, snr_db)))
    noise, clean = added(settings), simulate(PLAIN)["eeg"].values
    # The noise's power is that of its distribution: a sample's differs by sqrt(2 / dof), and the
    # mean over 60 samples of 23 x 50 degrees of freedom by 0.5 %, 0.02 dB.
    ratio = 10 * np.log10((clean**2).mean((1, 2)) / (noise**2).mean((1, 2)))
    assert ratio.mean() == pytest.approx(snr_db, abs=0.1)
    np.testing.assert_allclose(simulate(settings)["snr_db"], snr_db)
    # It is average-referenced like the EEG.
    assert np.abs(noise.mean(axis=1)).max() < 1e-5 * np.abs(noise).max()


def test_the_noise_level_is_uniform_in_decibel():
    settings = replace(PLAIN, noise=Noise(snr_db=(0, 20)))
    levels = np.sort(simulate(settings, range(600))["snr_db"].values)
    assert np.abs(levels / 20 - np.linspace(0, 1, 600)).max() < 1.95 / np.sqrt(600)


def test_white_noise_is_white_and_independent():
    noise = added(replace(PLAIN, noise=Noise(snr_db=(0, 0))), indices=range(400))
    noise /= noise.std(axis=(1, 2), keepdims=True)
    covariance = np.einsum("set,sft->ef", noise, noise) / (400 * 50)
    # Average reference leaves correlation -1 / (E - 1); 5 standard errors of n = 20,000.
    correlation = covariance / covariance[0, 0]
    off = correlation[~np.eye(E, dtype=bool)]
    assert np.abs(off + 1 / (E - 1)).max() < 6 / np.sqrt(20_000)
    lag = np.mean(noise[:, :, 1:] * noise[:, :, :-1])
    assert abs(lag) < 5 / np.sqrt(400 * 49 * (E - 1))


@pytest.mark.parametrize("exponent", [1.0, 2.0])
def test_coloured_noise_falls_with_its_exponent(exponent):
    # Slope of the AR noise between 2 and 60 Hz against the power law, on a log grid.
    freqs = np.geomspace(2, 60, 60)
    power = power_spectrum(noise_model(exponent, 250.0), freqs, 250.0)
    slope = np.polyfit(np.log10(freqs), np.log10(power), 1)[0]
    assert slope == pytest.approx(-exponent, abs=0.1)
    # And the samples have it: lag-one correlation of the drawn noise against the model's.
    noise = added(replace(PLAIN, noise=Noise(snr_db=(0, 0), exponent=exponent)), indices=range(300))
    lag = (noise[:, :, 1:] * noise[:, :, :-1]).mean() / (noise**2).mean()
    assert lag > 0.6


def test_spatial_noise_correlates_with_nearness():
    factor = spatial_factor(E, ELECTRODES, 40.0)
    covariance = factor @ factor.T
    assert np.trace(covariance) / E == pytest.approx(1)
    settings = replace(PLAIN, noise=Noise(snr_db=(0, 0), spatial_mm=40.0))
    noise = added(settings, indices=range(400))
    noise /= np.sqrt((noise**2).mean(axis=(1, 2), keepdims=True))
    drawn = np.einsum("set,sft->ef", noise, noise) / (400 * 50)
    # 5 standard errors, sqrt(2 / n) of the variances at most.
    assert np.abs(drawn - covariance).max() < 6 * np.sqrt(2 / 20_000) * covariance.max()
    with pytest.raises(UserError, match="noise.spatial_mm: needs the electrode positions"):
        simulate(settings, electrodes=None)


def test_some_samples_have_noise_and_some_of_it_is_correlated():
    settings = replace(PLAIN, noise=Noise((0, 0), spatial_mm=80.0, chance=0.6, correlated=0.5))
    noise = added(settings, indices=range(400))
    there = (noise**2).mean(axis=(1, 2)) > 0
    # Shares of 400 and 240 samples within four standard errors.
    assert there.mean() == pytest.approx(0.6, abs=0.1)
    unit = noise[there] / np.sqrt((noise[there] ** 2).mean(axis=(1, 2), keepdims=True))
    # Made white by the correlated noise's covariance, that noise has power 1, independent more.
    white = np.linalg.pinv(spatial_factor(E, ELECTRODES, 80.0)) @ unit
    power = (white**2).mean(axis=(1, 2)) * E / (E - 1)
    correlated = np.abs(power - 1) < 0.2
    assert (power[~correlated] > 1.2).all()
    assert correlated.mean() == pytest.approx(0.5, abs=0.13)
    written = simulate(settings, indices=range(400))["snr_db"].values
    np.testing.assert_array_equal(np.isfinite(written), there)


def test_blinks_are_frontal_saccades_lateral_muscles_local():
    blink = eyes.blink_topography(ELECTRODES)
    assert ELECTRODES[np.argmax(blink), 1] > 50  # mm in front of the middle
    assert np.corrcoef(blink, ELECTRODES[:, 1])[0, 1] > 0.4
    saccade = eyes.saccade_topography(ELECTRODES)
    assert np.corrcoef(saccade, ELECTRODES[:, 0])[0, 1] > 0.4
    # Mirrored electrodes see the mirrored saccade.
    centre, _ = head_sphere(ELECTRODES)
    mirrored = ELECTRODES * [-1, 1, 1] + [2 * centre[0], 0, 0]
    np.testing.assert_allclose(eyes.saccade_topography(mirrored), -saccade, atol=1e-9)
    for pattern in (blink, saccade, *muscle.muscle_topographies(ELECTRODES)):
        assert abs(pattern.mean()) < 1e-12 and np.abs(pattern).max() == pytest.approx(1)


def test_the_sphere_of_the_electrodes_is_found():
    centre, radius = head_sphere(ELECTRODES)
    np.testing.assert_allclose(centre, [1, 5, 20], atol=1e-9)
    assert radius == pytest.approx(95)


def test_courses_of_blink_saccade_and_burst():
    times = np.arange(0, 1, 0.001)
    blink = eyes.blink_course(times, 0.1)
    assert blink.max() == pytest.approx(1) and times[np.argmax(blink)] == pytest.approx(0.2)
    assert blink[times < 0.1].max() == 0 and np.abs(blink[times > 0.4001]).max() < 1e-12
    saccade = eyes.saccade_course(times, 0.1)
    assert saccade[0] == 0 and saccade[-1] == 1 and np.all(np.diff(saccade) >= 0)
    burst = muscle.burst_course(times - 0.3, 0.2)
    assert burst[(times >= 0.3) & (times <= 0.5)].min() == pytest.approx(1)
    assert burst[times < 0.149].max() == 0 == burst[times > 0.651].max()
    assert burst[np.searchsorted(times, 0.3 - 0.075)] == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("kind", ARTEFACTS)
def test_artefacts_come_at_their_chance_and_size(kind):
    size = {kind + "_uv": (80.0, 80.0)}
    settings = replace(PLAIN, artefacts=Artefacts(**{kind: 0.4}, **size))
    data = simulate(settings, range(1000))
    hit = data["disturbed"].sel(disturbance=kind).values
    assert abs(hit.mean() - 0.4) < 5 * np.sqrt(0.4 * 0.6 / 1000)
    assert data["disturbed"].sum() == hit.sum()
    extra = added(settings, indices=range(1000))
    assert np.abs(extra[~hit]).max() < 1e-12
    peak = np.abs(extra[hit]).max(axis=(1, 2)) * 1e6
    if kind == "muscle":
        rms = np.sqrt((extra[hit] ** 2).mean(axis=2).max(axis=1)) * 1e6
        assert np.sqrt((rms**2).mean()) == pytest.approx(80, rel=0.05)
        spectrum = (np.abs(np.fft.rfft(extra[hit], axis=2)) ** 2).mean(axis=(0, 1))
        assert spectrum[6:].sum() > 5 * spectrum[:6].sum()  # 30 Hz and more
    else:
        # An event may be cut by the window, never exceed its size (float32).
        assert peak.max() <= 80.001 and np.median(peak) > 20


def test_a_flat_channel_is_zero_and_a_noisy_one_loud():
    settings = replace(PLAIN, bad_channels=BadChannels(count=(1, 3), noisy_uv=(500, 500)))
    data = simulate(settings, range(300))
    bad, eeg = data["bad"].values, data["eeg"].values
    counts = bad.sum(axis=1)
    assert set(counts) == {1, 2, 3}
    assert np.all(np.abs(np.bincount(counts)[1:] - 100) < 5 * np.sqrt(300 * 2 / 9))
    np.testing.assert_array_equal(eeg[~bad], simulate(PLAIN, range(300))["eeg"].values[~bad])
    flat = np.abs(eeg).max(axis=2) == 0
    assert np.all(bad[flat])
    assert 0.3 < flat.sum() / bad.sum() < 0.7
    loud = eeg[bad & ~flat].std(axis=1)
    # Standard deviation of 50 white values: 10 % each.
    assert loud.mean() == pytest.approx(500e-6, rel=0.05)
    with pytest.raises(UserError, match="bad_channels.count: .30, 30.*24 channels"):
        simulate(replace(PLAIN, bad_channels=BadChannels(count=(30, 30))))


def test_the_amplitude_ratio_scales_every_patch_but_the_first():
    settings = replace(PLAIN, amplitude_ratio=(0.2, 0.5), n_patches=(2, 3))
    amplitude = simulate(settings)["amplitude"].values
    np.testing.assert_array_equal(amplitude[:, 0], 1.0)
    assert 0.2 <= amplitude[:, 1:].min() < amplitude[:, 1:].max() <= 0.5
    coefficients = np.array([[0.4, 0.0], [0.0, 0.4], [0.8, 0.7]])
    plain = source_weights(coefficients, boost=10.0)
    scaled = source_weights(coefficients, boost=10.0, amplitudes=np.array([1.0, 0.5]))
    np.testing.assert_allclose(scaled[0], plain[0] * [1.0, 0.5])
    # A dipole of one patch follows that patch; its own series too.
    np.testing.assert_allclose(scaled[1][:2], plain[1][:2] * [1.0, 0.5])


def test_the_weaker_patch_is_weaker_at_the_sensors():
    # The fast path must use the amplitudes: silence all but the second patch's centre.
    one = Simulator(GAIN, POSITIONS, MODELS, PLAIN, seed=1, split="t")
    patches = one.patches(np.arange(40, dtype=np.uint64))
    white = np.zeros((40, 2, one.projector.dewhiten.shape[1], 50), dtype=np.float32)
    centres = np.zeros((40, 3, 50), dtype=np.float32)
    centres[:, 1] = 1.0
    half = np.ones((40, 3))
    half[:, 1] = 0.5
    full = one.assemble(patches, white, centres)
    np.testing.assert_allclose(
        one.assemble(patches, white, centres, half), 0.5 * full, atol=1e-5 * np.abs(full).max()
    )


@pytest.mark.parametrize("rho", [0.3, 0.8])
def test_patch_correlation_is_exact_for_every_pair(rho):
    white = np.random.default_rng(0).standard_normal((40_000, 3, 1)).astype(np.float32)
    shared = np.random.default_rng(1).standard_normal((40_000, 1, 1)).astype(np.float32)
    together = correlate(white, rho, lambda: shared)[:, :, 0]
    correlation = np.corrcoef(together.T)
    expected = np.full((3, 3), rho)
    np.fill_diagonal(expected, 1.0)
    assert np.abs(correlation - expected).max() < 5 / np.sqrt(40_000)
    assert together.std() == pytest.approx(1, abs=0.02)


def test_correlated_patches_correlate_in_the_samples():
    settings = replace(PLAIN, patch_correlation=0.9, n_patches=(2, 2))
    simulator = Simulator(GAIN, POSITIONS, MODELS, settings, seed=1, split="t")
    indices = np.arange(3000, dtype=np.uint64)
    white = simulator._centre_white(simulator.patches(indices), indices)
    correlation = np.mean(white[:, 0] * white[:, 1])
    # 150,000 products of unit normals, each of variance 1 + rho^2.
    assert correlation == pytest.approx(0.9, abs=5 * np.sqrt((1 + 0.81) / 150_000))


@pytest.mark.parametrize(
    "changes, name",
    [
        ({"noise": Noise(snr_db=(3, 6), exponent=1.0, spatial_mm=40.0)}, "snr_db"),
        ({"artefacts": Artefacts(blink=0.2, saccade=0.2, muscle=0.2)}, "disturbed"),
        ({"bad_channels": BadChannels(count=(1, 2))}, "bad"),
        ({"amplitude_ratio": (0.3, 0.6)}, "amplitude"),
        ({"electrode_error_mm": (2, 5)}, "electrode_error_mm"),
    ],
)
def test_options_hold_in_recordings_and_files_too(tmp_path, changes, name):
    settings = replace(PLAIN, **changes)
    data = record(settings)
    assert data.sizes["sample"] == 100 and data[name].shape[0] == 100
    assert not np.array_equal(data["eeg"], record(PLAIN)["eeg"])
    np.testing.assert_array_equal(data["eeg"], record(settings)["eeg"])
    parts = [simulate(settings, range(5)), simulate(settings, range(5, 9))]
    for i, part in enumerate(parts):
        write_chunk(tmp_path / f"{i}.nc", part)
    joined = read_chunks([tmp_path / "0.nc", tmp_path / "1.nc"])
    np.testing.assert_array_equal(joined[name], simulate(settings, range(9))[name])
    np.testing.assert_array_equal(joined["eeg"], simulate(settings, range(9))["eeg"])


def test_recording_noise_has_the_given_ratio_and_no_steps():
    settings = replace(PLAIN, noise=Noise(snr_db=(0, 0), exponent=2.0))
    clean = record(PLAIN, 60.0)["eeg"].values
    noise = record(settings, 60.0)["eeg"].values - clean
    # 1/f^2 noise has few independent values a minute: its power varies by about 10 %.
    assert 10 * np.log10((clean**2).mean() / (noise**2).mean()) == pytest.approx(0, abs=1.5)
    across = np.abs(noise[1:, :, 0] - noise[:-1, :, -1]).mean()
    assert across < 1.5 * np.abs(np.diff(noise, axis=2)).mean()


def test_artefact_options_need_electrodes():
    settings = replace(PLAIN, artefacts=Artefacts(blink=0.5))
    with pytest.raises(UserError, match="disturbances: need the electrode positions"):
        simulate(settings, electrodes=None)
    with pytest.raises(UserError, match="electrodes: shape"):
        simulate(settings, electrodes=ELECTRODES[:5])


def test_options_do_not_depend_on_company():
    settings = replace(
        PLAIN,
        noise=Noise(snr_db=(0, 10), exponent=1.0, spatial_mm=30.0),
        artefacts=Artefacts(blink=0.5, saccade=0.5, muscle=0.5),
        bad_channels=BadChannels(count=(0, 4)),
        amplitude_ratio=(0.5, 1.0),
        patch_correlation=0.5,
        electrode_error_mm=(0, 10),
    )
    whole = simulate(settings, range(70))
    some = simulate(settings, [66, 3])
    for name in ("eeg", "snr_db", "disturbed", "bad", "amplitude", "electrode_error_mm"):
        np.testing.assert_array_equal(some[name].values, whole[name].values[[66, 3]])


def test_purposes_are_distinct():
    assert len({int(p) for p in streams.Purpose}) == len(streams.Purpose.__members__)
