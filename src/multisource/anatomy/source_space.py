"""The cortical source space: dipoles spread evenly over the white surface, normal to it.

They are the vertices that a subdivided octahedron or icosahedron picks on the sphere. Where the map
to the sphere is uneven, some cortex is farther than 5 mm from all of them; there dipoles move to
the middle of what they stand for.

Medial wall: dipoles where white and pial surface coincide (no cortex: corpus callosum,
thalamus) are KEPT, so that "oct6" is 8196 dipoles on every head as in the paper, and MARKED in
SourceGeometry.medial_wall, so that simulations need not centre a patch there.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from nibabel.affines import apply_affine
from scipy import sparse
from scipy.spatial import cKDTree

from multisource.anatomy.io import write_surface
from multisource.errors import UserError
from multisource.files import atomic
from multisource.geometry.neighbours import adjacency
from multisource.geometry.surfaces import Surface, edge_lengths, triangle_areas

if TYPE_CHECKING:
    import mne

SPACINGS = tuple(f"oct{level}" for level in range(1, 7)) + tuple(f"ico{k}" for k in range(6))
THINNEST_CORTEX_MM = 0.5
REACH_MM = 5.0
_FINE_MM = 2.0
_ROUNDS = 30
HEMISPHERES = ("lh", "rh")


@dataclass(frozen=True)
class SourceGeometry:
    """A source space as arrays; N dipoles, left hemisphere first, in surface RAS.

    Attributes
    ----------
    positions : ndarray of shape (N, 3)
        Points on the white surface, mm.
    normals : ndarray of shape (N, 3)
        Unit vectors, outwards (white to pial).
    pial : ndarray of shape (N, 3)
        The same cortical points on the pial surface, mm.
    triangles : ndarray of shape (M, 3)
        Mesh of the dipoles, indices 0 to N - 1.
    hemisphere : ndarray of shape (N,)
        0 left, 1 right.
    vertices : ndarray of shape (N,)
        Vertex number in the hemisphere's surface.
    medial_wall : ndarray of bool, shape (N,)
        Where there is no cortex.
    """

    positions: np.ndarray
    normals: np.ndarray
    pial: np.ndarray
    triangles: np.ndarray
    hemisphere: np.ndarray
    vertices: np.ndarray
    medial_wall: np.ndarray

    def __len__(self) -> int:
        return len(self.positions)

    def adjacency(self) -> sparse.csr_array:
        """Find the dipoles that share an edge of the mesh.

        Returns
        -------
        sparse array of shape (N, N)
            Symmetric, 0 or 1.
        """
        return adjacency(self.triangles, len(self))

    def thickness(self) -> np.ndarray:
        """Measure the cortex at each dipole.

        Returns
        -------
        ndarray of shape (N,)
            Distance from white to pial surface, mm.
        """
        return np.linalg.norm(self.pial - self.positions, axis=1)


def cortical_source_space(
    surfaces: dict[str, Surface], spacing: str = "oct6", *, subject: str = "head"
) -> mne.SourceSpaces:
    """Make a source space on the white surfaces by MNE's subdivided octahedron or icosahedron.

    Parameters
    ----------
    surfaces : dict of str to (ndarray of shape (n, 3), ndarray of shape (m, 3))
        Vertices, mm, and triangles; needs {lh,rh}.{white,pial,sphere}.
    spacing : str
        One of SPACINGS. "oct6" gives 4098 dipoles per hemisphere.
    subject : str
        Name of the subject in the source space.

    Returns
    -------
    mne.SourceSpaces
        Positions in metres, MRI (surface RAS) frame, as MNE defines.

    Raises
    ------
    UserError
        For an unknown spacing or a surface too coarse for it.
    """
    import mne

    if spacing not in SPACINGS:
        raise UserError(f"source spacing {spacing!r} is unknown; use one of {', '.join(SPACINGS)}")
    expected = _dipoles_per_hemisphere(spacing)
    for side in HEMISPHERES:
        count = len(surfaces[f"{side}.white"][0])
        if count < expected:
            raise UserError(
                f"source spacing {spacing!r} needs {expected} vertices per hemisphere, "
                f"{side}.white has {count}; use a coarser spacing"
            )
    # MNE reads FreeSurfer files only, from a subjects folder.
    with tempfile.TemporaryDirectory() as folder:
        for side in HEMISPHERES:
            for kind in ("white", "sphere"):
                name = f"{side}.{kind}"
                write_surface(Path(folder, subject, "surf", name), *surfaces[name])
        source_space = mne.setup_source_space(
            subject,
            spacing=spacing,
            surface="white",
            subjects_dir=folder,
            add_dist=False,
            verbose="error",
        )
    for side, hemisphere in zip(HEMISPHERES, source_space, strict=True):
        if hemisphere["nuse"] != expected:
            raise UserError(
                f"source spacing {spacing!r}: {side}.sphere yields {hemisphere['nuse']} distinct "
                f"dipoles instead of {expected}; use a coarser spacing or a finer surface"
            )
        white, triangles = surfaces[f"{side}.white"]
        # Where vertices are a template's 3 mm apart there is none that is better.
        if edge_lengths(white, triangles).mean() < _FINE_MM:
            used = np.asarray(hemisphere["vertno"])
            reach = reach_mm(triangle_areas(white, triangles).sum(), len(used))
            _use(hemisphere, used, _spread_out(white, used, reach))
    return source_space


def reach_mm(area_mm2: float, count: int) -> float:
    """Return how far from a dipole cortex may lie that it stands for.

    Parameters
    ----------
    area_mm2 : float
        Of the white surface.
    count : int
        Of the dipoles.

    Returns
    -------
    float
        In mm: 5, or, of fewer dipoles than oct6 has, the square root of the area that each has.
    """
    return max(REACH_MM, float(np.sqrt(area_mm2 / count)))


def _spread_out(points: np.ndarray, used: np.ndarray, reach: float) -> np.ndarray:
    """Move dipoles to the middle of their cells near places that are too far from all of them.

    A cell is what is nearer to a dipole than to any other. Returns the vertex of each dipole.
    """
    used = used.copy()
    for _ in range(_ROUNDS):
        distance, owner = cKDTree(points[used]).query(points)
        if distance.max() <= reach:
            break
        gap, _ = cKDTree(points[distance > reach]).query(points[used])
        for dipole in np.flatnonzero(gap < 2 * reach):
            cell = np.flatnonzero(owner == dipole)
            if not len(cell):  # another dipole lies in the same place
                continue
            far = np.linalg.norm(points[cell, None] - points[None, cell], axis=2).max(axis=1)
            used[dipole] = cell[far.argmin()]
    return used


def _use(hemisphere: Any, before: np.ndarray, after: np.ndarray) -> None:
    """Put dipoles at other vertices of MNE's source space of a hemisphere."""
    number = np.arange(hemisphere["np"])
    number[before] = after
    hemisphere["use_tris"] = number[hemisphere["use_tris"]]
    hemisphere["vertno"] = np.sort(after)
    hemisphere["inuse"][:] = 0
    hemisphere["inuse"][after] = 1


def write_source_space(path: str | Path, source_space: mne.SourceSpaces) -> None:
    """Write ``*-src.fif`` atomically.

    Parameters
    ----------
    path : str or Path
        File to write.
    source_space : mne.SourceSpaces
        The source space.
    """
    with atomic(path) as part:
        source_space.save(part, overwrite=True, verbose="error")


def source_geometry(source_space: mne.SourceSpaces, surfaces: dict[str, Surface]) -> SourceGeometry:
    """Turn a source space into arrays.

    Parameters
    ----------
    source_space : mne.SourceSpaces
        Left and right hemisphere.
    surfaces : dict of str to (ndarray of shape (n, 3), ndarray of shape (m, 3))
        Surfaces that it was made on; they give the pial counterpart of each dipole.

    Returns
    -------
    SourceGeometry
        The dipoles, mm.

    Raises
    ------
    UserError
        When the source space was not made on these surfaces.
    """
    parts = []
    offset = 0
    for index, (side, hemisphere) in enumerate(zip(HEMISPHERES, source_space, strict=True)):
        used = np.asarray(hemisphere["vertno"], dtype=np.int64)
        pial, _ = surfaces[f"{side}.pial"]
        white, _ = surfaces[f"{side}.white"]
        positions = hemisphere["rr"][used] * 1000.0
        if used.max() >= len(white) or np.abs(white[used] - positions).max() > 0.01:
            raise UserError(f"source space: {side} was not made on this head's {side}.white")
        order = np.full(hemisphere["np"], -1, dtype=np.int64)
        order[used] = np.arange(len(used)) + offset
        parts.append(
            {
                "positions": positions,
                "normals": hemisphere["nn"][used],
                "pial": pial[used],
                "triangles": order[hemisphere["use_tris"]],
                "hemisphere": np.full(len(used), index, dtype=np.int8),
                "vertices": used,
            }
        )
        offset += len(used)
    arrays = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
    thickness = np.linalg.norm(arrays["pial"] - arrays["positions"], axis=1)
    return SourceGeometry(**arrays, medial_wall=thickness < THINNEST_CORTEX_MM)


def nearest_dipole(
    dipoles: SourceGeometry,
    to_mni: np.ndarray,
    mni_mm: np.ndarray | Sequence[float],
    *,
    exclude: Sequence[int] = (),
) -> tuple[int, float]:
    """Find the dipole nearest to an MNI152 point.

    Dipoles of the medial wall (no cortex, so no centre of a source) are passed over.

    Parameters
    ----------
    dipoles : SourceGeometry
        Dipoles of the head.
    to_mni : ndarray of shape (4, 4)
        From surface RAS, mm, to MNI152, mm.
    mni_mm : array_like of shape (3,)
        The point, MNI152, mm.
    exclude : sequence of int
        Dipoles to pass over too.

    Returns
    -------
    index : int
        The dipole.
    distance : float
        How far it is from the point, MNI152, mm.
    """
    distance = np.linalg.norm(apply_affine(to_mni, dipoles.positions) - mni_mm, axis=1)
    distance[dipoles.medial_wall] = np.inf
    distance[list(exclude)] = np.inf
    nearest = int(distance.argmin())
    return nearest, float(distance[nearest])


def _dipoles_per_hemisphere(spacing: str) -> int:
    solid, level = spacing[:3], int(spacing[3:])
    faces, steps = (8, level - 1) if solid == "oct" else (20, level)
    # Each step splits a triangle in four; Euler's formula gives the vertices.
    return faces * 4**steps // 2 + 2
