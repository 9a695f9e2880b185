"""Registries: names that stand for functions, whose signatures say what they are given."""

import inspect
import subprocess
import sys
from typing import Protocol

import pytest

from multisource.anatomy.providers import PREPARATIONS, PROVIDERS
from multisource.errors import UserError
from multisource.fem.backends import BACKENDS
from multisource.fem.source_models import SOURCE_MODELS
from multisource.inverse.registry import SOLVERS
from multisource.network.registry import NETWORKS
from multisource.registry import REQUIRED, Registry, signature
from multisource.simulation.registry import DISTURBANCES

REGISTRIES = {
    "solver": SOLVERS,
    "network": NETWORKS,
    "source model": SOURCE_MODELS,
    "backend": BACKENDS,
    "head provider": PROVIDERS,
    "head preparation": PREPARATIONS,
    "disturbance": DISTURBANCES,
}
ENTRIES = [(kind, name) for kind, registry in REGISTRIES.items() for name in registry]


class Smoother(Protocol):
    def __call__(self, edges: object, *, epsilon: float, steps: int) -> object: ...


SMOOTHERS = Registry(
    "smoother",
    Smoother,
    {
        "prior": "multisource.inverse.smooth_prior:smooth_prior",
        "laplacian": "multisource.inverse.loreta:laplacian",
        "gone": "multisource.inverse.loreta:gone",
        "nowhere": "multisource.inverse.nowhere:build",
    },
)


@pytest.mark.parametrize(("kind", "name"), ENTRIES)
def test_every_entry_keeps_its_contract(kind, name):
    registry = REGISTRIES[kind]
    registry.options(name)
    # What is read from the source is what the function has.
    read, real = signature(registry[name]), inspect.signature(registry.load(name)).parameters
    assert list(read.positional) == [
        p.name for p in real.values() if p.kind is p.POSITIONAL_OR_KEYWORD
    ]
    assert read.options == {p.name: p.default for p in real.values() if p.kind is p.KEYWORD_ONLY}


def test_what_is_offered_is_passed_to_those_that_ask():
    assert SOLVERS.offered("mne") == ["kind", "snr", "noise_covariance"]
    assert SOLVERS.offered("loreta") == ["snr", "noise_covariance"]
    assert SOLVERS.offered("invertmeeg") == ["sfreq"]
    assert SOLVERS.options("invertmeeg")["solver"] is REQUIRED


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mean", "smoother: 'mean'; allowed: prior, laplacian"),
        ("prior", r"takes \(operator, epsilon, weights\) by position; its contract says \(edges\)"),
        ("gone", "loreta.py has no function gone"),
        ("nowhere", "no module multisource.inverse.nowhere"),
    ],
)
def test_a_line_that_does_not_fit_is_named(name, message):
    with pytest.raises(UserError, match=message):
        SMOOTHERS.check(name, {})


def test_options_are_checked_before_the_call():
    with pytest.raises(UserError, match="laplacian: unknown option 'edge'; allowed: none"):
        SMOOTHERS.check("laplacian", {"edge": 1})
    with pytest.raises(UserError, match="invertmeeg: option 'solver' is missing"):
        SOLVERS.check("invertmeeg", {})


def test_nothing_heavy_is_imported_to_read_options():
    code = (
        "import sys, multisource.inverse.registry as i, multisource.network.registry as n,"
        "multisource.fem.backends as b, multisource.fem.source_models as s,"
        "multisource.anatomy.inputs as a;"
        "every = i.SOLVERS, n.NETWORKS, b.BACKENDS, s.SOURCE_MODELS, a.PROVIDERS, a.PREPARATIONS;"
        "[r.options(k) for r in every for k in r];"
        "[r.load(k) for r in (b.BACKENDS, a.PREPARATIONS) for k in r];"
        "sys.exit(bool({'mne', 'torch', 'scipy', 'numpy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
