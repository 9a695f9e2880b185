"""The atlases: which there are, which of their regions are cortex, and their files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import nibabel
import numpy as np

from multisource.errors import UserError
from multisource.files import atomic

SIDES = ("lh", "rh")
# FreeSurfer's name of an atlas, as its files are called, and the name that people use.
ATLASES = {"aparc": "Desikan-Killiany", "aparc.a2009s": "Destrieux"}
# Regions that hold no cortex: the medial wall, where the surface only closes the hemisphere.
NO_CORTEX = ("unknown", "corpuscallosum", "medial_wall")
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Atlas:
    """One atlas on one head.

    Attributes
    ----------
    names : tuple of str
        Its K regions, FreeSurfer's words; the same for both hemispheres.
    colours : ndarray of uint8, shape (K, 3)
        Of each region: red, green, blue.
    regions : mapping of str to ndarray of int, shape (V,)
        lh and rh: the region of each vertex, an index of ``names``.
    """

    names: tuple[str, ...]
    colours: np.ndarray
    regions: Mapping[str, np.ndarray]

    @property
    def is_cortex(self) -> np.ndarray:
        """Whether each region is cortex: bool of shape (K,)."""
        return np.array([name.lower() not in NO_CORTEX for name in self.names])


def read_annotations(paths: Mapping[str, str | os.PathLike[str]]) -> Atlas:
    """Read an atlas from the annotation files of both hemispheres.

    Parameters
    ----------
    paths : mapping of str to path
        lh and rh: FreeSurfer's ``*.annot``.

    Returns
    -------
    Atlas
        The atlas; vertices without a region are ``unknown``.

    Raises
    ------
    UserError
        If a file is missing or no annotation.
    """
    names: list[str] = []
    colours: list[np.ndarray] = []
    regions = {}
    for side in SIDES:
        path = Path(paths[side])
        if not path.is_file():
            raise UserError(f"{path}: no such annotation file")
        try:
            labels, table, own = nibabel.freesurfer.read_annot(path)
        except Exception as error:  # nibabel raises what the bytes happen to lead to
            raise UserError(f"{path}: not a FreeSurfer annotation ({error})") from error
        # One list of names for both sides, whose files may list other ones, or in another order.
        number = np.zeros(len(own) + 1, np.int16)
        words = [(word.decode("latin-1"), row[:3]) for word, row in zip(own, table, strict=True)]
        for k, (word, colour) in enumerate([*words, (UNKNOWN, np.array([25, 5, 25]))]):
            if word.lower() == UNKNOWN:
                word = UNKNOWN
            if word not in names:
                names.append(word)
                colours.append(colour)
            number[k] = names.index(word)
        regions[side] = number[labels]  # -1, a vertex without a region, is the last: unknown
    return Atlas(tuple(names), np.array(colours, np.uint8), regions)


def write_annotation(path: str | os.PathLike[str], atlas: Atlas, side: str) -> None:
    """Write one hemisphere of an atlas as FreeSurfer's annotation.

    Parameters
    ----------
    path : str or path-like
        The output, ``{lh,rh}.{atlas}.annot``.
    atlas : Atlas
        The atlas.
    side : str
        lh or rh.
    """
    # FreeSurfer keeps a vertex's colour, not its number: two regions of one colour would be one.
    colours, taken = [], set()
    for colour in atlas.colours.astype(int).tolist():
        while tuple(colour) in taken:
            colour = [colour[0], colour[1], (colour[2] + 1) % 256]
        taken.add(tuple(colour))
        colours.append([*colour, 0])
    with atomic(path) as part:
        nibabel.freesurfer.write_annot(
            part,
            np.asarray(atlas.regions[side], np.int32),
            np.array(colours, np.int32),
            list(atlas.names),
            fill_ctab=True,
        )


def read_template(path: str | os.PathLike[str]) -> dict[str, Atlas]:
    """Read the atlases of the packaged cortex, fsaverage5.

    Parameters
    ----------
    path : str or path-like
        ``resources/fsaverage5-regions.npz``.

    Returns
    -------
    dict of str to Atlas
        By their names in :data:`ATLASES`.

    Raises
    ------
    UserError
        If the file is missing or not that.
    """
    try:
        with np.load(path) as stored:
            return {
                name: Atlas(
                    tuple(str(word) for word in stored[f"{name}.names"]),
                    stored[f"{name}.colours"],
                    {side: stored[f"{name}.{side}"].astype(np.int16) for side in SIDES},
                )
                for name in ATLASES
            }
    except (OSError, ValueError, KeyError) as error:
        raise UserError(f"{path}: not the regions of fsaverage5 ({error})") from error


def write_template(path: str | os.PathLike[str], atlases: Mapping[str, Atlas]) -> None:
    """Write the atlases of the packaged cortex in one small file.

    Parameters
    ----------
    path : str or path-like
        The output (npz).
    atlases : mapping of str to Atlas
        By their names in :data:`ATLASES`.
    """
    arrays: dict[str, np.ndarray] = {}
    for name, atlas in atlases.items():
        arrays[f"{name}.names"] = np.array(atlas.names)
        arrays[f"{name}.colours"] = atlas.colours
        arrays |= {f"{name}.{side}": atlas.regions[side].astype(np.uint8) for side in SIDES}
    with atomic(path) as part, open(part, "wb") as stream:
        np.savez_compressed(stream, allow_pickle=False, **arrays)
