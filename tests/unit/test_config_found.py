"""A mistake in the configuration is one line, whatever its keys are."""

from multisource.config.found import Found
from multisource.config.plain import plain_values


def test_a_key_with_a_line_break_is_told_in_one_line():
    found = Found()
    plain_values({"noise": {"a\nb\x1b[0m": float("inf"), "ä": float("nan")}}, found)
    assert found.lines == [
        "noise.a\\nb\\x1b[0m: inf: not a finite number; write one",
        "noise.ä: nan: not a finite number; write one",
    ]
