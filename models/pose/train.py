#!/usr/bin/env python3
"""Trains the network that sees where people are and how they hold themselves, on simulated rooms.

Needs: torch >= 2.4. A GPU is used where there is one. describe.py calibrates and exports what comes out.

    corporeal must be on the path, or named:  --program target/release/corporeal
    python models/pose/train.py --program target/release/corporeal --windows 20000 --steps 3000 --out pose

Rooms are simulated while the network trains: generators write windows into pipes, the training reads them. Windows that
were written to files before (`corporeal simulate windows -o FILE`) do as well: --from FILE. Training, validation and
test rooms, people and motions are disjoint by their seeds. See TESTED.md for what came out.
"""

import argparse
import math
import resource
import time

import torch
from torch import nn

import network
import windows

STAND, WALK = 5, 0


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", default="corporeal", help="the program that simulates")
    parser.add_argument("--generators", type=int, default=1, help="processes that simulate")
    parser.add_argument("--from", dest="files", nargs="*", default=[],
                        help="files of windows instead of pipes, or folders that are still being filled")
    parser.add_argument("--validation", help="file of windows of validation rooms, only to watch")
    parser.add_argument("--windows", type=int, default=20_000, help="windows kept in memory")
    parser.add_argument("--start-at", type=int, default=2_000, help="windows that training waits for")
    parser.add_argument("--steps", type=int, default=3_000)
    parser.add_argument("--secs", type=float, default=math.inf, help="processor seconds; the schedule ends there")
    parser.add_argument("--wall-secs", type=float, default=math.inf, help="the same by the clock, on a shared machine")
    parser.add_argument("--batch", type=int, default=192)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--antennas", type=float, nargs=3, default=(0.27, 0.15, 0.58),
                        help="shares of windows of one, two and three antennas")
    parser.add_argument("--place", type=float, default=1.5, help="weight of the place in the loss")
    parser.add_argument("--count", type=float, default=2.0, help="weight of the count in the loss")
    parser.add_argument("--start-from", help="an ONNX file whose weights the training starts from")
    parser.add_argument("--resume", action="store_true", help="go on from OUT.part")
    parser.add_argument("--out", default="pose", help="writes OUT.pt; describe.py makes the rest")
    return parser.parse_args()


def sources(options):
    if options.files:
        return options.files
    # Generators take rooms far apart.
    return [f"|{options.program} simulate windows --set train --first-room {i * 10_000_000} --single-too -n {10**9}"
            for i in range(options.generators)]


def take_weights(net, path):
    """Weights of a file that describe.py wrote; parts that it does not have start without effect."""
    import onnx
    graph = onnx.load(path).graph
    found = {weight.name.removesuffix("_h"): torch.tensor(onnx.numpy_helper.to_array(weight)).float()
             for weight in graph.initializer}
    for node in graph.node:
        # Layers on links are products with nameless transposed weights.
        if node.op_type == "MatMul" and node.input[1] in found and "::" in node.input[1]:
            parts = node.name.strip("/").split("/")[1:-1]
            # Parts of a sequence repeat its name: mix, mix.0.
            kept = [part for part, after in zip(parts, parts[1:] + [""]) if not after.startswith(f"{part}.")]
            name = ".".join(kept)
            # The exporter numbers the layers of the second opinion, which have the names of the first's.
            name = f"second.{name[:-2]}" if name.endswith("_1") else name
            found[f"net.{name}.weight"] = found[node.input[1]].T
    with torch.no_grad():
        for name, value in net.state_dict().items():
            # A second opinion starts as the first.
            old = found.get(f"net.{name}", found.get(f"net.{name.removeprefix('second.')}"))
            if old is None and not name.startswith(("likely.", "crowd_likely.", "stature.", "second.told.")):
                value.zero_()
            elif old is not None and old.shape == value.shape:
                value.copy_(old)
            elif old is not None:
                # A layer that sees more now.
                value.zero_()
                value[:, :old.shape[1]] = old


def set_normalisation(net, data):
    tokens = data["tokens"][:2_000].float()
    tokens = tokens[data["mask"][:2_000] > 0]
    net.token_mean.copy_(tokens.mean(0))
    # Numbers that hardly vary (flags) must not be blown up.
    net.token_scale.copy_(1.0 / tokens.std(0).clamp(min=0.05))
    one = data["people"][data["n_people"] == 1][:, 0]
    net.mean_pose.copy_(one[:, network.JOINTS].mean(0))


def batch_of(data, wanted, n_links, generator, noise=0.0, net=None):
    """Inputs from drawn links, and the windows that have as many. With `noise` rooms are mirrored, too."""
    part = windows.select(data, wanted)
    rows, links = windows.draw_links(part, n_links, generator)
    part = windows.select(part, rows)
    if noise > 0:
        part = windows.mirrored_rooms(part, generator)
    at = torch.arange(len(links))[:, None]
    tokens = part["tokens"][at, links].float()
    if noise > 0:
        tokens = tokens + noise / net.token_scale * torch.randn(tokens.shape, generator=generator)
    geometry = part["geometry"][at, links].float()
    maps, likelihoods = part["map"][at, links].float(), part["likelihood"][at, links].float()
    return (tokens, geometry, torch.ones(links.shape), maps, likelihoods, windows.floor_grid(part, links)), part


def check_grid(data):
    """The picture of the floor made here must be the program's own."""
    part = windows.select(data, torch.arange(min(50, len(data["room"]))))
    part = windows.select(part, part["mask"].sum(1) == part["mask"].shape[1])
    links = torch.arange(part["mask"].shape[1])[None].expand(len(part["mask"]), -1)
    worst = (windows.floor_grid(part, links).flatten(2) - part["grid"].float()).abs().max().item()
    if worst > 0.02:  # half precision of the maps
        raise SystemExit(f"windows.py and src/pose/grid.rs disagree about the floor by {worst}")


def train(options, pool, device):
    torch.manual_seed(options.seed)
    generator = torch.Generator().manual_seed(options.seed)
    data = pool.wait_for(options.start_at)
    check_grid(data)
    net = network.PoseNet(pool.header["blocks"])
    set_normalisation(net, data)
    if options.start_from:
        take_weights(net, options.start_from)
    net.to(device).train()
    optimiser = torch.optim.AdamW(net.parameters(), lr=options.rate, weight_decay=0.03)
    step, losses, seen, spent, spent_clock = 0, [], 0, 0.0, 0.0
    if options.resume:
        part = torch.load(f"{options.out}.part", weights_only=True)
        net.load_state_dict(part["net"])
        optimiser.load_state_dict(part["optimiser"])
        generator.set_state(part["generator"])
        step, spent, spent_clock = part["step"], part["spent"], part["spent_clock"]
    began, began_clock = time.process_time() - spent, time.monotonic() - spent_clock
    last_saved = time.monotonic()
    while True:
        secs, clock = time.process_time() - began, time.monotonic() - began_clock
        done = max(step / options.steps, secs / options.secs, clock / options.wall_secs)
        if time.monotonic() - last_saved > 180 or done >= 1:
            # An interruption loses three minutes.
            torch.save({"net": net.state_dict(), "optimiser": optimiser.state_dict(), "step": step, "spent": secs,
                        "spent_clock": clock, "generator": generator.get_state(), "blocks": net.blocks}, f"{options.out}.part")
            last_saved = time.monotonic()
        if done >= 1:
            break
        for group in optimiser.param_groups:
            group["lr"] = options.rate * min(1, (step + 1) / 40) * (0.5 + 0.5 * math.cos(math.pi * done) + 0.01)
        if seen == 0 or (step % 100 == 0 and pool.n_read > seen):
            data = pool.all()
            seen = len(data["room"])
            by_antennas = [(data["n_antennas"] == n).nonzero()[:, 0] for n in (1, 2, 3)]
            # The easy part first: one person who walks or stands, all links.
            motion = data["people"][:, 0, network.MOTION]
            easy = ((data["n_people"] == 1) & ((motion == WALK) | (motion == STAND))).nonzero()[:, 0]
        draw = lambda of, n: of[torch.randint(len(of), (n,), generator=generator)]
        n_links = (2, 4, 8, 3, 2, 4, 6)[step % 7]
        if done < 0.03 and not options.start_from:
            wanted, n_links = draw(easy, options.batch), 8
        else:
            counts = [round(options.batch * share) if len(own) > 0 else 0
                      for own, share in zip(by_antennas, options.antennas)]
            wanted = torch.cat([draw(own, n) for own, n in zip(by_antennas, counts) if n > 0])
        inputs, part = batch_of(data, wanted, min(n_links, data["mask"].shape[1]), generator, 0.05, net)
        out, _ = net(*(x.to(device) for x in inputs))
        value = network.loss(out, part["people"].to(device), part["n_people"].to(device), options.place, options.count)
        optimiser.zero_grad()
        value.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        losses.append(value.item())
        step += 1
        if step % 100 == 0:
            print(f"step {step}: loss {sum(losses[-100:]) / 100:.3f}, {seen} windows, {secs:.0f} processor seconds, "
                  f"{100 * done:.0f} %", flush=True)
        if step % 2_000 == 0 and options.validation:
            watch(net, options.validation)
    net.cpu().eval()
    return net, {"steps": step, "windows": seen, "processor_secs": round(time.process_time() - began)}


def watch(net, path):
    """Prints how far the place is off in validation rooms; nothing is chosen by it."""
    try:
        data, _ = windows.load(path)
    except (OSError, ValueError, SystemExit):
        return  # not written yet
    net.eval()
    for antennas in (3, 2, 1):
        own = windows.select(data, (data["n_antennas"] == antennas) & (data["n_people"] == 1))
        errors = []
        for n_links in (2, 4, 8):
            answers, _, part = answers_of(net, own, n_links)
            errors.append((answers["root"] - part["people"][:, 0, 1:3]).norm(dim=1).median().item())
        print(f"validation: {antennas} antennas, median root at 2, 4, 8 links", [round(e, 2) for e in errors], flush=True)
    net.train()


@torch.no_grad()
def answers_of(net, data, n_links, seed=5):
    """Answers for drawn links: (answers, features, the windows that have as many)."""
    generator = torch.Generator().manual_seed(seed)
    outs, features, parts = [], [], []
    for start in range(0, len(data["room"]), 256):
        wanted = torch.arange(start, min(start + 256, len(data["room"])))
        inputs, part = batch_of(data, wanted, n_links, generator)
        out, feature = net(*inputs)
        outs.append(out), features.append(feature)
        parts.append({name: part[name] for name in part if name not in windows.HALVED})
    merged = {name: torch.cat([part[name] for part in parts]) for name in parts[0]}
    return network.split(torch.cat(outs)), torch.cat(features), merged


def main():
    options = arguments()
    torch.set_num_threads(options.threads)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    pool = windows.Pool(sources(options), options.windows)
    net, cost = train(options, pool, device)
    pool.close()
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    cost["simulation_processor_secs"] = round(usage.ru_utime + usage.ru_stime)
    torch.save({"net": net.state_dict(), "blocks": net.blocks, "cost": cost, "seed": options.seed}, f"{options.out}.pt")
    print("wrote", f"{options.out}.pt", cost, flush=True)


if __name__ == "__main__":
    main()
