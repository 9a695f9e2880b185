"""What is at each dipole: its place in MNI152, its regions, and whether there is cortex."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from nibabel.affines import apply_affine

from multisource.anatomy.source_table import SourceTable
from multisource.errors import UserError
from multisource.files import atomic
from multisource.parcellation.atlases import SIDES, Atlas

# Column of each atlas in every table.
COLUMNS = {"aparc": "desikan_killiany", "aparc.a2009s": "destrieux"}
MNI = ("mni_x", "mni_y", "mni_z")


@dataclass(frozen=True)
class DipoleRegions:
    """N dipoles, in the order of every leadfield and map.

    Attributes
    ----------
    hemisphere : ndarray of int, shape (N,)
        0 left, 1 right.
    vertices : ndarray of int, shape (N,)
        Vertex in the hemisphere's surface.
    mni : ndarray of shape (N, 3)
        Place in MNI152, mm.
    cortex : ndarray of bool, shape (N,)
        Whether there is cortex: white and pial surface part, and every atlas has a region. The
        others are never an answer.
    labels : mapping of str to ndarray of str, shape (N,)
        The region in each atlas, by the atlas's column: region and hemisphere as MNE-Python names
        its labels, such as postcentral-lh.
    distance_mm : ndarray of shape (N,)
        From the dipole to the place on fsaverage5 whose region it takes; 0 where the regions are
        the head's own.
    """

    hemisphere: np.ndarray
    vertices: np.ndarray
    mni: np.ndarray
    cortex: np.ndarray
    labels: Mapping[str, np.ndarray]
    distance_mm: np.ndarray

    def __len__(self) -> int:
        return len(self.mni)

    @property
    def region(self) -> np.ndarray:
        """Region and hemisphere in the Desikan-Killiany atlas: str of shape (N,)."""
        return self.labels[COLUMNS["aparc"]]

    def place(self, dipole: int) -> dict[str, object]:
        """Return the cells of a table that say where a dipole is.

        Parameters
        ----------
        dipole : int
            The dipole.

        Returns
        -------
        dict of str to object
            Hemisphere, MNI coordinates (mm), and the region in each atlas.
        """
        return {
            "hemisphere": SIDES[self.hemisphere[dipole]],
            **dict(zip(MNI, self.mni[dipole], strict=True)),
            **{column: words[dipole] for column, words in self.labels.items()},
        }


def name_dipoles(
    sources: SourceTable,
    to_mni: np.ndarray,
    atlases: Mapping[str, Atlas],
    distance_mm: Mapping[str, np.ndarray],
) -> DipoleRegions:
    """Look up what is at each dipole.

    Parameters
    ----------
    sources : SourceTable
        The N dipoles.
    to_mni : ndarray of shape (4, 4)
        From mm of the head's surface RAS to mm of MNI152.
    atlases : mapping of str to Atlas
        The head's.
    distance_mm : mapping of str to ndarray of shape (V,)
        lh and rh: from each vertex to that of fsaverage5 whose region it takes.

    Returns
    -------
    DipoleRegions
        Of the N dipoles.
    """
    count = len(sources.positions)
    cortex = ~sources.medial_wall
    distance = np.zeros(count)
    labels = {column: np.empty(count, "U64") for column in COLUMNS.values()}
    for index, side in enumerate(SIDES):
        here = sources.hemisphere == index
        vertices = sources.vertices[here]
        distance[here] = distance_mm[side][vertices]
        for name, column in COLUMNS.items():
            atlas = atlases[name]
            number = atlas.regions[side][vertices]
            cortex[here] &= atlas.is_cortex[number]
            labels[column][here] = [f"{atlas.names[k]}-{side}" for k in number]
    return DipoleRegions(
        hemisphere=sources.hemisphere,
        vertices=sources.vertices,
        mni=apply_affine(to_mni, sources.positions),
        cortex=cortex,
        labels=labels,
        distance_mm=distance,
    )


def write_dipoles(path: str | os.PathLike[str], dipoles: DipoleRegions) -> None:
    """Write ``regions.tsv``.

    Parameters
    ----------
    path : str or path-like
        The output.
    dipoles : DipoleRegions
        The dipoles.
    """
    table = pd.DataFrame(
        {
            "hemisphere": np.array(SIDES)[dipoles.hemisphere],
            "vertex": dipoles.vertices,
            **dict(zip(MNI, dipoles.mni.T.round(2), strict=True)),
            "cortex": dipoles.cortex.astype(int),
            **dipoles.labels,
            "distance_mm": dipoles.distance_mm.round(2),
        }
    )
    with atomic(path) as part:
        table.to_csv(part, sep="\t", index=False)


def read_dipoles(path: str | os.PathLike[str]) -> DipoleRegions:
    """Read what :func:`write_dipoles` wrote.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    DipoleRegions
        The dipoles.

    Raises
    ------
    UserError
        If the file is missing or another table.
    """
    words = list(COLUMNS.values())
    try:
        table = pd.read_csv(path, sep="\t", dtype=dict.fromkeys(words, str))
        return DipoleRegions(
            hemisphere=table["hemisphere"].map(SIDES.index).to_numpy(np.int8),
            vertices=table["vertex"].to_numpy(),
            mni=table[list(MNI)].to_numpy(float),
            cortex=table["cortex"].to_numpy(bool),
            labels={column: table[column].to_numpy("U64") for column in words},
            distance_mm=table["distance_mm"].to_numpy(float),
        )
    except (OSError, KeyError, ValueError) as error:
        raise UserError(f"{path}: not a table of the dipoles' regions ({error!r})") from error
