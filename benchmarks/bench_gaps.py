"""Rows with missing values: an epoch of them, their likelihoods, and filling them.

    python benchmarks/bench_gaps.py --threads 1

An epoch of CD-1 and PCD-1 (784 features, 500 hidden units, batch 100, float32) of rows
of which 10 and 50 % are missing, to one of whole rows; and the most memory that a fit
holds beside X.

Then `free_energy` and `impute` of rows of which 30 % are missing, too many for sums:
milliseconds a row, and their ratio to the bare products of the chains that each asks
for (annealing: 50 chains x 300 steps, two products each, over the missing features
alone; means: 4 chains x 180 sweeps).  All rows have the same gaps, or each its own.
CPU time, the least of the rounds.
"""

import argparse
import time
import tracemalloc
import warnings

import numpy as np
from threadpoolctl import threadpool_limits
from timing import interleave, machine, ratio, report

from skboltz import BernoulliRBM, BoltzmannMachine, GaussianBernoulliRBM

N_VISIBLE, N_HIDDEN, BATCH = 784, 500, 100
GAPS = 0.3
CHAINS, STEPS, MEAN_CHAINS, SWEEPS = 50, 300, 4, 180


def clusters(n_rows, n_features, seed=0):
    """Bits in twenty clusters."""
    rng = np.random.default_rng(seed)
    centres = rng.random((20, n_features)) < 0.5
    noise = rng.random((n_rows, n_features)) < 0.05
    return (centres[rng.integers(20, size=n_rows)] ^ noise).astype(np.float32)


def holed(X, share, seed=1):
    holes = np.random.default_rng(seed).random(X.shape) < share
    return np.where(holes, np.float32(np.nan), X)


# Training -----------------------------------------------------------------------------


def epochs(method, n_rows, rounds):
    X = (np.random.default_rng(0).random((n_rows, N_VISIBLE)) < 0.2).astype(np.float32)
    tables = {"whole": X, "10 %": holed(X, 0.1), "50 %": holed(X, 0.5)}

    def fit(X, n_iter):
        BernoulliRBM(
            N_HIDDEN, learning_rate=0.01, batch_size=BATCH, n_iter=n_iter,
            method=method, random_state=0,
        ).fit(X)  # fmt: skip

    for table in tables.values():
        fit(table, 1)
    work = {
        (name, n_iter): lambda table=table, n_iter=n_iter: fit(table, n_iter)
        for name, table in tables.items()
        for n_iter in (1, 4)
    }
    seconds = interleave(work, rounds)
    for name in tables:
        long, short = (np.array(seconds[name, n]) for n in (4, 1))
        seconds[name] = list(long - short)
    found = {
        f"epoch, {name}": ratio(seconds, name, "whole") for name in ("10 %", "50 %")
    }
    first = {
        f"fit of one, {name}": ratio(seconds, (name, 1), ("whole", 1))
        for name in ("10 %", "50 %")
    }
    report(method=method, n_rows=n_rows, **found, **first)


def memory(n_rows):
    X = (np.random.default_rng(0).random((n_rows, N_VISIBLE)) < 0.2).astype(np.float32)
    rbm = BernoulliRBM(N_HIDDEN, batch_size=BATCH, n_iter=2, random_state=0)
    for share in (0.0, 0.1, 0.5):
        table = holed(X, share) if share else X
        rbm.fit(table[:BATCH])
        tracemalloc.start()
        rbm.fit(table)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        report(
            missing=share, X_mb=round(X.nbytes / 1e6), beside_mb=round(peak / 1e6, 1)
        )


# Questions ----------------------------------------------------------------------------


def cpu(function, rounds):
    seconds = []
    for _ in range(rounds):
        start = time.process_time()
        function()
        seconds.append(time.process_time() - start)
    return min(seconds)


def products(n_chains, n_steps, n_missing, n_hidden, rounds):
    """Seconds of the products of chains of one row, both ways."""
    v, h = np.ones((n_chains, n_missing)), np.ones((n_chains, n_hidden))
    weights = np.ones((n_hidden, n_missing))
    v, h, down = (array.astype(np.float32) for array in (v, h, weights))
    up = np.ascontiguousarray(down.T)

    def step():
        for _ in range(20):
            np.matmul(v, up)
            np.matmul(h, down)

    return cpu(step, rounds) * n_steps / 20


MACHINES = {
    "bits 784-500": (BernoulliRBM, 784, 500),
    "bits 200-100": (BernoulliRBM, 200, 100),
    "bits 64-256": (BernoulliRBM, 64, 256),
    "real 200-100": (GaussianBernoulliRBM, 200, 100),
    "pairs 40 + 20": (BoltzmannMachine, 40, 20),
    "pairs 150 + 50": (BoltzmannMachine, 150, 50),
}


def questions(name, n_rows, rounds):
    kind, n_features, n_hidden = MACHINES[name]
    X = clusters(1000, n_features)
    fitted = kind(n_hidden, n_iter=5, random_state=0).fit(X)
    mask = np.random.default_rng(1).random((n_rows, n_features)) < GAPS
    n_missing = round(GAPS * n_features)
    for gaps, holes in (("shared", mask[:1]), ("own", mask)):
        rows = np.where(holes, np.float32(np.nan), X[:n_rows])
        said = {}
        for method, n_chains, n_steps in (
            ("free_energy", CHAINS, STEPS),
            ("impute", MEAN_CHAINS, SWEEPS),
        ):
            ask = getattr(fitted, method)
            ask(rows[:2])
            seconds = cpu(lambda ask=ask, rows=rows: ask(rows), rounds) / n_rows
            said[f"{method}, ms a row"] = round(1000 * seconds, 2)
            if kind is not BoltzmannMachine:
                bare = products(n_chains, n_steps, n_missing, n_hidden, 5)
                said[f"{method} to its products"] = round(seconds / bare, 2)
        report(machine=name, gaps=gaps, n_rows=n_rows, **said)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rows", type=int, default=2000, help="of an epoch")
    parser.add_argument("--asked", type=int, default=32, help="rows of a question")
    options = parser.parse_args()
    report(**machine(), threads=options.threads)
    with threadpool_limits(options.threads), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for method in ("cd", "pcd"):
            epochs(method, options.rows, options.rounds)
        memory(16_000)
        for name in MACHINES:
            questions(name, options.asked, min(options.rounds, 3))


if __name__ == "__main__":
    main()
