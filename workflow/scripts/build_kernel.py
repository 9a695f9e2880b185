import mne

from multisource.inverse.io import write_kernel
from multisource.inverse.registry import build_kernel
from multisource.logs import logged

with logged(snakemake.log[0]):
    forward = mne.read_forward_solution(snakemake.input.forward, verbose="error")
    settings = dict(snakemake.params.settings)
    kernel = build_kernel(settings.pop("kind"), forward, snr=snakemake.params.snr, **settings)
    write_kernel(snakemake.output.kernel, kernel)
