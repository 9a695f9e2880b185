"""The rules by which a head is judged; they stand in docs/own-head.md too, with the literature."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from multisource.anatomy.head import CSF, GREY_MATTER, TISSUES, WHITE_MATTER
from multisource.judging.findings import BAD, CARE, FINE, UNUSUAL, Finding
from multisource.judging.measures import UPPER_MNI_MM, Measures

Range = tuple[float, float]

MATSUMAE = "Matsumae 1996"
YAMADA = "Matsumae 1996, Yamada 2023"
FISCHL = "Fischl and Dale 2000"
ANTONAKAKIS = "Antonakakis 2020"
OWN = "our rule"
REFERENCES = {
    MATSUMAE: "Matsumae et al., J Neurosurg 84, 1996: 49 adults; cavity 1469 ± 102 ml (men), "
    "1289 ± 111 ml (women), CSF 11.4 % of it. Usual are two standard deviations beyond, and CSF "
    "from half of that.",
    "Yamada 2023": "Yamada et al., Eur Radiol 33, 2023: 133 adults; CSF 18.7 % of the cavity in "
    "the twenties to 33.7 % above 80.",
    FISCHL: "Fischl and Dale, PNAS 97, 2000: the cortex is between 1 and 4.5 mm thick, 2.5 mm on "
    "average. Means of 2 to 3 mm are taken as usual.",
    ANTONAKAKIS: "Antonakakis et al., NeuroImage 223, 2020: 20 adults; skull 5.97 ± 1.19 mm. Usual "
    "are two standard deviations beyond.",
}


def judged(
    name: str,
    value: float,
    unit: str,
    *,
    usual: Range,
    usable: Range,
    source: str,
    means: str,
    told: str = "",
    in_between: str = CARE,
) -> Finding:
    """Flag a value by two ranges.

    Parameters
    ----------
    name : str
        What it is.
    value : float
        What was found.
    unit : str
        Its unit, as it is written behind a number.
    usual, usable : tuple of float
        Least and largest value that is fine, and that is of use; infinite where there is no end.
    source : str
        Where the usual range is from.
    means : str
        What a value outside leads to.
    told : str
        The value in words, where they say more.
    in_between : str
        Flag of what is of use but not usual.

    Returns
    -------
    Finding
        ``FINE`` inside both ranges, ``in_between`` outside the first, ``BAD`` outside the second
        and for what is no number.
    """
    flag = BAD
    if usable[0] <= value <= usable[1]:
        flag = FINE if usual[0] <= value <= usual[1] else in_between
    return Finding(name, told or _number(value, unit), _range(usual, unit), source, flag, means)


def judge(measures: Measures) -> list[Finding]:
    """Judge everything that is measured of a head.

    Parameters
    ----------
    measures : Measures
        The numbers.

    Returns
    -------
    list of Finding
        In the order of the page.
    """
    return [*_tissues(measures), *_thicknesses(measures), *_cortex(measures), *_fields(measures)]


def _tissues(measures: Measures) -> Iterable[Finding]:
    yield judged(
        "cranial cavity",
        measures.cavity_ml,
        "ml",
        usual=(1289 - 2 * 111, 1469 + 2 * 102),
        usable=(1469 * 0.75**3, 1469 * 1.25**3),
        source=MATSUMAE,
        told=f"{measures.cavity_ml:.0f} ml; lengths are {measures.size:.2f} times the mean man's",
        means="maps keep their shape in a head that is larger or smaller as a whole, amplitudes "
        "and millimetres do not; scale them, or look at the voxel size of the T1",
        in_between=UNUSUAL,
    )
    yield judged(
        "CSF's share of the cavity",
        100 * measures.csf_share,
        "%",
        usual=(6, 33.7),
        usable=(3, 50),
        source=YAMADA,
        means="CSF shunts currents: too much of it weakens and blurs every topography; compare "
        "brain and skull with the slices",
    )
    for label in (WHITE_MATTER, GREY_MATTER, CSF, *range(CSF + 1, 6)):
        name = TISSUES[label]
        yield Finding(f"{name}, volume", f"{measures.volumes_ml[name]:.0f} ml")


def _thicknesses(measures: Measures) -> Iterable[Finding]:
    where = f"above MNI z = {UPPER_MNI_MM:.0f} mm"
    skull, scalp = measures.skull_mm[measures.upper], measures.scalp_mm[measures.upper]
    yield judged(
        f"skull {where}, mean",
        _mean(skull),
        "mm",
        usual=(5.97 - 2 * 1.19, 5.97 + 2 * 1.19),
        usable=(2, 12),
        source=ANTONAKAKIS,
        told=_spread(skull, "mm"),
        means="thin bone makes every amplitude too large, thick bone too small; compare with the "
        "slices, change smallest_skull_mm, or the skull's conductivity",
    )
    yield judged(
        f"scalp {where}, mean",
        _mean(scalp),
        "mm",
        usual=(4, 12),  # shells that touch are kept 3 mm apart
        usable=(1.5, 20),
        source=OWN,
        told=_spread(scalp, "mm"),
        means="the border of bone and scalp is poorly seen in a T1; look at the slices: at 3 mm "
        "all over, the outer skull reaches too far",
    )
    thickness = measures.thickness_mm[np.isfinite(measures.thickness_mm)]
    yield judged(
        "thickness of the cortex, mean",
        _mean(thickness),
        "mm",
        usual=(2, 3),
        usable=(1.2, 4),
        source=FISCHL,
        told=_spread(thickness, "mm"),
        means="white and pial surface are too near or too far from each other; look at the slices",
    )
    within = (thickness >= 1) & (thickness <= 4.5)
    yield judged(
        "cortex that is 1 to 4.5 mm thick",
        100 * _mean(within),
        "%",
        usual=(90, 100),
        usable=(60, 100),
        source=FISCHL,
        means="the rest is no cortex, or surfaces that leave it; look at the map of thickness",
    )


def _cortex(measures: Measures) -> Iterable[Finding]:
    cover = measures.cover
    share = 100 * cover.uncovered_cm2 / cover.cortex_cm2 if cover.cortex_cm2 else math.nan
    yield judged(
        f"cortex farther than {cover.reach_mm:.1f} mm from a dipole",
        share,
        "%",
        usual=(0, 0.5),
        usable=(0, 5),
        source=OWN,
        told=f"{cover.uncovered_cm2:.1f} of {cover.cortex_cm2:.0f} cm² ({share:.1f} %)",
        means="no source is simulated or found there; look at the map of uncovered cortex",
    )
    folded = 100 * measures.folds_cm2 / cover.cortex_cm2 if cover.cortex_cm2 else math.nan
    yield judged(
        "triangles folded or collapsed on the sphere",
        folded,
        "% of the cortex",
        usual=(0, 0.1),
        usable=(0, 5),
        source=OWN,
        told=f"{measures.folds} ({folded:.2g} % of the cortex)",
        means="dipoles are spread by way of the sphere, and places that are folded there get none "
        "or too many; spikes or handles of the white surface are the usual cause",
    )
    yield judged(
        "pial surface outside the inner skull",
        100 * measures.pial_outside,
        "%",
        usual=(0, 2),
        usable=(0, 20),
        source=OWN,
        means="cortex and skull do not fit each other: another scan's, or a skull that is cut",
    )


def _fields(measures: Measures) -> Iterable[Finding]:
    yield judged(
        "dipoles that start in grey matter",
        100 * measures.in_grey,
        "%",
        usual=(75, 100),
        usable=(40, 100),
        source=OWN,
        means="surfaces and tissues do not fit each other: another scan's, or shifted",
    )
    yield judged(
        "dipoles moved into grey matter by, 95 %",
        _percentile(measures.moved_mm, 95),
        "mm",
        usual=(0, 5),
        usable=(0, 10),
        source=OWN,
        means="that far from their place dipoles stand for other cortex than they are named by",
    )
    yield judged(
        "dipoles that fulfil Venant's condition",
        100 * measures.venant,
        "%",
        usual=(75, 100),
        usable=(25, 100),
        source=OWN,
        means="operator A is less exact at the others, in thin cortex; smaller voxel_mm helps",
    )
    yield judged(
        "RDM of operator A against B, median",
        _percentile(measures.rdm, 50),
        "",
        usual=(0.05, 0.35),
        usable=(0.01, 0.7),
        source=OWN,
        told=f"{_percentile(measures.rdm, 50):.3f} (95 %: {_percentile(measures.rdm, 95):.2f})",
        means="two methods disagree on the same head: look at the leadfields in the report",
    )
    yield judged(
        "electrodes moved to the scalp by, median",
        _percentile(measures.electrodes_mm, 50),
        "mm",
        usual=(0, 5),
        usable=(0, 15),
        source=OWN,
        told=f"{_percentile(measures.electrodes_mm, 50):.1f} mm (most: "
        f"{_percentile(measures.electrodes_mm, 100):.1f} mm)",
        means="the cap and the scalp do not fit each other",
    )
    if measures.landmarks_mm:
        each = ", ".join(f"{name} {mm:.1f}" for name, mm in measures.landmarks_mm.items())
        yield Finding("landmarks from the template's, brought through MNI space", f"{each} mm")
    for line in measures.warnings:
        yield Finding(
            "placing the electrodes", line, flag=CARE, means="electrodes may be elsewhere"
        )


def _mean(values: np.ndarray) -> float:
    return float(np.mean(values)) if len(values) else math.nan


def _percentile(values: np.ndarray, share: float) -> float:
    return float(np.percentile(values, share)) if len(values) else math.nan


def _spread(values: np.ndarray, unit: str) -> str:
    if not len(values):
        return "nothing to measure"
    low, high = np.percentile(values, [5, 95])
    return f"{np.mean(values):.1f} {unit} (5 to 95 %: {low:.1f} to {high:.1f})"


def _number(value: float, unit: str) -> str:
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 1 or value == 0 else 2
    return f"{value:.{digits}f} {unit}".strip()


def _range(bounds: Sequence[float], unit: str) -> str:
    low, high = bounds
    if low in (0, -math.inf):
        return f"at most {high:g} {unit}".strip()
    if high in (100, math.inf):
        return f"at least {low:g} {unit}".strip()
    digits = ".3g" if high < 1000 else ".0f"
    return f"{low:{digits}} to {high:{digits}} {unit}".strip()
