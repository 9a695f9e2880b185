"""Nasion and ears of an MRI from a file: in mm of the head, on its scalp, all three."""

import mne
import numpy as np
import pytest

from multisource.anatomy.landmark_files import read_landmarks
from multisource.errors import UserError
from multisource.geometry.icosphere import icosphere

PLACES = {"lpa": (-80.0, 0.0, 0.0), "nasion": (0.0, 80.0, 0.0), "rpa": (80.0, 0.0, 0.0)}


@pytest.fixture
def scalp():
    points, triangles = icosphere(3)
    return 80 * points, triangles


def table(path, **places):
    rows = ["name\tx\ty\tz", *("\t".join(map(str, (n, *p))) for n, p in places.items())]
    path.write_text("\n".join(rows) + "\n")
    return path


def fif(path, frame):
    points = [
        {"kind": 1, "ident": ident, "r": np.array(PLACES[name]) / 1000, "coord_frame": frame}
        for ident, name in ((1, "lpa"), (2, "nasion"), (3, "rpa"))
    ]
    mne.io.write_fiducials(path, points, coord_frame=frame, overwrite=True, verbose="error")
    return path


def test_table_and_fiff_say_the_same(tmp_path, scalp):
    names = {"RPA": PLACES["rpa"], "Nz": PLACES["nasion"], "LPA": PLACES["lpa"]}
    for path in (
        table(tmp_path / "mine.tsv", **names),
        fif(tmp_path / "mine-fiducials.fif", mne.io.constants.FIFF.FIFFV_COORD_MRI),
    ):
        found = read_landmarks(path, scalp)
        assert list(found) == ["lpa", "nasion", "rpa"]
        for name, place in PLACES.items():
            np.testing.assert_allclose(found[name], place, atol=1e-4)


def test_what_cannot_be_right_is_refused_by_name(tmp_path, scalp):
    head = mne.io.constants.FIFF.FIFFV_COORD_HEAD
    metres = {name: np.array(place) / 1000 for name, place in PLACES.items()}
    (tmp_path / "damaged.fif").write_bytes(b"no fif")
    for path, words in (
        (tmp_path / "nowhere.tsv", "no such file of landmarks"),
        (table(tmp_path / "two.tsv", lpa=PLACES["lpa"], nasion=PLACES["nasion"]), "has no rpa"),
        (table(tmp_path / "metres.tsv", **metres), "is 80 mm from the scalp; give mm"),
        (fif(tmp_path / "head.fif", head), "in those of a digitiser; mark them in the MRI"),
        (tmp_path / "damaged.fif", "MNE cannot read landmarks"),
        (tmp_path / "two.mrk", "no such file"),
    ):
        with pytest.raises(UserError, match=words) as error:
            read_landmarks(path, scalp)
        assert str(path) in str(error.value)
