"""Each hot path by its matrix products, against what was committed.

    python benchmarks/guard.py            # fails where a ratio has grown by 15 %
    python benchmarks/guard.py --write    # after a change that is meant

One thread, CPU time, medians over rounds in turn: about two minutes.  Ratios of another
processor differ; write your own before a change, and compare after it.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits
from timing import interleave, machine, ratio

from skboltz import BernoulliRBM, GaussianBernoulliRBM, config_context
from skboltz.models import Bipartite, BipartiteParams
from skboltz.sampling import Purpose, Stream, annealing
from skboltz.units import BERNOULLI, Bias

COMMITTED = Path(__file__).with_suffix(".json")
MOST = 1.15
RNG = np.random.default_rng(0)


def bits(n_rows, n_columns=784):
    return (RNG.random((n_rows, n_columns), dtype=np.float32) < 0.13).astype(np.float32)


def steps(X, n_hidden, batch_size):
    """The five products of every batch."""
    weights = np.asfortranarray(RNG.normal(0, 0.01, (n_hidden, X.shape[1])), "f4")
    h = RNG.random((batch_size, n_hidden), dtype=np.float32)
    v = X[:batch_size]
    up, down = np.empty_like(h), np.empty_like(v)
    step = np.empty((X.shape[1], n_hidden), np.float32)

    def run():
        for _ in range(len(X) // batch_size):
            np.matmul(v, weights.T, out=up)
            np.matmul(h, weights, out=down)
            np.matmul(v, weights.T, out=up)
            np.matmul(v.T, h, out=step)
            np.matmul(v.T, h, out=step)

    return run


def one_epoch(estimator, X, kernels="numba"):
    estimator.set_params(n_iter=1, random_state=0).fit(X[:100])

    def run():
        with config_context(kernels=kernels):
            estimator.partial_fit(X)

    return run


def temperatures(n_betas=100, n_chains=100):
    """A ladder of annealing, and its products."""
    weights = np.asfortranarray(RNG.normal(0, 0.05, (500, 784)), "f4")
    params = BipartiteParams(
        weights, Bias(np.zeros(784, "f4")), Bias(np.zeros(500, "f4"))
    )
    path = annealing.base_path(Bipartite(BERNOULLI, BERNOULLI), params)
    chains = annealing.init(path, Stream((1, 2), Purpose.FORWARD), n_chains)
    betas, h = np.linspace(0, 1, n_betas + 1), bits(n_chains, 500)

    def products():
        for _ in range(n_betas):
            chains.visible @ weights.T
            h @ weights

    return products, lambda: annealing.run(path, chains, betas)


def paths():
    """Pairs of the products and of the path, by name."""
    X, few, real = bits(3000), bits(300), RNG.normal(size=(6000, 196)).astype("f4")
    hundred, ten = {"batch_size": 100}, {"batch_size": 10}
    floor, floor_of_ten = steps(X, 500, 100), steps(few, 500, 10)
    rbm = BernoulliRBM(500, n_iter=0).fit(X)
    annealed = temperatures()
    return {
        "CD-1": (floor, one_epoch(BernoulliRBM(500, method="cd", **hundred), X)),
        "CD-1, NumPy": (
            floor,
            one_epoch(BernoulliRBM(500, method="cd", **hundred), X, "numpy"),
        ),
        "CD-1, centered": (
            floor,
            one_epoch(
                BernoulliRBM(500, method="cd", gradient="centered", **hundred), X
            ),
        ),
        "PCD-1": (floor, one_epoch(BernoulliRBM(500, method="pcd", **hundred), X)),
        "CD-1, batch 10": (
            floor_of_ten,
            one_epoch(BernoulliRBM(500, method="cd", **ten), few),
        ),
        "Gaussian CD-1": (
            steps(real, 196, 100),
            one_epoch(GaussianBernoulliRBM(196, method="cd", **hundred), real),
        ),
        "annealing": annealed,
        "transform": (lambda: X @ rbm.components_.T, lambda: rbm.transform(X)),
    }


def measured(rounds):
    found = {}
    for name, (products, path) in paths().items():
        functions = {"products": products, "path": path}
        interleave(functions, 1)  # compiles or loads the kernels
        seconds = interleave(functions, rounds, time.process_time)
        found[name] = ratio(seconds, "path", "products")
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    with threadpool_limits(1):
        found = measured(options.rounds)
    if options.write:
        report = {"machine": machine(), "to_products": found}
        COMMITTED.write_text(json.dumps(report, indent=1) + "\n")
    before = json.loads(COMMITTED.read_text())["to_products"]
    slower = [name for name in found if found[name] > MOST * before[name]]
    for name, now in found.items():
        mark = " SLOWER" if name in slower else ""
        print(f"{name:16} {now:6.3f} (committed {before[name]:.3f}){mark}")
    sys.exit(bool(slower))


if __name__ == "__main__":
    main()
