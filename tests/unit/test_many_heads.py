"""Several heads in one study: their configurations, tables over all, maps on fsaverage."""

import json
from pathlib import Path

import mne
import numpy as np
import pandas as pd
import pytest
from config_case import default, mistakes
from scipy.spatial.transform import Rotation

from multisource.anatomy.io import write_surface
from multisource.config.heads import heads_of
from multisource.errors import UserError
from multisource.evaluation.across import across_frame, across_heads, across_markdown
from multisource.evaluation.heads import COLUMNS
from multisource.geometry.icosphere import icosphere
from multisource.judging.findings import Finding, write_findings
from multisource.recordings.on_template import on_template
from multisource.report.many_heads import folder_of, heads_page, judged_heads


def folder(key: str, name: str) -> Path:
    if not Path(name).is_dir():
        raise UserError(f"{key}: no folder")
    return Path(name)


def with_heads(**heads) -> dict:
    return default() | {"heads": heads}


@pytest.fixture
def data_set(tmp_path):
    (tmp_path / "dataset_description.json").write_text(json.dumps({"Name": "two people"}))
    for name in ("sub-01/anat/sub-01_T1w", "sub-02/ses-1/anat/sub-02_ses-1_run-1_T1w"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / f"{name}.nii.gz").touch()
        (tmp_path / f"{name}.json").touch()
    return tmp_path


def test_without_heads_there_is_none():
    assert heads_of(default(), folder) == {}


def test_each_head_has_its_own_settings_before_the_shared_ones():
    config = with_heads(
        a=None, b={"electrodes": {"montage": "{head}.tsv"}, "inverse": {"solvers": ["mne"]}}
    )
    config["seed"] = 7
    heads = heads_of(config, folder)
    assert list(heads) == ["a", "b"]
    assert heads["a"]["electrodes"] == default()["electrodes"]
    assert heads["b"]["electrodes"] == default()["electrodes"] | {"montage": "b.tsv"}
    assert heads["b"]["inverse"]["solvers"] == ["mne"]
    assert [one["seed"] for one in heads.values()] == [7, 7]
    assert not any("heads" in one for one in heads.values())


def test_a_data_set_stands_for_its_subjects(data_set):
    heads = heads_of(with_heads(people={"bids": str(data_set)}), folder)
    assert list(heads) == ["sub-01", "sub-02"]
    t1 = data_set / "sub-02/ses-1/anat/sub-02_ses-1_run-1_T1w.nii.gz"
    assert heads["sub-02"]["anatomy"]["samseg"]["t1"] == str(t1)
    assert heads["sub-02"]["anatomy"]["provider"] == "samseg"
    # A configuration of one head, with all keys.
    assert mistakes(heads["sub-01"]) == []


def test_a_data_set_may_come_through_freesurfer(data_set):
    anatomy = {"provider": "freesurfer", "freesurfer": {"subject": "derivatives/{head}"}}
    entry = {"bids": str(data_set), "subjects": [1], "anatomy": anatomy}
    heads = heads_of(with_heads(people=entry), folder)
    assert list(heads) == ["sub-01"]
    assert heads["sub-01"]["anatomy"]["freesurfer"]["subject"] == "derivatives/sub-01"
    assert heads["sub-01"]["anatomy"]["samseg"]["t1"] is None


def test_of_several_t1s_the_labels_choose(data_set):
    more = data_set / "sub-02/ses-1/anat/sub-02_ses-1_run-2_T1w.nii.gz"
    more.touch()
    entry = {"bids": str(data_set), "subjects": ["sub-02"]}
    with pytest.raises(UserError, match=r"sub-02 has 2 T1s: .*labels: {ses: 1, run: 1}"):
        heads_of(with_heads(people=entry), folder)
    heads = heads_of(with_heads(people=entry | {"labels": {"run": 2}}), folder)
    assert heads["sub-02"]["anatomy"]["samseg"]["t1"] == str(more)
    with pytest.raises(UserError, match=r"no T1 with these labels; its T1s: sub-02_ses-1_run-1"):
        heads_of(with_heads(people=entry | {"labels": {"run": 3}}), folder)


@pytest.mark.parametrize(
    ("heads", "words"),
    [
        (["a"], "heads: needs a mapping"),
        ({"a": 3}, "heads.a: 3 needs a mapping"),
        ({"a b": {}}, "'a b' is no label"),
        ({"heads": {}}, "results/heads is the folder of all heads"),
        ({"a-b": {}, "a_b": {}}, "heads.a_b: the steps of 'a_b' would be named as those of 'a-b'"),
        ({"a": {"head": "b"}}, "heads.a: a head has its label here"),
        ({"a": {"subjects": [1]}}, "heads.a.subjects: of a data set; bids names its folder"),
        ({"a": {"bids": "nowhere"}}, "heads.a.bids: no folder"),
        ({"a": {"bids": "."}}, "no BIDS data set"),
    ],
)
def test_wrong_heads_are_refused_by_name(heads, words):
    with pytest.raises(UserError) as error:
        heads_of(default() | {"heads": heads}, folder)
    assert words in str(error.value)


def test_unknown_subjects_and_two_labels_are_refused(data_set):
    with pytest.raises(UserError, match=r"heads.a.subjects: 'sub-3' is not there.*sub-01"):
        heads_of(with_heads(a={"bids": str(data_set), "subjects": ["sub-3"]}), folder)
    with pytest.raises(UserError, match="would be named as those of 'sub-01'"):
        heads_of(with_heads(a={"bids": str(data_set)}, b={"bids": str(data_set)}), folder)
    with pytest.raises(UserError, match="head: 'me' stands beside heads"):
        heads_of(with_heads(a={}) | {"head": "me"}, folder)


def table(values: dict[str, float]) -> pd.DataFrame:
    """A head's table, with a value of each method."""
    rows = [
        dict.fromkeys(COLUMNS, "") | {"test": "test", "method": method, "value": value, "n": 9}
        for method, value in values.items()
    ]
    return pd.concat(
        pd.DataFrame(rows).assign(metric=metric) for metric in ("fraction_active", "dr_least")
    )


def test_methods_over_heads_and_a_method_that_one_head_lacks():
    whole = across_heads(
        {"a": table({"mne": 0.25, "laura": 0.5}), "b": table({"mne": 0.75})},
    )
    assert len(whole) == 6
    frame = across_frame(whole, "test", "fraction_active").set_index("method")
    assert list(frame.columns) == ["a", "b", "mean", "least to most"]
    assert list(frame.loc["MNE"].map(lambda text: text.replace("0.", "."))) == [
        ".250",
        ".750",
        ".500",
        ".250 to .750",
    ]
    assert frame.loc["LAURA", "b"] == ""


def test_page_of_all_heads_names_verdicts_and_links(tmp_path):
    odd = Finding("skull, mean", "1 mm", "3.6 to 8.4 mm", "us", "not usable", "thin")
    write_findings(tmp_path / "a.tsv", [Finding("cortex, mean", "2.4 mm", flag="ok")])
    write_findings(tmp_path / "b.tsv", [odd])
    judged = judged_heads({"a": tmp_path / "a.tsv", "b": tmp_path / "b.tsv"})
    assert list(judged["verdict"]) == ["usable", "not usable"]
    assert judged.loc[1, "skull, mean"] == "1 mm (not usable)"
    one = table({"mne": 0.25})
    names = ("average_precision", "auc_average", "recall_least", "f1", "emd_mm", "all_found")
    names += ("sources_missed", "sources_invented", "source_error_mm")
    whole = across_heads(
        {h: pd.concat([one, *(one.iloc[:1].assign(metric=m) for m in names)]) for h in "ab"}
    )
    page = heads_page(
        judged,
        whole,
        {"a": "../a", "b": "../b"},
        config={"seed": 1},
        versions={"numpy": "2.0"},
        brought=False,
    )
    assert (
        'href="../b/anatomy/head.html"' in page and "skull, mean: 1 mm" in page and "numpy" in page
    )
    assert "1 usable, 1 not usable" in page and "<td>0.250" in page.replace(
        '<td class="first">', "<td>"
    )
    assert "## " in across_markdown(whole)
    assert folder_of("results/a/report.html", "results/heads/index.html") == "../a"


def test_maps_come_to_fsaverage_as_mne_brings_them(tmp_path):
    """MNE-Python goes over the meshes and blends: equal where a vertex lies amid one dipole's."""
    points, triangles = icosphere(3)
    turn = Rotation.from_rotvec([0.2, -0.1, 0.3]).as_matrix()
    rng = np.random.default_rng(0)
    vertices = [np.sort(rng.choice(len(points), 20, replace=False)) for _ in range(2)]
    estimate = mne.SourceEstimate(rng.random((40, 2)), vertices, 0.1, 0.2, subject="me")
    spheres = {}
    for name, places in (("me", 100 * points @ turn.T), ("fsaverage", 90 * points)):
        sides = ("lh", "rh")
        spheres[name] = {f"{side}.sphere.reg": (places, triangles) for side in sides}
        for side, surface in spheres[name].items():
            write_surface(tmp_path / name / "surf" / side, *surface)
    brought = on_template(estimate, spheres["me"], spheres["fsaverage"])
    morph = mne.compute_source_morph(
        estimate, "me", "fsaverage", tmp_path, spacing=None, smooth="nearest", warn=False
    )
    theirs = morph.apply(estimate)
    assert brought.subject == theirs.subject == "fsaverage"
    assert [len(one) for one in brought.vertices] == [len(one) for one in theirs.vertices]
    assert np.array_equal(brought.times, theirs.times)
    assert np.mean(np.abs(brought.data - theirs.data) < 1e-5) > 0.6
    assert np.corrcoef(brought.data.ravel(), theirs.data.ravel())[0, 1] > 0.9
    # Nothing is blended: every value is some dipole's.
    assert set(brought.data[:, 0].tolist()) <= set(estimate.data[:, 0].tolist())
