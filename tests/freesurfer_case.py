"""A finished FreeSurfer subject, written by nibabel from the template head."""

from pathlib import Path

import nibabel
import numpy as np
from nibabel.affines import apply_affine as apply

from multisource.anatomy import voxels
from multisource.anatomy.head import CORTEX, CSF, GREY_MATTER, SHELLS, WHITE_MATTER, Head

# Scanner RAS of a conformed volume is surface RAS moved by c_ras.
C_RAS = np.array([3.0, -5.0, 7.0])


def write_subject(folder: Path, head: Head, *, scale: float) -> Path:
    """Write surf/, mri/ and bem/watershed/ of ``head``, the template at ``scale``."""
    for part in ("surf", "mri/transforms", "bem/watershed"):
        (folder / part).mkdir(parents=True)
    for name in CORTEX:
        nibabel.freesurfer.write_geometry(folder / "surf" / name, *head.surfaces[name])
    for name in SHELLS:
        path = folder / "bem" / "watershed" / f"{folder.name}_{name}_surface"
        nibabel.freesurfer.write_geometry(path, *head.surfaces[name])
    # A conformed 2 mm volume, stored as FreeSurfer does: left, inferior, anterior.
    shape = np.array([128, 128, 128])
    turn = 2.0 * np.array([[-1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
    affine = np.eye(4)
    affine[:3, :3] = turn
    affine[:3, 3] = C_RAS - turn @ (shape / 2)
    index = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), -1).reshape(-1, 3)
    aseg = _aseg(head, apply(affine, index) - C_RAS).reshape(shape).astype(np.int32)
    image = nibabel.freesurfer.MGHImage(aseg, affine)
    np.testing.assert_allclose(
        image.affine @ np.linalg.inv(image.header.get_vox2ras_tkr()) @ [0, 0, 0, 1], [*C_RAS, 1]
    )
    nibabel.save(image, folder / "mri" / "aseg.mgz")
    # Scanner RAS to MNI305.
    rows = np.column_stack([np.eye(3) / scale, -C_RAS / scale])
    text = "\n".join(" ".join(f"{value:.9f}" for value in row) for row in rows)
    (folder / "mri" / "transforms" / "talairach.xfm").write_text(
        f"MNI Transform File\n% made up\n\nTransform_Type = Linear;\nLinear_Transform = \n{text};\n"
    )
    return folder


def _aseg(head: Head, points: np.ndarray) -> np.ndarray:
    """aseg's numbers: thalamus and ventricle inside the white surfaces, cerebellum beyond."""
    tissue = head.tissue_at(points)
    inside = np.logical_or.reduce(
        [voxels.fill(*head.surfaces[n], head.tissues.shape, head.affine) for n in CORTEX[:2]]
    )
    grid = Head(head.surfaces, inside.astype(np.uint8), head.affine, head.fiducials, head.to_mni)
    deep = grid.tissue_at(points) == 1
    label = np.array([0, 7, 8, 24, 0, 0])[tissue]
    label[deep & (tissue == WHITE_MATTER)] = 2
    label[(label == 2) & (points[:, 0] > 0)] = 41
    label[deep & (tissue == GREY_MATTER)] = 10
    label[deep & (tissue == CSF)] = 4
    return label
