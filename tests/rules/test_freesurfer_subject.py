"""A finished FreeSurfer subject walks through the rules to an operator."""

import json

import mne
import nibabel
import numpy as np
from freesurfer_case import write_subject

from multisource.anatomy.fsaverage import fsaverage_head


def test_subject_to_operator(fresh):
    write_subject(fresh.folder / "bert", fsaverage_head(voxel_mm=4, scale=0.93), scale=0.93)
    provider = {"provider": "freesurfer", "freesurfer": {"subject": "bert", "voxel_mm": 4}}
    config = fresh.with_config("anatomy", value=provider)
    with (fresh.folder / config).open("a") as file:
        file.write("head: bert\n")
    operator = "results/bert/leadfield/bem-fwd.fif"
    run = fresh.snakemake("--cores", "1", "--", operator, config=config)
    assert run.returncode == 0, run.stdout + run.stderr
    forward = mne.read_forward_solution(fresh.folder / operator, verbose="error")
    assert forward["nsource"] == 132 and np.isfinite(forward["sol"]["data"]).all()
    head = json.loads((fresh.folder / "results/bert/anatomy/head.json").read_text())
    scale = np.cbrt(np.linalg.det(np.array(head["to_mni"])[:3, :3]))
    assert abs(scale * 0.93 - 1) < 0.02, "talairach.xfm is what leads to MNI"

    assert fresh.planned("--", operator, config=config) == {}
    shell = fresh.folder / "bert/bem/watershed/bert_outer_skin_surface"
    vertices, triangles = nibabel.freesurfer.read_geometry(shell)
    nibabel.freesurfer.write_geometry(shell, 1.01 * vertices, triangles)
    assert "build_head" in fresh.planned("--", operator, config=config)
