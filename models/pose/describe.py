#!/usr/bin/env python3
"""Calibrates a trained network on validation rooms and writes what the program takes: ONNX and its description.

    python models/pose/describe.py pose.pt --train train.bin --validation validation.bin wide.bin --out models/pose/radio_pose

Needs: torch, onnx, onnxscript; onnxruntime for the check. Weights are rounded to 16 bits before anything is measured, so
that all figures are those of the file. What may be shown is decided here, by validation rooms alone: what beats its
baseline clearly. Test rooms are never read.
"""

import argparse
import hashlib
import json
import pathlib
import subprocess
import sys

import torch
from torch import nn

import network
import train
import windows

LINKS = (2, 3, 4, 6, 8)
ANTENNAS = (1, 2, 3)
N_SLOTS_OF_LINKS = 16
# A network that is not at least this much nearer than a guess is no help.
CLEARLY = 0.8
# Nor is a stature whose squared error is not at least this much smaller than the spread of people.
WORTH = 0.9
# Share of usual windows that gates and the tests on what the network makes of them may refuse, all together; and what
# the tests are left where the gates alone refuse as many.
REFUSED, LEAST_REFUSED = 0.065, 0.03
# Of a two- and a three-dimensional normal distribution 90 % lie within these squares.
SQUARE_2D, SQUARE_3D = 4.605, 6.251


def load(path):
    saved = torch.load(path, weights_only=True)
    net = network.PoseNet(saved["blocks"], second=any(name.startswith("second.") for name in saved["net"]))
    state = {name: value.half().float() if value.numel() >= 256 else value for name, value in saved["net"].items()}
    net.load_state_dict(state)
    return net.eval(), saved


def body_errors(predicted, joints):
    """Distances of joints, plain and for the better of body and mirror image."""
    plain = (predicted - joints).norm(dim=-1)
    other = (predicted - network.mirrored(joints)).norm(dim=-1)
    return plain, torch.where((other.mean(1) < plain.mean(1))[:, None], other, plain)


def degrees(a, b):
    return torch.rad2deg(torch.acos((a * b).sum(1).clamp(-1, 1)))


def matched(answers, people):
    """For windows of several people: errors of the best pairing of slots that claim somebody, and of the centre.

    People without a slot are paired with the room's centre, which is what a guess would say.
    """
    slots = answers["slots"].view(-1, network.N_SLOTS, 6)
    errors, squares, centres = [], [], []
    for slot, person in zip(slots, people):
        there = person[person[:, 0] > 0]
        claimed = slot[slot[:, 0] > 0]
        free = list(range(len(claimed)))
        for one in there:
            centres.append(one[1:3].norm().item())
            if not free:
                errors.append(centres[-1])
                continue
            away = [(claimed[i, 1:3] - one[1:3]).norm().item() for i in free]
            best = free.pop(min(range(len(away)), key=away.__getitem__))
            errors.append(min(away))
            white, _ = network.whitened_by(claimed[best, 3:], one[1:3] - claimed[best, 1:3])
            squares.append(white.square().sum().item())
    return torch.tensor(errors), torch.tensor(squares), torch.tensor(centres)


def stature(answers, person):
    """The factor of the stature's own spread, where it is nearer than the mean of all; else none. And words for the log."""
    upright = person[:, network.POSTURE] == 0
    true = person[upright, network.STATURE]
    told = network.MEAN_STATURE_M + 0.1 * answers["stature"][upright, 0]
    spread = (answers["stature"][upright, 1].clamp(-2, 2) - 2.5).exp()
    error, guess = (told - true).square(), (true - true.mean()).square()
    # The gain per window with its standard error: beyond two of them it is no chance.
    gain = guess - error
    better = gain.mean() > 2 * gain.std() / len(gain) ** 0.5 and error.mean() < WORTH * guess.mean()
    scale = (error.sqrt() / spread).quantile(0.683).item()
    text = f"stature {100 * error.mean().sqrt():.1f} cm (mean {100 * guess.mean().sqrt():.1f})"
    return (scale if better else None), text


def limits_of(distance, sigma, wanted):
    """Two limits of the distance and one of the spread that together refuse the wanted share of these windows."""
    low, high = 0.0, wanted
    for _ in range(30):
        share = (low + high) / 2
        near, far, wide = distance.quantile(share / 2), distance.quantile(1 - share / 2), sigma.quantile(1 - share)
        refused = ((distance < near) | (distance > far) | (sigma > wide)).float().mean().item()
        low, high = (share, high) if refused < wanted else (low, share)
    return [near.item(), far.item()], wide.item()


def gated(part):
    """Windows that the hard gates of src/pose/support.rs refuse, the number of links aside."""
    snr = part["snr_db"].masked_fill(part["mask"] == 0, float("nan")).nanmedian(1).values
    return (part["packets_per_sec"] < 80) | (part["longest_gap_secs"] > 0.05) | (snr < 15)


def calibrate(net, known, data, mean_pose):
    """One entry per count of links and antennas, from validation rooms; where features lie is told by training rooms."""
    found = []
    for antennas in ANTENNAS:
        own = windows.select(data, data["n_antennas"] == antennas)
        usual = windows.select(known, ((known["n_antennas"] == antennas) & (known["n_people"] == 1)).nonzero()[:4_000, 0])
        for n_links in LINKS:
            answers, features, part = train.answers_of(net, own, n_links)
            several = part["n_people"] > 1
            errors, squares, centres = matched({"slots": answers["slots"][several]}, part["people"][several])
            one, features_several = part["n_people"] == 1, features[several]
            answers = {name: value[one] for name, value in answers.items()}
            person, features = part["people"][one][:, 0], features[one]
            error, _ = network.whitened(answers, person[:, 1:3])
            root_scale = (error.square().sum(1).quantile(0.9) / SQUARE_2D).sqrt().item()
            walks = (person[:, network.MOTION] == 0) & (person[:, network.FACING] > 0)
            turned = degrees(nn.functional.normalize(answers["heading"], dim=1), person[:, network.HEADING])[walks]
            spread = (2 * (-answers["heading_confidence"][walks, 0].clamp(-4, 4)).exp()).sqrt().rad2deg()
            joints = person[:, network.JOINTS].reshape(-1, network.N_JOINTS, 3)
            plain, _ = body_errors(answers["joints"], joints)
            variance = answers["joint_log_variance"].clamp(-9, 2).exp()
            mean_plain, _ = body_errors(mean_pose.expand_as(joints), joints)
            features_usual = train.answers_of(net, usual, n_links)[1]
            mean = features_usual.mean(0)
            cover = torch.cov(features_usual.T)
            cover = cover + 0.02 * features_usual.var(0).mean() * torch.eye(len(mean))
            factor = torch.linalg.cholesky(torch.linalg.inv(cover.double())).float()
            distance = ((features - mean) @ factor).square().sum(1)
            distance_several = ((features_several - mean) @ factor).square().sum(1)
            # Windows that fail a gate are refused anyhow, and must not widen the limits of those that pass.
            passed = ~gated(part)[one]
            sigma = network.root_sigma(answers) * root_scale
            wanted = max(LEAST_REFUSED, REFUSED - (~passed).float().mean().item())
            limits, widest = limits_of(distance[passed], sigma[passed], wanted)
            several_limits, _ = limits_of(distance_several, torch.zeros_like(distance_several), wanted)
            stature_scale, stature_text = stature(answers, person)
            rows, columns = torch.tril_indices(*factor.shape)
            root = (answers["root"] - person[:, 1:3]).norm(dim=1).median().item()
            centre = person[:, 1:3].norm(dim=1).median().item()
            supports = {
                "place": root < CLEARLY * centre,
                "several": errors.median().item() < CLEARLY * centres.median().item(),
                "heading": turned.median().item() < 45.0,
                "body": plain.mean().item() < mean_plain.mean().item(),
            }
            print(f"validation, {n_links} links x {antennas}: root {root:.2f} (centre {centre:.2f}), several "
                  f"{errors.median():.2f} ({centres.median():.2f}), heading {turned.median():.0f}, body "
                  f"{1e3 * plain.mean():.0f} (mean pose {1e3 * mean_plain.mean():.0f}), {stature_text} -> {supports}", flush=True)
            found.append({
                "antennas": antennas,
                "links": n_links,
                "root_scale": root_scale,
                "slot_scale": (squares.quantile(0.9) / SQUARE_2D).sqrt().item(),
                "heading_scale": (turned / spread).quantile(0.683).item(),
                "joint_scale": ((plain.square() / variance).flatten().quantile(0.9) / SQUARE_3D).sqrt().item(),
                "pelvis_sigma_m": (answers["pelvis_height"][:, 0] - person[:, 3]).abs().quantile(0.683).item(),
                "speed_sigma_m_per_s": (answers["speed"][:, 0] - person[:, network.SPEED]).abs().quantile(0.683).item(),
                "familiarity": {
                    "mean": mean.tolist(),
                    "factor": factor[rows, columns].tolist(),
                    "distance": limits,
                    "sigma_m": widest,
                },
                "several_distance": several_limits,
                "stature_scale": stature_scale,
                "supports": supports,
            })
    return found


def of(calibrations, n_links, antennas):
    """The entry that the program takes (src/pose/answers.rs)."""
    own = [one for one in calibrations if one["antennas"] == antennas]
    return ([one for one in own if one["links"] <= n_links] or own[:1])[-1]


def export(net, path):
    """ONNX with one input, weights of 16 bits; what a network file looks like to the program."""
    flat = network.Flat(net, N_SLOTS_OF_LINKS).eval()
    n = N_SLOTS_OF_LINKS * (len(net.token_mean) + 13 + 2 * network.N_CELLS) + 980
    torch.onnx.export(flat, (torch.zeros(1, n),), f"{path}.full", opset_version=17, dynamo=False,
                      input_names=["window"], output_names=["answers", "features"])
    script = pathlib.Path(__file__).parent.parent / "scripts" / "half_weights.py"
    subprocess.run([sys.executable, str(script), f"{path}.full", path], check=True)
    pathlib.Path(f"{path}.full").unlink()


def flat_input(inputs, i):
    """Window i of a batch as the file takes it."""
    *links, grid = (x[i] for x in inputs)
    padded = lambda x: nn.functional.pad(x, [0, 0] * (x.dim() - 1) + [0, N_SLOTS_OF_LINKS - len(x)]).flatten()
    return torch.cat([*map(padded, links), grid.flatten()])[None]


def check(net, data, path):
    """The file must answer as torch does; returns the largest difference."""
    import onnxruntime
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    worst = 0.0
    for n_links in (3, 8):
        inputs, _ = train.batch_of(data, torch.arange(20), n_links, torch.Generator().manual_seed(1))
        with torch.no_grad():
            expected = torch.cat(net(*inputs), 1)
        for i in range(len(expected)):
            got = session.run(None, {"window": flat_input(inputs, i).numpy()})
            worst = max(worst, (torch.cat([torch.from_numpy(x) for x in got], 1)[0] - expected[i]).abs().max().item())
    return worst


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("network")
    parser.add_argument("--train", required=True, nargs="+")
    parser.add_argument("--validation", required=True, nargs="+")
    parser.add_argument("--out", default="radio_pose")
    options = parser.parse_args()
    torch.set_num_threads(1)
    net, saved = load(options.network)
    known, header = windows.load_all(options.train), windows.Stream(options.train[0]).header
    validation = windows.load_all(options.validation)
    one = known["people"][known["n_people"] == 1][:, 0]
    mean_pose = one[:, network.JOINTS].reshape(-1, network.N_JOINTS, 3).mean(0)
    calibrations = calibrate(net, known, validation, mean_pose)
    path = f"{options.out}.onnx"
    export(net, path)
    worst = check(net, validation, path)
    print("largest difference between file and torch", worst)
    if not worst < 1e-3:
        raise SystemExit("the file does not answer as torch does")
    content = pathlib.Path(path).read_bytes()
    rounded = json.loads(json.dumps(calibrations), parse_float=lambda text: float(f"{float(text):.5g}"))
    description = {
        "what": "people by radio, trained on simulated rooms only",
        "input_version": header["input_version"],
        "network_sha256": hashlib.sha256(content).hexdigest(),
        "n_slots": N_SLOTS_OF_LINKS,
        "n_features": network.N_FEATURES,
        "outputs": network.OUTPUTS,
        "joints": header["joints"],
        "postures": ["upright", "bent", "sitting", "low", "lying"],
        "motion_classes": header["motion_classes"],
        "calibrations": rounded,
        "training": {"seed": saved.get("seed"), **saved.get("cost", {})},
    }
    pathlib.Path(f"{options.out}.json").write_text(json.dumps(description, separators=(",", ":")) + "\n", encoding="utf-8")
    print("network", len(content), "bytes", description["network_sha256"])


if __name__ == "__main__":
    main()
