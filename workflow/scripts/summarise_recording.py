import mne

from multisource.anatomy.io import load_head
from multisource.anatomy.source_space import source_geometry
from multisource.evaluation.estimates import read_estimates
from multisource.evaluation.sources import read_said
from multisource.files import atomic
from multisource.recordings.peaks import peak_table
from multisource.recordings.sources import named_table
from multisource.recordings.stc import source_estimate, write_stc
from multisource.recordings.windows import moments, over_epochs, strength
from multisource.simulation.chunks import read_chunk
from multisource.steps import step

with step(snakemake):
    data = read_chunk(snakemake.input.windows)
    times, which = moments(data)
    power, step_s = strength(data), float(data.attrs["step_s"])
    window_s = data.sizes["time"] / float(data.attrs["sfreq"])
    head = load_head(snakemake.params.anatomy)
    sources = mne.read_source_spaces(snakemake.input.sources, verbose="error")
    dipoles = source_geometry(sources, head.surfaces)
    maps = {
        method: over_epochs(read_estimates(path), which)
        for method, path in zip(snakemake.params.methods, snakemake.input.estimates, strict=True)
    }
    for method, left, right in zip(
        maps, snakemake.output.left, snakemake.output.right, strict=True
    ):
        stc = source_estimate(maps[method], times, power, sources, step_s=step_s, window_s=window_s)
        write_stc(left, right, stc)
    told = {
        method: said
        for method, path in zip(snakemake.params.methods, snakemake.input.estimates, strict=True)
        if (said := read_said(path)) is not None
    }
    named = named_table(
        told, which, times, power, dipoles.positions, head.to_mni, window_s=window_s
    )
    with atomic(snakemake.output.named) as part:
        named.to_csv(part, sep="\t", index=False, float_format="%.4g")
    table = peak_table(maps, times, power, dipoles, head.to_mni, window_s=window_s)
    with atomic(snakemake.output.peaks) as part:
        table.to_csv(part, sep="\t", index=False, float_format="%.4g")
