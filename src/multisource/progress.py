"""Progress bars of long computations, shown inside a step of the workflow or where asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

# Snakemake starts every step's process anew, and most steps show no bar.
if TYPE_CHECKING:
    from tqdm import tqdm

_shown = False


@contextmanager
def shown() -> Iterator[None]:
    """Show the progress bars that begin in this block; elsewhere they stay hidden.

    ``multisource.logs.logged`` does so for the steps of the workflow.

    Yields
    ------
    None
        While bars are shown.
    """
    global _shown
    before, _shown = _shown, True
    try:
        yield
    finally:
        _shown = before


def progress(
    name: str,
    items: Iterable[Any] | None = None,
    *,
    total: float | None = None,
    unit: str = "it",
    initial: float = 0,
    layout: str | None = None,
) -> tqdm[Any]:
    """Return a progress bar on standard error, hidden outside of ``shown``.

    Loop over it, or use it in a ``with`` statement and call its ``update(n)``. While it is hidden
    its count ``n`` stays at ``initial``.

    Parameters
    ----------
    name : str
        What is being done.
    items : iterable, optional
        What to loop over.
    total : float, optional
        Number of units in all; None: that of ``items``, or unknown.
    unit : str, optional
        What is counted, in the singular.
    initial : float, optional
        Units that were done before.
    layout : str, optional
        ``bar_format`` of tqdm.

    Returns
    -------
    tqdm.tqdm
        The bar. ``set_postfix_str(text)`` adds what a computation has reached.
    """
    from tqdm import tqdm

    return tqdm(
        items,
        name,
        total=total,
        unit=unit,
        initial=initial,
        bar_format=layout,
        mininterval=1.0,
        disable=not _shown,
    )
