"""Eyes, muscles and heart taken out of EEG: independent components that ICLabel knows."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from multisource.errors import UserError
from multisource.recordings.account import Account
from multisource.recordings.at_electrodes import raw_at

if TYPE_CHECKING:
    import mne

# What a user asks for, and ICLabel's word for it.
KINDS = {"eye": "eye blink", "muscle": "muscle artifact", "heart": "heart beat"}
BAND_HZ = (1.0, 100.0)  # that ICLabel has learnt from
SURE = 0.8  # probability from which a component is taken out
FEWEST, MOST = 5, 30
# Samples for each number of the unmixing matrix: fewer do not tell components apart, more teach
# nothing new and take minutes.
LEAST_SAMPLES, MOST_SAMPLES = 20, 60


def take_out(
    segments: Sequence[np.ndarray],
    wide: Sequence[np.ndarray],
    sfreq: float,
    channels: Sequence[str],
    positions: np.ndarray,
    kinds: Sequence[str],
    account: Account,
    *,
    name: str,
) -> list[np.ndarray]:
    """Take artefacts out of EEG.

    Components are those of extended infomax (Picard), labelled by ICLabel (``mne-icalabel``).

    Parameters
    ----------
    segments : sequence of ndarray of shape (E, T_i)
        EEG in V, without bad channels.
    wide : sequence of ndarray of shape (E, T_i)
        The same of 1 to 100 Hz, which the components are found in.
    sfreq : float
        Sampling rate in Hz.
    channels : sequence of str
        Names of the E channels.
    positions : ndarray of shape (E, 3)
        Where the electrodes are, mm.
    kinds : sequence of str
        Which of ``KINDS`` are taken out.
    account : Account
        Gets what is taken out.
    name : str
        How messages call the recording.

    Returns
    -------
    list of ndarray of shape (E, T_i)
        EEG in V, average reference.

    Raises
    ------
    UserError
        If there is too little EEG to find components in.
    """
    from mne_icalabel import label_components

    raw = _average(np.concatenate(list(wide), axis=1), sfreq, channels, positions)
    ica = _components(raw, name=name)
    with warnings.catch_warnings():
        # It asks for files that say which band they hold.
        warnings.simplefilter("ignore")
        labels = label_components(raw, ica, method="iclabel")
    words = {KINDS[kind] for kind in kinds}
    found = [
        (k, label, float(probability))
        for k, (label, probability) in enumerate(
            zip(labels["labels"], labels["y_pred_proba"], strict=True)
        )
        if label in words and probability >= SURE
    ]
    told = ", ".join(f"{label} ({probability:.2f})" for _, label, probability in found) or "none"
    ready = []
    for segment in segments:
        part = _average(segment, sfreq, channels, positions)
        ica.apply(part, exclude=[k for k, *_ in found], verbose="error")
        ready.append(part.get_data())
    kept, all_ = (sum(float((s**2).sum()) for s in one) for one in (ready, _centred(segments)))
    share = f", with {100 * (1 - kept / all_):.0f} % of the power" if found else ""
    account.add("components", f"taken out of {ica.n_components_}: {told}{share}")
    return ready


def _centred(segments: Sequence[np.ndarray]) -> list[np.ndarray]:
    return [s - s.mean(axis=0) for s in segments]


def _average(
    eeg: np.ndarray, sfreq: float, channels: Sequence[str], positions: np.ndarray
) -> mne.io.RawArray:
    """Put EEG into average reference, and tell MNE so."""
    raw = raw_at(eeg, sfreq, channels, positions)
    return raw.set_eeg_reference("average", verbose="error")


def _components(raw: mne.io.RawArray, *, name: str) -> mne.preprocessing.ICA:
    """Fit as many components as the samples tell apart."""
    import mne

    data = raw.get_data()
    power = np.linalg.eigvalsh(np.cov(data))
    rank = int((power > 1e-8 * power[-1]).sum())
    count = min(rank, MOST, int(np.sqrt(data.shape[1] / LEAST_SAMPLES)))
    if count < FEWEST:
        seconds = LEAST_SAMPLES * FEWEST**2 / raw.info["sfreq"]
        raise UserError(
            f"{name}: ica: {data.shape[1] / raw.info['sfreq']:.1f} s of {rank} channels "
            f"have too few components; it needs {seconds:g} s and {FEWEST} channels"
        )
    ica = mne.preprocessing.ICA(
        n_components=count,
        method="picard",
        fit_params={"ortho": False, "extended": True},
        random_state=0,
        max_iter=1000,
        verbose="error",
    )
    every = max(1, data.shape[1] // (MOST_SAMPLES * count**2))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ica.fit(raw, decim=every, verbose="error")
