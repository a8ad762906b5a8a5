"""Held-out entries of binary digits: EnergyImputer beside scikit-learn's imputers.

    python benchmarks/figure_imputation.py

scikit-learn's 8x8 digits, on where a pixel exceeds 7 of 16; a fifth of all entries is
taken away at random, 1300 rows train, those of the other 497 rows are scored: mean
squared error, share of values right when rounded, and log loss in nats (probabilities
kept 1/1000 from 0 and 1).  Three seeds of holes and machine.
"""

import time

import numpy as np
from sklearn.datasets import load_digits
from sklearn.impute import KNNImputer, SimpleImputer
from timing import machine, report

from skboltz import BernoulliRBM, EnergyImputer


def scores(guess, truth):
    p = np.clip(guess, 1e-3, 1 - 1e-3)
    return (
        np.mean((guess - truth) ** 2),
        np.mean((guess > 0.5) == truth),
        -np.mean(truth * np.log(p) + (1 - truth) * np.log(1 - p)),
    )


def imputers(seed):
    rbm = BernoulliRBM(
        100,
        learning_rate=0.1,
        schedule="linear",
        batch_size=20,
        n_iter=150,
        n_chains=100,
        gradient="centered",
        random_state=seed,
    )
    return {
        "SimpleImputer()": SimpleImputer(),
        "KNNImputer(n_neighbors=5)": KNNImputer(),
        "KNNImputer(n_neighbors=20)": KNNImputer(n_neighbors=20),
        "EnergyImputer(BernoulliRBM(100))": EnergyImputer(rbm),
    }


def main():
    report(**machine())
    X = (load_digits().data > 7).astype(np.float32)
    results = {}
    for seed in range(3):
        holes = np.random.default_rng(seed).random(X.shape) < 0.2
        partly = np.where(holes, np.nan, X).astype(np.float32)
        for name, imputer in imputers(seed).items():
            start = time.perf_counter()
            filled = imputer.fit(partly[:1300]).transform(partly[1300:])
            seconds = time.perf_counter() - start
            found = scores(filled[holes[1300:]], X[1300:][holes[1300:]])
            results.setdefault(name, []).append([*found, seconds])
    for name, rows in results.items():
        means = np.mean(rows, axis=0).round(4).tolist()
        keys = ("squared_error", "accuracy", "log_loss", "seconds")
        report(name=name, **dict(zip(keys, means, strict=True)))


if __name__ == "__main__":
    main()
