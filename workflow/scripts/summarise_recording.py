import mne

from multisource.anatomy.io import load_head
from multisource.anatomy.source_space import source_geometry
from multisource.evaluation.estimates import read_estimates
from multisource.evaluation.sources import read_said
from multisource.files import atomic
from multisource.leadfield.forward import read_leadfield
from multisource.parcellation.dipoles import read_dipoles
from multisource.recordings.dipole_moments import second_moments
from multisource.recordings.parcels import parcel_table
from multisource.recordings.peaks import peak_table
from multisource.recordings.sources import named_table
from multisource.recordings.stc import source_estimate, write_stc
from multisource.recordings.windows import (
    moments,
    over_epochs,
    strength,
    told_moments,
    window_length,
)
from multisource.simulation.chunks import read_chunk
from multisource.steps import step

with step(snakemake):
    given, params = snakemake.input, snakemake.params
    data = read_chunk(given.windows)
    (times, which), power, window_s = moments(data), strength(data), window_length(data)
    told = told_moments(data, params.moments)
    head = load_head(params.anatomy)
    sources = mne.read_source_spaces(given.sources, verbose="error")
    dipoles, regions = source_geometry(sources, head.surfaces), read_dipoles(given.regions)
    estimates = dict(zip(params.methods, given.estimates, strict=True))
    maps = {method: over_epochs(read_estimates(path), which) for method, path in estimates.items()}
    for method, left, right in zip(
        maps, snakemake.output.left, snakemake.output.right, strict=True
    ):
        step_s = float(data.attrs["step_s"])
        stc = source_estimate(maps[method], times, power, sources, step_s=step_s, window_s=window_s)
        write_stc(left, right, stc)
    gain = read_leadfield(given.forward).of_channels(data["channel"].values).fixed
    said = {method: found for method, path in estimates.items() if (found := read_said(path))}
    tables = {
        "named": named_table(said, which, told, dipoles, regions),
        "peaks": peak_table(maps, told, dipoles, regions, second_moments(data, told), gain),
        "parcels": parcel_table(maps, times, power, regions, window_s=window_s),
    }
    for name, table in tables.items():
        with atomic(snakemake.output[name]) as part:
            table.to_csv(part, sep="\t", index=False, float_format="%.4g")
