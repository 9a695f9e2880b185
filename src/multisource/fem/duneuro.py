"""The DUNEuro backend: the finite-element leadfield computed by a user's build of duneuropy.

The same mesh, electrodes and dipoles as the native backend, the same conventions out, so that the
two can be exchanged and compared. DUNEuro runs in a process of its own, see ``duneuro_process``.

DUNEuro knows no units. Nodes are in mm and conductivities in S/mm here, so that a transfer matrix
comes out in V/A and a unit moment is 1 A mm; options go in as strings, the only leaf type that is
never dropped in silence.

Schrader et al., PLoS ONE 16 (2021) e0252431.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from multisource.errors import UserError
from multisource.fem.duneuro_process import run_worker
from multisource.fem.electrode_projection import project_electrodes
from multisource.fem.locate import locate
from multisource.fem.mesh import HEX_FACES, Mesh
from multisource.fem.native import check_sources, check_tissue
from multisource.fem.source_models.patch import MIN_PATCH, RINGS, Patches
from multisource.fem.transfer import GREY_MATTER

PROJECTIONS = ("interpolated", "normal")
# A projection that DUNEuro could not do leaves the electrode anywhere, without a word.
PROJECTION_TOLERANCE_MM = 0.1
# The faces of adapted hexahedra are no planes. DUNEuro searches the element of a dipole by planes
# through a corner of each face, with the normal of its middle (its file edgehopping.hh), and may
# end in the neighbour. So far inside all such planes, in mm, dipoles are kept.
FACE_MARGIN_MM = 1e-3
# Bytes of the transfer rows held at a time, and dipoles per call.
ROW_BYTES = 500e6
BATCH = 3000
_NODES = {"type": "closest_subentity_center", "codims": "3"}
_VENANT = {
    "referenceLength": "20",
    "weightingExponent": "1",
    "relaxationFactor": "1e-6",
    "restrict": "true",
    "initialization": "closest_vertex",
}
SOURCE_MODELS: dict[str, dict[str, str]] = {
    "multipolar_venant": {"type": "multipolar_venant", **_VENANT},
    "venant": {"type": "venant", "numberOfMoments": "3", "mixedMoments": "true", **_VENANT},
    "partial_integration": {"type": "partial_integration"},
    "localised_subtraction": {
        "type": "local_subtraction",
        "restrict": "false",
        "initialization": "single_element",
        "extensions": "vertex vertex",
        "intorderadd_eeg_patch": "0",
        "intorderadd_eeg_boundary": "0",
        "intorderadd_eeg_transition": "0",
    },
}
VENANT = ("multipolar_venant", "venant")
# Models that DUNEuro hides behind a switch.
EXPERIMENTAL = ("localised_subtraction",)


def transfer_matrix(
    mesh: Mesh,
    conductivity: Mapping[int, float],
    electrodes: np.ndarray,
    *,
    tolerance: float = 1e-8,
    names: list[str] | None = None,
    max_distance: float = 10.0,
    projection: str = "interpolated",
    threads: int = 1,
    python: str | None = None,
) -> np.ndarray:
    """Return the transfer matrix as ``transfer.transfer_matrix`` does, computed by DUNEuro.

    Parameters
    ----------
    mesh : Mesh
        Hexahedra or tetrahedra with n nodes in mm.
    conductivity : mapping of int to float
        Conductivity by tissue label, S/m.
    electrodes : ndarray of shape (E, 3)
        Electrodes, mm.
    tolerance : float, optional
        Residual of each solve, relative to that of DUNEuro's random start.
    names : list of str, optional
        Names of the electrodes, for messages.
    max_distance : float, optional
        Largest distance of an electrode from the scalp, mm.
    projection : {"interpolated", "normal"}, optional
        "interpolated" solves for the nodes around each foot point and weighs them, exactly the
        native electrodes, at three or more solves each; "normal" is DUNEuro's own projection, one
        solve each.
    threads : int, optional
        Threads of DUNEuro.
    python : str, optional
        Interpreter that can import duneuropy; None takes that of ``DUNEUROPY_PYTHON``, else the
        running one.

    Returns
    -------
    ndarray of shape (E, n)
        Transfer matrix, V/A, average reference.

    Raises
    ------
    UserError
        For a missing tissue, an electrode off the scalp or projected elsewhere, or with DUNEuro's
        own message.
    """
    if projection not in PROJECTIONS:
        raise UserError(
            f"electrode projection {projection!r} is unknown: use {' or '.join(PROJECTIONS)}"
        )
    mesh.check(tuple(conductivity))
    feet, weights = project_electrodes(mesh, electrodes, names=names, max_distance=max_distance)
    if projection == "interpolated":
        points, weights, options = *_node_points(mesh, weights), _NODES
    else:
        points, weights, options = feet, np.eye(len(feet)), {"type": "normal"}
    request = {
        "task": "transfer",
        "electrodes": options,
        "rows": int(ROW_BYTES // (8 * len(mesh.nodes))),
        "solve": {"solver": {"reduction": f"{tolerance:g}"}, **_threads(threads)},
    }
    arrays = {"points": points, "weights": weights}
    transfer, projected = _run(mesh, conductivity, request, arrays, python)
    strayed = np.linalg.norm(projected - points, axis=1)
    if strayed.max() > PROJECTION_TOLERANCE_MM:
        worst = int(np.argmax(strayed))
        name = (names or range(len(strayed)))[worst] if projection == "normal" else worst
        raise UserError(
            f"DUNEuro projected electrode {name} {strayed[worst]:.1f} mm away from its foot "
            "point on the mesh: use projection interpolated"
        )
    transfer -= transfer.mean(axis=0)
    inside = mesh.nodes_of(GREY_MATTER)
    if inside.any():
        transfer -= transfer[:, inside].mean(axis=1, keepdims=True)
    return transfer


def leadfield(
    mesh: Mesh,
    conductivity: Mapping[int, float],
    transfer: np.ndarray,
    positions: np.ndarray,
    *,
    source_model: str = "multipolar_venant",
    label: int | None = GREY_MATTER,
    rings: int = RINGS,
    threads: int = 1,
    python: str | None = None,
) -> np.ndarray:
    """Return the gain as ``fem.leadfield`` does, computed by DUNEuro.

    Venant models stay within one tissue, which DUNEuro tells by conductivity: tissues less than
    0.058 S/m apart count as one. Localised subtraction takes two rings of elements here, the native
    model four on tetrahedra: RDM 3e-4 to 9e-4 between them on the sphere (median; 95 %: 3e-3 at
    most), measured when the native integrals were sums over points. As in ``fem.leadfield``,
    partial integration takes over where a Venant patch is small. In hexahedra dipoles are kept off
    the faces, see ``off_faces``.

    Parameters
    ----------
    mesh : Mesh
        The mesh of the transfer matrix.
    conductivity : mapping of int to float
        Conductivity by tissue label, S/m.
    transfer : ndarray of shape (E, n)
        Transfer matrix of either backend, V/A.
    positions : ndarray of shape (N, 3)
        Dipoles, mm, in tissue ``label``.
    source_model : str, optional
        Name of a source model.
    label : int or None, optional
        Tissue that the dipoles must lie in; None: any.
    rings : int, optional
        Rings of elements around a dipole that a Venant source takes.
    threads : int, optional
        Threads of DUNEuro.
    python : str, optional
        Interpreter that can import duneuropy; None takes that of ``DUNEUROPY_PYTHON``, else the
        running one.

    Returns
    -------
    ndarray of shape (E, 3N)
        Gain, V/(Am), average reference, columns x, y, z of each dipole.

    Raises
    ------
    UserError
        For an unknown source model, a dipole outside its tissue, or with DUNEuro's own message.
    """
    check_sources(mesh, transfer, source_model, SOURCE_MODELS)
    positions = np.atleast_2d(np.asarray(positions, float))
    elements, _ = locate(mesh, positions)
    check_tissue(mesh, positions, elements, label)
    positions = off_faces(mesh, positions, elements)
    small = np.zeros(len(positions), bool)
    if source_model in VENANT:
        patches = Patches(mesh, rings)
        corners = patches.corners(positions, elements)
        for number, (corner, element) in enumerate(zip(corners, elements, strict=True)):
            small[number] = len(patches.around(corner, mesh.labels[element])) < MIN_PATCH
    if small.any():
        print(
            f"{small.sum()} of {len(small)} dipoles: partial integration, since their patches of "
            f"elements have fewer than {MIN_PATCH} nodes"
        )
    model = SOURCE_MODELS[source_model]
    if source_model in VENANT and rings > 1:
        model = {**model, "extensions": " ".join(["vertex"] * (rings - 1))}
    models = [model, SOURCE_MODELS["partial_integration"]]
    experimental = {"enable_experimental": "true"} if source_model in EXPERIMENTAL else {}
    moments = np.tile(np.eye(3), (len(positions), 1))
    request = {
        "task": "apply",
        # Any nodes of the scalp do: a driver without electrodes crashes, and one with electrodes
        # close to a dipole adds its singular potential there.
        "electrodes": _NODES,
        "batch": BATCH,
        "source_models": models,
        "solve": {
            "post_process": "true",
            "subtract_mean": "false",
            **experimental,
            **_threads(threads),
        },
    }
    arrays = {
        "points": mesh.nodes[np.unique(mesh.boundary_faces()[0])[: len(transfer)]],
        "transfer": np.ascontiguousarray(transfer, float),
        "dipoles": np.concatenate([np.repeat(positions, 3, axis=0), moments], axis=1),
        # Which of the source models each dipole takes.
        "choice": np.repeat(small.astype(np.int64), 3),
    }
    gain, _ = _run(mesh, conductivity, request, arrays, python)
    # V per A mm to V per A m.
    gain = 1e3 * gain
    return gain - gain.mean(axis=0)


def off_faces(mesh: Mesh, positions: np.ndarray, elements: np.ndarray) -> np.ndarray:
    """Move dipoles that DUNEuro may see in a neighbour into their hexahedron, and print how many.

    Parameters
    ----------
    mesh : Mesh
        Hexahedra; tetrahedra, whose faces are planes, keep their dipoles as they are.
    positions : ndarray of shape (N, 3)
        Dipoles, mm.
    elements : ndarray of int, shape (N,)
        Element of each.

    Returns
    -------
    ndarray of shape (N, 3)
        Dipoles, mm, on the inner side of every plane that DUNEuro may draw for a face of theirs.
    """
    if not mesh.is_hexahedral:
        return positions
    middle = mesh.centroids[elements]
    faces = mesh.nodes[mesh.elements[elements][:, HEX_FACES]]
    normals = np.cross(faces[:, :, 2] - faces[:, :, 0], faces[:, :, 3] - faces[:, :, 1])
    normals /= np.linalg.norm(normals, axis=2, keepdims=True)
    outwards = np.einsum("pfa,pfa->pf", normals, faces.mean(axis=2) - middle[:, None])
    normals *= np.sign(outwards)[..., None]
    # Heights over the middle of the element: of the lowest corner of each face, and of the dipole.
    corners = np.einsum("pfa,pfca->pfc", normals, faces - middle[:, None, None])
    limit = corners.min(axis=2) - FACE_MARGIN_MM
    height = np.einsum("pfa,pa->pf", normals, positions - middle)
    beyond = height > limit
    share = np.where(beyond, (height - limit) / np.where(beyond, height, 1), 0).max(axis=1)
    moved = positions + np.clip(share, 0, 1)[:, None] * (middle - positions)
    close = share > 0
    if close.any():
        way = np.linalg.norm(moved[close] - positions[close], axis=1)
        print(
            f"{close.sum()} of {len(positions)} dipoles lie at a face of their hexahedron, where "
            f"DUNEuro may see them in its neighbour: moved by up to {way.max():.3f} mm"
        )
    return moved


def _node_points(mesh: Mesh, weights: sparse.csr_array) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates (K, 3) of the nodes that the electrodes rest on, and weights (E, K)."""
    weights = weights.tocsc()
    largest = np.abs(weights).max(axis=0).toarray().ravel()
    nodes = np.flatnonzero(largest > 1e-9)
    return mesh.nodes[nodes], weights[:, nodes].toarray()


def _threads(threads: int) -> dict[str, str]:
    return {"numberOfThreads": str(threads), "grainSize": "16"}


def _driver(mesh: Mesh, request: Mapping[str, Any]) -> dict[str, Any]:
    solver = {"reduction": "1e-10", "verbosity": "0", "max_iterations": "5000", "intorderadd": "0"}
    driver = {
        "type": "fitted",
        "solver_type": "cg",
        "element_type": "hexahedron" if mesh.is_hexahedral else "tetrahedron",
        "solver": solver,
    }
    if "enable_experimental" in request["solve"]:
        # Wanted by the driver and by the call; the penalty terms by the subtraction's fluxes.
        driver["enable_experimental"] = "true"
        solver |= {
            "edge_norm_type": "houston",
            "penalty": "20",
            "scheme": "sipg",
            "weights": "tensorOnly",
        }
    return driver


def _run(
    mesh: Mesh,
    conductivity: Mapping[int, float],
    request: dict[str, Any],
    arrays: dict[str, np.ndarray],
    python: str | None,
) -> tuple[np.ndarray, np.ndarray]:
    """Hand a request to the worker and return its result and the projected electrodes."""
    labels = np.array(sorted(conductivity))
    index = np.searchsorted(labels, mesh.labels)
    index[index == len(labels)] = 0
    unknown = labels[index] != mesh.labels
    if unknown.any():
        raise UserError(f"mesh has label {mesh.labels[unknown][0]} without a conductivity")
    for label, value in conductivity.items():
        if not (np.isfinite(value) and value > 0):
            raise UserError(f"conductivity of label {label}: {value}; give a positive S/m")
    request = {
        **request,
        "driver": _driver(mesh, request),
        # S/m to S/mm.
        "conductivities": [float(conductivity[int(label)]) * 1e-3 for label in labels],
    }
    arrays = {
        **arrays,
        "nodes": np.ascontiguousarray(mesh.nodes, np.float64),
        # Our hexahedra have the corner order of DUNE: x fastest, then y, then z.
        "elements": np.ascontiguousarray(mesh.elements, np.int64),
        "labels": index.astype(np.int64),
    }
    with tempfile.TemporaryDirectory(prefix="duneuro-") as name:
        folder = Path(name)
        for key, array in arrays.items():
            np.save(folder / f"{key}.npy", array)
        (folder / "request.json").write_text(json.dumps(request))
        run_worker(folder, python, request["task"])
        result, projected = np.load(folder / "result.npy"), np.load(folder / "projected.npy")
    if not np.isfinite(result).all():
        raise UserError("DUNEuro returned values that are not finite: check the conductivities")
    return result, projected
