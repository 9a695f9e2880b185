"""How methods and metrics are called in print: in tables, figures, the report and documents."""

from __future__ import annotations

# The scenario of each of the paper's tables; ``test`` is the random test set.
PAPER_TABLES = {
    "I": "A",
    "II": "B",
    "III": "C",
    "IV": "D",
    "V": "test",
    "VI": "E",
    "VII": "F",
    "VIII": "G",
    "IX": "test",
}
METHODS = {
    "random": "Random",
    "perfect": "Perfect",
    "covnet": "CovNet",
    "convnet": "ConvNet",
    "sblnet": "SBLNet",
    "mne": "MNE",
    "dspm": "dSPM",
    "sloreta": "sLORETA",
    "mne_depthw": "MNE, depth-weighted",
    "dspm_depthw": "dSPM, depth-weighted",
    "sloreta_depthw": "sLORETA, depth-weighted",
    "eloreta": "eLORETA",
    "loreta": "LORETA",
    "laura": "LAURA",
    "patch_posterior": "Patch posterior",
    "ceiling": "What the data allow",
    "patch_sbl": "Patch SBL",
    "dspm_noise": "dSPM, noise known",
    "sloreta_noise": "sLORETA, noise known",
    "eloreta_noise": "eLORETA, noise known",
    "lcmv": "LCMV",
    "gamma_map": "gamma-MAP",
    "mixed_norm": "irMxNE",
    "rap_music": "RAP-MUSIC",
    "trap_music": "TRAP-MUSIC",
    "trap_music_told": "TRAP-MUSIC, told the number",
    "average": "Average of maps",
    "flex_champagne": "Flex-Champagne",
    "eeg_rms": "amplitude of the EEG",
}
# Operators that every study has; others are called by their names.
OPERATORS = {"fem": "A", "bem": "B"}
METRICS = {
    "auc_close": "AUC_close",
    "auc_far": "AUC_far",
    "auc_average": "AUC_average",
    "auc_map": "AUC_map",
    "average_precision": "average precision",
    "fraction_active": "FractionActive",
    "pas_mm": "PAS (mm)",
    "dle_mm": "DLE (mm)",
    "spatial_dispersion_mm": "SD (mm)",
    "dr_least": "DR_least",
    "dr_1": "DR_1",
    "dr_2": "DR_2",
    "dr_3": "DR_3",
    "recall_least": "worst-found patch",
    "f1": "F1",
    "emd_mm": "EMD (mm)",
    "sources_said": "sources said",
    "sources_missed": "sources missed",
    "sources_invented": "sources invented",
    "all_found": "all sources found",
    "source_error_mm": "source error (mm)",
    "course_correlation": "time course correlation",
}


def method_label(method: str) -> str:
    """Return the printed name of a method.

    Parameters
    ----------
    method : str
        Its name in the configuration.

    Returns
    -------
    str
        The name in :data:`METHODS`; a variant of one that stands there as "MNE, fixed" for
        ``mne_fixed``; any other name unchanged.
    """
    base, _, variant = method.partition("_")
    if method not in METHODS and base in METHODS and variant:
        return f"{METHODS[base]}, {variant.replace('_', ' ')}"
    return METHODS.get(method, method)


def metric_label(metric: str) -> str:
    """Return the printed name of a metric.

    Parameters
    ----------
    metric : str
        Its name in the tables of metrics.

    Returns
    -------
    str
        The name in :data:`METRICS`; one that does not stand there unchanged.
    """
    return METRICS.get(metric, metric)


def scenario_label(scenario: str) -> str:
    """Return how a text calls the windows of a scenario.

    Parameters
    ----------
    scenario : str
        Its name in the configuration.

    Returns
    -------
    str
        ``the random test set``, ``region A`` of the paper's; any other name unchanged.
    """
    if scenario == "test":
        return "the random test set"
    return f"region {scenario}" if scenario in PAPER_TABLES.values() else scenario
