"""Localised subtraction: the singular part of the potential is known, near the dipole.

Holtershinken et al., SIAM J. Sci. Comput. 47, 2025. With u_inf the potential of the dipole in an
infinite medium of the conductivity at its place, and chi a continuous function that is 1 on a
patch around it and 0 beyond one more layer of elements, the potential is ``chi u_inf + u_c``; the
correction u_c has no singularity and solves the usual problem with the load

    b_i = - int_patch (sigma - sigma_inf) grad u_inf . grad phi_i
          - int_boundary of patch sigma_inf d_n u_inf phi_i
          - int_transition sigma grad(chi u_inf) . grad phi_i .

All electrodes lie where chi = 0, so the leadfield is T b as for every other model. On tetrahedra
grad phi_i is constant, and the divergence theorem turns the volume integrals into
``grad phi_i . int_faces chi u_inf n``: all integrals are exact there, however near a face the
dipole lies. On hexahedra they are sums over Gauss points.

The further the patch reaches, the smoother u_c, but it must not reach into the skull: where next
to no current flows u_inf is no guess at the potential, and coarse elements cannot correct it.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from multisource.fem.assembly import gauss_hexahedron
from multisource.fem.contract import Loads
from multisource.fem.mesh import HEX_FACES, TET_FACES, Mesh
from multisource.fem.source_models import localised_hexahedra, localised_tetrahedra
from multisource.fem.source_models.localised_patch import boundary, grow
from multisource.fem.source_models.quadrature import quadrilateral_rule

# On the tetrahedra of docs/fem-accuracy.md four rings instead of two lower the errors at 0.8 to
# 0.97 of the sphere's brain radius from 0.13-0.19 to 0.09-0.13 %, six do no better; patches that
# entered the skull were up to 5 % wrong. On hexahedra the staircase decides: two are enough.
TETRAHEDRA_RINGS, HEXAHEDRA_RINGS = 4, 2
# A patch of tetrahedra keeps out of tissues that conduct less than this share of what the
# dipole's own does.
INSULATING = 0.1


def loads(
    mesh: Mesh,
    positions: np.ndarray,
    elements: np.ndarray,
    local: np.ndarray,
    *,
    conductivity: np.ndarray,
) -> Loads:
    """Return the loads of unit dipoles.

    The patch is the dipole's element and rings of elements that share a node with it; on
    tetrahedra without elements that insulate.

    Parameters
    ----------
    mesh : Mesh
        Mesh with n nodes in mm.
    positions : ndarray of shape (N, 3)
        Dipoles, mm.
    elements : ndarray of int, shape (N,)
        Element of each.
    local : ndarray of shape (N, 3)
        Coordinates within the element.
    conductivity : ndarray of shape (m,)
        Conductivity of all elements, S/m.

    Returns
    -------
    Loads
        Loads (3N, n), 1/m, along x, y, z at each position.
    """
    if mesh.is_hexahedral:
        faces, face_rule, volume_rule = HEX_FACES, quadrilateral_rule(), gauss_hexahedron(2)
        rings, share = HEXAHEDRA_RINGS, 0.0
    else:
        faces = TET_FACES
        rings, share = TETRAHEDRA_RINGS, INSULATING
    incidence = mesh.node_elements
    marks = np.zeros(len(mesh.elements), np.int64)
    node_marks = np.zeros(len(mesh.nodes), np.int64)
    values, columns, sizes = [], [], []
    for number, (position, element) in enumerate(zip(positions, elements, strict=True)):
        place, stamp = np.ascontiguousarray(position, float), number + 1
        incident = (incidence.indptr, incidence.indices, marks)
        tissue = (conductivity, share * conductivity[element])
        found, inner = grow(
            int(element), stamp, rings, mesh.elements, *tissue, *incident, node_marks
        )
        around = boundary(found[:inner], stamp, mesh.elements, faces, *incident)
        nodes = np.unique(mesh.elements[found])
        load = np.zeros((len(nodes), 3))
        patch = (stamp, place, found, inner, mesh.nodes, mesh.elements, conductivity, node_marks)
        surface = (place, around, mesh.nodes, mesh.elements, faces)
        if mesh.is_hexahedral:
            localised_hexahedra.add_volumes(*patch, *volume_rule, nodes, load)
            localised_hexahedra.add_boundary(*surface, *face_rule, nodes, load)
        else:
            localised_tetrahedra.add_volumes(*patch, nodes, load)
            localised_tetrahedra.add_boundary(*surface, nodes, load)
        # 1/mm to 1/m.
        values.append(load.T.ravel() * 1e3)
        columns.append(np.tile(nodes, 3))
        sizes += [len(nodes)] * 3
    return Loads(
        sparse.csr_array(
            (np.concatenate(values), np.concatenate(columns), np.r_[0, np.cumsum(sizes)]),
            shape=(3 * len(positions), len(mesh.nodes)),
        )
    )
