"""Real EEG: does the N20 of the median nerve come from the hand area of the postcentral gyrus?

    python tests/proofs/sep.py results/fsaverage-sep

Reads what the study of config/sep.yaml has made, prints where each method has its peak at the N20,
and fails where that of the default method is farther than 25 mm from the hand area opposite the
stimulated hand. The N20 is the first response of the cortex to the median nerve, from area 3b in
the posterior wall of the central sulcus (Allison et al. 1991, doi:10.1093/brain/114.6.2465). The
hand area is a point of the left postcentral gyrus of the packaged head, behind the hand knob of the
central sulcus; that it is postcentral there is tested too.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from multisource import Study
from multisource.evaluation.estimates import read_estimates
from multisource.recordings.windows import moments
from multisource.simulation.chunks import read_chunk

# The right hand was stimulated.
HAND_MNI = np.array([-40.0, -27.0, 53.0])
WITHIN_MM = 25.0
N20_S = 0.02  # its peak in this person, 30 to 300 Hz
MNI = ["mni_x", "mni_y", "mni_z"]


def main(results: Path) -> int:
    """Print the table; return 1 where a bar is missed."""
    study = Study(results)
    folder = results / "recordings/sep"
    peaks = pd.read_csv(folder / "peaks.tsv", sep="\t").drop_duplicates("method")
    table = peaks.set_index("method")[[*MNI, "desikan_killiany", "map_maximum", "off_cortex"]]
    table.insert(0, "mm", np.linalg.norm(table[MNI] - HAND_MNI, axis=1))
    table = table.reindex(study.methods)
    regions = pd.read_csv(results / "leadfield/regions.tsv", sep="\t")
    off = np.linalg.norm(regions[MNI] - HAND_MNI, axis=1)
    there = regions[off < 10]["desikan_killiany"]
    method = study.methods[0]
    times = moments(read_chunk(folder / "windows.nc"))[0] + study.window_s / 2
    shown = read_estimates(folder / f"{method}.nc").max(axis=1)
    print(f"Peak at {1000 * N20_S:g} ms, and its distance from {HAND_MNI.tolist()}\n")
    print(table.to_string(float_format="%.2f"))
    print(f"\n{method}: greatest probability, by the middle of the window, ms")
    for low, high in ((-45, -10), (12, 16), (18, 22), (25, 35), (40, 60), (80, 120)):
        inside = (1000 * times >= low - 1e-6) & (1000 * times <= high + 1e-6)
        print(f"  {low:4d} to {high:4d}: {np.median(shown[inside]):.2f}")
    n20 = shown[np.abs(times - N20_S).argmin()]
    bars = {
        "the hand area is postcentral on this head": (there == "postcentral-lh").any(),
        f"the peak of {method} is within {WITHIN_MM:g} mm": table.loc[method, "mm"] <= WITHIN_MM,
        "it is shown: a probability of .5 and more": n20 >= 0.5,
    }
    print()
    for name, met in bars.items():
        print(f"{'met' if met else 'MISSED':8}{name}")
    return int(not all(bars.values()))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
