"""YAML and JSON files that people write: read as meant, or refused in one line that says where.

What YAML 1.1 does silently is refused here: a key that stands twice, yes and no as truth values,
dates, numbers of base 8 and 60, not-a-number, tags that make objects of a program, aliases that
grow without end. Numbers are read as people write them (1e-8).

The logger plugin reads a study's configuration with it before the workflow does, so that it must
not import the package ``multisource``: the copy of it that is installed need not be the one beside
the workflow.
"""

from strict_yaml.builder import load_text
from strict_yaml.configuration import load_configuration, may_run_code
from strict_yaml.files import load_file, read_text
from strict_yaml.mistake import YamlMistake

__all__ = [
    "YamlMistake",
    "load_configuration",
    "load_file",
    "load_text",
    "may_run_code",
    "read_text",
]
