from pathlib import Path

import pandas as pd

from multisource.anatomy.electrodes import read_electrodes
from multisource.anatomy.io import load_head
from multisource.anatomy.source_table import read_source_table
from multisource.files import atomic
from multisource.judging.background import scan_background, subject_background
from multisource.judging.findings import verdict, write_findings
from multisource.judging.measures import measure
from multisource.judging.page import head_page
from multisource.judging.pictures import cortex_maps, shell_maps
from multisource.judging.rules import judge
from multisource.judging.slices import slice_planes
from multisource.leadfield.compare import by_depth
from multisource.montage.record import read_placement
from multisource.parcellation.regions import has_cortex, read_regions
from multisource.steps import step

with step(snakemake):
    given, params = snakemake.input, snakemake.params
    head = load_head(params.anatomy)
    sources = read_source_table(given.sources)
    comparison = pd.read_csv(given.comparison)
    measures = measure(
        head,
        sources,
        has_cortex(read_regions(params.subject)[0]),
        pd.read_csv(given.dipoles, sep="\t"),
        comparison,
        read_placement(given.table, given.note),
    )
    found = judge(measures)
    for line in [*(one.line() for one in found), f"verdict: {verdict(found)[0]}"]:
        print(line)
    background = subject_background(params.own_subject) if params.own_subject else None
    page = head_page(
        snakemake.wildcards.head,
        found,
        slice_planes(
            head,
            sources.positions,
            read_electrodes(given.electrodes).positions,
            scan_background(given.t1) if given.t1 else background,
        ),
        cortex=cortex_maps(head, sources, measures),
        shells=shell_maps(head, measures),
        electrodes=Path(given.electrode_picture).read_bytes(),
        by_depth=by_depth(comparison),
    )
    with atomic(snakemake.output.page) as part:
        part.write_text(page, encoding="utf-8")
    write_findings(snakemake.output.table, found)
