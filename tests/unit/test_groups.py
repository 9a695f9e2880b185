"""Groups of recordings: who is in them, and a test over people that knows its truth."""

import mne
import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from multisource.errors import UserError
from multisource.groups.clusters import SURE_P, find_clusters
from multisource.groups.members import all_groups
from multisource.groups.table import CLUSTER, PEAK, group_table
from multisource.groups.values import Maps, people_maps, person_map
from multisource.parcellation.dipoles import DipoleRegions
from multisource.recordings.entries import Recording

METHODS = ["covnet", "mne"]


def two_hemispheres() -> mne.SourceSpaces:
    """Two spheres of 258 dipoles each, as a source space of MNE."""
    from mne.surface import _tessellate_sphere

    parts = []
    for side in (101, 102):
        points, triangles = _tessellate_sphere(4)
        vertices = np.arange(len(points))
        parts.append(
            {
                "id": side,
                "type": "surf",
                "np": len(points),
                "nuse": len(points),
                "rr": points,
                "vertno": vertices,
                "inuse": np.ones(len(points), int),
                "tris": triangles,
                "use_tris": triangles,
                "ntri": len(triangles),
                "nuse_tri": len(triangles),
                "coord_frame": 5,
                "dist": None,
            }
        )
    return mne.SourceSpaces(parts)


@pytest.fixture(scope="module")
def ground():
    """Adjacency, places, cortex (the lower tip of each sphere is none), and a patch."""
    sources = two_hemispheres()
    adjacency = mne.spatial_src_adjacency(sources, verbose="error")
    places = np.vstack([part["rr"] for part in sources])
    cortex = places[:, 2] > -0.9
    left = np.arange(len(places)) < len(places) // 2
    patch = np.flatnonzero(left & (places @ [1.0, 0.0, 0.0] > 0.8))
    return adjacency, places, cortex, patch


def smooth_noise(rng, adjacency, people):
    """Maps of people without anything in common, as smooth as estimates are."""
    spread = (adjacency.tocsr() > 0).astype(float)
    spread.setdiag(1.0)
    noise = rng.standard_normal((people, spread.shape[0]))
    for _ in range(2):
        noise = (spread @ noise.T / np.asarray(spread.sum(axis=1)).reshape(-1, 1)).T
    return noise / noise.std()


def test_a_patch_that_people_share_is_found_and_nothing_else(ground):
    adjacency, _, cortex, patch = ground
    rng = np.random.default_rng(1)
    differences = smooth_noise(rng, adjacency, 12)
    differences[:, patch] += 3.0 * rng.uniform(0.7, 1.3, (12, 1))
    found = find_clusters(differences, adjacency, cortex, seed=0, permutations=500)
    sure = np.flatnonzero(found.sure)
    assert found.p[0] < 0.01 and found.least_p == 1 / 500
    # Smooth maps spill over a ring of neighbours at most.
    assert len(set(patch) & set(sure)) > 0.9 * len(patch)
    assert len(set(sure) - set(patch)) < 0.5 * len(patch)
    assert (found.sure[patch] >= 0).all() and not found.sure[~cortex].any()
    np.testing.assert_allclose(found.mean, differences.mean(axis=0))


def test_t_is_students_where_there_is_variance(ground):
    adjacency, _, cortex, _ = ground
    differences = smooth_noise(np.random.default_rng(2), adjacency, 8)
    found = find_clusters(differences, adjacency, cortex, seed=0)
    expected = differences.mean(axis=0) / (differences.std(axis=0, ddof=1) / np.sqrt(8))
    # A thousandth of the largest variance is added to all; those here lie within a factor of 30.
    np.testing.assert_allclose(found.t[cortex], expected[cortex], rtol=0.05)
    assert found.least_p == 1 / 2**7


@pytest.mark.parametrize("kind", ["smooth", "sparse"])
def test_people_without_anything_in_common_give_few_false_alarms(ground, kind):
    """Differences of two conditions without a difference: at most .05 of the studies."""
    adjacency, _, cortex, _ = ground
    rng = np.random.default_rng(3)
    studies, alarms = 40, 0
    for seed in range(studies):
        one, two = (smooth_noise(rng, adjacency, 8) for _ in range(2))
        if kind == "sparse":  # as networks answer: zero but for a few places of each person
            one, two = (np.where(x > 2.0, x - 2.0, 0.0) for x in (one, two))
        found = find_clusters(one - two, adjacency, cortex, seed=seed, permutations=100)
        alarms += bool(len(found.p) and found.p[0] < SURE_P)
    # More than this happens in one of a thousand runs if the rate is .05.
    assert alarms <= binom.ppf(0.999, studies, 0.05)


def test_a_place_that_a_method_prefers_is_no_finding(ground):
    """Maps that are high in the same place for everybody, in both conditions."""
    adjacency, _, cortex, patch = ground
    rng = np.random.default_rng(4)
    one, two = (smooth_noise(rng, adjacency, 8) for _ in range(2))
    one[:, patch] += 5.0
    two[:, patch] += 5.0
    found = find_clusters(one - two, adjacency, cortex, seed=0)
    assert not found.sure.any()


def test_a_person_is_one_map_whatever_the_number_of_windows():
    cortex = np.array([True, True, True, False])
    first = np.array([[1.0, 2.0, 3.0, 9.0], [2.0, 4.0, 6.0, 9.0]])
    second = np.array([[3.0, 3.0, 3.0, 0.0]])
    windows = [np.array([0, 1]), np.array([0])]
    relative = person_map([first, second], windows, cortex, relative=True)
    np.testing.assert_allclose(relative[:3], [0.75, 1.0, 1.25])
    as_it_is = person_map([first, second], windows, cortex, relative=False)
    np.testing.assert_allclose(as_it_is, [2.25, 3.0, 3.75, 4.5])
    nothing = person_map([np.zeros((1, 4))], [np.array([0])], cortex, relative=True)
    np.testing.assert_array_equal(nothing, np.zeros(4))


def test_windows_are_those_of_the_moment_or_before_the_event():
    values = np.arange(5.0)[:, None] * np.ones((1, 3))
    maps = {"a": Maps(values, np.array([-0.4, -0.2, 0.0, 0.2, 0.4]), 0.2)}
    ask = {"people": {"x": ["a"]}, "recordings": maps, "cortex": np.ones(3, bool)}
    assert people_maps(**ask, relative=False)[0, 0] == 3.0
    assert people_maps(**ask, relative=False, moment_s=0.31)[0, 0] == 3.0
    assert people_maps(**ask, relative=False, moment_s=[0.1, 0.3])[0, 0] == 2.5
    assert people_maps(**ask, relative=False, before=True)[0, 0] == 0.5
    with pytest.raises(UserError, match=r"recordings\.a: groups\.g\.moment_s: 2\.0: no window"):
        people_maps(**ask, relative=False, moment_s=2.0, key="groups.g")
    late = {"a": Maps(values[:2], np.array([0.0, 0.2]), 0.2)}
    with pytest.raises(UserError, match="no window ends before the event"):
        people_maps(**(ask | {"recordings": late}), relative=False, before=True)


def of_data_set(entry, subjects, runs=("1",)):
    return [
        Recording(f"{entry}_sub{s}_run{r}", entry, {"file": ""}, {"sub": s, "run": r})
        for s in subjects
        for r in runs
    ]


SIX = [f"0{k}" for k in range(1, 7)]


def test_runs_of_a_person_are_one_member_and_pair_with_the_other_group():
    recordings = [*of_data_set("closed", SIX, "12"), *of_data_set("open", [*SIX, "07"])]
    groups = {"a": {"recordings": ["closed"], "against": "b"}, "b": {"recordings": ["open"]}}
    first, second = all_groups(groups, recordings, METHODS)
    assert first.members["sub-02"] == ["closed_sub02_run1", "closed_sub02_run2"]
    assert first.others["sub-02"] == ["open_sub02_run1"] and len(first.others) == 6
    assert len(first.recordings) == 18 and first.method == "covnet"
    assert len(second.members) == 7 and second.others == {}
    groups["a"] = {"recordings": ["closed_sub01_run1"], "against": "b"}
    with pytest.raises(UserError, match=r"groups\.a\.recordings: 1 people; .* needs 6 at least"):
        all_groups(groups, recordings, METHODS)


def test_single_files_are_people_of_their_own_in_the_order_of_the_lists():
    names = [f"a{k}" for k in range(6)] + [f"b{k}" for k in range(6)]
    recordings = [Recording(name, name, {"file": f"{name}.edf"}) for name in names]
    groups = {"a": {"recordings": names[:6], "against": "b"}, "b": {"recordings": names[6:]}}
    (first, _) = all_groups(groups, recordings, METHODS)
    assert first.members["a3"] == ["a3"] and first.others["a3"] == ["b3"]


WRONG = [
    ({"recordings": ["clsed"]}, r"groups\.a\.recordings: 'clsed' is no recording: did you mean"),
    ({"recordings": ["closed"], "against": "a"}, r"groups\.a\.against: 'a' is no other group"),
    ({"recordings": ["closed"], "against": "b"}, r"'b' has no recording of sub-06; a comparison"),
    ({"recordings": ["closed"], "method": "mme"}, r"groups\.a\.method: 'mme': did you mean 'mne'"),
]


@pytest.mark.parametrize(("entry", "words"), WRONG)
def test_a_wrong_group_is_refused(entry, words):
    recordings = [*of_data_set("closed", SIX), *of_data_set("open", [*SIX[:5], "07"])]
    groups = {"a": entry, "b": {"recordings": ["open"]}}
    with pytest.raises(UserError, match=words):
        all_groups(groups, recordings, METHODS)


def test_the_table_tells_the_peak_and_the_clusters(ground):
    adjacency, places, cortex, patch = ground
    rng = np.random.default_rng(1)
    differences = smooth_noise(rng, adjacency, 12)
    differences[:, patch] += 3.0
    found = find_clusters(differences, adjacency, cortex, seed=0, permutations=200)
    count = len(places)
    half = np.arange(count) >= count // 2
    names = np.where(half, "cuneus-rh", "insula-lh")
    regions = DipoleRegions(
        hemisphere=half.astype(int),
        vertices=np.arange(count),
        mni=places,
        cortex=cortex,
        labels={"desikan_killiany": names, "destrieux": names},
        distance_mm=np.zeros(count),
    )
    mean = np.where(np.arange(count) == patch[0], 1.0, 0.1)
    table = group_table(mean, found, np.full(count, 50.0), regions)
    assert table["what"].tolist() == [PEAK] + [CLUSTER] * len(found.p)
    assert table.loc[0, "mean"] == 1.0 and pd.isna(table.loc[0, "p"])
    first = table.loc[1]
    assert first["desikan_killiany"] == "insula-lh" and first["regions"] == "insula-lh 1.00"
    assert first["area_cm2"] == pytest.approx(0.5 * first["dipoles"])
    assert len(group_table(mean, None, np.full(count, 50.0), regions)) == 1
