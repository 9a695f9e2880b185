"""Fits that lay points on a head: a similarity by pairs, and a cap onto the scalp."""

from __future__ import annotations

import numpy as np
from nibabel.affines import apply_affine
from scipy.spatial.transform import Rotation

from multisource.geometry.closest_points import closest_points

# How far from where it starts a cap may reasonably be moved to lie on the scalp (standard
# deviations), against how far a point is from the scalp in a good fit.
ROTATION_DEG = 5.0
SHIFT_MM = 10.0
SCALE = 0.1
POINT_MM = 3.0
_STEPS = 15


def similarity(source: np.ndarray, target: np.ndarray, *, scaled: bool = True) -> np.ndarray:
    """Fit the rotation, uniform scale and shift that best map points (Umeyama 1991).

    Parameters
    ----------
    source : ndarray of shape (n, 3)
        Points.
    target : ndarray of shape (n, 3)
        Where they belong.
    scaled : bool
        Whether the size may change.

    Returns
    -------
    ndarray of shape (4, 4)
        From source to target.
    """
    a, b = source - source.mean(axis=0), target - target.mean(axis=0)
    u, singular, vt = np.linalg.svd(b.T @ a)
    sign = np.diag([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    scale = np.trace(np.diag(singular) @ sign) / (a**2).sum() if scaled else 1.0
    matrix = np.eye(4)
    matrix[:3, :3] = scale * u @ sign @ vt
    matrix[:3, 3] = target.mean(axis=0) - matrix[:3, :3] @ source.mean(axis=0)
    return matrix


def fit_to_scalp(
    points: np.ndarray,
    scalp: tuple[np.ndarray, np.ndarray],
    *,
    scaled: bool = True,
    pairs: tuple[np.ndarray, np.ndarray] | None = None,
    pairs_mm: float = POINT_MM,
) -> np.ndarray:
    """Move and stretch a cap so that it lies on the scalp, as little as will do.

    Parameters
    ----------
    points : ndarray of shape (n, 3)
        Electrodes or points of the head's outside, about where they belong, mm.
    scalp : tuple of (ndarray of shape (v, 3), ndarray of shape (t, 3))
        Vertices, mm, and triangles.
    scaled : bool
        Whether it may be stretched, along each axis by itself; else it is moved alone.
    pairs : tuple of (ndarray of shape (k, 3), ndarray of shape (k, 3)), optional
        Points that move along, and where they belong, mm.
    pairs_mm : float
        How exactly the pairs are known.

    Returns
    -------
    ndarray of shape (4, 4)
        From where the points are to where they belong.

    Notes
    -----
    Gauss-Newton steps on the distances from the scalp along its normals. Nothing in them keeps a
    cap from sliding over a round head; what does are the pairs and a penalty on each rotation,
    shift and stretch.
    """
    centre = points.mean(axis=0)
    vertices, triangles = scalp
    p = np.zeros(9)  # rotation vector, shift, logarithms of the stretches, about the centre
    penalty = np.array([np.radians(ROTATION_DEG)] * 3 + [SHIFT_MM] * 3 + [SCALE] * 3)
    free = 9 if scaled else 6
    weight = 1.0 / (POINT_MM * np.sqrt(max(len(points) / 30.0, 1.0)))
    for _ in range(_STEPS):
        moved = apply_affine(_about(centre, p), points)
        nearest, _, owner = closest_points(vertices, triangles, moved)
        corners = vertices[triangles[owner]]
        normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        normals /= np.linalg.norm(normals, axis=1, keepdims=True)
        rows = [weight * np.einsum("nk,nkd->nd", normals, _slopes(points - centre, p))]
        gaps = [weight * np.sum(normals * (nearest - moved), axis=1)]
        if pairs is not None:
            own, belong = pairs
            rows.append(_slopes(own - centre, p).reshape(-1, 9) / pairs_mm)
            gaps.append((belong - apply_affine(_about(centre, p), own)).ravel() / pairs_mm)
        rows.append(np.diag(1.0 / penalty))
        gaps.append(-p / penalty)
        step = np.zeros(9)
        step[:free] = np.linalg.lstsq(
            np.concatenate(rows)[:, :free], np.concatenate(gaps), rcond=None
        )[0]
        p += step
        if np.abs(step / penalty).max() < 1e-2:
            break
    return _about(centre, p)


def _about(centre: np.ndarray, p: np.ndarray) -> np.ndarray:
    """The affine of nine parameters: stretch, then turn, about a centre; then shift."""
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_rotvec(p[:3]).as_matrix() * np.exp(p[6:])
    matrix[:3, 3] = centre + p[3:6] - matrix[:3, :3] @ centre
    return matrix


def _slopes(offsets: np.ndarray, p: np.ndarray) -> np.ndarray:
    """Derivatives (n, 3, 9) of the moved points, for small turns on top of the present one."""
    turn = Rotation.from_rotvec(p[:3]).as_matrix()
    stretched = offsets * np.exp(p[6:])
    turned = stretched @ turn.T
    slopes = np.zeros((len(offsets), 3, 9))
    for axis, unit in enumerate(np.eye(3)):
        slopes[:, :, axis] = np.cross(unit, turned)
        slopes[:, axis, 3 + axis] = 1.0
        slopes[:, :, 6 + axis] = stretched[:, [axis]] * turn[:, axis]
    return slopes
