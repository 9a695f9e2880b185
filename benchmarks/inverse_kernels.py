"""CPU seconds and memory to build every kernel and to apply it to 5000 windows.

    python benchmarks/inverse_kernels.py results/fsaverage/leadfield/bem-fwd.fif [--windows 5000]

Set OPENBLAS_NUM_THREADS=1 on a machine with other work, or its idle threads are counted too. The
nine are applied one by one, as the workflow does, so that an edit of one reruns it alone, and
together, where kernels that are equal but for a factor a dipole share a product. Beside it the
matrix products of the nine alone, in blocks that stay in cache.
"""

from __future__ import annotations

import argparse
import resource
import time

import mne
import numpy as np

from multisource.inverse import registry
from multisource.inverse.kernel import apply_kernel, apply_kernels

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


def seconds_of_product(matrix: np.ndarray, windows: int = 64, rows: int = 192) -> float:
    """CPU seconds a window of (rows, E) times (E, 50 windows) products over a kernel (R, E)."""
    columns = np.ones((matrix.shape[1], 50 * windows), np.float32)
    out = np.empty((rows, columns.shape[1]), np.float32)
    start = time.process_time()
    for first in range(0, len(matrix), rows):
        part = matrix[first : first + rows]
        np.matmul(part, columns, out=out[: len(part)])
    return (time.process_time() - start) / windows


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
    total, products, nine = np.zeros(2), 0.0, []
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
            nine.append(kernel)
            products += rounds * CHUNK * seconds_of_product(kernel.matrix.astype(np.float32))
    print(f"{'the nine':16s} {total[0]:8.2f} {total[1]:8.2f}")
    print(f"{'products alone':16s} {'':8s} {products:8.2f}")
    start = time.process_time()
    for _ in range(rounds):
        apply_kernels(nine, eeg)
    print(f"{'nine together':16s} {'':8s} {time.process_time() - start:8.2f}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory {peak:.0f} MiB")


if __name__ == "__main__":
    main()
