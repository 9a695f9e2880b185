"""Names of regions: they lie where anatomy says, on the packaged head and on others."""

from pathlib import Path

import numpy as np
import pytest
from nibabel.affines import apply_affine

from multisource.anatomy.fsaverage import MNI305_TO_MNI152
from multisource.anatomy.fsaverage5 import packaged_cortex
from multisource.anatomy.source_space import THINNEST_CORTEX_MM
from multisource.anatomy.source_table import SourceTable
from multisource.errors import UserError
from multisource.parcellation.atlases import (
    ATLASES,
    SIDES,
    Atlas,
    read_annotations,
    read_template,
    write_annotation,
    write_template,
)
from multisource.parcellation.correspondence import NEAREST, REGISTERED, SAME, match_cortex
from multisource.parcellation.dipoles import COLUMNS, name_dipoles, read_dipoles, write_dipoles
from multisource.parcellation.regions import (
    OWN,
    has_cortex,
    read_regions,
    regions_of,
    write_regions,
)
from multisource.parcellation.words import DESIKAN_KILLIANY, in_words, label_in_words

RESOURCE = Path(__file__).parents[2] / "resources/fsaverage5-regions.npz"


@pytest.fixture(scope="module")
def template():
    return read_template(RESOURCE)


@pytest.fixture(scope="module")
def surfaces():
    return packaged_cortex("white", "pial", "sphere")


def centroid(atlas, surfaces, region, side):
    """Middle of a region, MNI152 mm."""
    member = atlas.regions[side] == atlas.names.index(region)
    assert member.any(), region
    return apply_affine(MNI305_TO_MNI152, surfaces[f"{side}.white"][0][member]).mean(axis=0)


@pytest.mark.parametrize("side", SIDES)
def test_regions_lie_where_anatomy_says(template, surfaces, side):
    """Positions that hold in every brain; a wrong order of the vertices breaks all of them."""

    def at(region, atlas="aparc"):
        return centroid(template[atlas], surfaces, region, side)

    lateral = 1 if side == "rh" else -1
    every = [at(name) for name in DESIKAN_KILLIANY]
    assert all(lateral * place[0] > 3 for place in every), "on its own side"
    # The motor strip is in front of the sensory one, both high; both reach to the side.
    assert at("precentral")[1] > at("postcentral")[1] + 5
    assert min(at("precentral")[2], at("postcentral")[2]) > 30
    # Visual cortex at the back, near the midline; above the calcarine cuneus, below it lingual.
    assert at("pericalcarine")[1] < -70 and abs(at("pericalcarine")[0]) < 20
    assert at("cuneus")[2] > at("pericalcarine")[2] > at("lingual")[2]
    assert abs(at("lateraloccipital")[0]) > abs(at("pericalcarine")[0]) + 10
    # Poles of the frontal and temporal lobes; Heschl's gyrus on top of the superior temporal one.
    assert at("frontalpole")[1] == max(place[1] for place in every)
    assert at("temporalpole")[1] > 0 and at("temporalpole")[2] < -20
    assert at("transversetemporal")[2] > at("superiortemporal")[2]
    assert at("superiortemporal")[2] > at("middletemporal")[2] > at("inferiortemporal")[2]
    # The two atlases tell of the same places. Each row: regions that are the same gyrus.
    for one, other in (
        ("precentral", "G_precentral"),
        ("postcentral", "G_postcentral"),
        ("pericalcarine", "S_calcarine"),
        ("cuneus", "G_cuneus"),
        ("transversetemporal", "G_temp_sup-G_T_transv"),
    ):
        assert np.linalg.norm(at(one) - at(other, "aparc.a2009s")) < 20, one


def test_every_region_has_words_and_both_sides(template):
    aparc, fine = template["aparc"], template["aparc.a2009s"]
    cortex = {name for name, yes in zip(aparc.names, aparc.is_cortex, strict=True) if yes}
    assert cortex == set(DESIKAN_KILLIANY) and len(cortex) == 34
    assert fine.is_cortex.sum() == 74
    for atlas in template.values():
        for side in SIDES:
            found = set(np.unique(atlas.regions[side])) & set(np.flatnonzero(atlas.is_cortex))
            assert len(found) == atlas.is_cortex.sum()
    assert in_words("postcentral", "lh") == "left postcentral gyrus"
    assert label_in_words("cuneus-rh") == "right cuneus"
    assert label_in_words("elsewhere") == "elsewhere"


def test_the_wall_of_the_atlases_holds_that_of_the_surfaces(template, surfaces):
    """Where white and pial surface are one there is no cortex: the atlases' makers saw it too."""
    for side in SIDES:
        gap = np.linalg.norm(surfaces[f"{side}.pial"][0] - surfaces[f"{side}.white"][0], axis=1)
        thin = gap < THINNEST_CORTEX_MM
        for atlas in template.values():
            wall = ~atlas.is_cortex[atlas.regions[side]]
            assert thin.sum() > 400 and (wall & thin).sum() >= thin.sum() - 1
            assert 0.07 < wall.mean() < 0.12


def test_the_packaged_head_keeps_its_vertices(surfaces):
    found = match_cortex(surfaces, MNI305_TO_MNI152)
    assert found.route == SAME
    np.testing.assert_array_equal(found.vertex["rh"], np.arange(10242))
    assert not found.distance_mm["lh"].any()


@pytest.fixture(scope="module")
def other(surfaces):
    """Another mesh of the template's brain: each triangle's middle is a vertex; no order kept."""
    rng = np.random.default_rng(3)
    found, origin = {}, {}
    for side in SIDES:
        triangles = surfaces[f"{side}.white"][1]
        order = rng.permutation(len(triangles))[:5000]
        origin[side] = triangles[order]
        for kind in ("white", "pial", "sphere"):
            middles = surfaces[f"{side}.{kind}"][0][triangles[order]].mean(axis=1)
            found[f"{side}.{kind}"] = (middles, np.array([[0, 1, 2]]))
    return found, origin


def test_a_registered_head_takes_the_regions_of_its_sphere(template, other):
    """The middle of a triangle of the template has the region of one of its corners."""
    head, origin = other
    spheres = {f"{side}.sphere.reg": head[f"{side}.sphere"] for side in SIDES}
    # Its white surface lies elsewhere: 60 mm to the front, where only the sphere is right.
    moved = head | {f"{s}.white": (head[f"{s}.white"][0] + [0, 60, 0], None) for s in SIDES}
    found = match_cortex(moved, MNI305_TO_MNI152, spheres)
    assert found.route == REGISTERED
    regions = regions_of(template, found)
    for name, atlas in regions.atlases.items():
        for side in SIDES:
            corners = template[name].regions[side][origin[side]]
            assert (atlas.regions[side][:, None] == corners).any(axis=1).all()


def test_any_other_head_takes_those_of_the_nearest_place(template, other):
    head, origin = other
    to_own = np.diag([1.1, 0.9, 1.05, 1.0])
    head = {name: (apply_affine(to_own, points), t) for name, (points, t) in head.items()}
    found = match_cortex(head, MNI305_TO_MNI152 @ np.linalg.inv(to_own))
    assert found.route == NEAREST
    # Edges of the template are 4 mm at most times, so a middle is not farther from a vertex.
    assert np.median(np.concatenate(list(found.distance_mm.values()))) < 3
    regions = regions_of(template, found)
    for side in SIDES:
        corners = template["aparc"].regions[side][origin[side]]
        right = (regions.atlases["aparc"].regions[side][:, None] == corners).any(axis=1)
        assert right.mean() > 0.97  # the other bank of a sulcus may be nearer


def test_a_subjects_own_annotations_win(template, surfaces, tmp_path):
    label = tmp_path / "bert/label"
    own = Atlas(
        ("unknown", "cuneus", "mine"),
        np.array([[25, 5, 25], [220, 20, 100], [220, 20, 100]], np.uint8),
        {side: np.repeat([0, 1, 2], [242, 5000, 5000]) for side in SIDES},
    )
    for side in SIDES:
        write_annotation(label / f"{side}.aparc.annot", own, side)
    found = regions_of(template, match_cortex(surfaces, MNI305_TO_MNI152), tmp_path / "bert")
    assert found.routes == {"aparc": OWN, "aparc.a2009s": SAME}
    # Two regions of one colour stay two.
    np.testing.assert_array_equal(found.atlases["aparc"].regions["lh"], own.regions["lh"])
    short = Atlas(own.names, own.colours, {side: own.regions[side][:-1] for side in SIDES})
    for side in SIDES:
        write_annotation(label / f"{side}.aparc.annot", short, side)
    with pytest.raises(UserError, match=r"lh.aparc.annot: 10241 vertices.* 10242"):
        regions_of(template, match_cortex(surfaces, MNI305_TO_MNI152), tmp_path / "bert")
    (label / "lh.aparc.annot").write_bytes(b"nothing")
    with pytest.raises(UserError, match="not a FreeSurfer annotation"):
        read_annotations({side: label / f"{side}.aparc.annot" for side in SIDES})


def test_files_keep_everything(template, surfaces, tmp_path):
    write_template(tmp_path / "t.npz", template)
    assert (tmp_path / "t.npz").stat().st_size < 30_000
    again = read_template(tmp_path / "t.npz")
    found = match_cortex(surfaces, MNI305_TO_MNI152)
    write_regions(tmp_path / "head", regions_of(again, found), found)
    atlases, distance = read_regions(tmp_path / "head")
    for name in ATLASES:
        for side in SIDES:
            words = [np.array(a[name].names)[a[name].regions[side]] for a in (template, atlases)]
            np.testing.assert_array_equal(*words)
            assert not distance[side].any()
    with pytest.raises(UserError, match="not the regions of fsaverage5"):
        read_template(tmp_path / "head/label/origin.json")


def test_dipoles_are_named_and_those_off_the_cortex_marked(template, surfaces, tmp_path):
    aparc = template["aparc"]
    cuneus = int(np.flatnonzero(aparc.regions["rh"] == aparc.names.index("cuneus"))[0])
    wall = int(np.flatnonzero(aparc.regions["lh"] == aparc.names.index("corpuscallosum"))[0])
    white = [surfaces[f"{side}.white"][0] for side in SIDES]
    table = SourceTable(
        positions=np.array([white[0][wall], white[1][cuneus], white[1][cuneus]]),
        hemisphere=np.array([0, 1, 1], np.int8),
        vertices=np.array([wall, cuneus, cuneus]),
        # Whoever made the head says that there is no cortex at the last.
        medial_wall=np.array([False, False, True]),
    )
    far = {side: np.full(10242, 1.5) for side in SIDES}
    named = name_dipoles(table, MNI305_TO_MNI152, template, far)
    write_dipoles(tmp_path / "regions.tsv", named)
    for one in (named, read_dipoles(tmp_path / "regions.tsv")):
        assert one.cortex.tolist() == [False, True, False]
        assert one.region.tolist() == ["corpuscallosum-lh", "cuneus-rh", "cuneus-rh"]
        assert one.labels[COLUMNS["aparc.a2009s"]][1].endswith("-rh")
        assert one.place(1)["hemisphere"] == "rh" and one.place(1)["mni_y"] < -60
        assert one.distance_mm.tolist() == [1.5] * 3
    assert not has_cortex(template)["lh"][wall] and has_cortex(template)["rh"][cuneus]
    with pytest.raises(UserError, match="not a table of the dipoles' regions"):
        read_dipoles(RESOURCE)
