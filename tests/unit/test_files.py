"""An output file is whole or not there."""

import pytest

from multisource.files import atomic, by_folder


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


def test_left_over_of_a_killed_process_is_removed(tmp_path):
    stale = tmp_path / ".writing-a.csv"
    stale.mkdir()
    (stale / "a.csv").write_text("half")
    with atomic(tmp_path / "a.csv") as part:
        assert not part.exists()
        part.write_text("whole")
    assert [p.name for p in tmp_path.iterdir()] == ["a.csv"]


def test_files_are_sorted_by_their_folders():
    paths = ["s/B/chunk-0.nc", "s/A/chunk-0.nc", "s/B/chunk-1.nc"]
    names = {name: [path.name for path in files] for name, files in by_folder(paths).items()}
    assert names == {"B": ["chunk-0.nc", "chunk-1.nc"], "A": ["chunk-0.nc"]}
