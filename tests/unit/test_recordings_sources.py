"""The sources that methods name in a recording."""

import numpy as np
import pytest

from multisource.certainty.certainty import Sources
from multisource.recordings.sources import named_table

POSITIONS = np.array([[0.0, 0, 0], [10, 0, 0], [0, 20, 0]])
TO_MNI = np.diag([-1.0, 1, 1, 1])
RADIUS = np.array([4.0, 8.0, 16.0])


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


def named(told, which, strength):
    """The table of moments 0.5 s apart."""
    times = 0.5 * np.arange(len(strength))
    given = {"net": told}
    return named_table(
        given, np.array(which), times, np.array(strength), POSITIONS, TO_MNI, window_s=0.2
    )


def test_sources_stand_with_place_and_radius_those_below_one_half_do_not():
    told = said([[0.9, 0.6], [0.3, np.nan]], [[1, 2], [0, -1]], [0.95, 0.1])
    table = named(told, [0, 2], [2.0, 0.5, 1.0])
    assert table["source"].tolist()[:2] == [1, 2] and np.isnan(table["source"][2])
    assert table["from_s"].tolist() == [0, 0, 1]
    assert table["number"].tolist() == [2, 2, 0]
    assert table.loc[0, ["mni_x", "within_80_mm", "presence"]].tolist() == [-10, 8, 0.95]
    assert table.loc[2, "presence"] == 0.1 and np.isnan(table.loc[2, "x_mm"])


def test_the_surest_epoch_stands_for_a_moment():
    told = said([[0.6, np.nan], [0.8, np.nan]], [[0, -1], [2, -1]], [0.7, 0.9])
    table = named(told, [0, 0], [1.0])
    assert len(table) == 1 and table.loc[0, "y_mm"] == 20
    assert table.loc[0, "presence"] == pytest.approx(0.8)
