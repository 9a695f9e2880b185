"""Two balls for hemispheres: a brain whose pictures are known in closed form."""

import numpy as np
from scipy.spatial import ConvexHull

from multisource.anatomy.source_space import SourceGeometry
from multisource.figures.cortex import make_cortex
from multisource.parcellation.dipoles import COLUMNS, DipoleRegions

RADIUS = 35.0
CENTRES = {"lh": np.array([-38.0, 0, 0]), "rh": np.array([38.0, 0, 0])}


def ball(level):
    """An icosahedron whose edges are halved ``level`` times, on the unit sphere."""
    golden = (1 + 5**0.5) / 2
    points = [(0, i, j * golden) for i in (-1, 1) for j in (-1, 1)]
    points = np.array([np.roll(p, k) for p in points for k in range(3)], float)
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    for _ in range(level):
        triangles = ConvexHull(points).simplices
        edges = np.vstack([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
        middle = points[np.unique(np.sort(edges, axis=1), axis=0)].mean(axis=1)
        points = np.vstack([points, middle / np.linalg.norm(middle, axis=1, keepdims=True)])
    triangles = ConvexHull(points).simplices
    a, b, c = (points[triangles[:, i]] for i in range(3))
    inward = np.einsum("ij,ij->i", a, np.cross(b, c)) < 0
    triangles[inward] = triangles[inward][:, ::-1]
    return points, triangles


def two_balls():
    points, triangles = ball(4)
    return {f"{side}.pial": (points * RADIUS + at, triangles) for side, at in CENTRES.items()}


def ball_cortex():
    """Two balls of 2562 vertices for hemispheres, with 642 dipoles on each."""
    return make_cortex(two_balls(), [np.arange(642)] * 2, smoothing_mm=0)


def ball_dipoles():
    """Their dipoles, a tenth below the surface, with the mesh of the ball half as fine."""
    points, triangles = ball(3)
    count = len(points)
    return SourceGeometry(
        positions=np.vstack([0.9 * RADIUS * points + at for at in CENTRES.values()]),
        normals=np.vstack([points, points]),
        pial=np.vstack([RADIUS * points + at for at in CENTRES.values()]),
        triangles=np.vstack([triangles, triangles + count]),
        hemisphere=np.repeat([0, 1], count),
        vertices=np.tile(np.arange(count), 2),
        medial_wall=np.zeros(2 * count, bool),
    )


def ball_regions():
    """Their regions: upper half precentral, lower half postcentral, no cortex at the bottom."""
    dipoles = ball_dipoles()
    words = np.where(dipoles.normals[:, 2] > 0, "precentral", "postcentral")
    sides = np.array(["lh", "rh"])[dipoles.hemisphere]
    label = np.array([f"{word}-{side}" for word, side in zip(words, sides, strict=True)])
    return DipoleRegions(
        hemisphere=dipoles.hemisphere,
        vertices=dipoles.vertices,
        mni=dipoles.positions,
        cortex=dipoles.normals[:, 2] > -0.97,
        labels=dict.fromkeys(COLUMNS.values(), label),
        distance_mm=np.zeros(len(dipoles)),
    )
