"""Random nonsense for every reader of what users write: refused in lines, never by a traceback.

python tests/faults/fuzz.py [--count 300] [--seed 1]
"""

from __future__ import annotations

import argparse
import copy
import json
import random
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

from multisource.anatomy.scenarios import read_scenarios
from multisource.channels.lists import read_channel_list
from multisource.config.check import check_values
from multisource.errors import UserError
from multisource.experiments.one_change import read_changes
from multisource.montage.coordsystem import read_coordsystem
from multisource.montage.placement import place
from multisource.montage.standard import ten_five
from multisource.montage.target import packaged_target
from multisource.simulation.ar_io import read_models
from strict_yaml import YamlMistake, load_text

REPOSITORY = Path(__file__).parents[2]
CHANNELS = "channels-natview.tsv"
SCHEMA = REPOSITORY / "workflow/schemas/config.schema.yaml"
ODD: list[Any] = [
    *(None, True, False, 0, 1, -1, 2, 10**9, 10**30, -0.0, 0.5, 1e-300, 1e300, 30.0),
    *(float("nan"), float("inf"), "", " ", "x", "test", "train", "-x", "a b", "{x}", "a\n"),
    *("../x", "é", "1e3", "nan", "yes", "%s", "{wildcards}", "a" * 300),
    *([], [[]], [None], [0], [1, 2], [2, 1], [1, 2, 3], ["x", "x"], [0.5, float("nan")]),
    *({}, {"a": 1}, {"chance": 1}, {"test": 1}, {"": {}}),
]


def places(part: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the place of every value in a configuration."""
    pairs = part.items() if isinstance(part, dict) else enumerate(part)
    for key, value in pairs:
        yield (*path, key)
        if isinstance(value, dict | list):
            yield from places(value, (*path, key))


def spoilt_config(config: dict[str, Any], draw: random.Random) -> dict[str, Any]:
    """Change, remove or add one to three values anywhere."""
    config = copy.deepcopy(config)
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        *path, last = draw.choice(list(places(config)))
        part = config
        for key in path:
            part = part[key]
        action = draw.random()
        if action < 0.7:
            part[last] = copy.deepcopy(draw.choice(ODD))
        elif action < 0.85 and isinstance(part, dict):
            del part[last]
        elif isinstance(part, dict):
            part[draw.choice([o for o in ODD if isinstance(o, str)])] = draw.choice(ODD)
    return config


def spoilt_text(text: str, draw: random.Random) -> bytes:
    """Change single bytes, cut, double or shuffle lines."""
    content = bytearray(text.encode())
    for _ in range(draw.randint(1, 6)):
        action = draw.random()
        place = draw.randrange(max(1, len(content)))
        if action < 0.5 and content:
            content[place] = draw.choice(b"\t\n:#-{}[]&*!'\"%@,0123456789.aeNn\0\xff ")
        elif action < 0.6:
            del content[place:]
        elif action < 0.8:
            del content[place : place + draw.randint(1, 30)]
        else:
            lines = content.splitlines(keepends=True)
            at = draw.randrange(max(1, len(lines)))
            content = bytearray(b"".join(lines[: at + 1] + lines[at : at + 1] + lines[at + 1 :]))
    return bytes(content)


def in_place_of(read: Callable[[Path], Any], name: str = "table.tsv") -> Callable[[bytes], Any]:
    """Return a function that reads content as a file."""

    def function(content: bytes) -> Any:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, name)
            path.write_bytes(content)
            return read(path)

    return function


def main() -> None:
    """Run the fuzz, and print a table of what was taken, refused and not understood."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    draw = random.Random(options.seed)
    config = yaml.safe_load((REPOSITORY / "config/config.yaml").read_text())

    def check(spoilt: dict[str, Any]) -> None:
        lines = check_values(spoilt, schema=SCHEMA)[1].lines
        assert all("\n" not in line and len(line) < 1000 for line in lines), lines
        if lines:
            raise UserError("\n".join(lines))

    resources = REPOSITORY / "resources"
    kinds: dict[str, tuple[Callable[[], Any], Callable[[Any], Any]]] = {
        "configuration": (lambda: spoilt_config(config, draw), check)
    }
    target = packaged_target()
    names, standard = read_channel_list(resources / CHANNELS), ten_five(target)
    rows = ["\t".join(map(str, [name, *standard[name].round(2)])) for name in names]
    system = {"EEGCoordinateSystem": "CTF", "EEGCoordinateUnits": "mm"}
    system["AnatomicalLandmarkCoordinates"] = {
        "NAS": [9, 0, 1],
        "LPA": [0, 7, 0],
        "RPA": [0, -7, 0],
    }
    texts = {
        "electrodes": (
            "\n".join(["name\tx\ty\tz", *rows]),
            lambda path: place(target, names[:9], path),
        ),
        "coordinates": (json.dumps(system, indent=1), read_coordsystem),
    }
    for name, (text, read) in texts.items():
        kinds[name] = (lambda text=text: spoilt_text(text, draw), in_place_of(read))
    for name, source, read in (
        ("YAML", "scenarios.yaml", lambda p: load_text(p.read_bytes().decode("latin-1"), "x")),
        ("scenarios", "scenarios.yaml", read_scenarios),
        ("AR models", "ar-models.yaml", lambda path: read_models(path, sfreq=250.0)),
        ("experiments", "experiments.yaml", read_changes),
        ("channels", CHANNELS, read_channel_list),
    ):
        text = (resources / source).read_text()
        kinds[name] = (lambda text=text: spoilt_text(text, draw), in_place_of(read))
    failed = 0
    print(f"{'kind':15} {'tried':>6} {'taken':>6} {'refused':>8} {'traceback':>10}")
    for name, (make, read) in kinds.items():
        taken = refused = broken = 0
        for _ in range(options.count):
            spoilt = make()
            try:
                read(spoilt)
                taken += 1
            except (UserError, YamlMistake):
                refused += 1
            except Exception as error:
                broken += 1
                print(f"  {type(error).__name__}: {error!s:.300}", file=sys.stderr)
        failed += broken
        print(f"{name:15} {options.count:6} {taken:6} {refused:8} {broken:10}", flush=True)
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
