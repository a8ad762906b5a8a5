"""An epoch of backpropagation against its matrix products and MLPClassifier's.

    python benchmarks/bench_backprop_epoch.py --threads 1

784-500-500-2000-10, batches of 100, float32. The floor is the products alone: one up
and one for the slopes of the weights of each layer, and one down for all layers but
the first. Machines drift: everything is timed in turn, and ratios are medians over
the rounds.
"""

import argparse
import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits
from timing import interleave, machine, ratio, report

from skboltz import DBNClassifier, config_context

SIZES = (500, 500, 2000)


def floor(X, batch_size):
    """The matrix products of every batch."""
    rng = np.random.default_rng(0)
    sizes = (X.shape[1], *SIZES, 10)
    shapes = list(zip(sizes[:-1], sizes[1:], strict=True))
    weights = [rng.standard_normal(shape, dtype=np.float32) for shape in shapes]
    slopes = [np.empty_like(w) for w in weights]
    units = [rng.random((batch_size, n), dtype=np.float32) for n in sizes]
    out = [np.empty_like(u) for u in units]

    def run():
        for _ in range(0, len(X), batch_size):
            for i, w in enumerate(weights):
                np.matmul(units[i], w, out=out[i + 1])
            for i, w in reversed(list(enumerate(weights))):
                np.matmul(units[i].T, units[i + 1], out=slopes[i])
                if i:
                    np.matmul(units[i + 1], w.T, out=out[i])

    return run


def passes(X, y, batch_size, kernels="auto", **params):
    """One epoch of fine-tuning at a time."""
    shared = {"pretrain": False, "batch_size": batch_size, "random_state": 0}
    dbn = DBNClassifier(SIZES, **shared, **params)
    dbn.partial_fit(X[:batch_size], y[:batch_size], classes=np.arange(10))

    def run():
        with config_context(kernels=kernels):
            dbn.partial_fit(X, y)

    return run


def reference(X, y, batch_size, solver):
    """One epoch of scikit-learn's at a time."""
    mlp = MLPClassifier(
        SIZES, activation="logistic", solver=solver, batch_size=batch_size, alpha=0.0
    )
    mlp.partial_fit(X[:batch_size], y[:batch_size], classes=np.arange(10))
    return lambda: mlp.partial_fit(X, y)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=5000)
    parser.add_argument("--batch-size", type=int, default=100)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    rng = np.random.default_rng(0)
    X = rng.random((options.rows, 784), dtype=np.float32)
    y = np.arange(options.rows) % 10
    batch = options.batch_size
    sgd = {"solver": "sgd", "learning_rate": 0.01}
    functions = {
        "products": floor(X, batch),
        "momentum": passes(X, y, batch, **sgd),
        "momentum, numpy": passes(X, y, batch, kernels="numpy", **sgd),
        "decay": passes(X, y, batch, l2=1e-4, **sgd),
        "dropout": passes(
            X, y, batch, dropout=0.5, input_dropout=0.2, max_norm=3.0, **sgd
        ),
        "adam": passes(X, y, batch),
        "MLPClassifier, momentum": reference(X, y, batch, "sgd"),
        "MLPClassifier, adam": reference(X, y, batch, "adam"),
    }
    with threadpool_limits(options.threads):
        for function in functions.values():
            function()
        seconds = interleave(functions, options.rounds)
    ratios = {name: ratio(seconds, name, "products") for name in functions}
    report(**machine(), **vars(options), ratios=ratios)


if __name__ == "__main__":
    main()
