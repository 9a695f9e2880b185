"""The finite-element leadfield: mesh, transfer matrix, dipoles, gain.

Meshes: ``hexahedral_mesh`` from any label volume, ``tetrahedral_mesh`` between nested surfaces.
``mesh = hexahedral_mesh(labels, affine)``, ``T = transfer_matrix(mesh, conductivity, electrodes)``,
``placed, table = place_dipoles(mesh, white, pial)`` and ``gain = leadfield(mesh, T, placed)``.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

import numpy as np

from multisource.anatomy.head import CSF, SCALP, SKULL, TISSUES, Head
from multisource.errors import UserError
from multisource.fem.assembly import element_conductivity
from multisource.fem.cutting import cut_brain
from multisource.fem.hexahedra import hexahedral_mesh
from multisource.fem.levels import levels_of
from multisource.fem.locate import locate
from multisource.fem.mesh import Mesh, load_mesh, save_mesh
from multisource.fem.nesting import Shell
from multisource.fem.placement import place_dipoles
from multisource.fem.source_models import SOURCE_MODELS
from multisource.fem.source_models.patch import MIN_PATCH, RINGS
from multisource.fem.tetrahedra import INNER_EDGE, shells_and_labels, tetrahedral_mesh
from multisource.fem.transfer import transfer_matrix
from multisource.progress import progress

__all__ = [
    "SOURCE_MODELS",
    "Mesh",
    "Shell",
    "head_mesh",
    "head_shells",
    "hexahedral_mesh",
    "leadfield",
    "load_mesh",
    "place_dipoles",
    "save_mesh",
    "shells_and_labels",
    "tetrahedral_mesh",
    "transfer_matrix",
]

BATCH = 512
# Where tetrahedra are cut, edges in the cortex are shorter than those in the depth, by this much of
# the bound that one is given for both.
_CORTEX_EDGE, _DEEP_EDGE = 0.8, 1.6

log = logging.getLogger(__name__)


def head_mesh(
    head: Head, kind: str, *, shift: float = 0.33, inner_edge: float = INNER_EDGE
) -> Mesh:
    """Return the mesh of a head.

    Parameters
    ----------
    head : Head
        Tissue voxels and surfaces.
    kind : {"hexahedra", "tetrahedra", "cut_tetrahedra"}
        Hexahedra of the tissue voxels, shifted, or tetrahedra. The tetrahedra are fitted to inner
        skull, outer skull and scalp; inside the inner skull, where the surfaces of a cortex touch,
        each takes the tissue of the voxel at its centroid, or is cut along the surfaces.
    shift : float, optional
        Node shift of hexahedra, see ``hexahedral_mesh``.
    inner_edge : float, optional
        Bound of the edges of tetrahedra inside the inner skull, mm; where they are cut, 0.8 of it
        in the cortex and 1.6 of it elsewhere.

    Returns
    -------
    Mesh
        The mesh, nodes in surface RAS mm.

    Raises
    ------
    UserError
        If the voxels or the surfaces cannot be meshed.
    """
    if kind == "hexahedra":
        return hexahedral_mesh(head.tissues, head.affine, shift=shift)
    if kind == "cut_tetrahedra":
        levels = levels_of(head)
        mesh = tetrahedral_mesh(
            head_shells(head),
            inner_edge=_DEEP_EDGE * inner_edge,
            fine=(levels.cortex(), _CORTEX_EDGE * inner_edge),
        )
        return cut_brain(mesh, levels)
    return shells_and_labels(head_shells(head), head.tissues, head.affine, inner_edge=inner_edge)


def head_shells(head: Head) -> list[Shell]:
    """Return the surfaces that tetrahedra are fitted to: inner skull, outer skull and scalp.

    Parameters
    ----------
    head : Head
        The head.

    Returns
    -------
    list of Shell
        The surfaces, each with the tissue just inside it.
    """
    tissues = {"inner_skull": CSF, "outer_skull": SKULL, "outer_skin": SCALP}
    return [Shell(name, *head.surfaces[name], label) for name, label in tissues.items()]


def leadfield(
    mesh: Mesh,
    transfer: np.ndarray,
    positions: np.ndarray,
    *,
    source_model: str = "multipolar_venant",
    label: int | None = 2,
    conductivity: dict[int, float] | None = None,
    rings: int = RINGS,
    targets: np.ndarray | None = None,
) -> np.ndarray:
    """Return the gain of dipoles, average reference.

    A Venant source with fewer than ``MIN_PATCH`` nodes falls back to partial integration, and a
    warning counts them.

    Parameters
    ----------
    mesh : Mesh
        The mesh of the transfer matrix.
    transfer : ndarray of shape (E, n)
        Transfer matrix from ``transfer_matrix``, V/A.
    positions : ndarray of shape (N, 3)
        Dipoles, mm, in elements of tissue ``label``.
    source_model : str, optional
        Name of a source model.
    label : int or None, optional
        Tissue that the dipoles must lie in; None: any.
    conductivity : dict of int to float, optional
        Conductivity by tissue label, S/m, that of the transfer matrix; needed by source models
        that ask for it, such as localised subtraction.
    rings : int, optional
        Rings of elements around a dipole that a Venant source takes.
    targets : ndarray of shape (N, 3), optional
        Places, mm, that Venant sources are to act from; None: the positions.

    Returns
    -------
    ndarray of shape (E, 3N)
        Gain, V/(Am), columns x, y, z of each dipole.

    Raises
    ------
    UserError
        For an unknown source model, one that knows no targets, a missing conductivity or a dipole
        outside its tissue.
    """
    check_sources(mesh, transfer, source_model, SOURCE_MODELS)
    if targets is not None and "targets" not in SOURCE_MODELS.offered(source_model):
        raise UserError(f"{source_model} acts from where it lies: use a Venant model with targets")
    positions = np.atleast_2d(np.asarray(positions, float))
    elements, local = locate(mesh, positions)
    check_tissue(mesh, positions, elements, label)
    given: dict[str, Any] = {"rings": rings}
    if "conductivity" in SOURCE_MODELS.offered(source_model):
        if conductivity is None:
            raise UserError(f"{source_model} needs the conductivities of the transfer matrix")
        given["conductivity"] = element_conductivity(mesh, conductivity)
    gain = np.empty((len(transfer), 3 * len(positions)))
    small = 0
    with progress("dipoles", total=len(positions), unit="dipole") as bar:
        for start in range(0, len(positions), BATCH):
            part = slice(start, min(start + BATCH, len(positions)))
            place = (positions[part], elements[part], local[part])
            given["targets"] = None if targets is None else targets[part]
            loads = SOURCE_MODELS.call(source_model, mesh, *place, given=given, chosen={})
            small += loads.replaced
            gain[:, 3 * part.start : 3 * part.stop] = (loads.matrix @ transfer.T).T
            bar.update(part.stop - part.start)
    if small:
        log.warning(
            "%d of %d dipoles had fewer than %d nodes of their tissue around them: partial "
            "integration took the place of %s",
            small,
            len(positions),
            MIN_PATCH,
            source_model,
        )
    return gain - gain.mean(axis=0)


def check_sources(
    mesh: Mesh, transfer: np.ndarray, source_model: str, known: Iterable[str]
) -> None:
    """Raise UserError for a source model that is not known or a transfer matrix of another mesh.

    Parameters
    ----------
    mesh : Mesh
        Mesh with n nodes.
    transfer : ndarray of shape (E, n)
        Transfer matrix.
    source_model : str
        Name of a source model.
    known : iterable of str
        Names that can be chosen.

    Raises
    ------
    UserError
        If one of the two does not fit.
    """
    if source_model not in known:
        raise UserError(f"source model {source_model!r} is unknown: choose from {', '.join(known)}")
    if transfer.shape[1] != len(mesh.nodes):
        raise UserError(
            f"transfer matrix has {transfer.shape[1]} columns, the mesh {len(mesh.nodes)} nodes: "
            "they must come from the same run"
        )


def check_tissue(
    mesh: Mesh, positions: np.ndarray, elements: np.ndarray, label: int | None
) -> None:
    """Raise UserError for the first dipole outside the mesh or outside its tissue.

    Parameters
    ----------
    mesh : Mesh
        The mesh.
    positions : ndarray of shape (N, 3)
        Dipoles, mm.
    elements : ndarray of int, shape (N,)
        Element of each, -1 outside the mesh.
    label : int or None
        Tissue that the dipoles must lie in; None: any.

    Raises
    ------
    UserError
        With the dipole, its place, and how many others are like it.
    """
    wrong = elements < 0
    if label is not None:
        wrong = wrong | (mesh.labels[elements] != label)
    if not wrong.any():
        return
    worst = int(np.flatnonzero(wrong)[0])
    spot = ", ".join(f"{value:.1f}" for value in positions[worst])
    tissue = mesh.labels[elements[worst]]
    where = "outside the head" if elements[worst] < 0 else f"in {TISSUES.get(int(tissue), tissue)}"
    raise UserError(
        f"dipole {worst} at ({spot}) mm is {where} ({int(wrong.sum())} of {len(positions)} are): "
        "place the dipoles in grey matter first"
    )
