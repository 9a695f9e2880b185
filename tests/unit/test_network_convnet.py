import numpy as np
import pytest
import torch
from torch import nn

from multisource.errors import UserError
from multisource.network.registry import NETWORKS, build_network, options, split_settings
from multisource.network.standardise import Standardise


def eeg(samples=200, channels=6, times=20, seed=0):
    rng = np.random.default_rng(seed)
    mixing = rng.standard_normal((channels, channels)) * np.logspace(0, -2, channels)[:, None]
    series = mixing @ rng.standard_normal((samples, channels, times))
    return (1e-6 * series / series.std()).astype(np.float32)


def test_whitening_makes_the_covariance_of_the_training_windows_the_identity():
    data = eeg()
    data -= data.mean(axis=1, keepdims=True)
    layer = Standardise(6, floor=1e-9)
    layer.fit(data)
    scaled = data / np.sqrt(np.mean(data**2, axis=(1, 2), keepdims=True))
    mapped = np.einsum("ef,sft->set", layer.matrix.numpy(), scaled)
    covariance = np.einsum("set,sft->ef", mapped, mapped) / (200 * 20)
    # The matrix is kept in float32 and the eigenvalues span four decades. The mean is taken out.
    np.testing.assert_allclose(covariance, np.eye(6) - 1 / 6, atol=1e-3)


@pytest.mark.parametrize("kind", ["whiten", "channel", "window"])
def test_another_reference_and_any_common_mode_give_the_same(kind):
    data = eeg()
    layer = Standardise(6, kind=kind)
    layer.fit(data - data.mean(axis=1, keepdims=True))
    out = layer(torch.from_numpy(data))
    common = np.linspace(-3, 3, 20) * data.std()
    for other in (data - data[:, :1], data + common.astype(np.float32)):
        torch.testing.assert_close(layer(torch.from_numpy(other)), out, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("kind", ["whiten", "channel", "window"])
def test_standardised_windows_have_unit_size_whatever_their_amplitude(kind):
    data = eeg(samples=20)
    layer = Standardise(6, kind=kind)
    layer.fit(data)
    out = layer(torch.from_numpy(data))
    size = out.square().mean(dim=(1, 2)).sqrt()
    torch.testing.assert_close(size, torch.ones(20), rtol=1e-5, atol=0)
    torch.testing.assert_close(layer(torch.from_numpy(1000 * data)), out, rtol=1e-4, atol=1e-5)


def test_average_referenced_windows_and_an_empty_window_stay_finite():
    data = eeg()
    data -= data.mean(axis=1, keepdims=True)
    data[0] = 0
    layer = Standardise(6)
    layer.fit(data)
    out = layer(torch.from_numpy(data))
    assert torch.isfinite(out).all()
    assert float(out[0].abs().max()) == 0


def test_channel_standardisation_refuses_a_dead_channel():
    data = eeg()
    data[:, 2] = 0
    with pytest.raises(UserError, match="channel 2 is zero in all windows"):
        Standardise(6, kind="channel").fit(data)


def test_network_has_the_parts_the_paper_names():
    network = build_network("convnet", 51, 50, 300, filters=[16, 8], pooling=[2, 5], hidden=[])
    kinds = [type(layer) for layer in network.features]
    assert kinds == 2 * [nn.Conv1d, nn.BatchNorm1d, nn.ReLU, nn.AvgPool1d]
    assert network.features[0].kernel_size == (3,)
    assert network.output.in_features == 8 * (50 // 2 // 5)
    assert network(torch.randn(4, 51, 50)).shape == (4, 300)


def test_initial_activation_is_what_an_untrained_network_says_on_average():
    network = build_network("convnet", 8, 16, 500, pooling=[2, 2], initial_activation=0.02).eval()
    with torch.no_grad():
        said = torch.sigmoid(network(torch.randn(64, 8, 16)))
    assert float(said.median()) == pytest.approx(0.02, rel=0.1)


def test_weights_follow_from_the_seed_and_leave_the_global_state_alone():
    before = torch.random.get_rng_state()
    small = {"filters": [4], "pooling": [2], "hidden": [4]}
    one, same, other = (build_network("convnet", 4, 8, 5, seed=s, **small) for s in (1, 1, 2))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.equal(one.output.weight, same.output.weight)
    assert not torch.equal(one.output.weight, other.output.weight)


def test_settings_are_split_between_architecture_and_training():
    settings = {"architecture": "convnet", "hidden": [7], "epochs": 3}
    assert split_settings(settings) == ("convnet", {"hidden": [7]}, {"epochs": 3})
    assert {"filters", "pooling", "hidden"} <= set(options("convnet"))
    assert list(NETWORKS) == ["convnet", "covnet", "sblnet"]


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"pooling": [2]}, r"pooling: \[2\]; needs one number for each of the 2 layers"),
        ({"pooling": [10, 10]}, "reduces 100 times; a window has only 50"),
        ({"filters": [], "pooling": []}, r"filters: \[\]; needs one"),
        ({"filters": 16}, "filters: 16; needs a list"),
        ({"hidden": [0]}, r"hidden: \[0\]; needs a list of whole numbers"),
        ({"kernel_size": 4}, "kernel_size: 4; needs an odd"),
        ({"dropout": 1.0}, "dropout: 1.0"),
        ({"initial_activation": 0}, "initial_activation: 0"),
        ({"standardise": "zscore"}, "standardise: 'zscore'; allowed: whiten, channel, window"),
        ({"layers": 3}, "convnet: unknown option 'layers'; allowed: filters"),
    ],
)
def test_wrong_option_is_refused_by_name(chosen, message):
    with pytest.raises(UserError, match=message):
        build_network("convnet", 51, 50, 10, **chosen)


def test_unknown_architecture_is_refused_by_name():
    with pytest.raises(UserError, match="architecture: 'resnet'; allowed: convnet"):
        build_network("resnet", 51, 50, 10)
