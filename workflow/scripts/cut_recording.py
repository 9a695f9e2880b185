from dataclasses import replace

from multisource.anatomy.electrodes import read_electrodes
from multisource.channels.lists import channel_names
from multisource.channels.subset import kept_channels
from multisource.files import atomic
from multisource.recordings.difference import difference
from multisource.recordings.measuring import measure_ordinary
from multisource.recordings.ordinary import write_ordinary
from multisource.recordings.settings import recording_settings
from multisource.recordings.stretches import read_stretches
from multisource.recordings.windows import cut_windows
from multisource.simulation.chunks import write_chunk
from multisource.steps import step

with step(snakemake):
    given, params = snakemake.input, snakemake.params
    study = channel_names((params.electrodes | dict(given.items()))["channels"])
    sfreq, window_s = params.sfreq, params.window_s
    settings = recording_settings(params.settings)
    channels = kept_channels(study, settings.leave_out, name=settings.file)
    placed = None
    if given.electrodes:
        placed = read_electrodes(given.electrodes).chosen(channels)

    how = {
        "sfreq": sfreq,
        "shortest_s": window_s,
        "positions": placed.positions if placed else None,
    }
    name = snakemake.wildcards.recording
    if given.bad_channels:
        settings = replace(settings, bad_channels=given.bad_channels)
    found = read_stretches(given.recording[0], channels, settings, **how)
    for against, entry in params.against.items() if found.is_average else ():
        of_other = recording_settings(entry)
        if given.other_bad_channels:
            of_other = replace(of_other, bad_channels=given.other_bad_channels[0])
        other = read_stretches(given.other[0], channels, of_other, **how)
        found = difference(found, other, name=name, against=against)
    data = cut_windows(found, channels, settings, name=name, sfreq=sfreq, window_s=window_s)
    print("\n".join(found.account.lines()))
    print(f"{data.sizes['sample']} windows, {found.averaged} epochs averaged")
    write_chunk(snakemake.output.windows, data)
    with atomic(snakemake.output.steps) as part:
        found.account.table().to_csv(part, sep="\t", index=False)
    write_ordinary(
        snakemake.output.ordinary,
        measure_ordinary(found, sfreq=sfreq, window_s=window_s, seed=params.seed),
    )
