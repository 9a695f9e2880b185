import json

from multisource.files import atomic
from multisource.inverse.contract import Study
from multisource.inverse.io import read_forward
from multisource.inverse.window_noise import read_window_noise
from multisource.simulation.chunks import read_eeg, read_truth
from multisource.steps import step
from multisource.tuning.grid import choose

with step(snakemake):
    given, params = snakemake.input, snakemake.params
    study = params.study and Study(ar_models=given.ar_models, sources=given.sources, **params.study)
    windows = read_eeg(given.chunks)
    # The validation split may be smaller than what is asked for.
    eeg = windows.eeg[: params.windows]
    noise = None
    if params.made_by:
        noise = read_window_noise(given.made_by, given.electrodes, params.made_by)(
            "validation", given.chunks, windows.eeg
        )
    choice = choose(
        params.settings,
        params.grid,
        read_forward(given.forward),
        eeg,
        read_truth(given.chunks).first(len(eeg)),
        snr=params.snr,
        sfreq=windows.sfreq,
        smooth=params.smooth,
        study=study or None,
        told=params.told,
        noise=noise,
    )
    with atomic(snakemake.output.choice) as part:
        part.write_text(json.dumps(choice, indent=2) + "\n", encoding="utf-8")
