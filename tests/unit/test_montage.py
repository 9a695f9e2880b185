"""Electrodes come onto the head where they belong, from any montage, frame or unit, or not at all.

The truth is the packaged head's own 10-05 system: positions written in another way must come back
to it.
"""

import json
from dataclasses import replace
from pathlib import Path

import mne
import numpy as np
import pytest
from nibabel.affines import apply_affine
from scipy.spatial.transform import Rotation

from multisource.anatomy.electrodes import Electrodes, write_electrodes
from multisource.anatomy.fsaverage import MNI305_TO_MNI152
from multisource.channels.lists import read_channel_list
from multisource.errors import UserError
from multisource.geometry.closest_points import closest_points
from multisource.montage.files import files_beside
from multisource.montage.placement import place, project, read_montage
from multisource.montage.record import read_placement, write_placement
from multisource.montage.target import Target, packaged_target

NAMES = read_channel_list(Path(__file__).parents[2] / "resources" / "channels-natview.tsv")


@pytest.fixture(scope="module")
def target():
    return packaged_target()


@pytest.fixture(scope="module")
def small():
    return packaged_target(scale=0.93)


@pytest.fixture(scope="module")
def right(target):
    """Where the study's electrodes are."""
    return place(target, NAMES, "fsaverage_1005").electrodes.positions


@pytest.fixture
def table(tmp_path):
    """Write positions as a table, with a coordsystem.json if a system is given."""

    def write(positions, system=None, unit="mm", names=NAMES, file="electrodes.tsv", **more):
        path = tmp_path / file
        write_electrodes(path, Electrodes(list(names), np.asarray(positions)))
        if system is not None:
            stated = {"EEGCoordinateSystem": system, "EEGCoordinateUnits": unit, **more}
            path.with_name("coordsystem.json").write_text(json.dumps(stated))
        return path

    return write


def in_head(positions, target):
    """In MNE's head coordinates, by MNE."""
    lpa, nasion, rpa = target.landmarks()
    to_head = mne.transforms.get_ras_to_neuromag_trans(nasion, lpa, rpa)
    return apply_affine(to_head, positions)


def als(positions):
    """With x to the front and y to the left."""
    return np.column_stack([positions[:, 1], -positions[:, 0], positions[:, 2]])


def test_template_montage_lies_on_the_scalp_close_to_where_it_was(target):
    placed = place(target, NAMES, "fsaverage_1005")
    points = mne.channels.make_standard_montage("fsaverage_1005").get_positions()["ch_pos"]
    original = np.array([points[name] for name in NAMES]) * 1000
    moved = np.linalg.norm(placed.electrodes.positions - original, axis=1)
    assert placed.electrodes.names == NAMES
    # Measured: median 1.6 mm, largest 6.2 mm (Cz, over the hair).
    assert np.median(moved) < 2.0 and moved.max() < 6.5
    np.testing.assert_allclose(placed.moved_mm, moved, atol=1e-9)
    np.testing.assert_allclose(placed.from_standard_mm, 0, atol=1e-9)
    _, distance, _ = closest_points(*target.scalp, placed.electrodes.positions)
    assert distance.max() < 1e-9
    assert placed.electrodes.positions[NAMES.index("C3"), 0] < -40  # left is negative x
    assert placed.electrodes.positions[NAMES.index("Oz"), 1] < -80  # back is negative y


def test_montage_follows_the_scale_of_the_head(target, small):
    names = ["Cz", "T7", "O2"]
    big, little = (place(t, names, "fsaverage_1005").electrodes.positions for t in (target, small))
    # The scalp scales exactly except where the bone rule, in mm, pushes it out.
    np.testing.assert_allclose(little, 0.93 * big, atol=1.0)


@pytest.mark.parametrize("name", mne.channels.get_builtin_montages())
def test_every_montage_of_mne_lies_on_the_packaged_head(target, name):
    cap = list(read_montage(name).points)
    placed = place(target, cap, name)
    # Makers' caps are spheres: 2 to 6 mm (rms) remain after they are stretched onto the scalp.
    assert np.sqrt(np.mean(placed.moved_mm**2)) < 7 and not placed.warnings
    off = placed.from_standard_mm
    if np.isfinite(off).any():
        # Caps of the 10-05 system differ from it by less than two electrodes of it do.
        assert np.nanmedian(off) < 7 and np.nanmax(off) < 15
    else:
        # Of other names the left-right symmetry can be seen.
        middle = placed.electrodes.positions.mean(axis=0)
        assert abs(middle[0]) < 5


def test_projection_hits_triangles_not_vertices(target):
    vertices, triangles = target.scalp
    corners = vertices[triangles[1000]]
    centroid = corners.mean(axis=0)
    normal = np.cross(corners[0] - corners[2], corners[1] - corners[2])
    outside = centroid + 3.0 * normal / np.linalg.norm(normal)
    found = project(["E1"], outside[None], target)
    np.testing.assert_allclose(found.positions[0], centroid, atol=1e-6)
    with pytest.raises(UserError, match=r"'E1' is 30.0 mm from the scalp, more than 15 mm"):
        project(["E1"], centroid[None] + 10.0 * (outside - centroid), target)


def test_a_plain_table_is_mm_in_surface_ras(target, right, table):
    placed = place(target, NAMES, table(right))
    np.testing.assert_allclose(placed.electrodes.positions, right, atol=1e-3)
    assert not placed.warnings
    old = {"T7": "T3", "T8": "T4", "P7": "T5", "P8": "T6", "Cz": "CZ"}
    written = [old.get(name, name) for name in NAMES][::-1]
    placed = place(target, NAMES, table(right[::-1], names=written))
    assert placed.electrodes.names == NAMES
    np.testing.assert_allclose(placed.electrodes.positions, right, atol=1e-3)


OTHER_FRAMES = {
    "metres": ("individual", "m", lambda p, _: p / 1000, "surface RAS of the head in metres"),
    "cm": ("SurfaceRAS", "cm", lambda p, _: p / 10, "surface RAS of the head in centimetres"),
    "captrak": ("CapTrak", "mm", in_head, "CapTrak, Neuromag, MNE. in millimetres"),
    "neuromag": ("ElektaNeuromag", "m", lambda p, t: in_head(p, t) / 1000, "MNE. in metres"),
    "ctf": ("CTF", "cm", lambda p, t: als(in_head(p, t)) / 10, "CTF coordinates in centimetres"),
    "eeglab": ("EEGLAB", "mm", lambda p, _: als(p), "EEGLAB's axes .* in millimetres"),
    "mni": (
        "MNI152NLin2009cAsym",
        "mm",
        lambda p, t: apply_affine(t.to_mni, p),
        "MNI152 coordinates in millimetres",
    ),
}


@pytest.mark.parametrize(
    ("system", "unit", "convert", "looks"), OTHER_FRAMES.values(), ids=OTHER_FRAMES
)
def test_other_frames_are_converted_where_stated_and_recognised_where_not(
    target, right, table, system, unit, convert, looks
):
    given = convert(right, target)
    with pytest.raises(UserError, match=f"they look like .*{looks}") as caught:
        place(target, NAMES, table(given))
    assert "\n" not in str(caught.value)
    path = table(given, system, unit)
    assert files_beside(path) == [path.with_name("coordsystem.json")]
    placed = place(target, NAMES, path)
    # Four decimals of a metre are a tenth of a millimetre.
    np.testing.assert_allclose(placed.electrodes.positions, right, atol=0.2)
    wrong = "CapTrak" if system in ("individual", "SurfaceRAS") else "T1w"
    with pytest.raises(UserError, match=f"do not fit the head in {wrong}, .* look like"):
        place(target, NAMES, table(given, wrong, unit))


def test_mni305_of_a_scaled_head(small, table):
    right = place(small, NAMES, "fsaverage_1005").electrodes.positions
    in_mni305 = apply_affine(np.linalg.inv(MNI305_TO_MNI152) @ small.to_mni, right)
    for system in ("fsaverage", "MNI305", "fsaverage5"):
        placed = place(small, NAMES, table(in_mni305, system))
        np.testing.assert_allclose(placed.electrodes.positions, right, atol=1e-3)


def test_landmarks_of_the_file_are_used(target, right, table):
    """Any frame will do, if ears and nasion are given in it; of another head also its size."""
    turn = Rotation.from_euler("xyz", [50, -70, 120], degrees=True).as_matrix()
    points, marks = (p @ turn.T + [10, 200, -40] for p in (right, target.landmarks()))
    lpa, nasion, rpa = marks.tolist()
    given = {"NAS": nasion, "LPA": lpa, "RPA": rpa}
    path = table(points, "Other", AnatomicalLandmarkCoordinates=given)
    placed = place(target, NAMES, path)
    np.testing.assert_allclose(placed.electrodes.positions, right, atol=1e-3)
    # The same as rows of the table.
    names = [*NAMES, "LPA", "nasion", "RPA"]
    placed = place(target, NAMES, table(np.vstack([points, marks]), "CTF", names=names))
    np.testing.assert_allclose(placed.electrodes.positions, right, atol=1e-3)
    path = table(
        points / 1.2,
        "Other",
        AnatomicalLandmarkCoordinates=dict(
            zip(given, (marks[[1, 0, 2]] / 1.2).tolist(), strict=True)
        ),
    )
    placed = place(target, NAMES, path)
    assert "ears and nasion are 17 % closer together than this head's" in placed.warnings[0]
    # A head that is smaller by a sixth is brought to this one's size.
    assert len(placed.warnings) == 1
    assert np.linalg.norm(placed.electrodes.positions - right, axis=1).max() < 1


def moved(positions, axis, degrees):
    return positions @ Rotation.from_euler(axis, degrees, degrees=True).as_matrix().T


IMPOSSIBLE = {
    "turned": (lambda p: moved(p, "z", 180), "turned by 180 degrees"),
    "a quarter": (lambda p: moved(p, "z", 90), "turned by 90 degrees to the left|look like"),
    "tilted back": (lambda p: moved(p, "x", 20), r"tilted by 20 degrees \(front up\)"),
    "tilted aside": (lambda p: moved(p, "y", -20), r"tilted by 20 degrees \(right up\)"),
    "mirrored": (lambda p: p * [-1, 1, 1], "left and right are exchanged"),
    "back to front": (lambda p: p * [1, -1, 1], "front and back are exchanged"),
    "upside down": (lambda p: p * [1, 1, -1], "top and bottom are exchanged"),
    "other axes": (lambda p: p[:, [1, 0, 2]], "two axes are exchanged"),
    "names in disorder": (lambda p: np.roll(p, 7, axis=0), "mm .rms. from the places of their"),
}


@pytest.mark.parametrize(("fault", "match"), IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_caps_that_cannot_be_right_are_refused(target, right, table, fault, match):
    noise = np.random.default_rng(0).normal(size=right.shape) * 2  # as digitised
    with pytest.raises(UserError, match=match):
        place(target, NAMES, table(fault(right + noise)))
    few = [NAMES.index(name) for name in ("F3", "F4", "C3", "C4", "P3", "P4", "Cz", "Oz")]
    if fault is not IMPOSSIBLE["names in disorder"][0]:
        with pytest.raises(UserError, match=match):
            place(target, [NAMES[k] for k in few], table(fault(right + noise)))


def test_a_shift_is_a_warning_with_its_size(target, right, table):
    placed = place(target, NAMES, table(right + [0, 10, 0]))
    (warning,) = placed.warnings
    assert "shifted by 10 mm to the front" in warning
    assert np.median(placed.from_standard_mm) > 4
    noise = np.random.default_rng(0).normal(size=right.shape) * 3  # 5 mm, rms
    assert not place(target, NAMES, table(right + noise)).warnings


def test_names_of_no_system_get_the_checks_that_need_none(target, right, table):
    names = [f"E{k + 1}" for k in range(len(NAMES))]
    placed = place(target, names, table(right, names=names))
    assert np.isnan(placed.from_standard_mm).all() and not placed.warnings
    with pytest.raises(UserError, match="look like .* in metres"):
        place(target, names, table(right / 1000, names=names))
    with pytest.raises(UserError, match="look like .*CTF"):
        place(target, names, table(als(in_head(right, target)), names=names))


def test_what_a_channel_lacks_is_said(target, right, table):
    path = table(right)
    for row, match in (
        ("F3\tn/a\tn/a\tn/a", "channel 'F3' has no position; give it"),
        ("F3\t1.0\tn/a\t2.0", "position of 'F3' is .'1.0', 'n/a', '2.0'."),
    ):
        rest = [line for line in path.read_text().splitlines() if not line.startswith("F3\t")]
        path.write_text("\n".join([*rest, row]))
        with pytest.raises(UserError, match=match):
            place(target, NAMES, path)
        others = [name for name in NAMES if name != "F3"]
        assert len(place(target, others, path).electrodes) == 50
    both = [*rest, "cz\t0\t0\t99", "CZ\t0\t0\t99"]
    path.write_text("\n".join(line for line in both if not line.startswith("Cz\t")))
    with pytest.raises(UserError, match="'cz' and 'CZ' may both be the channel Cz"):
        place(target, ["Cz", "C3", "C4", "Oz"], path)


BAD_SYSTEMS = {
    '{"EEGCoordinateSystem": "Talairach", "EEGCoordinateUnits": "mm"}': "'Talairach' cannot be con",
    '{"EEGCoordinateSystem": "CapTrack", "EEGCoordinateUnits": "mm"}': "did you mean 'CapTrak'",
    '{"EEGCoordinateSystem": "CTF", "EEGCoordinateUnits": "inch"}': "EEGCoordinateUnits is 'inch'",
    '{"EEGCoordinateSystem": "CTF"}': "EEGCoordinateUnits is missing; give one of mm, cm",
    '{"EEGCoordinateUnits": "mm"}': "EEGCoordinateSystem is missing; give one of CapTrak",
    '["CTF"]': "not a JSON object",
    "{": "not JSON",
}


@pytest.mark.parametrize(("written", "match"), BAD_SYSTEMS.items())
def test_bad_coordinate_systems_are_refused(right, table, written, match):
    path = table(right)
    path.with_name("coordsystem.json").write_text(written)
    with pytest.raises(UserError, match=rf"coordsystem.json: .*{match}") as caught:
        read_montage(path)
    assert "\n" not in str(caught.value)


def test_a_coordinate_system_is_found_as_bids_lays_it(tmp_path):
    eeg = tmp_path / "sub-01" / "eeg"
    eeg.mkdir(parents=True)
    (tmp_path / "dataset_description.json").write_text("{}")
    own = eeg / "sub-01_space-CapTrak_electrodes.tsv"
    own.write_text("name\tx\ty\tz\nCz\t0\t0\t99\n")
    assert files_beside(own) == []
    above = tmp_path / "coordsystem.json"
    for path in (
        above,
        eeg / "sub-01_coordsystem.json",
        eeg / own.name.replace("electrodes.tsv", "coordsystem.json"),
    ):
        path.write_text("{}")
        (eeg / "sub-02_coordsystem.json").write_text("{}")
        assert files_beside(own) == [path]
    plain = tmp_path / "mine.tsv"
    plain.write_text(own.read_text())
    assert files_beside(plain) == [above]
    (tmp_path / "mine_coordsystem.json").write_text("{}")
    assert files_beside(plain) == [tmp_path / "mine_coordsystem.json"]


def test_unknown_montages_and_channels_are_refused(target):
    with pytest.raises(UserError, match="'fsaverage1005' is unknown .*did you mean 'fsaverage_10"):
        place(target, ["Cz"], "fsaverage1005")
    with pytest.raises(UserError, match=r"none.tsv: no such file"):
        read_montage("none.tsv")
    with pytest.raises(UserError, match="channel 'QQQ' is unknown$"):
        place(target, ["Cz", "QQQ"], "fsaverage_1005")
    with pytest.raises(UserError, match="channels 'Cz' and 'cz' are one"):
        place(target, ["Cz", "cz"], "fsaverage_1005")
    assert isinstance(target, Target)


@pytest.mark.parametrize("off_mm", [0.0, 6.0])
def test_digitiser_in_axes_of_its_own_says_how_well_it_fits(target, right, tmp_path, off_mm):
    """Any turn, also upside down; nasion and ears of the MRI may be off from those pressed."""
    vertices, _ = target.scalp
    upper = vertices[vertices[:, 2] > target.landmarks()[:, 2].max()][::40]
    turn = np.eye(4)
    turn[:3, :3] = Rotation.from_euler("xyz", [170, 20, 30], degrees=True).as_matrix()
    turn[:3, 3] = 40, -90, 25
    lpa, nasion, rpa = apply_affine(turn, target.landmarks()) / 1000
    montage = mne.channels.make_dig_montage(
        dict(zip(NAMES, apply_affine(turn, right) / 1000, strict=True)),
        lpa=lpa,
        nasion=nasion,
        rpa=rpa,
        hsp=apply_affine(turn, upper) / 1000,
        coord_frame="unknown",
    )
    montage.save(tmp_path / "mine-dig.fif", verbose="error")
    moved = target.fiducials | {"nasion": target.fiducials["nasion"] + [0, 0, off_mm]}
    placed = place(replace(target, fiducials=moved), NAMES, tmp_path / "mine-dig.fif")
    error = np.linalg.norm(placed.electrodes.positions - right, axis=1)
    said = placed.digitised
    assert "laid on ears and nasion and on" in placed.how
    # The cap turns by less than the nasion is off: points on the scalp hold it, somewhat.
    assert error.max() < 0.3 + 0.8 * off_mm and np.median(said.head_shape_mm) < 0.1 + off_mm / 10
    assert 0.2 * off_mm < said.landmarks_mm["nasion"] + 1e-9 < 0.3 + off_mm
    assert len(said.head_shape) == len(upper)
    assert said.line().startswith("digitised landmarks from the MRI's: lpa ")
    write_placement(tmp_path / "t.tsv", tmp_path / "n.json", placed)
    back = read_placement(tmp_path / "t.tsv", tmp_path / "n.json").digitised
    assert back.line() == said.line()
    np.testing.assert_allclose(back.head_shape, said.head_shape, atol=0.01)
