"""Spatial module against the paper's laws: centres, extents, radial coefficients, truth."""

import numpy as np
import pytest

from multisource.errors import UserError
from multisource.simulation.patches import PatchDrawer


def uniforms(n, most, seed=0):
    return np.random.default_rng(seed).random((n, 1 + 2 * most))


def test_radial_coefficients_fall_linearly_and_the_rim_is_inactive():
    # Dipoles on a line every 2.5 mm: a 20 mm extent is a radius of 10 mm.
    positions = np.c_[np.arange(-20, 21, 2.5), np.zeros((17, 2))]
    centre = 8
    patches = PatchDrawer(positions).fill([[centre]], [[20.0]])
    distance = np.abs(positions[patches.truth.dipole, 0])
    assert distance.max() == 7.5  # the dipole at exactly 10 mm is out
    np.testing.assert_allclose(patches.coefficients[:, 0], 1 - distance / 10, atol=1e-6)
    np.testing.assert_allclose(patches.truth.coefficient, 1 - distance / 10, atol=1e-6)


def test_truth_of_overlapping_patches_is_the_sum_up_to_one():
    positions = np.c_[np.arange(0.0, 21.0, 1.0), np.zeros((21, 2))]
    patches = PatchDrawer(positions).fill([[5, 15]], [[24.0, 24.0]])
    by_hand = sum(np.maximum(1 - np.abs(positions[:, 0] - c) / 12, 0) for c in (5, 15))
    truth = np.zeros(21)
    truth[patches.truth.dipole] = patches.truth.coefficient
    np.testing.assert_allclose(truth, np.minimum(by_hand, 1), atol=1e-6)
    assert truth[5] == truth[15] == 1.0


def test_the_second_and_third_centre_follow_their_distance_laws():
    # Four dipoles on a line; the exact probabilities follow from the paper's rule.
    positions = np.array([[0.0, 0, 0], [1, 0, 0], [3, 0, 0], [7, 0, 0]])
    n = 60_000
    centres = (
        PatchDrawer(positions)
        .draw(uniforms(n, 3), n_patches=(3, 3), extent_mm=(0.1, 0.1))
        .truth.centre
    )
    distance = np.abs(positions[:, None, 0] - positions[None, :, 0])
    expected = {}
    for a in range(4):
        for b in set(range(4)) - {a}:
            near = np.minimum(distance[a], distance[b])
            for c in set(range(4)) - {a, b}:
                expected[a, b, c] = 0.25 * distance[a, b] / distance[a].sum() * near[c] / near.sum()
    assert sum(expected.values()) == pytest.approx(1)
    # 24 cells, binomial error; 5 standard deviations leave a false alarm below 2e-5.
    for triple, p in expected.items():
        count = np.all(centres == triple, axis=1).sum()
        assert abs(count - n * p) < 5 * np.sqrt(n * p * (1 - p)) + 1


def test_the_number_and_the_extent_of_patches_are_uniform():
    positions = np.random.default_rng(1).uniform(-50, 50, (200, 3))
    n = 20_000
    drawn = PatchDrawer(positions).draw(uniforms(n, 3), n_patches=(1, 3), extent_mm=(20, 60))
    counts = np.bincount((drawn.truth.centre >= 0).sum(axis=1), minlength=4)[1:]
    assert np.all(np.abs(counts - n / 3) < 5 * np.sqrt(n * 2 / 9))
    extents = np.sort(drawn.extents_mm[drawn.truth.centre >= 0])
    # Kolmogorov-Smirnov: 1.95 / sqrt(m) is exceeded once in a thousand.
    theory = (extents - 20) / 40
    assert np.abs(theory - np.linspace(0, 1, len(extents))).max() < 1.95 / np.sqrt(len(extents))
    assert np.all(drawn.extents_mm[drawn.truth.centre < 0] == 0)


def test_the_first_centre_is_uniform_and_centres_never_repeat():
    positions = np.random.default_rng(2).uniform(-50, 50, (20, 3))
    n = 20_000
    centres = (
        PatchDrawer(positions).draw(uniforms(n, 5), n_patches=(5, 5), extent_mm=(1, 2)).truth.centre
    )
    counts = np.bincount(centres[:, 0], minlength=20)
    assert np.all(np.abs(counts - n / 20) < 5 * np.sqrt(n * 0.05 * 0.95))
    ordered = np.sort(centres, axis=1)
    assert np.all(np.diff(ordered, axis=1) > 0)


def test_dipoles_come_ordered_by_class_without_loss():
    rng = np.random.default_rng(4)
    positions = rng.uniform(-50, 50, (2000, 3))
    classes = rng.integers(0, 3, 2000)
    drawn = uniforms(30, 2)
    kind = {"n_patches": (1, 2), "extent_mm": (20.0, 60.0)}
    plain = PatchDrawer(positions).draw(drawn, **kind)
    ordered = PatchDrawer(positions, classes).draw(drawn, **kind)
    for s in range(30):
        span = slice(plain.truth.offset[s], plain.truth.offset[s + 1])
        assert np.all(np.diff(classes[ordered.truth.dipole[span]]) >= 0)
        order = np.argsort(ordered.truth.dipole[span])
        same = np.argsort(plain.truth.dipole[span])
        np.testing.assert_array_equal(
            ordered.truth.dipole[span][order], plain.truth.dipole[span][same]
        )
        np.testing.assert_array_equal(
            ordered.coefficients[span][order], plain.coefficients[span][same]
        )


def test_centres_stay_off_the_medial_wall_but_patches_may_reach_it():
    rng = np.random.default_rng(5)
    positions = rng.uniform(-50, 50, (400, 3))
    cortex = rng.random(400) < 0.7
    drawn = uniforms(4000, 3)
    kind = {"n_patches": (1, 3), "extent_mm": (20.0, 60.0)}
    patches = PatchDrawer(positions, cortex=cortex).draw(drawn, **kind)
    centres = patches.truth.centre[patches.truth.centre >= 0]
    assert cortex[centres].all() and set(centres) == set(np.flatnonzero(cortex))
    assert not cortex[patches.truth.dipole].all()
    # The centres are those drawn on the cortex's dipoles alone, by the same laws.
    alone = PatchDrawer(positions[cortex]).draw(drawn, **kind)
    np.testing.assert_array_equal(alone.truth.centre >= 0, patches.truth.centre >= 0)
    # Another mean is taken out of the positions, so that a rare draw may round to a neighbour.
    same = np.flatnonzero(cortex)[alone.truth.centre[alone.truth.centre >= 0]] == centres
    assert same.mean() > 0.999
    # Cortex everywhere is no restriction.
    free = PatchDrawer(positions).draw(drawn, **kind)
    whole = PatchDrawer(positions, cortex=np.ones(400, bool)).draw(drawn, **kind)
    np.testing.assert_array_equal(free.truth.centre, whole.truth.centre)


def test_impossible_centres_are_refused():
    with pytest.raises(UserError, match="cortex: shape"):
        PatchDrawer(np.zeros((4, 3)), cortex=np.ones(3, bool))
    with pytest.raises(UserError, match="need as many dipoles, not 2"):
        drawer = PatchDrawer(np.zeros((4, 3)), cortex=np.array([True, True, False, False]))
        drawer.draw(uniforms(1, 3), n_patches=(1, 3), extent_mm=(20, 60))
    positions = np.zeros((4, 3))
    with pytest.raises(UserError, match="dipole 9 does not exist"):
        PatchDrawer(positions).fill([[9]], [[20.0]])
    with pytest.raises(UserError, match="need as many dipoles"):
        PatchDrawer(positions).draw(uniforms(1, 5), n_patches=(1, 5), extent_mm=(20, 60))
