from multisource.evaluation.estimates import write_estimates
from multisource.inverse.io import read_forward, read_kernel
from multisource.inverse.kernel import apply_kernel
from multisource.simulation.chunks import read_chunks
from multisource.steps import step

with step(snakemake):
    windows = read_chunks(snakemake.input.chunks)
    eeg = windows["eeg"].values
    forward = read_forward(snakemake.input.forward) if snakemake.input.forward else None
    # A kernel alone needs neither MNE-Python nor a mesh, whose import takes longer than it does.
    if snakemake.input.kernel:
        operator = None
        if forward:
            from multisource.inverse.mesh import smoothing

            operator = smoothing(forward, snakemake.params.smooth)
        kernel = read_kernel(snakemake.input.kernel)
        maps = apply_kernel(kernel, eeg, smoothing=operator, progress=True)
    else:
        from multisource.inverse.registry import estimate

        maps = estimate(
            forward=forward,
            eeg=eeg,
            sfreq=1 / float(windows["time"][1] - windows["time"][0]),
            progress=True,
            **snakemake.params.settings,
        )
    write_estimates(
        snakemake.output.estimate,
        maps,
        scenario=snakemake.wildcards.scenario,
        method=snakemake.wildcards.solver,
    )
