"""Bars and stripes: how near the best reachable likelihood learning comes.

    python benchmarks/figure_bars_and_stripes.py

The best total log-likelihood is -(number of patterns) x entropy: -36.9468 for 3x3
and -102.0359 for 4x4.  KL is the entropy deficit of one row, in nats.
"""

import time

import numpy as np
from timing import machine, report

from skboltz import BernoulliRBM
from skboltz.datasets import make_bars_and_stripes

EXACT = {
    3: {"n_components": 9, "learning_rate": 0.1, "n_iter": 20_000},
    4: {"n_components": 14, "learning_rate": 0.1, "n_iter": 12_000},
}
PCD = {
    "n_components": 16,
    "learning_rate": 0.05,
    "n_iter": 30_000,
    "n_chains": 500,
    "schedule": "linear",
}


def fit(side, method, seed, **params):
    X, entropy = make_bars_and_stripes(side)
    X = X.astype(np.float64)
    rbm = BernoulliRBM(
        method=method,
        gradient="centered",
        batch_size=len(X),
        random_state=seed,
        **params,
    )
    start = time.perf_counter()
    rbm.fit(X)
    best, total = -len(X) * entropy, len(X) * rbm.score(X)
    report(
        side=side,
        method=method,
        seed=seed,
        **params,
        best=round(best, 4),
        total=round(total, 4),
        share_of_best=round(total / best, 5),
        kl=round((best - total) / len(X), 5),
        seconds=round(time.perf_counter() - start, 1),
    )


def main():
    report(**machine())
    for seed in range(2):
        for side, params in EXACT.items():
            fit(side, "exact", seed, momentum=0.9, **params)
        fit(4, "pcd", seed, **PCD)


if __name__ == "__main__":
    main()
