"""The sources that methods name in a recording: places, regions, and the cortex alone."""

import numpy as np
import pytest

from multisource.anatomy.source_space import SourceGeometry
from multisource.certainty.certainty import Sources
from multisource.parcellation.dipoles import DipoleRegions
from multisource.recordings.credible import region_shares, shares_in_cell, shares_of_cell
from multisource.recordings.moments import choose_moments
from multisource.recordings.sources import named_table

# A strip of four dipoles 10 mm apart; the last has no cortex.
POSITIONS = np.array([[0.0, 0, 0], [10, 1, 0], [20, 0, 0], [30, 1, 0]])
NAMES = np.array(["postcentral-lh", "postcentral-lh", "precentral-lh", "unknown-lh"])
CORTEX = np.array([True, True, True, False])
DIPOLES = SourceGeometry(
    positions=POSITIONS,
    normals=np.tile([0.0, 0, 1], (4, 1)),
    pial=POSITIONS,
    triangles=np.array([[0, 1, 2], [1, 2, 3]]),
    hemisphere=np.zeros(4, int),
    vertices=np.arange(4),
    medial_wall=~CORTEX,
)
REGIONS = DipoleRegions(
    hemisphere=np.zeros(4, int),
    vertices=np.arange(4),
    mni=-POSITIONS,
    cortex=CORTEX,
    labels={"desikan_killiany": NAMES, "destrieux": np.char.add("G_", NAMES)},
    distance_mm=np.zeros(4),
)
RADIUS = np.array([4.0, 12.0, 16.0])


def said(probability, centre, presence):
    """What a method says of windows with at most two sources."""
    n = len(presence)
    number = np.tile([0.1, 0.2, 0.7], (n, 1))
    number[np.array(presence) < 0.5] = [0.9, 0.1, 0]
    return Sources(
        np.array(presence),
        number,
        np.array(centre),
        np.array(probability),
        np.tile(RADIUS, (n, 2, 1)),
    )


def named(told, which, strength, **options):
    """The table of moments 0.5 s apart."""
    times = 0.5 * np.arange(len(strength))
    moments = choose_moments(times, np.array(strength), window_s=0.2, **options)
    return named_table({"net": told}, np.array(which), moments, DIPOLES, REGIONS)


def test_sources_stand_with_place_and_radius_those_below_one_half_do_not():
    told = said(
        [[0.9, 0.6], [0.1, np.nan], [0.3, np.nan]],
        [[1, 2], [0, -1], [0, -1]],
        [0.95, 0.5, 0.1],
    )
    table = named(told, [0, 1, 2], [2.0, 0.5, 1.0])
    assert table["source"].tolist()[:2] == [1, 2] and np.isnan(table["source"][2])
    assert table["from_s"].tolist() == [0, 0, 1]
    assert table["number"].tolist() == [2, 2, 0]
    assert table.loc[0, ["mni_x", "within_80_mm", "presence"]].tolist() == [-10, 12, 0.95]
    assert table["desikan_killiany"].tolist()[:2] == ["postcentral-lh", "precentral-lh"]
    assert table.loc[0, "hemisphere"] == "lh"
    assert table.loc[2, "presence"] == 0.1 and np.isnan(table.loc[2, "x_mm"])


def test_the_surest_epoch_stands_for_a_moment():
    told = said([[0.6, np.nan], [0.8, np.nan]], [[0, -1], [2, -1]], [0.7, 0.9])
    table = named(told, [0, 0], [1.0])
    assert len(table) == 1 and table.loc[0, "x_mm"] == 20
    assert table.loc[0, "presence"] == pytest.approx(0.8)


def test_a_source_where_there_is_no_cortex_is_left_out_and_counted():
    told = said([[0.9, 0.6]], [[3, 2]], [0.95])
    table = named(told, [0], [1.0])
    assert table["desikan_killiany"].tolist() == ["precentral-lh"]
    assert table.loc[0, ["source", "probability", "off_cortex"]].tolist() == [1, 0.6, 1]
    none = named(said([[0.9, 0.3]], [[3, 2]], [0.95]), [0], [1.0])
    assert len(none) == 1 and np.isnan(none.loc[0, "source"]) and none.loc[0, "off_cortex"] == 1


def test_the_mean_of_a_recording_says_how_often_a_region_is_named():
    told = said(
        [[0.9, 0.6], [0.9, 0.9], [0.9, 0.2], [0.2, 0.1]],
        [[0, 1], [1, 2], [1, 0], [2, 0]],
        [0.9, 0.9, 0.9, 0.1],
    )
    table = named(told, [0, 1, 2, 3], [1.0, 1.0, 1.0, 1.0], at_rest=True)
    mean = table[table["moment"] == "mean"]
    assert mean["desikan_killiany"].tolist() == ["postcentral-lh", "precentral-lh"]
    # Two sources in one region count once a window; the place is that which is named most often.
    assert mean["probability"].tolist() == [0.75, 0.25]
    assert mean["x_mm"].tolist() == [10, 20]
    assert mean["presence"].iloc[0] == pytest.approx(0.7)


def test_a_credible_region_is_shared_out_by_the_distances():
    """50 cases of 100 within 4 mm, 30 more within 12 mm: with equal areas 0.5 + 0.1 of 0.8."""
    areas = np.ones(4)
    labels = np.array(["a", "b", "c", "d"])
    shares = region_shares(1, RADIUS, POSITIONS, areas, labels, np.ones(4, bool))
    assert shares == pytest.approx({"b": 0.625, "a": 0.1875, "c": 0.1875})
    # Three times the cortex is three times as probable.
    shares = region_shares(1, RADIUS, POSITIONS, np.array([3.0, 1, 1, 1]), labels, np.ones(4, bool))
    assert shares == pytest.approx({"b": 0.625, "a": 0.28125, "c": 0.09375})
    # No dipole between the radii: all that is held goes to those inside.
    assert region_shares(0, RADIUS / 4, POSITIONS, areas, labels, CORTEX) == {"a": 1.0}
    # Where there is no cortex the centre cannot be.
    shares = region_shares(2, np.array([12.0, 12, 12]), POSITIONS, areas, labels, CORTEX)
    assert shares == pytest.approx({"b": 0.5, "c": 0.5})
    assert shares_of_cell(shares_in_cell(shares)) == shares
    assert shares_of_cell("") == {}
