"""What the head of a study is made from: read off the signature of its provider."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from multisource.anatomy.contract import HeadInputs
from multisource.anatomy.providers import PREPARATIONS, PROVIDERS
from multisource.registry import signature


def head_options(provider: str) -> list[str]:
    """Return what may stand under a provider's name in the configuration.

    Parameters
    ----------
    provider : str
        A name of ``PROVIDERS``.

    Returns
    -------
    list of str
        Options of the provider, then those of its preparation.
    """
    own = PROVIDERS.options(provider)
    return [*own, *(PREPARATIONS.options(provider) if provider in PREPARATIONS else ())]


def head_inputs(
    anatomy: Mapping[str, Any],
    *,
    results: str,
    find: Callable[[str, str], str],
    probe: bool,
) -> HeadInputs:
    """Return the arguments of the provider's function, and the files that it reads.

    Parameters
    ----------
    anatomy : mapping
        The section of the configuration: ``provider``, and options under the provider's name.
    results : str
        Folder of the head's results.
    find : callable
        As :class:`~multisource.anatomy.contract.HeadPreparation` takes it; the keys that it is
        given are whole, such as ``anatomy.samseg.t1``.
    probe : bool
        Whether to look at folders and programs. A job need not do so again.

    Returns
    -------
    HeadInputs
        Arguments, files, the T1, if there is one, and further files.

    Raises
    ------
    UserError
        For an unknown or missing option, or a file that does not exist.
    """
    provider = anatomy["provider"]
    chosen = dict(anatomy.get(provider) or {})
    prepared = HeadInputs()
    if provider in PREPARATIONS:
        options = PREPARATIONS.options(provider)
        prepared = PREPARATIONS.call(
            provider,
            results,
            lambda option, name: find(f"anatomy.{provider}.{option}", name),
            given={"probe": probe},
            chosen={key: chosen.pop(key) for key in options if key in chosen},
        )
    files = []
    for option in signature(PROVIDERS[provider]).files:
        if isinstance(chosen.get(option), str):
            chosen[option] = find(f"anatomy.{provider}.{option}", chosen[option])
            files.append(chosen[option])
    arguments = {**prepared.arguments, **chosen}
    PROVIDERS.check(provider, arguments)
    return HeadInputs(arguments, (*prepared.files, *files), prepared.t1, prepared.further)
