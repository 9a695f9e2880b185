"""A test set through another head's leadfield: what is borrowed, what reruns, what is refused."""

import shutil

import numpy as np
import pandas as pd
import yaml

from multisource.leadfield.forward import read_leadfield


def test_a_split_is_seen_through_another_head(study_copy):
    # The same head under another name and in another folder stands for somebody else.
    run = study_copy.snakemake("--cores", "1", "heads")
    assert run.returncode == 0, run.stdout + run.stderr
    results = study_copy.folder / "results/fsaverage"
    other = study_copy.folder / "elsewhere/someone"
    for part in ("leadfield", "subjects"):
        shutil.copytree(results / part, other / part)
    config = study_copy.with_config(
        "leadfield", "variants", value={"someone_else": {"head": "elsewhere/someone"}}
    )
    assert set(study_copy.planned(config=config)) <= {"render_report"}
    content = yaml.safe_load((study_copy.folder / config).read_text())
    content["simulation"]["splits"]["noisy"]["operator"] = "someone_else"
    (study_copy.folder / config).write_text(yaml.safe_dump(content))
    planned = study_copy.planned(config=config)
    assert planned["borrow_leadfield"] == planned["simulate_chunk"] == 1
    assert {"compare_heads", "measure_truth"} <= set(planned), "they take it as any operator"
    assert not {"compute_fem_variant", "write_subject", "compute_fem"} & set(planned)

    chunk = "results/fsaverage/simulation/noisy/chunk-0.nc"
    run = study_copy.snakemake("--cores", "1", chunk, config=config)
    assert run.returncode == 0, run.stdout + run.stderr
    own, borrowed = (
        read_leadfield(results / f"leadfield/{name}-fwd.fif") for name in ("fem", "someone_else")
    )
    # A file keeps seven digits of a gain, and of the turns between its axes and these.
    largest = np.abs(own.free).max()
    np.testing.assert_allclose(borrowed.free, own.free, atol=1e-5 * largest)
    matched = pd.read_csv(results / "leadfield/someone_else-matched.tsv", sep="\t")
    assert (matched["other"] == matched["dipole"]).all() and (matched["shared_by"] == 1).all()
    log = (results / "logs/borrow_leadfield/someone_else.log").read_text()
    assert "132 of the other head's 132 dipoles represent 132 of this head's, of which 0" in log

    # Another leadfield of that person is borrowed anew; one that is gone is missed before any job.
    assert "borrow_leadfield" not in study_copy.planned(chunk, config=config)
    there = other / "leadfield/fem-fwd.fif"
    shutil.copy(results / "leadfield/bem-fwd.fif", there)
    assert study_copy.planned(chunk, config=config)["borrow_leadfield"] == 1
    there.unlink()
    run = study_copy.snakemake("--cores", "1", chunk, config=config)
    assert run.returncode != 0 and "Traceback" not in run.stdout + run.stderr
    line = "leadfield.variants.someone_else.head: elsewhere/someone/leadfield/fem-fwd.fif is not"
    assert line in run.stdout + run.stderr
