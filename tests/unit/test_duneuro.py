"""Everything around the call of duneuropy, with a stand-in that solves by itself.

The stand-in (duneuropy_recorder) demands and refuses what the real module does and computes with
an independent finite-element code, so that a slip in node order, units, labels, reference, sign
or transposition shows as a wrong leadfield.
"""

import hashlib
import io
import json
import os
import re
import stat
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from multisource.errors import UserError
from multisource.fem import duneuro, duneuro_process, duneuro_worker
from multisource.fem import native as fem
from multisource.fem.locate import locate, shape_functions
from multisource.fem.mesh import HEX_FACES, Mesh
from multisource.fem.transfer import transfer_matrix
from multisource.leadfield.compare import lnmag, rdm
from multisource.progress import shown

pytestmark = pytest.mark.slow

RECORDER = Path(__file__).parent / "duneuropy_recorder"
CONDUCTIVITY = {2: 0.33, 4: 0.01, 5: 0.43}
# Six tetrahedra a cube, all with the diagonal from corner 0 to corner 7.
KUHN = np.array(
    [[0, 1, 3, 7], [0, 3, 2, 7], [0, 2, 6, 7], [0, 6, 4, 7], [0, 4, 5, 7], [0, 5, 1, 7]]
)


def hexahedra():
    """A ball of brain in skull and scalp, seen through an oblique affine."""
    edge, size = 9.0, 9
    centre = (size - 1) / 2
    grid = np.stack(np.meshgrid(*[np.arange(size)] * 3, indexing="ij"), axis=-1)
    radius = edge * np.linalg.norm(grid - centre, axis=-1)
    labels = np.select([radius < 20, radius < 29, radius < 39], [2, 4, 5], 0)
    angle = 0.4
    turn = np.array(
        [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]]
    )
    affine = np.eye(4)
    affine[:3, :3] = edge * turn
    affine[:3, 3] = np.array([5.0, -20, 30]) - affine[:3, :3] @ np.full(3, centre)
    return fem.hexahedral_mesh(labels, affine, shift=0.33)


def tetrahedra():
    mesh = hexahedra()
    elements = mesh.elements[:, KUHN].reshape(-1, 4)
    return Mesh(mesh.nodes, elements, np.repeat(mesh.labels, len(KUHN)))


MESHES = {"hexahedron": hexahedra, "tetrahedron": tetrahedra}


@pytest.fixture(scope="module", params=list(MESHES))
def case(request, tmp_path_factory):
    """Both backends on one mesh: transfer matrices, gains, and what the stand-in was told."""
    record = tmp_path_factory.mktemp("duneuro") / "record.jsonl"
    mesh = MESHES[request.param]()
    rng = np.random.default_rng(4)
    directions = rng.normal(size=(9, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    centre = np.array([5.0, -20, 30])
    electrodes = centre + 38 * directions
    positions = centre + 12 * rng.uniform(-1, 1, size=(5, 3))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(RECORDER))
        patch.setenv("DUNEUROPY_RECORD", str(record))
        duneuro_process.require_duneuropy()
        told = io.StringIO()
        patch.setattr(sys, "stderr", told)
        with shown():
            theirs = duneuro.transfer_matrix(mesh, CONDUCTIVITY, electrodes, tolerance=1e-9)
            gain = duneuro.leadfield(
                mesh, CONDUCTIVITY, theirs, positions, source_model="partial_integration"
            )
    return {
        "kind": request.param,
        "mesh": mesh,
        "electrodes": electrodes,
        "positions": positions,
        "theirs": theirs,
        "ours": transfer_matrix(mesh, CONDUCTIVITY, electrodes, tolerance=1e-10),
        "gain": gain,
        "record": [json.loads(line) for line in record.read_text().splitlines()],
        "told": told.getvalue(),
    }


def test_transfer_matrix_equals_the_native_one(case):
    """Same units (V/A), same reference, same constant: nothing is adjusted before comparing."""
    scale = np.abs(case["ours"]).max()
    # A direct solver against block CG at 1e-10.
    np.testing.assert_allclose(case["theirs"], case["ours"], atol=1e-7 * scale)
    np.testing.assert_allclose(case["theirs"].mean(axis=0), 0, atol=1e-10 * scale)


def test_leadfield_equals_the_native_one(case):
    """In V/(Am), columns x, y, z of each dipole; the issue's bar is an RDM under 1e-3."""
    native = fem.leadfield(
        case["mesh"], case["ours"], case["positions"], source_model="partial_integration"
    )
    assert case["gain"].shape == native.shape == (9, 15)
    assert rdm(case["gain"], native).max() < 1e-6
    assert np.abs(lnmag(case["gain"], native)).max() < 1e-6
    np.testing.assert_allclose(case["gain"].mean(axis=0), 0, atol=1e-9 * np.abs(native).max())


def test_what_duneuro_is_told(case):
    calls = {entry["call"]: entry for entry in case["record"]}
    driver = calls["driver"]
    assert driver["config"]["element_type"] == case["kind"]
    # S/mm, in the order of the labels' indices; every element has an index.
    assert driver["conductivities"] == pytest.approx([0.00033, 0.00001, 0.00043])
    mesh = case["mesh"]
    assert driver["labels"] == [int(np.sum(mesh.labels == label)) for label in CONDUCTIVITY]
    np.testing.assert_allclose(driver["nodes"], mesh.nodes[:2])
    assert calls["transfer"]["config"] == {
        "solver": {"reduction": "1e-09"},
        "numberOfThreads": "1",
        "grainSize": "16",
    }
    assert calls["apply"]["config"]["source_model"] == {"type": "partial_integration"}
    assert calls["apply"]["dipoles"] == 15
    assert "DUNEuro transfer: 100%" in case["told"]
    assert re.search(r"DUNEuro apply: 100%.* 15/15 ", case["told"])


def test_transfer_in_pieces_equals_one_piece(case, monkeypatch, tmp_path):
    """Large meshes go through the driver some rows at a time, always against one reference."""
    monkeypatch.setenv("PYTHONPATH", str(RECORDER))
    monkeypatch.setenv("DUNEUROPY_RECORD", str(tmp_path / "record.jsonl"))
    monkeypatch.setattr(duneuro, "ROW_BYTES", 8 * len(case["mesh"].nodes) * 11)
    pieces = duneuro.transfer_matrix(case["mesh"], CONDUCTIVITY, case["electrodes"])
    lines = (tmp_path / "record.jsonl").read_text().splitlines()
    assert sum(json.loads(line)["call"] == "transfer" for line in lines) > 2
    np.testing.assert_allclose(pieces, case["theirs"], atol=1e-9 * np.abs(pieces).max())


@pytest.mark.parametrize("model", list(duneuro.SOURCE_MODELS))
def test_options_are_strings_all_the_way(model):
    """Numbers of numpy vanish on DUNEuro's side without a word; strings never do."""
    mesh = hexahedra()
    request = {"solve": {"enable_experimental": "true"}}
    pending = [duneuro._driver(mesh, request), duneuro.SOURCE_MODELS[model], duneuro._threads(2)]
    while pending:
        for value in pending.pop().values():
            if isinstance(value, dict):
                pending.append(value)
            else:
                assert type(value) is str
    assert set(fem.SOURCE_MODELS) <= set(duneuro.SOURCE_MODELS)


def test_venant_options():
    """What the native models do, in DUNEuro's words."""
    for name in ("venant", "multipolar_venant"):
        options = duneuro.SOURCE_MODELS[name]
        assert options["type"] == name
        assert options["initialization"] == "closest_vertex"
        assert options["restrict"] == "true"
        assert float(options["referenceLength"]) == 20.0
    assert duneuro.SOURCE_MODELS["venant"]["numberOfMoments"] == "3"


@pytest.mark.parametrize(("rings", "extensions"), [(1, None), (2, "vertex"), (3, "vertex vertex")])
def test_rings_are_extensions_of_the_closest_corner(rings, extensions, monkeypatch, tmp_path):
    """The elements at the corner are one ring, within the tissue as in patch.py."""
    monkeypatch.setenv("PYTHONPATH", str(RECORDER))
    monkeypatch.setenv("DUNEUROPY_RECORD", str(tmp_path / "record.jsonl"))
    mesh = hexahedra()
    inside = mesh.centroids[mesh.labels == 2].mean(axis=0)
    transfer = np.ones((2, len(mesh.nodes)))
    # The stand-in has no Venant model: it writes down what it is told and refuses.
    with pytest.raises(UserError, match="source model multipolar_venant"):
        duneuro.leadfield(mesh, CONDUCTIVITY, transfer, inside, rings=rings)
    last = json.loads((tmp_path / "record.jsonl").read_text().splitlines()[-1])
    assert last["config"]["source_model"].get("extensions") == extensions


def test_small_patches_fall_back_as_in_the_native_model(monkeypatch, tmp_path, capsys):
    """One voxel of grey matter has too few nodes for a Venant source."""
    monkeypatch.setenv("PYTHONPATH", str(RECORDER))
    monkeypatch.setenv("DUNEUROPY_RECORD", str(tmp_path / "record.jsonl"))
    labels = np.full((4, 4, 4), 4, np.uint8)
    labels[1, 2, 1] = 2
    mesh = fem.hexahedral_mesh(labels, np.diag([5.0, 5.0, 5.0, 1.0]))
    transfer = np.random.default_rng(0).normal(size=(3, len(mesh.nodes)))
    positions = np.array([[5.5, 10.2, 4.4], [4.6, 9.7, 5.1]])
    gain = duneuro.leadfield(mesh, {2: 0.33, 4: 0.01}, transfer, positions, source_model="venant")
    native = fem.leadfield(mesh, transfer, positions, source_model="venant")
    said = capsys.readouterr().out
    assert "2 of 2 dipoles: partial integration" in said
    # Which build it was: DUNEuro knows no version.
    digest = hashlib.sha256((RECORDER / "duneuropy.py").read_bytes()).hexdigest()
    assert f"DUNEuro apply by {RECORDER / 'duneuropy.py'}, SHA-256 {digest[:16]}" in said
    # The same closed form twice.
    np.testing.assert_allclose(gain, native, atol=1e-9 * np.abs(native).max())
    calls = [json.loads(line) for line in (tmp_path / "record.jsonl").read_text().splitlines()]
    applied = [call for call in calls if call["call"] == "apply"]
    assert [call["config"]["source_model"]["type"] for call in applied] == ["partial_integration"]


def test_dipoles_at_faces_of_hexahedra_are_moved_into_them(capsys):
    mesh = hexahedra()
    rng = np.random.default_rng(6)
    elements = rng.integers(len(mesh.elements), size=400)
    local = rng.uniform(0.3, 0.7, size=(400, 3))
    local[:150, 0], local[150:200, 2] = 1e-5, 1.0
    corners = mesh.nodes[mesh.elements[elements]]
    positions = np.einsum("pi,pia->pa", shape_functions(mesh, local), corners)
    moved = duneuro.off_faces(mesh, positions, elements)
    np.testing.assert_array_equal(moved[200:], positions[200:])
    way = np.linalg.norm(moved[:200] - positions[:200], axis=1)
    assert way.min() > 0.9 * duneuro.FACE_MARGIN_MM
    # Whatever corner DUNEuro takes, each is on the inner side of its faces' planes.
    middle = corners.mean(axis=1)
    for face in HEX_FACES:
        quad = corners[:, face]
        normal = np.cross(quad[:, 2] - quad[:, 0], quad[:, 3] - quad[:, 1])
        normal *= np.sign(np.einsum("pa,pa->p", normal, quad.mean(axis=1) - middle))[:, None]
        over = np.einsum("pa,pca->pc", normal, moved[:, None] - quad)
        assert over.max() < 0
    again, _ = locate(mesh, moved)
    np.testing.assert_array_equal(again, elements)
    assert "200 of 400 dipoles" in capsys.readouterr().out
    flat = tetrahedra()
    assert duneuro.off_faces(flat, positions, elements) is positions


def interpreter(folder, body):
    """A program in the place of the Python that has duneuropy."""
    path = folder / "python"
    path.write_text(f"#!{sys.executable}\n{body}")
    path.chmod(path.stat().st_mode | stat.S_IEXEC)
    return str(path)


def test_missing_module_is_named_with_the_way_out():
    with pytest.raises(UserError) as caught:
        duneuro_process.require_duneuropy()
    text = str(caught.value)
    for part in ("No module named 'duneuropy'", duneuro_process.DOCUMENTATION, "backend: native"):
        assert part in text
    assert "\n" not in text


def test_module_that_crashes_on_import(tmp_path):
    crashing = interpreter(tmp_path, "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
    with pytest.raises(UserError, match="killed by SIGSEGV"):
        duneuro_process.require_duneuropy(python=crashing)
    with pytest.raises(UserError, match="no-such-python"):
        duneuro_process.require_duneuropy(python="no-such-python")


def test_interpreter_from_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("DUNEUROPY_PYTHON", interpreter(tmp_path, "print('fine')"))
    duneuro_process.require_duneuropy()


def test_errors_of_duneuro_become_one_line(case, monkeypatch, tmp_path):
    mesh, electrodes = case["mesh"], case["electrodes"]
    monkeypatch.setenv("PYTHONPATH", str(RECORDER))
    monkeypatch.setenv("DUNEUROPY_RECORD", str(tmp_path / "record.jsonl"))
    with pytest.raises(UserError, match="venant is not in this stand-in"):
        duneuro.leadfield(mesh, CONDUCTIVITY, case["theirs"], case["positions"])
    crashing = interpreter(
        tmp_path,
        "import os, signal\nprint('reading grid', flush=True)\n"
        "os.kill(os.getpid(), signal.SIGSEGV)",
    )
    with pytest.raises(UserError, match="killed by SIGSEGV.*reading grid"):
        duneuro.transfer_matrix(mesh, CONDUCTIVITY, electrodes, python=crashing)
    # The stand-in snaps to nodes where DUNEuro would project: off by far more than a tenth of a
    # millimetre, which must not pass.
    with pytest.raises(UserError, match="projected electrode Cz .* use projection interpolated"):
        duneuro.transfer_matrix(
            mesh, CONDUCTIVITY, electrodes, projection="normal", names=["Cz"] * len(electrodes)
        )


def test_worker_ends_with_the_process_that_started_it(tmp_path):
    """A killed step would leave DUNEuro computing, for nobody, for minutes."""
    (tmp_path / "duneuropy.py").write_text("import time\nprint('here', flush=True)\ntime.sleep(60)")
    step = (
        "import subprocess, sys, time\n"
        f"worker = [sys.executable, {duneuro_worker.__file__!r}, {str(tmp_path)!r}]\n"
        "child = subprocess.Popen(worker)\n"
        "print(child.pid, flush=True)\ntime.sleep(60)"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-c", step], stdout=subprocess.PIPE, text=True, env=environment
    ) as parent:
        lines = {parent.stdout.readline().strip(), parent.stdout.readline().strip()}
        parent.kill()
    (number,) = (int(line) for line in lines - {"here"})
    for _ in range(600):
        try:
            state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return
        if state == "Z":
            return
        time.sleep(0.05)
    pytest.fail("the worker goes on")


def test_bad_input_is_refused_before_duneuro_runs(case):
    mesh, electrodes = case["mesh"], case["electrodes"]
    with pytest.raises(UserError, match="'snapped' is unknown"):
        duneuro.transfer_matrix(mesh, CONDUCTIVITY, electrodes, projection="snapped")
    with pytest.raises(UserError, match="label 5 without a conductivity"):
        duneuro.transfer_matrix(mesh, {2: 0.33, 4: 0.01}, electrodes)
    with pytest.raises(UserError, match="conductivity of label 4: 0.0"):
        duneuro.transfer_matrix(mesh, CONDUCTIVITY | {4: 0.0}, electrodes)
    with pytest.raises(UserError, match="source model 'whitney' is unknown"):
        duneuro.leadfield(
            mesh, CONDUCTIVITY, case["theirs"], case["positions"], source_model="whitney"
        )
    with pytest.raises(UserError, match="dipole 0 .* outside the head"):
        duneuro.leadfield(mesh, CONDUCTIVITY, case["theirs"], case["positions"] + 500)
    assert "DUNEUROPY_RECORD" not in os.environ
