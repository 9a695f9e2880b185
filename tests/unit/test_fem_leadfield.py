"""The hexahedral leadfield against the analytic sphere, and its safeguards."""

import numpy as np
import pytest

from multisource.errors import UserError
from multisource.fem.electrode_projection import project_electrodes
from multisource.fem.locate import locate
from multisource.fem.native import (
    SOURCE_MODELS,
    hexahedral_mesh,
    leadfield,
    load_mesh,
    place_dipoles,
    save_mesh,
    transfer_matrix,
)
from multisource.leadfield.sphere import sphere_leadfield

# Thick layers, so that a mesh that takes a second resolves them.
RADII = np.array([40.0, 50.0, 62.0, 74.0])
SIGMA = {2: 0.33, 3: 1.0, 4: 0.05, 5: 0.43}
STEP = 4.0


def spread(count: int, radius: float) -> np.ndarray:
    """Fibonacci points on a sphere."""
    turn = np.arange(count) + 0.5
    height = 1 - 2 * turn / count
    angle = np.pi * (1 + 5**0.5) * turn
    ring = np.sqrt(1 - height**2)
    return radius * np.column_stack([ring * np.cos(angle), ring * np.sin(angle), height])


def sphere_labels(step: float = STEP) -> tuple[np.ndarray, np.ndarray]:
    half = int(np.ceil(RADII[-1] / step)) + 1
    line = (np.arange(2 * half) - half + 0.5) * step
    distance = np.sqrt(line[:, None, None] ** 2 + line[:, None] ** 2 + line**2)
    labels = np.zeros(distance.shape, np.uint8)
    for label, radius in zip((5, 4, 3, 2), RADII[::-1], strict=True):
        labels[distance <= radius] = label
    affine = np.diag([step, step, step, 1.0])
    affine[:3, 3] = line[0]
    return labels, affine


@pytest.fixture(scope="module")
def head():
    mesh = hexahedral_mesh(*sphere_labels())
    electrodes = spread(40, RADII[-1])
    return mesh, electrodes, transfer_matrix(mesh, SIGMA, electrodes)


def rdm(a, b):
    a, b = (x / np.linalg.norm(x, axis=0) for x in (a, b))
    return np.linalg.norm(a - b, axis=0)


@pytest.mark.parametrize("model", SOURCE_MODELS)
def test_leadfield_matches_the_analytic_sphere(head, model):
    mesh, electrodes, transfer = head
    positions = np.concatenate([spread(12, share * RADII[0]) for share in (0.2, 0.5)])
    gain = leadfield(mesh, transfer, positions, source_model=model, conductivity=SIGMA)
    exact = sphere_leadfield(
        electrodes, positions, radii=RADII, conductivities=np.array(list(SIGMA.values()))
    )
    # 4 mm voxels: measured median RDM 0.9-1.8 %, amplitude +4.1 %. A wrong sign, unit, column order
    # or reference is an error of 100 % or more.
    assert np.median(rdm(gain, exact)) < 0.03
    size = np.log(np.linalg.norm(gain, axis=0) / np.linalg.norm(exact, axis=0))
    assert abs(np.median(size)) < 0.06
    np.testing.assert_allclose(gain.mean(axis=0), 0, atol=1e-12 * np.abs(gain).max())


def test_transfer_rows_have_no_grey_matter_mean_and_average_reference(head):
    mesh, _, transfer = head
    grey = mesh.nodes_of(2)
    assert np.abs(transfer[:, grey].mean(axis=1)).max() < 1e-12 * np.abs(transfer).max()
    assert np.abs(transfer.sum(axis=0)).max() < 1e-10 * np.abs(transfer).max()


def test_placement_fulfils_the_venant_condition(head):
    mesh, _, _ = head
    # From 1 mm inside the grey sphere to 4 mm outside of it: some start in CSF.
    white, pial = spread(60, RADII[0] - 1), spread(60, RADII[0] + 4)
    placed, table = place_dipoles(mesh, white, pial, reach=6.0)
    elements, _ = locate(mesh, placed)
    assert np.all(mesh.labels[elements] == 2)
    assert set(table["start_tissue"]) <= {"grey matter", "CSF"}
    assert (table["condition"] == "venant").all()
    corners = mesh.elements[elements]
    distance = np.linalg.norm(mesh.nodes[corners] - placed[:, None], axis=2)
    closest = corners[np.arange(len(placed)), distance.argmin(axis=1)]
    assert np.all(mesh.nodes_inside(2)[closest])
    np.testing.assert_allclose(
        table["moved_mm"], np.linalg.norm(placed - (white + pial) / 2, axis=1)
    )
    # A node with grey matter all around is at most about two voxels away.
    assert table["moved_mm"].max() < 2 * STEP
    again, table = place_dipoles(mesh, placed)
    np.testing.assert_array_equal(again, placed)
    assert (table["moved_mm"] == 0).all()


def test_mesh_files_round_trip(head, tmp_path):
    mesh = head[0]
    save_mesh(mesh, tmp_path / "mesh.npz")
    back = load_mesh(tmp_path / "mesh.npz")
    for name in ("nodes", "elements", "labels", "lattice"):
        np.testing.assert_array_equal(getattr(back, name), getattr(mesh, name))


def test_affine_with_mirrored_axes_gives_the_same_mesh():
    labels, affine = sphere_labels(12.0)
    labels[20:] = 0
    mirror = np.diag([-1.0, 1, 1, 1])
    mirror[0, 3] = labels.shape[0] - 1
    one = hexahedral_mesh(labels, affine)
    other = hexahedral_mesh(labels[::-1], affine @ mirror)
    np.testing.assert_allclose(other.nodes, one.nodes, atol=1e-10)
    np.testing.assert_array_equal(other.elements, one.elements)


def test_user_errors(head):
    mesh, electrodes, transfer = head
    with pytest.raises(UserError, match="conductivity of skull"):
        transfer_matrix(mesh, {2: 0.33, 3: 1.79, 5: 0.43}, electrodes)
    with pytest.raises(UserError, match="white matter"):
        transfer_matrix(mesh, SIGMA | {1: 0.14}, electrodes)
    with pytest.raises(UserError, match="Cz.*mm from the scalp"):
        project_electrodes(mesh, [[0, 0, 95.0]], names=["Cz"])
    with pytest.raises(UserError, match="outside the head"):
        leadfield(mesh, transfer, [[0, 0, 90.0]])
    with pytest.raises(UserError, match="in skull"):
        leadfield(mesh, transfer, [[0, 0, 56.0]])
    with pytest.raises(UserError, match="outside the head mesh"):
        place_dipoles(mesh, [[0, 0, 90.0]])
    with pytest.raises(UserError, match="from grey matter"):
        place_dipoles(mesh, [[0, 0, 70.0]])
    with pytest.raises(UserError, match="needs the conductivities"):
        leadfield(mesh, transfer, [[0, 0, 10.0]], source_model="localised_subtraction")
    with pytest.raises(UserError, match="source model 'foo'"):
        leadfield(mesh, transfer, [[0, 0, 10.0]], source_model="foo")
    labels, affine = sphere_labels(12.0)
    labels[0, 0, 0] = 5
    with pytest.raises(UserError, match="floating"):
        transfer_matrix(hexahedral_mesh(labels, affine), SIGMA, electrodes)
    with pytest.raises(UserError, match="only air"):
        hexahedral_mesh(np.zeros((3, 3, 3)), affine)
