"""Epochs of Boltzmann machines, restricted or not, against an RBM and products.

    python benchmarks/bench_boltzmann.py --threads 1

A machine restricted by its switches, 64 visible and 300 hidden units, batches of 20,
against a BernoulliRBM that learns the same; and machines of 200 visible units that are
coupled to each other and to 50 hidden ones, batches and chains of 100, against their
matrix products alone: inputs of the hidden units, pairs of both phases, and fields of
the chains (where hidden units are coupled, those of the clamped chains as well). PCD-1,
centered, float32. "fit" is one of one epoch, with all that goes before. Machines drift:
everything is timed in turn, and ratios are medians over the rounds.
"""

import argparse
import time

import numpy as np
from threadpoolctl import threadpool_limits
from timing import interleave, machine, ratio, report

from skboltz import BernoulliRBM, BoltzmannMachine

CLOCKS = {"process_time": time.process_time, "perf_counter": time.perf_counter}
RESTRICTED = {"visible_visible": False, "hidden_hidden": False}


def bits(n_rows, n_features):
    rng = np.random.default_rng(0)
    return (rng.random((n_rows, n_features)) < 0.3).astype(np.float32)


def epochs(estimator, X):
    """One epoch more at a time."""
    estimator.fit(X)
    return lambda: estimator.partial_fit(X)


def products(n_rows, n_visible, n_hidden, batch, hidden_hidden):
    """The matrix products of every batch."""
    rng, n = np.random.default_rng(0), n_visible + n_hidden
    coupling = np.asfortranarray(rng.random((n, n), dtype=np.float32))
    rows = rng.random((batch, n), dtype=np.float32)
    chains = np.ascontiguousarray(rows.T)
    inner = coupling[n_visible:, n_visible:]

    def run():
        for _ in range(0, n_rows, batch):
            rows[:, :n_visible] @ coupling[:n_visible, n_visible:]
            rows.T @ rows
            if hidden_hidden:
                inner @ chains[n_visible:]
            coupling @ chains
            chains @ chains.T

    return run


def restricted(n_rows, n_visible, n_hidden, batch):
    X, shared = bits(n_rows, n_visible), {"n_iter": 1, "batch_size": batch}
    pairs = BoltzmannMachine(n_hidden, **RESTRICTED, **shared, random_state=0)
    rbm = BernoulliRBM(n_hidden, gradient="centered", **shared, random_state=0)
    return {
        "RBM, fit": lambda: rbm.fit(X),
        "restricted, fit": lambda: pairs.fit(X),
        "RBM, epoch": epochs(rbm, X),
        "restricted, epoch": epochs(pairs, X),
    }


def coupled(n_rows, n_visible, n_hidden, batch):
    X, functions = bits(n_rows, n_visible), {}
    for name, among in (("visible", False), ("all", True)):
        learner = BoltzmannMachine(
            n_hidden, hidden_hidden=among, batch_size=batch, n_iter=1, random_state=0
        )
        sizes = n_rows, n_visible, n_hidden, batch
        functions[f"products, {name} coupled"] = products(*sizes, among)
        functions[f"{name} coupled"] = epochs(learner, X)
    return functions


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=10000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--clock", choices=CLOCKS, default="process_time")
    options = parser.parse_args()
    n = options.rows
    functions = restricted(n, 64, 300, 20) | coupled(n, 200, 50, 100)
    with threadpool_limits(options.threads):
        for function in functions.values():
            function()
        seconds = interleave(functions, options.rounds, CLOCKS[options.clock])
    ratios = {
        name: ratio(seconds, name, base)
        for name, base in (
            ("restricted, fit", "RBM, fit"),
            ("restricted, epoch", "RBM, epoch"),
            ("visible coupled", "products, visible coupled"),
            ("all coupled", "products, all coupled"),
        )
    }
    report(**machine(), **vars(options), ratios=ratios)


if __name__ == "__main__":
    main()
