"""Maps of a recording as overlays of the whole cortex, for Workbench, nilearn and FreeView."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

import nibabel
import numpy as np

from multisource.files import atomic
from multisource.geometry.neighbours import adjacency, spread
from multisource.geometry.surfaces import Surface
from multisource.parcellation.atlases import SIDES
from multisource.parcellation.dipoles import DipoleRegions
from multisource.recordings.moments import Moment

_STRUCTURE = {"lh": "CortexLeft", "rh": "CortexRight"}


def spread_over_cortex(
    maps: np.ndarray,
    regions: DipoleRegions,
    surfaces: Mapping[str, Surface],
    cortex: Mapping[str, np.ndarray],
) -> dict[str, np.ndarray]:
    """Spread maps from the dipoles to all vertices of the cortex.

    Parameters
    ----------
    maps : ndarray of shape (K, N)
        Maps, a value per dipole.
    regions : DipoleRegions
        Where the N dipoles are.
    surfaces : mapping of str to Surface
        {lh,rh}.white, whose vertices carry them.
    cortex : mapping of str to ndarray of bool, shape (V,)
        lh and rh: which vertices are cortex.

    Returns
    -------
    dict of str to ndarray of shape (K, V)
        By lh and rh; vertices between dipoles have the mean of their neighbours, those off the
        cortex 0.
    """
    found = {}
    for index, side in enumerate(SIDES):
        points, triangles = surfaces[f"{side}.white"]
        here = regions.hemisphere == index
        graph = adjacency(triangles, len(points))
        rows = [spread(row[here], regions.vertices[here], graph) for row in np.asarray(maps, float)]
        found[side] = np.array(rows) * cortex[side]
    return found


def write_gifti_overlay(
    path: str | os.PathLike[str], values: np.ndarray, moments: Sequence[Moment], side: str
) -> None:
    """Write maps of one hemisphere as GIFTI.

    Parameters
    ----------
    path : str or path-like
        The output, ``*.func.gii``.
    values : ndarray of shape (K, V)
        A map per moment.
    moments : sequence of Moment
        The K moments, whose words name the maps.
    side : str
        lh or rh.
    """
    arrays = []
    for row, moment in zip(values, moments, strict=True):
        array = nibabel.gifti.GiftiDataArray(
            np.asarray(row, np.float32), "NIFTI_INTENT_NONE", "NIFTI_TYPE_FLOAT32"
        )
        array.meta["Name"] = moment.title
        arrays.append(array)
    image = nibabel.gifti.GiftiImage(darrays=arrays)
    image.meta["AnatomicalStructurePrimary"] = _STRUCTURE[side]
    with atomic(path) as part:
        nibabel.save(image, part)


def write_freesurfer_overlay(path: str | os.PathLike[str], values: np.ndarray) -> None:
    """Write maps of one hemisphere as FreeSurfer's overlay, a frame per map.

    Parameters
    ----------
    path : str or path-like
        The output, ``*.mgz``.
    values : ndarray of shape (K, V)
        The maps.
    """
    frames = np.asarray(values, np.float32).T[:, None, None, :]
    # nibabel's header drops a last dimension of one, and then refuses data that have it.
    frames = frames[..., 0] if frames.shape[3] == 1 else frames
    with atomic(path) as part:
        nibabel.save(nibabel.freesurfer.MGHImage(frames, np.eye(4)), part)
