"""A head from a finished FreeSurfer subject: its surfaces, aseg and watershed shells.

Coordinates are FreeSurfer's own surface RAS. The shells are made star-shaped on one ico5 mesh with
margins between them, since watershed surfaces often touch.
"""

from __future__ import annotations

from pathlib import Path
from typing import cast

import nibabel
import numpy as np
from nibabel.affines import apply_affine
from nibabel.freesurfer import MGHImage

from multisource.anatomy import voxels
from multisource.anatomy.contract import InputFile
from multisource.anatomy.freesurfer_subject import (
    SIDES,
    check_subject,
    segmentation_file,
    shell_file,
)
from multisource.anatomy.fsaverage import MNI305_TO_MNI152
from multisource.anatomy.head import CORTEX, CSF, GREY_MATTER, SHELLS, WHITE_MATTER, Head
from multisource.anatomy.io import read_surface
from multisource.anatomy.labels import is_of_side, tissues_of
from multisource.anatomy.landmark_files import read_landmarks
from multisource.anatomy.mni import fit_to_mni, template_landmarks
from multisource.anatomy.options import own_head_mistakes
from multisource.anatomy.star_shells import around, of_radii, slants
from multisource.errors import UserError, refuse
from multisource.geometry.icosphere import even_directions
from multisource.geometry.masks import voxel_volume
from multisource.geometry.rays import radial_distance
from multisource.geometry.surfaces import Surface

BRAIN_MARGIN_MM = 1.0
# aseg inside the white surface, where it is deep grey matter or ventricle rather than cortex.
_DEEP: tuple[int, ...] = (4, 5, 10, 11, 12, 13, 14, 15, 17, 18, 24, 26, 28, 31)
_DEEP += (43, 44, 49, 50, 51, 52, 53, 54, 58, 60, 63, 72)
_HINDBRAIN = (7, 8, 16, 46, 47)


def freesurfer_head(
    *,
    subject: str | Path,
    landmarks: InputFile | None = None,
    voxel_mm: float = 2.0,
    smallest_skull_mm: float = 3.0,
) -> Head:
    """Build a head from a subject directory.

    Parameters
    ----------
    subject : path
        Subject directory (surf/, mri/, bem/).
    landmarks : path, optional
        Nasion and ears in the MRI, as :func:`multisource.anatomy.landmark_files.read_landmarks`
        reads them. Without it those that ``mne coreg`` saved in bem/, else the template's.
    voxel_mm : float, default 2
        Edge of the tissue voxels, mm.
    smallest_skull_mm : float
        Least distance between inner and outer skull, mm.

    Returns
    -------
    Head
        In FreeSurfer's surface RAS, mm.

    Raises
    ------
    UserError
        Naming the file that is missing or unreadable, or an option out of range.
    """
    refuse(own_head_mistakes(voxel_mm=voxel_mm, smallest_skull_mm=smallest_skull_mm))
    subject = Path(subject)
    check_subject(subject)
    surfaces = {name: read_surface(subject / "surf" / name) for name in CORTEX}
    raw = {name: read_surface(shell_file(subject, name)) for name in SHELLS}
    brain = np.concatenate([surfaces["lh.pial"][0], surfaces["rh.pial"][0]])
    surfaces |= nested_stars(raw, brain, smallest_skull_mm=smallest_skull_mm)
    labels, to_mm, to_scanner = _segmentation(segmentation := segmentation_file(subject))
    shape, affine = voxels.grid_around(surfaces["outer_skin"][0], voxel_mm)
    tissues = _tissues(surfaces, labels, to_mm, shape, affine, name=str(segmentation))
    to_mni = _talairach(subject, to_scanner)
    if to_mni is None:
        to_mni = fit_to_mni(tissues, affine)
    scalp = surfaces["outer_skin"]
    saved = subject / "bem" / f"{subject.name}-fiducials.fif"
    if landmarks or saved.is_file():
        fiducials = read_landmarks(landmarks or saved, scalp)
    else:
        fiducials = template_landmarks(to_mni, scalp)
    return Head(surfaces, tissues, affine, fiducials, to_mni)


def nested_stars(
    shells: dict[str, Surface], brain_points: np.ndarray, *, smallest_skull_mm: float
) -> dict[str, Surface]:
    """Resample shells along the rays of one centre, the brain inside them, kept apart.

    Parameters
    ----------
    shells : dict of str to Surface
        In mm.
    brain_points : ndarray of shape (n, 3)
        What the shells enclose, mm.
    smallest_skull_mm : float
        Least distance between inner and outer skull, mm.

    Returns
    -------
    dict of str to Surface
        The shells, mm.

    Raises
    ------
    UserError
        When a shell does not surround the brain.
    """
    directions, triangles = even_directions()
    inner_surface = shells["inner_skull"]
    centre = (inner_surface[0].max(axis=0) + inner_surface[0].min(axis=0)) / 2
    radii = [radial_distance(*shells[name], centre, directions) for name in SHELLS]
    for name, radius in zip(SHELLS, radii, strict=True):
        if not radius.all():
            raise UserError(f"{name}: does not surround the brain; make the shells again")
    inner, outer, scalp = radii
    inner = around(inner, directions, brain_points - centre, margin_mm=BRAIN_MARGIN_MM)
    slant = slants(inner, directions, triangles)
    outer = np.maximum(outer, inner + smallest_skull_mm / slant)
    return of_radii(centre, directions, triangles, inner, outer, scalp, slant=slant)


def _segmentation(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels, their affine to surface RAS, and the affine from surface to scanner RAS."""
    try:
        image = cast(MGHImage, nibabel.load(path))
        labels = np.asarray(image.dataobj).astype(np.int32)
        to_mm = image.header.get_vox2ras_tkr()
    except Exception as error:
        raise UserError(f"{path}: not a readable FreeSurfer volume ({error})") from None
    for side, words in SIDES.items():
        if not is_of_side(labels, side).any():
            raise UserError(
                f"{path}: no voxel is labelled white matter or cortex of the {words} hemisphere; "
                "let recon-all finish for both"
            )
    return labels, to_mm, image.affine @ np.linalg.inv(to_mm)


def _tissues(
    surfaces: dict[str, Surface],
    labels: np.ndarray,
    to_mm: np.ndarray,
    shape: tuple[int, int, int],
    affine: np.ndarray,
    *,
    name: str,
) -> np.ndarray:
    def filled(*names: str) -> np.ndarray:
        return np.logical_or.reduce([voxels.fill(*surfaces[n], shape, affine) for n in names])

    centres = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), -1).reshape(-1, 3)
    index = np.rint(apply_affine(np.linalg.inv(to_mm) @ affine, centres)).astype(int)
    within = np.all((index >= 0) & (index < labels.shape), axis=1)
    nearest = np.zeros(len(index), dtype=np.int32)
    nearest[within] = labels[tuple(index[within].T)]
    nearest = nearest.reshape(shape)
    by_label = tissues_of(nearest, name=name)

    white = filled("lh.white", "rh.white")
    cerebrum = filled("lh.pial", "rh.pial") | white
    deep, hind = white & np.isin(nearest, _DEEP), ~cerebrum & np.isin(nearest, _HINDBRAIN)
    is_grey = np.where(deep | hind, by_label == GREY_MATTER, cerebrum & ~white)
    is_white = np.where(deep | hind, by_label == WHITE_MATTER, white)
    inner_skull = filled("inner_skull")
    tissues = voxels.label_nested(
        filled("outer_skin"), filled("outer_skull"), inner_skull, is_grey, is_white
    )
    tissues[inner_skull & (tissues > CSF)] = CSF
    tissues = voxels.clear_islands(tissues, voxel_volume(affine))
    return voxels.seal_skull(tissues)


def _talairach(subject: Path, to_scanner: np.ndarray) -> np.ndarray | None:
    """Affine from surface RAS to MNI152 mm by recon-all's talairach.xfm, None without it.

    The file maps scanner RAS to MNI305.
    """
    path = subject / "mri" / "transforms" / "talairach.xfm"
    if not path.is_file():
        return None
    try:
        _, numbers = path.read_text(encoding="utf-8", errors="replace").split("Linear_Transform")
        values = [float(v) for v in numbers.replace("=", " ").replace(";", " ").split()]
        matrix = np.vstack([np.array(values).reshape(3, 4), [0, 0, 0, 1]])
    except ValueError:
        raise UserError(f"{path}: no linear transform of 3 x 4 numbers in it") from None
    return MNI305_TO_MNI152 @ matrix @ to_scanner
