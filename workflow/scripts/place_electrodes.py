from multisource.anatomy.electrodes import write_electrodes
from multisource.anatomy.io import load_head
from multisource.channels.lists import channel_names
from multisource.montage.placement import place
from multisource.montage.record import write_placement
from multisource.montage.target import target_of
from multisource.steps import step

with step(snakemake):
    target = target_of(load_head(snakemake.params.anatomy))
    files = {key: path for key, path in snakemake.input.items() if key in ("montage", "channels")}
    given = snakemake.params.settings | files
    placed = place(
        target,
        channel_names(given["channels"]),
        given["montage"],
        max_distance_mm=given["max_distance_mm"],
    )
    write_electrodes(snakemake.output.electrodes, placed.electrodes)
    write_placement(snakemake.output.table, snakemake.output.note, placed)
    said = [placed.how, placed.digitised.line(), *(f"warning: {w}" for w in placed.warnings)]
    print("\n".join(filter(None, said)))
