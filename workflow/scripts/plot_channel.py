import numpy as np

from multisource.figures.channel import channel_figure
from multisource.files import atomic
from multisource.recordings.reading import read_recording
from multisource.simulation.chunks import read_chunk
from multisource.steps import step

with step(snakemake):
    data = read_chunk(snakemake.input.chunk)
    names = [str(name) for name in data["channel"].values]
    row = names.index(snakemake.params.channel) if snakemake.params.channel in names else 0
    real = {}
    if snakemake.input.recording:
        recorded = read_recording(snakemake.input.recording[0], names, sfreq=data.attrs["sfreq"])
        joined = np.concatenate(recorded.segments, axis=1)
        real = {"real": joined[row], "real_sfreq": recorded.sfreq}
    # Windows of a recording follow each other without a gap.
    simulated = data["eeg"].values[:, row].ravel()
    figure = channel_figure(simulated, data.attrs["sfreq"], channel=names[row], **real)
    with atomic(snakemake.output.figure) as part:
        figure.savefig(part, dpi=140)
