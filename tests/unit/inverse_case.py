"""A small forward for the tests of the solvers: fsaverage5 shrunk into a four-shell sphere."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

import mne
import nibabel as nib
import numpy as np
from nilearn import datasets

CHANNELS = (
    "Fpz F7 F3 Fz F4 F8 FC5 FC1 FC2 FC6 T7 C3 Cz C4 T8 CP5 CP1 CP2 CP6 P7 P3 Pz P4 P8 POz O1 Oz O2"
).split()


@functools.cache
def forward(spacing: str = "oct3", channels: tuple[str, ...] = tuple(CHANNELS)) -> mne.Forward:
    """Free-orientation forward on fsaverage5's white surface, columns without mean."""
    surfaces = datasets.fetch_surf_fsaverage("fsaverage5")
    with tempfile.TemporaryDirectory() as folder:
        surf = Path(folder) / "s" / "surf"
        surf.mkdir(parents=True)
        for side, hemi in (("left", "lh"), ("right", "rh")):
            vertices, triangles = (d.data for d in nib.load(surfaces[f"white_{side}"]).darrays)
            # All of the cortex within 77 mm of the centre; the inner shell has 85.5 mm.
            nib.freesurfer.write_geometry(
                str(surf / f"{hemi}.white"), 0.75 * (vertices - [0, -18, 10]), triangles
            )
            vertices, triangles = (d.data for d in nib.load(surfaces[f"sphere_{side}"]).darrays)
            nib.freesurfer.write_geometry(str(surf / f"{hemi}.sphere"), vertices, triangles)
        source_space = mne.setup_source_space(
            "s", spacing, "white", subjects_dir=folder, add_dist=False, verbose="error"
        )
    info = mne.create_info(list(channels), 250.0, "eeg", verbose="error")
    info.set_montage(mne.channels.make_standard_montage("colin27_1005", head_size=0.095))
    sphere = mne.make_sphere_model(r0=(0, 0, 0), head_radius=0.095, verbose="error")
    result = mne.make_forward_solution(
        info, trans=None, src=source_space, bem=sphere, mindist=0, verbose="error"
    )
    assert result["nsource"] == sum(s["nuse"] for s in source_space)
    gain = result["sol"]["data"]
    gain -= gain.mean(axis=0)
    return result


def random_data(n_windows: int, n_channels: int, n_times: int, seed: int = 0) -> np.ndarray:
    """White windows with a common offset, in V."""
    rng = np.random.default_rng(seed)
    data = 1e-5 * rng.standard_normal((n_windows, n_channels, n_times))
    return data + 1e-4 * rng.standard_normal((n_windows, 1, n_times))
