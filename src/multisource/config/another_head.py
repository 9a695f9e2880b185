"""The files of another head whose leadfield an entry of ``leadfield.variants`` borrows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from multisource.config.found import Found
from multisource.config.named import Mistakes, existing_folder, lines_of
from multisource.config.operators import OF_ANOTHER_HEAD, is_borrowed, variant_method
from multisource.config.recordings import study_channels
from multisource.errors import UserError, refuse
from multisource.links import dead_link

_SURFACES = tuple(f"{side}.{kind}" for side in ("lh", "rh") for kind in ("white", "sphere.reg"))


def files_of_head(
    config: Mapping[str, Any], variant: str, folders: list[Path]
) -> dict[str, list[Path]]:
    """Return what is taken of another head.

    Parameters
    ----------
    config : mapping
        The configuration.
    variant : str
        An entry of ``leadfield.variants`` that names another head.
    folders : list of Path
        Where relative names are looked for, in this order.

    Returns
    -------
    dict of str to list of Path
        ``forward``, ``sources``: a file each; ``surfaces``: white and sphere.reg of lh and rh.

    Raises
    ------
    UserError
        For a folder that is not there, and with a line for each file that it lacks.
    """
    key = key_of(variant)
    named = config["leadfield"]["variants"][variant][OF_ANOTHER_HEAD]
    results = existing_folder(key, named, folders)
    # The subject has the head's label, as has the folder of results, unless that was renamed.
    subjects = sorted(path.parent for path in results.glob("subjects/*/surf"))
    own = results / "subjects" / results.name
    subject = own if own in subjects or not subjects else subjects[0]
    forward = results / "leadfield" / f"{variant_method(config, variant)}-fwd.fif"
    sources = results / "leadfield/sources.tsv"
    surfaces = [subject / "surf" / name for name in _SURFACES]
    refuse(
        dead_link(path)
        or f"{key}: {path} is not there; finish that head first, with the targets heads leadfields"
        for path in (forward, sources, *surfaces)
        if not path.is_file()
    )
    return {"forward": [forward], "sources": [sources], "surfaces": surfaces}


def key_of(variant: str) -> str:
    """Return the dotted key by which a variant names another head.

    Parameters
    ----------
    variant : str
        An entry of ``leadfield.variants``.

    Returns
    -------
    str
        The key.
    """
    return f"leadfield.variants.{variant}.{OF_ANOTHER_HEAD}"


def another_head_mistakes(config: Mapping[str, Any], folders: list[Path], found: Found) -> Mistakes:
    """Look for files of other heads that are not there, and for channels that they lack.

    Parameters
    ----------
    config : mapping
        The configuration in plain values.
    folders : list of Path
        Where relative names are looked for, in this order.
    found : Found
        What is wrong already, which is not read.

    Yields
    ------
    tuple of str
        Dotted key, and a line for each mistake.
    """
    from multisource.leadfield.forward import read_leadfield

    if not found.sound("leadfield.variants"):
        return
    for variant in config["leadfield"]["variants"]:
        if not is_borrowed(config, variant):
            continue
        key = key_of(variant)
        try:
            (forward,) = files_of_head(config, variant, folders)["forward"]
            known = read_leadfield(forward).channels
        except UserError as error:
            yield from lines_of(key, error)
            continue
        lacking = [name for name in study_channels(config, folders, found) if name not in known]
        if lacking:
            line = f"{key}: {forward} has no channel {', '.join(lacking)}"
            yield key, f"{line}; compute that head with the electrodes of this study"
