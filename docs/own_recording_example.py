"""Write an EEG file whose source is known, to try ``recordings`` on.

python docs/own_recording_example.py results/fsaverage example_raw.fif

80 flashes, 1 s apart, each answered after 0.1 s by one patch, in the background activity of the
whole cortex: what a visual evoked potential would be if it had one source. Operator A makes it.
"""

import sys
from pathlib import Path

import mne
import numpy as np
from nibabel.affines import apply_affine

from multisource.anatomy.electrodes import read_electrodes
from multisource.anatomy.io import load_head
from multisource.leadfield.forward import electrode_info, read_leadfield
from multisource.simulation import streams
from multisource.simulation.ar_io import read_models
from multisource.simulation.continuous import continuous_eeg
from multisource.simulation.samples import Simulator
from multisource.simulation.settings import Settings

AR_MODELS = Path(__file__).parents[1] / "resources" / "ar-models.yaml"
CENTRE_MNI, EXTENT_MM = (18.0, -94.0, 2.0), 35.0  # right visual cortex; diameter
EVENTS, APART_S, LATENCY_S, WIDTH_S = 80, 1.0, 0.1, 0.02
PEAK_NAM, SEED = 4.0, 7  # of a dipole at the patch's centre


def example(results: Path) -> tuple[mne.io.RawArray, np.ndarray]:
    """The recording, with annotations, and the patch's centre (3,) in MNI152 mm."""
    head = load_head(results / "anatomy")
    operator = read_leadfield(results / "leadfield/fem-fwd.fif")
    settings = Settings(boost=1)  # background alone: no dipole is stronger than another
    simulator = Simulator(
        operator.fixed,
        operator.positions,
        read_models(AR_MODELS, sfreq=settings.sfreq),
        settings,
        seed=SEED,
        split="example",
        channels=operator.channels,
    )
    mni = apply_affine(head.to_mni, operator.positions)
    centre = int(np.linalg.norm(mni - CENTRE_MNI, axis=1).argmin())
    patch = simulator.drawer.fill([[centre]], [[EXTENT_MM]])
    samples = round((EVENTS + 1) * APART_S * settings.sfreq)
    eeg = continuous_eeg(
        simulator,
        patch,
        n_times=samples,
        generator=streams.generator(SEED, "example", "recording"),
    )
    onsets = APART_S * (0.5 + np.arange(EVENTS))
    times = np.arange(samples) / settings.sfreq
    wave = sum(np.exp(-0.5 * ((times - t - LATENCY_S) / WIDTH_S) ** 2) for t in onsets)
    coefficients = patch.truth.dense()[0]
    eeg += PEAK_NAM * 1e-9 * np.outer(operator.fixed @ coefficients, wave)
    places = read_electrodes(results / "anatomy/electrodes.tsv")
    info = electrode_info(places, head.fiducials, sampling_rate=settings.sfreq)
    raw = mne.io.RawArray(eeg, info, verbose="error")
    raw.set_annotations(mne.Annotations(onsets, 0.0, "flash"))
    return raw, mni[centre]


if __name__ == "__main__":
    recording, truth = example(Path(sys.argv[1]))
    recording.save(sys.argv[2], overwrite=True, verbose="error")
    print("centre of the patch, MNI mm:", ", ".join(f"{value:.0f}" for value in truth))
