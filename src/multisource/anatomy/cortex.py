"""White and pial surfaces of a head that is known as a label volume only.

The white surface encloses white matter, deep grey matter and lateral ventricle of a hemisphere
and has the topology of a sphere; the pial surface is the white one moved away from white matter
to the grey/CSF boundary, or half-way to the next bank where no CSF is seen between two. This
follows the individual folding as the voxels show it: sulci that the segmentation closes stay
closed; where the white surface would cut through itself it keeps to the voxels, and the pial one
stays nearer to it.
"""

from __future__ import annotations

import numpy as np
from nibabel.affines import apply_affine, voxel_sizes
from scipy import ndimage, sparse

from multisource.anatomy.labels import CORTEX_LABEL, FILLED_LABELS, WHITE_LABEL
from multisource.anatomy.sphere import equal_area_sphere, unmapped
from multisource.anatomy.spikes import without_spikes
from multisource.anatomy.topology import ball_topology, mask_surface
from multisource.errors import UserError
from multisource.geometry.masks import voxel_volume
from multisource.geometry.neighbours import adjacency, smooth
from multisource.geometry.surfaces import Surface, triangle_areas, vertex_normals
from multisource.geometry.untangling import apart, retreat

THICKEST_MM = 5.0
THINNEST_MM = 0.5  # thinner is no cortex: the medial wall
_STEP_MM = 0.25
_BLUR_MM = 0.7
_PIAL_BLUR_MM = 0.5
_FLOW_BLUR_MM = 0.8
_FLAT = 0.3  # of the distance's gradient, 1 where one bank is near: the middle of a sulcus
_RELAXATION_STEPS = 12
SMALLEST_ML = 100.0  # white matter and deep grey of a hemisphere


def cortical_surfaces(labels: np.ndarray, affine: np.ndarray) -> dict[str, Surface]:
    """Make white, pial and sphere of both hemispheres from a FreeSurfer label volume.

    Parameters
    ----------
    labels : ndarray of int, shape (i, j, k)
        Numbers as SAMSEG or aseg write them, voxels of about 1 mm, axis-aligned.
    affine : ndarray of shape (4, 4)
        From voxels to mm.

    Returns
    -------
    dict of str to Surface
        By name (lh.white, ...), in mm. The three surfaces of a hemisphere share their triangles.

    Raises
    ------
    UserError
        When a hemisphere is missing or far too small, or has no map to the sphere.
    """
    surfaces = {}
    volume = voxel_volume(affine)
    filled = {side: filled_hemisphere(labels, side, volume) for side in ("lh", "rh")}
    white = filled["lh"] | filled["rh"]
    for side, mask in filled.items():
        vertices, triangles = white_surface(mask, affine)
        cortex = labels == CORTEX_LABEL[side]
        pial = pial_vertices(vertices, triangles, mask, cortex, white, affine)
        # As files hold it.
        sphere = equal_area_sphere(vertices, triangles).astype(np.float32).astype(float)
        kept, triangles = without_spikes(sphere, vertices, triangles)
        print(
            f"{side}: {len(vertices) - len(kept)} of {len(vertices)} vertices taken off at spikes"
        )
        vertices, pial, sphere = vertices[kept], pial[kept], sphere[kept]
        check_map(side, sphere, vertices, triangles)
        surfaces[f"{side}.white"] = (vertices, triangles)
        surfaces[f"{side}.pial"] = (pial, triangles)
        surfaces[f"{side}.sphere"] = (sphere, triangles)
    return surfaces


def check_map(side: str, sphere: np.ndarray, vertices: np.ndarray, triangles: np.ndarray) -> None:
    """Refuse a white surface of which some has no place on the sphere.

    Parameters
    ----------
    side : str
        lh or rh.
    sphere, vertices : ndarray of shape (n, 3)
        Vertices on the sphere and on the white surface, mm.
    triangles : ndarray of int, shape (m, 3)
        Indices of vertices.

    Raises
    ------
    UserError
        When a triangle is flipped or collapsed there: dipoles are chosen on the sphere, and none
        would stand for that cortex.
    """
    bad = unmapped(sphere, vertices, triangles)
    if bad.any():
        area = triangle_areas(vertices, triangles)
        words = f"{area[bad].sum() / 100:.2f} of {area.sum() / 100:.0f} cm2 ({bad.sum()} triangles)"
        raise UserError(
            f"segmentation: {side}.white has too many spikes and handles: {words} have no place on "
            "the sphere, and would have no dipole; give a T1 of less noise, or a FreeSurfer subject"
        )


def filled_hemisphere(labels: np.ndarray, side: str, voxel_volume: float) -> np.ndarray:
    """Return the mask of what the white surface of a hemisphere encloses.

    Parameters
    ----------
    labels : ndarray of int, shape (i, j, k)
        FreeSurfer's label numbers.
    side : str
        lh or rh.
    voxel_volume : float
        Volume of a voxel, mm3.

    Returns
    -------
    ndarray of bool, shape (i, j, k)
        The mask.

    Raises
    ------
    UserError
        When it is small.
    """
    mask = np.isin(labels, (WHITE_LABEL[side], *FILLED_LABELS[side]))
    millilitres = mask.sum() * voxel_volume / 1000
    if millilitres < SMALLEST_ML:
        raise UserError(
            f"segmentation: {side} has {millilitres:.0f} ml of white matter and deep grey; "
            "the segmentation failed, look at the T1 and its orientation"
        )
    return mask


def white_surface(mask: np.ndarray, affine: np.ndarray) -> Surface:
    """Make the smooth surface of a hemisphere's mask, of genus zero.

    Parameters
    ----------
    mask : ndarray of bool, shape (i, j, k)
        What the surface encloses.
    affine : ndarray of shape (4, 4)
        From voxels to mm.

    Returns
    -------
    Surface
        Vertices (mm) and triangles.
    """
    box = ndimage.find_objects(mask.astype(np.uint8))[0]
    box = tuple(slice(max(s.start - 3, 0), s.stop + 3) for s in box)
    part = mask[box]
    shift = np.eye(4)
    shift[:3, 3] = [s.start for s in box]
    affine = affine @ shift
    ball = ball_topology(part)
    vertices, triangles = mask_surface(ball, affine)
    voxel = voxel_sizes(affine)
    field = ndimage.gaussian_filter(ball.astype(np.float32), _BLUR_MM / voxel)
    relaxed = _relax(vertices, triangles, field, affine)
    # Banks of a cut that is one voxel wide are drawn into each other; the voxels' faces are not,
    # but for corners where two of them touch.
    home = apart(vertices, triangles)
    return retreat(lambda share: home + share[:, None] * (relaxed - home), triangles), triangles


def _relax(
    vertices: np.ndarray, triangles: np.ndarray, field: np.ndarray, affine: np.ndarray
) -> np.ndarray:
    """Smooth the voxels' stairs away, held at the level one half of the blurred mask."""
    graph = adjacency(triangles, len(vertices))
    mean = sparse.diags_array(1 / graph.sum(axis=1)) @ graph
    slope = np.sqrt(2 * np.pi) * _BLUR_MM  # mm over which a blurred step changes by one
    for _ in range(_RELAXATION_STEPS):
        vertices = (vertices + mean @ vertices) / 2
        excess = _sample(field, affine, vertices) - 0.5
        normals = vertex_normals(vertices, triangles)
        vertices = vertices + normals * np.clip(slope * excess, -0.4, 0.4)[:, None]
    return vertices


def pial_vertices(
    vertices: np.ndarray,
    triangles: np.ndarray,
    filled: np.ndarray,
    cortex: np.ndarray,
    white: np.ndarray,
    affine: np.ndarray,
) -> np.ndarray:
    """Return the pial counterpart of each vertex of a white surface.

    The vertices follow the gradient of the distance to white matter, whose lines do not cross
    (normals do, in every sulcus), as far as there is cortex or to the middle of a closed sulcus.

    Parameters
    ----------
    vertices : ndarray of shape (n, 3)
        Of the white surface, mm.
    triangles : ndarray of int, shape (m, 3)
        Of the white surface.
    filled : ndarray of bool, shape (i, j, k)
        What the white surface encloses.
    cortex : ndarray of bool, shape (i, j, k)
        Grey matter of the same hemisphere.
    white : ndarray of bool, shape (i, j, k)
        What both hemispheres' white surfaces enclose.
    affine : ndarray of shape (4, 4)
        From voxels to mm.

    Returns
    -------
    ndarray of shape (n, 3)
        In mm. A vertex with no cortex before it stays, and one goes less far where the surface
        would cut through itself.
    """
    voxel = voxel_sizes(affine)
    ribbon = ndimage.gaussian_filter((cortex | filled).astype(np.float32), _PIAL_BLUR_MM / voxel)
    grey = ndimage.gaussian_filter(cortex.astype(np.float32), _PIAL_BLUR_MM / voxel)
    slope = _outward(white, voxel)

    steps = round(THICKEST_MM / _STEP_MM)
    path = np.repeat(vertices.astype(np.float32)[None], steps + 1, axis=0)
    reached = np.zeros(len(vertices), dtype=int)
    passed = np.zeros(len(vertices), dtype=bool)
    alive = np.arange(len(vertices))
    points = vertices
    for step in range(1, steps + 1):
        direction = np.stack([_sample(part, affine, points) for part in slope], axis=1)
        length = np.linalg.norm(direction, axis=1)
        points = points + _STEP_MM * direction / np.maximum(length, 1e-9)[:, None]
        on = (length > _FLAT) & (_sample(ribbon, affine, points) > 0.5)
        passed[alive] |= on & (_sample(grey, affine, points) > 0.5)
        alive, points = alive[on], points[on]
        reached[alive] = step
        path[step] = path[step - 1]
        path[step, alive] = points
    has_cortex = passed & (reached * _STEP_MM >= THINNEST_MM)
    # How far, averaged among neighbours that have cortex.
    blurred = smooth(
        np.stack([np.where(has_cortex, reached, 0), has_cortex], axis=1), triangles, 10
    )
    far = np.where(has_cortex, blurred[:, 0] / np.maximum(blurred[:, 1], 1e-9), 0)
    below = np.minimum(far.astype(int), steps - 1)
    part = (far - below)[:, None]
    each = np.arange(len(vertices))
    way = (1 - part) * path[below, each] + part * path[below + 1, each] - vertices
    # Ways that lead to and fro would make a surface larger than the cortex is.
    even = smooth(
        np.column_stack([np.where(has_cortex[:, None], way, 0), has_cortex]), triangles, 1
    )
    way = np.where(has_cortex[:, None], even[:, :3] / np.maximum(even[:, 3:], 1e-9), 0)
    return retreat(lambda share: vertices + share[:, None] * way, triangles)


def _outward(white: np.ndarray, voxel: np.ndarray) -> list[np.ndarray]:
    """Gradient (3 volumes) of the blurred distance to white matter; short between two banks."""
    outside = ndimage.distance_transform_edt(~white, sampling=voxel)
    inside = ndimage.distance_transform_edt(white, sampling=voxel)
    distance = ndimage.gaussian_filter((outside - inside).astype(np.float32), _FLOW_BLUR_MM / voxel)
    return np.gradient(distance, *voxel)


def _sample(field: np.ndarray, affine: np.ndarray, points: np.ndarray) -> np.ndarray:
    index = apply_affine(np.linalg.inv(affine), points)
    return ndimage.map_coordinates(field, index.T, order=1, mode="nearest", prefilter=False)
