import mne

from multisource.anatomy.electrodes import read_electrodes
from multisource.anatomy.io import load_head
from multisource.evaluation.estimates import read_estimates
from multisource.figures.cortex import make_cortex
from multisource.figures.recording import recording_figure, shown_moments
from multisource.files import atomic
from multisource.parcellation.dipoles import read_dipoles
from multisource.recordings.windows import moment_maps, moments, series, told_moments
from multisource.simulation.chunks import read_chunk
from multisource.steps import step

with step(snakemake):
    given, params = snakemake.input, snakemake.params
    data = read_chunk(given.windows)
    _, which = moments(data)
    shown = shown_moments(told_moments(data, params.moments))
    head = load_head(params.anatomy)
    sources = mne.read_source_spaces(given.sources, verbose="error")
    estimates = zip(params.methods, given.estimates, strict=True)
    maps = {name: moment_maps(read_estimates(path), which, shown) for name, path in estimates}
    seconds, eeg = series(data)
    averaged = int(data.attrs["averaged"])
    figure = recording_figure(
        make_cortex(head.surfaces, [part["vertno"] for part in sources]),
        maps,
        moments=shown,
        has_cortex=read_dipoles(given.regions).cortex,
        times=seconds,
        eeg=eeg,
        electrodes=read_electrodes(given.electrodes).chosen(data["channel"].values).positions,
        title=snakemake.wildcards.recording
        + (f", average of {averaged} epochs" if averaged > 1 else ""),
        probabilities=params.probabilities,
    )
    with atomic(snakemake.output.figure) as part:
        figure.savefig(part, dpi=150)
