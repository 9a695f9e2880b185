"""A trained network on disk: weights (safetensors) and the settings it is rebuilt from (JSON)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from multisource.errors import UserError
from multisource.files import atomic
from multisource.network.registry import build_network

REQUIRED = ("architecture", "options", "channels", "n_times", "n_dipoles")


def save_network(
    weights: str | Path,
    settings: str | Path,
    network: nn.Module,
    *,
    architecture: str,
    options: Mapping[str, Any],
    channels: Sequence[str],
    n_times: int,
    n_dipoles: int,
    **further: Any,
) -> None:
    """Write both files atomically.

    Parameters
    ----------
    weights, settings : str or Path
        The safetensors file and the JSON file.
    network : torch.nn.Module
        The trained network.
    architecture : str
        Its name in ``registry.NETWORKS``.
    options : mapping of str to Any
        Options of the architecture.
    channels : sequence of str
        Names of the E channels.
    n_times : int
        T, samples of a window.
    n_dipoles : int
        N.
    **further : Any
        What else to keep with the settings (training options, versions).
    """
    described = {
        "architecture": architecture,
        "options": dict(options),
        "channels": list(channels),
        "n_times": n_times,
        "n_dipoles": n_dipoles,
        **further,
    }
    tensors = {name: t.detach().cpu().contiguous() for name, t in network.state_dict().items()}
    with atomic(weights) as part:
        save_file(tensors, part)
    with atomic(settings) as part:
        part.write_text(json.dumps(described, indent=2) + "\n", encoding="utf-8")


def begin_with(network: nn.Module, path: str | Path) -> None:
    """Give a network weights that are known already, changed in place.

    Parameters
    ----------
    network : torch.nn.Module
        The network.
    path : str or Path
        Safetensors file of all that the network learns. What belongs to a head or a cap may be
        missing, and is left as it is.

    Raises
    ------
    UserError
        Naming the file that is missing, damaged, or of another network.
    """
    try:
        tensors = load_file(path)
    except (OSError, SafetensorError) as error:
        raise UserError(f"{path}: missing or damaged ({error}); name a file of weights") from error
    here = network.state_dict()
    lacking = [name for name, _ in network.named_parameters() if name not in tensors]
    strange = [name for name in tensors if name not in here]
    wrong = [n for n, t in tensors.items() if n in here and t.shape != here[n].shape]
    for names, what in ((lacking, "lacks"), (strange, "has, unlike the network,"), (wrong, "")):
        if names:
            what = what or "is of another size in"
            raise UserError(
                f"{path}: {what} {names[0]} (and {len(names) - 1} more); give the architecture "
                "and the options that it was made with"
            )
    network.load_state_dict(tensors, strict=False)


def load_network(weights: str | Path, settings: str | Path) -> tuple[nn.Module, dict[str, Any]]:
    """Rebuild a network from its two files.

    Parameters
    ----------
    weights, settings : str or Path
        The safetensors file and the JSON file.

    Returns
    -------
    network : torch.nn.Module
        The network, in evaluation mode.
    described : dict
        Its settings.

    Raises
    ------
    UserError
        Naming the file that is missing, damaged, or does not fit the other.
    """
    described = _read_settings(settings)
    network = build_network(
        described["architecture"],
        len(described["channels"]),
        described["n_times"],
        described["n_dipoles"],
        **described["options"],
    )
    try:
        tensors = load_file(weights)
    except (OSError, SafetensorError) as error:
        raise UserError(
            f"{weights}: missing or damaged ({error}); train the network again"
        ) from error
    try:
        network.load_state_dict(tensors)
    except RuntimeError as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{weights}: does not fit {settings}: {reason}") from error
    return network.eval(), described


def check_recording(settings: Mapping[str, Any], channels: Sequence[str], n_times: int) -> None:
    """Refuse windows whose channels, their order, or length the network was not trained on.

    Parameters
    ----------
    settings : mapping of str to Any
        Settings of the network.
    channels : sequence of str
        Names of the windows' channels.
    n_times : int
        Samples of a window.

    Raises
    ------
    UserError
        If the windows do not fit.
    """
    expected = settings["channels"]
    missing = [name for name in expected if name not in channels]
    surplus = [name for name in channels if name not in expected]
    if missing or surplus:
        parts = [f"lack {', '.join(missing)}"] if missing else []
        parts += [f"have {', '.join(surplus)} besides"] if surplus else []
        raise UserError(f"channels: the windows {' and '.join(parts)}; train on these channels")
    if list(channels) != list(expected):
        first = next(a for a, b in zip(channels, expected, strict=True) if a != b)
        raise UserError(f"channels: {first} stands at another place than in training; reorder")
    if n_times != settings["n_times"]:
        raise UserError(
            f"window: {n_times} samples; the network was trained on {settings['n_times']}"
        )


def _read_settings(path: str | Path) -> dict[str, Any]:
    try:
        described = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise UserError(f"{path}: missing or damaged ({error}); train the network again") from error
    missing = [key for key in REQUIRED if key not in described]
    if missing:
        raise UserError(f"{path}: lacks {', '.join(missing)}; train the network again")
    return described
