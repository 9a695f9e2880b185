"""Our kernels beside those of the package invertmeeg, on one forward.

    pip install invertmeeg
    python benchmarks/inverse_peers.py results/fsaverage/leadfield/bem-fwd.fif

Agreement where the formula is the same (minimum norm, sLORETA, dSPM; fixed orientation, white
noise, the same regularisation) and CPU seconds a window. invertmeeg scales alpha by the largest
eigenvalue of L L', MNE-Python and we by their mean.
"""

from __future__ import annotations

import argparse
import time

import mne
import numpy as np

from multisource.inverse import registry
from multisource.inverse.solver_leadfield import prepare

SAME_FORMULA = ("mne", "sloreta", "dspm")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("forward")
    parser.add_argument("--windows", type=int, default=5)
    parser.add_argument("--also", nargs="*", default=[], help="other solvers to time, e.g. lcmv")
    arguments = parser.parse_args()
    forward = mne.read_forward_solution(arguments.forward, verbose="error")
    gain = prepare(forward, "fixed").gain
    values = np.linalg.eigvalsh(gain @ gain.T)
    alpha = values.sum() / (len(gain) - 1) / 3.0**2 / values[-1]
    rng = np.random.default_rng(0)
    eeg = 1e-5 * rng.standard_normal((arguments.windows, len(gain), 50))
    print(f"{'solver':20s} {'theirs':>8s} {'ours':>8s}  CPU s for {len(eeg)} windows, building too")
    for solver in (*SAME_FORMULA, *arguments.also):
        start = time.process_time()
        theirs = registry.estimate("invertmeeg", forward, eeg, solver=solver, alpha=alpha)
        between = time.process_time()
        line = f"{solver:20s} {between - start:8.2f}"
        if solver in SAME_FORMULA:
            ours = registry.estimate(solver, forward, eeg, orientation="fixed")
            spent = time.process_time() - between
            line += (
                f" {spent:8.2f}  largest relative difference {np.abs(theirs / ours - 1).max():.1e}"
            )
        print(line, flush=True)


if __name__ == "__main__":
    main()
