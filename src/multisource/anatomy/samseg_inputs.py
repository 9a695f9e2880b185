"""What the head of the provider ``samseg`` is made from."""

from __future__ import annotations

from collections.abc import Callable

from multisource.anatomy.contract import HeadInputs, InputFile
from multisource.errors import UserError


def samseg_inputs(
    results: str, find: Callable[[str, str], str], *, t1: InputFile | None = None
) -> HeadInputs:
    """Return the segmentation that the rule segment_t1 makes from a T1.

    Parameters
    ----------
    results : str
        Folder of the head's results.
    find : callable
        See :class:`~multisource.anatomy.contract.HeadPreparation`.
    t1 : str or path, optional
        A T1 of the whole head, NIfTI or MGZ.

    Returns
    -------
    HeadInputs
        The segmentation as argument and file, and the T1.

    Raises
    ------
    UserError
        Where no T1 is named.
    """
    if not t1:
        raise UserError("anatomy.samseg.t1: null; name the T1 of the head (NIfTI or MGZ)")
    scan = find("t1", str(t1))
    segmentation = f"{results}/anatomy/mri/samseg.nii.gz"
    return HeadInputs({"segmentation": segmentation}, (segmentation,), scan)
