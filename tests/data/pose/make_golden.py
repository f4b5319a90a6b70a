"""Windows with what torch answers to them, for tests/it/pose_network.rs.

    python tests/data/pose/make_golden.py pose.pt test.bin > tests/data/pose/golden.json

Inputs are rounded to four digits before torch sees them, so that the file stays small and says exactly what went in.
"""

import json
import pathlib
import sys

import torch

sys.path.insert(0, str(pathlib.Path(__file__).parents[3] / "models" / "pose"))
import describe
import train
import windows


def rounded(values):
    return torch.tensor([float(f"{value:.4g}") for value in values.flatten().tolist()]).view(values.shape)


net, _ = describe.load(sys.argv[1])
data, _ = windows.load(sys.argv[2])
cases = []
for antennas, n_links in ((3, 4), (1, 3)):
    own = windows.select(data, (data["n_antennas"] == antennas) & (data["n_people"] == 1))
    inputs, _ = train.batch_of(own, torch.arange(1), n_links, torch.Generator().manual_seed(1))
    tokens, geometry, mask, maps, likelihoods, grid = (rounded(x) for x in inputs)
    with torch.no_grad():
        answers, features = net(tokens, geometry, mask, maps, likelihoods, grid)
    cases.append({
        "n_links": n_links, "tokens": tokens.flatten().tolist(), "geometry": geometry.flatten().tolist(),
        "maps": maps.flatten().tolist(), "likelihoods": likelihoods.flatten().tolist(), "grid": grid.flatten().tolist(), "answers": answers[0].tolist(), "features": features[0].tolist()})
text = json.dumps(cases, separators=(",", ":"))
print(json.dumps(json.loads(text, parse_float=lambda number: float(f"{float(number):.7g}")), separators=(",", ":")))
