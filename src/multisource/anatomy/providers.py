"""Where a head can come from: provider name -> "module:function" that returns a Head."""

from __future__ import annotations

from importlib import import_module

from multisource.anatomy.head import Head, validate
from multisource.errors import UserError

PROVIDERS = {
    "fsaverage": "multisource.anatomy.fsaverage:fsaverage_head",
    "samseg": "multisource.anatomy.samseg_head:samseg_head",
    "freesurfer": "multisource.anatomy.freesurfer:freesurfer_head",
}


def make_head(provider: str, **options) -> Head:
    """Build and validate a head by the provider's function, called with ``options``.

    Raises UserError for an unknown provider or a head that does not validate.
    """
    if provider not in PROVIDERS:
        raise UserError(f"anatomy.provider: {provider!r} is unknown; use one of {list(PROVIDERS)}")
    module, function = PROVIDERS[provider].split(":")
    head = getattr(import_module(module), function)(**options)
    validate(head)
    return head
