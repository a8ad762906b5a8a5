"""An epoch of training against its five matrix products and scikit-learn's.

    python benchmarks/bench_rbm_epoch.py --batch-size 100 --threads 1

The floor is the products alone, in float32: two of data and hidden weights, one
back, and one for each half of the gradient.  Machines drift: everything is timed in
turn, in short rounds, and ratios are medians over the rounds.
"""

import argparse

import numpy as np
from sklearn.neural_network import BernoulliRBM as ReferenceRBM
from threadpoolctl import threadpool_limits
from timing import interleave, machine, ratio, report

from skboltz import BernoulliRBM, config_context


def floor(X, n_hidden, batch_size):
    """The five matrix products of every batch."""
    rng = np.random.default_rng(0)
    weights = rng.standard_normal((n_hidden, X.shape[1]), dtype=np.float32)
    h = rng.random((batch_size, n_hidden), dtype=np.float32)
    step, up = np.empty_like(weights), np.empty_like(h)
    down = np.empty((batch_size, X.shape[1]), np.float32)

    def run():
        for start in range(0, len(X), batch_size):
            v = X[start : start + batch_size]
            np.matmul(v, weights.T, out=up[: len(v)])
            np.matmul(h[: len(v)], weights, out=down[: len(v)])
            np.matmul(v, weights.T, out=up[: len(v)])
            np.matmul(h[: len(v)].T, v, out=step)
            np.matmul(h[: len(v)].T, v, out=step)

    return run


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=60_000)
    parser.add_argument("--hidden", type=int, default=500)
    parser.add_argument("--batch-size", type=int, default=100)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    X = np.random.default_rng(0).random((options.rows, 784), dtype=np.float32)
    X = (X < 0.13).astype(np.float32)
    shared = {"batch_size": options.batch_size, "n_iter": 1, "random_state": 0}

    def fit(kernels, **params):
        rbm = BernoulliRBM(options.hidden, **shared, **params)

        def run():
            with config_context(kernels=kernels):
                rbm.fit(X)

        return run

    functions = {
        "floor": floor(X, options.hidden, options.batch_size),
        "cd numba": fit("numba", method="cd"),
        "cd numpy": fit("numpy", method="cd"),
        "cd numba, centered": fit("numba", method="cd", gradient="centered"),
        "pcd numba": fit("numba", method="pcd"),
        "scikit-learn": lambda: ReferenceRBM(options.hidden, **shared).fit(X),
    }
    with threadpool_limits(options.threads):
        # Compiles or loads the kernels before the clock runs.
        BernoulliRBM(options.hidden, **shared).fit(X[:200])
        seconds = interleave(functions, options.rounds)
    report(**machine(), **vars(options))
    for name in functions:
        report(
            name=name,
            to_floor=ratio(seconds, name, "floor"),
            to_scikit_learn=ratio(seconds, name, "scikit-learn"),
        )


if __name__ == "__main__":
    main()
