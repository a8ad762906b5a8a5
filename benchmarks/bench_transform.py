"""Passes of all rows against their matrix product, and against scikit-learn's.

python benchmarks/bench_transform.py --threads 1
"""

import argparse

import numpy as np
from scipy import sparse
from sklearn.neural_network import BernoulliRBM as UpstreamRBM
from threadpoolctl import threadpool_limits
from timing import interleave, machine, ratio, report

from skboltz import BernoulliRBM, config_context

RNG = np.random.default_rng(0)


def pair(n_hidden, n_features, dtype):
    """Our machine and scikit-learn's, with the same random parameters."""
    ours = BernoulliRBM(n_hidden, n_iter=0).fit(np.zeros((2, n_features), dtype))
    theirs = UpstreamRBM(n_hidden, n_iter=0)
    # Column by column, as both packages leave them after a fit.
    weights = RNG.normal(0, 0.01, (n_hidden, n_features))
    ours.components_ = np.asfortranarray(weights, dtype=dtype)
    for name in ("components_", "intercept_visible_", "intercept_hidden_"):
        setattr(theirs, name, getattr(ours, name))
    theirs.n_features_in_ = n_features
    return ours, theirs


def dense(rounds):
    X = (RNG.random((60_000, 784), dtype=np.float32) < 0.13).astype(np.float32)
    ours, theirs = pair(500, 784, np.float32)
    functions = {
        "product": lambda: X @ ours.components_.T,
        "skboltz": lambda: ours.transform(X),
        "scikit-learn": lambda: theirs.transform(X),
    }
    seconds = interleave(functions, rounds)
    for name in functions:
        report(
            what="dense 60000x784, 500 hidden, float32",
            name=name,
            to_product=ratio(seconds, name, "product"),
            to_scikit_learn=ratio(seconds, name, "scikit-learn"),
        )


def other_answers(rounds):
    """What else goes over all rows once."""
    X = (RNG.random((20_000, 784), dtype=np.float32) < 0.13).astype(np.float32)
    ours, _ = pair(500, 784, np.float32)
    counts, h = X.astype(np.uint8), ours.transform(X)
    functions = {
        "product": lambda: X @ ours.components_.T,
        "transform of uint8": lambda: ours.transform(counts),
        "inverse_transform": lambda: ours.inverse_transform(h),
        "free_energy": lambda: ours.free_energy(X),
    }
    seconds = interleave(functions, rounds)
    for name in functions:
        report(
            what="dense 20000x784, 500 hidden, float32",
            name=name,
            to_product=ratio(seconds, name, "product"),
        )


def csr(rounds):
    X = sparse.random_array(
        (20_000, 50_000), density=1e-3, format="csr", dtype=np.float32, rng=0
    )
    ours, theirs = pair(100, 50_000, np.float32)

    def transform(kernels):
        with config_context(kernels=kernels):
            return ours.transform(X)

    functions = {
        "skboltz numba": lambda: transform("numba"),
        "skboltz numpy": lambda: transform("numpy"),
        "scikit-learn": lambda: theirs.transform(X),
    }
    functions["skboltz numba"]()
    seconds = interleave(functions, rounds)
    for name in functions:
        report(
            what="CSR 20000x50000 at 0.1 %, 100 hidden, float32",
            name=name,
            to_scikit_learn=ratio(seconds, name, "scikit-learn"),
        )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    report(**machine(), **vars(options))
    with threadpool_limits(options.threads):
        dense(options.rounds)
        other_answers(options.rounds)
        csr(options.rounds)


if __name__ == "__main__":
    main()
