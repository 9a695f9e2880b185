"""SAMSEG as a program: what goes in, what comes out, how it fails. A small script plays SAMSEG."""

import sys
import zipfile

import nibabel
import numpy as np
import pytest

from multisource.anatomy.colin27 import colin27_image, main
from multisource.anatomy.samseg import check_environment, run_samseg, segment_t1
from multisource.errors import UserError
from multisource.progress import shown


def script(folder, text):
    path = folder / "program.py"
    path.write_text(text)
    return [sys.executable, str(path)]


def test_a_run_is_logged_and_stages_are_followed(tmp_path, capfd):
    program = "import os\nprint('atlas registration complete')\nprint(os.getcwd())\n"
    with shown():
        run_samseg(script(tmp_path, program), tmp_path, tmp_path / "a.log", name="t1.nii")
    assert str(tmp_path) in (tmp_path / "a.log").read_text()
    assert "SAMSEG" in capfd.readouterr().err


def test_our_packages_do_not_reach_samseg(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    program = "import os\nassert 'PYTHONPATH' not in os.environ\n"
    run_samseg(script(tmp_path, program), tmp_path, tmp_path / "a.log", name="t1.nii")


def test_failures_are_one_line(tmp_path):
    log = tmp_path / "a.log"
    with pytest.raises(UserError, match="exit status 3: bad atlas") as caught:
        run_samseg(script(tmp_path, "print('bad atlas'); exit(3)"), tmp_path, log, name="t1.nii")
    assert "\n" not in str(caught.value)
    killed = "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"
    with pytest.raises(UserError, match="GB of memory"):
        run_samseg(script(tmp_path, killed), tmp_path, log, name="t1.nii")


def test_a_missing_environment_is_named(tmp_path):
    with pytest.raises(UserError, match="does not exist.*samseg.sh"):
        check_environment(tmp_path / "bin" / "python")
    with pytest.raises(UserError, match="no package samseg"):
        check_environment(sys.executable)


def test_a_bad_t1_is_refused_before_the_environment_is_looked_at(tmp_path):
    with pytest.raises(UserError, match="no such T1"):
        segment_t1(tmp_path / "t1.nii", tmp_path / "labels.nii.gz", python="/nowhere")
    assert not (tmp_path / "labels.nii.gz").exists()


def test_colin27_comes_out_of_the_wheel(tmp_path):
    # A ball for a head, and a rod on top of it as in the packaged volume.
    grid = np.indices((60, 60, 181))
    ball = (grid[0] - 30) ** 2 + (grid[1] - 30) ** 2 + (grid[2] - 150) ** 2 < 22**2
    rod = (grid[1] - 30) ** 2 + (grid[2] - 177) ** 2 < 4**2
    anatomy = np.where(ball, 90, np.where(rod, 70, 0)).astype(np.uint8)
    transform = np.eye(4)
    transform[:3, 3] = [-91, -126, -73]
    np.savez(tmp_path / "a.npz", anatomy=anatomy, transform=transform)
    wheel = tmp_path / "eegprep.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.write(
            tmp_path / "a.npz", "eegprep/resources/dipfit/standard_BEM/standard_mri_mni.npz"
        )
    image = colin27_image(wheel)
    np.testing.assert_allclose(image.affine[:3, 3], [-90, -125, -72])
    data = np.asarray(image.dataobj)
    assert not data[rod & ~ball].any()
    # An opening by a ball keeps a ball, up to voxels at its rim.
    assert (data[ball] > 0).mean() > 0.97
    nibabel.save(image, tmp_path / "t1.nii.gz")
    with pytest.raises(UserError, match="no wheel"):
        colin27_image(tmp_path / "t1.nii.gz")
    assert main([]) == 2
