"""Damaged recordings, positions and T1s: read, or refused in a line, never by a traceback.

    python tests/faults/fuzz_files.py [--count 100] [--seed 1]

One file of each kind is written, one of its parts is spoilt as disks, transfers and editors do it
(bytes changed, cut out, cut off or doubled; more often in the header), and it is read as in a job.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import random
import shutil
import signal
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mne
import nibabel
import numpy as np

REPOSITORY = Path(__file__).parents[2]
sys.path.insert(0, str(REPOSITORY / "tests/unit"))
from recordings_files import write_brainvision, write_edf, write_eeglab  # noqa: E402

from multisource.anatomy.t1 import read_t1  # noqa: E402
from multisource.channels.lists import read_channel_list  # noqa: E402
from multisource.errors import UserError  # noqa: E402
from multisource.montage.placement import place  # noqa: E402
from multisource.montage.standard import ten_five  # noqa: E402
from multisource.montage.target import packaged_target  # noqa: E402
from multisource.recordings.check import check_header  # noqa: E402
from multisource.recordings.settings import recording_settings  # noqa: E402
from multisource.recordings.stretches import read_stretches  # noqa: E402
from multisource.recordings.windows import cut_windows  # noqa: E402

SFREQ = 250.0
LONGEST_S = 120  # a reading that takes longer has no end
HEADER = 3000  # bytes at the beginning of a file, where half of the damage is done


def spoilt(content: bytes, draw: random.Random) -> bytes:
    """Change, cut out, double or cut off bytes, once to four times."""
    found = bytearray(content)
    for _ in range(draw.randint(1, 4)):
        if not found:
            break
        last = min(len(found), HEADER) if draw.random() < 0.5 else len(found)
        at, length = draw.randrange(last), draw.choice((1, 1, 2, 4, 30, 500))
        action = draw.random()
        if action < 0.6:
            found[at : at + length] = draw.randbytes(length)
        elif action < 0.75:
            del found[at : at + length]
        elif action < 0.9:
            found[at:at] = found[at : at + length]
        else:
            del found[at:]
    return bytes(found)


def read_recording(path: Path, names: list[str]) -> None:
    """Check and cut a recording, as the workflow does it."""
    settings = recording_settings({"file": str(path)})
    check_header(path, names, settings)
    found = read_stretches(path, names, settings, sfreq=SFREQ, shortest_s=0.2)
    data = cut_windows(found, names, settings, name="mine", sfreq=SFREQ, window_s=0.2)
    if not np.isfinite(data["eeg"].values).all():
        raise AssertionError("windows with values that are not finite")


def write_recordings(folder: Path, names: list[str]) -> dict[str, Path]:
    """Write a recording in each format, in a folder of its own; return the file to be read."""
    rng = np.random.default_rng(0)
    data = 2e-5 * rng.standard_normal((len(names), round(8 * SFREQ)))
    raw = mne.io.RawArray(data, mne.create_info(names, SFREQ, "eeg"), verbose="error")
    raw.set_annotations(mne.Annotations([1.0, 3.0], [0, 0], ["flash", "flash"]))
    epochs = mne.make_fixed_length_epochs(raw, duration=0.8, preload=True, verbose="error")
    kinds = ("EDF", "BrainVision", "EEGLAB", "FIF", "FIF epochs", "FIF average")
    at = {kind: folder / kind.replace(" ", "-") for kind in kinds}
    for each in at.values():
        each.mkdir()
    write_edf(at["EDF"] / "mine.edf", data, names, SFREQ, notes=[(1.0, 0, b"flash")])
    write_brainvision(at["BrainVision"], data, names, SFREQ, markers=[("Stimulus", "S  1", 250)])
    write_eeglab(
        at["EEGLAB"] / "mine.set", data, names, SFREQ, events=[("flash", 251.0, 0)], beside=True
    )
    raw.save(at["FIF"] / "mine_raw.fif", verbose="error")
    epochs.save(at["FIF epochs"] / "mine-epo.fif", verbose="error")
    epochs.average().save(at["FIF average"] / "mine-ave.fif", verbose="error")
    ends = ("mine.edf", "mine.vhdr", "mine.set", "mine_raw.fif", "mine-epo.fif", "mine-ave.fif")
    return {kind: at[kind] / end for kind, end in zip(kinds, ends, strict=True)}


def write_positions(folder: Path, names: list[str]) -> dict[str, Path]:
    """Write the electrodes' places as digitisers do; return the files."""
    target = packaged_target()
    places = ten_five(target)
    montage = mne.channels.make_dig_montage(
        {name: places[name] / 1e3 for name in names},
        **{name: target.fiducials[name] / 1e3 for name in ("nasion", "lpa", "rpa")},
        coord_frame="mri",
    )
    head = mne.channels.montage.transform_to_head(montage)
    (folder / "positions").mkdir()
    fif, sfp = folder / "positions/mine-dig.fif", folder / "positions/mine.sfp"
    head.save(fif, verbose="error")
    placed = head.get_positions()
    rows = [(key, placed[key]) for key in ("nasion", "lpa", "rpa")] + list(placed["ch_pos"].items())
    sfp.write_text(
        "".join(
            f"{dict(nasion='fidnz', lpa='fidt9', rpa='fidt10').get(name, name)} "
            + " ".join(f"{100 * value:.4f}" for value in where)
            + "\n"
            for name, where in rows
        )
    )
    return {"positions FIF": fif, "positions SFP": sfp}


def write_t1(folder: Path) -> dict[str, Path]:
    """Write a head of three tissues as NIfTI and MGZ; return the files."""
    axis = np.arange(-100, 100, 2.0)
    x, y, z = np.meshgrid(axis, axis, axis, indexing="ij")
    radius = np.sqrt((x / 0.8) ** 2 + y**2 + (z / 0.9) ** 2)
    volume = np.select([radius < 72, radius < 79, radius < 94], [110.0, 25.0, 150.0], 2.0)
    volume += np.random.default_rng(0).normal(0, 1.5, volume.shape)
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    affine[:3, 3] = axis[0]
    (folder / "t1").mkdir()
    found = {"T1 NIfTI": folder / "t1/t1.nii", "T1 gzipped": folder / "t1/t1.nii.gz"}
    for path in found.values():
        nibabel.save(nibabel.Nifti1Image(volume.astype(np.float32), affine), path)
    found["T1 MGZ"] = folder / "t1/t1.mgz"
    nibabel.save(nibabel.MGHImage(volume.astype(np.float32), affine), found["T1 MGZ"])
    return found


def endless(*_: Any) -> None:
    """End a reading that takes too long."""
    raise TimeoutError(f"not read in {LONGEST_S} s")


def main() -> None:
    """Run the fuzz, and print a table of what was taken, refused and not understood."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    draw = random.Random(options.seed)
    warnings.simplefilter("ignore")
    mne.set_log_level("ERROR")
    names = read_channel_list(REPOSITORY / "resources/channels-natview.tsv")[:12]
    target = packaged_target()
    signal.signal(signal.SIGALRM, endless)
    failed = 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        kinds: dict[str, tuple[Path, Callable[[Path], Any]]] = {
            kind: (path, lambda path: read_recording(path, names))
            for kind, path in write_recordings(folder, names).items()
        }
        for kind, path in write_positions(folder, names).items():
            kinds[kind] = (path, lambda path: place(target, names, path))
        for kind, path in write_t1(folder).items():
            kinds[kind] = (path, read_t1)
        sys.stdout.flush()
        print(f"{'kind':15} {'tried':>6} {'taken':>6} {'refused':>8} {'traceback':>10}")
        for kind, (path, read) in kinds.items():
            read(path)  # as it was written it must be taken
            parts = [path] if kind.startswith(("T1", "pos")) else sorted(path.parent.iterdir())
            taken = refused = broken = 0
            for number in range(options.count):
                part = draw.choice(parts)
                with tempfile.TemporaryDirectory() as place_of:
                    for one in parts:
                        shutil.copy(one, place_of)
                    Path(place_of, part.name).write_bytes(spoilt(part.read_bytes(), draw))
                    signal.alarm(LONGEST_S)
                    try:
                        with contextlib.redirect_stdout(io.StringIO()):
                            read(Path(place_of, path.name))
                        taken += 1
                    except UserError as error:
                        refused += 1
                        assert len(str(error).splitlines()) <= 20, error
                    except Exception as error:
                        broken += 1
                        print(f"  {kind} {number}:", file=sys.stderr)
                        traceback.print_exception(error, limit=-4, file=sys.stderr)
                    finally:
                        signal.alarm(0)
            failed += broken
            print(f"{kind:15} {options.count:6} {taken:6} {refused:8} {broken:10}", flush=True)
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
