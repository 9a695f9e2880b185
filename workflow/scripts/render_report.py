from pathlib import Path

from multisource.files import atomic
from multisource.report.study import StudyFiles, study_report
from multisource.steps import step

with step(snakemake):
    given, params = snakemake.input, snakemake.params
    files = StudyFiles(
        tables=dict(zip(params.tables, given.tables, strict=True)),
        metrics=given.metrics,
        calibration=given.calibration,
        reliability=given.reliability,
        sources=given.sources,
        numbers=given.numbers,
        detection=given.detection,
        heads=given.heads,
        heads_picture=given.heads_picture,
        curves=dict(zip(params.curves, given.curves, strict=True)),
        found=given.found,
        opponents=given.opponents or None,
        submissions=given.submissions or None,
        electrodes=given.electrodes,
        electrode_table=given.electrode_table,
        electrode_note=given.electrode_note,
        electrode_picture=given.electrode_picture,
        comparison=given.comparison,
        by_operator=given.by_operator,
        verification=given.verification,
        sphere=given.sphere or None,
        sensitivity=given.sensitivity,
        placement=given.placement,
        anatomy=given.anatomy,
        judged=given.judged,
        head_page=f"anatomy/{Path(given.head_page).name}",
        eeg=given.eeg,
        benchmarks=params.benchmarks,
        records=params.records,
        scenarios=dict(zip(params.shown, given.scenarios, strict=True)),
        training=dict(zip(params.networks, given.training, strict=True)),
        recordings=dict(zip(params.recordings, given.recordings, strict=True)),
        named=dict(zip(params.recordings, given.named, strict=True)),
        peaks=dict(zip(params.recordings, given.peaks, strict=True)),
        steps=dict(zip(params.recordings, given.steps, strict=True)),
        groups=dict(zip(params.groups, given.group_pictures, strict=True)),
        group_tables=dict(zip(params.groups, given.group_tables, strict=True)),
        group_words=dict(zip(params.groups, given.group_words, strict=True)),
        brains=f"brains/{Path(given.brains).name}" if given.brains else "",
        turned={
            name: f"brains/{Path(path).name}"
            for name, path in zip(params.recordings, given.turned, strict=True)
        },
    )
    page = study_report(files, config=params.config, scenarios=params.tables)
    with atomic(snakemake.output.report) as part:
        part.write_text(page, encoding="utf-8")
