import numpy as np
import pytest
import torch

from multisource.errors import UserError
from multisource.network.smooth_output import SmoothOutput, gaussian_basis, spread_points

POSITIONS = np.random.default_rng(0).uniform(-40, 40, (300, 3))


def test_no_output_is_further_from_an_anchor_than_asked():
    anchors = spread_points(POSITIONS, 15.0)
    distance = np.linalg.norm(POSITIONS[:, None] - POSITIONS[anchors], axis=2)
    assert distance.min(axis=1).max() <= 15.0
    # None of them could be spared: each was further than that from those before it.
    between = np.linalg.norm(POSITIONS[anchors][:, None] - POSITIONS[anchors], axis=2)
    assert between[np.triu_indices(len(anchors), 1)].min() > 15.0
    assert 20 < len(anchors) < 300


def test_weights_sum_to_one_and_fall_with_distance():
    anchors = POSITIONS[spread_points(POSITIONS, 15.0)]
    basis = gaussian_basis(POSITIONS, anchors, 15.0)
    np.testing.assert_allclose(basis.sum(axis=1), 1, rtol=1e-5)
    distance = np.linalg.norm(POSITIONS[:, None] - anchors, axis=2)
    np.testing.assert_array_equal(basis.argmax(axis=1), distance.argmin(axis=1))


def test_the_folded_layer_computes_the_same():
    layer = torch.nn.Linear(12, 300)
    smooth = SmoothOutput(layer, POSITIONS, 15.0)
    features = torch.randn(7, 12)
    with torch.no_grad():
        torch.testing.assert_close(smooth.folded()(features), smooth(features))
        # The bias of a plain layer stays; the basis is not part of what is saved.
        torch.testing.assert_close(smooth.bias, layer.bias)
    assert set(smooth.state_dict()) == {"coarse.weight", "bias"}


def test_positions_of_another_source_space_are_refused():
    with pytest.raises(UserError, match=r"positions: shape \(299, 3\)"):
        SmoothOutput(torch.nn.Linear(12, 300), POSITIONS[:-1], 15.0)
