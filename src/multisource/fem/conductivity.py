"""Tissue conductivities by name."""

from __future__ import annotations

from collections.abc import Mapping

from multisource.anatomy.head import TISSUES


def by_label(named: Mapping[str, float]) -> dict[int, float]:
    """Map {"grey_matter": S/m, ...} to {tissue label: S/m}; every tissue must be named."""
    return {label: float(named[name.lower().replace(" ", "_")]) for label, name in TISSUES.items()}
