from multisource.evaluation.estimates import write_estimates
from multisource.files import by_folder
from multisource.steps import step
from multisource.submissions.card import read_card
from multisource.submissions.check import check_submission, read_maps
from multisource.submissions.windows import expected_windows

with step(snakemake):
    params = snakemake.params
    read_card(params.folder, tuple(params.operators))
    expected = expected_windows(by_folder(snakemake.input.chunks), params.windows)
    check_submission(params.folder, expected)
    for scenario, (output,) in by_folder(snakemake.output.estimates).items():
        maps, coefficients = read_maps(f"{params.folder}/{scenario}.nc", expected[scenario])
        write_estimates(
            output,
            maps,
            scenario=scenario,
            method=snakemake.wildcards.submission,
            coefficients=coefficients,
        )
