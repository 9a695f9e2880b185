"""FreeSurfer's label numbers, as SAMSEG and aseg use them, and the tissue of each."""

from __future__ import annotations

import numpy as np

from multisource.anatomy.head import AIR, CSF, GREY_MATTER, SCALP, SKULL, WHITE_MATTER
from multisource.errors import UserError

CORTEX_LABEL = {"lh": 3, "rh": 42}
WHITE_LABEL = {"lh": 2, "rh": 41}
# What the white surface of a hemisphere encloses besides white matter: lateral ventricles and
# their plexus, deep grey matter, hippocampus, amygdala.
FILLED_LABELS = {
    "lh": (4, 5, 10, 11, 12, 13, 17, 18, 26, 28, 31),
    "rh": (43, 44, 49, 50, 51, 52, 53, 54, 58, 60, 63),
}
SKULL_LABEL = 165

LABELS_OF_TISSUE = {
    WHITE_MATTER: (2, 41, 7, 46, 16, 77, 78, 79, 85, 99, 192, *range(250, 256)),
    GREY_MATTER: (
        *(3, 42, 8, 47, 10, 49, 11, 50, 12, 51, 13, 52, 17, 53, 18, 54, 26, 58, 28, 60),
        *(80, 81, 82),
    ),
    CSF: (4, 5, 14, 15, 24, 30, 31, 43, 44, 62, 63, 72, 257),
    SKULL: (SKULL_LABEL,),
    SCALP: (258, 259),
}


_NO_PARCEL = (5001, 5002)  # white matter of wmparc, left and right
# Blocks of numbers: white matter, cortex, their parcels (aparc+aseg, wmparc), and what wmparc
# leaves without a parcel.
_SIDE_BLOCKS = {
    "lh": ((2, 4), (1000, 2000), (3000, 4000), (5001, 5002)),
    "rh": ((41, 43), (2000, 3000), (4000, 5000), (5002, 5003)),
}


def is_of_side(labels: np.ndarray, side: str) -> np.ndarray:
    """Say where a segmentation has white matter or cortex of one hemisphere.

    Parameters
    ----------
    labels : ndarray of int
        FreeSurfer's label numbers, in any shape.
    side : str
        lh or rh.

    Returns
    -------
    ndarray of bool
        In the shape of ``labels``.
    """
    labels = np.asarray(labels)
    return np.logical_or.reduce([(labels >= a) & (labels < b) for a, b in _SIDE_BLOCKS[side]])


def tissues_of(labels: np.ndarray, *, name: str = "segmentation") -> np.ndarray:
    """Give each label of a segmentation its tissue.

    Parameters
    ----------
    labels : ndarray of int
        FreeSurfer's label numbers, in any shape. Cortical parcels (aparc+aseg, 1000 to 2999) are
        grey matter, parcels of white matter (wmparc, 3000 to 4999) and white matter that has none
        (5001, 5002) white matter.
    name : str
        Of the file, for the message.

    Returns
    -------
    ndarray of uint8
        Tissues in the shape of ``labels``: 0 air, 1 white matter, 2 grey matter, 3 CSF, 4 skull,
        5 scalp.

    Raises
    ------
    UserError
        Naming a label that is in no table.
    """
    labels = np.asarray(labels)
    table = np.full(max(int(labels.max()), _NO_PARCEL[-1]) + 1, 255, dtype=np.uint8)
    table[0] = AIR
    table[1000:3000], table[3000:5000] = GREY_MATTER, WHITE_MATTER
    table[list(_NO_PARCEL)] = WHITE_MATTER
    for tissue, members in LABELS_OF_TISSUE.items():
        table[list(members)] = tissue
    if labels.min() < 0:
        raise UserError(f"{name}: label {labels.min()} is no label of FreeSurfer or SAMSEG")
    tissues = table[labels]
    if (tissues == 255).any():
        strange, voxels = np.unique(labels[tissues == 255], return_counts=True)
        pairs = list(zip(strange, voxels, strict=True))
        told = ", ".join(f"{label} ({count})" for label, count in pairs[:8])
        raise UserError(
            f"{name}: labels of no known tissue (and their voxels): {told}; give them numbers of "
            "FreeSurfer's aseg, such as 2 and 41 for white matter, 3 and 42 for cortex"
        )
    return tissues
