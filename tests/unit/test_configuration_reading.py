"""Snakemake reads configurations strictly: a refusal is one line, and no code of a file runs."""

import pytest
from snakemake import cli
from snakemake.common import configfile
from snakemake.settings import types

from multisource.errors import UserError
from multisource.yaml_files import check_files, read_mapping
from snakemake_logger_plugin_multisource.configuration import (
    load_configfile,
    missing_file,
    parse_config,
)


def test_snakemake_reads_with_these_functions():
    assert configfile.load_configfile is load_configfile is types.load_configfile
    assert cli.parse_config is parse_config


def refusal(function, argument) -> str:
    with pytest.raises(SystemExit) as refused:
        function(argument)
    assert "\n" not in refused.value.code
    return refused.value.code


YTE = "__use_yte__: true\nseed: ?open('made', 'w').write('x')\n"


def test_code_in_a_file_runs_only_where_the_user_allows_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "mine.yaml"
    path.write_text(YTE)
    line = refusal(load_configfile, path)
    assert line.startswith(f"config: {path}: __use_yte__") and "MULTISOURCE_ALLOW_YTE=1" in line
    with pytest.raises(UserError, match="__use_yte__"):
        check_files([path])
    assert not (tmp_path / "made").exists()
    monkeypatch.setenv("MULTISOURCE_ALLOW_YTE", "1")
    assert load_configfile(path) == {"seed": 1}
    check_files([path])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("- a\n- b\n", "holds a list; write keys at its top level"),
        ("seed", "holds a single value"),
        ("seed: 1\nhead: a\nseed: 2\n", "line 3: the key 'seed' stands in line 1 already"),
    ],
)
def test_files_are_refused_in_one_line(tmp_path, content, words):
    path = tmp_path / "mine.yaml"
    path.write_text(content)
    assert words in refusal(load_configfile, path)
    with pytest.raises(UserError) as refused:
        check_files([path, path])
    assert words in str(refused.value) and "\n" not in str(refused.value)


@pytest.mark.parametrize("content", ["", "# nothing\n", "---\n"])
def test_an_empty_file_changes_nothing(tmp_path, content):
    path = tmp_path / "mine.yaml"
    path.write_text(content)
    assert load_configfile(path) == {}
    check_files([path])


PAIRS = [
    (["seed=3", "head=mine"], {"seed": 3, "head": "mine"}),
    (["head=2024-01-01"], {"head": "2024-01-01"}),
    (["inverse={snr: 5}", "inverse={smooth: 1}"], {"inverse": {"snr": 5, "smooth": 1}}),
    (["electrodes={channels: [Cz, Pz]}"], {"electrodes": {"channels": ["Cz", "Pz"]}}),
    (None, {}),
]


@pytest.mark.parametrize(("pairs", "config"), PAIRS)
def test_pairs_of_the_command_line_are_read(pairs, config):
    assert parse_config(pairs) == config


@pytest.mark.parametrize(
    ("pair", "words"),
    [
        ("inverse.snr=5", "write it --config 'inverse={snr: 5}'"),
        ("leadfield.fem.depth=0.3", "write it --config 'leadfield={fem: {depth: 0.3}}'"),
        ("seed", "write --config seed=<value>"),
        ("=3", "unknown key ''"),
        ("9=3", "unknown key '9'"),
        ("inverse={snr: 5, snr: 6}", "the key 'snr' stands in line 1 already"),
        ("inverse={snr: 5", "not valid YAML"),
        ("inverse={a: !!python/name:os.system ''}", "the tag !!python/name:os.system"),
    ],
)
def test_pairs_are_refused_in_one_line(pair, words):
    line = refusal(parse_config, [pair])
    assert line.startswith("config: --config ") and words in line


def test_a_target_after_configfile_is_explained(tmp_path):
    mine = tmp_path / "mine.yaml"
    mine.touch()
    words = ["--cores", "2", "--configfile", str(mine), "leadfields", "-n"]
    line = missing_file(words, "leadfields")
    assert line.endswith(f"write it after '--': snakemake ... --configfile {mine} -- leadfields")
    assert missing_file([], "no.yaml") == "file 'no.yaml' does not exist"


def test_a_table_must_be_a_mapping(tmp_path):
    path = tmp_path / "table.yaml"
    for text, words in (("", "holds no scenario"), ("- a", "not a mapping"), ("a: on", "line 1")):
        path.write_text(text)
        with pytest.raises(UserError, match=words):
            read_mapping(path, "scenario")
