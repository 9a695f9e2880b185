"""Recalibration of P(active): the line is found, and folded into the weights of map 0 alone."""

import numpy as np
import pytest
import torch
from network_case import CHANNELS, DIPOLES, TIMES, tiny_gain, tiny_windows
from scipy.optimize import minimize
from torch.nn.functional import binary_cross_entropy_with_logits

from multisource.network.calibrate import calibrate, fit_line
from multisource.network.contract import ForwardModel
from multisource.network.registry import build_network


def labels_of(logits, slope, intercept, seed=0):
    """Labels of which the logits would be right after the line."""
    true = 1 / (1 + np.exp(-(slope * logits + intercept)))
    return np.random.default_rng(seed).random(logits.shape) < true


@pytest.mark.parametrize("line", [(1.0, 0.0), (0.5, -1.0), (2.0, 0.7)])
def test_the_line_is_found(line):
    logits = np.random.default_rng(1).normal(-2, 2, (100, 1000)).astype(np.float32)
    active = labels_of(logits, *line)
    found = fit_line(np.array_split(logits, 3), np.array_split(active, 3))

    def cross_entropy(x):
        z = x[0] * logits.astype(float) + x[1]
        return (np.logaddexp(0, z) - active * z).mean()

    # The same minimum by another method.
    other = minimize(cross_entropy, (1, 0), tol=1e-10).x
    np.testing.assert_allclose(found, other, atol=1e-3)
    # 100,000 labels: the standard errors are about 0.01 at most.
    np.testing.assert_allclose(found, line, atol=0.05)


def test_logits_without_an_error_keep_a_finite_slope():
    logits = np.where(np.arange(200) < 20, 1.0, -1.0).astype(np.float32)[None]
    found = fit_line([logits], [logits > 0])
    assert 5 < found.slope < 100


@pytest.mark.parametrize("share", [0, 1])
def test_windows_of_one_kind_change_nothing(share):
    logits = np.random.default_rng(0).standard_normal((3, 40)).astype(np.float32)
    assert fit_line([logits], [np.full(logits.shape, bool(share))]) == (1, 0)


def test_a_network_that_says_the_contrary_is_left_as_it_is():
    logits = np.random.default_rng(0).standard_normal((3, 400)).astype(np.float32)
    assert fit_line([logits], [labels_of(logits, -1, 0)]) == (1, 0)


@pytest.fixture
def network():
    """Trained a little on the tiny problem, right on windows 2, then made too sure."""
    torch.manual_seed(0)
    made = build_network("covnet", CHANNELS, TIMES, DIPOLES, hidden=[64], nodes=DIPOLES)
    positions = np.random.default_rng(0).uniform(-70, 70, (DIPOLES, 3))
    made.prepare(ForwardModel(tiny_gain(), positions, np.eye(TIMES)))
    made.standardise.fit(tiny_windows(300).eeg)
    made.eval()
    learned = tiny_windows(300, seed=1)
    eeg = torch.from_numpy(learned.eeg)
    label = torch.from_numpy((learned.truth.dense() > 0).astype(np.float32))
    optimizer = torch.optim.Adam(made.parameters(), lr=0.01)
    for _ in range(6):
        optimizer.zero_grad()
        binary_cross_entropy_with_logits(made(eeg)[:, 0], label).backward()
        optimizer.step()
    calibrate(made, tiny_windows(200, seed=2))
    made.recalibrate(2.0, 0.5)
    return made


def test_the_fold_lowers_the_cross_entropy_and_changes_nothing_else(network):
    windows, others = tiny_windows(200, seed=2), tiny_windows(200, seed=3)
    label = torch.from_numpy((windows.truth.dense() > 0).astype(np.float32))
    eeg, unseen = torch.from_numpy(windows.eeg), torch.from_numpy(others.eeg)
    kept = {name: value.clone() for name, value in network.state_dict().items()}
    with torch.no_grad():
        before, before_unseen = network(eeg), network(unseen)
    found = calibrate(network, windows)
    assert found == pytest.approx((0.5, -0.25), rel=1e-3), "what had been done is undone"
    with torch.no_grad():
        after, after_unseen = network(eeg), network(unseen)
    for old, new in ((before, after), (before_unseen, after_unseen)):
        torch.testing.assert_close(
            new[:, 0], found.slope * old[:, 0] + found.intercept, rtol=1e-4, atol=1e-4
        )
        assert torch.equal(new[:, 1], old[:, 1])
        # Ranks stay, but for pairs that rounding cannot tell apart.
        lower = old[:, 0].sort(dim=1).values.diff(dim=1) > 1e-4
        order = old[:, 0].argsort(dim=1)
        assert (new[:, 0].gather(1, order).diff(dim=1)[lower] > 0).all()
    loss = binary_cross_entropy_with_logits
    assert loss(after[:, 0], label) < 0.99 * loss(before[:, 0], label)
    label = torch.from_numpy((others.truth.dense() > 0).astype(np.float32))
    assert loss(after_unseen[:, 0], label) < loss(before_unseen[:, 0], label)
    changed = {n for n, value in network.state_dict().items() if not torch.equal(value, kept[n])}
    assert changed == {"output.nodes.weight", "output.bias"}
    # Once recalibrated, there is nothing left to do.
    assert calibrate(network, windows) == pytest.approx((1, 0), abs=1e-3)
