"""Runtime settings live in the profiles: the whole study is planned for SLURM by a dry run."""

import re
from pathlib import Path

import pytest
import yaml

REPOSITORY = Path(__file__).parents[2]
SLURM = ("--dry-run", "--workflow-profile", "profiles/slurm")
# A dry run prints a step alone, or a group and, indented, its steps.
LINE = re.compile(r"(?:\[[^]]*\] )?Group job (\w+)|( *)rule (\w+):|\s+resources: (.*)")


def submissions(said):
    """Return [(name, [(rule, resources)])] of all that is submitted: a rule, or a group."""
    found = []
    for line in filter(None, map(LINE.match, said.splitlines())):
        group, indent, rule, resources = line.groups()
        if group or (rule and not indent):
            found.append((group or rule, []))
        if rule:
            found[-1][1].append((rule, {}))
        if resources:
            pairs = (pair.split("=", 1) for pair in resources.split(", "))
            found[-1][1][-1][1].update(pairs)
    return [(name, steps) for name, steps in found if name != "all"]


@pytest.fixture(scope="module")
def planned(tmp_path_factory):
    """What SLURM is given for the default study."""
    from conftest import Study

    study = Study.new(tmp_path_factory.mktemp("default"))
    run = study.snakemake(*SLURM, config="config/config.yaml")
    assert run.returncode == 0, run.stdout + run.stderr
    return submissions(run.stdout)


def test_default_study_takes_few_submissions(planned):
    steps = [step for _, group in planned for step, _ in group]
    assert len(steps) > 70 and {"build_head", "train_network", "render_report"} <= set(steps)
    assert len(planned) <= 40
    # A training holds a GPU: it is alone. So are the long steps that others wait for.
    alone = {group[0][0] for _, group in planned if len(group) == 1}
    assert {"train_network", "solve_transfer", "compute_fem", "compute_bem"} <= alone


def test_every_step_says_what_it_needs_and_groups_are_short(planned):
    for name, group in planned:
        for step, need in group:
            assert int(need["mem_mb"]) > 0 and int(need["runtime"]) > 0, step
            assert need["in_a_row"] == "1", "of a group one step runs at a time"
        assert sum(int(need["runtime"]) for _, need in group) <= 4 * 60, name


# Solvers that are tuned, variants of the leadfield, curves, recordings.
CONFIGS = ("tiny.yaml", "config/extended.yaml", "config/curves.yaml", "config/alpha.yaml")


@pytest.mark.parametrize("config", CONFIGS)
def test_groups_of_every_study_follow_each_other(fresh, config):
    """A group may not wait for a step that waits for the group: Snakemake refuses the study."""
    run = fresh.snakemake(
        *SLURM, "--", "all", "frozen", "curves", "recordings", "leadfields", config=config
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_trainings_of_a_cluster_run_side_by_side(planned):
    """The limit of one machine, in profiles/default, holds none of them back."""
    trainings = [need for _, group in planned for step, need in group if step == "train_network"]
    assert len(trainings) >= 2
    assert all(need["training"] == "0" for need in trainings)
    # Without a GPU, as the profile comes.
    assert all(need["runtime"] == "240" and not {"gpu", "gres"} & set(need) for need in trainings)
    default = yaml.safe_load((REPOSITORY / "profiles/default/profile.yaml").read_text())
    assert default["resources"] == {"training": 1}


ASKED = {"gpus": ("1", None, "60"), "gres": (None, "gpu:1", "60")}


def test_one_word_of_the_profile_says_how_a_gpu_is_asked_for(fresh):
    profile = fresh.folder / "profiles/slurm/profile.yaml"
    text = profile.read_text()
    for word, asked in ASKED.items():
        profile.write_text(text.replace("gpu_request: none", f"gpu_request: {word}"))
        run = fresh.snakemake(*SLURM, "--", "results/fsaverage/network/convnet/weights.safetensors")
        assert run.returncode == 0, run.stdout + run.stderr
        steps = dict(step for _, group in submissions(run.stdout) for step in group)
        training = steps["train_network"]
        assert (training.get("gpu"), training.get("gres"), training["runtime"]) == asked
    profile.write_text(text.replace("gpu_request: none", "gpu_request: a100"))
    run = fresh.snakemake(*SLURM)
    told = "profile: gpu_request: 'a100'; allowed: none, gpus, gres"
    assert run.returncode != 0 and told in run.stdout + run.stderr


def test_slurm_profile_stands_in_for_the_default():
    """It is loaded instead of profiles/default, so that what is said there is said again."""
    slurm, default = (
        yaml.safe_load((REPOSITORY / f"profiles/{name}/profile.yaml").read_text())
        for name in ("slurm", "default")
    )
    assert slurm | default == slurm | {"resources": {"training": 1}}
    assert slurm["executor"] == "slurm" and slurm["retries"] == 1


def test_profiles_hold_no_science_and_the_config_no_runtime():
    config = (REPOSITORY / "config/config.yaml").read_text()
    for word in ("threads", "mem_mb", "partition", "device", "cores:"):
        assert word not in config
