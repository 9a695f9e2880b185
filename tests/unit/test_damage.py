"""A step refuses inputs that are not what their steps wrote, and names files that are gone."""

import subprocess
import sys
from types import SimpleNamespace

import pytest

from multisource.damage import check_inputs, clock_note, find_damage, fingerprint, note
from multisource.errors import UserError
from multisource.steps import step

HEAD = "results/head"


def job(rule: str, inputs: list[str], outputs: list[str]) -> SimpleNamespace:
    return SimpleNamespace(
        rule=rule,
        input=inputs,
        output=outputs,
        log=[f"{HEAD}/logs/{rule}.log"],
        resources=SimpleNamespace(mem_mb=1000),
        threads=1,
    )


@pytest.fixture
def gain(tmp_path, monkeypatch):
    """A file of 100 kB that a step has written."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / HEAD / "gain.npy"
    path.parent.mkdir(parents=True)
    with step(job("compute_bem", [], [f"{HEAD}/gain.npy"])):
        path.write_bytes(bytes(range(250)) * 400)
    return path


def test_fingerprint_is_the_size_and_crc(tmp_path):
    (tmp_path / "a").write_bytes(b"123456789")
    # The check value of CRC-32 (ISO-HDLC) in every catalogue of them.
    assert fingerprint(tmp_path / "a") == "9-cbf43926"


def flip(path, place):
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


def truncate(path, size):
    path.write_bytes(path.read_bytes()[:size])


DAMAGES = [(flip, 0), (flip, 54321), (truncate, 99_999), (truncate, 0)]


@pytest.mark.parametrize(("damage", "place"), DAMAGES)
def test_a_damaged_input_is_refused_in_one_line(gain, damage, place, capsys):
    damage(gain, place)
    with pytest.raises(SystemExit), step(job("solve", [f"{HEAD}/gain.npy"], [])):
        pass
    line = (
        f"multisource: {HEAD}/gain.npy: damaged or changed since step compute_bem wrote it; "
        "delete it, and run the same command again\n"
    )
    assert capsys.readouterr().err == "\n" + line
    assert find_damage(HEAD) == {"missing": [], "damaged": [f"{HEAD}/gain.npy"]}


def test_whole_and_unknown_inputs_pass(gain, tmp_path):
    (tmp_path / "mine.tsv").write_text("x")
    check_inputs([f"{HEAD}/gain.npy", "mine.tsv"], HEAD)
    check_inputs([f"{HEAD}/gain.npy"], "results/other")
    assert note(HEAD) == "" and find_damage(HEAD) == {"missing": [], "damaged": []}


def test_records_without_checksums_refuse_nothing(gain):
    record = gain.parent / "versions/compute_bem.json"
    record.write_text(record.read_text().replace("checksums", "unknown"))
    flip(gain, 3)
    check_inputs([f"{HEAD}/gain.npy"], HEAD)


def test_the_command_lists_and_removes(gain):
    def command(*arguments):
        line = [sys.executable, "-m", "multisource.damage", *arguments, HEAD]
        return subprocess.run(line, capture_output=True, text=True)

    assert (command().returncode, command().stdout) == (0, "")
    flip(gain, 7)
    assert (command().returncode, command().stdout) == (1, f"damaged: {HEAD}/gain.npy\n")
    assert command("--remove").stdout == f"{HEAD}/gain.npy\n" and not gain.exists()
    assert command().stdout == f"missing: {HEAD}/gain.npy\n"
    assert f"gone (1: {HEAD}/gain.npy)" in note(HEAD)


def test_a_step_that_was_refused_is_a_user_error(gain):
    flip(gain, 9)
    with pytest.raises(UserError, match="gain.npy: damaged"):
        check_inputs([f"{HEAD}/gain.npy"], HEAD)


def test_a_clock_that_was_set_back_is_told(gain):
    assert clock_note(HEAD) == clock_note("results/none") == ""
    made = (gain.parent / "versions/compute_bem.json").stat().st_mtime
    assert clock_note(HEAD, now=made - 60) == ""
    assert "The clock is 7200 s behind the files in results/head" in clock_note(
        HEAD, now=made - 7200
    )
