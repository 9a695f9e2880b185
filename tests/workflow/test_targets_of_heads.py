"""Several heads in one study: a dry run."""

import re
from pathlib import Path

import yaml

REPOSITORY = Path(__file__).parents[2]


def test_every_target_of_one_head_is_one_of_several(fresh):
    """Also on a cluster, where the steps of a head are grouped."""
    targets = re.findall(r"^rule (\w+):$", (REPOSITORY / "workflow/study.smk").read_text(), re.M)
    assert len(targets) >= 11 and {"leadfields", "curves", "frozen", "figures"} <= set(targets)
    tiny = yaml.safe_load((fresh.folder / "tiny.yaml").read_text())
    scaled = tiny["anatomy"] | {"fsaverage": {"voxel_mm": 4, "scale": 0.93}}
    heads = {"fsaverage": {}, "fsaverage-small": {"anatomy": scaled}}
    (fresh.folder / "two.yaml").write_text(yaml.safe_dump(tiny | {"heads": heads}))
    for where in ((), ("--workflow-profile", "profiles/slurm")):
        run = fresh.snakemake("--dry-run", *where, "--", "all", *targets, config="two.yaml")
        assert run.returncode == 0, run.stdout + run.stderr
        for head in ("fsaverage", "fsaverage_small"):
            assert f"rule {head}_render_report" in run.stdout
