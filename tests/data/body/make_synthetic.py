"""Writes synthetic.json: what the synthetic-photo generator must give for a few seeds, made without our program.

It is the generator of the reference fitter (shared/reference/body/ref_fit.py) on forward_np.py instead of torch, so it
needs numpy, scipy and Pillow only. Versions that the committed file was made with: numpy 2.4.6, scipy 1.17.1, Pillow 13.0.0.

usage: make_synthetic.py FOLDER_WITH_forward_np.py anny_full.safetensors > synthetic.json
"""
import json
import sys

import numpy as np
from PIL import Image, ImageDraw
from scipy.ndimage import binary_erosion, gaussian_filter

sys.path.insert(0, sys.argv[1])
from forward_np import AnnyNP, rodrigues

MODEL = AnnyNP(sys.argv[2])
AXES = ["gender", "age", "muscle", "weight", "height", "proportions"]
KEYPOINTS = MODEL.meta["keypoint_labels"]
JOINTS = ["spine04", "spine02", "neck01", "head"] + [
    f"{bone}.{side}"
    for bone in ("clavicle", "upperarm01", "lowerarm01", "upperleg01", "lowerleg01", "foot")
    for side in "LR"
]
JOINTS = [MODEL.bones.index(bone) for bone in JOINTS]
OKS = dict(nose=.026, eye=.025, ear=.035, shoulder=.079, elbow=.072, wrist=.062, hip=.107, knee=.087, ankle=.089, toe=.08, heel=.08)
OKS = np.array([OKS[name.split("_")[-1]] for name in KEYPOINTS])
FOCAL, CX, CY = 1500., 540., 960.


def phenotype(values):
    return dict(zip(AXES, map(float, values)))


IDENTITY = MODEL.forward(phenotype([.5] * 6))["vertices"]
EXTREMES = np.r_[np.argsort(IDENTITY[:, 2])[:150:3], np.argsort(-IDENTITY[:, 2])[:60:2]]


def project(points, focal):
    return np.stack([focal * points[:, 0] / points[:, 1] + CX, CY - focal * points[:, 2] / points[:, 1]], -1)


def contour(uv, rng):
    image = Image.new("1", (540, 960))
    draw = ImageDraw.Draw(image)
    half = uv * .5
    for triangle in MODEL.faces:
        draw.polygon([tuple(half[i]) for i in triangle], fill=1)
    mask = np.array(image)
    edge = mask & ~binary_erosion(mask)
    smooth = gaussian_filter(mask.astype(float), 1.5)
    gy, gx = np.gradient(smooth)
    ys, xs = np.nonzero(edge)
    normal = -np.c_[gx[ys, xs], gy[ys, xs]]
    normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-9
    chosen = rng.choice(len(xs), min(220, len(xs)), replace=False)
    point = np.c_[xs[chosen] + .5, ys[chosen] + .5] / .5
    normal = normal[chosen]
    noisy = point + normal * (rng.normal() * 2 + rng.normal(size=(len(point), 1)) * 1.5)
    return dict(n_filled=int(mask.sum()), n_edge=len(xs), point=noisy.round(5).tolist(), normal=normal.round(6).tolist())


def case(seed, n_views):
    rng = np.random.default_rng(seed)
    shape = rng.uniform(.15, .85, 6)
    shape[AXES.index("age")] = rng.uniform(.45, .95)
    shape[AXES.index("gender")] = float(rng.integers(2))
    vertices, heads, rotations = MODEL.rest(MODEL.coeffs(phenotype(shape)))
    z = MODEL.pose(vertices, heads, rotations)[0][EXTREMES, 2]
    height = z.max() - z.min()
    pose = rng.normal(size=48) * .12
    views = []
    for i in range(n_views):
        yaw = [0, np.pi / 2, np.pi, -np.pi / 2][i]
        x = np.r_[rng.normal(size=3) * np.array([.03, .03, .12]), rng.normal() * .08, 3 + rng.normal() * .3, -.15 + rng.normal() * .1, pose + rng.normal(size=48) * .04]
        focal = FOCAL * (1 + rng.normal() * .02)
        deltas = np.tile(np.eye(4), (len(MODEL.bones), 1, 1))
        deltas[0, :3, :3] = rodrigues(x[:3]) @ rodrigues([0, 0, yaw])
        deltas[0, :3, 3] = x[3:6]
        deltas[JOINTS, :3, :3] = rodrigues(x[6:].reshape(-1, 3))
        posed = MODEL.pose(vertices, heads, rotations, deltas)[0]
        uv = project(posed, focal)
        keypoints = project(MODEL.kp @ posed, focal)
        size = np.sqrt(.14) * np.ptp(uv, axis=0)[1]
        far = np.array([("left" in name and i == 3) or ("right" in name and i == 1) for name in KEYPOINTS])
        sigma = .4 * OKS * size * np.where(far, 2., 1.)
        outlier = rng.random(len(keypoints)) < .03
        noisy = keypoints + rng.normal(size=keypoints.shape) * (sigma * np.where(outlier, 4, 1))[:, None]
        views.append(dict(yaw=yaw, x=x.tolist(), focal=focal, keypoints=noisy.round(6).tolist(), sigma=sigma.round(6).tolist(), contour=contour(uv, rng)))
    return dict(seed=seed, phenotype=shape.tolist(), height=height, height_given=height + rng.normal() * .01, views=views)


json.dump(dict(keypoint_labels=KEYPOINTS, cases=[case(1000, 1), case(1001, 2), case(2000, 4)]), sys.stdout)
