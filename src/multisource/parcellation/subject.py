"""A head as a FreeSurfer subject: what MNE-Python, FreeView, Workbench and nilearn open."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import nibabel
import numpy as np

from multisource.anatomy.fsaverage5 import packaged_cortex, packaged_folding
from multisource.anatomy.io import read_surface, write_surface
from multisource.files import atomic
from multisource.geometry.neighbours import smooth
from multisource.geometry.surfaces import Surface, vertex_normals
from multisource.geometry.unfolding import mean_curvature, smooth_surface
from multisource.parcellation.atlases import SIDES
from multisource.parcellation.correspondence import NEAREST, SAME, Correspondence

SURFACES = ("white", "pial", "inflated", "sphere", "sphere.reg")
FOLDING = ("curv", "sulc")
_INFLATE_MM = 15.0  # folds up to this length are smoothed away
_OPEN_MM = 8.0  # against this surface depth is measured
_REGISTER_STEPS = 20
_SPHERE_MM = 100.0


def subject_surfaces(
    surfaces: Mapping[str, Surface], correspondence: Correspondence, subject: Path | None = None
) -> dict[str, Surface]:
    """Return the surfaces of a subject directory.

    Parameters
    ----------
    surfaces : mapping of str to Surface
        {lh,rh}.{white,pial,sphere} of the head, mm.
    correspondence : Correspondence
        Of its vertices and those of fsaverage5.
    subject : Path, optional
        A FreeSurfer subject directory, whose surfaces are taken where they are.

    Returns
    -------
    dict of str to Surface
        By name, those of :data:`SURFACES` of both sides. A head that FreeSurfer has not made has
        an inflated surface smoothed from its white one, and a sphere.reg of the nearest points of
        fsaverage5 in MNI152: good to bring maps over to fsaverage, not to compare folds.
    """
    found = {}
    packaged = packaged_cortex("inflated") if correspondence.route == SAME else {}
    for side in SIDES:
        for kind in SURFACES:
            name = f"{side}.{kind}"
            own = subject and subject / "surf" / name
            if name in surfaces:
                found[name] = surfaces[name]
            elif own and own.is_file():
                found[name] = read_surface(own)
            elif name in packaged:
                found[name] = packaged[name]
            elif kind == "inflated":
                points, triangles = surfaces[f"{side}.white"]
                found[name] = smooth_surface(points, triangles, _INFLATE_MM), triangles
            else:
                found[name] = _sphere_reg(surfaces, correspondence, side)
    return found


def subject_folding(
    surfaces: Mapping[str, Surface], correspondence: Correspondence, subject: Path | None = None
) -> dict[str, np.ndarray]:
    """Return how the cortex of a subject directory is folded.

    Parameters
    ----------
    surfaces, correspondence, subject : mapping, Correspondence, Path
        As for :func:`subject_surfaces`.

    Returns
    -------
    dict of str to ndarray of shape (V,)
        {lh,rh}.curv, mean curvature (1/mm), and {lh,rh}.sulc, depth (mm): positive in sulci.
    """
    found = {}
    packaged = {}
    if correspondence.route == SAME:
        packaged = {kind: packaged_folding(kind) for kind in FOLDING}
    for side in SIDES:
        points, triangles = surfaces[f"{side}.white"]
        for kind in FOLDING:
            name = f"{side}.{kind}"
            own = subject and subject / "surf" / name
            if own and own.is_file():
                found[name] = nibabel.freesurfer.read_morph_data(own)
            elif packaged:
                found[name] = packaged[kind][side]
            elif kind == "curv":
                found[name] = mean_curvature(points, triangles)
            else:
                opened = smooth_surface(points, triangles, _OPEN_MM)
                outward = vertex_normals(opened, triangles)
                found[name] = np.einsum("ij,ij->i", opened - points, outward)
    return found


def _sphere_reg(
    surfaces: Mapping[str, Surface], correspondence: Correspondence, side: str
) -> Surface:
    sphere, triangles = surfaces[f"{side}.sphere"]
    if correspondence.route != NEAREST:
        return sphere, triangles
    goal = packaged_cortex("sphere")[f"{side}.sphere"][0][correspondence.vertex[side]]
    # Neighbours may be nearest to points that lie apart: smoothed, they stay neighbours.
    placed = smooth(goal, triangles, _REGISTER_STEPS)
    return _SPHERE_MM * placed / np.linalg.norm(placed, axis=1, keepdims=True), triangles


def write_subject(
    folder: str | os.PathLike[str],
    surfaces: Mapping[str, Surface],
    folding: Mapping[str, np.ndarray],
    cortex: Mapping[str, np.ndarray],
) -> None:
    """Write the surfaces of a subject directory.

    Parameters
    ----------
    folder : str or path-like
        Subject directory: ``surf/{lh,rh}.{white,...}``, the same as GIFTI
        (``{lh,rh}.{white,pial,inflated}.surf.gii``), ``surf/{lh,rh}.{curv,sulc}`` and
        ``label/{lh,rh}.cortex.label``.
    surfaces : mapping of str to Surface
        Of :func:`subject_surfaces`.
    folding : mapping of str to ndarray of shape (V,)
        Of :func:`subject_folding`.
    cortex : mapping of str to ndarray of bool, shape (V,)
        lh and rh: which vertices are cortex.
    """
    folder = Path(folder)
    for name, surface in surfaces.items():
        write_surface(folder / "surf" / name, *surface)
        if name.partition(".")[2] in ("white", "pial", "inflated"):
            _write_gifti(folder / "surf" / f"{name}.surf.gii", *surface)
    for name, values in folding.items():
        with atomic(folder / "surf" / name) as part:
            nibabel.freesurfer.write_morph_data(part, np.asarray(values, np.float32))
    for side in SIDES:
        _write_label(
            folder / "label" / f"{side}.cortex.label",
            np.flatnonzero(cortex[side]),
            surfaces[f"{side}.white"][0],
            folder.name,
        )


def _write_gifti(path: Path, vertices: np.ndarray, triangles: np.ndarray) -> None:
    side = {"l": "CortexLeft", "r": "CortexRight"}[path.name[0]]
    arrays = [
        nibabel.gifti.GiftiDataArray(
            np.asarray(vertices, np.float32), "NIFTI_INTENT_POINTSET", "NIFTI_TYPE_FLOAT32"
        ),
        nibabel.gifti.GiftiDataArray(
            np.asarray(triangles, np.int32), "NIFTI_INTENT_TRIANGLE", "NIFTI_TYPE_INT32"
        ),
    ]
    arrays[0].meta["AnatomicalStructurePrimary"] = side
    with atomic(path) as part:
        nibabel.save(nibabel.gifti.GiftiImage(darrays=arrays), part)


def _write_label(path: Path, chosen: np.ndarray, vertices: np.ndarray, subject: str) -> None:
    """FreeSurfer's list of vertices: number, place (mm), and a value that nobody uses."""
    rows = np.column_stack([chosen, vertices[chosen], np.zeros(len(chosen))])
    with atomic(path) as part:
        np.savetxt(
            part,
            rows,
            fmt=["%d", "%.3f", "%.3f", "%.3f", "%.6f"],
            header=f"#!ascii label, from subject {subject} vox2ras=TkReg\n{len(chosen)}",
            comments="",
        )
