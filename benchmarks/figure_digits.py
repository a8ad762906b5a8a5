"""scikit-learn's digits example: logistic regression on hidden units.

    python benchmarks/figure_digits.py --seeds 10

Protocol of scikit-learn's gallery (plot_rbm_logistic_classification): digits and their
shifts by one pixel, 20 % held out (seed 0), 100 hidden units, learning rate 0.06, 10
epochs, batches of 10, then logistic regression with C=6000, to convergence.
scikit-learn's BernoulliRBM reaches 0.930 there and raw pixels 0.781.
"""

import argparse

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.neural_network import BernoulliRBM as UpstreamRBM
from sklearn.preprocessing import minmax_scale
from timing import machine, report

from skboltz import BernoulliRBM


def nudged_digits():
    images, labels = load_digits(return_X_y=True)
    padded = np.pad(images.reshape(-1, 8, 8), ((0, 0), (1, 1), (1, 1)))
    places = [(1, 1), (2, 1), (0, 1), (1, 2), (1, 0)]
    parts = [padded[:, i : i + 8, j : j + 8].reshape(-1, 64) for i, j in places]
    X = minmax_scale(np.concatenate(parts), feature_range=(0, 1))
    return train_test_split(X, np.tile(labels, 5), test_size=0.2, random_state=0)


def accuracy(machine, X_train, X_test, y_train, y_test):
    machine.fit(X_train)
    classifier = LogisticRegression(C=6000, max_iter=5000)
    classifier.fit(machine.transform(X_train), y_train)
    return classifier.score(machine.transform(X_test), y_test), classifier.n_iter_[0]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--upstream-seeds", type=int, default=2)
    options = parser.parse_args()
    report(**machine())
    data = nudged_digits()
    settings = {"learning_rate": 0.06, "n_iter": 10, "batch_size": 10}
    for kind, n_seeds, own in (
        (BernoulliRBM, options.seeds, {"n_chains": 100}),
        (BernoulliRBM, options.seeds, {}),
        (BernoulliRBM, options.upstream_seeds, {"gradient": "centered"}),
        (UpstreamRBM, options.upstream_seeds, {}),
    ):
        scores = []
        for seed in range(n_seeds):
            rbm = kind(100, random_state=seed, **settings, **own)
            score, n_iter = accuracy(rbm, *data)
            scores.append(score)
            report(
                package=kind.__module__.split(".")[0],
                **own,
                seed=seed,
                accuracy=round(score, 4),
                iterations_of_classifier=int(n_iter),
            )
        report(
            package=kind.__module__.split(".")[0],
            **own,
            mean=round(float(np.mean(scores)), 4),
            lowest=round(float(np.min(scores)), 4),
        )


if __name__ == "__main__":
    main()
