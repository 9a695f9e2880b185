"""What the options of networks and of training may be: asked before any job runs, and by the jobs.

Nothing heavy is imported here, since the configuration is checked with these functions. Each
yields a line for each mistake; a line begins with the option's name.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from multisource.errors import refuse

STANDARDISE = ("whiten", "channel", "window")
SCHEDULES = ("plateau", "cosine", "one_cycle")


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
    n_times : int
        Samples of a window, which pooling must leave something of.
    filters : sequence of int
        As for ``build_network``.
    kernel_size : int
        As for ``build_network``.
    pooling : sequence of int
        As for ``build_network``.
    hidden : sequence of int
        As for ``build_network``.
    dropout : float
        As for ``build_network``.
    standardise : str
        As for ``build_network``.
    initial_activation : float
        As for ``build_network``.

    Yields
    ------
    str
        One line for each mistake.
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


def covnet_mistakes(
    *, n_times: int, hidden: Sequence[int], nodes: int, dropout: float
) -> Iterator[str]:
    """Yield what is wrong with the options of ``covnet.build_network``.

    Parameters
    ----------
    n_times : int
        Samples of a window.
    hidden : sequence of int
        As for ``build_network``.
    nodes : int
        As for ``build_network``.
    dropout : float
        As for ``build_network``.

    Yields
    ------
    str
        One line for each mistake.
    """
    if n_times < 2:
        yield f"window_s: a window has {n_times} sample; the covariance needs 2"
    if not _whole_numbers(hidden) or not hidden:
        yield f"hidden: {hidden!r}; needs a list of one or more whole numbers of 1 and more"
    if not _is_whole(nodes) or nodes < 1:
        yield f"nodes: {nodes!r}; needs a whole number of 1 and more"
    if not 0 <= dropout < 1:
        yield f"dropout: {dropout!r}; needs 0 <= dropout < 1"


def sblnet_mistakes(*, n_times: int, width: int, stages: int, nodes: int) -> Iterator[str]:
    """Yield what is wrong with the options of ``sblnet.build_network``.

    Parameters
    ----------
    n_times : int
        Samples of a window.
    width : int
        As for ``build_network``.
    stages : int
        As for ``build_network``.
    nodes : int
        As for ``build_network``.

    Yields
    ------
    str
        One line for each mistake.
    """
    if n_times < 2:
        yield f"window_s: a window has {n_times} sample; the covariance needs 2"
    for name, value, least in (("width", width, 1), ("stages", stages, 0), ("nodes", nodes, 1)):
        if not _is_whole(value) or value < least:
            yield f"{name}: {value!r}; needs a whole number of {least} and more"


@dataclass(frozen=True)
class TrainingOptions:
    """How a network is trained: all that ``network.settings.<name>`` may say of it.

    Attributes
    ----------
    loss
        A name of :data:`multisource.network.losses.LOSSES`; the paper's is ``l1``.
    warmup_loss, warmup_epochs
        Loss of the first epochs, after which step size and choice of weights start anew.
    epochs
        Largest number of passes over the training samples, the warm-up included.
    batch_size, learning_rate, weight_decay
        Adam's; the decay is decoupled (AdamW: weights shrink by learning rate times decay a step),
        so that it does not depend on the scale of the loss.
    schedule
        ``plateau``, the paper's; ``cosine``: from the learning rate down to the minimum along half
        a cosine over the epochs; or ``one_cycle``: up to the learning rate in a twentieth of the
        training, then down along half a cosine, batch by batch (Smith and Topin 2019).
    plateau_factor, plateau_patience, plateau_threshold, minimum_learning_rate
        After more than ``plateau_patience`` epochs in a row in which the validation loss did not
        fall by the share ``plateau_threshold``, the step size is multiplied by the factor; once it
        is below the minimum, training ends.
    sign_flip
        Multiply each window by a random sign: the sign of a source is arbitrary.
    time_reversal
        Reverse half of the windows in time: a stationary Gaussian process has no direction.
    superpose
        Share of the windows to which another is added, where both together have no more patches
        than the samples have at most. EEG adds up, so that the sum, over sqrt(2), is the EEG of all
        their patches before a background of the usual size, the patches weaker by that root.
    smooth_mm
        Let the weights of the network's ``output`` layer vary smoothly over the dipoles while it is
        trained, see :mod:`~multisource.network.smooth_output`. 0: each dipole has its own.
    start
        File of weights that the training begins with, instead of random ones; with 0 epochs they
        are what is used. They are those of a trained network of the same settings, or those of
        ``resources/any-head``, which any head and cap can be given.
    fresh
        Draw new samples in every epoch instead of repeating the training set: as many, the train
        split going on without end. They are used as they are, whatever ``sign_flip``,
        ``time_reversal`` and ``superpose`` say.

    Raises
    ------
    UserError
        With a line for each value out of range; it begins with the option's name. The names of
        losses are checked by ``losses.loss_function``.
    """

    loss: str = "bce_active"
    warmup_loss: str = "bce_active"
    warmup_epochs: int = 0
    epochs: int = 30
    batch_size: int = 64
    learning_rate: float = 1e-3
    weight_decay: float = 1e-4
    schedule: str = "plateau"
    plateau_factor: float = 0.3
    plateau_patience: int = 0
    plateau_threshold: float = 0.01
    minimum_learning_rate: float = 2e-5
    sign_flip: bool = True
    time_reversal: bool = False
    superpose: float = 0.0
    smooth_mm: float = 0.0
    fresh: bool = False
    start: str = ""

    def __post_init__(self) -> None:
        refuse(self._mistakes())

    def _mistakes(self) -> Iterator[str]:
        if self.schedule not in SCHEDULES:
            yield f"schedule: {self.schedule!r}; allowed: {', '.join(SCHEDULES)}"
        for name, low in (("epochs", 0), ("batch_size", 2), ("plateau_patience", 0)):
            value = getattr(self, name)
            if not _is_whole(value) or value < low:
                yield f"{name}: {value!r}; needs a whole number of {low} and more"
        if self.epochs == 0 and not self.start:
            yield "epochs: 0; without weights to start with a network needs 1 and more"
        if not 0 <= self.warmup_epochs < max(1, self.epochs):
            yield (
                f"warmup_epochs: {self.warmup_epochs!r}; needs to be 0 and more, and smaller "
                f"than epochs, {self.epochs}"
            )
        if not 0 < self.learning_rate < math.inf:
            yield f"learning_rate: {self.learning_rate!r}; needs to be positive and finite"
        for name in ("weight_decay", "minimum_learning_rate", "smooth_mm"):
            if not 0 <= getattr(self, name) < math.inf:
                yield f"{name}: {getattr(self, name)!r}; needs to be 0 and more, and finite"
        if not 0 <= self.superpose <= 1:
            yield f"superpose: {self.superpose!r}; needs to be a share, 0 to 1"
        if not 0 <= self.plateau_threshold < 1:
            yield f"plateau_threshold: {self.plateau_threshold!r}; needs to be in [0, 1)"
        if not 0 < self.plateau_factor < 1:
            yield f"plateau_factor: {self.plateau_factor!r}; needs to be in (0, 1)"


def batch_count(samples: int, batch_size: int) -> int:
    """Return into how many batches of nearly equal size an epoch is divided.

    Parameters
    ----------
    samples : int
        Training samples.
    batch_size : int
        Size that batches should have.

    Returns
    -------
    int
        Number of batches, 1 or more.
    """
    return max(1, round(samples / batch_size))


def sample_mistakes(samples: int, *, batch_size: int, fresh: bool) -> Iterator[str]:
    """Yield what is wrong with a number of training samples.

    Batch normalisation needs 2 samples in a batch.

    Parameters
    ----------
    samples : int
        Training samples.
    batch_size : int
        Size that batches should have.
    fresh : bool
        Whether every epoch draws new samples.

    Yields
    ------
    str
        One line for each mistake.
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
CHECKS: dict[str, Callable[..., Iterator[str]]] = {
    "convnet": convnet_mistakes,
    "covnet": covnet_mistakes,
    "sblnet": sblnet_mistakes,
}
