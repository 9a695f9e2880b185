"""Registries: names in the configuration that stand for functions of the package.

A registry maps a name to a line ``"module:function"``, where a class will do for a function, and
says by which contract it is called. Contracts are Protocols: the positional arguments of
``__call__`` are passed to every function, its keyword-only arguments are offered, and passed to
functions that name them. All other keyword-only arguments of a function are its options, which the
configuration sets.

Signatures are read from the source: the Snakefile, which every job parses, asks for options and
must not import torch or MNE-Python for it.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from multisource.errors import UserError
from multisource.provenance import module_path

REQUIRED = inspect.Parameter.empty


@dataclass(frozen=True)
class Signature:
    """Arguments of a function.

    Attributes
    ----------
    positional : tuple of str
        Names of the arguments that may be passed by position, in their order.
    options : mapping
        Keyword-only argument -> default; ``REQUIRED`` where there is no default.
    files : tuple of str
        Those of the options that are annotated as an ``InputFile``.
    returns : str
        The annotation of what it returns.
    """

    positional: tuple[str, ...]
    options: Mapping[str, Any]
    files: tuple[str, ...] = ()
    returns: str = ""


class Registry(Mapping[str, str]):
    """Entries of one kind, by name.

    Parameters
    ----------
    key : str
        What chooses an entry, as messages call it: ``kind``, ``anatomy.provider``.
    contract : type or mapping of str to type
        The Protocol that every function keeps, or {function name: Protocol} where the name of the
        function says which of several it keeps.
    lines : mapping of str to str
        Name -> "module:function".
    """

    def __init__(
        self, key: str, contract: type | Mapping[str, type], lines: Mapping[str, str]
    ) -> None:
        self.key = key
        self._contract = contract
        self._lines = dict(lines)

    def __getitem__(self, name: str) -> str:
        """Return the line of an entry; raise UserError for a name that is not registered."""
        if name not in self._lines:
            raise UserError(f"{self.key}: {name!r}; allowed: {', '.join(self._lines)}")
        return self._lines[name]

    def __contains__(self, name: object) -> bool:
        return name in self._lines

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines)

    def __len__(self) -> int:
        return len(self._lines)

    def contract(self, name: str) -> Signature:
        """Return what the contract of an entry passes and offers.

        Parameters
        ----------
        name : str
            The entry.

        Returns
        -------
        Signature
            Passed arguments as ``positional``, offered ones as ``options``.

        Raises
        ------
        UserError
            If the entry's function has the name of no contract.
        """
        if isinstance(self._contract, type):
            return _contract_signature(self._contract)
        function = self[name].partition(":")[2]
        if function not in self._contract:
            raise UserError(
                f"{self.key}: {name}: its function is called {function!r}; call it "
                f"{' or '.join(self._contract)}"
            )
        return _contract_signature(self._contract[function])

    def offered(self, name: str) -> list[str]:
        """Return the arguments of the contract that an entry's function asks for by name.

        Parameters
        ----------
        name : str
            The entry.

        Returns
        -------
        list of str
            Keyword-only arguments.
        """
        offered = self.contract(name).options
        return [option for option in signature(self[name]).options if option in offered]

    def options(self, name: str) -> dict[str, Any]:
        """Return the options of an entry.

        Parameters
        ----------
        name : str
            The entry.

        Returns
        -------
        dict
            Option -> default, ``REQUIRED`` where one must be given.

        Raises
        ------
        UserError
            If the name is not registered, or the function's positional arguments are not those of
            its contract.
        """
        contract, own = self.contract(name), signature(self[name])
        if own.positional != contract.positional:
            raise UserError(
                f"{self.key}: {name}: {self[name]} takes ({', '.join(own.positional)}) by "
                f"position; its contract says ({', '.join(contract.positional)})"
            )
        return {key: value for key, value in own.options.items() if key not in contract.options}

    def load(self, name: str) -> Callable[..., Any]:
        """Import the function of an entry.

        Parameters
        ----------
        name : str
            The entry.

        Returns
        -------
        callable
            The function, or class.
        """
        return load(self[name])

    def call(
        self, name: str, *arguments: Any, given: Mapping[str, Any], chosen: Mapping[str, Any]
    ) -> Any:
        """Call the function of an entry.

        Parameters
        ----------
        name : str
            The entry.
        *arguments : Any
            What the contract passes by position.
        given : mapping
            Values of what the contract offers; those that the function names are passed.
        chosen : mapping
            Values of the function's options.

        Returns
        -------
        Any
            What the function returns.

        Raises
        ------
        UserError
            If the name is not registered, or an option is unknown or missing.
        """
        self.check(name, chosen)
        asked = {key: given[key] for key in self.offered(name) if key in given}
        return self.load(name)(*arguments, **asked, **chosen)

    def check(self, name: str, chosen: Mapping[str, Any]) -> None:
        """Check the options that are chosen for an entry.

        Parameters
        ----------
        name : str
            The entry.
        chosen : mapping
            Values of the function's options.

        Raises
        ------
        UserError
            For an unknown name or option, or an option that is missing.
        """
        allowed = self.options(name)
        for option in chosen:
            if option not in allowed:
                known = ", ".join(allowed) or "none"
                raise UserError(f"{name}: unknown option {option!r}; allowed: {known}")
        for option, default in allowed.items():
            if default is REQUIRED and option not in chosen:
                raise UserError(f"{name}: option {option!r} is missing")


def load(line: str) -> Any:
    """Import what a line names.

    Parameters
    ----------
    line : str
        "module:name".

    Returns
    -------
    Any
        The function, class or registry.
    """
    module, _, function = line.partition(":")
    return getattr(import_module(module), function)


@cache
def signature(line: str) -> Signature:
    """Return the arguments of the function of a line, read from its source.

    Parameters
    ----------
    line : str
        "module:function".

    Returns
    -------
    Signature
        Its arguments; of a class, those of ``__init__``.

    Raises
    ------
    UserError
        If there is no such module in the package, or no such function in the module.
    """
    module, _, function = line.partition(":")
    try:
        path = module_path(module)
    except ModuleNotFoundError as error:
        raise UserError(f"registry line {line!r}: {error}") from None
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == function:
            return _signature(node)
        if isinstance(node, ast.ClassDef) and node.name == function:
            own = [n for n in node.body if isinstance(n, ast.FunctionDef) and n.name == "__init__"]
            return _signature(own[0], first=1) if own else Signature((), {})
    raise UserError(f"registry line {line!r}: {path} has no function {function}")


def _signature(node: ast.FunctionDef, first: int = 0) -> Signature:
    named = [*node.args.posonlyargs, *node.args.args][first:]
    options = zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
    return Signature(
        tuple(argument.arg for argument in named),
        {argument.arg: _value(default) for argument, default in options},
        tuple(
            argument.arg
            for argument in node.args.kwonlyargs
            if argument.annotation and "InputFile" in ast.unparse(argument.annotation)
        ),
        ast.unparse(node.returns) if node.returns else "",
    )


def _value(default: ast.expr | None) -> Any:
    if default is None:
        return REQUIRED
    try:
        return ast.literal_eval(default)
    except ValueError:
        return ast.unparse(default)


@cache
def _contract_signature(contract: type) -> Signature:
    parameters = list(inspect.signature(contract.__call__).parameters.values())[1:]
    return Signature(
        tuple(p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD),
        {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY},
    )
