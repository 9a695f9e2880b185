"""An orthographic z-buffer in numpy: which triangle is seen in which pixel of which view."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from multisource.errors import UserError
from multisource.figures.cortex import Cortex

# Where the camera is and what is up, in surface RAS (x right, y anterior, z superior), and the
# hemispheres that are drawn.
VIEWS: dict[str, tuple[tuple[float, float, float], tuple[float, float, float], tuple[int, ...]]] = {
    "left lateral": ((-1, 0, 0), (0, 0, 1), (0,)),
    "right lateral": ((1, 0, 0), (0, 0, 1), (1,)),
    "left medial": ((1, 0, 0), (0, 0, 1), (0,)),
    "right medial": ((-1, 0, 0), (0, 0, 1), (1,)),
    "top": ((0, 0, 1), (0, 1, 0), (0, 1)),
    "bottom": ((0, 0, -1), (0, 1, 0), (0, 1)),
    "front": ((0, 1, 0), (0, 0, 1), (0, 1)),
    "back": ((0, -1, 0), (0, 0, 1), (0, 1)),
}
BATCH = 2_000_000


@dataclass(frozen=True)
class Raster:
    """What one view sees: P pixels show brain.

    Attributes
    ----------
    view : str
        Key of ``VIEWS``.
    depth : ndarray of shape (h, w)
        mm towards the camera, -inf where there is no brain, row 0 at the bottom.
    triangle : ndarray of shape (P,)
        Index into the cortex's triangles, pixels in row order.
    weights : ndarray of shape (P, 3)
        Barycentric coordinates in that triangle.
    extent : tuple of four float
        Left, right, bottom, top, mm.
    axes : ndarray of shape (3, 3)
        Rows: right, up, towards the camera.
    """

    view: str
    depth: np.ndarray
    triangle: np.ndarray
    weights: np.ndarray
    extent: tuple[float, float, float, float]
    axes: np.ndarray

    @property
    def seen(self) -> np.ndarray:
        """Which pixels show brain: bool of shape (h, w)."""
        return np.isfinite(self.depth)

    def interpolate(self, cortex: Cortex, values: np.ndarray) -> np.ndarray:
        """Interpolate vertex values at the pixels that show brain.

        Parameters
        ----------
        cortex : Cortex
            The mesh.
        values : ndarray of shape (V,) or (V, k)
            Values at its vertices.

        Returns
        -------
        ndarray of shape (P,) or (P, k)
            Values at the pixels.
        """
        corner = np.asarray(values, np.float32)[cortex.triangles[self.triangle]]
        return np.einsum("pc...,pc->p...", corner, self.weights)

    def project(self, points: np.ndarray) -> np.ndarray:
        """Turn points to picture coordinates.

        Parameters
        ----------
        points : ndarray of shape (n, 3)
            mm, surface RAS.

        Returns
        -------
        ndarray of shape (n, 3)
            Right, up, towards the camera, mm.
        """
        return points @ self.axes.T

    def sees(self, cortex: Cortex, vertices: np.ndarray, tolerance_mm: float = 1.5) -> np.ndarray:
        """Say which vertices face the camera with nothing before them.

        Parameters
        ----------
        cortex : Cortex
            The mesh.
        vertices : ndarray of shape (n,)
            Vertex indices.
        tolerance_mm : float
            How far a vertex may lie behind what the pixel shows.

        Returns
        -------
        ndarray of shape (n,)
            Bool, whether each is seen.
        """
        placed = self.project(cortex.vertices[vertices])
        height, width = self.depth.shape
        left, right, bottom, top = self.extent
        column = np.clip(((placed[:, 0] - left) / (right - left) * width).astype(int), 0, width - 1)
        row = np.clip(
            ((placed[:, 1] - bottom) / (top - bottom) * height).astype(int), 0, height - 1
        )
        facing = cortex.normals[vertices] @ self.axes[2] > 0.05
        drawn = np.isin(cortex.hemisphere[vertices], VIEWS[self.view][2])
        return facing & drawn & (placed[:, 2] >= self.depth[row, column] - tolerance_mm)


def rasterise(cortex: Cortex, view: str, *, pixels_per_mm: float = 6.0) -> Raster:
    """Draw the triangles of a view into a depth buffer.

    Parameters
    ----------
    cortex : Cortex
        The mesh.
    view : str
        A key of ``VIEWS``.
    pixels_per_mm : float
        Resolution.

    Returns
    -------
    Raster
        What the view sees.

    Raises
    ------
    UserError
        For an unknown view.
    """
    if view not in VIEWS:
        raise UserError(f"view: {view!r} is not one of {', '.join(VIEWS)}")
    towards, up, hemispheres = VIEWS[view]
    axes = np.array([np.cross(up, towards), up, towards], float)
    screen = cortex.vertices @ axes.T
    kept = np.flatnonzero(np.isin(cortex.hemisphere[cortex.triangles[:, 0]], hemispheres))
    inside = np.isin(cortex.hemisphere, hemispheres)
    margin = 2.0
    left, bottom = screen[inside, :2].min(axis=0) - margin
    right, top = screen[inside, :2].max(axis=0) + margin
    width, height = (int(np.ceil(s * pixels_per_mm)) for s in (right - left, top - bottom))

    a, b, c = ((screen[cortex.triangles[kept, k]] - (left, bottom, 0)) for k in range(3))
    for corner in (a, b, c):
        corner[:, :2] *= pixels_per_mm
    # Faces turned away are hidden on a closed surface, and slivers cover no pixel centre.
    area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    front = area > 1e-9
    kept, a, b, c, area = kept[front], a[front], b[front], c[front], area[front]
    low = np.floor(np.minimum(np.minimum(a, b), c)[:, :2]).astype(int)
    high = np.ceil(np.maximum(np.maximum(a, b), c)[:, :2]).astype(int)
    span = np.maximum(high - low, 1)
    fragments = span.prod(axis=1)

    depth = np.full(height * width, -np.inf)
    triangle = np.full(height * width, -1, np.int32)
    weights = np.zeros((height * width, 3), np.float32)
    bounds = np.searchsorted(np.cumsum(fragments), np.arange(BATCH, fragments.sum(), BATCH))
    for part in np.split(np.arange(len(kept)), bounds):
        t = np.repeat(part, fragments[part])
        first = np.cumsum(fragments[part]) - fragments[part]
        step = np.arange(len(t)) - np.repeat(first, fragments[part])
        column, row = low[t, 0] + step % span[t, 0], low[t, 1] + step // span[t, 0]
        x, y = column + 0.5, row + 0.5
        w0 = ((b[t, 0] - x) * (c[t, 1] - y) - (b[t, 1] - y) * (c[t, 0] - x)) / area[t]
        w1 = ((c[t, 0] - x) * (a[t, 1] - y) - (c[t, 1] - y) * (a[t, 0] - x)) / area[t]
        w2 = 1.0 - w0 - w1
        z = w0 * a[t, 2] + w1 * b[t, 2] + w2 * c[t, 2]
        pixel = row * width + column
        hit = np.flatnonzero((w0 >= 0) & (w1 >= 0) & (w2 >= 0) & (z > depth[pixel]))
        # numpy keeps the last of repeated indices, so writing from far to near leaves the nearest.
        hit = hit[np.argsort(z[hit], kind="stable")]
        depth[pixel[hit]] = z[hit]
        triangle[pixel[hit]] = kept[t[hit]]
        weights[pixel[hit]] = np.stack([w0[hit], w1[hit], w2[hit]], axis=1)
    seen = triangle >= 0
    return Raster(
        view=view,
        depth=depth.reshape(height, width),
        triangle=triangle[seen],
        weights=weights[seen],
        extent=(left, left + width / pixels_per_mm, bottom, bottom + height / pixels_per_mm),
        axes=axes,
    )
