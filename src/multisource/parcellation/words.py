"""Regions in words that people say: "left postcentral gyrus" for postcentral of lh."""

from __future__ import annotations

SIDE_WORDS = {"lh": "left", "rh": "right"}
# Desikan et al. 2006, Table 1, by FreeSurfer's names.
DESIKAN_KILLIANY = {
    "bankssts": "banks of the superior temporal sulcus",
    "caudalanteriorcingulate": "caudal anterior cingulate cortex",
    "caudalmiddlefrontal": "caudal middle frontal gyrus",
    "cuneus": "cuneus",
    "entorhinal": "entorhinal cortex",
    "frontalpole": "frontal pole",
    "fusiform": "fusiform gyrus",
    "inferiorparietal": "inferior parietal cortex",
    "inferiortemporal": "inferior temporal gyrus",
    "insula": "insula",
    "isthmuscingulate": "isthmus of the cingulate gyrus",
    "lateraloccipital": "lateral occipital cortex",
    "lateralorbitofrontal": "lateral orbitofrontal cortex",
    "lingual": "lingual gyrus",
    "medialorbitofrontal": "medial orbitofrontal cortex",
    "middletemporal": "middle temporal gyrus",
    "paracentral": "paracentral lobule",
    "parahippocampal": "parahippocampal gyrus",
    "parsopercularis": "pars opercularis of the inferior frontal gyrus",
    "parsorbitalis": "pars orbitalis of the inferior frontal gyrus",
    "parstriangularis": "pars triangularis of the inferior frontal gyrus",
    "pericalcarine": "pericalcarine cortex",
    "postcentral": "postcentral gyrus",
    "posteriorcingulate": "posterior cingulate cortex",
    "precentral": "precentral gyrus",
    "precuneus": "precuneus",
    "rostralanteriorcingulate": "rostral anterior cingulate cortex",
    "rostralmiddlefrontal": "rostral middle frontal gyrus",
    "superiorfrontal": "superior frontal gyrus",
    "superiorparietal": "superior parietal cortex",
    "superiortemporal": "superior temporal gyrus",
    "supramarginal": "supramarginal gyrus",
    "temporalpole": "temporal pole",
    "transversetemporal": "transverse temporal cortex",
}


def in_words(region: str, side: str) -> str:
    """Return a region of the Desikan-Killiany atlas in words.

    Parameters
    ----------
    region : str
        FreeSurfer's name; one that is not of the atlas stays as it is.
    side : str
        lh or rh.

    Returns
    -------
    str
        Such as "left postcentral gyrus".
    """
    return f"{SIDE_WORDS[side]} {DESIKAN_KILLIANY.get(region, region)}"


def label_in_words(label: str) -> str:
    """Return a label of MNE-Python's form, such as postcentral-lh, in words.

    Parameters
    ----------
    label : str
        Region and hemisphere.

    Returns
    -------
    str
        Such as "left postcentral gyrus"; a label of another form as it is.
    """
    region, _, side = label.rpartition("-")
    return in_words(region, side) if region and side in SIDE_WORDS else label
