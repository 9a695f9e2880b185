import json

from multisource.channels.lists import channel_names
from multisource.files import atomic
from multisource.steps import step

with step(snakemake):
    given = snakemake.params.electrodes | dict(snakemake.input.items())
    record = {"channels": list(channel_names(given["channels"])), **snakemake.params.record}
    with atomic(snakemake.output.record) as part:
        part.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
