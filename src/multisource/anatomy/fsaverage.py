"""The template head that needs no download: fsaverage from the nilearn and MNE wheels.

nilearn ships FreeSurfer's fsaverage5 cortex and the MNI152 tissue maps, MNE the scalp and inner
skull of fsaverage, all in (or affinely linked to) fsaverage surface RAS. No outer skull is
packaged: it is placed by a rule. This is an average head, not an individual's.
"""

from __future__ import annotations

from typing import cast

import nibabel
import numpy as np
import scipy  # loads scipy.ndimage, which takes long, when it is used
from nibabel.affines import apply_affine
from nibabel.spatialimages import SpatialImage
from scipy.spatial import cKDTree

from multisource.anatomy import voxels
from multisource.anatomy.fsaverage5 import packaged_cortex
from multisource.anatomy.head import Head
from multisource.anatomy.options import fsaverage_mistakes
from multisource.anatomy.package_data import package_data
from multisource.anatomy.star_shells import of_radii
from multisource.errors import refuse
from multisource.geometry.closest_points import closest_points
from multisource.geometry.masks import voxel_volume
from multisource.geometry.neighbours import smooth
from multisource.geometry.rays import radial_distance
from multisource.geometry.surfaces import Surface, vertex_normals

# FreeSurfer's fixed affine from fsaverage (MNI305) to MNI152 millimetres, from its wiki page
# "CoordinateSystems".
MNI305_TO_MNI152 = np.array(
    [
        [0.9975, -0.0073, 0.0176, -0.0429],
        [0.0146, 1.0009, -0.0024, 1.5496],
        [-0.0130, -0.0093, 0.9971, 1.1840],
        [0.0, 0.0, 0.0, 1.0],
    ]
)
DEEP_MM = 3.0  # deeper than this inside the white surface, the MNI maps decide
# Grey plus white probability above which the MNI maps say brain; the higher one holds beside the
# cortex, where it keeps sulci open. It gives grey : white : CSF = 45 : 31 : 24 % of the cranial
# cavity; SAMSEG on Colin27 (one real head) gives 45 : 30 : 25 %.
BRAIN_PROBABILITY, BRAIN_PROBABILITY_BY_CORTEX = 0.5, 0.7
BY_CORTEX_MM = 8.0


def fsaverage_head(
    *,
    scale: float = 1.0,
    skull_fraction: float = 0.5,
    skull_thickness_mm: tuple[float, float] = (4.0, 8.0),
    voxel_mm: float = 2.0,
) -> Head:
    """Build the fsaverage template head.

    Parameters
    ----------
    scale : float
        Uniform scale about the origin of surface RAS; 1 keeps fsaverage's own coordinates.
    skull_fraction : float
        Share of the gap between inner skull and scalp that is bone.
    skull_thickness_mm : tuple of two float
        That share is clipped to this range (final mm, after scaling).
    voxel_mm : float
        Edge of the tissue voxels.

    Returns
    -------
    Head
        Surfaces, tissues and landmarks.

    Raises
    ------
    UserError
        For values outside their range.
    """
    refuse(
        fsaverage_mistakes(
            scale=scale,
            skull_fraction=skull_fraction,
            skull_thickness_mm=skull_thickness_mm,
            voxel_mm=voxel_mm,
        )
    )
    surfaces = fsaverage_surfaces(scale, skull_fraction, skull_thickness_mm)
    to_mni = fsaverage_to_mni(scale)
    shape, affine = voxels.grid_around(surfaces["outer_skin"][0], voxel_mm)
    return Head(
        surfaces=surfaces,
        tissues=_tissues(surfaces, to_mni, shape, affine),
        affine=affine,
        fiducials=fsaverage_landmarks(scale),
        to_mni=to_mni,
    )


def fsaverage_surfaces(
    scale: float = 1.0,
    skull_fraction: float = 0.5,
    skull_thickness_mm: tuple[float, float] = (4.0, 8.0),
) -> dict[str, Surface]:
    """Build the surfaces of the fsaverage template head.

    Parameters
    ----------
    scale, skull_fraction, skull_thickness_mm : float, float, tuple of two float
        As for :func:`fsaverage_head`.

    Returns
    -------
    dict of str to (ndarray of shape (n, 3), ndarray of shape (m, 3))
        Vertices, mm, and triangles of cortex and shells, by the names of a ``Head``.
    """
    packaged = _packaged_surfaces(scale)
    surfaces = {name: packaged[name] for name in packaged if "." in name}
    return surfaces | _shells(packaged, skull_fraction, *skull_thickness_mm)


def fsaverage_to_mni(scale: float = 1.0) -> np.ndarray:
    """Return the transform of the template head to MNI152.

    Parameters
    ----------
    scale : float, default 1
        As for :func:`fsaverage_head`.

    Returns
    -------
    ndarray of shape (4, 4)
        From surface RAS, mm, to MNI152, mm.
    """
    return MNI305_TO_MNI152 @ np.diag([1 / scale, 1 / scale, 1 / scale, 1.0])


def _packaged_surfaces(scale: float) -> dict[str, Surface]:
    """White, pial and sphere of both hemispheres, inner skull and whole scalp, in scaled mm."""
    import mne

    surfaces = {
        name: surface if name.endswith("sphere") else (surface[0] * scale, surface[1])
        for name, surface in packaged_cortex("white", "pial", "sphere").items()
    }
    folder = package_data("mne", "data", "fsaverage")
    for name, file in (("inner_skull", "inner_skull-bem"), ("scalp", "head")):
        path = folder / f"fsaverage-{file}.fif"
        (surface,) = mne.read_bem_surfaces(path, verbose="error")
        surfaces[name] = (surface["rr"] * 1000.0 * scale, surface["tris"].astype(np.int64))
    return surfaces


def fsaverage_landmarks(scale: float = 1.0) -> dict[str, np.ndarray]:
    """Return lpa, nasion and rpa of fsaverage (MNE's file).

    Parameters
    ----------
    scale : float, default 1
        They are multiplied by it.

    Returns
    -------
    dict of str to ndarray of shape (3,)
        In mm.
    """
    import mne
    from mne.io.constants import FIFF

    names = {
        FIFF.FIFFV_POINT_LPA: "lpa",
        FIFF.FIFFV_POINT_NASION: "nasion",
        FIFF.FIFFV_POINT_RPA: "rpa",
    }
    path = package_data("mne", "data", "fsaverage", "fsaverage-fiducials.fif")
    points, _ = mne.io.read_fiducials(path, verbose="error")
    return {names[int(p["ident"])]: p["r"].astype(float) * 1000.0 * scale for p in points}


def _shells(
    packaged: dict[str, Surface], fraction: float, low: float, high: float
) -> dict[str, Surface]:
    """Inner skull, outer skull and scalp along the vertices of the cortex's sphere, an ico5."""
    sphere, triangles = packaged["lh.sphere"]
    directions = sphere / np.linalg.norm(sphere, axis=1, keepdims=True)
    inner_surface, scalp_surface = packaged["inner_skull"], packaged["scalp"]
    centre = (inner_surface[0].max(axis=0) + inner_surface[0].min(axis=0)) / 2.0

    inner = radial_distance(*inner_surface, centre, directions)
    inner_points = centre + inner[:, None] * directions
    _, gap, _ = closest_points(*scalp_surface, inner_points)
    gap = smooth(gap, triangles, 20)
    thickness = smooth(np.clip(fraction * gap, low, high), triangles, 20)
    normals = smooth(vertex_normals(inner_points, triangles), triangles, 20)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    pushed = inner_points + thickness[:, None] * normals
    outer = radial_distance(pushed, triangles, centre, directions)
    outer = np.maximum(outer, inner + low)

    scalp = radial_distance(*scalp_surface, centre, directions)
    return of_radii(centre, directions, triangles, inner, outer, scalp)


def _tissues(
    surfaces: dict[str, Surface],
    to_mni: np.ndarray,
    shape: tuple[int, int, int],
    affine: np.ndarray,
) -> np.ndarray:
    def filled(*names: str) -> np.ndarray:
        return np.logical_or.reduce([voxels.fill(*surfaces[n], shape, affine) for n in names])

    inner_skull = filled("inner_skull")
    white = filled("lh.white", "rh.white")
    cerebrum = filled("lh.pial", "rh.pial") | white
    grey, white = _with_mni_maps(surfaces, to_mni, affine, inner_skull, cerebrum, white)
    tissues = voxels.label_nested(
        filled("outer_skin"), filled("outer_skull"), inner_skull, grey, white
    )
    tissues = voxels.clear_islands(tissues, voxel_volume(affine))
    return voxels.seal_skull(tissues)


def _with_mni_maps(
    surfaces: dict[str, Surface],
    to_mni: np.ndarray,
    affine: np.ndarray,
    inner_skull: np.ndarray,
    cerebrum: np.ndarray,
    white: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Grey and white masks: surfaces for the cortex, MNI152 maps for all they do not describe.

    Outside the pial surfaces the maps add cerebellum and brain stem; deep inside the white
    surfaces they tell deep grey matter and ventricles from white matter.
    """
    where = np.argwhere(inner_skull)
    points = apply_affine(affine, where)
    mni = apply_affine(to_mni, points)
    maps = []
    for tissue in ("gm", "wm"):
        name = f"mni_icbm152_{tissue}_tal_nlin_sym_09a_converted.nii.gz"
        image = cast(SpatialImage, nibabel.load(package_data("nilearn", "datasets", "data", name)))
        index = apply_affine(np.linalg.inv(image.affine), mni)
        volume = np.asarray(image.dataobj, dtype=np.float32) / 255.0
        maps.append(scipy.ndimage.map_coordinates(volume, index.T, order=1, prefilter=False))
    grey_map, white_map = maps

    def distance_to(kind: str, which: np.ndarray) -> np.ndarray:
        boundary = np.concatenate([surfaces[f"{side}.{kind}"][0] for side in ("lh", "rh")])
        distance = np.zeros(len(points))
        distance[which], _ = cKDTree(boundary).query(points[which])
        return distance

    in_white, beyond = white[inner_skull], ~cerebrum[inner_skull]
    by_map = (distance_to("white", in_white) > DEEP_MM) | beyond
    by_cortex = beyond & (distance_to("pial", beyond) < BY_CORTEX_MM)
    least = np.where(by_cortex, BRAIN_PROBABILITY_BY_CORTEX, BRAIN_PROBABILITY)
    brain_map = grey_map + white_map >= least
    is_white = np.where(by_map, brain_map & (white_map >= grey_map), in_white)
    is_grey = np.where(by_map, brain_map & (white_map < grey_map), ~in_white)

    grey, white = np.zeros_like(inner_skull), np.zeros_like(inner_skull)
    grey[inner_skull], white[inner_skull] = is_grey, is_white
    return grey, white
