"""A step's log holds what the terminal shows."""

import errno
import logging
import os
import sys
import warnings

import pytest

from multisource.errors import UserError
from multisource.failures import explain, write_traceback
from multisource.logs import QUIET, logged
from multisource.progress import progress


def test_log_and_terminal_agree(tmp_path, capsys):
    path = tmp_path / "step.log"
    with logged(path):
        print("to stdout")
        sys.stderr.write("10%\r50%\r100%\n")
        logging.getLogger("x").warning("a message")
        warnings.warn("a warning", stacklevel=1)
    text = path.read_text()
    assert "to stdout" in text and "a message" in text and "a warning" in text
    assert "100%" in text and "50%" not in text, "only the last state of a progress bar"
    shown = capsys.readouterr()
    assert "to stdout" in shown.out and "50%" in shown.err


def test_progress_bars_are_those_of_a_step(tmp_path, capsys):
    path = tmp_path / "step.log"
    assert list(progress("before", range(3))) == [0, 1, 2]
    with logged(path), progress("solves", total=4, unit="solve") as bar:
        bar.update(3)
        bar.set_postfix_str("residual 1e-9")
        bar.update()
    list(progress("after", range(3)))
    shown = capsys.readouterr()
    for text in (path.read_text(), shown.err):
        assert "solves: 100%" in text and "4/4" in text and "residual 1e-9" in text
        assert "before" not in text and "after" not in text
    assert not shown.out


def test_an_unexpected_error_is_one_line_and_the_log_has_the_traceback(tmp_path, capsys):
    path = tmp_path / "step.log"
    with pytest.raises(SystemExit) as caught, logged(path):
        1 / 0  # noqa: B018
    assert caught.value.code == 1
    line = "multisource: unexpected ZeroDivisionError: division by zero; the log has the traceback"
    shown = capsys.readouterr().err
    assert shown == f"\n{line}: {path}\n"
    assert path.read_text().startswith("Traceback") and line in path.read_text()


CAUSES = [
    (MemoryError(), ["out of memory", "rule declares 3000 MB"]),
    (RuntimeError("CUDA out of memory. Tried to allocate"), ["out of memory: this step had taken"]),
    (RuntimeError("DefaultCPUAllocator: can't allocate memory"), ["out of memory"]),
    (OSError(errno.ENOSPC, "No space left on device", "a.nc"), ["the disk is full (a.nc)"]),
    (OSError("Can't write data (file write failed: errno = 28)"), ["the disk is full:"]),
    (KeyError("x\ny"), ["unexpected KeyError: 'x"]),
    (AssertionError(), ["unexpected AssertionError"]),
]


@pytest.mark.parametrize(("error", "words"), CAUSES)
def test_causes_are_named(error, words):
    line = explain(error, declared_mb=3000)
    assert "\n" not in line and all(word in line for word in words)


def test_the_traceback_of_an_error_is_kept(tmp_path):
    try:
        1 / 0  # noqa: B018
    except ZeroDivisionError as error:
        path = write_traceback(tmp_path / "log", error)
    assert path.read_text().startswith("Traceback") and "ZeroDivisionError" in path.read_text()


def test_user_error_is_one_line(tmp_path, capsys):
    with pytest.raises(SystemExit) as caught, logged(tmp_path / "step.log"):
        raise UserError("electrodes.tsv: channel 'Q9' is unknown; remove it")
    assert caught.value.code == 1
    for text in ((tmp_path / "step.log").read_text(), capsys.readouterr().err):
        assert "channel 'Q9' is unknown" in text and "Traceback" not in text


def test_streams_are_restored(tmp_path):
    before = sys.stdout, sys.stderr
    with logged(tmp_path / "step.log"):
        pass
    assert (sys.stdout, sys.stderr) == before


def test_quiet_step_leaves_the_terminal_alone(tmp_path, capfd, monkeypatch):
    monkeypatch.setenv(QUIET, "1")
    path = tmp_path / "step.log"
    with pytest.raises(SystemExit) as caught, logged(path):
        print("by Python")
        os.write(1, b"by a library in C\n")
        1 / 0  # noqa: B018
    assert caught.value.code == 1
    text = path.read_text()
    for part in ("by Python", "by a library in C", "ZeroDivisionError"):
        assert part in text
    assert capfd.readouterr() == ("", "")
    print("again")
    assert capfd.readouterr().out == "again\n"


def test_what_nobody_can_catch_goes_to_the_log(tmp_path, capsys):
    class Stubborn:
        """As an HDF5 file on a full disk is: closing it fails again, with nobody to tell."""

        def __del__(self):
            raise RuntimeError("cannot be closed")

    def write():
        stubborn = Stubborn()
        raise OSError(errno.ENOSPC, "No space left", repr(type(stubborn)))

    with pytest.raises(SystemExit), logged(tmp_path / "step.log"):
        write()
    told = capsys.readouterr().err
    assert "the disk is full" in told and "Traceback" not in told and "closed" not in told
    assert "cannot be closed" in (tmp_path / "step.log").read_text()
