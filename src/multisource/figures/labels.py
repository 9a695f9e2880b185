"""How methods, metrics and scenarios are called in figures and in the report."""

from __future__ import annotations

METHODS = {
    "random": "Random",
    "perfect": "Perfect",
    "convnet": "ConvNet",
    "mne": "MNE",
    "dspm": "dSPM",
    "sloreta": "sLORETA",
    "mne_depthw": "MNE, depth-weighted",
    "dspm_depthw": "dSPM, depth-weighted",
    "sloreta_depthw": "sLORETA, depth-weighted",
    "eloreta": "eLORETA",
    "loreta": "LORETA",
    "laura": "LAURA",
}
METRICS = {
    "auc_average": "AUC average",
    "auc_map": "AUC map",
    "average_precision": "average precision",
    "auc_close": "AUC close",
    "auc_far": "AUC far",
    "fraction_active": "FractionActive",
    "pas_mm": "PAS (mm)",
    "dle_mm": "DLE (mm)",
    "spatial_dispersion_mm": "SD (mm)",
    "dr_least": "DR least",
    "dr_1": "DR 1",
    "dr_2": "DR 2",
    "dr_3": "DR 3",
}
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


def method_label(method: str) -> str:
    """The method's name in print; a method we do not know keeps its key."""
    return METHODS.get(method, method)


def metric_label(metric: str) -> str:
    """The metric's name in print; a metric we do not know keeps its key."""
    return METRICS.get(metric, metric.replace("_", " "))
