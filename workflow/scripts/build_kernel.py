import mne

from multisource.inverse.choice import with_choice
from multisource.inverse.io import write_kernel
from multisource.inverse.registry import build_kernel
from multisource.steps import step

with step(snakemake):
    forward = mne.read_forward_solution(snakemake.input.forward, verbose="error")
    own = with_choice(snakemake.params.settings, snakemake.input.choice)
    settings = {"snr": snakemake.params.snr, **own}
    kernel = build_kernel(settings.pop("kind"), forward, **settings)
    write_kernel(snakemake.output.kernel, kernel)
