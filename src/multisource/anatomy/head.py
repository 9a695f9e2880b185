"""The anatomy every later stage starts from: nested surfaces, tissue labels, landmarks.

Everything is in FreeSurfer surface RAS (MNE's "MRI" frame), millimetres.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy  # loads scipy.ndimage, which takes long, when it is used
from nibabel.affines import apply_affine

from multisource.anatomy.landmarks import LANDMARKS
from multisource.errors import UserError
from multisource.geometry.masks import voxel_volume
from multisource.geometry.rays import contains
from multisource.geometry.surfaces import Surface, is_closed, volume

AIR, WHITE_MATTER, GREY_MATTER, CSF, SKULL, SCALP = range(6)
TISSUES = {
    WHITE_MATTER: "white matter",
    GREY_MATTER: "grey matter",
    CSF: "CSF",
    SKULL: "skull",
    SCALP: "scalp",
}
CORTEX = ("lh.white", "rh.white", "lh.pial", "rh.pial", "lh.sphere", "rh.sphere")
SHELLS = ("inner_skull", "outer_skull", "outer_skin")
SMALLEST_ISLAND_MM3 = 300.0


@dataclass(frozen=True)
class Head:
    """One head.

    Attributes
    ----------
    surfaces : dict of str to (ndarray of shape (n, 3), ndarray of shape (m, 3))
        Vertices, mm, and triangles by name: the names of CORTEX and SHELLS.
    tissues : ndarray of uint8, shape (i, j, k)
        Labels: 0 air, 1 white matter, 2 grey matter, 3 CSF, 4 skull, 5 scalp.
    affine : ndarray of shape (4, 4)
        From voxel indices to surface RAS, mm.
    fiducials : dict of str to ndarray of shape (3,)
        "lpa", "nasion" and "rpa", mm.
    to_mni : ndarray of shape (4, 4)
        From surface RAS, mm, to MNI152, mm.
    """

    surfaces: dict[str, Surface]
    tissues: np.ndarray
    affine: np.ndarray
    fiducials: dict[str, np.ndarray]
    to_mni: np.ndarray

    @property
    def voxel_volume(self) -> float:
        """Volume of a voxel, mm3."""
        return voxel_volume(self.affine)

    def tissue_volumes(self) -> dict[str, float]:
        """Sum up the volume of each tissue.

        Returns
        -------
        dict of str to float
            Volume by the tissue's name, ml.
        """
        count = np.bincount(self.tissues.ravel(), minlength=6)
        return {name: count[k] * self.voxel_volume / 1000.0 for k, name in TISSUES.items()}

    def tissue_at(self, points: np.ndarray) -> np.ndarray:
        """Look up the tissue at points.

        Parameters
        ----------
        points : ndarray of shape (p, 3)
            Points in surface RAS, mm.

        Returns
        -------
        ndarray of uint8, shape (p,)
            Label of the voxel that holds each point; 0 outside the volume.
        """
        index = np.rint(apply_affine(np.linalg.inv(self.affine), np.atleast_2d(points))).astype(int)
        within = np.all((index >= 0) & (index < self.tissues.shape), axis=1)
        labels = np.zeros(len(index), dtype=np.uint8)
        labels[within] = self.tissues[tuple(index[within].T)]
        return labels


def validate(head: Head) -> None:
    """Refuse a head that no leadfield can be computed on.

    Parameters
    ----------
    head : Head
        The head to look at.

    Raises
    ------
    UserError
        Naming the surface or tissue: a surface missing, open, inside out, or not nested in the
        next; white and pial of unlike vertex counts; a tissue missing or in floating bits; brain
        or CSF in touch with scalp or air; landmarks missing.
    """
    validate_surfaces(head)
    validate_tissues(head)
    missing = [name for name in LANDMARKS if name not in head.fiducials]
    if missing:
        raise UserError(f"head: landmark {missing[0]} is missing; give {', '.join(LANDMARKS)}")
    if head.to_mni.shape != (4, 4) or abs(np.linalg.det(head.to_mni)) < 1e-6:
        raise UserError("head: to_mni must be an invertible 4 x 4 affine")


def validate_surfaces(head: Head) -> None:
    """Refuse a head whose surfaces no leadfield can be computed on; a part of ``validate``.

    Parameters
    ----------
    head : Head
        The head to look at.

    Raises
    ------
    UserError
        Naming the surface that is missing, not finite, open, inside out, or not nested in the
        next, or white, pial and sphere of unlike vertex counts.
    """
    for name in CORTEX + SHELLS:
        if name not in head.surfaces:
            raise UserError(f"head: surface {name} is missing")
        vertices, triangles = head.surfaces[name]
        if not np.isfinite(vertices).all():
            raise UserError(f"head: surface {name} holds coordinates that are not finite")
        if triangles.min() < 0 or triangles.max() >= len(vertices):
            raise UserError(f"head: surface {name} names vertices that do not exist")
        if not is_closed(triangles):
            raise UserError(f"head: surface {name} is not closed; fill its holes")
        if volume(vertices, triangles) <= 0:
            raise UserError(f"head: surface {name} is inside out; reverse its triangles")
    for side in ("lh", "rh"):
        counts = {len(head.surfaces[f"{side}.{kind}"][0]) for kind in ("white", "pial", "sphere")}
        if len(counts) != 1:
            raise UserError(f"head: {side}.white, pial and sphere must share their vertices")
    nested = [("inner_skull", "outer_skull"), ("outer_skull", "outer_skin")]
    nested += [(f"{side}.white", "inner_skull") for side in ("lh", "rh")]
    for inner, outer in nested:
        outside = ~contains(*head.surfaces[outer], head.surfaces[inner][0])
        if outside.any():
            raise UserError(
                f"head: {outside.sum()} vertices of {inner} lie outside {outer}; the surfaces cross"
            )


def validate_tissues(head: Head) -> None:
    """Refuse a head whose tissue labels no leadfield can be computed on; a part of ``validate``.

    Parameters
    ----------
    head : Head
        The head to look at.

    Raises
    ------
    UserError
        Naming the tissue that is unknown, missing or in floating bits, or where brain or CSF
        touches scalp or air.
    """
    present = set(np.unique(head.tissues))
    strange = present - set(TISSUES) - {AIR}
    if strange:
        raise UserError(f"head: tissue label {min(strange)} is unknown; use 0 to 5")
    for label, name in TISSUES.items():
        if label not in present:
            raise UserError(f"head: no voxel is labelled {name} ({label})")
        parts, count = scipy.ndimage.label(head.tissues == label)
        sizes = np.bincount(parts.ravel())[1:] * head.voxel_volume
        floating = int((sizes < min(SMALLEST_ISLAND_MM3, sizes.max())).sum())
        if floating:
            raise UserError(
                f"head: {name} has {floating} floating bits under {SMALLEST_ISLAND_MM3:g} mm3; "
                "clean the labels"
            )
    leaks = leaking_voxels(head.tissues)
    if leaks:
        raise UserError(
            f"head: {leaks} voxels of brain or CSF touch scalp or air; close the skull around them"
        )


def leaking_voxels(tissues: np.ndarray) -> int:
    """Count intracranial voxels with scalp or air among their 26 neighbours.

    Parameters
    ----------
    tissues : ndarray of shape (i, j, k)
        Tissue labels of a ``Head``; what is beyond the volume counts as air.

    Returns
    -------
    int
        Number of voxels.
    """
    intracranial = (tissues >= WHITE_MATTER) & (tissues <= CSF)
    outside = np.pad((tissues == AIR) | (tissues == SCALP), 1, constant_values=True)
    grown = scipy.ndimage.maximum_filter(outside.view(np.uint8), size=3)[1:-1, 1:-1, 1:-1]
    return int((intracranial & (grown > 0)).sum())
