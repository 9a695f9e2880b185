"""CPU seconds and memory to build every kernel and to apply it to 5000 windows.

    python benchmarks/inverse_kernels.py results/fsaverage/leadfield/bem-fwd.fif [--windows 5000]

The bar: building all nine under 60 s, applying them to 5000 windows under 60 CPU s. Set
OPENBLAS_NUM_THREADS=1 on a machine with other work, or its idle threads are counted too.
"""

from __future__ import annotations

import argparse
import resource
import time

import mne
import numpy as np

from multisource.inverse import registry
from multisource.inverse.kernel import apply_kernel

WEIGHTED = {"orientation": "loose", "loose": 0.2, "depth": 0.8}
METHODS = {
    "mne": ("mne", {}),
    "dspm": ("dspm", {}),
    "sloreta": ("sloreta", {}),
    "mne_depthw": ("mne", WEIGHTED),
    "dspm_depthw": ("dspm", WEIGHTED),
    "sloreta_depthw": ("sloreta", WEIGHTED),
    "eloreta": ("eloreta", {}),
    "loreta": ("loreta", {}),
    "laura": ("laura", {}),
    "eloreta_fixed": ("eloreta", {"orientation": "fixed"}),
}
CHUNK = 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("forward")
    parser.add_argument("--windows", type=int, default=5000)
    arguments = parser.parse_args()
    forward = mne.read_forward_solution(arguments.forward, verbose="error")
    rng = np.random.default_rng(0)
    eeg = 1e-5 * rng.standard_normal((CHUNK, forward["nchan"], 50)).astype(np.float32)
    rounds = -(-arguments.windows // CHUNK)
    print(f"{forward['nsource']} dipoles, {forward['nchan']} channels, {rounds * CHUNK} windows")
    print(f"{'method':16s} {'build':>8s} {'apply':>8s}   CPU s")
    total = np.zeros(2)
    for name, (kind, options) in METHODS.items():
        start = time.process_time()
        kernel = registry.build_kernel(kind, forward, **options)
        built = time.process_time()
        for _ in range(rounds):
            apply_kernel(kernel, eeg)
        spent = np.array([built - start, time.process_time() - built])
        print(f"{name:16s} {spent[0]:8.2f} {spent[1]:8.2f}", flush=True)
        if not name.endswith("fixed"):
            total += spent
    print(f"{'the nine':16s} {total[0]:8.2f} {total[1]:8.2f}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory {peak:.0f} MiB")


if __name__ == "__main__":
    main()
