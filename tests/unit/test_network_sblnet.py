"""The network that any head and cap can be given: scans, invariances, the shipped weights."""

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.linalg import toeplitz

from multisource.errors import UserError
from multisource.leadfield.sphere import sphere_leadfield
from multisource.network.contract import ForwardModel
from multisource.network.forward_model import mean_autocovariance
from multisource.network.options import TrainingOptions
from multisource.network.prediction import predict
from multisource.network.registry import build_network
from multisource.network.samples import windows_of
from multisource.network.sblnet import SHARED
from multisource.network.scan import EXTENTS_MM, PatchScan
from multisource.network.training import train
from multisource.network.weights import begin_with, load_network, save_network
from multisource.simulation.ar_io import read_models
from multisource.simulation.samples import Simulator, simulate_samples
from multisource.simulation.settings import Settings

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "resources" / "any-head" / "weights.safetensors"
MODELS = read_models(ROOT / "resources" / "ar-models.yaml", sfreq=250.0)
CHANNELS, TIMES, DIPOLES = 29, 50, 1500


def spread(count, lowest):
    """Points on the unit sphere above a height, evenly (Fibonacci's lattice)."""
    height = 1 - (np.arange(count) + 0.5) * (1 - lowest) / count
    turn = np.pi * (3 - np.sqrt(5)) * np.arange(count)
    flat = np.sqrt(1 - height**2)
    return np.column_stack([flat * np.cos(turn), flat * np.sin(turn), height])


@pytest.fixture(scope="module")
def ball():
    """A head of four spheres with a cap of its own: (gain, positions), neither seen in training."""
    positions = 68 * spread(DIPOLES, -0.4)
    electrodes = 92 * spread(CHANNELS, -0.2)
    free = sphere_leadfield(
        electrodes,
        positions,
        radii=np.array([78.0, 80.0, 86.0, 92.0]),
        conductivities=np.array([0.33, 1.79, 0.01, 0.43]),
    )
    # Sources point outwards, and lean to sides that change from gyrus to gyrus.
    outwards = positions / 68
    lean = np.sin(outwards @ np.array([[9.0, 2, 5], [3, 8, -6], [-4, 7, 9]]).T)
    normals = outwards + lean - outwards * (outwards * lean).sum(axis=1, keepdims=True)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    return np.einsum("end,nd->en", free.reshape(CHANNELS, DIPOLES, 3), normals), positions


@pytest.fixture(scope="module")
def known(ball):
    return ForwardModel(*ball, mean_autocovariance(MODELS, TIMES))


@pytest.fixture(scope="module")
def data(ball):
    simulator = Simulator(*ball, MODELS, Settings(), seed=4, split="test")
    return windows_of(simulate_samples(simulator, range(60)))


@pytest.fixture(scope="module")
def shipped(known):
    network = build_network("sblnet", CHANNELS, TIMES, DIPOLES)
    begin_with(network, SHIPPED)
    network.prepare(known)
    return network.eval()


def fraction_active(maps, truth):
    active = truth > 0
    order = np.argsort(-maps, axis=1)
    ranked = np.take_along_axis(active, order, axis=1)
    return np.mean([row[:n].mean() for row, n in zip(ranked, active.sum(axis=1), strict=True)])


def sloreta(gain, eeg, share):
    """The maps of sLORETA (Pascual-Marqui 2002), written down again."""
    gain = gain - gain.mean(axis=0)
    gram = gain @ gain.T
    kernel = gain.T @ np.linalg.pinv(gram + share * np.trace(gram) / len(gram) * np.eye(len(gram)))
    kernel /= np.sqrt((kernel * gain.T).sum(axis=1, keepdims=True))
    return np.sqrt(((kernel @ (eeg - eeg.mean(axis=1, keepdims=True))) ** 2).mean(axis=2))


def test_the_shipped_weights_find_sources_in_a_head_and_cap_that_they_have_never_seen(
    ball, data, shipped
):
    truth = data.truth.dense()
    ours = fraction_active(predict(shipped, data.eeg, device="cpu").estimate, truth)
    classical = max(
        fraction_active(sloreta(ball[0], data.eeg.astype(float), share), truth)
        for share in (1e-4, 1e-3, 1e-2, 1e-1)
    )
    # .1 is more than four standard errors of the mean difference over 60 windows.
    assert ours > classical + 0.1


def test_all_that_is_learnt_is_in_the_shipped_weights(shipped):
    learnt = {name.split(".")[0] for name, _ in shipped.named_parameters()}
    assert learnt == set(SHARED)


def test_the_order_of_the_channels_says_nothing(known, data, shipped):
    order = np.random.default_rng(0).permutation(CHANNELS)
    other = build_network("sblnet", CHANNELS, TIMES, DIPOLES)
    begin_with(other, SHIPPED)
    other.prepare(ForwardModel(known.gain[order], known.positions, known.autocovariance))
    here = predict(shipped, data.eeg[:10], device="cpu").estimate
    there = predict(other, data.eeg[:10, order], device="cpu").estimate
    np.testing.assert_allclose(there, here, atol=5e-3)


@pytest.mark.parametrize(
    "change",
    [lambda eeg: -eeg, lambda eeg: 1e-6 * eeg, lambda eeg: eeg - eeg[:, :3].mean(1, keepdim=True)],
    ids=["sign", "scale", "reference"],
)
def test_sign_scale_and_reference_say_nothing(change, data, shipped):
    eeg = torch.from_numpy(data.eeg[:10])
    with torch.no_grad():
        torch.testing.assert_close(
            torch.sigmoid(shipped(change(eeg))), torch.sigmoid(shipped(eeg)), rtol=0, atol=5e-3
        )


def test_scans_are_the_products_that_they_stand_for():
    rng = np.random.default_rng(1)
    scan = PatchScan(6, 30, 12)
    scan.prepare(rng.standard_normal((6, 30)), rng.uniform(-50, 50, (30, 3)))
    topographies = scan.topographies.double().numpy()
    assert topographies.shape == (6, 12 * len(EXTENTS_MM))
    matrix = toeplitz(0.5 ** np.arange(6.0))
    looked = scan.look(torch.from_numpy(matrix[None].astype(np.float32)))[0].numpy()
    np.testing.assert_allclose(
        looked, np.einsum("ik,ij,jk->k", topographies, matrix, topographies), rtol=1e-4, atol=1e-4
    )
    power = rng.uniform(0, 1, topographies.shape[1])
    explained = scan.explain(torch.from_numpy(power[None].astype(np.float32)))[0].numpy()
    expected = (topographies * power) @ topographies.T
    np.testing.assert_allclose(explained, expected, rtol=1e-4, atol=1e-4)


def test_without_training_the_weights_stay_and_probabilities_become_true(data, known, tmp_path):
    options = TrainingOptions(loss="bce_maps", epochs=0, start=str(SHIPPED))
    network = build_network("sblnet", CHANNELS, TIMES, DIPOLES)
    result = train(network, data, data, options, model=known, start=SHIPPED, device="cpu")
    assert result.history["epoch"].tolist() == [0]
    assert result.recalibration is not None
    here = tmp_path / "weights.safetensors", tmp_path / "settings.json"
    save_network(
        *here,
        result.network,
        architecture="sblnet",
        options={"width": 64, "stages": 3, "nodes": 1600},
        channels=[f"E{i}" for i in range(CHANNELS)],
        n_times=TIMES,
        n_dipoles=DIPOLES,
    )
    again, _ = load_network(*here)
    np.testing.assert_array_equal(
        predict(again, data.eeg[:5], device="cpu").estimate,
        predict(result.network, data.eeg[:5], device="cpu").estimate,
    )


def test_weights_of_another_network_are_refused_by_name(tmp_path):
    with pytest.raises(UserError, match=r"weights.safetensors: lacks .*; give the architecture"):
        begin_with(build_network("covnet", CHANNELS, TIMES, DIPOLES), SHIPPED)
    with pytest.raises(UserError, match=r"is of another size in first"):
        begin_with(build_network("sblnet", CHANNELS, TIMES, DIPOLES, width=32), SHIPPED)
    empty = tmp_path / "empty.safetensors"
    empty.write_bytes(b"")
    with pytest.raises(UserError, match=r"empty.safetensors: missing or damaged"):
        begin_with(build_network("sblnet", CHANNELS, TIMES, DIPOLES), empty)
