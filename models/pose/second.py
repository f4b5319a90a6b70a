#!/usr/bin/env python3
"""Trains the second opinion about the place of one person, beside a network that is finished and stays as it is.

Needs: torch >= 2.4, onnx; the network's description beside its file. A GPU is used where there is one.

    python models/pose/second.py --start-from models/pose/radio_pose.onnx --from train/*.bin --wall-secs 4100 --out pose

Everything else that the network tells (count, posture, joints, several people) is untouched, so that whatever was fitted on
it still holds. `train.py` makes the network, describe.py calibrates and exports what comes out. See TESTED.md.
"""

import argparse
import json
import math
import pathlib
import time
from concurrent.futures import ThreadPoolExecutor

import torch
from torch import nn

import network
import train
import windows

# Rate of the layers that go on from the first network, as a share of that of the others.
KNOWN = 0.3


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--start-from", required=True, help="the network's ONNX file")
    parser.add_argument("--from", dest="files", nargs="+", required=True,
                        help="files of windows, or folders that are still being filled")
    parser.add_argument("--validation", help="file of windows of validation rooms, only to watch")
    parser.add_argument("--windows", type=int, default=200_000, help="windows kept in memory")
    parser.add_argument("--start-at", type=int, default=20_000, help="windows that training waits for")
    parser.add_argument("--wall-secs", type=float, required=True, help="the schedule ends there")
    parser.add_argument("--batch", type=int, default=192)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--antennas", type=float, nargs=3, default=(0.15, 0.15, 0.70),
                        help="shares of windows of one, two and three antennas")
    parser.add_argument("--average", type=float, default=0.998, help="how slowly the averaged weights, which are kept, move")
    parser.add_argument("--out", default="pose", help="writes OUT.pt; describe.py makes the rest")
    return parser.parse_args()


def learn(net, pool, options, device):
    """Moves `net.second` alone; returns what it cost."""
    generator = torch.Generator().manual_seed(options.seed)
    second = net.second
    averaged = {name: value.clone() for name, value in second.state_dict().items()}
    # What links say one by one and to each other was learned from more rooms than come now.
    is_known = lambda name: name.startswith(("link.", "geometry.", "attention."))
    known = [weight for name, weight in second.named_parameters() if is_known(name)]
    new = [weight for name, weight in second.named_parameters() if not is_known(name)]
    optimiser = torch.optim.AdamW([{"params": known, "share": KNOWN}, {"params": new, "share": 1.0}], weight_decay=0.03)
    data, by_antennas = None, []

    def prepare(step):
        """A drawn batch; made on another thread while the one before is learned from."""
        drawn = [own[torch.randint(len(own), (round(options.batch * share),), generator=generator)]
                 for own, share in zip(by_antennas, options.antennas)]
        return train.batch_of(data, torch.cat(drawn), (2, 4, 8, 3, 2, 4, 6)[step % 7], generator, 0.05, net)

    helper, ahead = ThreadPoolExecutor(1), None
    began, step, seen, losses = time.monotonic(), 0, 0, []
    while (done := (time.monotonic() - began) / options.wall_secs) < 1:
        for group in optimiser.param_groups:
            group["lr"] = group["share"] * options.rate * min(1, (step + 1) / 40) * (0.5 + 0.5 * math.cos(math.pi * done) + 0.005)
        if seen == 0 or (step % 100 == 0 and pool.n_read > seen):
            data = pool.all()
            seen = len(data["room"])
            by_antennas = [((data["n_antennas"] == n) & (data["n_people"] == 1)).nonzero()[:, 0] for n in (1, 2, 3)]
        inputs, part = ahead.result() if ahead else prepare(step)
        ahead = helper.submit(prepare, step + 1)
        tokens, geometry, mask, maps, likelihoods, grid = (x.to(device) for x in inputs)
        tokens = (tokens - net.token_mean) * net.token_scale
        out = second.find(tokens, geometry, mask, network.cell_facts(geometry, maps), likelihoods, grid)[0]
        value = network.second_loss(out, part["people"].to(device))
        optimiser.zero_grad()
        value.backward()
        nn.utils.clip_grad_norm_(second.parameters(), 1.0)
        optimiser.step()
        step += 1
        for name, weight in second.state_dict().items():
            averaged[name].lerp_(weight.detach(), 1 - min(options.average, (step + 1) / (step + 10)))
        losses.append(value.item())
        if step % 1000 == 0:
            # An interruption loses a thousand steps.
            torch.save({"second": averaged, "step": step}, f"{options.out}.part")
        if step % 200 == 0:
            print(f"step {step}: loss {sum(losses[-200:]) / 200:.3f}, {seen} windows, {100 * done:.0f} %", flush=True)
    helper.shutdown()
    second.load_state_dict(averaged)
    return {"second_steps": step, "second_windows": seen, "second_secs": round(time.monotonic() - began)}


def main():
    options = arguments()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    pool = windows.Pool(options.files, options.windows)
    train.check_grid(pool.wait_for(options.start_at))
    net = network.PoseNet(pool.header["blocks"], second=True)
    train.take_weights(net, options.start_from)
    described = json.loads(pathlib.Path(options.start_from).with_suffix(".json").read_text(encoding="utf-8"))
    cost = described["training"] | learn(net.to(device).train(), pool, options, device)
    pool.close()
    net.cpu().eval()
    if options.validation:
        train.watch(net, options.validation)
    torch.save({"net": net.state_dict(), "blocks": net.blocks, "cost": cost, "seed": options.seed}, f"{options.out}.pt")
    print("wrote", f"{options.out}.pt", cost, flush=True)


if __name__ == "__main__":
    main()
