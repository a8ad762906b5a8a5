"""Learning rates of Gaussian-Bernoulli machines on data of very different shapes.

    python benchmarks/figure_gaussian_rates.py

Mean log-density of the training rows, in nats, with a rate that falls linearly to 0,
for two seeds; beside it that of one normal distribution and of the better of mixtures
of four that share one covariance or have diagonal ones.
"""

import argparse

import numpy as np
from sklearn.datasets import load_iris, load_wine
from sklearn.mixture import GaussianMixture
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits
from timing import machine, report

from skboltz import DivergenceError, GaussianBernoulliRBM

_ROW_UPDATES = 200_000  # rows seen in a training, at least 200 epochs


def data_sets():
    """Rows and a number of hidden units by name."""
    rng = np.random.RandomState(0)
    two = np.repeat([[-1.0], [1.0]], 500, axis=0) + 0.2 * rng.normal(size=(1000, 1))
    ends = ([100, -3], [120, -2])
    far = np.vstack([rng.normal(size=(3000, 2)) * [5, 0.1] + end for end in ends])
    centers = rng.normal(size=(4, 5))
    four = centers[rng.randint(4, size=5000)] + 0.05 * rng.normal(size=(5000, 5))
    return {
        "two clusters": (two, 1),
        "far apart": (far, 3),
        "four narrow clusters": (four, 6),
        "iris": (StandardScaler().fit_transform(load_iris().data), 8),
        "wine": (StandardScaler().fit_transform(load_wine().data), 8),
        "Laplace": (rng.laplace(size=(5000, 2)), 4),
    }


def mixtures(X):
    """Of one normal distribution, and the best of four components."""
    shapes = (1, "full"), (4, "tied"), (4, "diag")
    scores = [
        GaussianMixture(n, covariance_type=kind, n_init=3, random_state=0)
        .fit(X)
        .score(X)
        for n, kind in shapes
    ]
    return {"normal": round(scores[0], 3), "four": round(max(scores[1:]), 3)}


def score(X, n_hidden, seed, options, **params):
    rbm = GaussianBernoulliRBM(
        n_hidden,
        n_iter=_ROW_UPDATES // max(len(X), 1000),
        batch_size=50 if len(X) < 500 else 100,
        schedule="linear",
        random_state=seed,
        **params,
    )
    if options.variance_factor is not None:
        rate = options.variance_factor * rbm.learning_rate
        rbm.set_params(variance_learning_rate=rate)
    try:
        return round(rbm.fit(X).score(X), 3)
    except DivergenceError:
        return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--methods", nargs="+", default=["exact", "pcd", "cd"])
    parser.add_argument(
        "--rates", type=float, nargs="+", default=[0.01, 0.03, 0.1, 0.3]
    )
    parser.add_argument("--variance-factor", type=float, default=None)
    options = parser.parse_args()
    report(**machine(), **vars(options))
    with threadpool_limits(1):
        for name, (X, n_hidden) in data_sets().items():
            report(data=name, **mixtures(X))
            for method in options.methods:
                for rate in options.rates:
                    params = {"method": method, "learning_rate": rate}
                    found = [score(X, n_hidden, s, options, **params) for s in (0, 1)]
                    report(data=name, **params, scores=found)


if __name__ == "__main__":
    main()
