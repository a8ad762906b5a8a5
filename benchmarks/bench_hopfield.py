"""Asynchronous recall against its matrix products, and against a peer.

    pip install hopfieldkit
    python benchmarks/bench_hopfield.py --threads 1

1000 units, 100 random memories, 1000 cues with a tenth of their units reversed, until
no unit changes.  The products are those that fields afresh for every sweep of every cue
would cost: one of (cues, units) by (units, units) times the mean number of sweeps.
The peer is hopfieldkit 0.1.0, which recalls one cue at a time.
"""

import argparse

import numpy as np
from threadpoolctl import threadpool_limits
from timing import interleave, machine, ratio, report

from skboltz import HopfieldMemory, config_context


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--without-peer", action="store_true")
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    X = rng.choice([-1.0, 1.0], (100, 1000)).astype(np.float32)
    truth = np.arange(1000) % 100
    cues = np.where(rng.random((1000, 1000)) < 0.1, -X[truth], X[truth])
    memory = HopfieldMemory(random_state=0).fit(X)
    coupling, recalled = memory.coupling_.astype(np.float32), {}
    sweeps = memory.recall(cues).n_iter

    def recall(kernels):
        def run():
            with config_context(kernels=kernels):
                recalled[kernels] = memory.transform(cues)

        return run

    functions = {
        "product": lambda: cues @ coupling,
        "numba": recall("numba"),
        "numpy": recall("numpy"),
    }
    if not options.without_peer:
        functions["hopfieldkit"] = peer(X, cues, recalled)
    with threadpool_limits(options.threads):
        functions["numba"]()  # compiles
        seconds = interleave(functions, options.rounds)
    report(**machine(), **vars(options))
    report(sweeps_mean=float(sweeps.mean()), sweeps_most=int(sweeps.max()))
    for name in functions:
        report(
            name=name,
            to_products=round(ratio(seconds, name, "product") / sweeps.mean(), 3),
            to_numba=ratio(seconds, name, "numba"),
            ms=round(1e3 * float(np.median(seconds[name])), 1),
        )
    for name, states in recalled.items():
        same = (states == recalled["numba"]).all(axis=1).mean()
        right = (states * X[truth]).mean(axis=1)
        report(name=name, same_as_numba=float(same), mean_overlap=float(right.mean()))


def peer(X, cues, recalled):
    from hopfieldkit import HopfieldNetwork

    network = HopfieldNetwork(X.shape[1]).fit(X)

    def run():
        states = [network.recall(cue, seed=0) for cue in cues]
        recalled["hopfieldkit"] = np.array(states)

    return run


if __name__ == "__main__":
    main()
