"""How much of a place is brain, and how much white matter: functions to cut elements along.

Near the cortex the white and pial surfaces decide, as exactly as a fine grid shows them; where they
say nothing (cerebellum, brain stem, deep grey matter, ventricles) the tissue voxels do, smoothed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy  # loads scipy.ndimage, which takes long, when it is used
from nibabel.affines import apply_affine, voxel_sizes

from multisource.anatomy.head import GREY_MATTER, WHITE_MATTER, Head
from multisource.anatomy.voxels import fill

STEP_MM = 0.8
_PARTS = 2  # of a step, along each axis: a surface is seen at the eight parts of a cube
_SLAB = 24  # steps that are filled at a time: it bounds the memory
_DEEP_MM = 3.0  # inside the white surface: deeper, voxels decide
_BLUR = 0.4  # of a voxel's edge
_SOME = 0.02  # a share of less is none


@dataclass(frozen=True)
class Levels:
    """Shares of brain and of white matter on a grid.

    Attributes
    ----------
    brain, white : ndarray of float32, shape (i, j, k)
        How much of each place is grey or white matter, and how much white matter; 0 to 1.
    affine : ndarray of shape (4, 4)
        From indices of the grid to mm; the same step along each axis.
    """

    brain: np.ndarray
    white: np.ndarray
    affine: np.ndarray

    def outside_brain(self, points: np.ndarray) -> np.ndarray:
        """Tell where points lie to the surface of the brain.

        Parameters
        ----------
        points : ndarray of shape (k, 3)
            Places, mm.

        Returns
        -------
        ndarray of shape (k,)
            Negative inside; near the surface about the distance from it, mm.
        """
        return self._level(self.brain, points)

    def outside_white(self, points: np.ndarray) -> np.ndarray:
        """Tell where points lie to the surface of white matter.

        Parameters
        ----------
        points : ndarray of shape (k, 3)
            Places, mm.

        Returns
        -------
        ndarray of shape (k,)
            Negative inside; near the surface about the distance from it, mm.
        """
        return self._level(self.white, points)

    def cortex(self) -> np.ndarray:
        """Return points in and next to grey matter.

        Returns
        -------
        ndarray of shape (k, 3)
            Every other point of the grid along each axis, mm.
        """
        grey = (self.brain > _SOME) & (self.white < 1 - _SOME)
        every = scipy.ndimage.binary_dilation(grey)[::2, ::2, ::2]
        return apply_affine(self.affine, 2 * np.argwhere(every))

    def _level(self, share: np.ndarray, points: np.ndarray) -> np.ndarray:
        index = apply_affine(np.linalg.inv(self.affine), points)
        part = scipy.ndimage.map_coordinates(share, index.T, order=1, mode="nearest")
        # A plane between the parts rises from 0 to 1 within one step.
        return (0.5 - part) * self.affine[0, 0]


def levels_of(head: Head, step_mm: float = STEP_MM) -> Levels:
    """Return the shares of brain and white matter of a head.

    Parameters
    ----------
    head : Head
        Surfaces and tissue voxels.
    step_mm : float, optional
        Of the grid, mm.

    Returns
    -------
    Levels
        On a grid that holds the inner skull.
    """
    points = head.surfaces["inner_skull"][0]
    low = points.min(axis=0) - 2 * step_mm
    shape = np.ceil((points.max(axis=0) - low) / step_mm).astype(int) + 3
    affine = np.diag([step_mm] * 3 + [1.0])
    affine[:3, 3] = low
    brain, white = np.empty(shape, np.float32), np.empty(shape, np.float32)
    for first in range(0, shape[0], _SLAB):
        last = min(first + _SLAB, int(shape[0]))
        size = (last - first, int(shape[1]), int(shape[2]))
        start = affine.copy()
        start[0, 3] += first * step_mm
        inside = {kind: _share(head, kind, size, start) for kind in ("white", "pial")}
        brain[first:last] = np.maximum(inside["white"], inside["pial"])
        white[first:last] = inside["white"]
    _with_voxels(head, brain, white, affine)
    return Levels(brain, white, affine)


def _share(head: Head, kind: str, size: tuple[int, int, int], affine: np.ndarray) -> np.ndarray:
    """How much of each step lies inside a surface of either hemisphere."""
    finer = affine @ np.diag([1 / _PARTS] * 3 + [1.0])
    finer[:3, 3] -= affine[0, 0] * (0.5 - 0.5 / _PARTS)
    fine = (_PARTS * size[0], _PARTS * size[1], _PARTS * size[2])
    inside = np.zeros(fine, bool)
    for side in ("lh", "rh"):
        inside |= fill(*head.surfaces[f"{side}.{kind}"], fine, finer)
    parts = inside.reshape(size[0], _PARTS, size[1], _PARTS, size[2], _PARTS)
    return parts.mean(axis=(1, 3, 5), dtype=np.float32)


def _with_voxels(head: Head, brain: np.ndarray, white: np.ndarray, affine: np.ndarray) -> None:
    """Let the tissue voxels decide beyond the pial surface and deep inside the white one."""
    to_voxel = np.linalg.inv(head.affine) @ affine
    where = np.indices(brain.shape, dtype=np.float32).reshape(3, -1)
    voxel = (to_voxel[:3, :3] @ where + to_voxel[:3, 3:]).astype(np.float32)
    del where

    def at(mask: np.ndarray) -> np.ndarray:
        smooth = scipy.ndimage.gaussian_filter(mask.astype(np.float32), _BLUR)
        return scipy.ndimage.map_coordinates(smooth, voxel, order=1).reshape(brain.shape)

    size = voxel_sizes(head.affine)
    cerebrum, core = _filled_voxels(head, "pial"), _filled_voxels(head, "white")
    cerebrum |= core
    is_brain = (head.tissues == GREY_MATTER) | (head.tissues == WHITE_MATTER)
    is_white = head.tissues == WHITE_MATTER
    # From centre to centre: the surface may lie half an edge nearer.
    depth = scipy.ndimage.distance_transform_edt(core, sampling=size) - size.max() / 2
    deep = depth > _DEEP_MM
    # Where brain goes on beyond the pial surface nothing gapes between.
    beyond = is_brain & (scipy.ndimage.binary_dilation(is_brain & ~cerebrum) | ~cerebrum)
    beyond_brain, beyond_white = at(beyond), at(is_white & ~cerebrum)
    hole, grey = at(deep & ~is_brain), at(deep & is_brain & ~is_white)
    np.maximum(brain, beyond_brain, out=brain)
    np.maximum(white, beyond_white, out=white)
    np.minimum(brain, 1 - hole, out=brain)
    np.minimum(white, 1 - hole - grey, out=white)


def _filled_voxels(head: Head, kind: str) -> np.ndarray:
    inside = np.zeros(head.tissues.shape, bool)
    for side in ("lh", "rh"):
        inside |= fill(*head.surfaces[f"{side}.{kind}"], head.tissues.shape, head.affine)
    return inside
