"""The scenarios in words, and the paper's figures of them."""

from __future__ import annotations

SCENARIOS = {
    "A": "two patches, medium and small, far apart",
    "B": "two medium patches on opposite sides",
    "C": "three medium patches",
    "D": "two medium patches, close",
    "E": "one large patch, left lateral",
    "F": "one medium patch",
    "G": "two medium patches, very close",
    "test": "random test set",
}
# The paper's figure and the classical method it shows there (Fig. 2 to 8).
FIGURES = {
    "A": (2, "mne"),
    "B": (3, "sloreta"),
    "C": (4, "mne_depthw"),
    "D": (5, "mne_depthw"),
    "E": (6, "sloreta"),
    "F": (7, "mne"),
    "G": (8, "mne_depthw"),
}
