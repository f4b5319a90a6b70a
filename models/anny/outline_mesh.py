"""Makes outline_mesh.safetensors: fewer triangles for the outline of a body, over vertices that the model has.

Half-edge collapses by quadric error (Garland and Heckbert, 1997), summed over bodies of both sexes and many shapes at rest, so that no
shape loses its outline. Eyes and tongue, which no outline shows, are left out. Needs numpy, safetensors and zstandard.

    python models/anny/outline_mesh.py models/anny/anny_full.safetensors.zst models/anny/outline_mesh.safetensors [GOAL]

GOAL is the number of vertices, 3000 unless given.
"""

import heapq
import json
import struct
import sys

import numpy as np
import zstandard
from safetensors.numpy import save_file

GROUPS = [("race", 3), ("gender", 2), ("age", 5), ("muscle", 3), ("weight", 3), ("height", 2), ("proportions", 2), ("cupsize", 3), ("firmness", 3)]
RANGES = {"age": (-1 / 3, 1)}
N_BODIES = 12


def read(path):
    raw = zstandard.ZstdDecompressor().decompress(open(path, "rb").read(), max_output_size=1 << 27)
    (size,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8 : 8 + size])
    types = {"F32": "f4", "U16": "u2", "U8": "u1", "I16": "i2", "U32": "u4"}
    arrays = {}
    for name, info in header.items():
        if name != "__metadata__":
            start, end = info["data_offsets"]
            arrays[name] = np.frombuffer(raw[8 + size + start : 8 + size + end], types[info["dtype"]]).reshape(info["shape"])
    return arrays


def hats(axes):
    columns = [np.full(3, 1 / 3)]
    for name, n in GROUPS[1:]:
        low, high = RANGES.get(name, (0.0, 1.0))
        at = (axes[name] - low) * (n - 1) / (high - low)
        above = int(np.clip(np.ceil(at - 1e-12), 1, n - 1))
        own = np.zeros(n)
        own[above - 1 : above + 1] = above - at, at - above + 1
        columns.append(own)
    return np.concatenate(columns)


def bodies(model, rng):
    mask = model["pheno_mask"].astype(bool)
    for _ in range(N_BODIES):
        axes = {name: rng.uniform(0.05, 0.95) for name, _ in GROUPS[1:]}
        weights = np.where(mask, hats(axes), 1.0).prod(1)
        body = model["template_vertices"].astype(float)
        for row in np.flatnonzero(weights):
            start, end = model["shape_ptr"][row : row + 2]
            np.add.at(body, model["shape_vertex"][start:end], weights[row] * 1e-4 * model["shape_delta"][start:end])
        yield body


def skin_component(faces, n):
    """The faces of the largest connected part."""
    label = np.arange(n)
    while True:
        lowest = label.copy()
        for a, b in ((0, 1), (1, 2), (2, 0)):
            np.minimum.at(lowest, faces[:, a], label[faces[:, b]])
            np.minimum.at(lowest, faces[:, b], label[faces[:, a]])
        lowest = lowest[lowest]
        if (lowest == label).all():
            break
        label = lowest
    return faces[label[faces[:, 0]] == np.bincount(label[faces[:, 0]]).argmax()]


def quadrics(points, faces):
    a, b, c = (points[faces[:, i]] for i in range(3))
    normal = np.cross(b - a, c - a)
    area = np.linalg.norm(normal, axis=1)
    plane = np.concatenate([normal, -(normal * a).sum(1, keepdims=True)], 1) / np.maximum(area, 1e-12)[:, None]
    each = area[:, None, None] * plane[:, :, None] * plane[:, None, :]
    sums = np.zeros((len(points), 4, 4))
    for corner in range(3):
        np.add.at(sums, faces[:, corner], each)
    return sums


def collapse(shapes, faces, goal):
    points = np.stack(shapes, 1)  # vertex, body, axis
    homogeneous = np.concatenate([points, np.ones(points.shape[:2] + (1,))], 2)
    quadric = np.stack([quadrics(shape, faces) for shape in shapes], 1)
    around = {}
    triangles = {at: list(face) for at, face in enumerate(faces.tolist())}
    for at, face in triangles.items():
        for vertex in face:
            around.setdefault(vertex, set()).add(at)
    version = dict.fromkeys(around, 0)

    def cost(source, into):
        h = homogeneous[into]
        return float(np.einsum("bi,bij,bj->", h, quadric[source] + quadric[into], h))

    heap = []

    def push(source):
        for into in {v for at in around[source] for v in triangles[at]} - {source}:
            heap.append((cost(source, into), source, into, version[source], version[into]))

    for vertex in around:
        push(vertex)
    heapq.heapify(heap)

    def allowed(source, into):
        shared = around[source] & around[into]
        ring = {v for at in around[source] for v in triangles[at]}
        if len(shared) != 2 or len(ring & {v for at in around[into] for v in triangles[at]}) != 4:
            return False  # would fold the surface or pinch it
        for at in around[source] - shared:
            before = points[triangles[at]]
            after = points[[into if v == source else v for v in triangles[at]]]
            old, new = (np.cross(p[1] - p[0], p[2] - p[0]) for p in (before, after))
            if ((old * new).sum(1) < 0.3 * np.linalg.norm(old, axis=1) * np.linalg.norm(new, axis=1)).any():
                return False
        return True

    while len(around) > goal and heap:
        _, source, into, own, other = heapq.heappop(heap)
        if source not in around or into not in around or version[source] != own or version[into] != other:
            continue
        if not allowed(source, into):
            continue
        for at in around.pop(source):
            face = triangles[at]
            if into in face:
                del triangles[at]
                for vertex in face:
                    if vertex in around:
                        around[vertex].discard(at)
            else:
                face[face.index(source)] = into
                around[into].add(at)
        quadric[into] += quadric[source]
        touched = {v for at in around[into] for v in triangles[at]}
        version[into] += 1
        fresh = len(heap)
        push(into)
        for vertex in touched - {into}:
            heap.append((cost(vertex, into), vertex, into, version[vertex], version[into]))
        added = heap[fresh:]
        del heap[fresh:]
        for entry in added:
            heapq.heappush(heap, entry)
    return np.array(list(triangles.values()), np.uint16)


def main():
    source, target = sys.argv[1:3]
    goal = int(sys.argv[3]) if len(sys.argv) > 3 else 3000
    model = read(source)
    faces = skin_component(model["faces"].astype(int), len(model["template_vertices"]))
    shapes = list(bodies(model, np.random.default_rng(0)))
    coarse = collapse(shapes, faces, goal)
    save_file({"faces": coarse}, target)
    print(f"{len(np.unique(coarse))} vertices, {len(coarse)} triangles of {len(np.unique(faces))}, {len(faces)}")


if __name__ == "__main__":
    main()
