import mne

from multisource.anatomy.electrodes import read_electrodes
from multisource.anatomy.io import load_head
from multisource.evaluation.estimates import read_estimates
from multisource.figures.cortex import make_cortex
from multisource.figures.recording import recording_figure
from multisource.files import atomic
from multisource.recordings.peaks import strongest_moments
from multisource.recordings.windows import moments, over_epochs, series, strength
from multisource.simulation.chunks import read_chunk
from multisource.steps import step

with step(snakemake):
    data = read_chunk(snakemake.input.windows)
    times, which = moments(data)
    window_s = data.sizes["time"] / float(data.attrs["sfreq"])
    strongest = strongest_moments(times, strength(data), apart_s=window_s)[0]
    head = load_head(snakemake.params.anatomy)
    sources = mne.read_source_spaces(snakemake.input.sources, verbose="error")
    seconds, eeg = series(data)
    averaged = int(data.attrs["averaged"])
    figure = recording_figure(
        make_cortex(head.surfaces, [part["vertno"] for part in sources]),
        {
            method: over_epochs(read_estimates(path), which)[strongest]
            for method, path in zip(
                snakemake.params.methods, snakemake.input.estimates, strict=True
            )
        },
        times=seconds,
        eeg=eeg,
        electrodes=read_electrodes(snakemake.input.electrodes).positions,
        window=(times[strongest], times[strongest] + window_s),
        title=snakemake.wildcards.recording
        + (f", average of {averaged} epochs" if averaged > 1 else ""),
    )
    with atomic(snakemake.output.figure) as part:
        figure.savefig(part, dpi=150)
