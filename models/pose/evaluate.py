#!/usr/bin/env python3
"""Prints what a trained network makes of SIMULATED rooms that it never saw, beside what guessing makes of them.

    corporeal simulate windows --set test --people 0,1,0,0 --single-too -n 2400 -o test.bin
    python models/pose/evaluate.py pose.pt --described radio_pose.json --train train.bin --test test.bin
    python models/pose/evaluate.py … --count count.bin --strange snr7=snr7.bin …

Baselines: "centre" guesses the room's middle; "mean pose" is the training's mean body with the true root and heading;
"activity mean" is the mean body of the true kind of motion, with the true root and heading. Mirror-resolved figures take
the better of a body and its mirror image with the help of the truth, for the baselines too: an oracle's bit, which only
a tracker can supply.
"""

import argparse
import json

import torch

import describe
import network
import train
import windows
from describe import body_errors, degrees

CLASSES = ["walk", "change", "floor", "gesture", "sit", "stand"]


def interval(values, quantile):
    """A quantile and its 95 % bootstrap interval over rooms would need rooms; windows of a room are few and far apart."""
    generator = torch.Generator().manual_seed(1)
    draws = torch.randint(len(values), (400, len(values)), generator=generator)
    spread = values[draws].quantile(quantile, dim=1)
    return values.quantile(quantile).item(), spread.quantile(0.025).item(), spread.quantile(0.975).item()


def pck(errors, joints):
    """Share of joints within a fifth of the trunk's length."""
    trunk = ((joints[:, 5] + joints[:, 6] - joints[:, 11] - joints[:, 12]) / 2).norm(dim=1)
    return (errors < 0.2 * trunk[:, None]).float().mean().item() * 100


def mean_bodies(data):
    people = data["people"][data["n_people"] == 1][:, 0]
    joints, motion = people[:, network.JOINTS].reshape(-1, 17, 3), people[:, network.MOTION].long()
    overall = joints.mean(0)
    by_class = [joints[motion == c].mean(0) if (motion == c).any() else overall for c in range(6)]
    return overall, torch.stack(by_class)


def report(net, calibration, test, bodies):
    mean_body, class_bodies = bodies
    print("SIMULATED test rooms, one person; rooms, radios, bodies and motions unseen in training")
    print("root in m as median [95 % interval] / 90 % quantile; heading in degrees, median, of the walking;")
    print("body in mm, plain / mirror-resolved; PCK@20 in %, mirror-resolved; cover: share of roots in the 50 and 90 % regions")
    for antennas in (3, 2, 1):
        data = windows.select(test, (test["n_antennas"] == antennas) & (test["n_people"] == 1))
        if len(data["room"]) == 0:
            continue
        for n_links in (2, 3, 4, 8):
            answers, _, part = train.answers_of(net, data, n_links)
            person = part["people"][:, 0]
            joints = person[:, network.JOINTS].reshape(-1, 17, 3)
            motion = person[:, network.MOTION].long()
            error = (answers["root"] - person[:, 1:3]).norm(dim=1)
            centre = person[:, 1:3].norm(dim=1)
            heading = degrees(torch.nn.functional.normalize(answers["heading"], dim=1), person[:, network.HEADING])
            whitened, _ = network.whitened(answers, person[:, 1:3])
            squared = whitened.square().sum(1) / describe.of(calibration, n_links, antennas)["root_scale"] ** 2
            cover = [(squared < limit).float().mean().item() * 100 for limit in (1.386, 4.605)]
            plain, better = body_errors(answers["joints"], joints)
            mean_plain, mean_better = body_errors(mean_body.expand_as(joints), joints)
            class_plain, class_better = body_errors(class_bodies[motion], joints)
            walking = (motion == 0) & (person[:, network.SPEED] > 0.4)
            middle, low, high = interval(error, 0.5)
            mm = lambda errors: f"{errors.mean().item() * 1e3:.0f}"
            print(f"\n{n_links} links x {antennas} antenna{'s' if antennas > 1 else ''}, {len(error)} windows")
            print(f"  root     {middle:.2f} [{low:.2f}, {high:.2f}] / {error.quantile(0.9):.2f}"
                  f"   centre {centre.median():.2f} / {centre.quantile(0.9):.2f}   cover {cover[0]:.0f} {cover[1]:.0f}")
            if walking.any():
                print(f"  heading  {heading[walking].median():.0f}   chance 90")
            print(f"  body     {mm(plain)} / {mm(better)}   mean pose {mm(mean_plain)} / {mm(mean_better)}"
                  f"   activity mean {mm(class_plain)} / {mm(class_better)}")
            print(f"  PCK@20   {pck(better, joints):.0f}   mean pose {pck(mean_better, joints):.0f}"
                  f"   activity mean {pck(class_better, joints):.0f}")
            posture = person[:, network.POSTURE].long()
            right = (answers["posture"].argmax(1) == posture).float().mean().item() * 100
            usual = posture.bincount(minlength=5).max().item() / len(posture) * 100
            print(f"  posture  {right:.0f} % right   always the most frequent {usual:.0f} %")
            for name, place in (("pelvis_height", 3), ("stride", network.STRIDE), ("speed", network.SPEED)):
                chosen = motion == 0 if name == "stride" else torch.ones_like(motion, dtype=torch.bool)
                pair = torch.stack([answers[name][chosen, 0], person[chosen, place]])
                print(f"  {name.replace('_', ' ')} correlation {torch.corrcoef(pair)[0, 1]:.2f}", end="")
            upright = posture == 0
            off = answers["stature"][upright, 0] * 0.1 + network.MEAN_STATURE_M - person[upright, network.STATURE]
            mean = person[upright, network.STATURE] - person[upright, network.STATURE].mean()
            print(f"  stature of the upright {100 * off.square().mean().sqrt():.1f} cm (mean {100 * mean.square().mean().sqrt():.1f})")
            print("  by motion  " + "  ".join(
                f"{name} n={int((motion == c).sum())} root {error[motion == c].median():.2f} (centre {centre[motion == c].median():.2f})"
                f" body {mm(better[motion == c])} (mean {mm(mean_better[motion == c])}, activity {mm(class_better[motion == c])})"
                for c, name in enumerate(CLASSES) if (motion == c).sum() >= 5))


def report_places(net, calibration, sets):
    print("\nSIMULATED other rooms and radios, one person: root in m, median [95 % interval] / 90 % quantile; heading of the walking;")
    print("body in mm, mirror-resolved; refused: by all tests")
    for name, data in sets:
        for antennas in (3, 2, 1):
            chosen = windows.select(data, (data["n_antennas"] == antennas) & (data["n_people"] == 1))
            for n_links in (2, 4, 8):
                answers, features, part = train.answers_of(net, chosen, n_links)
                found, person = describe.of(calibration, n_links, antennas), part["people"][:, 0]
                joints = person[:, network.JOINTS].reshape(-1, 17, 3)
                error, centre = (answers["root"] - person[:, 1:3]).norm(dim=1), person[:, 1:3].norm(dim=1)
                heading = degrees(torch.nn.functional.normalize(answers["heading"], dim=1), person[:, network.HEADING])
                walking = (person[:, network.MOTION] == 0) & (person[:, network.SPEED] > 0.4)
                whitened, _ = network.whitened(answers, person[:, 1:3])
                cover = (whitened.square().sum(1) / found["root_scale"] ** 2 < 4.605).float().mean() * 100
                gate, spread, strange = flags(found, answers, features, part)
                middle, low, high = interval(error, 0.5)
                right = (answers["posture"].argmax(1) == person[:, network.POSTURE]).float().mean() * 100
                print(f"  {name:12} {n_links} links x {antennas}, {len(error)} windows: {middle:.2f} [{low:.2f}, {high:.2f}] / "
                      f"{error.quantile(0.9):.2f}  centre {centre.median():.2f}  cover {cover:.0f}  heading {heading[walking].median():.0f}  "
                      f"body {1e3 * body_errors(answers['joints'], joints)[1].mean():.0f}  posture {right:.0f} %  "
                      f"refused {(gate | spread | strange).float().mean() * 100:.0f} %")


def report_count(net, data):
    print("\nSIMULATED count of people: rows truth 0, 1, 2+; columns answers")
    for antennas in (3, 2, 1):
        chosen = windows.select(data, data["n_antennas"] == antennas)
        for n_links in (2, 4, 8):
            answers, _, part = train.answers_of(net, chosen, n_links)
            truth, found = part["n_people"].clamp(max=2).long(), answers["count"].argmax(1)
            table = torch.zeros(3, 3, dtype=torch.long)
            table.index_put_((truth, found), torch.ones_like(truth), accumulate=True)
            right = (truth == found).float().mean().item() * 100
            usual = truth.bincount(minlength=3).max().item() / len(truth) * 100
            print(f"  {n_links} links x {antennas}: {right:.0f} % right (most frequent {usual:.0f} %)  {table.tolist()}")


def flags(found, answers, features, part):
    """Which windows the tests of src/pose/support.rs would refuse: gates, spread, distance."""
    familiar = found["familiarity"]
    size = len(familiar["mean"])
    factor = torch.zeros(size, size)
    rows, columns = torch.tril_indices(size, size)
    factor[rows, columns] = torch.tensor(familiar["factor"])
    distance = ((features - torch.tensor(familiar["mean"])) @ factor).square().sum(1)
    sigma = network.root_sigma(answers) * found["root_scale"]
    strange = (distance < familiar["distance"][0]) | (distance > familiar["distance"][1])
    return describe.gated(part), sigma > familiar["sigma_m"], strange


def report_several(net, calibration, data, n_people):
    print(f"\nSIMULATED places of {n_people} people: root in m, median / 90 % quantile, best pairing, who is not claimed counts as the centre;")
    print("guesses: all in the centre; the places of as many other people, paired as well as can be")
    for antennas in (3, 2, 1):
        chosen = windows.select(data, (data["n_antennas"] == antennas) & (data["n_people"] == n_people))
        for n_links in (2, 4, 8):
            answers, _, part = train.answers_of(net, chosen, n_links)
            errors, squares, centres = describe.matched(answers, part["people"])
            squares = squares / describe.of(calibration, n_links, antennas)["slot_scale"] ** 2
            # Slots of another window: a guess with the right spread over the floor.
            other, _, _ = describe.matched({"slots": answers["slots"].roll(7, 0)}, part["people"])
            claimed = (answers["slots"].view(-1, 3, 6)[:, :, 0] > 0).sum(1).float().mean()
            print(f"  {n_links} links x {antennas}, {len(part['room'])} windows: {errors.median():.2f} / {errors.quantile(0.9):.2f}"
                  f"   centre {centres.median():.2f} / {centres.quantile(0.9):.2f}   other windows' {other.median():.2f}"
                  f"   cover {100 * (squares < 4.605).float().mean():.0f}   people claimed {claimed:.1f}")


def report_support(net, calibration, sets):
    print("\nSIMULATED out of support: windows refused in %, by hard gates / spread / distance / the last two / any")
    for name, data in sets:
        for antennas in (3, 2, 1):
            chosen = windows.select(data, data["n_antennas"] == antennas)
            for n_links in (2, 4, 8):
                if len(chosen["room"]) == 0:
                    continue
                answers, features, part = train.answers_of(net, chosen, n_links)
                gate, spread, strange = flags(describe.of(calibration, n_links, antennas), answers, features, part)
                share = lambda which: f"{which.float().mean().item() * 100:.0f}"
                print(f"  {name:12} {n_links} links x {antennas}, {len(gate)} windows: {share(gate)} / {share(spread)} / "
                      f"{share(strange)} / {share(spread | strange)} / {share(gate | spread | strange)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("network", help="OUT.pt of train.py")
    parser.add_argument("--described", required=True, help="OUT.json of describe.py")
    parser.add_argument("--train", required=True, nargs="+", help="windows of training rooms, for the baselines' mean bodies")
    parser.add_argument("--test", required=True)
    parser.add_argument("--count", help="windows with nobody, one and two people")
    parser.add_argument("--places", nargs="*", default=[], help="NAME=FILE of windows of other rooms and radios")
    parser.add_argument("--strange", nargs="*", default=[], help="NAME=FILE of windows that should be refused")
    options = parser.parse_args()
    torch.set_num_threads(1)
    net, saved = describe.load(options.network)
    with open(options.described, encoding="utf-8") as file:
        calibration = json.load(file)["calibrations"]
    print("training:", saved["cost"])
    test, _ = windows.load(options.test)
    report(net, calibration, test, mean_bodies(windows.load_all(options.train)))
    named = lambda pairs: [(name, windows.load(path)[0]) for name, path in (pair.split("=", 1) for pair in pairs)]
    report_places(net, calibration, named(options.places))
    sets = [("test", windows.select(test, test["n_people"] == 1))]
    if options.count:
        count, _ = windows.load(options.count)
        report_count(net, count)
        for n_people in (2, 3):
            report_several(net, calibration, count, n_people)
        sets += [("nobody", windows.select(count, count["n_people"] == 0)),
                 ("two people", windows.select(count, count["n_people"] == 2)),
                 ("three people", windows.select(count, count["n_people"] == 3))]
    sets += named(options.strange)
    report_support(net, calibration, sets)


if __name__ == "__main__":
    main()
