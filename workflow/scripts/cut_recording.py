from multisource.channels.lists import channel_names
from multisource.files import atomic
from multisource.recordings.settings import recording_settings
from multisource.recordings.stretches import read_stretches
from multisource.recordings.windows import cut_windows
from multisource.simulation.chunks import write_chunk
from multisource.steps import step

with step(snakemake):
    given = snakemake.params.electrodes | dict(snakemake.input.items())
    channels = channel_names(given["channels"])
    sfreq, window_s = snakemake.params.sfreq, snakemake.params.window_s
    settings = recording_settings(snakemake.params.settings)
    found = read_stretches(
        snakemake.input.recording[0], channels, settings, sfreq=sfreq, shortest_s=window_s
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
