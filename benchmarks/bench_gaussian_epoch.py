"""Epochs of a Gaussian-Bernoulli machine against its five matrix products.

    python benchmarks/bench_gaussian_epoch.py --batch-size 100

14 x 14 features and 196 hidden units, CD-1 in float32; the training goes on from an
earlier one, so that no start is timed, but the look back at its end is.  The floor is
that of bench_rbm_epoch.py.
Everything is timed in turn, in short rounds, and ratios are medians over the rounds.
"""

import argparse

import numpy as np
from bench_rbm_epoch import floor
from threadpoolctl import threadpool_limits
from timing import interleave, machine, ratio, report

from skboltz import GaussianBernoulliRBM, config_context

_EPOCHS = 3


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=40_000)
    parser.add_argument("--features", type=int, default=196)
    parser.add_argument("--hidden", type=int, default=196)
    parser.add_argument("--batch-size", type=int, default=100)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    size = options.rows, options.features
    X = np.random.default_rng(0).standard_normal(size, dtype=np.float32)

    def epoch(kernels, **params):
        rbm = GaussianBernoulliRBM(
            options.hidden,
            batch_size=options.batch_size,
            n_iter=_EPOCHS,
            warm_start=True,
            random_state=0,
            **params,
        )

        def run():
            with config_context(kernels=kernels):
                rbm.fit(X)

        run()  # the start, and the compilation
        return run

    products = floor(X, options.hidden, options.batch_size)

    def floors():
        for _ in range(_EPOCHS):
            products()

    with threadpool_limits(options.threads):
        functions = {
            "floor": floors,
            "cd numba": epoch("numba", method="cd"),
            "cd numpy": epoch("numpy", method="cd"),
            "cd numba, sigma=1": epoch("numba", method="cd", sigma=1.0),
            "pcd numba": epoch("numba", method="pcd"),
        }
        seconds = interleave(functions, options.rounds)
    report(**machine(), **vars(options))
    for name in functions:
        report(name=name, to_floor=ratio(seconds, name, "floor"))


if __name__ == "__main__":
    main()
