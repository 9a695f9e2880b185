"""Where a head can come from, by name. A new one is a file and a line; see docs/add-your-own.md."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from multisource.anatomy.contract import HeadPreparation, HeadProvider
from multisource.registry import Registry

# The Snakefile reads PROVIDERS in every job: nothing heavy is imported here.
if TYPE_CHECKING:
    from multisource.anatomy.head import Head

PROVIDERS = Registry(
    "anatomy.provider",
    HeadProvider,
    {
        "fsaverage": "multisource.anatomy.fsaverage:fsaverage_head",
        "samseg": "multisource.anatomy.samseg_head:samseg_head",
        "freesurfer": "multisource.anatomy.freesurfer:freesurfer_head",
    },
)
# Only of providers whose input other rules prepare.
PREPARATIONS = Registry(
    "anatomy.provider",
    HeadPreparation,
    {
        "samseg": "multisource.anatomy.samseg_inputs:samseg_inputs",
        "freesurfer": "multisource.anatomy.freesurfer_run:freesurfer_inputs",
    },
)


def make_head(provider: str, **options: Any) -> Head:
    """Build and validate a head.

    Parameters
    ----------
    provider : str
        A name of ``PROVIDERS``.
    **options : object
        Arguments of the provider's function.

    Returns
    -------
    Head
        A head that passed ``head.validate``.

    Raises
    ------
    UserError
        For an unknown provider or option, or a head that does not validate.
    """
    from multisource.anatomy.head import validate

    head: Head = PROVIDERS.call(provider, given={}, chosen=options)
    validate(head)
    return head
