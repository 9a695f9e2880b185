"""The page of brains to turn: what it holds is what was given, to the precision it states."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from figures_case import ball_dipoles, ball_regions, two_balls

from multisource.brains.pack import Pack, in_steps, unpack
from multisource.brains.page import brains_page, inside_script
from multisource.brains.scenes import MethodMaps, Scene
from multisource.brains.study import recording_scene, scenario_scenes
from multisource.brains.surface import turned_cortex
from multisource.certainty.certainty import Sources
from multisource.certainty.levels import LEVELS
from multisource.evaluation.estimates import write_estimates
from multisource.evaluation.sources import VARIABLES
from multisource.recordings.sources import said_at_moments
from multisource.simulation.truth import SparseTruth

DIPOLES = 2 * 642
CORTEX = np.arange(30) != 7
TO_MNI = np.array([[0.9, 0, 0, 1], [0, 0.8, 0, -2], [0, 0, 0.7, 3], [0, 0, 0, 1]])
# Two moments with no, two and six sources said; only those of one half or more are shown.
SAID = Sources(
    presence=np.array([np.nan, 0.9]),
    number=np.tile(np.eye(6)[1], (2, 1)),
    centre=np.array([[-1] * 5, [7, 700, 1200, -1, -1]]),
    probability=np.array([[np.nan] * 5, [0.8, 0.5, 0.49, np.nan, np.nan]]),
    radius_mm=np.arange(30.0).reshape(2, 5, 3),
)


@pytest.fixture(scope="module")
def surfaces():
    return two_balls()


@pytest.fixture(scope="module")
def dipoles():
    return ball_dipoles()


def scene(**changes):
    rng = np.random.default_rng(0)
    truth = np.zeros(DIPOLES, np.float32)
    truth[[3, 5, 1000]] = np.float32([0.1, 1.0, 1 / 3])
    given = {
        "key": "A",
        "name": "A </script><b>",
        "moments": ["first", "second"],
        "shown": [
            MethodMaps("covnet", rng.random((2, DIPOLES)), probability=True, said=SAID),
            MethodMaps("mne", np.vstack([np.zeros(DIPOLES), 1e-9 * rng.random(DIPOLES)])),
        ],
        "truth": truth,
        "centres": [5, -1, 1000],
        "first": 1,
        "strength": np.array([1e-6, 2.5e-6]),
    }
    return Scene(**(given | changes))


@pytest.fixture(scope="module")
def page(surfaces, dipoles):
    return brains_page(
        "Two balls",
        turned_cortex(surfaces, dipoles),
        dipoles.positions,
        ball_regions(),
        TO_MNI,
        [scene()],
    )


@pytest.fixture(scope="module")
def held(page):
    """What the page describes, and a function that returns an array of it."""
    about = json.loads(re.search(r'id="about">(.*?)</script>', page)[1])
    text = re.search(r'id="arrays">(.*?)</script>', page)[1]
    return about, lambda place: unpack(text, place)


@pytest.mark.parametrize("kind", ["u1", "u2", "u4", "i1", "f4"])
def test_arrays_come_back_as_they_were(kind):
    pack, other = Pack(), np.arange(3)
    values = np.array([0, 1, 100] if kind != "f4" else [0.1, -1e-30, 7e8], np.dtype(kind))
    pack.add(other, "u1")  # three bytes before it
    place = pack.add(values, kind)
    found = unpack(pack.text(), place)
    assert found.dtype == f"<{kind}" and np.array_equal(found, values)
    assert place["at"] % 4 == 0


def test_a_value_that_does_not_fit_is_no_silent_other_one():
    with pytest.raises(ValueError, match="256"):
        Pack().add(np.array([256]), "u1")


def test_steps_are_off_by_half_at_most():
    values = np.random.default_rng(1).normal(size=(50, 3)) * 70
    number, least, step = in_steps(values)
    assert number.min() == 0 and number.max() == 65535
    assert np.abs(least + step * number - values).max() <= 0.5001 * step
    number, least, step = in_steps(np.full(4, 2.5))
    assert np.array_equal(least + step * number, np.full(4, 2.5))


def test_maps_are_right_to_a_255th_of_their_maximum(held):
    about, array = held
    for given, shown in zip(scene().shown, about["scenes"][0]["shown"], strict=True):
        highest = np.array(shown["highest"])
        assert np.array_equal(highest, given.maps.max(axis=1).astype(np.float32))
        found = array(shown["levels"]).reshape(given.maps.shape) / 255 * highest[:, None]
        assert (np.abs(found - given.maps) <= highest[:, None] / 509).all()


def test_every_dipole_has_its_region(held):
    about, array = held
    names = np.array(about["regions"]["names"])[array(about["regions"]["number"])]
    upper = ball_dipoles().normals[:, 2] > 0
    side = np.repeat(["left", "right"], DIPOLES // 2)
    expected = [
        f"{s} {'pre' if u else 'post'}central gyrus" for s, u in zip(side, upper, strict=True)
    ]
    at = ball_regions().cortex
    assert names[at].tolist() == np.array(expected)[at].tolist()
    assert set(names[~at]) == {"no cortex (medial wall)"}


def test_truth_is_exact(held):
    about, array = held
    truth = about["scenes"][0]["truth"]
    found = np.zeros(DIPOLES, np.float32)
    found[array(truth["dipoles"])] = array(truth["coefficients"])
    assert np.array_equal(found, scene().truth)
    assert truth["centres"] == [5, 1000]


def test_named_sources_of_one_half_or_more_with_their_80_percent_radius(held):
    about, _ = held
    first, second = about["scenes"][0]["shown"][0]["said"]
    assert first == {"presence": None, "sources": []}
    radius = SAID.radius_mm[1, :2, LEVELS.index(0.8)]
    assert second["presence"] == 0.9
    assert second["sources"] == [
        {"dipole": 7, "probability": 0.8, "radius": radius[0]},
        {"dipole": 700, "probability": 0.5, "radius": radius[1]},
    ]
    assert "said" not in about["scenes"][0]["shown"][1]


def test_cortex_is_the_surface(held, surfaces, dipoles):
    about, array = held
    mesh = about["mesh"]
    assert mesh["left"] == 2562 and mesh["vertices"] == 5124

    def points(described):
        return (described["least"] + described["step"] * array(described["values"])).reshape(-1, 3)

    whole = np.vstack([surfaces["lh.pial"][0], surfaces["rh.pial"][0]])
    # A 65535th of the brain's length, 146 mm here.
    assert np.abs(points(mesh["folded"]) - whole).max() < 0.0012
    assert np.abs(points(mesh["positions"]) - dipoles.positions).max() < 0.0012
    at = points(mesh["folded"])[array(mesh["dipoles"])]
    assert np.abs(at - dipoles.pial).max() < 0.0012
    triangles = array(mesh["triangles"]).reshape(-1, 3)
    right = (triangles >= mesh["left"]).all(axis=1)
    assert ((triangles < mesh["left"]).all(axis=1) == ~right).all()
    assert not right[: len(right) // 2].any() and right[len(right) // 2 :].all()


def test_a_cortex_too_fine_for_a_page_is_drawn_by_the_mesh_of_its_dipoles(surfaces, dipoles):
    coarse = turned_cortex(surfaces, dipoles, most=5000)
    assert np.array_equal(coarse.folded, dipoles.pial)
    assert np.array_equal(coarse.triangles, dipoles.triangles)
    assert np.array_equal(coarse.dipoles, np.arange(DIPOLES)) and coarse.left == 642


def test_page_needs_nothing_else_and_is_the_same_each_time(page, surfaces, dipoles):
    again = brains_page(
        "Two balls",
        turned_cortex(surfaces, dipoles),
        dipoles.positions,
        ball_regions(),
        TO_MNI,
        [scene()],
    )
    assert again == page
    markup = re.sub(r"<script.*?</script>", "", page, flags=re.S)
    assert not re.search(r"(src|href)=\"(?!data:|\.\./report\.html)", markup)
    assert "http" not in markup and "url(" not in markup
    assert page.count("<script") == page.count("</script>") == 4, "a name ends no script"


def test_javascript_that_would_end_its_script_is_refused():
    assert inside_script("a < b") == "a < b"
    for text in ("'</SCRIPT>'", "x<!--y"):
        with pytest.raises(ValueError, match="cannot stand"):
            inside_script(text)


@pytest.mark.parametrize("value", [-1e-3, np.nan])
def test_maps_that_a_scale_from_zero_cannot_show_are_refused(value, surfaces, dipoles):
    shown = [MethodMaps("mne", np.full((2, DIPOLES), value))]
    cortex = turned_cortex(surfaces, dipoles)
    with pytest.raises(ValueError, match="negative or not finite"):
        brains_page("", cortex, dipoles.positions, ball_regions(), TO_MNI, [scene(shown=shown)])


def test_of_epochs_the_surest_one_stands_for_its_moment():
    which = np.array([1, 0, 1])
    told = Sources(
        presence=np.array([0.2, 0.5, 0.6]),
        number=np.array([[1.0, 0], [0.5, 0.5], [0, 1]]),
        centre=np.array([[4], [5], [-1]]),
        probability=np.array([[0.7], [0.9], [np.nan]]),
        radius_mm=np.array([[[1.0]], [[2.0]], [[3.0]]]),
    )
    at = said_at_moments(told, which)
    assert at.presence == pytest.approx([0.5, 0.4])
    assert at.number == pytest.approx(np.array([[0.5, 0.5], [0.5, 0.5]]))
    assert at.centre.tolist() == [[5], [4]] and at.radius_mm.ravel().tolist() == [2, 1]


def saved(folder, method, maps, said=None):
    more = {}
    if said is not None:
        values = (said.presence, said.number, said.centre, said.probability, said.radius_mm)
        dimensions = (("number",), ("source",), ("source",), ("source", "level"))
        dims = [("sample",), *(("sample", *d) for d in dimensions)]
        more = {n: (d, v, {}) for n, d, v in zip(VARIABLES, dims, values, strict=True)}
    coefficients = maps if said is not None else None
    path = folder / f"{method}.nc"
    write_estimates(path, maps, scenario="A", method=method, coefficients=coefficients, more=more)
    return path


def test_a_scenario_is_shown_by_its_figures_window_and_one_that_all_methods_have(tmp_path):
    maps = np.random.default_rng(2).random((7, 30)).astype(np.float32)
    few = Sources(*(np.concatenate([part, part])[:3] for part in vars(SAID).values()))
    few.centre[1] = [7, 20, 29, -1, -1]
    files = [saved(tmp_path, "mne", maps), saved(tmp_path, "ceiling", maps[:3], few)]
    truth = SparseTruth(
        np.arange(8), np.arange(7), np.full(7, 0.5, np.float32), np.arange(7)[:, None], 30
    )
    # The metrics of window 5 are the medians, and of the first three those of window 1.
    value = [0.1, 0.3, 0.35, 0.9, 0.8, 0.4, 0.7]
    columns = ("auc_close", "auc_far", "fraction_active", "dr_least")
    metrics = pd.DataFrame({"method": "mne", "sample": range(7), **dict.fromkeys(columns, value)})
    first, second = scenario_scenes("A", truth, metrics, ["mne"], files, CORTEX)
    assert [one.method for one in first.shown] == ["mne"]
    assert np.array_equal(first.shown[0].maps, maps[[5]] * CORTEX)
    assert first.truth[5] == 0.5 and first.centres == [5] and "figure 2" in first.name
    assert [one.method for one in second.shown] == ["mne", "ceiling"]
    assert second.truth[1] == 0.5 and np.count_nonzero(second.truth) == 1
    assert second.shown[1].probability
    said = second.shown[1].said
    assert said.presence.tolist() == [0.9]
    # Of its sources 7, 700 and 1200 the first lies where there is no cortex.
    assert said.centre.tolist() == [[20, 29, -1, -1, -1]]


def test_a_recording_shows_as_many_moments_as_a_page_holds_round_the_strongest(tmp_path):
    maps = np.random.default_rng(3).random((12, 30)).astype(np.float32)
    files = {"mne": saved(tmp_path, "mne", maps)}
    times, which = 0.2 * np.arange(6), np.repeat(np.arange(6), 2)
    strength = 1e-6 * np.array([1.0, 2, 3, 4, 9, 1])
    found = recording_scene("vep", times, which, strength, files, CORTEX, window_s=0.2)
    assert len(found.moments) == 6 and found.first == 4 and found.name == "vep"
    means = maps.reshape(6, 2, 30).mean(axis=1) * CORTEX
    np.testing.assert_allclose(found.shown[0].maps, means, rtol=1e-6)
    found = recording_scene(
        "vep", times, which, strength, files, CORTEX, window_s=0.2, most_values=100
    )
    assert found.moments == ["0.600 to 0.800 s", "0.800 to 1.000 s", "1.000 to 1.200 s"]
    assert found.first == 1 and "3 of 6 windows" in found.name
    np.testing.assert_allclose(found.shown[0].maps, means[3:], rtol=1e-6)
    found = recording_scene(
        "vep", times, which, strength, files, CORTEX, window_s=0.2, first=0, most_values=100
    )
    assert found.first == 0 and found.moments[0] == "0.000 to 0.200 s"
    np.testing.assert_allclose(found.shown[0].maps, means[:3], rtol=1e-6)


def test_a_probability_of_next_to_nothing_has_no_colour_on_the_page(tmp_path):
    maps = np.random.default_rng(3).random((2, 30)).astype(np.float32) * [[1], [0.009]]
    files = {name: saved(tmp_path, name, maps) for name in ("convnet", "mine")}
    shown = recording_scene(
        "vep",
        0.2 * np.arange(2),
        np.arange(2),
        np.ones(2),
        files,
        CORTEX,
        window_s=0.2,
        probabilities=["convnet"],
    ).shown
    np.testing.assert_allclose(shown[0].maps, maps * CORTEX * [[1], [0]], rtol=1e-6)
    np.testing.assert_allclose(shown[1].maps, maps * CORTEX, rtol=1e-6)
