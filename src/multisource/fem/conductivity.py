"""Tissue conductivities by name."""

from __future__ import annotations

from collections.abc import Mapping

from multisource.anatomy.head import TISSUES


def by_label(named: Mapping[str, float]) -> dict[int, float]:
    """Return conductivities by tissue label.

    Parameters
    ----------
    named : mapping of str to float
        Conductivity of every tissue by its name (grey_matter, ...), S/m.

    Returns
    -------
    dict of int to float
        Conductivity by tissue label, S/m.
    """
    return {label: float(named[name.lower().replace(" ", "_")]) for label, name in TISSUES.items()}
