from multisource.files import atomic
from multisource.report.study import StudyFiles, study_report
from multisource.steps import step

with step(snakemake):
    given, params = snakemake.input, snakemake.params

    def named(names, paths):
        return dict(zip(names, paths, strict=True))

    files = StudyFiles(
        tables=named(params.tables, given.tables),
        metrics=given.metrics,
        electrodes=given.electrodes,
        comparison=given.comparison,
        by_operator=given.by_operator,
        verification=given.verification,
        sphere=given.sphere or None,
        sensitivity=given.sensitivity,
        placement=given.placement,
        anatomy=given.anatomy,
        eeg=given.eeg,
        benchmarks=params.benchmarks,
        records=params.records,
        scenarios=named(params.shown, given.scenarios),
        training=named(params.networks, given.training),
        recordings=named(params.recordings, given.recordings),
        peaks=named(params.recordings, given.peaks),
    )
    page = study_report(files, config=params.config, scenarios=params.tables)
    with atomic(snakemake.output.report) as part:
        part.write_text(page, encoding="utf-8")
