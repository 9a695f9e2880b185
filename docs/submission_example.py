"""A submission to the frozen benchmark set: sLORETA along the normals, on operator B.

It needs numpy and xarray (with h5netcdf), nothing of multisource:

    python docs/submission_example.py <frozen set> <submission>
"""

import sys
from pathlib import Path

import numpy as np
import xarray as xr

CARD = """\
method: sLORETA along the normals, signal-to-noise ratio 3
authors: [The example of the documentation]
operator: bem
told: nothing but the windows and head.nc
"""


def sloreta_kernel(head: xr.Dataset, snr: float = 3.0) -> np.ndarray:
    """Return the matrix (dipoles, channels) from EEG in V to standardised currents."""
    gain = np.einsum("edx,dx->ed", head["leadfield_bem"].values, head["normal"].values)
    gain = gain.astype(float)
    noise = np.trace(gain @ gain.T) / len(gain) / snr**2
    inverse = np.linalg.inv(gain @ gain.T + noise * np.eye(len(gain)))
    kernel = gain.T @ inverse
    return kernel / np.sqrt(np.einsum("de,ed->d", kernel, gain))[:, None]


def solve(frozen: Path, submission: Path) -> None:
    """Write a map for every window of every test set, and who made them."""
    submission.mkdir(parents=True, exist_ok=True)
    with xr.open_dataset(frozen / "head.nc") as head:
        kernel = sloreta_kernel(head)
    for path in sorted((frozen / "windows").glob("*.nc")):
        with xr.open_dataset(path) as windows:
            eeg = windows["eeg"].values.astype(float)
            identity = windows.attrs["identity"]
        maps = np.abs(kernel @ eeg).mean(axis=2)
        data = xr.Dataset(
            {"estimate": (("sample", "dipole"), maps.astype(np.float32))},
            attrs={"identity": identity},
        )
        data.to_netcdf(submission / path.name)
    (submission / "submission.yaml").write_text(CARD, encoding="utf-8")


if __name__ == "__main__":
    solve(Path(sys.argv[1]), Path(sys.argv[2]))
