from multisource.files import atomic
from multisource.inverse.choice import choice_name, read_choice
from multisource.steps import step
from multisource.tuning.table import choices_table

with step(snakemake):
    table = choices_table(
        {choice_name(path): read_choice(path) for path in snakemake.input.choices}
    )
    with atomic(snakemake.output.csv) as part:
        table.to_csv(part, index=False)
    with atomic(snakemake.output.md) as part:
        part.write_text(table.to_markdown(index=False) + "\n", encoding="utf-8")
