"""What the windows of a study ask of a submission."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from multisource.simulation.chunks import read_truth
from multisource.submissions.check import Expected
from multisource.submissions.frozen import identity_of


def expected_windows(
    chunks: Mapping[str, Sequence[str | Path]], windows: int
) -> dict[str, Expected]:
    """Return what a submission must hold for the first windows of scenarios.

    Parameters
    ----------
    chunks : mapping of str to sequence of path
        Scenario to its chunks.
    windows : int
        How many windows of each, as in the frozen set.

    Returns
    -------
    dict of str to Expected
        Scenario to its windows.
    """
    found = {}
    for name, paths in chunks.items():
        truth = read_truth(paths)
        count = min(windows, len(truth))
        found[name] = Expected(count, truth.n_dipoles, identity_of(paths, windows))
    return found
