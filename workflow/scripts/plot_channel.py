from multisource.figures.channel import channel_figure
from multisource.files import atomic
from multisource.logs import logged
from multisource.simulation.chunks import read_chunk

with logged(snakemake.log[0]):
    data = read_chunk(snakemake.input.chunk)
    names = [str(name) for name in data["channel"].values]
    channel = snakemake.params.channel if snakemake.params.channel in names else names[0]
    # Windows of a recording follow each other without a gap.
    series = data["eeg"].values[:, names.index(channel)].ravel()
    figure = channel_figure(series, data.attrs["sfreq"], channel=channel)
    with atomic(snakemake.output.figure) as part:
        figure.savefig(part, dpi=140)
