"""Learning curve of a network: loss and FractionActive by epoch, and the step size."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from multisource.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

TRAINING, VALIDATION, STEP = "#8b939c", "#1546d8", "#d1480b"
COLUMNS = (
    "epoch",
    "loss",
    "train_loss",
    "validation_loss",
    "validation_fraction_active",
    "learning_rate",
)


def loss_figure(history: pd.DataFrame, *, title: str = "") -> Figure:
    """Draw the history of a training.

    A warm-up with another loss is a curve of its own, since the values do not compare. The chosen
    epoch, that of the smallest validation loss after the warm-up, is marked.

    Parameters
    ----------
    history : DataFrame
        One row per epoch, with the columns that ``network.training.Training`` documents.
    title : str
        Printed above.

    Returns
    -------
    Figure
        Loss on the left, FractionActive and learning rate on the right.

    Raises
    ------
    UserError
        If a column is missing or there is no row.
    """
    missing = [name for name in COLUMNS if name not in history]
    if missing or not len(history):
        raise UserError(
            f"history: lacks {', '.join(missing) or 'any row'}; train the network again"
        )
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    loss, quality = figure.subplots(1, 2)
    phases = [len(list(group)) for _, group in groupby(history["loss"])]
    first = 0
    for length in phases:
        part = history.iloc[first : first + length]
        name = part["loss"].iloc[0]
        loss.plot(part["epoch"], part["train_loss"], color=TRAINING, label=f"{name}, training")
        loss.plot(
            part["epoch"], part["validation_loss"], color=VALIDATION, label=f"{name}, validation"
        )
        first += length
    chosen = history.loc[history.iloc[-phases[-1] :]["validation_loss"].idxmin()]
    loss.plot(chosen["epoch"], chosen["validation_loss"], "o", color=VALIDATION, label="chosen")
    loss.set(xlabel="epoch", ylabel="loss", yscale="log")
    loss.legend(frameon=False, fontsize="small")
    quality.plot(history["epoch"], history["validation_fraction_active"], color=VALIDATION)
    quality.plot(chosen["epoch"], chosen["validation_fraction_active"], "o", color=VALIDATION)
    quality.set(xlabel="epoch", ylim=(0, 1))
    quality.set_ylabel("FractionActive, validation", color=VALIDATION)
    step = quality.twinx()
    step.step(history["epoch"], history["learning_rate"], where="mid", color=STEP, linewidth=1)
    if history["learning_rate"].any():  # not where weights are used as they are
        step.set_yscale("log")
    step.set_ylabel("learning rate", color=STEP)
    for axes in (loss, quality, step):
        axes.spines["top"].set_visible(False)
    if title:
        figure.suptitle(title)
    return figure
