"""What the processor computes in its own way equals the plain formulas."""

import numpy as np
import pytest
import torch
from torch import nn

from multisource.network.convnet import build_network
from multisource.network.cross_entropy import cross_entropy
from multisource.network.interpolation import Interpolation
from multisource.network.losses import loss_function
from multisource.network.noise_level import LITTLE, LOG_MEAN, STUDENT, likeliest_levels


@pytest.mark.parametrize("active_only", [True, False])
@pytest.mark.parametrize("shape", [(5, 2, 64), (9, 1, 7), (1, 2, 1)])
def test_cross_entropy_and_gradient_are_those_of_the_formula(active_only, shape):
    rng = np.random.default_rng(0)
    logits = (6 * rng.standard_normal(shape)).astype(np.float32)
    logits.flat[:8] = [0, 1e-6, -1e-6, 30, -30, 200, -200, 0.5][: logits.size]
    truth = (rng.random((shape[0], shape[2])) * (rng.random((shape[0], shape[2])) < 0.5)).astype(
        np.float32
    )
    gradient = np.full_like(logits, np.nan)
    total = cross_entropy(logits, truth, active_only, gradient)
    labels = np.repeat(truth[:, None], shape[1], axis=1).astype(float)
    if active_only:
        labels[:, 0] = truth > 0
    exact = logits.astype(float)
    expected = np.logaddexp(0, exact) - labels * exact
    # Single precision: rounding of 6e-8 in each of about twenty operations.
    assert total == pytest.approx(expected.sum(), rel=1e-6)
    np.testing.assert_allclose(gradient, 1 / (1 + np.exp(-exact)) - labels, rtol=0, atol=3e-7)


@pytest.mark.parametrize("name", ["bce", "bce_active"])
def test_the_loss_is_the_same_in_either_order_of_memory(name):
    truth = torch.rand(6, 40) * (torch.rand(6, 40) < 0.3)
    by_rows = torch.randn(6, 40)
    values = []
    for logits in (by_rows, by_rows.T.contiguous().T):
        logits = logits.detach().requires_grad_()
        value = loss_function(name)(logits, truth)
        value.backward()
        labels = truth if name == "bce" else (truth > 0).float()
        expected = nn.functional.binary_cross_entropy_with_logits(logits, labels)
        torch.testing.assert_close(value, expected)
        torch.testing.assert_close(logits.grad, (torch.sigmoid(logits) - labels) / logits.numel())
        values.append(logits.grad)
    torch.testing.assert_close(*values)


@pytest.mark.parametrize("n", [40, 333, 2500])
def test_the_likeliest_level_is_that_of_the_formula(n):
    rng = np.random.default_rng(n)
    variance = rng.gamma(0.3, size=n) + np.array([0.0, 0.01, 0.1, 1.0, 10.0])[:, None] + 1e-4
    true = rng.integers(5, size=30)
    power = variance[true] * rng.standard_normal((30, n)) ** 2
    ratio = power[:, None] / variance
    scale = np.exp(np.log(ratio + LITTLE).mean(axis=2) + LOG_MEAN)
    tail = np.log1p(ratio / (STUDENT * scale[..., None])).sum(axis=2)
    cost = (STUDENT + 1) * tail + np.log(variance).sum(axis=1) + n * np.log(scale)
    level, said = likeliest_levels(power.astype(np.float32), variance.astype(np.float32))
    chosen = cost[np.arange(30), level]
    # Two levels may be as likely, to the digits of single precision.
    np.testing.assert_allclose(chosen, cost.min(axis=1), rtol=0, atol=1e-5 * n)
    np.testing.assert_allclose(said, scale[np.arange(30), level], rtol=1e-5)


def test_the_average_is_that_of_the_sparse_product():
    rng = np.random.default_rng(0)
    positions = rng.uniform(-50, 50, (300, 3))
    compiled, sparse = Interpolation(300, 60, 6), Interpolation(300, 60, 6)
    for layer in (compiled, sparse):
        layer.prepare(positions[:60], positions)
    sparse.double()  # as on a CUDA device, the product is torch's
    values = torch.randn(60, 2, 5)
    weights = torch.randn(300, 2, 5)
    found = []
    for layer, dtype in ((compiled, torch.float32), (sparse, torch.float64)):
        given = values.clone().to(dtype).requires_grad_()
        said = layer(given)
        (said * weights.to(dtype)).sum().backward()
        found.append((said.detach().float(), given.grad.float()))
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other)


def test_a_window_of_zeros_has_no_noise():
    level, scale = likeliest_levels(np.zeros((1, 40), np.float32), np.ones((3, 40), np.float32))
    assert level.tolist() == [0] and np.isfinite(scale).all()


@pytest.mark.parametrize("n_times", [50, 53])
@pytest.mark.parametrize("kernel_size", [1, 3, 5])
def test_convolutions_as_products_are_those_of_torch(n_times, kernel_size):
    torch.manual_seed(0)
    network = build_network(
        7, n_times, 30, filters=(8, 6), kernel_size=kernel_size, pooling=(5, 3), hidden=(9,)
    )
    eeg = torch.randn(4, 7, n_times)
    said = network(eeg)
    said.square().sum().backward()
    gradients = [parameter.grad.clone() for parameter in network.parameters()]
    network.zero_grad()
    features = nn.Sequential.forward(network.features, network.standardise(eeg)).flatten(1)
    plain = nn.functional.linear(network.dense(features), network.output.weight)
    expected = plain + network.output.bias
    expected.square().sum().backward()
    torch.testing.assert_close(said, expected, rtol=1e-4, atol=1e-5)
    for parameter, gradient in zip(network.parameters(), gradients, strict=True):
        torch.testing.assert_close(gradient, parameter.grad, rtol=1e-3, atol=1e-4)
