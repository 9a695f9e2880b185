from multisource.figures.simulation import spectra_figure
from multisource.files import atomic
from multisource.inverse.io import read_forward
from multisource.inverse.registry import build_kernel
from multisource.recordings.reading import read_recording
from multisource.simulation.ar_io import write_models
from multisource.simulation.fit import fit_models
from multisource.steps import step

with step(snakemake):
    forward = read_forward(snakemake.input.forward)
    kernel = build_kernel("sloreta", forward, snr=snakemake.params.snr)
    recorded = read_recording(
        snakemake.input.recording[0], kernel.channels, sfreq=snakemake.params.sfreq
    )
    fit = fit_models(
        recorded.segments,
        kernel.matrix,
        sfreq=recorded.sfreq,
        orientations=kernel.orientations,
        seed=snakemake.params.seed,
        source=f"fitted to {snakemake.input.recording[0]}",
    )
    write_models(snakemake.output.models, fit.models)
    with atomic(snakemake.output.figure) as part:
        spectra_figure(fit.models, fit.freqs, fit.measured).savefig(part, dpi=140)
