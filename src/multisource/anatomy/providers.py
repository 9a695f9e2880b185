"""Where a head can come from: provider name -> "module:function" that returns a Head."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from multisource.errors import UserError

# The Snakefile reads PROVIDERS in every job: nothing heavy is imported here.
if TYPE_CHECKING:
    from multisource.anatomy.head import Head

PROVIDERS = {"fsaverage": "multisource.anatomy.fsaverage:fsaverage_head"}


def make_head(provider: str, **options) -> Head:
    """Build and validate a head by the provider's function, called with ``options``.

    Raises UserError for an unknown provider or a head that does not validate.
    """
    if provider not in PROVIDERS:
        raise UserError(f"anatomy.provider: {provider!r} is unknown; use one of {list(PROVIDERS)}")
    from multisource.anatomy.head import validate

    module, function = PROVIDERS[provider].split(":")
    head = getattr(import_module(module), function)(**options)
    validate(head)
    return head
