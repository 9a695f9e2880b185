"""What the options of networks and of training may be: asked before any job runs, and by the jobs.

Nothing heavy is imported here, since the configuration is checked with these functions. Each
yields a line for each mistake; a line begins with the option's name.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

STANDARDISE = ("whiten", "channel", "window")
SCHEDULES = ("plateau", "cosine")


def convnet_mistakes(
    *,
    n_times: int,
    filters: Sequence[int],
    kernel_size: int,
    pooling: Sequence[int],
    hidden: Sequence[int],
    dropout: float,
    standardise: str,
    initial_activation: float,
) -> Iterator[str]:
    """Yield what is wrong with the options of ``convnet.build_network``.

    Parameters
    ----------
    n_times
        Samples of a window, which pooling must leave something of.
    filters, kernel_size, pooling, hidden, dropout, standardise, initial_activation
        As for ``build_network``.
    """
    lists = {"filters": filters, "pooling": pooling, "hidden": hidden}
    wrong = [name for name, values in lists.items() if not _whole_numbers(values)]
    for name in wrong:
        yield f"{name}: {lists[name]!r}; needs a list of whole numbers of 1 and more"
    if not wrong and not filters:
        yield "filters: []; needs one convolution layer at least"
    elif not wrong and len(pooling) != len(filters):
        yield (
            f"pooling: {list(pooling)}; needs one number for each of the {len(filters)} layers "
            "in filters"
        )
    elif not wrong and math.prod(pooling) > n_times:
        yield (
            f"pooling: {list(pooling)} reduces {math.prod(pooling)} times; a window has only "
            f"{n_times} samples"
        )
    if not _is_whole(kernel_size) or kernel_size < 1 or kernel_size % 2 == 0:
        yield f"kernel_size: {kernel_size!r}; needs an odd whole number"
    if not 0 <= dropout < 1:
        yield f"dropout: {dropout!r}; needs 0 <= dropout < 1"
    if standardise not in STANDARDISE:
        yield f"standardise: {standardise!r}; allowed: {', '.join(STANDARDISE)}"
    if not 0 < initial_activation < 1:
        yield f"initial_activation: {initial_activation!r}; needs to be between 0 and 1"


def training_mistakes(options: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with the options of ``training.train``.

    Parameters
    ----------
    options
        {name: value} of all options that are numbers or names, defaults included. The names of
        losses are checked by ``losses.loss_function``.
    """
    if options["schedule"] not in SCHEDULES:
        yield f"schedule: {options['schedule']!r}; allowed: {', '.join(SCHEDULES)}"
    for name, low in (("epochs", 1), ("batch_size", 2), ("plateau_patience", 0)):
        if not _is_whole(options[name]) or options[name] < low:
            yield f"{name}: {options[name]!r}; needs a whole number of {low} and more"
    if not 0 <= options["warmup_epochs"] < options["epochs"]:
        yield (
            f"warmup_epochs: {options['warmup_epochs']!r}; needs to be 0 and more, and smaller "
            f"than epochs, {options['epochs']}"
        )
    if not 0 < options["learning_rate"] < math.inf:
        yield f"learning_rate: {options['learning_rate']!r}; needs to be positive and finite"
    for name in ("weight_decay", "minimum_learning_rate", "smooth_mm"):
        if not 0 <= options[name] < math.inf:
            yield f"{name}: {options[name]!r}; needs to be 0 and more, and finite"
    if not 0 <= options["superpose"] <= 1:
        yield f"superpose: {options['superpose']!r}; needs to be a share, 0 to 1"
    if not 0 <= options["plateau_threshold"] < 1:
        yield f"plateau_threshold: {options['plateau_threshold']!r}; needs to be in [0, 1)"
    if not 0 < options["plateau_factor"] < 1:
        yield f"plateau_factor: {options['plateau_factor']!r}; needs to be in (0, 1)"


def batch_count(samples: int, batch_size: int) -> int:
    """Return into how many batches of nearly equal size an epoch is divided."""
    return max(1, round(samples / batch_size))


def sample_mistakes(samples: int, *, batch_size: int, fresh: bool) -> Iterator[str]:
    """Yield what is wrong with a number of training samples.

    Batch normalisation needs 2 samples in a batch.
    """
    if samples < 2:
        yield f"samples: {samples}; batch normalisation needs 2 at least"
    elif not fresh and samples // batch_count(samples, batch_size) < 2:
        yield (
            f"batch_size: {batch_size}; {samples} training samples leave a batch with one; batch "
            f"normalisation needs 2: give {batch_size + 1}"
        )


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _whole_numbers(values: object) -> bool:
    if isinstance(values, str) or not isinstance(values, Sequence):
        return False
    return all(_is_whole(value) and value >= 1 for value in values)


# By the architecture's name. A network without a line here is checked by its own function only,
# which is to say in its job.
CHECKS: dict[str, Callable[..., Iterator[str]]] = {"convnet": convnet_mistakes}
