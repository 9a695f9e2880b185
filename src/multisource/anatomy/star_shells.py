"""Inner skull, outer skull and scalp, star-shaped about one centre, on one ico5 mesh.

A radius per direction makes self-intersection impossible and nesting a comparison of numbers, and
the ico5 order of vertices lets BEM codes decimate to ico4 or ico3. The price: where the skull base
overhangs, the shells bridge it.
"""

from __future__ import annotations

import numpy as np
import scipy  # loads scipy.ndimage, which takes long, when it is used
from nibabel.affines import apply_affine, voxel_sizes
from scipy.spatial import cKDTree

from multisource.anatomy.head import SHELLS
from multisource.anatomy.options import SMALLEST_MARGIN_MM
from multisource.geometry.icosphere import even_directions
from multisource.geometry.masks import largest_part
from multisource.geometry.neighbours import smooth
from multisource.geometry.surfaces import Surface, vertex_normals

SCALP_CUT_MM = 30.0  # soft tissue kept outside the skull: cuts off neck and lower face
THICKEST_SKULL_MM = 15.0
BRAIN_MARGIN_MM = 2.0
_STEP_MM = 0.5
_CORD_MM = 8.0  # an opening by this radius parts the spinal canal from the cranial cavity
_EAR_MM = 6.0  # and this one the ears from the head


def star_shells(
    intracranial: np.ndarray,
    skull: np.ndarray,
    head: np.ndarray,
    affine: np.ndarray,
    brain_points: np.ndarray,
    *,
    smallest_skull_mm: float = 3.0,
) -> dict[str, Surface]:
    """Lay inner skull, outer skull and scalp around masks, each of ico5.

    Parameters
    ----------
    intracranial, skull, head : ndarray of bool, shape (i, j, k)
        Masks, the last with all that is inside the scalp.
    affine : ndarray of shape (4, 4)
        From voxel indices to mm, axis-aligned.
    brain_points : ndarray of shape (p, 3)
        Points that stay at least 2 mm inside the inner skull, mm.
    smallest_skull_mm : float
        Least thickness of the skull, mm.

    Returns
    -------
    dict of str to (ndarray of shape (n, 3), ndarray of shape (m, 3))
        inner_skull, outer_skull and outer_skin: vertices, mm, and triangles.
    """
    directions, triangles = even_directions()
    voxel = voxel_sizes(affine)
    cavity = opened(intracranial, _CORD_MM, voxel)
    where = apply_affine(affine, np.argwhere(cavity))
    centre = (where.min(axis=0) + where.max(axis=0)) / 2

    def profile(mask: np.ndarray) -> np.ndarray:
        """Values of a blurred mask at every step along every direction (d, s)."""
        blurred = scipy.ndimage.gaussian_filter(mask.astype(np.float32), 0.8 / voxel)
        reach = np.arange(0, 220, _STEP_MM)
        inverse = np.linalg.inv(affine)
        step, start = directions @ inverse[:3, :3].T, apply_affine(inverse, centre)
        values = np.empty((len(directions), len(reach)), dtype=np.float32)
        for k, radius in enumerate(reach):
            values[:, k] = scipy.ndimage.map_coordinates(
                blurred, (start + radius * step).T, order=1, mode="constant", prefilter=False
            )
        return values

    inner = smooth(_last_crossing(profile(cavity)), triangles, 3)
    inner = around(inner, directions, brain_points - centre, margin_mm=BRAIN_MARGIN_MM)
    slant = slants(inner, directions, triangles)
    bone = _first_exit(profile(skull | cavity), inner) - inner
    low, high = smallest_skull_mm / slant, THICKEST_SKULL_MM / slant
    outer = inner + np.maximum(smooth(np.clip(bone, low, high), triangles, 5), low)

    whole = opened(head, _EAR_MM, voxel)
    scalp = smooth(_last_crossing(profile(whole)), triangles, 2)
    return of_radii(centre, directions, triangles, inner, outer, scalp, slant=slant)


def around(
    inner: np.ndarray, directions: np.ndarray, points: np.ndarray, *, margin_mm: float
) -> np.ndarray:
    """Push the inner skull out until it holds points with a margin.

    Parameters
    ----------
    inner : ndarray of shape (d,)
        Radius of the inner skull along each direction, mm.
    directions : ndarray of shape (d, 3)
        Unit vectors.
    points : ndarray of shape (p, 3)
        Points to hold, mm, from the centre.
    margin_mm : float
        Least distance along the ray, mm.

    Returns
    -------
    ndarray of shape (d,)
        Radius along each direction, mm.
    """
    pushed = inner.copy()
    radius = np.linalg.norm(points, axis=1)
    _, near = cKDTree(directions).query(points / radius[:, None], k=3)
    for column in near.T:
        np.maximum.at(pushed, column, radius + margin_mm)
    return pushed


def slants(radii: np.ndarray, directions: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Measure how a surface is slanted against the rays from the centre.

    Parameters
    ----------
    radii : ndarray of shape (d,)
        Radius of the surface along each direction, mm.
    directions : ndarray of shape (d, 3)
        Unit vectors.
    triangles : ndarray of shape (t, 3)
        Triangles of the directions.

    Returns
    -------
    ndarray of shape (d,)
        Cosine of the angle between the surface's normal and the ray, smoothed, at least 0.5.

    Notes
    -----
    Thickness is measured along the surface's normal, radii along the ray: a layer of thickness t
    takes t over the cosine of a ray.
    """
    normals = vertex_normals(radii[:, None] * directions, triangles)
    return smooth(np.einsum("ij,ij->i", normals, directions).clip(0.5, 1), triangles, 5)


def of_radii(
    centre: np.ndarray,
    directions: np.ndarray,
    triangles: np.ndarray,
    inner: np.ndarray,
    outer: np.ndarray,
    scalp: np.ndarray,
    *,
    slant: np.ndarray | float = 1.0,
) -> dict[str, Surface]:
    """Build the three shells of radii along the same directions, the scalp kept off the skull.

    Parameters
    ----------
    centre : ndarray of shape (3,)
        Centre of the shells, mm.
    directions : ndarray of shape (d, 3)
        Unit vectors.
    triangles : ndarray of shape (t, 3)
        Triangles of the directions.
    inner, outer, scalp : ndarray of shape (d,)
        Radii, mm. The scalp is put ``SMALLEST_MARGIN_MM`` to ``SCALP_CUT_MM`` outside the skull.
    slant : ndarray of shape (d,), optional
        Of ``slants``; without it the least thickness is one along the ray.

    Returns
    -------
    dict of str to (ndarray of shape (d, 3), ndarray of shape (t, 3))
        inner_skull, outer_skull and outer_skin: vertices, mm, and triangles.
    """
    scalp = np.clip(scalp, outer + SMALLEST_MARGIN_MM / slant, outer + SCALP_CUT_MM)
    return {
        name: (centre + radius[:, None] * directions, triangles)
        for name, radius in zip(SHELLS, (inner, outer, scalp), strict=True)
    }


def opened(mask: np.ndarray, radius_mm: float, voxel: np.ndarray) -> np.ndarray:
    """Find the largest part of a mask that a ball reaches without leaving the mask.

    Parameters
    ----------
    mask : ndarray of bool, shape (i, j, k)
        The mask.
    radius_mm : float
        Radius of the ball, mm.
    voxel : ndarray of shape (3,)
        Edges of a voxel, mm.

    Returns
    -------
    ndarray of bool, shape (i, j, k)
        The part reached.
    """
    pad = int(np.ceil(radius_mm / voxel.min())) + 1
    # Beyond the volume a cut neck goes on: only a mask's own surface erodes it.
    mask = np.pad(mask, pad, mode="edge")
    core = largest_part(scipy.ndimage.distance_transform_edt(mask, sampling=voxel) > radius_mm)
    reached = scipy.ndimage.distance_transform_edt(~core, sampling=voxel) <= radius_mm
    inner = slice(pad, -pad)
    return (reached & mask)[inner, inner, inner]


def _last_crossing(values: np.ndarray) -> np.ndarray:
    """Radius (d,) at which each profile (d, s) falls below one half for the last time."""
    inside = values > 0.5
    last = values.shape[1] - 1 - inside[:, ::-1].argmax(axis=1)
    return _crossing(values, np.where(inside.any(axis=1), last, 0))


def _first_exit(values: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Radius (d,), from ``start`` (d,) on, at which each profile first falls below one half."""
    at = np.arange(values.shape[1]) * _STEP_MM
    outside = (values <= 0.5) & (at >= start[:, None])
    first = np.where(outside.any(axis=1), outside.argmax(axis=1), values.shape[1] - 1)
    return np.maximum(_crossing(values, np.maximum(first - 1, 0)), start)


def _crossing(values: np.ndarray, index: np.ndarray) -> np.ndarray:
    rows = np.arange(len(values))
    here = values[rows, index]
    after = values[rows, np.minimum(index + 1, values.shape[1] - 1)]
    drop = np.where(here - after > 1e-6, here - after, 1.0)
    return (index + np.clip((here - 0.5) / drop, 0, 1)) * _STEP_MM
