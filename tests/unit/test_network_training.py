import dataclasses
import logging

import numpy as np
import pandas as pd
import pytest
import torch
from network_case import CHANNELS, DIPOLES, TIMES, tiny_windows

from multisource.errors import UserError
from multisource.network import training as module
from multisource.network.augmentation import augmented_batch
from multisource.network.checkpoint import save_checkpoint
from multisource.network.contract import ForwardModel
from multisource.network.options import TrainingOptions
from multisource.network.registry import build_network
from multisource.network.samples import Windows, windows_of
from multisource.network.smooth_output import spread_points
from multisource.network.validation import evaluate
from multisource.simulation.ar import ARModels
from multisource.simulation.samples import Simulator, simulate_samples
from multisource.simulation.settings import Settings

SMALL = {"filters": [32], "pooling": [8], "hidden": [64]}
FAST = {"batch_size": 16, "learning_rate": 5e-3, "device": "cpu", "threads": 1}


def train(network, training, validation, **given):
    """Train with options and the rest by name."""
    names = [field.name for field in dataclasses.fields(TrainingOptions)]
    options = TrainingOptions(**{k: given.pop(k) for k in names if k in given})
    return module.train(network, training, validation, options, **given)


def with_dipoles(windows, dipole):
    """The windows with other active dipoles."""
    return Windows(windows.eeg, dataclasses.replace(windows.truth, dipole=dipole))


def small_network(seed=0, **chosen):
    return build_network("convnet", CHANNELS, TIMES, DIPOLES, seed=seed, **(SMALL | chosen))


def weights(network):
    return torch.cat([p.detach().ravel() for p in network.parameters()])


@pytest.mark.slow
def test_network_learns_to_localise_and_not_by_heart():
    result = train(small_network(), tiny_windows(800), tiny_windows(100, seed=1), epochs=12, **FAST)
    loss, fraction = evaluate(result.network, tiny_windows(200, seed=2), "bce")
    # A random map finds 2 of 40, 0.05; noise alone does not make the two dipoles ambiguous.
    assert fraction > 0.8
    assert result.history["validation_fraction_active"].iloc[-1] > 0.8
    assert not result.network.training


def test_network_can_overfit_a_tiny_set():
    few = tiny_windows(12)
    result = train(small_network(), few, few, epochs=60, **FAST, weight_decay=0.0)
    assert evaluate(result.network, few, "bce")[1] == 1.0


@pytest.mark.slow
def test_l1_after_a_warm_up_keeps_what_was_learned():
    result = train(
        small_network(),
        tiny_windows(800),
        tiny_windows(100, seed=1),
        epochs=12,
        loss="l1",
        warmup_epochs=6,
        **FAST,
    )
    assert list(result.history["loss"]) == 6 * ["bce_active"] + 6 * ["l1"]
    assert evaluate(result.network, tiny_windows(200, seed=2), "l1")[1] > 0.8


def test_same_seed_same_weights_other_seed_other_weights():
    data, validation = tiny_windows(60), tiny_windows(20, seed=1)
    one, same, other = (
        train(
            small_network(dropout=0.2),
            data,
            validation,
            epochs=2,
            seed=s,
            **FAST,
            time_reversal=True,
        )
        for s in (3, 3, 4)
    )
    assert torch.equal(weights(one.network), weights(same.network))
    assert not torch.equal(weights(one.network), weights(other.network))


def test_killed_training_goes_on_to_the_same_weights(tmp_path, monkeypatch, caplog):
    data, validation = tiny_windows(60), tiny_windows(20, seed=1)
    recipe = dict(FAST, epochs=6, seed=5, plateau_patience=0, loss="l1", warmup_epochs=1)
    whole = train(small_network(dropout=0.2), data, validation, **recipe)

    path = tmp_path / "checkpoint.safetensors"
    monkeypatch.setattr(module, "CHECKPOINT_SECONDS", -1.0)
    calls = []

    def save_then_die(*args, **kwargs):
        save_checkpoint(*args, **kwargs)
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(module, "save_checkpoint", save_then_die)
    with pytest.raises(KeyboardInterrupt):
        train(small_network(dropout=0.2), data, validation, checkpoint=path, **recipe)
    with caplog.at_level(logging.INFO):
        rest = train(small_network(dropout=0.2), data, validation, checkpoint=path, **recipe)

    assert "going on after epoch 3 of 6" in caplog.text
    assert torch.equal(weights(rest.network), weights(whole.network))
    pd.testing.assert_frame_equal(
        rest.history.drop(columns="seconds"), whole.history.drop(columns="seconds"), rtol=0, atol=0
    )


@pytest.mark.parametrize("damage", ["other options", "other data", "torn file"])
def test_checkpoint_that_does_not_fit_is_not_continued(damage, tmp_path, monkeypatch, caplog):
    data, validation = tiny_windows(60), tiny_windows(20, seed=1)
    path = tmp_path / "checkpoint.safetensors"
    monkeypatch.setattr(module, "CHECKPOINT_SECONDS", -1.0)
    train(small_network(), data, validation, epochs=2, checkpoint=path, **FAST)
    recipe = {"epochs": 2, "weight_decay": 0.5} if damage == "other options" else {"epochs": 2}
    if damage == "other data":
        data = tiny_windows(60, seed=7)
    if damage == "torn file":
        path.write_bytes(path.read_bytes()[:1000])
    plain = train(small_network(), data, validation, **recipe, **FAST)
    with caplog.at_level(logging.INFO):
        again = train(small_network(), data, validation, checkpoint=path, **recipe, **FAST)
    assert "going on" not in caplog.text
    assert torch.equal(weights(again.network), weights(plain.network))


def test_weights_are_those_of_the_smallest_validation_loss():
    # Nothing can be learned from random labels of so few samples: validation soon gets worse.
    data = with_dipoles(tiny_windows(24), np.random.default_rng(0).integers(DIPOLES, size=48))
    validation = tiny_windows(60, seed=1)
    result = train(small_network(), data, validation, epochs=25, **FAST)
    losses = list(result.history["validation_loss"])
    assert losses.index(min(losses)) < 24
    assert evaluate(result.network, validation, "bce_active")[0] == pytest.approx(
        min(losses), rel=1e-6
    )


def test_step_size_falls_on_plateaus_until_training_ends():
    # Started at the base rate, the network cannot get better at a truth drawn at random.
    validation = with_dipoles(
        tiny_windows(20, seed=1), np.random.default_rng(0).integers(DIPOLES, size=40)
    )
    result = train(
        small_network(initial_activation=0.04),
        tiny_windows(24),
        validation,
        epochs=100,
        plateau_patience=0,
        plateau_factor=0.1,
        minimum_learning_rate=1e-5,
        **FAST | {"learning_rate": 1e-3},
    )
    rates = list(result.history["learning_rate"])
    assert len(rates) < 100
    assert rates == sorted(rates, reverse=True)
    assert sorted(set(np.round(np.log10(rates), 3))) == [-5, -4, -3]


def test_step_size_falls_along_a_cosine_and_goes_on_there_after_a_kill(tmp_path, monkeypatch):
    data, validation = tiny_windows(60), tiny_windows(20, seed=1)
    recipe = FAST | {"epochs": 5, "schedule": "cosine", "minimum_learning_rate": 1e-3}
    whole = train(small_network(), data, validation, **recipe)
    expected = 1e-3 + (5e-3 - 1e-3) * (1 + np.cos(np.pi * np.arange(5) / 5)) / 2
    np.testing.assert_allclose(whole.history["learning_rate"], expected, rtol=1e-6)

    path = tmp_path / "checkpoint.safetensors"
    monkeypatch.setattr(module, "CHECKPOINT_SECONDS", -1.0)
    calls = []

    def save_then_die(*args, **kwargs):
        save_checkpoint(*args, **kwargs)
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(module, "save_checkpoint", save_then_die)
    with pytest.raises(KeyboardInterrupt):
        train(small_network(), data, validation, checkpoint=path, **recipe)
    rest = train(small_network(), data, validation, checkpoint=path, **recipe)
    assert torch.equal(weights(rest.network), weights(whole.network))


def test_small_improvements_count_as_a_plateau_by_the_threshold():
    recipe = FAST | {"learning_rate": 1e-3, "plateau_patience": 0, "epochs": 4}
    data, validation = tiny_windows(60), tiny_windows(20, seed=1)
    # Every epoch improves, but by far less than nine tenths.
    patient, strict = (
        train(small_network(), data, validation, plateau_threshold=threshold, **recipe).history
        for threshold in (0.0, 0.9)
    )
    assert (patient["validation_loss"].diff().dropna() < 0).all()
    assert set(patient["learning_rate"]) == {1e-3}
    # The first epoch is compared with nothing; each later one reduces the step of the next.
    np.testing.assert_allclose(strict["learning_rate"], [1e-3, 1e-3, 3e-4, 9e-5])


def test_augmentation_flips_whole_windows_and_keeps_the_truth():
    windows = tiny_windows(64)
    rows = np.arange(64)
    eeg, truth = augmented_batch(
        windows, rows, np.random.default_rng(0), sign_flip=True, time_reversal=False
    )
    ratio = eeg.numpy() / windows.eeg
    signs = ratio[:, 0, 0]
    assert set(signs) == {-1.0, 1.0}
    np.testing.assert_array_equal(ratio, np.broadcast_to(signs[:, None, None], ratio.shape))
    np.testing.assert_array_equal(truth.numpy(), windows.truth.dense(rows))


def test_augmentation_reverses_whole_windows():
    windows = tiny_windows(64)
    eeg, _ = augmented_batch(
        windows, np.arange(64), np.random.default_rng(0), sign_flip=False, time_reversal=True
    )
    same = (eeg.numpy() == windows.eeg).all(axis=(1, 2))
    reversed_ = (eeg.numpy() == windows.eeg[:, :, ::-1]).all(axis=(1, 2))
    assert (same ^ reversed_).all()
    assert 0 < same.sum() < 64


def test_fraction_active_is_the_share_of_true_dipoles_among_the_highest():
    class Fixed(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.scores = torch.nn.Parameter(torch.arange(DIPOLES, 0, -1.0).repeat(2, 1))

        def forward(self, eeg):
            return self.scores

    windows = with_dipoles(tiny_windows(2), np.array([0, 1, 1, 5]))
    # First sample: both active dipoles rank first; second: one of the two does.
    assert evaluate(Fixed(), windows, "bce")[1] == pytest.approx((1 + 0.5) / 2)


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"loss": "huber"}, "loss: 'huber'; allowed"),
        ({"epochs": 0}, "epochs: 0; without weights"),
        ({"batch_size": 1}, "batch_size: 1; needs a whole number of 2"),
        ({"learning_rate": 0}, "learning_rate: 0; needs"),
        ({"weight_decay": -1}, "weight_decay: -1; needs"),
        ({"plateau_threshold": 1}, "plateau_threshold: 1; needs"),
        ({"plateau_factor": 1}, "plateau_factor: 1; needs"),
        ({"epochs": 5, "warmup_epochs": 5}, "warmup_epochs: 5; needs"),
        ({"device": "tpu"}, "device: 'tpu'; allowed: auto, cpu, cuda"),
    ],
)
def test_wrong_option_is_refused_by_name(chosen, message):
    with pytest.raises(UserError, match=message):
        train(small_network(), tiny_windows(4), tiny_windows(4), **chosen)


def test_absent_cuda_device_is_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    with pytest.raises(UserError, match="device: 'cuda'; torch sees 0 CUDA devices"):
        train(small_network(), tiny_windows(4), tiny_windows(4), device="cuda")


def test_validation_of_another_shape_is_refused():
    data = tiny_windows(4)
    short = dataclasses.replace(data, eeg=data.eeg[:, :, :10])
    with pytest.raises(UserError, match=r"validation: \(8, 10, 40\) channels"):
        train(small_network(), data, short)
    with pytest.raises(UserError, match=r"\(8, 16, 41\) .*; training has \(8, 16, 40\)"):
        train(
            small_network(), data, Windows(data.eeg, dataclasses.replace(data.truth, n_dipoles=41))
        )


def test_diverging_training_is_refused():
    with pytest.raises(UserError, match="learning_rate: .*not finite after epoch 1"):
        train(small_network(), tiny_windows(40), tiny_windows(4), **FAST | {"learning_rate": 1e38})


def test_superposed_windows_are_sums_with_the_union_of_their_truths():
    windows = tiny_windows(64)
    counts = np.resize([1, 2, 3], 64)
    centre = np.where(np.arange(3) < counts[:, None], 0, -1)
    windows = Windows(windows.eeg, dataclasses.replace(windows.truth, centre=centre))
    rows = np.arange(64)
    eeg, truth = augmented_batch(
        windows,
        rows,
        np.random.default_rng(0),
        sign_flip=False,
        time_reversal=False,
        superpose=1.0,
    )
    own = windows.truth.dense(rows)
    changed = np.flatnonzero((eeg.numpy() != windows.eeg).any(axis=(1, 2)))
    # One and two patches leave room for more, three do not.
    np.testing.assert_array_equal(changed, rows[windows.truth.n_patches < 3])
    for row in changed:
        partner = eeg[row].numpy() * np.sqrt(2) - windows.eeg[row]
        other = np.abs(windows.eeg - partner).max(axis=(1, 2)).argmin()
        np.testing.assert_allclose(windows.eeg[other], partner, atol=1e-6 * np.abs(partner).max())
        assert windows.truth.n_patches[row] + windows.truth.n_patches[other] <= 3
        np.testing.assert_array_equal(truth[row], np.maximum(own[row], own[other]))


def tiny_simulator(seed=0):
    """200 dipoles over 8 channels that see their own surroundings."""
    rng = np.random.default_rng(99)
    positions = rng.uniform(-50, 50, (200, 3))
    channels = rng.uniform(-60, 60, (CHANNELS, 3))
    gain = np.exp(-np.linalg.norm(channels[:, None] - positions, axis=2) / 20)
    models = ARModels(("a",), (np.array([0.5]),), np.array([1.0]), 250.0)
    settings = Settings(window_s=TIMES / 250, n_patches=(1, 1))
    return Simulator(gain, positions, models, settings, seed=seed, split="train")


@pytest.mark.slow
def test_fresh_samples_teach_more_than_the_same_ones_again():
    simulator = tiny_simulator()
    stored = windows_of(simulate_samples(simulator, range(320)))
    validation = windows_of(simulate_samples(tiny_simulator(seed=1), range(200)))
    losses = []
    for fresh in (False, True):
        network = build_network("convnet", CHANNELS, TIMES, 200, **SMALL)
        recipe = FAST | {"epochs": 60, "plateau_patience": 60, "fresh": fresh}
        result = train(network, stored, validation, simulator=simulator, **recipe)
        losses.append(result.history["validation_loss"].min())
    # The stored ones are soon known by heart; measured: 0.081 against 0.059.
    assert losses[1] < 0.9 * losses[0]


def test_fresh_samples_need_a_simulator():
    data = tiny_windows(20)
    with pytest.raises(UserError, match="fresh: true; needs the simulator"):
        train(small_network(), data, data, fresh=True, **FAST)


def test_smooth_weights_leave_a_plain_network_that_predicts_the_same():
    data, validation = tiny_windows(400), tiny_windows(100, seed=1)
    # Dipoles on a line, 5 mm apart: neighbours in place are neighbours in the truth.
    positions = np.column_stack([5.0 * np.arange(DIPOLES), np.zeros((DIPOLES, 2))])
    model = ForwardModel(np.ones((CHANNELS, DIPOLES)), positions, np.eye(TIMES))
    recipe = FAST | {"epochs": 8, "smooth_mm": 5.0, "model": model}
    result = train(small_network(), data, validation, **recipe)
    output = result.network.output
    assert isinstance(output, torch.nn.Linear)
    anchors = len(spread_points(positions, 5.0))
    assert anchors < DIPOLES
    assert torch.linalg.matrix_rank(output.weight, rtol=1e-4) == anchors
    loss, fraction = evaluate(result.network, validation, "bce_active")
    assert loss == pytest.approx(result.history["validation_loss"].min(), rel=1e-5)
    assert fraction > 0.5


def test_smooth_weights_need_positions():
    data = tiny_windows(20)
    with pytest.raises(UserError, match="smooth_mm: 5"):
        train(small_network(), data, data, smooth_mm=5.0, **FAST)
