"""What the options of the head providers may be: asked before any job runs, and by the jobs.

Nothing heavy is imported here, since the configuration is checked with these functions. Each
yields a line for each mistake; a line begins with the option's name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

SMALLEST_MARGIN_MM = 3.0  # least thickness of fsaverage's skull and of its scalp
THICKEST_SKULL_MM = 20.0


def voxel_mistakes(voxel_mm: float) -> Iterator[str]:
    """Yield what is wrong with the edge of the tissue voxels.

    Parameters
    ----------
    voxel_mm : float
        Edge of a voxel, mm.

    Yields
    ------
    str
        One mistake.
    """
    if not 0.5 <= voxel_mm <= 5:
        yield f"voxel_mm: {voxel_mm} is out of range; use 0.5 to 5"


def fsaverage_mistakes(
    *,
    scale: float,
    skull_fraction: float,
    skull_thickness_mm: Sequence[float],
    voxel_mm: float,
) -> Iterator[str]:
    """Yield what is wrong with the options of ``fsaverage.fsaverage_head``.

    Parameters
    ----------
    scale : float
        Size of the head over fsaverage's.
    skull_fraction : float
        Share of the gap between inner skull and scalp that is bone.
    skull_thickness_mm : sequence of two float
        Least and largest thickness of the skull, mm.
    voxel_mm : float
        Edge of a tissue voxel, mm.

    Yields
    ------
    str
        One mistake.
    """
    if not 0.5 <= scale <= 1.5:
        yield f"scale: {scale} is out of range; use 0.5 to 1.5"
    if not 0.1 <= skull_fraction <= 0.9:
        yield f"skull_fraction: {skull_fraction} is out of range; use 0.1 to 0.9"
    low, high = skull_thickness_mm
    if low > high:
        yield (f"skull_thickness_mm: [{low}, {high}]: the first is larger; write [{high}, {low}]")
    elif not SMALLEST_MARGIN_MM <= low <= high <= THICKEST_SKULL_MM:
        yield (
            f"skull_thickness_mm: [{low}, {high}]; give {SMALLEST_MARGIN_MM:g} to "
            f"{THICKEST_SKULL_MM:g} mm"
        )
    yield from voxel_mistakes(voxel_mm)


def own_head_mistakes(*, voxel_mm: float, smallest_skull_mm: float) -> Iterator[str]:
    """Yield what is wrong with the options of a head made from a user's MRI.

    Parameters
    ----------
    voxel_mm : float
        Edge of a tissue voxel, mm.
    smallest_skull_mm : float
        Least thickness of the skull, mm.

    Yields
    ------
    str
        One mistake.
    """
    yield from voxel_mistakes(voxel_mm)
    if not 1 <= smallest_skull_mm <= 8:
        yield f"smallest_skull_mm: {smallest_skull_mm} is out of range; use 1 to 8"


# By the provider's name. A provider without a line here is checked by its own function only,
# which is to say in its job.
CHECKS: dict[str, Callable[..., Iterator[str]]] = {
    "fsaverage": fsaverage_mistakes,
    "samseg": own_head_mistakes,
    "freesurfer": own_head_mistakes,
}
