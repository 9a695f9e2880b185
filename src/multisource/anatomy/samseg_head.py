"""A head from a SAMSEG segmentation of a whole-head T1.

Tissues and shells are the subject's own; so is the folding of the white surface, at the resolution
of the voxels. Landmarks come from the template through an affine, unless they are given.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import scipy  # loads scipy.ndimage, which takes long, when it is used
from nibabel.affines import voxel_sizes
from nibabel.processing import resample_to_output

from multisource.anatomy import voxels
from multisource.anatomy.contract import InputFile
from multisource.anatomy.cortex import cortical_surfaces
from multisource.anatomy.head import AIR, CSF, SCALP, SKULL, WHITE_MATTER, Head
from multisource.anatomy.labels import is_of_side, tissues_of
from multisource.anatomy.landmark_files import read_landmarks
from multisource.anatomy.mni import fit_to_mni, template_landmarks
from multisource.anatomy.options import own_head_mistakes
from multisource.anatomy.star_shells import star_shells
from multisource.errors import UserError, refuse
from multisource.geometry.masks import largest_part, voxel_volume
from multisource.geometry.surfaces import Surface

BRAIN_ML = (700.0, 2300.0)  # grey and white matter of any human head beyond infancy


def samseg_head(
    *,
    segmentation: str | Path,
    landmarks: InputFile | None = None,
    voxel_mm: float = 2.0,
    smallest_skull_mm: float = 3.0,
) -> Head:
    """Build a head from SAMSEG's label volume.

    Parameters
    ----------
    segmentation : str or Path
        The label volume that ``samseg.segment_t1`` writes (scanner RAS mm, which is the head's
        surface RAS).
    landmarks : path, optional
        Nasion and ears in the T1, as :func:`multisource.anatomy.landmark_files.read_landmarks`
        reads them; without it the template's, through MNI space.
    voxel_mm : float
        Edge of a tissue voxel, mm.
    smallest_skull_mm : float
        Bone is laid around brain and CSF at least this thick, mm, where SAMSEG finds less
        (temporal squama, foramina).

    Returns
    -------
    Head
        The subject's head.

    Raises
    ------
    UserError
        For a file that cannot be read, options out of range, or labels of no head.
    """
    refuse(own_head_mistakes(voxel_mm=voxel_mm, smallest_skull_mm=smallest_skull_mm))
    labels, affine = read_labels(segmentation)
    head = head_of_labels(labels, affine, voxel_mm=voxel_mm, smallest_skull_mm=smallest_skull_mm)
    if landmarks is None:
        return head
    return replace(head, fiducials=read_landmarks(landmarks, head.surfaces["outer_skin"]))


def read_labels(path: str | Path) -> tuple[np.ndarray, np.ndarray]:
    """Read a label volume on an axis-aligned grid of cubic voxels.

    Parameters
    ----------
    path : str or Path
        File to read. One on another grid is resampled to 1 mm.

    Returns
    -------
    labels : ndarray of int32, shape (i, j, k)
        Label numbers.
    affine : ndarray of shape (4, 4)
        From voxel indices to scanner RAS, mm.

    Raises
    ------
    UserError
        When the file is missing or no volume.
    """
    path = Path(path)
    if not path.is_file():
        raise UserError(f"{path}: no such segmentation")
    try:
        image = nibabel.as_closest_canonical(nibabel.load(path))
        labels = np.asarray(image.dataobj).astype(np.int32)
    except Exception as error:
        raise UserError(f"{path}: not a readable label volume ({error})") from None
    edges = voxel_sizes(image.affine)
    if not np.allclose(image.affine[:3, :3], np.diag(edges), atol=1e-4) or np.ptp(edges) > 1e-3:
        image = resample_to_output(nibabel.Nifti1Image(labels, image.affine), [1.0] * 3, order=0)
        labels = np.asarray(image.dataobj).astype(np.int32)
    return labels, np.asarray(image.affine, dtype=float)


def head_of_labels(
    labels: np.ndarray,
    affine: np.ndarray,
    *,
    voxel_mm: float,
    smallest_skull_mm: float,
    cortex: dict[str, Surface] | None = None,
) -> Head:
    """Build a head from a label volume of the whole head.

    Parameters
    ----------
    labels : ndarray of shape (i, j, k)
        SAMSEG's numbers, axis-aligned, about 1 mm.
    affine : ndarray of shape (4, 4)
        From voxel indices to mm.
    voxel_mm : float
        Edge of a tissue voxel, mm.
    smallest_skull_mm : float
        Least thickness of the skull, mm.
    cortex : dict of str to (ndarray, ndarray), optional
        White, pial and sphere of both hemispheres; by default they are made from the labels.

    Returns
    -------
    Head
        The head.

    Raises
    ------
    UserError
        When grey and white matter have no volume of a brain, or a hemisphere is missing.
    """
    tissues = tissues_of(labels)
    volume = voxel_volume(affine)
    brain = np.isin(tissues, (1, 2)).sum() * volume / 1000
    if not BRAIN_ML[0] <= brain <= BRAIN_ML[1]:
        raise UserError(
            f"segmentation: grey and white matter are {brain:.0f} ml, not {BRAIN_ML[0]:.0f} to "
            f"{BRAIN_ML[1]:.0f}; the segmentation failed, look at the T1 and its orientation"
        )
    for side, words in (("lh", "left"), ("rh", "right")):
        if not is_of_side(labels, side).any():
            raise UserError(
                f"segmentation: no voxel of the {words} hemisphere; the segmentation failed, look "
                "at the T1 and its orientation"
            )
    if cortex is None:
        cortex = cortical_surfaces(labels, affine)
    intracranial = _solid((tissues >= WHITE_MATTER) & (tissues <= CSF))
    shells = star_shells(
        intracranial,
        tissues == SKULL,
        _solid(tissues > AIR),
        affine,
        np.concatenate([cortex["lh.white"][0], cortex["rh.white"][0]]),
        smallest_skull_mm=smallest_skull_mm,
    )
    grid, grid_affine = voxels.grid_around(shells["outer_skin"][0], voxel_mm)
    coarser = _on_grid(tissues, affine, grid, grid_affine)
    sealed = _sealed(coarser, shells, grid_affine, smallest_skull_mm)
    to_mni = fit_to_mni(tissues, affine)
    return Head(
        surfaces=cortex | shells,
        tissues=sealed,
        affine=grid_affine,
        fiducials=template_landmarks(to_mni, shells["outer_skin"]),
        to_mni=to_mni,
    )


def _solid(mask: np.ndarray) -> np.ndarray:
    """Largest part of a mask, its cavities filled."""
    return scipy.ndimage.binary_fill_holes(largest_part(mask))


def _on_grid(
    tissues: np.ndarray, affine: np.ndarray, shape: tuple[int, int, int], grid_affine: np.ndarray
) -> np.ndarray:
    """Tissue at the centre of each voxel of another axis-aligned grid; air beyond the volume."""
    result = np.zeros(shape, dtype=np.uint8)
    picks = []
    for axis in range(3):
        at = grid_affine[axis, 3] + grid_affine[axis, axis] * np.arange(shape[axis])
        picks.append(np.rint((at - affine[axis, 3]) / affine[axis, axis]).astype(int))
    valid = [(p >= 0) & (p < n) for p, n in zip(picks, tissues.shape, strict=True)]
    result[np.ix_(*valid)] = tissues[np.ix_(*[p[v] for p, v in zip(picks, valid, strict=True)])]
    return result


def _sealed(
    tissues: np.ndarray,
    shells: dict[str, Surface],
    affine: np.ndarray,
    smallest_skull_mm: float,
) -> np.ndarray:
    """Five nested tissues within the scalp shell: brain in bone, bone in scalp, no bits."""
    shape = tissues.shape
    cavity = voxels.fill(*shells["inner_skull"], shape, affine)
    outside_bone = ~voxels.fill(*shells["outer_skull"], shape, affine)
    within = voxels.fill(*shells["outer_skin"], shape, affine)
    brain = (tissues >= WHITE_MATTER) & (tissues <= CSF)
    # The spinal cord below the foramen belongs to the neck.
    tissues = np.where(brain & ~cavity & outside_bone, SCALP, tissues)
    brain = (tissues >= WHITE_MATTER) & (tissues <= CSF)
    # Air enclosed by the head (sinuses, mastoid cells): an insulator like the bone around it, or
    # soft tissue farther out.
    empty = (tissues == AIR) & within
    tissues[empty] = np.where(outside_bone[empty], SCALP, SKULL)
    tissues[~within & ~brain] = AIR
    tissues = voxels.clear_islands(tissues, voxel_volume(affine))
    brain = (tissues >= WHITE_MATTER) & (tissues <= CSF)
    edges = np.diag(affine)[:3]
    # From face to face: centres are half an edge inside both voxels.
    gap = scipy.ndimage.distance_transform_edt(~brain, sampling=edges) - edges.min()
    tissues[~brain & (gap < smallest_skull_mm)] = SKULL
    tissues = voxels.clear_islands(tissues, voxel_volume(affine))
    return voxels.seal_skull(tissues)
