"""The cortex of a page of brains: true and opened shape, relief and dipoles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from multisource.anatomy.source_space import HEMISPHERES, SourceGeometry
from multisource.brains.pack import Pack, in_steps
from multisource.figures.cortex import make_cortex
from multisource.geometry.surfaces import Surface

MOST = 60_000  # vertices; of a finer cortex the mesh of the dipoles is drawn
RELIEF = 0.02  # mm, of a step of the relief


@dataclass(frozen=True)
class TurnedCortex:
    """Both hemispheres, left first, with V vertices and N dipoles.

    Attributes
    ----------
    folded : ndarray of shape (V, 3)
        The pial surface, mm, surface RAS.
    opened : ndarray of shape (V, 3)
        The same with its sulci opened, mm.
    triangles : ndarray of shape (T, 3)
        Vertex indices, counter-clockwise from outside, the left hemisphere's first.
    relief : ndarray of shape (V,)
        mm, positive on gyri and negative in sulci.
    left : int
        How many vertices belong to the left hemisphere.
    dipoles : ndarray of shape (N,)
        The vertex that carries each dipole.
    """

    folded: np.ndarray
    opened: np.ndarray
    triangles: np.ndarray
    relief: np.ndarray
    left: int
    dipoles: np.ndarray


def turned_cortex(
    surfaces: Mapping[str, Surface],
    dipoles: SourceGeometry,
    *,
    opening_mm: float = 5.0,
    most: int = MOST,
) -> TurnedCortex:
    """Make the cortex of a page.

    Parameters
    ----------
    surfaces : mapping of str to Surface
        ``lh.pial`` and ``rh.pial``; points in mm.
    dipoles : SourceGeometry
        The N dipoles on them. A surface too fine for a page is drawn by their mesh.
    opening_mm : float
        Length over which folds are smoothed away in the opened shape.
    most : int
        Vertices from which on a surface is too fine.

    Returns
    -------
    TurnedCortex
        The joined mesh.
    """
    used = [dipoles.vertices[dipoles.hemisphere == side] for side in (0, 1)]
    cortex = make_cortex(surfaces, used, smoothing_mm=opening_mm)
    folded = np.vstack([surfaces[f"{side}.pial"][0] for side in HEMISPHERES])
    if len(folded) <= most:
        left = int((cortex.hemisphere == 0).sum())
        return TurnedCortex(
            folded, cortex.vertices, cortex.triangles, cortex.relief, left, cortex.dipoles
        )
    kept = cortex.dipoles
    return TurnedCortex(
        folded[kept],
        cortex.vertices[kept],
        dipoles.triangles,
        cortex.relief[kept],
        len(used[0]),
        np.arange(len(kept)),
    )


def described(cortex: TurnedCortex, positions: np.ndarray, pack: Pack) -> dict[str, object]:
    """Describe the cortex for the page.

    Parameters
    ----------
    cortex : TurnedCortex
        What is described.
    positions : ndarray of shape (N, 3)
        Of the dipoles, mm.
    pack : Pack
        Gets the arrays, coordinates in steps of some micrometres.

    Returns
    -------
    dict
        What JSON can hold.
    """

    def points(values: np.ndarray) -> dict[str, object]:
        number, least, step = in_steps(values)
        return {"values": pack.add(number, "u2"), "least": least, "step": step}

    count = len(cortex.folded)
    index = "u2" if count <= 2**16 else "u4"
    relief = np.clip(np.round(cortex.relief / RELIEF), -127, 127).astype(int)
    return {
        "vertices": count,
        "left": cortex.left,
        "folded": points(cortex.folded),
        "opened": points(cortex.opened),
        "triangles": pack.add(cortex.triangles, index),
        "relief": pack.add(relief, "i1"),
        "reliefStep": RELIEF,
        "dipoles": pack.add(cortex.dipoles, index),
        "positions": points(positions),
    }
