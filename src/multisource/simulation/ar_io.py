"""AR models as YAML: spectra or coefficients with their source."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import yaml

from multisource.errors import UserError
from multisource.files import atomic
from multisource.records import check_fields, checked_number, checked_numbers, checked_text
from multisource.simulation.ar import (
    ARModels,
    check_stable,
    model_from_spectrum,
    resample_model,
)
from multisource.yaml_files import read_mapping


def parametric_spectrum(freqs: np.ndarray, spectrum: dict) -> np.ndarray:
    """Return the power of a spectrum given by exponent, knee and peaks.

    log10 P(f) = -log10(1 + (f / knee_hz)^exponent) + sum height exp(-(f - hz)^2 / 2 width_hz^2).

    Parameters
    ----------
    freqs : ndarray of shape (F,)
        Frequencies, Hz.
    spectrum : dict
        ``exponent``, ``knee_hz`` and, where there are any, ``peaks`` (``hz``, ``height`` in powers
        of ten, ``width_hz``).

    Returns
    -------
    ndarray of shape (F,)
        Power, on any scale.

    References
    ----------
    Donoghue et al. 2020.
    """
    logarithm = -np.log10(1 + (freqs / spectrum["knee_hz"]) ** spectrum["exponent"])
    for peak in spectrum.get("peaks", ()):
        shift = (freqs - peak["hz"]) / peak["width_hz"]
        logarithm = logarithm + peak["height"] * np.exp(-0.5 * shift**2)
    return 10**logarithm


def read_models(path: str | Path, *, sfreq: float) -> ARModels:
    """Read the AR models of a file, at a sampling rate.

    A model is either ``spectrum`` (exponent, knee_hz, peaks of hz, height, width_hz), turned into
    an AR model that reaches ``memory_s`` back, or ``coefficients`` at the file's ``sfreq``;
    ``classes`` may map every dipole to a model.

    Parameters
    ----------
    path : str or Path
        A YAML file such as ``resources/ar-models.yaml``.
    sfreq : float
        Sampling rate of the models returned, Hz.

    Returns
    -------
    ARModels
        The models at ``sfreq``.

    Raises
    ------
    UserError
        If the file or a model cannot be understood or a model is unstable.
    """
    content = check_fields(
        str(path),
        read_mapping(path, "AR model"),
        needed=["models"],
        allowed=["source", "sfreq", "memory_s", "classes"],
    )
    entries = content["models"]
    if not isinstance(entries, dict) or not entries:
        raise UserError(f"{path}, models: {entries!r:.60}; give one at least, by name")
    names, shares, coefficients = tuple(entries), [], []
    for name, entry in entries.items():
        where = f"{path}: {name}"
        kind = ["spectrum", "coefficients"]
        entry = check_fields(where, entry, needed=["share"], allowed=kind)
        if len(entry.keys() & set(kind)) != 1:
            raise UserError(f"{where}: give either spectrum or coefficients")
        shares.append(checked_number(f"{where}, share", entry["share"], 0, 1, above=True))
        if "spectrum" in entry:
            freqs = np.linspace(0, sfreq / 2, 4097)
            spectrum = _checked_spectrum(f"{where}, spectrum", entry["spectrum"])
            order = round(_number_of(path, content, "memory_s", 0.001, 1) * sfreq)
            with np.errstate(over="ignore"):
                density = parametric_spectrum(freqs, spectrum)
            coefficients.append(model_from_spectrum(density, sfreq, max(1, order), where))
        else:
            a = checked_numbers(f"{where}, coefficients", entry["coefficients"], -1e6, 1e6)
            own = _number_of(path, content, "sfreq", 1, 1e6)
            check_stable(np.array(a), where)
            coefficients.append(resample_model(np.array(a), own, sfreq))
    if abs(sum(shares) - 1) > 1e-6:
        raise UserError(f"{path}: the shares {shares} must sum to 1; they sum to {sum(shares):g}")
    source = checked_text(f"{path}, source", content["source"]) if content.get("source") else ""
    return ARModels(
        names,
        tuple(coefficients),
        np.array(shares),
        float(sfreq),
        source,
        _checked_classes(f"{path}, classes", content.get("classes"), len(names)),
    )


def _number_of(path: str | Path, content: dict, key: str, low: float, high: float) -> float:
    if key not in content:
        raise UserError(f"{path}: missing key {key!r}, which its models need")
    return checked_number(f"{path}, {key}", content[key], low, high)


def _checked_spectrum(where: str, record: object) -> dict:
    fields = check_fields(where, record, needed=["exponent", "knee_hz"], allowed=["peaks"])
    peaks = fields.get("peaks", [])
    if not isinstance(peaks, list):
        raise UserError(f"{where}, peaks: {peaks!r:.60}; give a list")
    bounds = {"hz": (0, 10_000), "height": (-10, 10), "width_hz": (1e-3, 10_000)}
    return {
        "exponent": checked_number(f"{where}, exponent", fields["exponent"], 0, 10),
        "knee_hz": checked_number(f"{where}, knee_hz", fields["knee_hz"], 1e-3, 10_000),
        "peaks": [
            {
                key: checked_number(f"{where}, peak {number}, {key}", value, *bounds[key])
                for key, value in check_fields(
                    f"{where}, peak {number}", peak, needed=bounds
                ).items()
            }
            for number, peak in enumerate(peaks, 1)
        ],
    }


def _checked_classes(where: str, classes: object, count: int) -> np.ndarray | None:
    if classes is None:
        return None
    numbers = np.array(checked_numbers(where, classes, 0, count - 1))
    if np.any(numbers != np.round(numbers)):
        raise UserError(f"{where}: must be whole numbers of 0 to {count - 1}")
    return numbers.astype(np.int64)


def write_models(path: str | Path, models: ARModels) -> None:
    """Write AR models with their coefficients, sampling rate, source and map of dipoles.

    Parameters
    ----------
    path : str or Path
        The YAML file to write.
    models : ARModels
        The models.
    """
    content = {
        "source": models.source,
        "sfreq": float(models.sfreq),
        "models": {
            name: {"share": float(share), "coefficients": [float(x) for x in a]}
            for name, share, a in zip(models.names, models.shares, models.coefficients, strict=True)
        },
    }
    if models.classes is not None:
        content["classes"] = [int(c) for c in models.classes]
    with atomic(path) as part:
        part.write_text(yaml.safe_dump(content, sort_keys=False, default_flow_style=None))
