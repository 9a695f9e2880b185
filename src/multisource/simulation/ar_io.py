"""AR models as YAML: spectra or coefficients with their source."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import yaml

from multisource.errors import UserError
from multisource.files import atomic
from multisource.simulation.ar import ARModels, model_from_spectrum, resample_model


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
    try:
        content = yaml.safe_load(Path(path).read_text())
        names = tuple(content["models"])
        entries = [content["models"][name] for name in names]
        shares = np.array([float(entry["share"]) for entry in entries])
        coefficients = []
        for name, entry in zip(names, entries, strict=True):
            if "spectrum" in entry:
                freqs = np.linspace(0, sfreq / 2, 4097)
                density = parametric_spectrum(freqs, entry["spectrum"])
                order = round(float(content["memory_s"]) * sfreq)
                coefficients.append(model_from_spectrum(density, sfreq, order, f"{path}: {name}"))
            else:
                a = np.array(entry["coefficients"], dtype=float)
                coefficients.append(resample_model(a, float(content["sfreq"]), sfreq))
        classes = content.get("classes")
        classes = None if classes is None else np.array(classes, dtype=np.int64)
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from error
    except UserError:
        raise
    except (KeyError, TypeError, ValueError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise UserError(
            f"{path}: not a table of AR models ({type(error).__name__}: {reason}); "
            "see resources/ar-models.yaml"
        ) from error
    if len(names) == 0 or shares.min() <= 0 or abs(shares.sum() - 1) > 1e-6:
        raise UserError(f"{path}: the shares {shares.tolist()} must be above 0 and sum to 1")
    if classes is not None and not (0 <= classes.min() and classes.max() < len(names)):
        raise UserError(f"{path}: classes must lie between 0 and {len(names) - 1}")
    return ARModels(
        names, tuple(coefficients), shares, float(sfreq), str(content.get("source", "")), classes
    )


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
