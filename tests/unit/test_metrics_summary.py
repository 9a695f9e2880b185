"""Intervals and tests against Monte Carlo and textbook values."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import bootstrap

from multisource.errors import UserError
from multisource.evaluation.summary import (
    compare,
    median_interval,
    middle_interval,
    rank_biserial,
    summarise,
)


@pytest.mark.parametrize("n", [41, 200])
def test_interval_is_the_percentile_bootstraps(n):
    values = np.random.default_rng(n).standard_normal(n)
    low, high = median_interval(values)
    drawn = bootstrap(
        (values,),
        np.median,
        n_resamples=20000,
        method="percentile",
        random_state=np.random.default_rng(0),
    ).confidence_interval
    # For odd n the same order statistics; for even n they may be neighbours.
    gap = np.diff(np.sort(values)).max() if n % 2 == 0 else 1e-12
    assert low == pytest.approx(drawn.low, abs=gap) and high == pytest.approx(drawn.high, abs=gap)
    if n % 2:
        assert low in values and high in values


def test_interval_covers_the_median():
    rng = np.random.default_rng(0)
    hits = [low <= 0 <= high for low, high in map(median_interval, rng.standard_normal((600, 101)))]
    # Binomial error of a share of 0.95 in 600 trials is 0.009.
    assert 0.92 < np.mean(hits) < 0.98


def test_interval_of_ties_single_values_and_nothing():
    assert median_interval(np.ones(50)) == (1, 1)
    assert median_interval(np.array([2.0])) == (2, 2)
    assert median_interval(np.array([np.nan, 3.0])) == (3, 3)
    assert np.isnan(median_interval(np.array([np.nan]))).all()


def frame_of(**methods):
    parts = []
    for method, values in methods.items():
        part = pd.DataFrame({"sample": range(len(values)), "dr_least": values})
        parts.append(part.assign(scenario="A", method=method, dr_2=np.nan))
    return pd.concat(parts, ignore_index=True)


def test_summary_counts_defined_windows_only():
    table = summarise(frame_of(convnet=[0.1, 0.2, np.nan, 0.6], mne=[1.0, 2.0, 3.0, 4.0]))
    assert table.metric.tolist() == ["dr_least", "dr_least"]
    assert table["median"].tolist() == [0.2, 2.5] and table.n.tolist() == [3, 4]


def test_rank_biserial_of_hand_example():
    # Ranks 1, 2, 3.5, 3.5 of |1|, |2|, |3|, |3|: (1 - 2 + 3.5 + 3.5) / 10.
    assert rank_biserial(np.array([1, -2, 3, 3, 0])) == pytest.approx(0.6)
    assert rank_biserial(np.zeros(4)) == 0
    assert rank_biserial(np.array([1.0, 2.0])) == 1


def test_comparison_finds_differences_and_corrects_them():
    rng = np.random.default_rng(0)
    base = rng.random(300)
    near = base + rng.normal(0.01, 0.1, 300)
    frame = frame_of(convnet=base, mne=base + 0.1, dspm=near, loreta=base)
    table = compare(frame).set_index("method")
    assert table.p_holm["mne"] < 1e-40 and table.effect["mne"] == 1
    assert table.median_difference["mne"] == pytest.approx(0.1)
    assert table.p["loreta"] == table.p_holm["loreta"] == 1 and table.effect["loreta"] == 0
    # Holm by hand: three tests, the smallest p times 3, the next times 2.
    assert table.p_holm["mne"] == pytest.approx(3 * table.p["mne"])
    assert 0.001 < table.p["dspm"] < 0.3
    assert table.p_holm["dspm"] == pytest.approx(2 * table.p["dspm"])


def test_comparison_pairs_by_window_whatever_their_order():
    rng = np.random.default_rng(0)
    frame = frame_of(convnet=rng.random(50), mne=rng.random(50))
    shuffled = frame.sample(frac=1, random_state=1)
    columns = ["median_difference", "effect", "p"]
    pd.testing.assert_frame_equal(compare(frame)[columns], compare(shuffled)[columns])


def test_comparison_refuses_what_cannot_be_paired():
    with pytest.raises(UserError, match="convnet"):
        compare(frame_of(mne=[1.0, 2.0]))
    with pytest.raises(UserError, match="windows"):
        late = frame_of(convnet=[1.0, 2.0, 3.0], mne=[1.0, 2.0])
        late.loc[late["method"] == "mne", "sample"] += 2
        compare(late)


def test_interval_of_a_share_stays_between_0_and_1():
    """Wilson 1927: the shares that a test of the observed one does not reject."""
    values = np.array([1.0] * 29 + [0.0])
    middle, low, high = middle_interval(values, "mean")
    assert middle == pytest.approx(29 / 30)
    for bound in (low, high):
        z = (29 / 30 - bound) / np.sqrt(bound * (1 - bound) / 30)
        assert abs(z) == pytest.approx(1.959964, rel=1e-5)
    assert 0 < low < middle < high < 1
    assert middle_interval(np.ones(20), "mean")[2] == 1


def test_interval_of_a_count_does_not_reach_below_0():
    values = np.array([0.0] * 29 + [3.0])
    middle, low, high = middle_interval(values, "mean")
    assert (middle, low) == (pytest.approx(0.1), 0)
    assert high == pytest.approx(0.1 + 1.959964 * values.std() / np.sqrt(30), rel=1e-6)
    assert middle_interval(values - 1, "mean")[1] == pytest.approx(2 * (0.1 - 1) - high + 1)
