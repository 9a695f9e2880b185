import shutil
from pathlib import Path

from multisource.anatomy.electrodes import read_electrodes
from multisource.anatomy.source_table import read_source_table
from multisource.files import atomic, by_folder
from multisource.leadfield.forward import read_leadfield
from multisource.steps import step
from multisource.submissions.frozen import README, write_checksums, write_head, write_set

with step(snakemake):
    given, made, params = snakemake.input, snakemake.output, snakemake.params
    folder, frozen = Path(made.checksums).parent, params.frozen
    for scenario, paths in by_folder(given.chunks).items():
        write_set(folder, scenario, paths, states=params.states[scenario], **frozen)
    leadfields = {
        Path(path).name.removesuffix("-fwd.fif"): read_leadfield(path) for path in given.forwards
    }
    write_head(
        made.head,
        leadfields,
        read_electrodes(given.electrodes).chosen(leadfields["bem"].channels).positions,
        read_source_table(given.sources).medial_wall,
        version=frozen["version"],
    )
    with atomic(made.sources) as part:
        shutil.copyfile(given.sources, part)
    with atomic(made.about) as part:
        part.write_text(README.format(**frozen), encoding="utf-8")
    listed = [path for path in made if path not in (made.checksums, made.about)]
    write_checksums(folder, (str(Path(path).relative_to(folder)) for path in listed))
