"""The table of dipoles keeps what its readers need, and is refused when it is something else."""

import numpy as np
import pandas as pd
import pytest

from multisource.anatomy.source_table import SourceTable, read_source_table, write_source_table
from multisource.errors import UserError


def test_round_trip_and_plain_pandas(tmp_path):
    rng = np.random.default_rng(0)
    table = SourceTable(
        positions=rng.uniform(-90, 90, (20, 3)),
        hemisphere=np.repeat([0, 1], 10).astype(np.int8),
        vertices=rng.permutation(10_242)[:20],
        medial_wall=rng.random(20) < 0.3,
    )
    path = tmp_path / "sources.tsv"
    write_source_table(path, table)
    read = read_source_table(path)
    np.testing.assert_allclose(read.positions, table.positions, atol=5.1e-6)  # five decimals
    for name in ("hemisphere", "vertices", "medial_wall"):
        np.testing.assert_array_equal(getattr(read, name), getattr(table, name))
    assert list(pd.read_csv(path, sep="\t")["vertex"]) == list(table.vertices)


def test_another_table_is_refused(tmp_path):
    path = tmp_path / "sources.tsv"
    path.write_text("name\tx\ty\tz\nCz\t0\t0\t90\n")
    with pytest.raises(UserError, match="sources.tsv: columns"):
        read_source_table(path)
