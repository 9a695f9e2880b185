"""What is learnt of how sure a network may be, and what is said with it."""

import itertools

import numpy as np
import pytest
from scipy.special import expit, logit

from multisource.certainty.certainty import (
    Sources,
    fit_certainty,
    load_certainty,
    save_certainty,
    tell_sources,
)
from multisource.certainty.levels import LEVELS
from multisource.certainty.logistic import fit_logistic
from multisource.certainty.matching import match_sources
from multisource.certainty.peaks import MOST, find_peaks
from multisource.certainty.variables import as_variables
from multisource.errors import UserError
from multisource.evaluation.detection import detection
from multisource.evaluation.sources import judge_sources
from multisource.simulation.truth import SparseTruth

# A flat cortex, dipoles 5 mm apart.
SIDE = 40
POSITIONS = np.stack([*np.meshgrid(np.arange(SIDE), np.arange(SIDE))], axis=2).reshape(-1, 2) * 5.0
POSITIONS = np.column_stack([POSITIONS, np.zeros(len(POSITIONS))])


def bump(centre, height, width=15.0):
    """A map with its peak at a dipole."""
    far = np.linalg.norm(POSITIONS - POSITIONS[centre], axis=1)
    return height * np.exp(-((far / width) ** 2))


def truth_of(centres):
    """Windows whose only active dipoles are the centres."""
    counts = [len(c) for c in centres]
    padded = np.full((len(centres), max(counts)), -1)
    for row, c in zip(padded, centres, strict=True):
        row[: len(c)] = c
    dipole = np.concatenate([np.sort(c) for c in centres]).astype(np.int32)
    return SparseTruth(
        offset=np.concatenate([[0], np.cumsum(counts)]),
        dipole=dipole,
        coefficient=np.ones(len(dipole), np.float32),
        centre=padded,
        n_dipoles=len(POSITIONS),
    )


def study(n, seed):
    """Windows with none or one source, shown at a place that is off by the surer the less."""
    rng = np.random.default_rng(seed)
    active, centres = [], []
    for _ in range(n):
        sure = rng.uniform(0.1, 0.95)
        centre = int(rng.integers(len(POSITIONS)))
        off = rng.normal(0, 16 * (1.2 - sure), 3) * [1, 1, 0]
        shown = int(np.linalg.norm(POSITIONS - POSITIONS[centre] - off, axis=1).argmin())
        active.append(bump(shown, sure) if rng.random() < 0.9 else bump(shown, 0.01))
        # It is there less often than the map says: as if its log odds were halved.
        there = active[-1].max() > 0.05 and rng.random() < expit(0.5 * logit(sure))
        centres.append([centre] if there else [])
    return np.array(active), truth_of([np.array(c, int) for c in centres])


@pytest.fixture(scope="module")
def learnt():
    """What is learnt on 3000 windows."""
    active, truth = study(3000, seed=0)
    return fit_certainty(active, active, truth, POSITIONS)


def test_the_line_of_log_odds_is_found():
    rng = np.random.default_rng(1)
    said = rng.uniform(0.01, 0.99, 40_000)
    line = fit_logistic(said, rng.random(len(said)) < expit(0.6 * logit(said) - 0.4))
    # Standard errors .01 and .015.
    assert line == pytest.approx((0.6, -0.4), abs=0.05)


def test_a_value_that_parts_all_cases_gives_a_finite_line_and_one_kind_none():
    said = np.r_[np.full(30, 0.2), np.full(30, 0.8)]
    line = fit_logistic(said, said > 0.5)
    assert np.isfinite(line).all() and line(np.array([0.8]))[0] == pytest.approx(31 / 32, abs=0.01)
    assert fit_logistic(said, np.ones(60, bool)) is None


def test_peaks_are_apart_ordered_and_not_on_a_slope():
    high, low, near = 10 * SIDE + 10, 30 * SIDE + 30, 10 * SIDE + 13
    one = np.maximum(bump(high, 0.6), bump(low, 0.9))
    # A shoulder 15 mm from the higher peak is no source of its own.
    one = np.maximum(one, bump(near, 0.5, width=4))
    peaks = find_peaks(np.stack([one, np.full(len(one), 0.5)]), np.stack([one, one * 0]), POSITIONS)
    assert list(peaks.dipole[0]) == [low, high, -1, -1, -1]
    assert peaks.active[0, :2] == pytest.approx([0.9, 0.6])
    # Of equal values the first dipoles are peaks, each far from the others.
    flat = POSITIONS[peaks.dipole[1]]
    apart = np.linalg.norm(flat[:, None] - flat, axis=2)[np.triu_indices(MOST, 1)]
    assert apart.min() >= 20


def test_sources_are_matched_one_to_one_the_nearest_first():
    said = np.array([[0.0, 0, 0], [10, 0, 0], [200, 0, 0]])
    true = np.array([[8.0, 0, 0], [30, 0, 0]])
    assert list(match_sources(said, true)) == [1, 0, -1]
    assert list(match_sources(said, true[:0])) == [-1, -1, -1]


def test_new_windows_come_true_as_often_as_said(learnt):
    active, truth = study(3000, seed=1)
    said = tell_sources(learnt, active, active, POSITIONS)
    there = truth.n_patches > 0
    for low, high in itertools.pairwise([0, 0.3, 0.6, 0.8, 1]):
        inside = (said.presence >= low) & (said.presence < high)
        if inside.sum() > 100:
            # Three standard errors of a share of 100 windows are .15; most bins have more.
            assert said.presence[inside].mean() == pytest.approx(there[inside].mean(), abs=0.1)
    judged = judge_sources(said, truth, POSITIONS)
    for level in LEVELS:
        # About 1400 sources: standard error .014 at most. Distances come in steps of the dipoles,
        # and a radius is the next larger of them.
        assert level - 0.04 < judged[f"within_{100 * level:.0f}"] < level + 0.08
    assert judged["radius_80_mm"] > judged["error_mm"]


def test_surer_sources_have_smaller_radii(learnt):
    assert (np.diff(learnt.radius_mm[:, 1]) <= 2.5).all()
    assert learnt.radius_mm[-1, 1] < 0.6 * learnt.radius_mm[0, 1]
    assert (np.diff(learnt.radius_mm, axis=1) >= 0).all()


def test_numbers_are_those_of_independent_sources_given_presence(learnt):
    active = np.maximum(bump(5 * SIDE + 5, 0.6), bump(30 * SIDE + 30, 0.8))[None]
    said = tell_sources(learnt, active, active, POSITIONS)
    p = said.probability[0, :2]
    some = 1 - (1 - p).prod()
    one = (p[0] * (1 - p[1]) + p[1] * (1 - p[0])) / some
    assert said.number[0, :3] == pytest.approx(
        [1 - said.presence[0], said.presence[0] * one, said.presence[0] * p.prod() / some]
    )
    assert said.number.sum(axis=1) == pytest.approx(1)


def test_windows_that_all_have_a_source_teach_no_presence(caplog):
    active, truth = study(600, seed=2)
    there = np.flatnonzero(truth.n_patches > 0)
    centres = [truth.centres(i) for i in there]
    learnt = fit_certainty(active[there], active[there], truth_of(centres), POSITIONS)
    assert learnt.presence is None and "n_patches: [0, 3]" in caplog.text
    said = tell_sources(learnt, active, active, POSITIONS)
    assert np.isnan(said.presence).all()


def test_a_network_that_finds_nothing_teaches_nothing(caplog):
    _, truth = study(300, seed=3)
    empty = np.zeros((300, len(POSITIONS)))
    assert fit_certainty(empty, empty, truth, POSITIONS) is None
    assert "0 sources in 300 validation windows" in caplog.text


def test_what_is_learnt_is_read_back(learnt, tmp_path):
    path = tmp_path / "certainty.json"
    save_certainty(path, learnt)
    again = load_certainty(path)
    assert (again.presence, again.source, again.windows) == (learnt.presence, learnt.source, 3000)
    np.testing.assert_array_equal(again.borders, learnt.borders)
    np.testing.assert_array_equal(again.radius_mm, learnt.radius_mm)
    save_certainty(path, None)
    assert load_certainty(path) is None
    path.write_text('{"presence": 3}')
    with pytest.raises(UserError, match="certainty.json"):
        load_certainty(path)


def test_variables_have_a_row_a_window(learnt):
    active, _ = study(7, seed=4)
    variables = as_variables(tell_sources(learnt, active, active, POSITIONS))
    assert {len(values) for _, values, _ in variables.values()} == {7}


def test_sources_are_judged_by_their_matches():
    centres = [np.array([0, 3 * SIDE]), np.array([], int)]
    said = Sources(
        presence=np.array([0.9, 0.2]),
        number=np.array([[0.1, 0.2, 0.7], [0.8, 0.2, 0.0]]),
        centre=np.array([[1, 3 * SIDE + 2, 900], [5, -1, -1]]),
        probability=np.array([[0.9, 0.6, 0.3], [0.2, np.nan, np.nan]]),
        radius_mm=np.tile(np.array([4.0, 6.0, 12.0]), (2, 3, 1)),
    )
    judged = judge_sources(said, truth_of(centres), POSITIONS)
    assert (judged["sources"], judged["said"], judged["true"], judged["found"]) == (2, 2, 1, 1)
    # 5 and 10 mm off.
    assert judged["error_mm"] == 7.5 and judged["radius_80_mm"] == 6.0
    assert [judged[f"within_{p}"] for p in (50, 80, 95)] == [0, 0.5, 1]
    assert judged["number_right"] == 1


def test_detection_at_five_false_alarms_of_a_hundred():
    nothing = np.arange(100.0)
    assert detection(nothing, np.array([94.0, 95.0, 200.0])) == (
        pytest.approx(2 / 3),
        pytest.approx((94.5 + 95.5 + 100) / 300),
    )
    assert detection(nothing, nothing)[1] == pytest.approx(0.5)
