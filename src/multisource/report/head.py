"""The report's part on the head: tissues, and how the electrodes came onto its scalp."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

import numpy as np

from multisource.judging.findings import read_findings, verdict
from multisource.montage.record import read_placement
from multisource.report.page import Section
from multisource.report.picture import Picture


def head_section(
    anatomy: str | PathLike[str],
    electrodes: str | PathLike[str],
    table: str | PathLike[str],
    note: str | PathLike[str],
    judged: str | PathLike[str],
    page: str,
) -> Section:
    """Show the head and its electrodes.

    Parameters
    ----------
    anatomy, electrodes : path
        Pictures of the slices and of the electrodes on the scalp.
    table, note : path
        How the electrodes came to their places, as
        :func:`multisource.montage.record.write_placement` writes it.
    judged : path
        What was found of the head, as
        :func:`multisource.judging.findings.write_findings` writes it.
    page : str
        Address of the page to judge the head by.

    Returns
    -------
    Section
        Both pictures, in words what was done and what is odd, and whether the head is fit for use.
    """
    placement = read_placement(table, note)
    moved = placement.moved_mm
    farthest = int(moved.argmax())
    said = [
        f"Electrodes: {placement.how}; moved to the scalp by {np.median(moved):.1f} mm (median; "
        f"{placement.names[farthest]} by {moved[farthest]:.1f} mm)."
    ]
    off = placement.from_standard_mm
    if np.isfinite(off).any() and np.nanmax(off) >= 0.5:
        said.append(
            "From the places that their names have on this head by the 10-05 system they are "
            f"{np.nanmedian(off):.1f} mm (median)."
        )
    if line := placement.digitised.line():
        said.append(f"{line[0].upper()}{line[1:]}.")
    said += [f"Warning: {line}." for line in placement.warnings]
    answer, reasons = verdict(read_findings(judged))
    said += [f"This head is {answer}{'; ' if reasons else ''}{'; '.join(reasons)}."]
    return Section(
        "Head",
        " ".join(said),
        links=[(page, "Is this head fit for use? Slices, thicknesses, dipoles and a verdict")],
        pictures=[
            Picture(
                Path(anatomy).read_bytes(),
                "Tissues, surfaces and electrodes",
                "Slices of the head with five tissues and surfaces, and electrodes on the scalp",
            ),
            Picture(
                Path(electrodes).read_bytes(),
                "Electrodes on the scalp, and how far each was moved",
                "Three views of the scalp with its electrodes, coloured by distances in mm",
            ),
        ],
    )
