"""The posterior over patches as a solver of the registry, from windows to the scored file."""

import inverse_case
import numpy as np
import pandas as pd
import pytest
from solver_case import SETTINGS, simulated_case

from multisource.errors import UserError
from multisource.evaluation.distances import TruthDistances
from multisource.evaluation.estimates import read_coefficients, read_estimates, write_estimates
from multisource.evaluation.metrics import evaluate
from multisource.evaluation.summary import compare, summarise
from multisource.evaluation.tables import build_table, printed
from multisource.inverse import registry
from multisource.netcdf import read_arrays
from multisource.posterior.areas import dipole_areas


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    """Return the forward, the study and six simulated windows."""
    return simulated_case(tmp_path_factory.mktemp("posterior"), 6)


def solve(case, **options):
    forward, study, block, _ = case
    eeg = block.eeg.astype(float)
    return registry.estimates("patch_posterior", forward, eeg, study=study, **options)


def test_it_finds_more_than_a_linear_solver_and_says_how_sure(case, tmp_path):
    forward, _, block, positions = case
    found = solve(case, budget=1500, windows=None)
    truth = block.patches.truth
    metrics = evaluate(found.maps, truth, positions, coefficients=found.coefficients)
    linear = evaluate(
        registry.estimate("eloreta", forward, block.eeg.astype(float)), truth, positions
    )
    assert metrics.fraction_active.mean() > linear.fraction_active.mean() + 0.1
    assert metrics.auc_average.mean() > linear.auc_average.mean()
    assert metrics.dr_least.mean() < linear.dr_least.mean()
    write_estimates(
        tmp_path / "e.nc",
        found.maps,
        scenario="test",
        method="patch_posterior",
        coefficients=found.coefficients,
        more=found.variables,
    )
    np.testing.assert_array_equal(read_estimates(tmp_path / "e.nc"), found.maps)
    np.testing.assert_array_equal(read_coefficients(tmp_path / "e.nc"), found.coefficients)
    names = (
        "number_probability",
        "source_centre",
        "source_probability",
        "source_course_nam",
        "source_area_mm2",
        "agreement",
        "source_extent_mm",
        "log_evidence",
        "source_region",
    )
    held, _ = read_arrays(tmp_path / "e.nc", *names)
    np.testing.assert_allclose(held["number_probability"].sum(axis=1), 1)
    # As many sources as are most probable; their extents' intervals hold the middle.
    counts = (held["source_centre"] >= 0).sum(axis=1)
    assert counts.tolist() == held["number_probability"].argmax(axis=1).tolist()
    some = held["source_centre"] >= 0
    middle, low, high = np.moveaxis(held["source_extent_mm"][some], -1, 0)
    assert ((low <= middle) & (middle <= high)).all() and (low >= 45).all() and (high <= 70).all()
    assert held["source_course_nam"].shape == (6, 5, 3, SETTINGS.n_times)
    for i, k in np.argwhere(some):
        region = held["source_region"][i, k]
        area = dipole_areas(forward)[region[region >= 0]].sum()
        assert held["source_area_mm2"][i, k] == pytest.approx(area)
    # One temperature: no evidence.
    assert np.isnan(held["log_evidence"]).all()
    assert ((held["agreement"] >= 0) & (held["agreement"] <= 1)).all()


def test_the_first_windows_only_and_the_tables_say_so(case):
    _, _, block, positions = case
    part = solve(case, budget=150, windows=2)
    assert part.maps.shape == part.coefficients.shape == (2, len(positions))
    # A window's estimate does not depend on how many there are.
    more = solve(case, budget=150, windows=3)
    np.testing.assert_array_equal(part.maps, more.maps[:2])
    truth = block.patches.truth
    distances = TruthDistances.of(truth, positions)
    some = evaluate(part.maps, truth.first(2), positions, distances=distances.first(2))
    pd.testing.assert_frame_equal(some, evaluate(part.maps, truth.first(2), positions))
    rest = evaluate(np.random.default_rng(0).random((6, len(positions))), truth, positions)
    frames = [
        frame.assign(scenario="mine", method=method)
        for method, frame in (("convnet", rest), ("patch_posterior", some))
    ]
    metrics = pd.concat(frames)
    for reference in ("convnet", "patch_posterior"):
        tested = compare(metrics, reference).set_index("metric")
        expected = np.median(some.auc_map - rest.auc_map[:2])
        sign = 1 if reference == "convnet" else -1
        assert tested.median_difference["auc_map"] == pytest.approx(sign * expected)
    paper = pd.DataFrame(columns=["table", "scenario", "method", "metric", "value"])
    table = build_table(
        "mine", paper, summarise(metrics), extra_methods=("convnet", "patch_posterior")
    )
    assert printed(table).index.tolist() == ["ConvNet", "Patch posterior (2 windows)"]
    other = metrics.copy()
    other.loc[other.method == "patch_posterior", "sample"] += 5
    with pytest.raises(UserError, match="other windows"):
        compare(other, "convnet")


def test_areas_add_up_to_the_surfaces():
    forward = inverse_case.forward()
    areas = dipole_areas(forward)
    total = 0.0
    for part in forward["src"]:
        a, b, c = (part["rr"][part["tris"][:, k]] * 1e3 for k in range(3))
        total += np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2
    assert areas.sum() == pytest.approx(total) and (areas > 0).all()


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"operator": "fdm"}, "operator: 'fdm'; allowed: bem, fem"),
        ({"windows": 0}, "windows: 0"),
        ({"sources": [0, 9]}, "sources"),
        ({"budget": 1}, "budget: 1; each of 2 chains"),
        ({"boost_factor": 0.5}, "boost_factor"),
        ({"scale_sd": -1.0}, "scale_sd"),
        ({"credibility": 1.0}, "credibility"),
        ({"chains": 0}, "chains: 0"),
        ({"trust": 1.5}, "trust: 1.5"),
    ],
)
def test_options_out_of_range_are_refused(case, options, word):
    with pytest.raises(UserError, match=word):
        solve(case, **options)


def test_without_the_study_it_is_refused(case):
    forward, _, block, _ = case
    with pytest.raises(UserError, match="study"):
        registry.estimates("patch_posterior", forward, block.eeg)
