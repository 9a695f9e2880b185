"""Positions inside recordings and in the files of digitisers come onto the head.

The files are written here, from electrodes whose places on the packaged head are known.
"""

from pathlib import Path

import mne
import numpy as np
import pytest
from nibabel.affines import apply_affine
from recordings_files import write_brainvision
from scipy.io import savemat
from scipy.spatial.transform import Rotation

from multisource.channels.lists import read_channel_list
from multisource.errors import UserError
from multisource.montage.alignment import fit_to_scalp, similarity
from multisource.montage.files import files_beside
from multisource.montage.placement import place
from multisource.montage.target import packaged_target

NAMES = read_channel_list(Path(__file__).parents[2] / "resources" / "channels-natview.tsv")
MARKS = ("LPA", "Nz", "RPA")


@pytest.fixture(scope="module")
def target():
    return packaged_target()


@pytest.fixture(scope="module")
def right(target):
    return place(target, NAMES, "fsaverage_1005").electrodes.positions


@pytest.fixture(scope="module")
def head(target, right):
    """Landmarks, electrodes and points of the scalp in MNE's head coordinates, mm."""
    lpa, nasion, rpa = target.landmarks()
    to_head = mne.transforms.get_ras_to_neuromag_trans(nasion, lpa, rpa)
    scalp = target.scalp[0][::30]
    shape = scalp[scalp[:, 2] > -40]
    return tuple(apply_affine(to_head, p) for p in (target.landmarks(), right, shape))


def digitised(head, *, size=1.0, error=0.0, shape=True):
    """A montage of MNE's, with landmarks that are pressed wrongly by an error (mm)."""
    marks, points, scalp = head
    marks = marks + np.random.default_rng(0).normal(size=(3, 3)) * error
    lpa, nasion, rpa = marks * size / 1000
    return mne.channels.make_dig_montage(
        dict(zip(NAMES, points * size / 1000, strict=True)),
        lpa=lpa,
        nasion=nasion,
        rpa=rpa,
        hsp=scalp * size / 1000 if shape else None,
        coord_frame="head",
    )


def recorded(path, montage):
    raw = mne.io.RawArray(
        np.zeros((len(NAMES), 10)), mne.create_info(NAMES, 250, "eeg"), verbose="error"
    )
    raw.set_montage(montage, verbose="error").save(path, verbose="error")
    return path


def off(placed, right):
    return np.linalg.norm(placed.electrodes.positions - right, axis=1)


def test_a_fif_recording_carries_its_digitisation(target, right, head, tmp_path):
    path = recorded(tmp_path / "a_raw.fif", digitised(head))
    placed = place(target, NAMES, path)
    # Single precision of metres.
    assert off(placed, right).max() < 0.05 and not placed.warnings
    assert "points of the head's shape" in placed.how
    digitised(head).save(tmp_path / "a-dig.fif")
    assert off(place(target, NAMES, tmp_path / "a-dig.fif"), right).max() < 0.05
    average = mne.EvokedArray(np.zeros((51, 5)), mne.io.read_raw(path, verbose="error").info)
    average.save(tmp_path / "a-ave.fif", verbose="error")
    assert off(place(target, NAMES, tmp_path / "a-ave.fif"), right).max() < 0.05


def test_the_heads_shape_corrects_landmarks_that_are_pressed_wrongly(target, right, head, tmp_path):
    with_, without = (
        off(
            place(
                target,
                NAMES,
                recorded(tmp_path / f"{shape}_raw.fif", digitised(head, error=3, shape=shape)),
            ),
            right,
        )
        for shape in (True, False)
    )
    assert np.median(with_) < 0.5 * np.median(without) and with_.max() < 3


@pytest.mark.parametrize("shape", [True, False])
def test_another_head_is_brought_to_this_ones_size(target, right, head, tmp_path, shape):
    path = recorded(tmp_path / "a_raw.fif", digitised(head, size=0.9, shape=shape))
    placed = place(target, NAMES, path)
    assert off(placed, right).max() < 0.1
    assert "ears and nasion are 10 % closer together" in placed.warnings[0]


def lines(names, points, form):
    return "".join(
        form.format(k=k + 1, n=name, x=x, y=y, z=z) + "\n"
        for k, (name, (x, y, z)) in enumerate(zip(names, points, strict=True))
    )


def on_a_sphere(head):
    """Angles from the vertical and from the right, degrees, as caps are given."""
    x, y, z = (head[1] - [0, 0, 40]).T
    polar = np.degrees(np.arctan2(np.hypot(x, y), z))
    return np.column_stack([polar, np.degrees(np.arctan2(y, x)), polar])


def sfp(head):
    order = ["FidT9", "FidNz", "FidT10", *NAMES]
    return lines(order, np.vstack(head[:2]) / 10, "{n}\t{x:.5f}\t{y:.5f}\t{z:.5f}")


def elc(head):
    form = "{n} : {x:.4f} {y:.4f} {z:.4f}"
    names = [*MARKS, *NAMES]
    return (
        f"ReferenceLabel\tavg\nUnitPosition\tmm\nNumberPositions= {len(names)}\nPositions\n"
        f"{lines(names, np.vstack(head[:2]), form)}Labels\n{' '.join(names)}\n"
    )


def hpts(head):
    marks = lines("123", head[0], "cardinal {n} {x:.3f} {y:.3f} {z:.3f}")
    return marks + lines(NAMES, head[1], "eeg {n} {x:.3f} {y:.3f} {z:.3f}")


def bvct(head):
    form = "<CapTrakElectrode><Name>{n}</Name><X>{x}</X><Y>{y}</Y><Z>{z}</Z></CapTrakElectrode>"
    body = lines(["LPA", "Nasion", "RPA", *NAMES], np.vstack(head[:2]), form)
    return f"<?xml version='1.0'?><A><CapTrakElectrodeList>{body}</CapTrakElectrodeList></A>"


def xyz(head):
    return lines(NAMES, head[1] / 10, "{k}\t{x:.5f}\t{y:.5f}\t{z:.5f}\t{n}")


def theta_phi(head):
    return "Site\tTheta\tPhi\n" + lines(NAMES, on_a_sphere(head), "{n}\t{x:.0f}\t{y:.0f}")


def elp(head):
    return lines(NAMES, on_a_sphere(head), "EEG\t{n}\t{x:.1f}\t{y:.1f}\t1.00")


def bvef(head):
    form = (
        "<Electrode><Name>{n}</Name><Theta>{x:.0f}</Theta><Phi>{y:.0f}</Phi><Radius>1</Radius>"
        "</Electrode>"
    )
    body = lines(NAMES, on_a_sphere(head), form)
    return f"<?xml version='1.0'?><Electrodes>{body}</Electrodes>"


def loc(head):
    polar, angle, _ = on_a_sphere(head).T
    points = np.column_stack([90 - angle, polar / 180, angle])
    return lines(NAMES, points, "{k}\t{x:.3f}\t{y:.5f}\t{n}")


FILES = {".sfp": sfp, ".elc": elc, ".hpts": hpts, ".bvct": bvct, ".xyz": xyz}
SPHERES = {".txt": theta_phi, ".elp": elp, ".bvef": bvef, ".loc": loc}


@pytest.mark.parametrize(("ending", "write"), FILES.items())
def test_digitisers_files_are_laid_on_landmarks_or_names(
    target, right, head, tmp_path, ending, write
):
    path = tmp_path / f"mine{ending}"
    path.write_text(write(head))
    placed = place(target, NAMES, path)
    assert off(placed, right).max() < 0.1 and not placed.warnings
    assert ("names" if ending == ".xyz" else "nasion") in placed.how
    assert files_beside(path) == []


@pytest.mark.parametrize(("ending", "write"), SPHERES.items())
def test_caps_on_a_sphere_are_laid_on_the_places_of_their_names(
    target, right, head, tmp_path, ending, write
):
    path = tmp_path / f"mine{ending}"
    path.write_text(write(head))
    placed = place(target, NAMES, path)
    # A sphere has lost how far each electrode was from its middle: that is all that is left.
    assert np.median(off(placed, right)) < 6 and off(placed, right).max() < 15
    assert "names" in placed.how


def test_positions_in_eeglabs_files(target, right, head, tmp_path):
    """EEGLAB has x to the front and y to the left; its landmarks may be in other axes."""
    kinds = [(key, object) for key in ("labels", "X", "Y", "Z", "type")]
    located = [(n, y, -x, z, "") for n, (x, y, z) in zip(NAMES, head[1], strict=True)]
    fields = {
        "setname": "mine",
        "nbchan": 51,
        "pnts": 10,
        "trials": 1,
        "srate": 250.0,
        "xmin": 0.0,
        "xmax": 0.04,
        "data": np.zeros((51, 10), dtype=np.float32),
        "icawinv": [],
        "chanlocs": np.array([*located, ("ECG", [], [], [], "ECG")], dtype=kinds)[:51],
        "event": [],
        "epoch": [],
    }
    path = tmp_path / "mine.set"
    savemat(path, {"EEG": fields}, appendmat=False)
    assert off(place(target, NAMES, path), right).max() < 0.1


def test_positions_in_brainvisions_headers(target, right, head, tmp_path):
    path = write_brainvision(tmp_path, np.zeros((51, 10)), NAMES, 250, markers=[])
    with pytest.raises(UserError, match=r"mine.vhdr: .* has no electrode positions"):
        place(target, NAMES, path)
    polar, angle, _ = on_a_sphere(head).T
    path.write_text(
        path.read_text()
        + "[Coordinates]\n"
        + "".join(
            f"Ch{k + 1}=1,{p:.0f},{a:.0f}\n"
            for k, (p, a) in enumerate(zip(polar, angle, strict=True))
        )
    )
    assert np.median(off(place(target, NAMES, path), right)) < 6
    assert {one.name for one in files_beside(path)} == {"mine.eeg", "mine.vmrk"}


def test_what_holds_no_positions_is_refused(target, head, tmp_path):
    raw = mne.io.RawArray(np.zeros((3, 10)), mne.create_info(3, 250, "eeg"), verbose="error")
    raw.save(tmp_path / "a_raw.fif", verbose="error")
    with pytest.raises(UserError, match=r"a_raw.fif: it has no electrode positions"):
        place(target, NAMES, tmp_path / "a_raw.fif")
    (tmp_path / "mine.elc").write_text("nothing of the kind\n")
    with pytest.raises(UserError, match=r"mine.elc: MNE cannot read positions from it"):
        place(target, NAMES, tmp_path / "mine.elc")
    (tmp_path / "mine.xyz").write_text(
        lines([f"E{k}" for k in range(51)], head[1], "{k}\t{x:.3f}\t{y:.3f}\t{z:.3f}\t{n}")
    )
    with pytest.raises(UserError, match="cannot be told: it has no ears and nasion"):
        place(target, ["E1", "E2"], tmp_path / "mine.xyz")


def test_a_similarity_is_found_again():
    points = np.random.default_rng(0).normal(size=(9, 3)) * 80
    turn = Rotation.from_euler("xyz", [30, 140, -70], degrees=True).as_matrix()
    truth = np.eye(4)
    truth[:3, :3], truth[:3, 3] = 1.3 * turn, [5, -70, 11]
    np.testing.assert_allclose(similarity(points, apply_affine(truth, points)), truth, atol=1e-9)
    rigid = similarity(points, apply_affine(truth, points), scaled=False)
    np.testing.assert_allclose(rigid[:3, :3], turn, atol=1e-12)


def test_a_cap_that_is_off_the_scalp_is_brought_back(target, right):
    """Small errors of every kind are undone where the scalp tells them; a cap that fits stays."""
    np.testing.assert_allclose(fit_to_scalp(right, target.scalp), np.eye(4), atol=1e-6)
    wrong = np.eye(4)
    wrong[:3, :3] = Rotation.from_euler("xyz", [4, -2, 3], degrees=True).as_matrix()
    wrong[:3, :3] *= [1.06, 0.95, 1.04]
    wrong[:3, 3] = [4, -5, 6]
    points = apply_affine(wrong, right)
    marks = target.landmarks()
    fit = fit_to_scalp(
        points, target.scalp, pairs=(apply_affine(wrong, marks), marks), pairs_mm=0.5
    )
    assert np.linalg.norm(apply_affine(fit, points) - right, axis=1).max() < 2
