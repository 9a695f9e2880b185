"""Checks of a user's T1: what is turned right, what is refused, in one line each."""

import gzip

import nibabel
import numpy as np
import pytest

from multisource.anatomy.t1 import read_t1
from multisource.errors import UserError


def scan(voxel=2.0, low=0.0):
    """A head of an ellipsoid with unlike front and back, top and bottom; left is like right."""
    shape = tuple(int(side / voxel) for side in (180, 230, 220))
    x, y, z = (
        (np.arange(n).reshape([-1 if k == axis else 1 for k in range(3)]) - n / 2) * voxel
        for axis, n in enumerate(shape)
    )
    head = (x / 78) ** 2 + (y / 100) ** 2 + (z / 95) ** 2 < 1
    brain = (x / 65) ** 2 + ((y + 8) / 80) ** 2 + ((z - 15) / 62) ** 2 < 1
    eyes = ((np.abs(x) - 30) / 14) ** 2 + ((y - 75) / 14) ** 2 + ((z + 25) / 14) ** 2 < 1
    data = np.where(brain, 110, np.where(head, 60, low)).astype(np.float32)
    data = np.where(eyes & head, 20, data)
    affine = np.diag([voxel, voxel, voxel, 1.0])
    affine[:3, 3] = -np.array(shape) * voxel / 2
    return data, affine


def write(path, data, affine, code=1):
    image = nibabel.Nifti1Image(data, affine)
    image.set_sform(affine, code=code)
    image.set_qform(affine, code=code)
    nibabel.save(image, path)
    return path


def test_any_storage_order_becomes_ras(tmp_path):
    data, affine = scan()
    plain = read_t1(write(tmp_path / "ras.nii.gz", data, affine))
    # The same head stored with axes P, I, R.
    turned = nibabel.Nifti1Image(data, affine).as_reoriented(
        nibabel.orientations.ornt_transform(
            nibabel.orientations.axcodes2ornt("RAS"), nibabel.orientations.axcodes2ornt("PIR")
        )
    )
    nibabel.save(turned, tmp_path / "pir.nii.gz")
    back = read_t1(tmp_path / "pir.nii.gz")
    np.testing.assert_array_equal(back.data, plain.data)
    np.testing.assert_allclose(back.affine, plain.affine, atol=1e-4)
    np.testing.assert_allclose(plain.voxel_mm, 2.0)


def test_a_fourth_axis_of_one_is_dropped(tmp_path):
    data, affine = scan()
    assert read_t1(write(tmp_path / "t1.nii", data[..., None], affine)).data.shape == data.shape


def refused(path, match):
    with pytest.raises(UserError, match=match) as caught:
        read_t1(path)
    message = str(caught.value)
    assert "\n" not in message and path.name in message


def test_files_that_are_no_volume(tmp_path):
    refused(tmp_path / "absent.nii", "no such T1")
    text = tmp_path / "t1.nii.gz"
    text.write_text("not an image")
    refused(text, "not a NIfTI")
    text = tmp_path / "t1.txt"
    text.write_text("not an image")
    refused(text, "not a NIfTI")


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_truncated(tmp_path, suffix):
    data, affine = scan(4.0)
    path = write(tmp_path / f"t1{suffix}", data, affine)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    refused(path, "truncated")


def test_damaged_inside(tmp_path):
    path = tmp_path / "t1.nii.gz"
    path.write_bytes(gzip.compress(b"\0" * 5000))
    refused(path, "not a NIfTI|truncated|shape")


def test_volumes_that_are_no_head(tmp_path):
    data, affine = scan()
    refused(write(tmp_path / "flat.nii", data[:, :, :1], affine), "3-D")
    refused(write(tmp_path / "many.nii", np.stack([data, data], axis=3), affine), "3-D")
    refused(write(tmp_path / "zero.nii", np.zeros_like(data), affine), "empty")
    hole = data.copy()
    hole[3, 3, 3] = np.nan
    refused(write(tmp_path / "nan.nii", hole, affine), "not finite")
    refused(write(tmp_path / "brain.nii", np.where(data > 100, data, 0), affine), "stripped")
    refused(write(tmp_path / "crop.nii", data[:, :, 60:], affine), "stripped|whole head")
    refused(write(tmp_path / "ct.nii", scan(low=-1000)[0], affine), "Hounsfield")
    coarse, coarse_affine = scan(4.0)
    refused(write(tmp_path / "coarse.nii", coarse, coarse_affine), "coarse")
    refused(write(tmp_path / "um.nii", data, affine / [[1000], [1000], [1000], [1]]), "whole head")


def test_header_orientations_that_cannot_be(tmp_path):
    data, affine = scan()
    refused(write(tmp_path / "none.nii", data, affine, code=0), "no orientation")
    # Left-right written as the second axis of the header, with the data as they were.
    wrong = affine[[1, 0, 2, 3]]
    refused(write(tmp_path / "wrong.nii", data, wrong), "symmetric across the y axis")
