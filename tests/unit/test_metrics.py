"""The metrics against closed forms, hand examples and brute force."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.stats import spearmanr
from simulation_case import truth_from_dense

from multisource.errors import UserError
from multisource.evaluation.distances import TruthDistances, read_distances, write_distances
from multisource.evaluation.estimates import (
    read_coefficients,
    read_estimates,
    read_metrics,
    write_estimates,
    write_metrics,
)
from multisource.evaluation.metrics import EXTRA_METRICS, PAPER_METRICS, evaluate
from multisource.inverse.baselines import random_maps

# Ten dipoles on a line, 10 mm apart; dipoles 2, 3, 4 are active with centre 3.
LINE = np.column_stack([10.0 * np.arange(10), np.zeros(10), np.zeros(10)])
ONE = truth_from_dense(np.array([[0, 0, 0.5, 1, 0.5, 0, 0, 0, 0, 0]]), np.array([[3, -1, -1]]))
HAND = np.array([[0.1, 0.7, 0.9, 1.0, 0.3, 0.2, 0.8, 0.0, 0.4, 0.05]])


def random_case(n_windows=40, n_dipoles=300, seed=1, levels=None):
    """Random patches on random points in a ball of 80 mm, and random estimates."""
    rng = np.random.default_rng(seed)
    positions = rng.standard_normal((n_dipoles, 3))
    positions *= (
        80
        * rng.random((n_dipoles, 1)) ** (1 / 3)
        / np.linalg.norm(positions, axis=1, keepdims=True)
    )
    truth = np.zeros((n_windows, n_dipoles))
    centre = np.full((n_windows, 3), -1)
    for s in range(n_windows):
        chosen = rng.choice(n_dipoles, rng.integers(1, 4), replace=False)
        centre[s, : len(chosen)] = chosen
        for c in chosen:
            distance = np.linalg.norm(positions - positions[c], axis=1)
            truth[s] = np.maximum(truth[s], np.clip(1 - distance / 30, 0, 1))
    estimates = rng.random((n_windows, n_dipoles)) + truth
    if levels:
        estimates = np.floor(levels * estimates / estimates.max())
    return estimates, truth, centre, positions


def test_hand_example():
    row = evaluate(HAND, ONE, LINE, close_radius_mm=20).iloc[0]
    # Close (within 20 mm of 2..4): 0, 1, 5, 6 with 0.1 0.7 0.2 0.8; far: 7, 8, 9.
    # Active 0.9 and 1.0 beat all; 0.3 beats 0.1 and 0.2 of the close, 0.0 and 0.05 of the far.
    assert row.auc_close == pytest.approx((4 + 4 + 2) / 12)
    assert row.auc_far == pytest.approx((3 + 3 + 2) / 9)
    assert row.auc_average == pytest.approx((row.auc_close + row.auc_far) / 2)
    assert row.auc_map == pytest.approx((7 + 7 + 4) / 21)
    # The three highest are 3, 2, 6.
    assert row.fraction_active == pytest.approx(2 / 3)
    assert row.dr_1 == row.dr_least == 0
    assert np.isnan(row.dr_2) and np.isnan(row.dr_3)
    # Distances from the peak (3) are 0, 10, 30 mm with weights 1, 0.9, 0.8.
    assert row.pas_mm == pytest.approx((0.9 * 10 + 0.8 * 30) / 2.7)
    # Precision at each hit: 1/1, 2/2, and 3/6 for dipole 4.
    assert row.average_precision == pytest.approx((1 + 1 + 0.5) / 3)
    assert row.dle_mm == 0
    outside = {0: 20, 1: 10, 5: 10, 6: 20, 7: 30, 8: 40, 9: 50}
    above = sum((d * HAND[0, i]) ** 2 for i, d in outside.items())
    assert row.spatial_dispersion_mm == pytest.approx(np.sqrt(above / (HAND**2).sum()))
    assert (row.n_sources, row.n_active) == (1, 3)


def test_hand_example_with_two_patches():
    truth = truth_from_dense(np.array([[1, 0.5, 0, 0, 0, 0, 0, 0, 0.5, 1]]), np.array([[0, 9, -1]]))
    row = evaluate(HAND, truth, LINE, close_radius_mm=20).iloc[0]
    # Seven dipoles lie above 0.1, eight above 0.05.
    assert (row.dr_1, row.dr_2, row.dr_least) == (0.7, 0.8, 0.8)
    assert np.isnan(row.pas_mm)
    # Cells 0..4 and 5..9; peaks at 3 (20 mm from dipole 1) and 6 (20 mm from dipole 8).
    assert row.dle_mm == pytest.approx(20)


def test_peak_inside_one_cell_counts_per_patch():
    estimate = np.zeros((1, 10))
    estimate[0, [0, 5]] = [1, 0.2]
    truth = truth_from_dense(np.array([[1, 0, 0, 0, 0, 0, 0, 0, 0, 1]]), np.array([[0, 9, -1]]))
    # 0 mm for the patch found, 40 mm for the other.
    assert evaluate(estimate, truth, LINE).dle_mm[0] == pytest.approx(20)


@pytest.mark.parametrize("levels", [None, 12])
def test_against_brute_force(levels):
    estimates, dense, centre, positions = random_case(levels=levels)
    frame = evaluate(estimates, truth_from_dense(dense, centre), positions, close_radius_mm=15)
    for s, row in frame.iterrows():
        e, active = estimates[s], dense[s] > 0
        distance = np.linalg.norm(positions[:, None] - positions[active], axis=2).min(axis=1)
        zones = {
            "auc_close": ~active & (distance <= 15),
            "auc_far": ~active & (distance > 15),
            "auc_map": ~active,
        }
        for name, zone in zones.items():
            pairs = np.sign(e[active][:, None] - e[zone])
            assert row[name] == pytest.approx((1 + pairs.mean()) / 2, abs=1e-12)
        # Ties at random, many times: the mean over orders, 2000 draws of a share (error < 0.01).
        n = active.sum()
        rng = np.random.default_rng(s)
        if levels and s < 5:
            draws = [active[np.lexsort((rng.random(len(e)), -e))[:n]].mean() for _ in range(2000)]
            assert row.fraction_active == pytest.approx(np.mean(draws), abs=0.02)
        elif not levels:
            assert row.fraction_active == pytest.approx(active[np.argsort(-e)[:n]].mean())
        for k, c in enumerate(centre[s][centre[s] >= 0]):
            rank = (e > e[c]).sum() + ((e == e[c]).sum() - 1) / 2
            assert row[f"dr_{k + 1}"] == pytest.approx(rank / len(e))
        thresholds = np.unique(e)[::-1]
        recall = np.array([(e[active] >= t).mean() for t in thresholds])
        precision = np.array([active[e >= t].mean() for t in thresholds])
        area = (np.diff(recall, prepend=0) * precision).sum()
        assert row.average_precision == pytest.approx(area)


def test_constant_map_is_chance():
    estimates, dense, centre, positions = random_case()
    truth = truth_from_dense(dense, centre)
    frame = evaluate(np.ones_like(estimates), truth, positions)
    share = (dense > 0).mean(axis=1)
    for name in ("auc_close", "auc_far", "auc_average", "auc_map"):
        assert (frame[name].dropna() == 0.5).all()
    np.testing.assert_allclose(frame.fraction_active, share)
    np.testing.assert_allclose(frame.average_precision, share)
    np.testing.assert_allclose(frame.dr_least, 299 / 2 / 300)
    # Zeros are a constant map too; what divides by the estimate is undefined.
    zeros = evaluate(np.zeros_like(estimates), truth, positions)
    pd.testing.assert_series_equal(zeros.auc_average, frame.auc_average)
    assert zeros.spatial_dispersion_mm.isna().all() and zeros.pas_mm.isna().all()


def test_perfect_map():
    _, dense, centre, positions = random_case()
    frame = evaluate(dense, truth_from_dense(dense, centre), positions)
    for name in ("auc_close", "auc_far", "auc_map", "fraction_active", "average_precision"):
        assert (frame[name].dropna() == 1).all()
    assert (frame[["dle_mm", "spatial_dispersion_mm"]] == 0).all(axis=None)
    # The centres share the value 1: ranks 0, 1/2, 1 of 300 by their number.
    np.testing.assert_allclose(frame.dr_least, (frame.n_sources - 1) / 2 / 300)


def test_random_map_has_the_papers_medians():
    """Max of k uniform ranks, k uniform on 1 to 3: the median solves (x + x^2 + x^3)/3 = 1/2."""
    rng = np.random.default_rng(0)
    n_windows, n_dipoles = 3000, 1000
    centre = np.full((n_windows, 3), -1)
    dense = np.zeros((n_windows, n_dipoles), np.float32)
    for s in range(n_windows):
        k = 1 + s % 3
        centre[s, :k] = rng.choice(n_dipoles, k, replace=False)
        dense[s, centre[s, :k]] = 1
    positions = rng.random((n_dipoles, 3)) * 100
    truth = truth_from_dense(dense, centre)
    frame = evaluate(random_maps(n_windows, n_dipoles, seed=0), truth, positions)
    root = np.roots([1 / 3, 1 / 3, 1 / 3, -1 / 2])
    expected = root[np.isreal(root)].real[0]
    assert expected == pytest.approx(0.691, abs=5e-4)
    # Standard error of the median: 1 / (2 f sqrt(3000)) = 0.007 with the density f = 1.27 there.
    assert frame.dr_least.median() == pytest.approx(expected, abs=0.03)
    for k in (1, 2, 3):
        column = frame[f"dr_{k}"].dropna()
        assert len(column) == {1: 3000, 2: 2000, 3: 1000}[k]
        assert column.median() == pytest.approx(0.5, abs=0.05)
    assert frame.auc_average.mean() == pytest.approx(0.5, abs=0.02)


def test_spread_of_a_cone_is_half_its_radius():
    """l = 1 - r/R on a disc: the weighted mean distance is R/2, the paper's 15 mm for 60 mm."""
    axis = np.arange(-40, 40.5)
    x, y = np.meshgrid(axis, axis)
    positions = np.column_stack([x.ravel(), y.ravel(), np.zeros(x.size)])
    cone = np.clip(1 - np.linalg.norm(positions, axis=1) / 30, 0, 1)[None]
    truth = truth_from_dense(cone, np.array([[cone.argmax()]]))
    # A grid of 1 mm samples the disc to about one percent.
    assert evaluate(cone, truth, positions).pas_mm[0] == pytest.approx(15, rel=0.01)


def test_rank_metrics_ignore_monotone_changes_and_the_order_of_dipoles():
    estimates, dense, centre, positions = random_case()
    before = evaluate(estimates, truth_from_dense(dense, centre), positions)
    after = evaluate(np.exp(5 * estimates), truth_from_dense(dense, centre), positions)
    ranks = [m for m in (*PAPER_METRICS, *EXTRA_METRICS) if m[:4] not in ("pas_", "spat")]
    pd.testing.assert_frame_equal(before[ranks], after[ranks])
    shuffle = np.random.default_rng(0).permutation(300)
    where = np.append(np.argsort(shuffle), -1)
    moved = truth_from_dense(dense[:, shuffle], where[centre])
    again = evaluate(estimates[:, shuffle], moved, positions[shuffle])
    pd.testing.assert_frame_equal(before, again)
    assert spearmanr(before.auc_average, before.average_precision).statistic > 0.3


def test_distance_ranks_are_taken_in_the_coefficients():
    """The second map ranks the centres, and nothing else."""
    plain = evaluate(HAND, ONE, LINE)
    second = np.array([[0, 0, 0.9, 0.5, 0, 0, 0.8, 0, 0, 0]])
    both = evaluate(HAND, ONE, LINE, coefficients=second)
    assert both.dr_1[0] == both.dr_least[0] == 0.2  # two of ten above the centre
    ranks = [name for name in plain if name.startswith("dr_")]
    pd.testing.assert_frame_equal(plain.drop(columns=ranks), both.drop(columns=ranks))
    pd.testing.assert_frame_equal(plain, evaluate(HAND, ONE, LINE, coefficients=HAND))
    with pytest.raises(UserError, match="coefficients: negative"):
        evaluate(HAND, ONE, LINE, coefficients=-second)


def test_a_fourth_patch_has_its_own_rank():
    truth = truth_from_dense(np.array([[1, 0, 0, 1, 0, 1, 0, 0, 0, 1]]), np.array([[3, 5, 0, 9]]))
    row = evaluate(HAND, truth, LINE).iloc[0]
    assert row[["dr_1", "dr_2", "dr_3", "dr_4"]].tolist() == [0, 0.6, 0.7, 0.8]
    assert row.dr_least == 0.8


@pytest.mark.parametrize("fault", ["nan", "negative", "shape", "positions", "radius", "empty"])
def test_bad_input_is_refused(fault):
    estimates, positions, truth, radius = HAND.copy(), LINE, ONE, 20.0
    if fault == "nan":
        estimates[0, 4] = np.nan
    elif fault == "negative":
        estimates[0, 4] = -0.1
    elif fault == "shape":
        estimates = estimates[:, :9]
    elif fault == "positions":
        positions = LINE[:9]
    elif fault == "radius":
        radius = 0.0
    else:
        truth = truth_from_dense(np.zeros((1, 10)), np.array([[3]]))
    with pytest.raises(UserError):
        evaluate(estimates, truth, positions, close_radius_mm=radius)


def test_files_round_trip(tmp_path):
    write_estimates(tmp_path / "e.nc", HAND, scenario="A", method="mne")
    back = read_estimates(tmp_path / "e.nc")
    np.testing.assert_array_equal(back, HAND.astype(np.float32))
    with xr.open_dataset(tmp_path / "e.nc") as plain:
        np.testing.assert_array_equal(plain["estimate"].values, back)
        assert plain["estimate"].dims == ("sample", "dipole") and plain.attrs["method"] == "mne"
    assert read_coefficients(tmp_path / "e.nc") is None
    write_estimates(tmp_path / "c.nc", HAND, scenario="A", method="net", coefficients=HAND / 2)
    second = read_coefficients(tmp_path / "c.nc")
    np.testing.assert_array_equal(second, (HAND / 2).astype(np.float32))
    np.testing.assert_array_equal(read_estimates(tmp_path / "c.nc"), back)
    with pytest.raises(UserError, match="coefficients: shape"):
        write_estimates(
            tmp_path / "c.nc", HAND, scenario="A", method="net", coefficients=HAND[:, :9]
        )
    frame = evaluate(HAND, ONE, LINE)
    for method in ("mne", "dspm"):
        write_metrics(tmp_path / f"{method}.parquet", frame, scenario="A", method=method)
    both = read_metrics([tmp_path / "mne.parquet", tmp_path / "dspm.parquet"])
    assert both.method.tolist() == ["mne", "dspm"] and (both.scenario == "A").all()
    pd.testing.assert_frame_equal(both[frame.columns].iloc[:1], frame)


def test_distances_measured_before_give_the_same_metrics(tmp_path):
    """Measured once for all methods; a window with the truth of the one before shares its row."""
    rng = np.random.default_rng(5)
    positions = rng.normal(size=(60, 3)) * 40
    dense = np.zeros((4, 60))
    dense[:3, [3, 4, 30]] = 1, 0.5, 1
    dense[3, [7, 8]] = 1
    truth = truth_from_dense(dense, np.array([[3, 30], [3, 30], [3, 30], [7, -1]]))
    distances = TruthDistances.of(truth, positions)
    assert distances.row.tolist() == [0, 0, 0, 1]
    write_distances(tmp_path / "distances.npz", distances)
    estimates = rng.random((4, 60))
    direct = evaluate(estimates, truth, positions)
    read = read_distances(tmp_path / "distances.npz")
    pd.testing.assert_frame_equal(
        evaluate(estimates, truth, positions, distances=read), direct, check_exact=True
    )
    with pytest.raises(UserError, match="measure them again"):
        evaluate(
            estimates[:, :50],
            truth_from_dense(dense[:, :50], truth.centre),
            positions[:50],
            distances=read,
        )
    (tmp_path / "distances.npz").write_bytes(b"PK")
    with pytest.raises(UserError, match="damaged"):
        read_distances(tmp_path / "distances.npz")
