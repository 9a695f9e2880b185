"""What is measured of a head before it is judged: tissues, surfaces, dipoles, operators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from nibabel.affines import apply_affine
from scipy.spatial import cKDTree

from multisource.anatomy.head import CSF, TISSUES, Head
from multisource.anatomy.landmarks import LANDMARKS
from multisource.anatomy.mni import mapped_landmarks
from multisource.anatomy.source_space import reach_mm
from multisource.anatomy.source_table import SourceTable
from multisource.anatomy.sphere import unmapped
from multisource.geometry.closest_points import closest_points
from multisource.geometry.rays import contains
from multisource.geometry.surfaces import triangle_areas, vertex_areas
from multisource.montage.record import Placement

SIDES = ("lh", "rh")
# Above this plane of MNI152 lie the electrodes, and bone that is neither skull base nor face.
UPPER_MNI_MM = 10.0
LOWEST_MNI_MM = -45.0  # below it lies no electrode, and no thickness is measured
_EVERY = 2  # thicknesses of skull and scalp are measured at every so manieth vertex
MEAN_MAN_ML = 1469.0  # intracranial volume, Matsumae et al. 1996


@dataclass(frozen=True)
class Cover:
    """How the dipoles cover the cortex, on the W vertices of both white surfaces, left first.

    Attributes
    ----------
    gap_mm : ndarray of shape (W,)
        From each vertex to the nearest dipole of its hemisphere.
    cortex : ndarray of bool, shape (W,)
        Which vertices are cortex, and not the medial wall.
    reach_mm : float
        How far a vertex may be from a dipole and still be covered.
    cortex_cm2, uncovered_cm2 : float
        Area of the white surface that is cortex, and of that which is not covered.
    """

    gap_mm: np.ndarray
    cortex: np.ndarray
    reach_mm: float
    cortex_cm2: float
    uncovered_cm2: float

    @property
    def uncovered(self) -> np.ndarray:
        """Which vertices are cortex and farther from a dipole than the reach: bool (W,)."""
        return self.cortex & (self.gap_mm > self.reach_mm)


@dataclass(frozen=True)
class Measures:
    """Numbers of one head with N dipoles, V vertices of the outer skull and E electrodes.

    Attributes
    ----------
    volumes_ml : mapping of str to float
        Volume of each tissue.
    thickness_mm : ndarray of shape (N,)
        Thickness of the cortex at each dipole: the mean of the distances from each surface to the
        other; nan where there is no cortex.
    skull_mm, scalp_mm : ndarray of shape (V,)
        From the outer skull to the inner skull, and to the scalp; nan at the base of the skull.
    upper : ndarray of bool, shape (V,)
        Which vertices of the outer skull lie above the plane ``UPPER_MNI_MM``.
    depth_mm, rdm : ndarray of shape (N,)
        Of each dipole: depth below the inner skull, and RDM of operator A against B.
    cover : Cover
        How the dipoles cover the cortex.
    folds : int
        Triangles of the map to the sphere that are flipped or collapsed.
    folds_cm2 : float
        Area of the white surface in them.
    pial_outside : float
        Share of the dipoles whose point of the pial surface is outside the inner skull.
    in_grey : float
        Share of the dipoles that are in grey matter of the mesh before they are moved.
    venant : float
        Share of the dipoles that fulfil Venant's condition.
    moved_mm : ndarray of shape (N,)
        How far each dipole was moved into grey matter.
    electrodes_mm : ndarray of shape (E,)
        How far each electrode was moved to the scalp.
    warnings : list of str
        What was odd when electrodes were placed.
    landmarks_mm : mapping of str to float
        How far each landmark of the head is from the template's, brought through MNI space.
    """

    volumes_ml: Mapping[str, float]
    thickness_mm: np.ndarray
    skull_mm: np.ndarray
    scalp_mm: np.ndarray
    upper: np.ndarray
    depth_mm: np.ndarray
    rdm: np.ndarray
    cover: Cover
    folds: int
    folds_cm2: float
    pial_outside: float
    in_grey: float
    venant: float
    moved_mm: np.ndarray
    electrodes_mm: np.ndarray
    warnings: list[str]
    landmarks_mm: Mapping[str, float] = field(default_factory=dict)

    @property
    def cavity_ml(self) -> float:
        """Volume within the skull, ml."""
        return float(sum(self.volumes_ml[TISSUES[label]] for label in range(1, CSF + 1)))

    @property
    def csf_share(self) -> float:
        """Share of the cavity that is CSF."""
        return self.volumes_ml[TISSUES[CSF]] / self.cavity_ml

    @property
    def size(self) -> float:
        """Length of the cavity over that of the mean man's."""
        return float(np.cbrt(self.cavity_ml / MEAN_MAN_ML))


def measure(
    head: Head,
    sources: SourceTable,
    cortex: Mapping[str, np.ndarray],
    dipoles: pd.DataFrame,
    comparison: pd.DataFrame,
    placement: Placement,
) -> Measures:
    """Measure a head.

    Parameters
    ----------
    head : Head
        Surfaces and tissues.
    sources : SourceTable
        The N dipoles.
    cortex : mapping of str to ndarray of bool, shape (W,)
        lh and rh: which vertices are cortex.
    dipoles : DataFrame
        A row per dipole: how it was placed in the mesh, of
        :func:`multisource.fem.placement.place_dipoles`.
    comparison : DataFrame
        A row per dipole: operator A against B, of
        :func:`multisource.leadfield.compare.compare_leadfields`.
    placement : Placement
        How the electrodes came to the scalp.

    Returns
    -------
    Measures
        The numbers.
    """
    is_cortex = np.concatenate([cortex[side][_of(sources, side)] for side in SIDES])
    is_cortex &= ~sources.medial_wall
    pial = _pial_points(head, sources)
    folds, folds_cm2 = sphere_folds(head)
    height = apply_affine(head.to_mni, head.surfaces["outer_skull"][0])[:, 2]
    return Measures(
        volumes_ml={name: float(ml) for name, ml in head.tissue_volumes().items()},
        thickness_mm=np.where(is_cortex, cortical_thickness(head, sources, pial), np.nan),
        skull_mm=_between(head, "inner_skull", height > LOWEST_MNI_MM),
        scalp_mm=_between(head, "outer_skin", height > LOWEST_MNI_MM),
        upper=height > UPPER_MNI_MM,
        depth_mm=comparison["depth_mm"].to_numpy(),
        rdm=comparison["rdm"].to_numpy(),
        cover=cover(head, sources, cortex),
        folds=folds,
        folds_cm2=folds_cm2,
        pial_outside=float((~contains(*head.surfaces["inner_skull"], pial)[is_cortex]).mean()),
        in_grey=float((dipoles["start_tissue"] == "grey matter").to_numpy()[is_cortex].mean()),
        venant=float((dipoles["condition"] == "venant").mean()),
        moved_mm=dipoles["moved_mm"].to_numpy(),
        electrodes_mm=placement.moved_mm,
        warnings=list(placement.warnings),
        landmarks_mm={
            name: float(np.linalg.norm(head.fiducials[name] - place))
            for name, place in zip(LANDMARKS, mapped_landmarks(head.to_mni), strict=True)
        },
    )


def cover(head: Head, sources: SourceTable, cortex: Mapping[str, np.ndarray]) -> Cover:
    """Find the cortex that no dipole stands for.

    Parameters
    ----------
    head : Head
        The head with its white surfaces.
    sources : SourceTable
        The dipoles.
    cortex : mapping of str to ndarray of bool, shape (W,)
        lh and rh: which vertices are cortex.

    Returns
    -------
    Cover
        Distances, and the area that is not covered.
    """
    gaps, areas = [], []
    for side in SIDES:
        points, triangles = head.surfaces[f"{side}.white"]
        gaps.append(cKDTree(points[_of(sources, side)]).query(points)[0])
        areas.append(vertex_areas(points, triangles))
    gap, area = np.concatenate(gaps), np.concatenate(areas)
    is_cortex = np.concatenate([cortex[side] for side in SIDES])
    reach = reach_mm(area.sum(), len(sources.positions))
    return Cover(
        gap_mm=gap,
        cortex=is_cortex,
        reach_mm=reach,
        cortex_cm2=float(area[is_cortex].sum() / 100),
        uncovered_cm2=float(area[is_cortex & (gap > reach)].sum() / 100),
    )


def sphere_folds(head: Head) -> tuple[int, float]:
    """Count the triangles that the map to the sphere flips or collapses.

    Parameters
    ----------
    head : Head
        The head with its white surfaces and spheres.

    Returns
    -------
    count : int
        Triangles of both hemispheres.
    area_cm2 : float
        Area of the white surface in them.
    """
    count, area_cm2 = 0, 0.0
    for side in SIDES:
        white, triangles = head.surfaces[f"{side}.white"]
        sphere = head.surfaces[f"{side}.sphere"][0]
        bad = unmapped(sphere, white, triangles)
        count += int(bad.sum())
        area_cm2 += float(triangle_areas(white, triangles)[bad].sum() / 100)
    return count, area_cm2


def cortical_thickness(head: Head, sources: SourceTable, pial: np.ndarray) -> np.ndarray:
    """Measure the cortex at the dipoles as FreeSurfer does.

    Parameters
    ----------
    head : Head
        The head with its white and pial surfaces.
    sources : SourceTable
        The N dipoles, on the white surface.
    pial : ndarray of shape (N, 3)
        Their points on the pial surface, mm.

    Returns
    -------
    ndarray of shape (N,)
        Mean of the distances from each surface to the other, mm.
    """
    found = np.zeros(len(pial))
    for number, side in enumerate(SIDES):
        here = sources.hemisphere == number
        out = closest_points(*head.surfaces[f"{side}.pial"], sources.positions[here])[1]
        back = closest_points(*head.surfaces[f"{side}.white"], pial[here])[1]
        found[here] = (out + back) / 2
    return found


def _between(head: Head, name: str, there: np.ndarray) -> np.ndarray:
    """Distance (V,) from vertices of the outer skull to another shell, nan where not ``there``."""
    outer = head.surfaces["outer_skull"][0]
    asked, some = np.flatnonzero(there), np.flatnonzero(there)[::_EVERY]
    distance = closest_points(*head.surfaces[name], outer[some])[1]
    found = np.full(len(outer), np.nan)
    found[asked] = distance[cKDTree(outer[some]).query(outer[asked])[1]]
    return found


def _of(sources: SourceTable, side: str) -> np.ndarray:
    """Vertices of the dipoles of a hemisphere."""
    return sources.vertices[sources.hemisphere == SIDES.index(side)]


def _pial_points(head: Head, sources: SourceTable) -> np.ndarray:
    return np.concatenate([head.surfaces[f"{side}.pial"][0][_of(sources, side)] for side in SIDES])
