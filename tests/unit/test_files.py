"""An output file is whole or not there."""

import errno
import os
import subprocess
import sys

import pytest

from multisource.errors import UserError
from multisource.files import atomic, by_folder, reading, sweep


def test_written_whole(tmp_path):
    with atomic(tmp_path / "sub" / "a-fwd.fif") as part:
        assert part.name == "a-fwd.fif"
        part.write_text("whole")
        assert not (tmp_path / "sub" / "a-fwd.fif").exists()
    assert (tmp_path / "sub" / "a-fwd.fif").read_text() == "whole"
    assert [p.name for p in (tmp_path / "sub").iterdir()] == ["a-fwd.fif"]


def test_failure_keeps_the_old_file(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("old")
    with pytest.raises(RuntimeError), atomic(path) as part:
        part.write_text("half")
        raise RuntimeError("killed")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["table.csv"]


WRITER = """
import os, sys
from multisource.files import atomic
with atomic(sys.argv[1]) as part:
    part.write_text("half")
    print("writing", flush=True)
    sys.stdin.read()
"""


def test_left_overs_of_killed_writers_are_swept_those_of_live_ones_stay(tmp_path):
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, tmp_path / "sub" / name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for name in ("killed.csv", "live.csv")
    ]
    for writer in writers:
        assert writer.stdout.readline() == b"writing\n"
    writers[0].kill()
    writers[0].wait()
    writers[0].stdin.close()
    assert sweep(tmp_path) == 1 and sweep(tmp_path) == 0
    writers[1].communicate(b"")
    assert writers[1].returncode == 0
    assert [p.name for p in (tmp_path / "sub").iterdir()] == ["live.csv"]


def test_two_writers_of_one_file_do_not_meet(tmp_path):
    path = tmp_path / "a.csv"
    with atomic(path) as one:
        one.write_text("first")
        with atomic(path) as other:
            assert other != one and other.name == one.name
            other.write_text("second")
        assert path.read_text() == "second"
    assert path.read_text() == "first"
    assert [p.name for p in tmp_path.iterdir()] == ["a.csv"]


def test_the_mode_is_that_of_any_new_file(tmp_path):
    before = os.umask(0o027)
    try:
        with atomic(tmp_path / "a.csv") as part:
            part.write_text("x")
            part.chmod(0o600)  # as some writers choose
    finally:
        os.umask(before)
    assert (tmp_path / "a.csv").stat().st_mode & 0o777 == 0o640


def test_a_full_disk_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("old")
    with pytest.raises(OSError) as full, atomic(path) as part:
        part.write_text("half")
        with open("/dev/full", "w") as disk:
            disk.write("x")
    assert full.value.errno == errno.ENOSPC and path.read_text() == "old"


def test_files_are_sorted_by_their_folders():
    paths = ["s/B/chunk-0.nc", "s/A/chunk-0.nc", "s/B/chunk-1.nc"]
    names = {name: [path.name for path in files] for name, files in by_folder(paths).items()}
    assert names == {"B": ["chunk-0.nc", "chunk-1.nc"], "A": ["chunk-0.nc"]}


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(UserError, match="a.npz: missing or damaged .FileNotFoundError: .* run the"):
        with reading(tmp_path / "a.npz"):
            (tmp_path / "a.npz").read_bytes()
    with pytest.raises(UserError, match="^mine$"), reading("b"):
        raise UserError("mine")
