"""Golden scores of small made-up tracking problems, by py-motmetrics (CLEAR-MOT, IDF1) and TrackEval (HOTA).

    pip install motmetrics==1.4.0 trackeval==1.3.0
    python make_scores.py > scores.json
"""

import json
import random

import motmetrics
import numpy as np
from trackeval.metrics import HOTA

REACH_M = 1.0


def problem(seed):
    """People on random ways; tracks that follow them with noise, misses, switches and ghosts."""
    dice = random.Random(seed)
    n_people, n_moments = dice.randint(1, 4), 60
    places = [[dice.uniform(0, 5), dice.uniform(0, 4)] for _ in range(n_people)]
    speed = [[dice.uniform(-0.2, 0.2) for _ in range(2)] for _ in range(n_people)]
    names = [10 + n for n in range(n_people)]
    span = [(dice.randint(0, 15), dice.randint(40, n_moments)) for _ in range(n_people)]
    next_name, ghost, moments = 100, None, []
    for moment in range(n_moments):
        truth, tracks = [], []
        for n in range(n_people):
            if dice.random() < 0.03:
                names[n], next_name = next_name, next_name + 1
            if dice.random() < 0.05:
                other = dice.randrange(n_people)
                names[n], names[other] = names[other], names[n]
        for n in range(n_people):
            for axis in range(2):
                places[n][axis] += speed[n][axis] + dice.gauss(0, 0.05)
            if not span[n][0] <= moment < span[n][1]:
                continue
            truth.append([n + 1, [round(value, 3) for value in places[n]]])
            if dice.random() > 0.15:
                tracks.append([names[n], [round(value + dice.gauss(0, 0.35), 3) for value in places[n]]])
        if ghost is None and dice.random() < 0.05:
            ghost, next_name = [next_name, dice.uniform(0, 5), dice.uniform(0, 4), 8], next_name + 1
        if ghost is not None:
            tracks.append([ghost[0], [round(ghost[1], 3), round(ghost[2], 3)]])
            ghost[3] -= 1
            ghost = ghost if ghost[3] > 0 else None
        moments.append({"truth": truth, "tracks": tracks})
    return moments


def distances(moment):
    truth = np.array([place for _, place in moment["truth"]]).reshape(-1, 1, 2)
    tracks = np.array([place for _, place in moment["tracks"]]).reshape(1, -1, 2)
    return np.sqrt(((truth - tracks) ** 2).sum(-1))


def clear(moments):
    accumulator = motmetrics.MOTAccumulator(auto_id=True)
    for moment in moments:
        apart = distances(moment)
        apart = np.where(apart <= REACH_M, apart, np.nan)
        accumulator.update([n for n, _ in moment["truth"]], [n for n, _ in moment["tracks"]], apart)
    names = ["num_objects", "num_misses", "num_false_positives", "num_switches", "mota", "motp", "idtp", "idf1"]
    row = motmetrics.metrics.create().compute(accumulator, metrics=names, name="all")
    return {name: float(row[name].iloc[0]) for name in names}


def hota(moments):
    truth_ids = sorted({n for moment in moments for n, _ in moment["truth"]})
    track_ids = sorted({n for moment in moments for n, _ in moment["tracks"]})
    data = {
        "num_gt_ids": len(truth_ids),
        "num_tracker_ids": len(track_ids),
        "num_gt_dets": sum(len(moment["truth"]) for moment in moments),
        "num_tracker_dets": sum(len(moment["tracks"]) for moment in moments),
        "gt_ids": [np.array([truth_ids.index(n) for n, _ in moment["truth"]], int) for moment in moments],
        "tracker_ids": [np.array([track_ids.index(n) for n, _ in moment["tracks"]], int) for moment in moments],
        "similarity_scores": [np.maximum(0.0, 1.0 - distances(moment) / REACH_M) for moment in moments],
    }
    return float(np.mean(HOTA().eval_sequence(data)["HOTA"]))


def main():
    problems = [problem(seed) for seed in range(6)]
    cases = [{"moments": moments, **clear(moments), "hota": hota(moments)} for moments in problems]
    print(json.dumps({"reach_m": REACH_M, "cases": cases}, separators=(",", ":")))


main()
