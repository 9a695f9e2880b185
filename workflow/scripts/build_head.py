from multisource.anatomy.io import save_head
from multisource.anatomy.providers import make_head
from multisource.steps import step

with step(snakemake):
    head = make_head(snakemake.params.provider, **snakemake.params.settings)
    save_head(head, snakemake.params.anatomy)
