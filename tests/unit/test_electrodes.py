"""Electrodes: montages on the template head, projection, BIDS files, refusals."""

from pathlib import Path

import mne
import numpy as np
import pytest

from multisource.anatomy.electrodes import (
    Electrodes,
    check_names,
    montage_electrodes,
    montage_names,
    project,
    read_channel_list,
    read_electrodes,
    write_electrodes,
)
from multisource.anatomy.fsaverage import fsaverage_head
from multisource.errors import UserError
from multisource.geometry.closest_points import closest_points

CHANNELS = Path(__file__).parents[2] / "resources" / "channels-natview.tsv"


@pytest.fixture(scope="module")
def head():
    return fsaverage_head(voxel_mm=5.0)


def test_natview_list_is_51_distinct_symmetric_channels():
    names = read_channel_list(CHANNELS)
    assert len(names) == len(set(names)) == 51
    for name in names:
        if name[-1].isdigit():
            root = name.rstrip("0123456789")
            number = int(name[len(root) :])
            assert f"{root}{number + (1 if number % 2 else -1)}" in names


def test_template_montage_lies_on_the_scalp_close_to_where_it_was(head):
    names = read_channel_list(CHANNELS)
    electrodes = montage_electrodes(head, names)
    points = mne.channels.make_standard_montage("fsaverage_1005").get_positions()["ch_pos"]
    original = np.array([points[name] for name in names]) * 1000
    moved = np.linalg.norm(electrodes.positions - original, axis=1)
    assert electrodes.names == names
    # Measured: median 1.6 mm, largest 6.2 mm (Cz, over the hair).
    assert np.median(moved) < 2.0 and moved.max() < 6.5
    _, distance, _ = closest_points(*head.surfaces["outer_skin"], electrodes.positions)
    assert distance.max() < 1e-9
    assert electrodes.positions[names.index("C3"), 0] < -40  # left is negative x
    assert electrodes.positions[names.index("Oz"), 1] < -80  # back is negative y


def test_montage_follows_the_scale_of_the_head(head):
    small = fsaverage_head(scale=0.9, voxel_mm=5.0)
    names = ["Cz", "T7", "O2"]
    big, little = (montage_electrodes(h, names).positions for h in (head, small))
    # The scalp scales exactly except where the bone rule, in mm, pushes it out.
    np.testing.assert_allclose(little, 0.9 * big, atol=1.0)


def test_spherical_montage_is_fitted_by_landmarks(head):
    names = ["Fz", "Cz", "Pz", "C3", "C4", "Oz"]
    fitted = montage_electrodes(head, names, montage="easycap-M1", max_distance_mm=25)
    template = montage_electrodes(head, names)
    # A sphere fits a head to within centimetres; wrong axes or units would miss by far more.
    assert np.linalg.norm(fitted.positions - template.positions, axis=1).max() < 25


def test_projection_hits_triangles_not_vertices(head):
    vertices, triangles = head.surfaces["outer_skin"]
    centroid = vertices[triangles[1000]].mean(axis=0)
    normal = np.cross(
        *(vertices[triangles[1000, k]] - vertices[triangles[1000, 0]] for k in (1, 2))
    )
    outside = centroid + 3.0 * normal / np.linalg.norm(normal)
    found = project(["E1"], outside[None], head)
    np.testing.assert_allclose(found.positions[0], centroid, atol=1e-6)


def test_bids_file_round_trip_and_na_rows(tmp_path):
    path = tmp_path / "electrodes.tsv"
    electrodes = Electrodes(["Fz", "Cz"], np.array([[0.1, 50.25, 80.0], [1.0, -20.0, 99.12345]]))
    write_electrodes(path, electrodes)
    back = read_electrodes(path)
    assert back.names == ["Fz", "Cz"]
    np.testing.assert_allclose(back.positions, electrodes.positions, atol=5e-5)  # four decimals
    path.write_text(path.read_text() + "ECG\tn/a\tn/a\tn/a\n")
    assert read_electrodes(path).names == ["Fz", "Cz"]


@pytest.mark.parametrize(
    ("names", "match"),
    [
        (["Cz", "cz"], "'cz' is unknown; did you mean 'Cz'"),
        (["Cz", "Fz", "Cz"], "'Cz' is named twice"),
        (["Cz", "QQQ"], "'QQQ' is unknown$"),
        ([], "no channel"),
    ],
)
def test_bad_names_are_refused(head, names, match):
    with pytest.raises(UserError, match=match):
        montage_electrodes(head, names)
    check_names(["Cz"], ["Cz"], source="test")


def test_unknown_montage_is_refused_with_a_suggestion(head):
    with pytest.raises(UserError, match="did you mean 'fsaverage_1005'"):
        montage_electrodes(head, ["Cz"], montage="fsaverage1005")


def test_names_are_known_before_there_is_a_head(tmp_path):
    path = tmp_path / "electrodes.tsv"
    write_electrodes(path, Electrodes(["Fz", "Cz"], np.zeros((2, 3))))
    assert montage_names(path) == ["Fz", "Cz"]
    assert "Cz" in montage_names("fsaverage_1005")
    with pytest.raises(UserError, match="'fsaverage1005' is unknown to MNE; did you mean"):
        montage_names("fsaverage1005")
    with pytest.raises(UserError, match="none.tsv: no such file"):
        montage_names(tmp_path / "none.tsv")


def test_every_unknown_or_repeated_channel_is_named():
    with pytest.raises(UserError) as caught:
        check_names(["Cz", "C33", "Cz", "Q1"], ["Cz", "C3"], source="montage x")
    assert str(caught.value).splitlines() == [
        "montage x: channel 'Cz' is named twice; name it once",
        "montage x: channel 'C33' is unknown; did you mean 'C3'?",
        "montage x: channel 'Q1' is unknown",
    ]


def test_far_positions_and_wrong_units_are_refused(head):
    names = ["Fz", "Cz", "Pz", "C3", "C4"]
    good = montage_electrodes(head, names).positions
    far = good * [[1.0], [1.4], [1.0], [1.0], [1.0]]
    with pytest.raises(UserError, match="'Cz' is .* mm from the scalp"):
        project(names, far, head)
    with pytest.raises(UserError, match="look like metres"):
        project(names, good / 1000, head)
    with pytest.raises(UserError, match="look like centimetres"):
        project(names, good / 10, head)


def test_bad_files_are_refused(tmp_path):
    path = tmp_path / "electrodes.tsv"
    with pytest.raises(UserError, match="no such file"):
        read_electrodes(path)
    path.write_text("name,x,y,z\nCz,0,0,100\n")
    with pytest.raises(UserError, match="column 'name' is missing"):
        read_electrodes(path)
    path.write_text("name\tx\ty\tz\nCz\t0\tzero\t100\n")
    with pytest.raises(UserError, match="position of 'Cz'"):
        read_electrodes(path)
    path.write_text("name\tx\ty\tz\nCz\t0\t0\t100\nCz\t1\t1\t100\n")
    with pytest.raises(UserError, match="named twice"):
        read_electrodes(path)
    path.write_text("name\tused\nCz\tmaybe\n")
    with pytest.raises(UserError, match="used is 'maybe'"):
        read_channel_list(path)
