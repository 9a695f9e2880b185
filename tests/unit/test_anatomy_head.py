"""The head contract: the fsaverage head, its files, and what is refused."""

from dataclasses import replace

import nibabel
import numpy as np
import pytest
from nibabel.affines import apply_affine

from multisource.anatomy.fsaverage import fsaverage_head
from multisource.anatomy.head import TISSUES, validate, validate_surfaces, validate_tissues
from multisource.anatomy.io import head_files, load_head, read_surface, save_head
from multisource.anatomy.providers import make_head
from multisource.errors import UserError
from multisource.geometry.closest_points import closest_points
from multisource.geometry.surfaces import euler_number, volume


@pytest.fixture(scope="module")
def head():
    return fsaverage_head(voxel_mm=3.0)


def refused(check, head, match):
    with pytest.raises(UserError, match=match):
        check(head)


def with_surface(head, name, vertices=None, triangles=None):
    old = head.surfaces[name]
    surface = (old[0] if vertices is None else vertices, old[1] if triangles is None else triangles)
    return replace(head, surfaces=head.surfaces | {name: surface})


@pytest.mark.parametrize(("scale", "voxel_mm"), [(1.0, 2.0), (0.93, 4.0)])
def test_template_head_is_valid(scale, voxel_mm):
    head = make_head("fsaverage", scale=scale, voxel_mm=voxel_mm)
    for name, (_, triangles) in head.surfaces.items():
        assert euler_number(triangles) == 2, name
    inner, outer = (head.surfaces[name][0][::4] for name in ("inner_skull", "outer_skull"))
    _, skull, _ = closest_points(*head.surfaces["outer_skull"], inner)
    _, scalp, _ = closest_points(*head.surfaces["outer_skin"], outer)
    # The margins of 4 and 3 mm are radial, so slanted places come out a little thinner; hollows of
    # the skull base come out thicker than the rule's 8 mm.
    assert skull.min() > 3.8 and scalp.min() > 2.7
    assert np.percentile(skull, 99) < 8.5


def test_template_volumes_match_the_surfaces_and_a_real_head(head):
    volumes = head.tissue_volumes()
    enclosed = {n: volume(*head.surfaces[n]) / 1000 for n in ("inner_skull", "outer_skin")}
    intracranial = sum(volumes[name] for name in ("white matter", "grey matter", "CSF"))
    # Voxel counts of a volume of 2 l err by far less than 1 % at 3 mm; sealing adds a little.
    assert intracranial == pytest.approx(enclosed["inner_skull"], rel=0.01)
    assert sum(volumes.values()) == pytest.approx(enclosed["outer_skin"], rel=0.01)
    # Shares of the cranial cavity that SAMSEG finds in one real head (Colin27): 45 / 30 / 25 %.
    share = {name: volumes[name] / intracranial for name in volumes}
    assert share["grey matter"] == pytest.approx(0.45, abs=0.03)
    assert share["white matter"] == pytest.approx(0.30, abs=0.03)
    assert share["CSF"] == pytest.approx(0.25, abs=0.03)


def test_shells_keep_the_order_that_bem_codes_decimate(head):
    import mne

    ico5 = mne.surface._get_ico_surface(5)
    for name in ("inner_skull", "outer_skull", "outer_skin"):
        np.testing.assert_array_equal(head.surfaces[name][1], ico5["tris"])


def test_scale_moves_everything_together(head):
    small = fsaverage_head(scale=0.9, voxel_mm=3.0)
    for name in ("lh.white", "rh.pial", "inner_skull"):
        np.testing.assert_allclose(small.surfaces[name][0], 0.9 * head.surfaces[name][0], atol=1e-9)
    np.testing.assert_allclose(small.fiducials["nasion"], 0.9 * head.fiducials["nasion"])
    points = head.surfaces["lh.white"][0][:50]
    np.testing.assert_allclose(
        apply_affine(small.to_mni, 0.9 * points), apply_affine(head.to_mni, points), atol=1e-9
    )


def test_files_round_trip_and_open_in_peers(head, tmp_path):
    import mne

    save_head(head, tmp_path)
    back = load_head(tmp_path)
    for name, (vertices, triangles) in head.surfaces.items():
        # FreeSurfer geometry is float32: 8 micrometres at 100 mm.
        np.testing.assert_allclose(back.surfaces[name][0], vertices, atol=1e-4)
        np.testing.assert_array_equal(back.surfaces[name][1], triangles)
    np.testing.assert_array_equal(back.tissues, head.tissues)
    np.testing.assert_allclose(back.affine, head.affine)
    np.testing.assert_allclose(back.to_mni, head.to_mni)
    np.testing.assert_allclose(back.fiducials["lpa"], head.fiducials["lpa"])
    validate(back)
    peer, _ = mne.read_surface(tmp_path / "surf" / "lh.white")
    np.testing.assert_allclose(peer, head.surfaces["lh.white"][0], atol=1e-4)
    *_, info = nibabel.freesurfer.read_geometry(tmp_path / "bem" / "outer_skin.surf", True)
    np.testing.assert_array_equal(info["cras"], 0)


def test_same_head_gives_the_same_bytes(head, tmp_path):
    for folder in ("a", "b"):
        save_head(head, tmp_path / folder)
    for first, second in zip(
        head_files(tmp_path / "a").values(), head_files(tmp_path / "b").values(), strict=True
    ):
        assert first.read_bytes() == second.read_bytes(), first.name


def test_damaged_files_are_named(head, tmp_path):
    save_head(head, tmp_path)
    (tmp_path / "surf" / "lh.white").write_bytes(b"not a surface")
    with pytest.raises(UserError, match="lh.white: not a FreeSurfer surface"):
        load_head(tmp_path)
    (tmp_path / "head.json").write_text("{}")
    with pytest.raises(UserError, match="head.json: needs fiducials"):
        load_head(tmp_path)
    (tmp_path / "mri" / "tissues.nii.gz").unlink()
    with pytest.raises(UserError, match="tissues.nii.gz: missing"):
        load_head(tmp_path)
    with pytest.raises(UserError, match="no such surface file"):
        read_surface(tmp_path / "nothing")


def test_bad_surfaces_are_refused_by_name(head):
    vertices, triangles = head.surfaces["outer_skull"]
    refused(
        validate_surfaces,
        with_surface(head, "outer_skull", triangles=triangles[1:]),
        "outer_skull is not closed",
    )
    refused(
        validate_surfaces,
        with_surface(head, "outer_skull", triangles=triangles[:, ::-1]),
        "inside out",
    )
    refused(
        validate_surfaces,
        with_surface(head, "outer_skull", vertices=vertices * 0.9),
        "lie outside outer_skull",
    )
    refused(
        validate_surfaces, with_surface(head, "lh.white", vertices=vertices * np.nan), "not finite"
    )
    missing = {k: v for k, v in head.surfaces.items() if k != "rh.pial"}
    refused(validate_surfaces, replace(head, surfaces=missing), "rh.pial is missing")


def test_bad_tissues_are_refused_by_name(head):
    for label, name in TISSUES.items():
        without = np.where(head.tissues == label, 0, head.tissues).astype(np.uint8)
        refused(validate_tissues, replace(head, tissues=without), f"no voxel is labelled {name}")
    floating = head.tissues.copy()
    floating[1, 1, 1] = 2
    refused(validate_tissues, replace(head, tissues=floating), "grey matter has 1 floating")
    strange = head.tissues.copy()
    strange[1, 1, 1] = 9
    refused(validate_tissues, replace(head, tissues=strange), "label 9 is unknown")
    # A shaft of scalp drilled through the bone above the vertex.
    leaking = head.tissues.copy()
    x, y = np.array(leaking.shape[:2]) // 2
    leaking[x, y][leaking[x, y] == 4] = 5
    refused(validate_tissues, replace(head, tissues=leaking), "touch scalp or air")


def test_missing_landmark_is_refused(head):
    refused(validate, replace(head, fiducials={"lpa": np.zeros(3)}), "landmark nasion is missing")


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"scale": 3.0}, "scale: 3.0"),
        ({"skull_fraction": 0.0}, "skull_fraction"),
        ({"skull_thickness_mm": (8, 4)}, "skull_thickness_mm"),
        ({"skull_thickness_mm": (1, 4)}, "skull_thickness_mm"),
        ({"voxel_mm": 9.0}, "voxel_mm: 9.0"),
    ],
)
def test_bad_options_are_refused(options, match):
    with pytest.raises(UserError, match=match):
        fsaverage_head(**options)


def test_unknown_provider_is_refused():
    with pytest.raises(UserError, match="anatomy.provider: 'fsaverag'; allowed: fsaverage"):
        make_head("fsaverag")
