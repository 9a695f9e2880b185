import mne

from multisource.inverse.io import write_kernel
from multisource.inverse.registry import build_kernel
from multisource.steps import step

with step(snakemake):
    forward = mne.read_forward_solution(snakemake.input.forward, verbose="error")
    settings = dict(snakemake.params.settings)
    kernel = build_kernel(settings.pop("kind"), forward, snr=snakemake.params.snr, **settings)
    write_kernel(snakemake.output.kernel, kernel)
