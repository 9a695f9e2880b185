import math

import pytest
import torch

from multisource.errors import UserError
from multisource.network.losses import LOSSES, loss_function


def logit(p: float) -> float:
    return math.log(p / (1 - p))


# Two dipoles, estimates 0.2 and 0.7, truth 0 and 0.5, worked out by hand.
HAND = {
    "l1": (0.2 + 0.2) / 2,
    "mse": (0.04 + 0.04) / 2,
    "bce": (-math.log(0.8) - 0.5 * math.log(0.7) - 0.5 * math.log(0.3)) / 2,
    # Active or not: the second dipole's l of 0.5 counts as 1.
    "bce_active": (-math.log(0.8) - math.log(0.7)) / 2,
    "dice": 1 - (2 * 0.35 + 1) / (0.9 + 0.5 + 1),
}
HAND["bce_dice"] = 10 * HAND["bce"] + HAND["dice"]
# That of two maps is tested with the network that has them.
ONE_MAP = [name for name in LOSSES if name != "bce_maps"]


@pytest.mark.parametrize("name", ONE_MAP)
def test_loss_has_the_value_of_its_formula(name):
    logits = torch.tensor([[logit(0.2), logit(0.7)]], dtype=torch.float64)
    truth = torch.tensor([[0.0, 0.5]], dtype=torch.float64)
    assert float(loss_function(name)(logits, truth)) == pytest.approx(HAND[name], rel=1e-12)


@pytest.mark.parametrize("name", ONE_MAP)
def test_loss_stays_finite_where_the_sigmoid_saturates(name):
    logits = torch.tensor([[-200.0, 200.0]], requires_grad=True)
    value = loss_function(name)(logits, torch.tensor([[1.0, 0.0]]))
    value.backward()
    assert torch.isfinite(value)
    assert torch.isfinite(logits.grad).all()


@pytest.mark.parametrize("name", ["mse", "bce"])
def test_best_answer_to_a_certain_truth_is_the_truth(name):
    truth = torch.tensor([[0.25, 0.75]])
    logits = torch.tensor([[logit(0.25), logit(0.75)]], requires_grad=True)
    loss_function(name)(logits, truth).backward()
    torch.testing.assert_close(logits.grad, torch.zeros(1, 2), atol=1e-7, rtol=0)


def test_l1_prefers_the_zero_map_for_a_dipole_that_is_active_in_a_minority():
    # The median of 5 % ones is 0: the trap that the module describes.
    truth = torch.zeros(100, 1)
    truth[:5] = 1
    shared = torch.tensor(logit(0.05), requires_grad=True)
    loss_function("l1")(shared.expand(100, 1), truth).backward()
    assert shared.grad > 0
    shared.grad = None
    loss_function("bce")(shared.expand(100, 1), truth).backward()
    assert abs(float(shared.grad)) < 1e-7


def test_unknown_loss_is_refused_by_name():
    with pytest.raises(UserError, match="loss: 'l2'; allowed: l1, mse, bce"):
        loss_function("l2")
