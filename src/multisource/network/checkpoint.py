"""State of a training between two epochs, so that a killed one goes on where it stood.

One safetensors file: tensors by name, and a JSON text in its header. No pickle is involved.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from multisource.files import atomic


@dataclass
class State:
    """What a training needs besides its data and options to go on.

    Attributes
    ----------
    network : torch.nn.Module
        The network.
    optimizer : torch.optim.Optimizer
        Its optimizer.
    scheduler : torch.optim.lr_scheduler.LRScheduler
        What steers the step size.
    best : dict of str to Tensor
        The network's state at the smallest validation loss so far.
    best_loss : float
        That loss.
    history : list of dict
        One row per epoch.
    """

    network: nn.Module
    optimizer: torch.optim.Optimizer
    scheduler: torch.optim.lr_scheduler.LRScheduler
    best: dict[str, Tensor] = field(default_factory=dict)
    best_loss: float = float("inf")
    history: list[dict[str, Any]] = field(default_factory=list)


def save_checkpoint(path: str | Path, state: State, *, fingerprint: str) -> None:
    """Write the state atomically.

    Parameters
    ----------
    path : str or Path
        The file.
    state : State
        What to keep.
    fingerprint : str
        Names the data and options that the state belongs to.
    """
    optimizer = state.optimizer.state_dict()
    tensors = {f"network.{name}": value for name, value in state.network.state_dict().items()}
    tensors |= {f"best.{name}": value for name, value in state.best.items()}
    for index, values in optimizer["state"].items():
        tensors |= {f"optimizer.{index}.{name}": value for name, value in values.items()}
    header = {
        "fingerprint": fingerprint,
        "groups": optimizer["param_groups"],
        "scheduler": state.scheduler.state_dict(),
        "best_loss": state.best_loss,
        "history": state.history,
    }
    with atomic(path) as part:
        save_file(
            {name: value.detach().cpu().contiguous() for name, value in tensors.items()},
            part,
            metadata={"state": json.dumps(header)},
        )


def load_checkpoint(path: str | Path, state: State, *, fingerprint: str) -> bool:
    """Fill a state from a file, if it fits.

    Parameters
    ----------
    path : str or Path
        The file.
    state : State
        What to fill.
    fingerprint : str
        Names the data and options of this training.

    Returns
    -------
    bool
        False, and nothing is changed, if the file is missing, damaged, or was written for other
        data or options.
    """
    try:
        with safe_open(path, framework="pt") as opened:
            header = json.loads((opened.metadata() or {}).get("state", "{}"))
            if header.get("fingerprint") != fingerprint:
                return False
            tensors = {name: opened.get_tensor(name) for name in opened.keys()}
    except (OSError, SafetensorError):
        return False
    slots: dict[int, dict[str, Tensor]] = {}
    for name, value in _under(tensors, "optimizer").items():
        index, _, kind = name.partition(".")
        slots.setdefault(int(index), {})[kind] = value
    state.network.load_state_dict(_under(tensors, "network"))
    state.optimizer.load_state_dict({"state": slots, "param_groups": header["groups"]})
    state.scheduler.load_state_dict(header["scheduler"])
    state.best = _under(tensors, "best")
    state.best_loss = header["best_loss"]
    state.history = header["history"]
    return True


def _under(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    start = f"{prefix}."
    return {name.removeprefix(start): t for name, t in tensors.items() if name.startswith(start)}
