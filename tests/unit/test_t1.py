"""Checks of a user's T1: what is turned right, what is refused, in one line each."""

import gzip
from functools import cache

import nibabel
import numpy as np
import pytest
from nibabel.affines import apply_affine
from scipy import ndimage

from multisource.anatomy.mni import template_map
from multisource.anatomy.samseg import at_one_mm
from multisource.anatomy.t1 import T1, read_t1
from multisource.errors import UserError

BRAIN, BONE, SKIN = 1, 2, 3


def scan(voxel=2.0):
    """A head: the MNI152 brain in 8 mm of dark bone and 8 mm of bright scalp, axes RAS."""
    data, where = _head(int(voxel))
    return np.where(where == SKIN, 160, data).astype(np.float32), _affine(voxel)


def ct():
    """The same head in Hounsfield units: air -1000, soft tissue about 35, bone 1000."""
    data, where = _head(2)
    soft = np.random.default_rng(5).normal(35, 12, data.shape)
    return np.select([where == BONE, where > 0], [1000, soft], -1000).astype(np.float32), _affine(2)


@cache
def _head(step):
    brain, _ = template_map("t1")
    brain = np.pad(brain[::step, ::step, ::step], 24 // step)
    away = ndimage.distance_transform_edt(brain == 0, sampling=step)
    return brain, np.select([away == 0, away <= 8, away <= 16], [BRAIN, BONE, SKIN], 0)


def _affine(voxel):
    affine = np.diag([voxel, voxel, voxel, 1.0])
    affine[:3, 3] = template_map("t1")[1][:3, 3] - 24
    return affine


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
    surface = tmp_path / "t1.gii"
    nibabel.save(nibabel.GiftiImage(), surface)
    refused(surface, "GiftiImage; give a NIfTI")


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
    refused(
        write(tmp_path / "brain.nii", np.where(_head(2)[1] == BRAIN, data, 0), affine), "stripped"
    )
    refused(write(tmp_path / "crop.nii", data[:, :, 60:], affine), "whole head")
    coarse, coarse_affine = scan(4.0)
    refused(write(tmp_path / "coarse.nii", coarse, coarse_affine), "coarse")
    refused(write(tmp_path / "um.nii", data, affine / [[1000], [1000], [1000], [1]]), "whole head")


def cut(data, affine, axis, first, last):
    """A part of a volume along an axis, in its place."""
    moved = affine.copy()
    moved[:3, 3] += affine[:3, axis] * first
    part = [slice(None)] * 3
    part[axis] = slice(first, last)
    return data[tuple(part)], moved


def ends(data, axis):
    """First and last slice along an axis that is not empty."""
    where = np.flatnonzero((data > 0).any(axis=tuple(k for k in range(3) if k != axis)))
    return int(where[0]), int(where[-1])


@pytest.mark.parametrize(
    ("axis", "last", "side"),
    [
        (0, True, "right"),
        (0, False, "left"),
        (1, True, "front"),
        (1, False, "back"),
        (2, True, "top"),
    ],
)
def test_a_head_that_is_cut_off_is_refused(tmp_path, axis, last, side):
    """By 24 mm: the field of view ends there, or holds zeros."""
    data, affine = scan()
    low, high = ends(data, axis)
    span = (0, high - 12) if last else (low + 12, data.shape[axis])
    words = f"cut off at the {side} in a plane of .* cm2, where electrodes are"
    refused(write(tmp_path / "view.nii", *cut(data, affine, axis, *span)), words)
    kept = [slice(None)] * 3
    kept[axis] = slice(*span)
    zeroed = np.zeros_like(data)
    zeroed[tuple(kept)] = data[tuple(kept)]
    refused(write(tmp_path / "zeros.nii", zeroed, affine), words)


def test_a_cut_below_the_electrodes_is_a_warning(tmp_path, caplog):
    """A nose: the plane lies below the forehead."""
    data, affine = scan()
    (_, front), (_, top) = ends(data, 1), ends(data, 2)
    nose = data.copy()
    nose[25:85, front - 8 : front + 6, : top - 56] = 160
    read_t1(write(tmp_path / "nose.nii", *cut(nose, affine, 1, 0, front + 2)))
    assert "cut off at the front, below the electrodes" in caplog.text


def test_contrasts_that_are_no_t1(tmp_path):
    data, affine = scan()
    rng = np.random.default_rng(1)
    refused(write(tmp_path / "negative.nii", 255 - data, affine), "contrast is inverted")
    inside = np.where(data > 0, 255 - data, 0)
    refused(write(tmp_path / "t2.nii", inside, affine), "grey matter is brighter than white")
    noise = rng.uniform(0, 255, data.shape).astype(np.float32)
    refused(write(tmp_path / "uni.nii", np.where(data > 0, data, noise), affine), "MP2RAGE")
    read_t1(write(tmp_path / "noisy.nii", data + 8 * np.abs(rng.normal(size=data.shape)), affine))


def test_coarse_and_small_heads_are_taken(tmp_path):
    """Voxels of 2.5 mm, and a child's head, a quarter smaller; an infant's is refused by name."""
    data, affine = scan()
    coarse = ndimage.zoom(data, 0.8, order=1)
    wider = affine @ np.diag([1.25, 1.25, 1.25, 1])
    read_t1(write(tmp_path / "coarse.nii", coarse, wider))
    read_t1(write(tmp_path / "child.nii", data, affine @ np.diag([0.8, 0.8, 0.8, 1])))
    refused(write(tmp_path / "infant.nii", data, affine @ np.diag([0.65, 0.65, 0.65, 1])), "infant")


def test_two_orientations_that_disagree_are_refused(tmp_path):
    data, affine = scan()
    image = nibabel.Nifti1Image(data, affine)
    image.set_sform(affine, code=1)
    moved = affine.copy()
    moved[2, 3] += 20
    image.set_qform(moved, code=1)
    nibabel.save(image, tmp_path / "two.nii")
    refused(tmp_path / "two.nii", "sform and qform in the header disagree, by up to 20 mm")
    image.set_qform(moved, code=0)
    nibabel.save(image, tmp_path / "one.nii")
    read_t1(tmp_path / "one.nii")


def test_a_coarse_scan_is_segmented_at_1_mm():
    """The head stays in its place: the centre of brightness moves by less than a tenth of a mm."""
    data, affine = scan()
    smooth = ndimage.gaussian_filter(data, 2)
    fine = at_one_mm(T1(smooth, affine))
    np.testing.assert_allclose(fine.voxel_mm, 1)

    def centre(t1):
        weight = t1.data / t1.data.sum()
        where = np.indices(t1.data.shape).reshape(3, -1)
        return apply_affine(t1.affine, where @ weight.ravel())

    np.testing.assert_allclose(centre(fine), centre(T1(smooth, affine)), atol=0.1)
    assert at_one_mm(fine) is fine


def test_header_orientations_that_cannot_be(tmp_path):
    data, affine = scan()
    refused(write(tmp_path / "none.nii", data, affine, code=0), "no orientation")
    # Left-right written as the second axis of the header, with the data as they were.
    wrong = affine[[1, 0, 2, 3]]
    refused(write(tmp_path / "wrong.nii", data, wrong), "symmetric across the y axis")


def test_a_ct_is_refused_however_it_is_stored(tmp_path):
    data, affine = ct()
    refused(write(tmp_path / "ct.nii", data, affine), "Hounsfield")
    # As scanners store it, from 0, and in a brain's window.
    refused(write(tmp_path / "raw.nii", data + 1024, affine), "looks like a CT")
    refused(write(tmp_path / "window.nii", data.clip(-150, 300), affine), "looks like a CT")


@pytest.mark.parametrize(
    ("turn", "match"),
    [
        ([1, 1, 1], None),
        ([-1, 1, 1], None),  # left and right: cannot be seen
        ([1, -1, 1], "back to front"),
        ([1, 1, -1], "upside down"),
        ([1, -1, -1], "turned over"),
        ([[1, 0, 0], [0, 0, 1], [0, 1, 0]], "turned by 90 degrees"),
        ([[1, 0, 0], [0, 0, -1], [0, 1, 0]], "turned by 90 degrees"),
    ],
)
def test_a_header_that_flips_an_axis_is_refused(tmp_path, turn, match):
    data, affine = scan()
    matrix = np.eye(4)
    matrix[:3, :3] = np.diag(turn) if np.ndim(turn) == 1 else turn
    path = write(tmp_path / "t1.nii", data, matrix @ affine)
    if match:
        refused(path, match)
    else:
        read_t1(path)
