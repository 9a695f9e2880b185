"""Tables of electrodes: written, read as people write them, refused."""

from pathlib import Path

import numpy as np
import pytest

from multisource.anatomy.electrodes import (
    Electrodes,
    read_electrodes,
    read_points,
    write_electrodes,
)
from multisource.channels.lists import read_channel_list
from multisource.channels.names import check_names, find_names, nearest_names
from multisource.channels.table import number, read_table
from multisource.errors import UserError

CHANNELS = Path(__file__).parents[2] / "resources" / "channels-natview.tsv"
ROWS = [["Fz", -1.5, 50.25, 80.0], ["T7", -80.125, -20.0, -5.5], ["Cz", 1.0, -20.0, 99.0]]


def text(separator="\t", end="\n", heading=("name", "x", "y", "z"), rows=ROWS):
    lines = [heading, *rows]
    return "".join(separator.join(map(str, line)) + end for line in lines)


def test_natview_list_is_51_distinct_symmetric_channels():
    names = read_channel_list(CHANNELS)
    assert len(names) == len(set(names)) == 51
    for name in names:
        if name[-1].isdigit():
            root = name.rstrip("0123456789")
            number_ = int(name[len(root) :])
            assert f"{root}{number_ + (1 if number_ % 2 else -1)}" in names


def test_bids_file_round_trip_and_na_rows(tmp_path):
    path = tmp_path / "electrodes.tsv"
    electrodes = Electrodes(["Fz", "Cz"], np.array([[0.1, 50.25, 80.0], [1.0, -20.0, 99.12345]]))
    write_electrodes(path, electrodes)
    back = read_electrodes(path)
    assert back.names == ["Fz", "Cz"]
    np.testing.assert_allclose(back.positions, electrodes.positions, atol=5e-5)  # four decimals
    for nothing in ("n/a", "N/A", "NaN", "", "-", "NA"):
        path.write_text(text(rows=[*ROWS, ["ECG", nothing, nothing, nothing]]))
        assert read_electrodes(path).names == ["Fz", "T7", "Cz"]
        assert read_points(path)[1] == ["ECG"]


WRITTEN = {
    "utf-8 with a mark": text().encode("utf-8-sig"),
    "windows": text(end="\r\n").encode(),
    "old mac": text(end="\r").encode(),
    "utf-16 with a mark": text().encode("utf-16"),
    "utf-16 without": text().encode("utf-16-le"),
    "utf-16 of the other order": text().encode("utf-16-be"),
    "latin-1": text(heading=("name", "x", "y", "z", "größe")).encode("latin-1"),
    "commas": text(",").encode(),
    "semicolons": text(";").encode(),
    "blanks": text("  ").encode(),
    "decimal commas": text().replace(".", ",").encode(),
    "semicolons and decimal commas": text(";").replace(".", ",").encode(),
    "quoted": text(",", rows=[[f'"{row[0]}"', *row[1:]] for row in ROWS]).encode(),
    "upper case": text(heading=("NAME", "X", "Y", "Z")).encode(),
    "empty lines and columns": text(end="\t\n\n").encode() + b"\t\t\t\t\n",
    "other columns and order": text(
        heading=("z", "type", "name", "y", "x"),
        rows=[[z, "EEG", name, y, x] for name, x, y, z in ROWS],
    ).encode(),
    "short lines": text(heading=("name", "x", "y", "z", "type", "impedance")).encode(),
}


@pytest.mark.parametrize("data", WRITTEN.values(), ids=WRITTEN)
def test_tables_are_read_as_people_write_them(tmp_path, data):
    path = tmp_path / "mine.tsv"
    path.write_bytes(data)
    found = read_electrodes(path)
    assert found.names == ["Fz", "T7", "Cz"]
    np.testing.assert_array_equal(found.positions, [row[1:] for row in ROWS])


REFUSED = {
    "name,x,y\nCz,0,0\n": "column 'z' is missing; .* separated by tabs",
    "name\tx\ty\tz\nCz\t0\tzero\t100\n": "position of 'Cz' is .'0', 'zero', '100'.; give three",
    "name\tx\ty\tz\nCz\t0\tn/a\t100\n": "position of 'Cz' is .'0', 'n/a', '100'.; give three",
    "name\tx\ty\tz\nCz\t0\tinf\t100\n": "position of 'Cz'",
    "name\tx\ty\tz\nCz\t1,000.5\t0\t100\n": "position of 'Cz'",
    "name\tx\ty\tz\nCz\t0\t0\t100\nCz\t1\t1\t100\n": "'Cz' is named twice",
    "name,x,y,z\nCz,0,5,0,5,99,5\n": "'Cz' has 7 values for 4 columns, as separated by ','",
    "name\tx\tx\ty\tz\nCz\t0\t0\t0\t100\n": "column 'x' comes twice",
    "": "the table is empty",
    "\0\0\0\0\1\2\3": "not a table",
}


@pytest.mark.parametrize(("written", "match"), REFUSED.items())
def test_bad_tables_are_refused(tmp_path, written, match):
    path = tmp_path / "electrodes.tsv"
    path.write_bytes(written.encode())
    with pytest.raises(UserError, match=match) as caught:
        read_electrodes(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_bad_lists_are_refused(tmp_path):
    path = tmp_path / "channels.tsv"
    with pytest.raises(UserError, match=r"channels.tsv: no such file"):
        read_channel_list(path)
    path.write_text("name\tused\nCz\tmaybe\n")
    with pytest.raises(UserError, match="used is 'maybe'"):
        read_channel_list(path)
    assert read_table(path, ["name"]) == [{"name": "Cz", "used": "maybe"}]


def test_numbers_with_point_or_comma():
    assert [number(t) for t in ("-1.5", "-1,5", "1e3", "7")] == [-1.5, -1.5, 1000, 7]
    for wrong in ("1_000", "1,000.5", "1,2,3", "x"):
        with pytest.raises(ValueError):
            number(wrong)


def test_every_unknown_or_repeated_channel_is_named():
    with pytest.raises(UserError) as caught:
        check_names(["Cz", "C33", "Cz", "Q1", "CZ"], ["Cz", "C3"], source="montage x")
    assert str(caught.value).splitlines() == [
        "montage x: channel 'Cz' is named twice; name it once",
        "montage x: channel 'C33' is unknown; did you mean 'C3'?",
        "montage x: channel 'Q1' is unknown",
        "montage x: channels 'Cz' and 'CZ' are one; name it once",
    ]
    with pytest.raises(UserError, match="no channel"):
        check_names([], ["Cz"], source="x")
    check_names(["CZ", "T3"], ["Cz", "T7"], source="x")


def test_the_same_name_goes_before_one_that_means_it():
    found = ["T3", "T7", "cz", "Cz", "EEG Oz-REF", "pz"]
    assert nearest_names(found, ["T7", "Cz", "Oz", "Pz", "P7"]) == {
        "T7": ["T7"],
        "Cz": ["Cz"],
        "Oz": ["EEG Oz-REF"],
        "Pz": ["pz"],
        "P7": [],
    }
    assert find_names(found, ["T7", "Cz"]) == {"T7": ["T3", "T7"], "Cz": ["cz", "Cz"]}
