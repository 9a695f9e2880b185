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
    WHITE_MATTER: (2, 41, 7, 46, 16, 77, 78, 79, 85, 192, *range(250, 256)),
    GREY_MATTER: (3, 42, 8, 47, 10, 49, 11, 50, 12, 51, 13, 52, 17, 53, 18, 54, 26, 58, 28, 60, 80),
    CSF: (4, 5, 14, 15, 24, 30, 31, 43, 44, 62, 63, 72, 257),
    SKULL: (SKULL_LABEL,),
    SCALP: (258, 259),
}


def tissues_of(labels: np.ndarray) -> np.ndarray:
    """Give each label of a segmentation its tissue.

    Parameters
    ----------
    labels : ndarray of int
        FreeSurfer's label numbers, in any shape. Cortical parcels (aparc+aseg, 1000 to 2999) are
        grey matter, parcels of white matter (3000 to 4999) white matter.

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
    table = np.full(max(int(labels.max()), 5000) + 1, 255, dtype=np.uint8)
    table[0] = AIR
    table[1000:3000], table[3000:5000] = GREY_MATTER, WHITE_MATTER
    for tissue, members in LABELS_OF_TISSUE.items():
        table[list(members)] = tissue
    tissues = table[labels]
    if (tissues == 255).any():
        strange = int(labels[tissues == 255].flat[0])
        raise UserError(f"label {strange} of the segmentation is in no tissue table")
    return tissues
