"""The regions of a head: its own annotations, or those of fsaverage5 brought over."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import nibabel
import numpy as np

from multisource.anatomy.freesurfer_subject import both_or_none
from multisource.anatomy.io import read_surface
from multisource.errors import UserError
from multisource.files import atomic
from multisource.geometry.surfaces import Surface
from multisource.parcellation.atlases import (
    ATLASES,
    SIDES,
    Atlas,
    read_annotations,
    write_annotation,
)
from multisource.parcellation.correspondence import Correspondence

OWN = "the subject's own"


@dataclass(frozen=True)
class Regions:
    """Every atlas on one head.

    Attributes
    ----------
    atlases : mapping of str to Atlas
        By their names in :data:`multisource.parcellation.atlases.ATLASES`.
    routes : mapping of str to str
        Where the regions of each atlas come from: ``OWN``, or the route of the correspondence.
    """

    atlases: Mapping[str, Atlas]
    routes: Mapping[str, str]


def regions_of(
    template: Mapping[str, Atlas],
    correspondence: Correspondence,
    subject: Path | None = None,
) -> Regions:
    """Return the regions of a head.

    Parameters
    ----------
    template : mapping of str to Atlas
        Those of fsaverage5.
    correspondence : Correspondence
        Of the head's vertices and those of fsaverage5.
    subject : Path, optional
        A FreeSurfer subject directory, whose annotations are taken where they are.

    Returns
    -------
    Regions
        Of all vertices.

    Raises
    ------
    UserError
        If an annotation of the subject cannot be read or is of another surface.
    """
    atlases, routes = {}, {}
    for name in ATLASES:
        own = subject and own_atlas(subject, name)
        if own:
            for side in SIDES:
                count, needed = len(own.regions[side]), len(correspondence.vertex[side])
                if count != needed:
                    raise UserError(
                        f"{subject}/label/{side}.{name}.annot: {count} vertices, the white surface "
                        f"has {needed}; both must be of one reconstruction"
                    )
            atlases[name], routes[name] = own, OWN
        else:
            source = template[name]
            moved = {side: source.regions[side][correspondence.vertex[side]] for side in SIDES}
            atlases[name] = Atlas(source.names, source.colours, moved)
            routes[name] = correspondence.route
    return Regions(atlases, routes)


def own_atlas(subject: Path, name: str) -> Atlas | None:
    """Read an atlas of a subject directory.

    Parameters
    ----------
    subject : Path
        Subject directory.
    name : str
        Of the atlas, as its files are called.

    Returns
    -------
    Atlas or None
        None where the subject has no annotations of it.

    Raises
    ------
    UserError
        If it has one of one side only, or one that cannot be read.
    """
    paths = {side: subject / "label" / f"{side}.{name}.annot" for side in SIDES}
    return read_annotations(paths) if both_or_none(paths) else None


def registered_spheres(subject: Path | None) -> dict[str, Surface] | None:
    """Read the spheres that FreeSurfer registered to fsaverage.

    Parameters
    ----------
    subject : Path or None
        Subject directory, where there is one.

    Returns
    -------
    dict of str to Surface or None
        {lh,rh}.sphere.reg; None where the subject has none.

    Raises
    ------
    UserError
        If it has one of one side only, or one that cannot be read.
    """
    if subject is None:
        return None
    paths = {name: subject / "surf" / name for name in (f"{side}.sphere.reg" for side in SIDES)}
    if not both_or_none(paths):
        return None
    return {name: read_surface(path) for name, path in paths.items()}


def write_regions(
    folder: str | os.PathLike[str], regions: Regions, correspondence: Correspondence
) -> None:
    """Write the regions of a head into its subject directory.

    Parameters
    ----------
    folder : str or path-like
        Subject directory: ``label/{lh,rh}.{atlas}.annot``; ``label/origin.json``, where the
        regions come from; and ``surf/{lh,rh}.template_mm``, an overlay: the distance of each
        vertex to that of fsaverage5 whose regions it takes, 0 where they are its own.
    regions : Regions
        Of the head.
    correspondence : Correspondence
        Of its vertices and those of fsaverage5.
    """
    folder = Path(folder)
    for name, atlas in regions.atlases.items():
        for side in SIDES:
            write_annotation(folder / "label" / f"{side}.{name}.annot", atlas, side)
    taken = any(route != OWN for route in regions.routes.values())
    distance = {side: taken * correspondence.distance_mm[side] for side in SIDES}
    for side, values in distance.items():
        with atomic(folder / "surf" / f"{side}.template_mm") as part:
            nibabel.freesurfer.write_morph_data(part, values.astype(np.float32))
    every = np.concatenate(list(distance.values()))
    record = {
        "atlases": {
            name: {"name": ATLASES[name], "from": regions.routes[name]} for name in ATLASES
        },
        "distance_mm": {"median": float(np.median(every)), "largest": float(every.max())},
    }
    with atomic(folder / "label" / "origin.json") as part:
        part.write_text(json.dumps(record, indent=2) + "\n")
    for name in ATLASES:
        print(f"{ATLASES[name]}: {regions.routes[name]}")
    print(f"distance to fsaverage5: median {np.median(every):.1f} mm, largest {every.max():.1f} mm")


def read_regions(folder: str | os.PathLike[str]) -> tuple[dict[str, Atlas], dict[str, np.ndarray]]:
    """Read what :func:`write_regions` wrote.

    Parameters
    ----------
    folder : str or path-like
        Subject directory.

    Returns
    -------
    atlases : dict of str to Atlas
        By their names.
    distance_mm : dict of str to ndarray of shape (V,)
        lh and rh: to the vertices of fsaverage5 whose regions are taken.

    Raises
    ------
    UserError
        If a file is missing or damaged.
    """
    folder = Path(folder)
    atlases = {}
    for name in ATLASES:
        paths = {side: folder / "label" / f"{side}.{name}.annot" for side in SIDES}
        atlases[name] = read_annotations(paths)
    distance = {
        side: nibabel.freesurfer.read_morph_data(folder / "surf" / f"{side}.template_mm")
        for side in SIDES
    }
    return atlases, distance


def has_cortex(atlases: Mapping[str, Atlas]) -> dict[str, np.ndarray]:
    """Say which vertices are cortex in every atlas.

    Parameters
    ----------
    atlases : mapping of str to Atlas
        Of a head, by their names.

    Returns
    -------
    dict of str to ndarray of bool, shape (V,)
        By lh and rh.
    """
    return {
        side: np.all([a.is_cortex[a.regions[side]] for a in atlases.values()], axis=0)
        for side in SIDES
    }
