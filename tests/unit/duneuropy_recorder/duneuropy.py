"""A stand-in for duneuropy: it solves with its own small finite-element code and keeps a record.

It has the interface of the real module as far as it was observed (state of January 2025): what
it demands, silently drops, refuses and crashes on. Direct solver, linear elements, partial
integration only; mesh units, no units inside. Every call's options are appended to the file named
by DUNEUROPY_RECORD as one JSON line.
"""

import json
import os
import signal

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

# Tensor-product order, x fastest.
CORNERS = np.array([[i & 1, i >> 1 & 1, i >> 2 & 1] for i in range(8)], float)


def _record(call, **content):
    with open(os.environ["DUNEUROPY_RECORD"], "a") as file:
        file.write(json.dumps({"call": call, **content}) + "\n")


def _tree(config):
    """What reaches the parameter tree: other leaves than these types vanish without a word."""
    kept = {}
    for key, value in config.items():
        if isinstance(value, dict):
            kept[key] = _tree(value)
        elif type(value) in (str, int, float, bool, list, tuple):
            kept[key] = value
    return kept


def _need(tree, *path):
    for key in path:
        if key not in tree:
            raise RuntimeError(f"Key '{key}' not found in ParameterTree")
        tree = tree[key]
    return tree


class FieldVector3D(list):
    def __init__(self, values):
        super().__init__(float(value) for value in values)
        assert len(self) == 3


class Dipole3d:
    def __init__(self, values):
        values = [float(value) for value in values]
        assert len(values) == 6
        self.position, self.moment = np.array(values[:3]), np.array(values[3:])


class MEEGDriver3d:
    def __init__(self, config):
        self.nodes = np.asarray(config["volume_conductor"]["grid"]["nodes"])
        self.elements = np.asarray(config["volume_conductor"]["grid"]["elements"])
        labels = np.asarray(config["volume_conductor"]["tensors"]["labels"])
        values = config["volume_conductor"]["tensors"]["conductivities"]
        plain = {key: value for key, value in config.items() if key != "volume_conductor"}
        tree = _tree(plain)
        assert _need(tree, "type") == "fitted" and _need(tree, "solver_type") == "cg"
        corners = {"hexahedron": 8, "tetrahedron": 4}[_need(tree, "element_type")]
        assert self.elements.shape[1] == corners
        _need(tree, "solver", "reduction")
        if labels.max() >= len(values):
            raise RuntimeError("label out of range")
        _record(
            "driver",
            config=tree,
            conductivities=list(values),
            labels=np.bincount(labels).tolist(),
            elements=self.elements[:2].tolist(),
            nodes=self.nodes[:2].tolist(),
        )
        self.conductivity = np.array(values, float)[labels]
        self.electrodes = None
        self.projected = None

    def map(self, element, local):
        """Element functions, their reference gradients (corners, 3), corners, and Jacobian."""
        corners = self.nodes[self.elements[element]]
        if len(corners) == 4:
            shape = np.array([1 - local.sum(), *local])
            slopes = np.array([[-1.0, -1, -1], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
        else:
            factors = np.where(CORNERS == 1, local, 1 - local)
            shape = factors.prod(axis=1)
            others = [np.delete(factors, axis, axis=1).prod(axis=1) for axis in range(3)]
            slopes = (2 * CORNERS - 1) * np.stack(others, axis=1)
        return shape, slopes, corners, corners.T @ slopes

    def gradients(self, element, local):
        """Gradients (corners, 3) of the element functions and the Jacobian determinant."""
        _, slopes, _, jacobian = self.map(element, local)
        return slopes @ np.linalg.inv(jacobian), np.linalg.det(jacobian)

    def matrix(self):
        count = self.elements.shape[1]
        if count == 8:
            edge = np.array([0.5 - np.sqrt(1 / 12), 0.5 + np.sqrt(1 / 12)])
            points = [np.array([x, y, z]) for x in edge for y in edge for z in edge]
            weight = 1 / 8
        else:
            points, weight = [np.full(3, 0.25)], 1 / 6
        blocks = np.zeros((len(self.elements), count, count))
        for element in range(len(self.elements)):
            for point in points:
                slopes, volume = self.gradients(element, point)
                blocks[element] += weight * abs(volume) * slopes @ slopes.T
        blocks *= self.conductivity[:, None, None]
        rows = np.repeat(self.elements, count, axis=1).ravel()
        columns = np.tile(self.elements, (1, count)).ravel()
        size = len(self.nodes)
        return sparse.coo_array((blocks.ravel(), (rows, columns)), shape=(size, size)).tocsc()

    def setElectrodes(self, electrodes, config):
        tree = _tree(config)
        points = np.array([list(point) for point in electrodes])
        if _need(tree, "type") == "closest_subentity_center":
            assert str(_need(tree, "codims")) == "3"
        elif tree["type"] != "normal":
            raise RuntimeError("unknown electrode projection")
        distance = np.linalg.norm(self.nodes[None] - points[:, None], axis=2)
        self.electrodes = distance.argmin(axis=1)
        self.projected = self.nodes[self.electrodes]
        _record("electrodes", config=tree, count=len(points))

    def getProjectedElectrodes(self):
        return [FieldVector3D(point) for point in self.projected]

    def computeEEGTransferMatrix(self, config):
        if self.electrodes is None:
            os.kill(os.getpid(), signal.SIGSEGV)
        tree = _tree(config)
        _need(tree, "solver", "reduction")
        _record("transfer", config=tree)
        # The first unknown is fixed; current in at electrode i, out at electrode 0.
        solve = splu(self.matrix()[1:, 1:]).solve
        transfer = np.zeros((len(self.electrodes), len(self.nodes)))
        for row, node in enumerate(self.electrodes):
            load = np.zeros(len(self.nodes))
            load[node] += 1
            load[self.electrodes[0]] -= 1
            transfer[row, 1:] = solve(load[1:])
            print("=== Solver setup 1", flush=True)
        return transfer, {}

    def locate(self, position):
        """Element and local coordinates of a point, by Newton's method in the nearest elements.

        A wrong corner order maps no element onto its own place and ends here, as in DUNEuro.
        """
        centres = self.nodes[self.elements].mean(axis=1)
        for element in np.argsort(np.linalg.norm(centres - position, axis=1))[:300]:
            local = np.full(3, 0.3)
            for _ in range(20):
                shape, _, corners, jacobian = self.map(element, local)
                local = local + np.linalg.solve(jacobian, position - shape @ corners)
            shape = self.map(element, local)[0]
            if shape.min() > -1e-8 and np.linalg.det(jacobian) > 0:
                return element, local
        raise RuntimeError(f"position {position} not contained in mesh")

    def applyEEGTransfer(self, transfer, dipoles, config):
        if self.electrodes is None:
            os.kill(os.getpid(), signal.SIGSEGV)
        if transfer.dtype != np.float64:
            raise RuntimeError("expected a double array")
        if not transfer.flags.c_contiguous:
            raise RuntimeError("Supporting only row major format")
        tree = _tree(config)
        _need(tree, "post_process")
        mean = _need(tree, "subtract_mean")
        model = _need(tree, "source_model", "type")
        _record("apply", config=tree, dipoles=len(dipoles))
        if model != "partial_integration":
            raise RuntimeError(f"source model {model} is not in this stand-in")
        rows = []
        for dipole in dipoles:
            element, local = self.locate(dipole.position)
            slopes, _ = self.gradients(element, local)
            values = transfer[:, self.elements[element]] @ (slopes @ dipole.moment)
            rows.append((values - values.mean() if mean == "true" else values).tolist())
        return rows, {}
