"""Files of EEG written byte by byte, as amplifiers and other programs write them."""

import numpy as np
from scipy.io import savemat


def write_edf(path, data, names, sfreq, *, starts=None, notes=(), kind="EDF+D"):
    """EDF+, or BDF+ by its name, of records of one second; data in V, notes (onset, s, bytes)."""
    bytes_each = 3 if path.suffix == ".bdf" else 2
    most = 2 ** (8 * bytes_each - 1)
    count = data.shape[1] // int(sfreq)
    starts = np.arange(count) if starts is None else starts
    widths = [int(sfreq)] * len(names) + [60]
    labels = [*names, f"{kind[:3]} Annotations"]
    signals = len(labels)
    scale = (-5000, 5000, -most, most - 1)  # microvolts, and 16 or 24 bits

    def field(values, width):
        return "".join(f"{value!s:<{width}}"[:width] for value in values)

    header = field(["0" if bytes_each == 2 else "\xffBIOSEMI"], 8) + field(
        ["X X X X", "Startdate X X X X"], 80
    )
    header += "01.01.2001.00.00" + field([256 * (signals + 1)], 8) + field([kind], 44)
    header += field([count, 1], 8) + field([signals], 4) + field(labels, 16)
    header += field([""] * signals, 80) + field(["uV"] * signals, 8)
    header += "".join(field([value] * signals, 8) for value in scale)
    header += field([""] * signals, 80) + field(widths, 8) + field([""] * signals, 32)
    digital = np.round((data * 1e6 + 5000) / 10000 * (2 * most - 1) - most).astype("<i4")
    digital = np.ascontiguousarray(digital[..., None]).view(np.uint8)[..., :bytes_each]
    with path.open("wb") as file:
        file.write(header.encode("latin-1"))
        for k, start in enumerate(starts):
            file.write(digital[:, k * int(sfreq) : (k + 1) * int(sfreq)].tobytes())
            text = b"+%g\x14\x14\0" % start
            for onset, duration, words in notes:
                if start <= onset < start + 1:
                    lasting = b"\x15%g" % duration if duration else b""
                    text += b"+%.4f" % onset + lasting + b"\x14" + words + b"\x14\0"
            file.write(text.ljust(60 * bytes_each, b"\0"))
    return path


def write_brainvision(folder, data, names, sfreq, *, markers, encoding="utf-8", codepage="UTF-8"):
    """A triple of files; markers as (type, description, first sample from 0)."""
    (data.T * 1e6).astype("<f4").tofile(folder / "mine.eeg")
    head = f"Codepage={codepage}\n" if codepage else ""
    channels = "".join(f"Ch{k + 1}={name},,1,µV\n" for k, name in enumerate(names))
    (folder / "mine.vhdr").write_text(
        "Brain Vision Data Exchange Header File Version 1.0\n[Common Infos]\n"
        f"{head}DataFile=mine.eeg\nMarkerFile=mine.vmrk\nDataFormat=BINARY\n"
        f"DataOrientation=MULTIPLEXED\nNumberOfChannels={len(names)}\n"
        f"SamplingInterval={1e6 / sfreq:g}\n[Binary Infos]\nBinaryFormat=IEEE_FLOAT_32\n"
        f"[Channel Infos]\n{channels}",
        encoding=encoding,
    )
    marks = "".join(
        f"Mk{k + 1}={kind},{words},{sample + 1},1,0\n"
        for k, (kind, words, sample) in enumerate(markers)
    )
    (folder / "mine.vmrk").write_text(
        "Brain Vision Data Exchange Marker File, Version 1.0\n[Common Infos]\n"
        f"{head}DataFile=mine.eeg\n[Marker Infos]\n{marks}",
        encoding=encoding,
    )
    return folder / "mine.vhdr"


def write_eeglab(path, data, names, sfreq, *, events, beside=False):
    """EEGLAB's .set, with its samples in a .fdt beside; events as (type, latency, duration)."""
    samples = (data * 1e6).astype(np.float32)
    if beside:
        samples.T.tofile(path.with_suffix(".fdt"))
    fields = {
        "setname": "mine",
        "nbchan": len(names),
        "pnts": data.shape[1],
        "trials": 1,
        "srate": float(sfreq),
        "xmin": 0.0,
        "xmax": data.shape[1] / sfreq,
        "data": f"{path.stem}.fdt" if beside else samples,
        "icawinv": [],
        "chanlocs": np.array([(name,) for name in names], dtype=[("labels", object)]),
        "event": np.array(
            [(kind, latency, duration) for kind, latency, duration in events],
            dtype=[("type", object), ("latency", object), ("duration", object)],
        ),
        "epoch": [],
    }
    savemat(path, {"EEG": fields}, appendmat=False)
    return path
