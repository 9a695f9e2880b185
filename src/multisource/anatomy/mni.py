"""Where a head lies in MNI152 space: an affine fitted to its own grey and white matter."""

from __future__ import annotations

from typing import cast

import nibabel
import numpy as np
import scipy  # loads scipy.ndimage, which takes long, when it is used
from nibabel.affines import apply_affine, voxel_sizes
from nibabel.spatialimages import SpatialImage

from multisource.anatomy.fsaverage import MNI305_TO_MNI152, fsaverage_landmarks
from multisource.anatomy.head import GREY_MATTER, WHITE_MATTER
from multisource.anatomy.landmarks import LANDMARKS
from multisource.anatomy.package_data import package_data
from multisource.geometry.closest_points import closest_points
from multisource.geometry.surfaces import Surface

_LEVELS_MM = (12.0, 6.0, 3.0)
_STEPS = 25


def fit_to_mni(tissues: np.ndarray, affine: np.ndarray) -> np.ndarray:
    """Fit the affine that lays a head's grey and white matter on the MNI152 maps.

    Parameters
    ----------
    tissues : ndarray of shape (i, j, k)
        Labels of a ``Head``.
    affine : ndarray of shape (4, 4)
        From voxel indices to mm.

    Returns
    -------
    ndarray of shape (4, 4)
        From mm to MNI152, mm.

    Notes
    -----
    The start matches centre and extent of the brain. The fit minimises squared differences of
    blurred maps by Gauss-Newton steps, coarse to fine.
    """
    maps, to_mm = _template()
    subject = [(tissues == label).astype(np.float32) for label in (GREY_MATTER, WHITE_MATTER)]
    brain = apply_affine(affine, np.argwhere(subject[0] + subject[1] > 0.5))
    target = apply_affine(to_mm, np.argwhere(maps[0] + maps[1] > 0.5))
    scale = brain.std(axis=0) / target.std(axis=0)
    matrix = np.eye(4)  # from MNI to subject: the maps are then sampled where the points are
    matrix[:3, :3] = np.diag(scale)
    matrix[:3, 3] = brain.mean(axis=0) - scale * target.mean(axis=0)
    voxel = voxel_sizes(affine)
    for blur in _LEVELS_MM:
        spacing = max(int(blur / 2), 2)
        grid = np.stack(
            np.meshgrid(*[np.arange(0, n, spacing) for n in maps[0].shape], indexing="ij"), -1
        ).reshape(-1, 3)
        points = apply_affine(to_mm, grid)
        wanted, fields = [], []
        for own, template in zip(subject, maps, strict=True):
            smooth = scipy.ndimage.gaussian_filter(template, blur / np.linalg.norm(to_mm[:3, 0]))
            wanted.append(smooth[tuple(grid.T)])
            field = scipy.ndimage.gaussian_filter(own, blur / voxel)
            fields.append([field, *np.gradient(field, *voxel)])
        matrix = _gauss_newton(matrix, points, wanted, fields, affine)
    return np.linalg.inv(matrix)


def _gauss_newton(
    matrix: np.ndarray,
    points: np.ndarray,
    wanted: list[np.ndarray],
    fields: list[list[np.ndarray]],
    affine: np.ndarray,
) -> np.ndarray:
    inverse = np.linalg.inv(affine)
    # Gradients are along voxel axes, turned into mm axes by the grid's directions.
    turn = affine[:3, :3] / voxel_sizes(affine)
    homogeneous = np.column_stack([points, np.ones(len(points))])
    size = np.abs(points).max()
    for _ in range(_STEPS):
        index = apply_affine(inverse, apply_affine(matrix, points)).T
        normal, right = np.zeros((12, 12)), np.zeros(12)
        for target, field in zip(wanted, fields, strict=True):
            value, *slopes = [
                scipy.ndimage.map_coordinates(part, index, order=1, prefilter=False)
                for part in field
            ]
            slope = np.stack(slopes, axis=1) @ turn.T
            jacobian = (slope[:, :, None] * homogeneous[:, None]).reshape(len(points), 12)
            normal += jacobian.T @ jacobian
            right += jacobian.T @ (target - value)
        step = np.linalg.lstsq(normal, right, rcond=1e-12)[0].reshape(3, 4)
        matrix = matrix.copy()
        matrix[:3] += step
        if np.abs(step[:, :3]).max() * size + np.abs(step[:, 3]).max() < 0.01:
            break
    return matrix


def template_map(kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Read a map of the MNI152 brain (nilearn's wheel).

    Parameters
    ----------
    kind : str
        "t1", "gm" (grey matter) or "wm" (white matter).

    Returns
    -------
    data : ndarray of float32, shape (i, j, k)
        Values as stored: for "gm" and "wm" the probability times 255.
    affine : ndarray of shape (4, 4)
        From voxel indices to MNI152, mm.
    """
    name = f"mni_icbm152_{kind}_tal_nlin_sym_09a_converted.nii.gz"
    image = cast(SpatialImage, nibabel.load(package_data("nilearn", "datasets", "data", name)))
    return np.asarray(image.dataobj, dtype=np.float32), image.affine


def _template() -> tuple[list[np.ndarray], np.ndarray]:
    """Grey and white probability of MNI152, and their affine."""
    (grey, affine), (white, _) = template_map("gm"), template_map("wm")
    return [grey / 255, white / 255], affine


def template_landmarks(to_mni: np.ndarray, scalp: Surface) -> dict[str, np.ndarray]:
    """Place fsaverage's landmarks on a head, through MNI space.

    Parameters
    ----------
    to_mni : ndarray of shape (4, 4)
        From the head's mm to MNI152, mm.
    scalp : tuple of (ndarray of shape (n, 3), ndarray of shape (m, 3))
        Vertices, mm, and triangles of the scalp.

    Returns
    -------
    dict of str to ndarray of shape (3,)
        "lpa", "nasion" and "rpa": the nearest scalp points, mm.
    """
    moved, _, _ = closest_points(*scalp, mapped_landmarks(to_mni))
    return dict(zip(LANDMARKS, moved, strict=True))


def mapped_landmarks(to_mni: np.ndarray) -> np.ndarray:
    """Bring fsaverage's landmarks to a head, through MNI space.

    Parameters
    ----------
    to_mni : ndarray of shape (4, 4)
        From the head's mm to MNI152, mm.

    Returns
    -------
    ndarray of shape (3, 3)
        lpa, nasion, rpa in the head's mm: near its scalp, not on it.
    """
    own = np.linalg.inv(to_mni) @ MNI305_TO_MNI152
    named = fsaverage_landmarks()
    return apply_affine(own, np.array([named[name] for name in LANDMARKS]))
