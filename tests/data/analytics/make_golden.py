"""Writes golden.json: what scikit-learn and numpy say of small made-up tables, for the metrics and the regression.

Versions that the committed file was made with: numpy 2.4, scikit-learn 1.9.1.

usage: make_golden.py > golden.json
"""
import json

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score, roc_auc_score
from sklearn.preprocessing import StandardScaler

rng = np.random.default_rng(52)
rows = np.round(rng.normal(size=(40, 4)) * [1, 10, 0.1, 3] + [0, 5, 1, -2], 4)
positive = (rows[:, 0] + 0.1 * rows[:, 1] + rng.normal(size=40)) > 1.2
scaled = StandardScaler().fit_transform(rows)
fits = []
for c in (0.003, 0.3, 10.0):
    model = LogisticRegression(C=c, class_weight="balanced", tol=1e-12, max_iter=10000).fit(scaled, positive)
    fits.append({"c": c, "weights": model.coef_[0].tolist(), "offset": float(model.intercept_[0])})

rankings = []
for digits in (1, 3):
    scores = np.round(rng.normal(size=60) + 0.8 * (np.arange(60) < 20), digits)
    truth = np.arange(60) < 20
    at_95 = float((scores[truth] > np.quantile(scores[~truth], 0.95)).mean())
    rankings.append({
        "scores": scores.tolist(), "truth": truth.tolist(), "auroc": float(roc_auc_score(truth, scores)),
        "sensitivity_at_95": at_95,
    })

truths, answers = rng.integers(0, 3, 50), rng.integers(0, 3, 50)
answers[:30] = truths[:30]
print(json.dumps({
    "rows": rows.tolist(), "positive": positive.tolist(), "fits": fits, "rankings": rankings,
    "truths": truths.tolist(), "answers": answers.tolist(),
    "accuracy": float(accuracy_score(truths, answers)), "macro_f1": float(f1_score(truths, answers, average="macro")),
}))
