"""The network on the covariance: what leaves its features unchanged, and what it learns."""

import numpy as np
import pytest
import torch
from network_case import CHANNELS, DIPOLES, TIMES, tiny_gain, tiny_windows
from scipy.linalg import logm, toeplitz

from multisource.errors import UserError
from multisource.network.channel_repair import ChannelRepair
from multisource.network.coarse_output import CoarseOutput
from multisource.network.contract import ForwardModel
from multisource.network.covariance import LEVELS, CovarianceFeatures
from multisource.network.losses import loss_function
from multisource.network.options import TrainingOptions
from multisource.network.prediction import predict
from multisource.network.registry import build_network
from multisource.network.training import train
from multisource.network.weights import load_network, save_network


def model(seed=0, channels=CHANNELS, dipoles=DIPOLES, times=TIMES):
    rng = np.random.default_rng(seed)
    return ForwardModel(
        gain=rng.standard_normal((channels, dipoles)) * np.logspace(0, -1, channels)[:, None],
        positions=rng.uniform(-70, 70, (dipoles, 3)),
        autocovariance=toeplitz(0.8 ** np.arange(times)),
    )


def background(known, samples, noise=0.0, seed=1):
    """Windows of the model's own background, with white noise of a share of its variance."""
    rng = np.random.default_rng(seed)
    channels, dipoles = known.gain.shape
    series = rng.standard_normal((samples, dipoles, len(known.autocovariance)))
    eeg = known.gain @ (series @ np.linalg.cholesky(known.autocovariance).T)
    referenced = known.gain - known.gain.mean(axis=0)
    variance = (referenced**2).sum() / (channels - 1)
    eeg += np.sqrt(noise * variance) * rng.standard_normal(eeg.shape)
    return torch.from_numpy(eeg.astype(np.float32))


@pytest.fixture
def features():
    layer = CovarianceFeatures(CHANNELS, TIMES)
    layer.prepare(model())
    return layer


@pytest.mark.parametrize(
    "change",
    [
        lambda eeg: -eeg,
        lambda eeg: eeg.flip(2),
        lambda eeg: 1e-6 * eeg,
        lambda eeg: eeg - eeg[:, :1],
        lambda eeg: eeg + 3 * torch.linspace(-1, 1, TIMES),
    ],
    ids=["sign", "time reversed", "volts", "first channel as reference", "common mode"],
)
def test_what_says_nothing_of_places_leaves_the_features_unchanged(features, change):
    eeg = background(model(), 20)
    torch.testing.assert_close(features.raw(change(eeg)), features.raw(eeg), rtol=1e-3, atol=1e-3)


def test_the_order_of_samples_counts_only_through_the_autocovariance(features):
    white = model()
    white = ForwardModel(white.gain, white.positions, np.eye(TIMES))
    features.prepare(white)
    eeg = background(white, 5)
    shuffled = eeg[:, :, torch.randperm(TIMES, generator=torch.Generator().manual_seed(0))]
    torch.testing.assert_close(features.raw(shuffled), features.raw(eeg), rtol=1e-3, atol=1e-3)


def test_the_background_is_white_in_the_components(features):
    # Without the scaling of each window to size 1, which the largest components feel.
    components = (features.spatial @ background(model(), 4000) @ features.temporal).double()
    components /= features.variance(torch.zeros(1)).double().sqrt()
    joined = components.flatten(1)
    covariance = joined.T @ joined / len(joined)
    covariance /= covariance.diagonal().mean()
    # 4000 windows: the standard error of an entry is 0.016, of one on the diagonal 0.022.
    assert (covariance - torch.eye(len(covariance))).abs().max() < 0.1
    assert (covariance - torch.eye(len(covariance))).square().mean().sqrt() < 0.02


def test_features_are_the_matrix_logarithm(features):
    eeg = background(model(), 1)
    raw = features.raw(eeg)[0].numpy()
    white = features.components(eeg) / features.variance(torch.zeros(1)).sqrt()
    covariance = (white @ white.transpose(1, 2))[0].double().numpy()
    bulk = np.linalg.eigvalsh(covariance)[: int(0.88 * (CHANNELS - 1))].mean()
    expected = logm(np.eye(CHANNELS - 1) + covariance / (3 * bulk))
    rows, columns = np.triu_indices(CHANNELS - 1)
    expected = expected[rows, columns] * np.where(rows == columns, 1, np.sqrt(2))
    np.testing.assert_allclose(raw[:-1], expected, atol=1e-4)


def test_a_window_of_few_samples_has_features_above_rounding():
    # Of 20 channels and 3 samples the lowest eigenvalues, of which the scale is taken, are zero.
    known = model(channels=20, dipoles=200, times=3)
    layer, exact = CovarianceFeatures(20, 3), CovarianceFeatures(20, 3)
    layer.prepare(known)
    exact.prepare(known)
    eeg = background(known, 50)
    # They were off by 7 through rounding alone.
    expected = exact.double().raw(eeg.double()).float()
    torch.testing.assert_close(layer.raw(eeg), expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("times", [3, 10, 50])
def test_above_a_measured_background_the_size_of_a_window_counts(times):
    known = model(channels=20, dipoles=200, times=times)
    layer = CovarianceFeatures(20, times)
    layer.prepare(known)
    # Of the size in which the background's mean variance is 1.
    referenced = known.gain - known.gain.mean(axis=0)
    eeg = background(known, 400).double() / np.sqrt((referenced**2).sum() / 19)
    variance = layer.variance(torch.zeros(1))[0].double()
    bulk = layer.expected_bulk(layer.speed, 1e-2)
    given = variance, layer.speed.double(), 1e-2, bulk
    weak, strong = (
        layer.logarithm(layer.measured(size * eeg, *given))[:, :-1].norm() for size in (1.0, 10.0)
    )
    assert strong > 1.5 * weak
    # What is expected of windows of the background is what they have.
    levels = torch.full((len(eeg),), 1e-2)
    white = ((layer.spatial.double() @ eeg @ layer.temporal.double()) / variance.sqrt()).float()
    found = layer._decomposed(white, variance[None].float(), layer.speed, levels).bulk
    assert float(found.mean()) == pytest.approx(bulk, rel=0.03)


@pytest.mark.parametrize("noise", [0.0, 0.1, 1.0])
def test_the_noise_is_estimated_from_the_window(noise):
    known = model(channels=20, dipoles=200, times=50)
    layer = CovarianceFeatures(20, 50)
    layer.prepare(known)
    level, _ = layer.noise_level(layer.components(background(known, 100, noise)))
    # Neighbouring levels that are tried are 2.25 times apart.
    assert float(level.median()) == pytest.approx(noise, rel=1.0, abs=2 * LEVELS[1])


def test_the_output_is_an_interpolation_between_nodes():
    positions = np.random.default_rng(0).uniform(-50, 50, (300, 3))
    layer = CoarseOutput(7, 300, 60, (0.05, 0.02))
    layer.prepare(positions)
    dense = torch.zeros(300, 60)
    dense.scatter_(1, layer.interpolate.nearest.long(), layer.interpolate.weight)
    features = torch.randn(4, 7, requires_grad=True)
    nodes = (features @ layer.nodes.weight.T).unflatten(1, (2, 60))
    expected = nodes @ dense.T + layer.bias
    torch.testing.assert_close(layer(features), expected)
    weights = torch.randn(4, 2, 300)
    said = torch.autograd.grad((layer(features) * weights).sum(), features)[0]
    wanted = torch.autograd.grad((expected * weights).sum(), features)[0]
    torch.testing.assert_close(said, wanted)


def test_the_loss_of_two_maps_is_that_of_torch():
    logits = (8 * torch.randn(3, 2, 50)).requires_grad_()
    truth = torch.rand(3, 50) * (torch.rand(3, 50) < 0.3)
    labels = torch.stack([(truth > 0).float(), truth], dim=1)
    expected = 2 * torch.nn.functional.binary_cross_entropy_with_logits(logits, labels)
    said = loss_function("bce_maps")(logits, truth)
    torch.testing.assert_close(said, expected)
    torch.testing.assert_close(
        torch.autograd.grad(said, logits)[0], torch.autograd.grad(expected, logits)[0]
    )
    certain = torch.tensor([[[-200.0, 200.0]] * 2], requires_grad=True)
    loss = loss_function("bce_maps")(certain, torch.tensor([[1.0, 0.0]]))
    loss.backward()
    assert loss == 800 / 2 and torch.isfinite(certain.grad).all()
    with pytest.raises(UserError, match="two maps"):
        loss_function("bce_maps")(logits[:, 0], truth)


def smooth_model(channels=32, dipoles=400):
    """Gains that fall with distance on a sphere, so that channels resemble their neighbours."""
    rng = np.random.default_rng(3)
    electrodes, positions = (rng.standard_normal((n, 3)) for n in (channels, dipoles))
    electrodes /= np.linalg.norm(electrodes, axis=1, keepdims=True)
    positions *= 0.7 / np.linalg.norm(positions, axis=1, keepdims=True)
    distance = np.linalg.norm(electrodes[:, None] - positions[None], axis=2)
    return ForwardModel(1 / distance**2, 100 * positions, np.eye(50))


@pytest.mark.parametrize("kind", ["flat", "noisy"])
def test_a_bad_channel_is_found_and_replaced_by_what_the_others_say(kind):
    known = smooth_model()
    layer = ChannelRepair(32)
    layer.prepare(known)
    eeg = background(known, 50, noise=0.01)
    eeg -= eeg.mean(dim=1, keepdim=True)
    broken = eeg.clone()
    series = 10 * eeg.std() * torch.randn(50, 50, generator=torch.Generator().manual_seed(1))
    broken[:, 4] = 0 if kind == "flat" else series
    bad = layer.bad(broken)
    assert bad[:, 4].float().mean() > 0.95
    assert bad.float().sum(dim=1).mean() < 1.1
    repaired = layer(broken)
    # As near as the best linear prediction, fitted to these very windows, comes to the truth. Only
    # differences between channels count: the others of referenced windows tell the reference.
    others = np.delete(eeg.double().numpy(), 4, axis=1)
    mean = others.mean(axis=1)
    centred = (others - mean[:, None]).transpose(0, 2, 1).reshape(-1, 31)
    eeg_4 = eeg[:, 4].double().numpy()
    truth = (eeg_4 - mean).ravel()
    smooth = centred @ np.linalg.eigh(known.gain[:-1] @ known.gain[:-1].T)[1][:, -25:]
    best = truth - smooth @ np.linalg.lstsq(smooth, truth)[0]
    error = np.mean((repaired[:, 4].numpy() - eeg_4) ** 2)
    assert error < 1.5 * np.mean(best**2) < np.mean(truth**2)
    assert torch.equal(layer(eeg)[~layer.bad(eeg).any(dim=1)], eeg[~layer.bad(eeg).any(dim=1)])
    assert layer.bad(eeg).float().sum(dim=1).mean() < 0.1


def test_training_learns_places_and_is_read_back(tmp_path):
    training, validation = tiny_windows(600), tiny_windows(200, seed=1)
    known = ForwardModel(tiny_gain(), model().positions, np.eye(TIMES))
    options = {"hidden": [64], "nodes": DIPOLES}
    network = build_network("covnet", CHANNELS, TIMES, DIPOLES, **options)
    recipe = TrainingOptions(
        loss="bce_maps",
        epochs=10,
        batch_size=30,
        learning_rate=6e-3,
        minimum_learning_rate=1e-4,
        schedule="one_cycle",
    )
    result = train(network, training, validation, recipe, model=known, device="cpu")
    assert result.history["validation_fraction_active"].iloc[-1] > 0.7
    rates = result.history["learning_rate"]
    assert rates.iloc[0] < rates.max() and rates.is_monotonic_decreasing is False
    assert result.recalibration is not None and result.recalibration != (1, 0)
    maps = predict(result.network, validation.eeg, device="cpu")
    centres = validation.truth.centre[:, 0]
    assert (maps.coefficient.argmax(axis=1) == centres).mean() > 0.6
    save_network(
        tmp_path / "w.safetensors",
        tmp_path / "s.json",
        result.network,
        architecture="covnet",
        options=options,
        channels=[f"EEG{i}" for i in range(CHANNELS)],
        n_times=TIMES,
        n_dipoles=DIPOLES,
    )
    again, _ = load_network(tmp_path / "w.safetensors", tmp_path / "s.json")
    for said, before in zip(predict(again, validation.eeg, device="cpu"), maps, strict=True):
        np.testing.assert_array_equal(said, before)


def test_training_without_the_forward_model_is_refused():
    network = build_network("covnet", CHANNELS, TIMES, DIPOLES, nodes=10, hidden=[4])
    with pytest.raises(UserError, match="forward model"):
        train(network, tiny_windows(20), tiny_windows(20), TrainingOptions(loss="bce_maps"))


@pytest.mark.parametrize(
    ("options", "named"),
    [({"hidden": []}, "hidden"), ({"nodes": 0}, "nodes"), ({"dropout": 1.0}, "dropout")],
)
def test_options_out_of_range_are_named(options, named):
    with pytest.raises(UserError, match=named):
        build_network("covnet", CHANNELS, TIMES, DIPOLES, **options)
