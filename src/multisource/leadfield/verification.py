"""Is my leadfield right? The numbers that answer: analytic sphere, placement, sanity, agreement."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from multisource.anatomy.head import SHELLS
from multisource.bem.openmeeg import bem_leadfield
from multisource.fem.backends import make_backend
from multisource.fem.hexahedra import hexahedral_mesh
from multisource.fem.placement import place_dipoles
from multisource.geometry.icosphere import icosphere
from multisource.leadfield.check import check_leadfield
from multisource.leadfield.compare import lnmag, rdm
from multisource.leadfield.forward import Leadfield
from multisource.leadfield.sphere import sphere_leadfield
from multisource.leadfield.sphere_mesh import (
    LABELS,
    RADII,
    cut_spheres,
    fitted_spheres,
    layered_voxels,
)

# The tissue of each layer of the sphere; a BEM of three layers has no CSF.
FEM_TISSUES = {"brain": "grey_matter", "csf": "csf", "skull": "skull", "scalp": "scalp"}
ECCENTRICITIES = (0.2, 0.4, 0.6, 0.7, 0.8, 0.85, 0.9, 0.94, 0.97)
# A column norm this many times the median is no anatomy but a source model that failed.
OUTLIER = 4.0

Solver = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


def sphere_errors(
    solver: Solver,
    *,
    radii: np.ndarray,
    conductivities: np.ndarray,
    eccentricities: Sequence[float] = ECCENTRICITIES,
    electrodes: int = 40,
    dipoles: int = 15,
    seed: int = 0,
) -> pd.DataFrame:
    """Return the errors of a solver on concentric spheres, against the analytic series.

    Parameters
    ----------
    solver : callable
        Takes electrodes (E, 3) and positions (N, 3) in mm and returns the gain (E, 3N) and the
        positions (N, 3) mm that it computed, if it had to move them.
    radii : ndarray of shape (L,)
        Radii of the spheres about the origin from the inside out, mm.
    conductivities : ndarray of shape (L,)
        Conductivities of the layers from the inside out, S/m.
    eccentricities : sequence of float, optional
        Distances of the dipoles from the centre, as shares of the innermost radius.
    electrodes : int, optional
        Number of electrodes, at random on the upper part of the outermost sphere.
    dipoles : int, optional
        Number of dipoles per eccentricity, in random directions.
    seed : int, optional
        Seed of the random directions.

    Returns
    -------
    pandas.DataFrame
        Columns: ``eccentricity``, ``orientation`` (radial, tangential), ``rdm``, ``lnmag``.
    """
    rng = np.random.default_rng(seed)
    caps = radii[-1] * _upper(_directions(rng, electrodes))
    steps = np.repeat(eccentricities, dipoles)
    axes = _directions(rng, len(steps))
    gain, placed = solver(caps, radii[0] * steps[:, None] * axes)
    exact = sphere_leadfield(caps, placed, radii=radii, conductivities=conductivities)
    radial = placed / np.linalg.norm(placed, axis=1, keepdims=True)
    tangential = np.cross(radial, _directions(rng, len(steps)))
    tangential /= np.linalg.norm(tangential, axis=1, keepdims=True)
    tables = []
    for orientation, moments in (("radial", radial), ("tangential", tangential)):
        ours, theirs = (
            np.einsum("enk,nk->en", part.reshape(electrodes, -1, 3), moments)
            for part in (gain, exact)
        )
        errors = {"rdm": rdm(ours, theirs), "lnmag": lnmag(ours, theirs)}
        tables.append(pd.DataFrame({"eccentricity": steps, "orientation": orientation, **errors}))
    return pd.concat(tables, ignore_index=True)


def sphere_check(
    *, fem: Mapping[str, Any], bem: Mapping[str, Any], voxel_mm: float = 3.0
) -> pd.DataFrame:
    """Judge both operators, with the study's own settings, on the sphere.

    FEM dipoles are placed as on the head, and judged where they are to act from.

    Parameters
    ----------
    fem : mapping
        ``backend``, ``mesh``, ``shift``, ``source_model``, ``rings``,
        ``true_places``, ``tolerance`` and ``conductivity`` (by tissue name, S/m) as in the
        configuration.
    bem : mapping
        ``ico`` and ``conductivity`` as in the configuration.
    voxel_mm : float, optional
        Edge of the hexahedra, mm, half that of the tetrahedra on the spheres, which on a head
        follow voxels at the boundary of the brain.

    Returns
    -------
    pandas.DataFrame
        The columns of ``sphere_errors``, and ``operator`` (FEM, BEM).
    """
    tables = [_fem_sphere(fem, voxel_mm), _bem_sphere(bem)]
    return pd.concat(tables, ignore_index=True)


def _fem_sphere(fem: Mapping[str, Any], voxel_mm: float) -> pd.DataFrame:
    radii = np.array(list(RADII.values()))
    values = {layer: float(fem["conductivity"][FEM_TISSUES[layer]]) for layer in RADII}
    if fem["mesh"] == "tetrahedra":
        mesh = fitted_spheres(2 * voxel_mm)
    elif fem["mesh"] == "cut_tetrahedra":
        mesh = cut_spheres(1.25 * voxel_mm)
    else:
        half = int(np.ceil(radii[-1] / voxel_mm)) + 1
        labels, affine = layered_voxels(np.arange(-half, half + 1) * voxel_mm)
        mesh = hexahedral_mesh(labels, affine, shift=fem["shift"])
    conductivity = {LABELS[layer]: value for layer, value in values.items()}

    backend = make_backend(fem["backend"])

    def solve(electrodes: np.ndarray, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        names = [f"{number + 1} of the sphere" for number in range(len(electrodes))]
        transfer = backend.transfer_matrix(
            mesh, conductivity, electrodes, tolerance=fem["tolerance"], names=names
        )
        placed, _ = place_dipoles(mesh, positions, rings=fem["rings"])
        gain = backend.leadfield(
            mesh,
            conductivity,
            transfer,
            placed,
            source_model=fem["source_model"],
            rings=fem["rings"],
            targets=positions if fem["true_places"] else None,
        )
        return gain, positions if fem["true_places"] else placed

    table = sphere_errors(solve, radii=radii, conductivities=np.array(list(values.values())))
    return table.assign(operator="FEM")


def _bem_sphere(bem: Mapping[str, Any]) -> pd.DataFrame:
    radii = np.array([RADII[layer] for layer in ("csf", "skull", "scalp")])
    unit, triangles = icosphere(bem["ico"])
    surfaces = {
        name: (radius * unit, triangles) for name, radius in zip(SHELLS, radii, strict=True)
    }
    conductivity = bem["conductivity"]

    def solve(electrodes: np.ndarray, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        gain = bem_leadfield(surfaces, conductivity, electrodes, positions, ico=bem["ico"])
        return gain, positions

    values = np.array([conductivity[layer] for layer in ("brain", "skull", "scalp")])
    # The flat triangles of a coarse polyhedron cut off the outermost dipoles.
    inside = np.linalg.norm(unit[triangles].mean(axis=1), axis=1).min()
    steps = [share for share in ECCENTRICITIES if share < inside]
    table = sphere_errors(solve, radii=radii, conductivities=values, eccentricities=steps)
    return table.assign(operator="BEM")


def verification_table(
    fem: Leadfield,
    bem: Leadfield,
    comparison: pd.DataFrame,
    placement: pd.DataFrame,
    sphere: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return one row per check of both leadfields.

    Parameters
    ----------
    fem, bem : Leadfield
        Operators A and B.
    comparison : pandas.DataFrame
        The table of ``compare_leadfields(fem, bem)``.
    placement : pandas.DataFrame
        The table of ``place_dipoles``.
    sphere : pandas.DataFrame, optional
        The table of ``sphere_check``; None leaves its rows out.

    Returns
    -------
    pandas.DataFrame
        Columns: ``check``, ``value``, ``expected``, ``verdict`` ("ok", "look", or "" for plain
        facts).

    Raises
    ------
    UserError
        If a leadfield is unsound altogether.
    """
    rows: list[tuple[str, str, str, bool | None]] = []
    for name, operator in (("A (FEM)", fem), ("B (BEM)", bem)):
        summary = check_leadfield(operator, name=name)
        norms = np.linalg.norm(operator.fixed, axis=0)
        outliers = int((norms > OUTLIER * np.median(norms)).sum())
        rows += [
            (
                f"{name}: average reference, largest mean over norm",
                f"{summary['reference_error']:.0e}",
                "below 1e-5",
                True,
            ),
            (
                f"{name}: condition number",
                f"{summary['condition']:.0f}",
                "below 10000",
                summary["condition"] < 10_000,
            ),
            (
                f"{name}: column norms, 5 / 50 / 95 %, V/(Am)",
                " / ".join(f"{value:.0f}" for value in np.percentile(norms, [5, 50, 95])),
                "",
                None,
            ),
            (
                f"{name}: dipoles with a norm over {OUTLIER:g} medians",
                str(outliers),
                "0",
                outliers == 0,
            ),
        ]
    moved = placement["moved_mm"].to_numpy()
    rows += [
        ("dipoles moved into grey matter", f"{(moved > 0).sum()} of {len(moved)}", "", None),
        (
            "moved by, median / 95 % / most (mm), of those",
            " / ".join(f"{v:.1f}" for v in np.percentile(moved[moved > 0], [50, 95, 100]))
            if (moved > 0).any()
            else "none",
            "95 % below 5 mm",
            bool(np.percentile(moved, 95) < 5),
        ),
        (
            "dipoles without the full Venant condition",
            f"{(placement['condition'] != 'venant').sum()} of {len(placement)}",
            "few; they are less accurate",
            bool((placement["condition"] != "venant").mean() < 0.25),
        ),
        _agreement(comparison, "rdm", "RDM", 0.05, 0.35),
        _agreement(comparison, "lnmag", "lnMAG", -0.9, 0.3),
    ]
    if sphere is not None:
        for operator, part in sphere[sphere["eccentricity"] <= 0.9].groupby("operator"):
            error = float(part["rdm"].median())
            rows.append(
                (
                    f"{operator} against the analytic sphere, median RDM to eccentricity 0.9",
                    f"{100 * error:.1f} %",
                    "below 5 %",
                    error < 0.05,
                )
            )
    words = {True: "ok", False: "look", None: ""}
    return pd.DataFrame(
        [(check, value, expected, words[good]) for check, value, expected, good in rows],
        columns=["check", "value", "expected", "verdict"],
    )


def _agreement(
    comparison: pd.DataFrame, column: str, name: str, low: float, high: float
) -> tuple[str, str, str, bool]:
    """Median disagreement; the models differ on purpose, so none at all is as odd as too much."""
    values = comparison[column]
    median = float(values.median())
    return (
        f"A against B: {name}, median (5 to 95 %)",
        f"{median:.2f} ({np.percentile(values, 5):.2f} to {np.percentile(values, 95):.2f})",
        f"median {low:g} to {high:g}: CSF, white matter and other conductivities in A",
        low <= median <= high,
    )


def _directions(rng: np.random.Generator, count: int) -> np.ndarray:
    points = rng.normal(size=(count, 3))
    return points / np.linalg.norm(points, axis=1, keepdims=True)


def _upper(directions: np.ndarray) -> np.ndarray:
    """Mirror directions below the neck upwards: electrodes cover the upper part of a head."""
    low = directions[:, 2] < -0.4
    return np.where(low[:, None], directions * [1, 1, -1], directions)
