"""A page of brains to turn: one file, which needs no other and no network."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources

import matplotlib
import numpy as np

from multisource.brains import scenes as scenes_module
from multisource.brains import surface
from multisource.brains.pack import Pack
from multisource.brains.scenes import Scene
from multisource.brains.surface import TurnedCortex
from multisource.parcellation.dipoles import DipoleRegions
from multisource.parcellation.words import label_in_words
from multisource.templates import template

# The package holds several releases of three.js; the file carries its licence (MIT).
THREE_JS = ("jupyter_threejs_sage", "static", "r130", "three.min.js")
SCRIPTS = ("unpack.js", "paint.js", "camera.js", "viewer.js")
NO_CORTEX = "no cortex (medial wall)"
VIEWS = ("left", "right", "top", "bottom", "front", "back", "left medial", "right medial")
# Each from dark to light or the reverse, so that they are read without telling hues apart.
COLOURS = {"estimate": ("inferno", 0.25, 1.0), "truth": ("Blues", 0.35, 1.0)}


def brains_page(
    title: str,
    cortex: TurnedCortex,
    positions: np.ndarray,
    regions: DipoleRegions,
    to_mni: np.ndarray,
    scenes: Sequence[Scene],
    *,
    notes: Sequence[str] = (),
) -> str:
    """Render the page.

    Parameters
    ----------
    title : str
        Its heading.
    cortex : TurnedCortex
        What is drawn.
    positions : ndarray of shape (N, 3)
        Of the dipoles, mm, surface RAS.
    regions : DipoleRegions
        What is at each.
    to_mni : ndarray of shape (4, 4)
        From these to mm of MNI152.
    scenes : sequence of Scene
        What is shown on it; the first at first.
    notes : sequence of str
        Paragraphs below.

    Returns
    -------
    str
        HTML; the same arguments give the same text.
    """
    pack = Pack()
    region = np.where(regions.cortex, regions.region, "")
    names, number = np.unique(region, return_inverse=True)
    about = {
        "mesh": surface.described(cortex, positions, pack),
        "regions": {
            "names": [label_in_words(name) if name else NO_CORTEX for name in names.tolist()],
            "number": pack.add(number, "u2"),
        },
        "toMni": np.round(to_mni[:3], 6).tolist(),
        "colours": {name: pack.add(_colours(*scale), "u1") for name, scale in COLOURS.items()},
        "scenes": [scenes_module.described(scene, pack) for scene in scenes],
    }
    return template("multisource.brains", "page.html").render(
        title=title,
        views=VIEWS,
        notes=notes,
        about=about,
        arrays=pack.text(),
        library=inside_script(_text(*THREE_JS)),
        viewer=inside_script("\n".join(_text("multisource.brains", name) for name in SCRIPTS)),
    )


def inside_script(text: str) -> str:
    """Return JavaScript that may stand between script tags.

    Parameters
    ----------
    text : str
        JavaScript.

    Returns
    -------
    str
        The same.

    Raises
    ------
    ValueError
        If it holds what a browser takes for the end of the script.
    """
    for word in ("</script", "<!--"):
        if word in text.lower():
            raise ValueError(f"JavaScript with {word!r} cannot stand in a page")
    return text


def _text(package: str, *parts: str) -> str:
    """A file inside a package."""
    return resources.files(package).joinpath(*parts).read_text("utf-8")


def _colours(name: str, low: float, high: float) -> np.ndarray:
    """256 colours of a part of matplotlib's map, (256, 3) bytes."""
    rgba = matplotlib.colormaps[name](np.linspace(low, high, 256))
    return np.round(255 * rgba[:, :3]).astype(int)
