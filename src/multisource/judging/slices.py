"""Slices through a head in three planes, with outlines of its surfaces, small enough for a page."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy  # loads scipy.ndimage, which takes long, when it is used
from PIL import Image, ImageDraw
from PIL.ImageColor import getrgb

from multisource.anatomy.head import TISSUES, Head
from multisource.geometry.surfaces import Surface, plane_section

STEP_MM = 4.0
PIXELS_PER_MM = 2
MARGIN_MM = 4.0
NEAR_MM = STEP_MM / 2
OFF_MIDLINE_MM = 8.0
T1_QUALITY = 62  # of WebP
BACKGROUND = "#000000"
TISSUE_COLOURS = {
    "air": "#000000",
    "white matter": "#b3ac9a",
    "grey matter": "#776b73",
    "CSF": "#2f5f80",
    "skull": "#5b5646",
    "scalp": "#4a3226",
}
LINES = {
    "white": "#ffd23f",
    "pial": "#ff5a5f",
    "inner_skull": "#4cc9f0",
    "outer_skull": "#f8f9fa",
    "outer_skin": "#f4a261",
}
DOTS = {"dipole": "#7CFC00", "electrode": "#ff00ff"}
# Name of the plane, its normal, what is across and up, and the letters at left and right, up and
# down of the picture.
PLANES = (
    ("sagittal", 0, 1, 2, "PASI"),
    ("coronal", 1, 0, 2, "LRSI"),
    ("axial", 2, 0, 1, "LRAP"),
)


@dataclass(frozen=True)
class Background:
    """A volume that slices are cut from.

    Attributes
    ----------
    values : ndarray of shape (i, j, k)
        A T1.
    affine : ndarray of shape (4, 4)
        From voxel indices to surface RAS of the head, mm.
    """

    values: np.ndarray
    affine: np.ndarray


@dataclass(frozen=True)
class Plane:
    """All slices of one plane.

    Attributes
    ----------
    name : str
        sagittal, coronal or axial.
    axis : str
        x, y or z: what the slider moves along.
    letters : str
        Directions at the left, right, upper and lower edge.
    positions : list of float
        Of the slices along the axis, mm.
    layers : mapping of str to list of str
        "T1" (where there is one) and "tissues": a picture of each slice, as an address that holds
        it (data URI).
    size : tuple of two int
        Width and height, pixels.
    start : int
        Number of the slice that is shown first.
    """

    name: str
    axis: str
    letters: str
    positions: list[float]
    layers: Mapping[str, list[str]]
    size: tuple[int, int]
    start: int

    def described(self) -> dict[str, Any]:
        """Return what the script of the page needs.

        Returns
        -------
        dict
            Of plain values.
        """
        return {"name": self.name, "axis": self.axis, "positions": self.positions} | {
            "layers": dict(self.layers)
        }


def slice_planes(
    head: Head,
    dipoles: np.ndarray,
    electrodes: np.ndarray,
    background: Background | None = None,
    *,
    step_mm: float = STEP_MM,
) -> list[Plane]:
    """Draw slices of a head in three planes.

    Parameters
    ----------
    head : Head
        Tissues and surfaces.
    dipoles : ndarray of shape (N, 3)
        Positions, mm: a dot in the nearest slice.
    electrodes : ndarray of shape (E, 3)
        Positions, mm: a larger dot in the nearest slice.
    background : Background, optional
        A T1; without it there are tissues only.
    step_mm : float
        From slice to slice, mm.

    Returns
    -------
    list of Plane
        Sagittal, coronal, axial.
    """
    skin = head.surfaces["outer_skin"][0]
    low, high = skin.min(axis=0) - MARGIN_MM, skin.max(axis=0) + MARGIN_MM
    inner = head.surfaces["inner_skull"][0]
    # Off the midline, so that the sagittal slice shows cortex.
    middle = (inner.min(axis=0) + inner.max(axis=0)) / 2 + [OFF_MIDLINE_MM, 0, 0]
    top = float(np.percentile(background.values, 99.5)) if background else 1.0
    planes = []
    for name, normal, across, up, letters in PLANES:
        places = np.arange(np.ceil(low[normal] / step_mm) * step_mm, high[normal], step_mm)
        axes = [_pixels(low[k], high[k]) for k in (across, up)]
        cuts = {part: _Cut(surface, normal) for part, surface in _drawn(head)}
        layers: dict[str, list[str]] = {"T1": [], "tissues": []} if background else {"tissues": []}
        for place in places:
            marks = list(_marks(cuts, dipoles, electrodes, place, normal, (across, up), axes))
            labels = _labels(head, place, normal, (across, up), axes)
            layers["tissues"].append(_png(labels, marks))
            if background:
                grey = _grey(background, place, normal, (across, up), axes, top)
                layers["T1"].append(_webp(grey, marks))
        planes.append(
            Plane(
                name,
                "xyz"[normal],
                letters,
                [round(float(place), 1) for place in places],
                layers,
                (len(axes[0]), len(axes[1])),
                int(np.abs(places - middle[normal]).argmin()),
            )
        )
    return planes


class _Cut:
    """A surface to be cut across one axis again and again."""

    def __init__(self, surface: Surface, normal: int) -> None:
        self.vertices, self.triangles = surface
        self.normal = normal
        height = self.vertices[self.triangles, normal]
        self.low, self.high = height.min(axis=1), height.max(axis=1)

    def at(self, place: float) -> np.ndarray:
        """Segments (k, 2, 3), mm."""
        met = self.triangles[(self.low <= place) & (self.high >= place)]
        return plane_section(self.vertices, met, self.normal, place)


def _drawn(head: Head) -> Iterator[tuple[str, Surface]]:
    for name, surface in head.surfaces.items():
        if name.split(".")[-1] in LINES:
            yield name, surface


def _pixels(low: float, high: float) -> np.ndarray:
    """Middles of pixels, mm."""
    return np.arange(low, high, 1 / PIXELS_PER_MM)


def _marks(
    cuts: Mapping[str, _Cut],
    dipoles: np.ndarray,
    electrodes: np.ndarray,
    place: float,
    normal: int,
    flat: tuple[int, int],
    axes: list[np.ndarray],
) -> Iterator[tuple[str, np.ndarray, float]]:
    """Colour, points (n, 2) or ends of segments (n, 4) in pixels, and the radius of points."""
    start = np.array([axis[0] for axis in axes])
    height = len(axes[1])

    def pixels(points: np.ndarray) -> np.ndarray:
        found = (points[..., list(flat)] - start) * PIXELS_PER_MM
        found[..., 1] = height - 1 - found[..., 1]
        return found

    for name, cut in cuts.items():
        yield LINES[name.split(".")[-1]], pixels(cut.at(place)).reshape(-1, 4), 0.0
    for points, kind, radius in ((dipoles, "dipole", 1.0), (electrodes, "electrode", 4.0)):
        near = np.abs(points[:, normal] - place) <= NEAR_MM
        yield DOTS[kind], pixels(points[near]), radius


def _draw(draw: ImageDraw.ImageDraw, marks: list, colours: Mapping[str, Any]) -> None:
    for name, shapes, radius in marks:
        colour = colours[name]
        for shape in shapes.tolist():
            if len(shape) == 4:
                draw.line(shape, fill=colour)
            else:
                x, y = shape
                draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)


def _labels(
    head: Head, place: float, normal: int, flat: tuple[int, int], axes: list[np.ndarray]
) -> np.ndarray:
    """Tissue of each pixel, (height, width), row 0 on top."""
    picks: list[Any] = [0, 0, 0]
    inside = []
    for k, axis in ((normal, np.array([place])), *zip(flat, axes, strict=True)):
        index = np.rint((axis - head.affine[k, 3]) / head.affine[k, k]).astype(int)
        picks[k] = np.clip(index, 0, head.tissues.shape[k] - 1)
        inside.append((index >= 0) & (index < head.tissues.shape[k]))
    found = np.take(head.tissues[np.ix_(*picks)], 0, axis=normal)  # across, up
    found = np.where(inside[1][:, None] & inside[2][None, :] & inside[0].all(), found, 0)
    return np.ascontiguousarray(found.T[::-1])


def _grey(
    background: Background,
    place: float,
    normal: int,
    flat: tuple[int, int],
    axes: list[np.ndarray],
    top: float,
) -> np.ndarray:
    """Brightness of each pixel, 0 to 255, (height, width), row 0 on top."""
    x, y = np.meshgrid(axes[0][::PIXELS_PER_MM], axes[1][::PIXELS_PER_MM])
    points = np.zeros((*x.shape, 3))
    points[..., normal], points[..., flat[0]], points[..., flat[1]] = place, x, y
    inverse = np.linalg.inv(background.affine)
    index = points @ inverse[:3, :3].T + inverse[:3, 3]
    values = scipy.ndimage.map_coordinates(
        background.values, np.moveaxis(index, -1, 0), order=1, output=np.float32
    )
    small = Image.fromarray(np.clip(values[::-1] * (255 / top), 0, 255).astype(np.uint8))
    return np.asarray(small.resize((len(axes[0]), len(axes[1])), Image.Resampling.BILINEAR))


def _png(labels: np.ndarray, marks: list) -> str:
    names = ["air", *TISSUES.values()]
    colours = [TISSUE_COLOURS[name] for name in names]
    extra = list(dict.fromkeys([*LINES.values(), *DOTS.values()]))
    image = Image.fromarray(labels.astype(np.uint8), mode="P")
    image.putpalette([value for colour in colours + extra for value in getrgb(colour)])
    numbers = {colour: len(colours) + k for k, colour in enumerate(extra)}
    _draw(ImageDraw.Draw(image), marks, numbers)
    return _address(image, "PNG", bits=4)


def _webp(grey: np.ndarray, marks: list) -> str:
    image = Image.fromarray(grey).convert("RGB")
    rgb = {colour: getrgb(colour) for colour in [*LINES.values(), *DOTS.values()]}
    _draw(ImageDraw.Draw(image), marks, rgb)
    return _address(image, "WEBP", quality=T1_QUALITY, method=2)


def _address(image: Image.Image, kind: str, **options: Any) -> str:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return f"data:image/{kind.lower()};base64," + base64.b64encode(file.getvalue()).decode("ascii")
