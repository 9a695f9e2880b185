"""Files of YAML are read as meant, or refused in one line with the number of the line in them."""

import codecs
import json

import pytest
import yaml
from config_case import REPOSITORY

from strict_yaml import YamlMistake, load_configuration, load_file, load_text

MEANT = [
    ("a: 1e3", {"a": 1000.0}),
    ("a: 1e-8", {"a": 1e-8}),
    ("a: [1.0e-08, .5, 5., -3, +4, 0, 1_000, 0x10]", {"a": [1e-8, 0.5, 5.0, -3, 4, 0, 1000, 16]}),
    ("a: ~\nb:\nc: null\nd: ''", {"a": None, "b": None, "c": None, "d": ""}),
    ("a: true\nb: False", {"a": True, "b": False}),
    ('"1": "yes"\nb: "2024-01-01"', {"1": "yes", "b": "2024-01-01"}),
    ("a: nan\nb: 1.2.3\nc: 0,5\nd: y", {"a": "nan", "b": "1.2.3", "c": "0,5", "d": "y"}),
    ("a: !!str 2024-01-01", {"a": "2024-01-01"}),
    ("x: &x {b: 2, c: 3}\na: {<<: *x, c: 4}", {"x": {"b": 2, "c": 3}, "a": {"b": 2, "c": 4}}),
    ("a: &a {b: 1}\nc: {<<: [*a, {b: 2, d: 3}]}", {"a": {"b": 1}, "c": {"b": 1, "d": 3}}),
    ("a: &a [1]\nb: *a", {"a": [1], "b": [1]}),
    ("# only a comment", None),
    ("---\n...\n", None),
    ("--- \na: |\n  two\n  lines\n", {"a": "two\nlines\n"}),
    ("a: [{b: 1}, []]", {"a": [{"b": 1}, []]}),
]


@pytest.mark.parametrize(("text", "value"), MEANT, ids=[text for text, _ in MEANT])
def test_what_is_meant_is_read(text, value):
    assert load_text(text, "mine.yaml") == value


BOMB = "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
REFUSED = [
    ("a: 1\nb: 2\na: 3", 3, "the key 'a' stands in line 1 already"),
    ("s:\n  b: 1\n  c: 2\n  b: 3", 4, "the key 's.b' stands in line 2 already"),
    ("s: {b: 1,\n b: 1}", 2, "'s.b' stands in line 1"),
    ("x: &x {b: 1}\na:\n  <<: *x\n  <<: *x", 4, "'a.<<' stands in line 3"),
    ("a:\n- <<: 3", 2, "merges mappings only"),
    (BOMB, 4, "stand for more than 10000 values"),
    ("a: &a\n  - *a", 2, "*a stands within itself"),
    ("a: *b", 1, "nothing above is named &b"),
    ("a: 1\nseed: !!python/name:os.system ''", 2, "seed: the tag !!python/name:os.system"),
    ("n: !!python/tuple [1, 3]", 1, "the tag !!python/tuple"),
    ("n: !!python/object/apply:os.system [ls]", 1, "the tag !!python/object/apply:os.system"),
    ("n: !mine {a: 1}", 1, "the tag !mine"),
    ("n: !!set {a}", 1, "the tag !!set"),
    ("n: !!binary aGk=", 1, "the tag !!binary"),
    ("head: 2024-01-01", 1, 'head: 2024-01-01: a date to YAML; quote it: "2024-01-01"'),
    ("head: 2024-1-1 10:00:00", 1, 'quote it: "2024-1-1 10:00:00"'),
    ("a:\n  seed: yes", 2, "a.seed: yes: a truth value to some readers of YAML"),
    ("a: OFF", 1, 'quote it: "OFF"'),
    ("recordings:\n  no: {file: x}", 2, "recordings: no: a truth value"),
    ("solvers: [mne, on]", 1, "solvers.1: on: a truth value"),
    ("1: 3", 1, 'the key 1 is no text; quote it: "1"'),
    ("1.50: 3", 1, 'the key 1.50 is no text; quote it: "1.50"'),
    ("true: 3", 1, 'the key true is no text; quote it: "true"'),
    ("? \n: 3", 1, "a key is empty"),
    (": 3", 1, "not valid YAML"),
    ("[a, b]: 3", 1, "a list or mapping stands as a key"),
    ("a: .nan", 1, ".nan: not a finite number"),
    ("a: [1, -.inf]", 1, "a.1: -.inf: not a finite number"),
    ("a: 1e999", 1, "1e999: not a finite number"),
    ("a: " + "1" * 5000, 1, "a number of 5000 digits"),
    ("a: 010", 1, 'without the leading zero, 10, or quote it: "010"'),
    ("a: 12:30", 1, 'a number of base 60 to YAML; quote it: "12:30"'),
    ("a: 1\n---\nb: 2", 2, "a second document (---) begins"),
    ("a: b: c", 1, "quote text that has a colon"),
    ("a:\n\t- b", 2, "indent with spaces, not with tabs"),
    ("a: [1, 2", 1, "not valid YAML"),
    ('a: "b', 1, "not valid YAML"),
    ("a: 1\nb: \x07", 2, "a control character"),
    ("[" * 60 + "]" * 60, 1, "levels deep"),
    ("a: {b: 1", 1, "not valid YAML"),
    ("a: %b", 1, "quote text that begins with %"),
    ("%YAML 3.0\n---\na: 1", 1, "not valid YAML"),
]


@pytest.mark.parametrize(("text", "line", "words"), REFUSED, ids=[t[:30] for t, _, _ in REFUSED])
def test_what_is_not_what_it_looks_like_is_refused(text, line, words):
    with pytest.raises(YamlMistake) as refused:
        load_text(text, "mine.yaml")
    told = str(refused.value)
    # A parser may notice what is not closed one line later.
    assert told.startswith((f"mine.yaml, line {line}: ", f"mine.yaml, line {line + 1}: not valid"))
    assert words in told and "\n" not in told and len(told) < 300


@pytest.mark.parametrize(
    "path", ["config/config.yaml", "config/paper.yaml", "resources/scenarios.yaml"]
)
def test_shipped_files_are_read_as_by_any_other_reader(path):
    path = REPOSITORY / path
    assert load_file(path) == yaml.safe_load(path.read_text(encoding="utf-8"))


TEXT = "head: kopf   # caf\u00e9\n"
ENCODED = {
    "utf-8": TEXT.encode(),
    "utf-8 with mark": codecs.BOM_UTF8 + TEXT.encode(),
    "latin-1": TEXT.encode("latin-1"),
    "utf-16 with mark": TEXT.encode("utf-16"),
    "utf-16-le": TEXT.encode("utf-16-le"),
    "utf-16-be": TEXT.encode("utf-16-be"),
    "utf-32": TEXT.encode("utf-32"),
    "carriage returns": TEXT.replace("\n", "\r\n").encode(),
}


@pytest.mark.parametrize("encoding", ENCODED)
def test_text_is_read_in_any_common_encoding(tmp_path, encoding):
    path = tmp_path / "mine.yaml"
    path.write_bytes(ENCODED[encoding])
    assert load_file(path) == {"head": "kopf"}


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("picture.yaml", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "no text file"),
        ("half.yaml", codecs.BOM_UTF16_LE + b"a\0b", "no UTF-16-LE; save it as UTF-8"),
        ("twice.json", b'{"a": 1, "a": 2}', "the key 'a' stands twice"),
        ("nan.json", b'{"a": NaN}', "NaN: not a finite number"),
        ("large.json", b'{"a": 1e999}', "1e999: not a finite number"),
        ("open.json", b'{"a": 1,\n', "line 2: not valid JSON"),
    ],
)
def test_files_that_are_refused(tmp_path, name, content, words):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(YamlMistake) as refused:
        load_file(path)
    assert str(refused.value).startswith(str(path)) and words in str(refused.value)


def test_missing_files_and_folders_are_named(tmp_path):
    with pytest.raises(YamlMistake, match="no-file.yaml: cannot be read .no such file"):
        load_file(tmp_path / "no-file.yaml")
    with pytest.raises(YamlMistake, match="a folder; name a file"):
        load_file(tmp_path)


def test_json_is_read(tmp_path):
    path = tmp_path / "mine.json"
    path.write_text(json.dumps({"a": {"b": [1, 2.5, None, True]}}, indent="\t"))
    assert load_file(path) == {"a": {"b": [1, 2.5, None, True]}}
    path.write_text("")
    assert load_configuration(path) == {}
