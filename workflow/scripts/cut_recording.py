from dataclasses import replace

from multisource.anatomy.electrodes import read_electrodes
from multisource.channels.lists import channel_names
from multisource.channels.subset import kept_channels
from multisource.files import atomic
from multisource.recordings.ordinary import measure_ordinary, write_ordinary
from multisource.recordings.settings import recording_settings
from multisource.recordings.stretches import read_stretches
from multisource.recordings.windows import cut_windows
from multisource.simulation.chunks import write_chunk
from multisource.steps import step

with step(snakemake):
    given = snakemake.params.electrodes | dict(snakemake.input.items())
    study = channel_names(given["channels"])
    sfreq, window_s = snakemake.params.sfreq, snakemake.params.window_s
    settings = recording_settings(snakemake.params.settings)
    if snakemake.input.bad_channels:
        settings = replace(settings, bad_channels=snakemake.input.bad_channels)
    channels = kept_channels(study, settings.leave_out, name=settings.file)
    placed = None
    if snakemake.input.electrodes:
        placed = read_electrodes(snakemake.input.electrodes).chosen(channels)
    found = read_stretches(
        snakemake.input.recording[0],
        channels,
        settings,
        sfreq=sfreq,
        shortest_s=window_s,
        positions=placed.positions if placed else None,
    )
    data = cut_windows(
        found,
        channels,
        settings,
        name=snakemake.wildcards.recording,
        sfreq=sfreq,
        window_s=window_s,
    )
    print("\n".join(found.account.lines()))
    print(f"{data.sizes['sample']} windows, {found.averaged} epochs averaged")
    write_chunk(snakemake.output.windows, data)
    with atomic(snakemake.output.steps) as part:
        found.account.table().to_csv(part, sep="\t", index=False)
    write_ordinary(
        snakemake.output.ordinary,
        measure_ordinary(found, sfreq=sfreq, window_s=window_s, seed=snakemake.params.seed),
    )
