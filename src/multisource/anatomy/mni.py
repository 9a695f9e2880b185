"""Where a head lies in MNI152 space: an affine fitted to its own grey and white matter."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import nibabel
import numpy as np
from nibabel.affines import apply_affine, voxel_sizes
from scipy import ndimage

from multisource.anatomy.fsaverage import MNI305_TO_MNI152, fsaverage_landmarks
from multisource.anatomy.head import GREY_MATTER, WHITE_MATTER
from multisource.anatomy.landmarks import LANDMARKS
from multisource.geometry.closest_points import closest_points
from multisource.geometry.surfaces import Surface

_LEVELS_MM = (12.0, 6.0, 3.0)
_STEPS = 25


def fit_to_mni(tissues: np.ndarray, affine: np.ndarray) -> np.ndarray:
    """Affine (4, 4) from mm to MNI152 mm that lays grey and white matter on the MNI152 maps.

    tissues: labels (i, j, k) of ``Head``. The start matches centre and extent of the brain, the
    fit minimises squared differences of blurred maps by Gauss-Newton steps, coarse to fine.
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
            smooth = ndimage.gaussian_filter(template, blur / np.linalg.norm(to_mm[:3, 0]))
            wanted.append(smooth[tuple(grid.T)])
            field = ndimage.gaussian_filter(own, blur / voxel)
            fields.append([field, *np.gradient(field, *voxel)])
        matrix = _gauss_newton(matrix, points, wanted, fields, affine)
    return np.linalg.inv(matrix)


def _gauss_newton(matrix, points, wanted, fields, affine) -> np.ndarray:
    inverse = np.linalg.inv(affine)
    # Gradients are along voxel axes, turned into mm axes by the grid's directions.
    turn = affine[:3, :3] / voxel_sizes(affine)
    homogeneous = np.column_stack([points, np.ones(len(points))])
    size = np.abs(points).max()
    for _ in range(_STEPS):
        index = apply_affine(inverse, apply_affine(matrix, points)).T
        normal, right = np.zeros((12, 12)), np.zeros(12)
        for target, field in zip(wanted, fields, strict=True):
            value, *slope = [
                ndimage.map_coordinates(part, index, order=1, prefilter=False) for part in field
            ]
            slope = np.stack(slope, axis=1) @ turn.T
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
    """MNI152 brain (nilearn's wheel) as float32, and its affine; kind: t1, gm or wm."""
    folder = Path(find_spec("nilearn").origin).parent / "datasets" / "data"
    image = nibabel.load(folder / f"mni_icbm152_{kind}_tal_nlin_sym_09a_converted.nii.gz")
    return np.asarray(image.dataobj, dtype=np.float32), image.affine


def _template() -> tuple[list[np.ndarray], np.ndarray]:
    """Grey and white probability of MNI152, and their affine."""
    (grey, affine), (white, _) = template_map("gm"), template_map("wm")
    return [grey / 255, white / 255], affine


def template_landmarks(to_mni: np.ndarray, scalp: Surface) -> dict[str, np.ndarray]:
    """lpa, nasion, rpa (3,) mm: fsaverage's, through MNI space, at the nearest scalp point."""
    own = np.linalg.inv(to_mni) @ MNI305_TO_MNI152
    named = fsaverage_landmarks()
    points = apply_affine(own, np.array([named[name] for name in LANDMARKS]))
    moved, _, _ = closest_points(*scalp, points)
    return dict(zip(LANDMARKS, moved, strict=True))
