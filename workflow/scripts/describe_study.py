import json

from multisource.channels.lists import channel_names
from multisource.files import atomic
from multisource.inverse.choice import choice_name, with_choice
from multisource.steps import step

with step(snakemake):
    named = {key: path for key, path in snakemake.input.items() if key != "choices"}
    given = snakemake.params.electrodes | named
    record = {"channels": list(channel_names(given["channels"])), **snakemake.params.record}
    for path in snakemake.input.choices:
        solver = record["solvers"][choice_name(path)]["solver"]
        solver["settings"] = with_choice(solver["settings"], path)
    with atomic(snakemake.output.record) as part:
        part.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
