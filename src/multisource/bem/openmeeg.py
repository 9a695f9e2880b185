"""Operator B: the symmetric boundary element method of OpenMEEG, three layers.

OpenMEEG assembles the head matrix and projects the electrodes. The rest is arranged for few
electrodes and many dipoles (the adjoint way): one solve per electrode, then one product with the
dipole source terms, which are closed forms (``dipole_source``). Nothing is inverted.

The head matrix is [[N, D'], [D, S]], potentials at all vertices first, then currents through the
triangles of inner and outer skull. S is positive definite and N negative semidefinite, so that
two Cholesky factorisations (of S and of the Schur complement) replace an indefinite one.

Gramfort et al., BioMed Eng OnLine 9 (2010) 45; Kybic et al., IEEE TMI 24 (2005) 12-28.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import linalg

from multisource.anatomy.head import SHELLS
from multisource.anatomy.shells import nested_shells
from multisource.bem.dipole_source import source_terms
from multisource.errors import UserError
from multisource.geometry.closest_points import closest_points
from multisource.geometry.rays import contains
from multisource.geometry.surfaces import Surface
from multisource.progress import progress

LAYERS = ("brain", "skull", "scalp")
FARTHEST_ELECTRODE_MM = 20.0
# A block of dipoles whose source terms take tens of megabytes.
BLOCK = 512
# Columns of the head matrix copied at a time.
STRIP = 256


def bem_leadfield(
    surfaces: Mapping[str, Surface],
    conductivity: Mapping[str, float],
    electrodes: np.ndarray,
    positions: np.ndarray,
    *,
    ico: int | None = 3,
) -> np.ndarray:
    """Return the leadfield of a three-layer head, average reference.

    Electrodes enter by linear interpolation at the nearest point of the scalp.

    Parameters
    ----------
    surfaces : mapping of str to surface
        inner_skull, outer_skull and outer_skin: each vertices (v, 3) mm and triangles (t, 3),
        facing outwards.
    conductivity : mapping of str to float
        Conductivities of brain, skull and scalp, S/m.
    electrodes : ndarray of shape (E, 3)
        Electrodes, mm, in the frame of the surfaces.
    positions : ndarray of shape (N, 3)
        Dipoles, mm, in the frame of the surfaces.
    ico : int or None, optional
        Icosahedron level that the surfaces are reduced to (3: 642 vertices each); None keeps them.

    Returns
    -------
    ndarray of shape (E, 3N)
        Leadfield, V/(Am); columns are x, y, z of dipole 0, of dipole 1, ...

    Raises
    ------
    UserError
        If a surface, conductivity, electrode or dipole is wrong; the message names it.
    """
    values = [_conductivity(conductivity, layer) for layer in LAYERS]
    shells = nested_shells(surfaces, ico)
    positions = np.atleast_2d(np.asarray(positions, float))
    electrodes = np.atleast_2d(np.asarray(electrodes, float))
    _check_positions(positions, shells["inner_skull"])
    _check_electrodes(electrodes, shells["outer_skin"])

    metres = {name: (shells[name][0] * 1e-3, shells[name][1]) for name in SHELLS}
    adjoint = adjoint_solutions(list(metres.values()), values, electrodes * 1e-3)
    vertices, triangles = metres["inner_skull"]
    # The inner skull's potentials come first; the currents follow the vertices of all surfaces.
    first = sum(len(rr) for rr, _ in metres.values())
    flux_weight = adjoint[: len(vertices)].T / (4 * np.pi)
    potential_weight = -adjoint[first : first + len(triangles)].T / (4 * np.pi * values[0])
    gain = np.empty((len(electrodes), 3 * len(positions)))
    for start in progress("dipoles", range(0, len(positions), BLOCK), unit="block"):
        block = positions[start : start + BLOCK]
        terms = source_terms(block * 1e-3, vertices, triangles)
        part = flux_weight @ np.moveaxis(terms.flux, 1, 0).reshape(len(vertices), -1)
        part += potential_weight @ np.moveaxis(terms.potential, 1, 0).reshape(len(triangles), -1)
        gain[:, 3 * start : 3 * (start + len(block))] = part
    return gain - gain.mean(axis=0)


def adjoint_solutions(
    surfaces: list[Surface], conductivity: list[float], electrodes: np.ndarray
) -> np.ndarray:
    """Solve the head matrix for every electrode.

    Parameters
    ----------
    surfaces : list of surface
        The three surfaces, inner one first: vertices (v, 3) in metres and triangles (t, 3).
    conductivity : list of float
        Conductivities inside each surface, S/m.
    electrodes : ndarray of shape (E, 3)
        Electrodes, metres.

    Returns
    -------
    ndarray of shape (P, E)
        Solutions: potentials at all vertices first, then currents through the triangles of inner
        and outer skull.

    Raises
    ------
    UserError
        If the head matrix is not definite.
    """
    import openmeeg

    # OpenMEEG wants the opposite turn of the triangles; with ours the gain changes its sign.
    meshes = [(rr, tris[:, [1, 0, 2]]) for rr, tris in surfaces]
    geometry = openmeeg.make_nested_geometry(meshes, conductivity)
    sensors = openmeeg.Sensors(openmeeg.Matrix(np.asfortranarray(electrodes)), geometry)
    rows = openmeeg.Matrix(openmeeg.Head2EEGMat(geometry, sensors)).array()
    blocks = _blocks(openmeeg.HeadMat(geometry), sum(len(rr) for rr, _ in surfaces))
    return _solve(*blocks, np.array(rows).T)


def _blocks(matrix: Any, vertices: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """N (upper triangle), D and S (upper triangle) of OpenMEEG's symmetric matrix."""
    size = matrix.nlin()
    # Column-major, so that LAPACK overwrites them: memory, not time, bounds the resolution.
    potential = np.zeros((vertices, vertices), order="F")
    coupling = np.empty((size - vertices, vertices), order="F")
    current = np.zeros((size - vertices, size - vertices), order="F")
    for start in range(0, vertices, STRIP):
        stop = min(start + STRIP, vertices)
        potential[:stop, start:stop] = matrix.submat(0, stop, start, stop - start).array()
    for start in range(vertices, size, STRIP):
        stop = min(start + STRIP, size)
        columns = matrix.submat(0, stop, start, stop - start).array()
        strip = slice(start - vertices, stop - vertices)
        coupling[strip] = columns[:vertices].T
        current[: strip.stop, strip] = columns[vertices:]
    return potential, coupling, current


def _solve(
    potential: np.ndarray, coupling: np.ndarray, current: np.ndarray, rows: np.ndarray
) -> np.ndarray:
    """Solve [[N, D'], [D, S]] x = rows (P, E), zero beyond the vertices. Overwrites the blocks."""
    vertices = len(potential)
    np.negative(potential, out=potential)
    try:
        factor = linalg.cholesky(current, overwrite_a=True, check_finite=False)
        half = linalg.solve_triangular(
            factor, coupling, trans="T", overwrite_b=True, check_finite=False
        )
        schur = linalg.blas.dsyrk(1.0, half, beta=1.0, c=potential, trans=1, overwrite_c=1)
        schur = linalg.cholesky(schur, overwrite_a=True, check_finite=False)
    except linalg.LinAlgError:
        raise UserError(
            "BEM head matrix is not definite: surfaces too close for the triangles, or "
            "conductivities many orders apart; use a finer ico or wider gaps"
        ) from None
    potentials = -linalg.cho_solve((schur, False), rows[:vertices], check_finite=False)
    currents = -linalg.solve_triangular(factor, half @ potentials, check_finite=False)
    return np.concatenate([potentials, currents])


def _conductivity(conductivity: Mapping[str, float], layer: str) -> float:
    value = conductivity.get(layer)
    if value is None or not np.isfinite(value) or value <= 0:
        raise UserError(f"BEM conductivity {layer}: {value}; give a positive number in S/m")
    return float(value)


def _check_positions(positions: np.ndarray, inner_skull: Surface) -> None:
    outside = np.flatnonzero(~contains(*inner_skull, positions))
    if len(outside):
        where = "({:.1f}, {:.1f}, {:.1f})".format(*positions[outside[0]])
        raise UserError(
            f"{len(outside)} dipole(s) lie outside inner_skull, dipole {outside[0]} at {where} mm; "
            "move them inwards or use a finer ico"
        )


def _check_electrodes(electrodes: np.ndarray, outer_skin: Surface) -> None:
    _, distance, _ = closest_points(*outer_skin, electrodes)
    worst = int(np.argmax(distance))
    if distance[worst] > FARTHEST_ELECTRODE_MM:
        raise UserError(
            f"electrode {worst} lies {distance[worst]:.0f} mm from outer_skin; "
            "check its units (mm) and frame"
        )
