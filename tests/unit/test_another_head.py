"""Another head's leadfield for this head: the same along the normals, nothing mirrored."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
from config_case import changed, mistakes
from scipy.spatial.transform import Rotation

from multisource.anatomy.electrodes import Electrodes
from multisource.anatomy.io import write_surface
from multisource.anatomy.source_space import cortical_source_space, source_geometry
from multisource.anatomy.source_table import write_source_table
from multisource.errors import UserError
from multisource.geometry.icosphere import icosphere
from multisource.geometry.surfaces import vertex_normals
from multisource.leadfield.another_head import (
    RegisteredDipoles,
    borrowed_gain,
    match_dipoles,
    said_of_matches,
)
from multisource.leadfield.compare import rdm
from multisource.leadfield.forward import Leadfield, fixed_gain, make_forward, write_forward

CHANNELS = [f"E{k}" for k in range(12)]
TURN = Rotation.from_euler("xyz", [0.4, -0.7, 1.9]).as_matrix()


def cortex(depth: float, *, seed: int = 0) -> tuple[RegisteredDipoles, Leadfield]:
    """A folded cortex with a dipole at every eighth vertex, and the gain of a made-up head."""
    unit, triangles = icosphere(3)
    surfaces, parts = {}, []
    for number, (side, x) in enumerate((("lh", -30.0), ("rh", 30.0))):
        folds = 1 + depth * np.sin(9 * unit[:, :1]) * np.cos(7 * unit[:, 1:2])
        white = unit * folds * [25.0, 45.0, 30.0] + [x, 0, 0]
        surfaces[f"{side}.white"] = (white, triangles)
        surfaces[f"{side}.sphere.reg"] = (100.0 * unit, triangles)
        chosen = np.arange(0, len(unit), 8)
        parts.append(
            (np.full(len(chosen), number), chosen, vertex_normals(white, triangles)[chosen])
        )
    dipoles = RegisteredDipoles(*map(np.concatenate, zip(*parts, strict=True)), surfaces)
    free = np.random.default_rng(seed).normal(size=(len(CHANNELS), 3 * len(dipoles.vertices)))
    positions = dipoles.on_cortex()
    return dipoles, Leadfield(CHANNELS, free - free.mean(axis=0), positions, dipoles.normals)


def turned(dipoles: RegisteredDipoles, leadfield: Leadfield) -> tuple:
    """The same head lying otherwise in its axes, its vertices, dipoles and channels in disorder."""
    generator = np.random.default_rng(1)
    surfaces, vertices = {}, dipoles.vertices.copy()
    for number, side in enumerate(("lh", "rh")):
        new = generator.permutation(len(dipoles.surfaces[f"{side}.white"][0]))
        for name, turn in (("white", TURN), ("sphere.reg", np.eye(3))):
            points, triangles = dipoles.surfaces[f"{side}.{name}"]
            placed = np.empty_like(points)
            placed[new] = points @ turn.T
            surfaces[f"{side}.{name}"] = (placed, new[triangles])
        own = dipoles.hemisphere == number
        vertices[own] = new[vertices[own]]
    order, rows = generator.permutation(len(vertices)), generator.permutation(len(CHANNELS))
    free = leadfield.free.reshape(len(CHANNELS), -1, 3) @ TURN.T
    return (
        RegisteredDipoles(
            dipoles.hemisphere[order],
            vertices[order],
            (dipoles.normals @ TURN.T)[order],
            surfaces,
        ),
        Leadfield(
            [CHANNELS[row] for row in rows],
            free[rows][:, order].reshape(len(CHANNELS), -1),
            (leadfield.positions @ TURN.T)[order],
            (leadfield.normals @ TURN.T)[order],
        ),
    )


def borrowed(own, other, leadfield, channels=CHANNELS):
    return borrowed_gain(own, other, leadfield, channels, match_dipoles(own, other))


def test_a_head_borrows_its_own_leadfield_from_itself():
    dipoles, leadfield = cortex(0.2)
    matches = match_dipoles(dipoles, dipoles)
    assert (matches["other"] == matches["dipole"]).all() and (matches["shared_by"] == 1).all()
    gain = borrowed(dipoles, dipoles, leadfield)
    np.testing.assert_allclose(gain, leadfield.free, atol=1e-12)


def test_a_turned_head_in_disorder_gives_the_same_leadfield_in_all_three_directions():
    dipoles, leadfield = cortex(0.2)
    gain = borrowed(dipoles, *turned(dipoles, leadfield))
    np.testing.assert_allclose(gain, leadfield.free, atol=1e-12)


def test_along_the_normals_the_gain_is_the_others_along_its_own():
    own, _ = cortex(0.2)
    other, leadfield = cortex(0.1, seed=2)
    fewer = np.flatnonzero(np.arange(len(other.vertices)) % 3 == 0)
    other = replace(
        other,
        hemisphere=other.hemisphere[fewer],
        vertices=other.vertices[fewer],
        normals=other.normals[fewer],
    )
    free = leadfield.free.reshape(len(CHANNELS), -1, 3)[:, fewer].reshape(len(CHANNELS), -1)
    leadfield = Leadfield(CHANNELS, free, leadfield.positions[fewer], leadfield.normals[fewer])
    matches = match_dipoles(own, other)
    gain = borrowed(own, other, leadfield)
    along = fixed_gain(gain, own.normals)
    np.testing.assert_allclose(along, leadfield.fixed[:, matches["other"]], atol=1e-12)
    assert (own.hemisphere == other.hemisphere[matches["other"]]).all()
    # Moments are turned and not mirrored, so that columns keep their lengths together.
    whole = np.linalg.norm(gain.reshape(len(CHANNELS), -1, 3), axis=(0, 2))
    there = np.linalg.norm(free.reshape(len(CHANNELS), -1, 3), axis=(0, 2))
    np.testing.assert_allclose(whole, there[matches["other"]], rtol=1e-12)
    shared = matches["other"].map(matches["other"].value_counts())
    assert (matches["shared_by"] == shared).all() and shared.max() > 1
    line = said_of_matches(matches, len(fewer))
    assert f"represent {len(own.vertices)} of this head's, of which {(shared > 1).sum()}" in line


def test_directions_along_a_like_cortex_stay_what_they_are():
    """Of two cortices that differ a little, the gains along the cortex differ a little."""
    own, leadfield = cortex(0.2)
    other, _ = cortex(0.19)
    places = other.on_cortex()
    gain = borrowed(own, other, replace(leadfield, positions=places, normals=other.normals))
    columns = rdm(gain, leadfield.free)
    assert np.median(columns) < 0.05 and (np.sort(columns)[: len(columns) * 9 // 10] < 0.3).all()


def test_channels_are_taken_by_name_and_missed_by_name():
    dipoles, leadfield = cortex(0.2)
    some = ["E3", "E1", "E7"]
    gain = borrowed(dipoles, dipoles, leadfield, some)
    np.testing.assert_allclose(gain, leadfield.of_channels(some).free, atol=1e-12)
    np.testing.assert_allclose(gain.mean(axis=0), 0, atol=1e-12)
    with pytest.raises(UserError, match="no channel Fpz, Oz"):
        borrowed(dipoles, dipoles, leadfield, ["E3", "Fpz", "Oz"])


def test_a_leadfield_of_another_run_is_refused():
    dipoles, leadfield = cortex(0.2)
    moved = replace(leadfield, positions=leadfield.positions + 1)
    with pytest.raises(UserError, match="not on the dipoles of its table"):
        borrowed(dipoles, dipoles, moved)


@pytest.fixture
def finished(tmp_path):
    """The files of a head that are taken, of four channels of the default study and one more."""
    unit, triangles = icosphere(3)
    surfaces = {}
    for side, x in (("lh", -33.0), ("rh", 33.0)):
        for kind, radius in (("white", 28.0), ("pial", 30.0)):
            surfaces[f"{side}.{kind}"] = (radius * unit + [x, 0, 0], triangles)
        surfaces[f"{side}.sphere"] = (100.0 * unit, triangles)
    sources = cortical_source_space(surfaces, "oct1")
    folder = tmp_path / "someone"
    for path in ("leadfield", "subjects/before_renaming/surf"):
        (folder / path).mkdir(parents=True)
    write_source_table(folder / "leadfield/sources.tsv", source_geometry(sources, surfaces))
    for side in ("lh", "rh"):
        for name, kind in (("white", "white"), ("sphere.reg", "sphere")):
            path = folder / f"subjects/before_renaming/surf/{side}.{name}"
            write_surface(path, *surfaces[f"{side}.{kind}"])
    names = ["Cz", "Oz", "Fz", "Pz", "X1"]
    generator = np.random.default_rng(4)
    count = sum(int(part["nuse"]) for part in sources)
    landmarks = {"lpa": [-80.0, 0, 0], "nasion": [0, 90.0, 0], "rpa": [80.0, 0, 0]}
    forward = make_forward(
        generator.normal(size=(len(names), 3 * count)),
        Electrodes(names, 90 * generator.normal(size=(len(names), 3))),
        sources,
        {name: np.array(place) for name, place in landmarks.items()},
    )
    write_forward(forward, folder / "leadfield/fem-fwd.fif")
    return folder


def with_head(folder, **more):
    config = changed("leadfield.variants", {"someone_else": {"head": str(folder), **more}})
    config["electrodes"]["channels"] = ["Cz", "Fz", "Pz", "Oz"]
    return config


def test_another_head_is_looked_at_before_any_job(finished):
    key = "leadfield.variants.someone_else.head"
    assert mistakes(with_head(finished)) == []
    config = with_head(finished)
    config["electrodes"]["channels"] = ["Cz", "Fz", "Pz", "POz", "Fpz"]
    (line,) = mistakes(config)
    assert f"{key}: {finished}/leadfield/fem-fwd.fif has no channel POz, Fpz; compute" in line
    (line,) = mistakes(with_head("nowhere"))
    assert f"{key}: folder 'nowhere' does not exist (looked in" in line
    (line,) = mistakes(with_head(finished, method="bem"))
    assert f"{key}: {finished}/leadfield/bem-fwd.fif is not there; finish that head" in line
    (line,) = mistakes(with_head(finished, electrode_error_mm=5))
    assert "someone_else.electrode_error_mm: the leadfield of another head is taken as it" in line
    (finished / "leadfield/fem-fwd.fif").write_bytes(b"nothing")
    (line,) = mistakes(with_head(finished))
    assert key in line and "fem-fwd.fif" in line
    (finished / "leadfield/sources.tsv").unlink()
    shutil.rmtree(finished / "subjects")
    lines = mistakes(with_head(finished))
    assert [line.count("is not there; finish that head first") for line in lines] == [1] * 5
    assert sum("sphere.reg" in line for line in lines) == 2
