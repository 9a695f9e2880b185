from multisource.steps import step
from multisource.submissions.card import read_card, write_cards

with step(snakemake):
    folders = snakemake.params.folders
    write_cards(snakemake.output.csv, {name: read_card(path) for name, path in folders.items()})
