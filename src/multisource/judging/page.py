"""The page to judge a head by: one self-contained file of HTML."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pandas as pd
from matplotlib.figure import Figure

from multisource.judging.findings import Finding, verdict
from multisource.judging.rules import REFERENCES
from multisource.judging.slices import DOTS, LINES, TISSUE_COLOURS, Plane
from multisource.report.picture import Picture
from multisource.templates import template

_DPI = 100
_WORDS = {
    "white": "white surface",
    "pial": "pial surface",
    "inner_skull": "inner skull",
    "outer_skull": "outer skull",
    "outer_skin": "scalp surface",
}


def head_page(
    label: str,
    findings: Sequence[Finding],
    planes: Sequence[Plane],
    *,
    cortex: Figure,
    shells: Figure,
    electrodes: bytes,
    by_depth: pd.DataFrame,
) -> str:
    """Render the page.

    Parameters
    ----------
    label : str
        Of the head.
    findings : sequence of Finding
        What was found; the verdict follows from them.
    planes : sequence of Plane
        The slices.
    cortex, shells : Figure
        Maps of the cortex, and of skull and scalp.
    electrodes : bytes
        A PNG: the electrodes on the scalp with their distances.
    by_depth : DataFrame
        Of :func:`multisource.leadfield.compare.by_depth`.

    Returns
    -------
    str
        HTML, which needs no other file; the same arguments give the same text.
    """
    said, reasons = verdict(findings)
    tissues = {name: colour for name, colour in TISSUE_COLOURS.items() if name != "air"}
    lines = {_WORDS[name]: colour for name, colour in LINES.items()}
    return template("multisource.report", "judged.html").render(
        title=f"Is this head fit for use? {label}",
        verdict=said,
        reasons=reasons,
        findings=findings,
        planes=planes,
        layers=list(planes[0].layers),
        described=[plane.described() for plane in planes],
        colours=lines | DOTS | tissues,
        cortex=_picture(
            cortex,
            "Thickness of the cortex; every dipole in the colour of its depth; and in red the "
            "cortex that no dipole stands for. Sulci are opened a little for the eye.",
            "Four views of the cortex with its thickness, the depth of dipoles, and their cover",
        ),
        shells=_picture(
            shells,
            "Thickness of the skull and of the scalp, drawn on the outer skull. Grey: the base of "
            "the skull, where no electrode is.",
            "Five views of the skull, coloured by the thickness of bone and of scalp",
        ),
        electrodes=Picture(
            electrodes,
            "Electrodes on the scalp, and how far each was moved",
            "Three views of the scalp with its electrodes, coloured by distances in mm",
        ),
        by_depth=_rows(by_depth),
        references=list(REFERENCES.values()),
    )


def _picture(figure: Figure, caption: str, alt: str) -> Picture:
    file = io.BytesIO()
    figure.savefig(file, dpi=_DPI, format="png", metadata={"Software": None})
    return Picture(file.getvalue(), caption, alt)


def _rows(table: pd.DataFrame) -> tuple[list[str], list[list[str]]]:
    """Headings and cells of the table by depth; its last row is of all dipoles."""
    headings = ["depth (mm)", "dipoles", "RDM, median", "5 to 95 %", "lnMAG, median", "5 to 95 %"]
    rows = []
    for number, row in enumerate(table.to_dict("records")):
        last = number == len(table) - 1
        depth = "all depths" if last else f"{row['depth_from_mm']:g} to {row['depth_to_mm']:g}"
        cells = [depth, f"{row['dipoles']:.0f}"]
        for name in ("rdm", "lnmag"):
            low, middle, high = (row[f"{name}_p{percent}"] for percent in (5, 50, 95))
            cells += [f"{middle:.3f}", f"{low:.2f} to {high:.2f}"]
        rows.append(cells)
    return headings, rows
