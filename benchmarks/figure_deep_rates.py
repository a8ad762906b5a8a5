"""Rates of deep networks on small data, beside scikit-learn's MLPClassifier.

    python benchmarks/figure_deep_rates.py
    python benchmarks/figure_deep_rates.py --fine-tuning up-down
    python benchmarks/figure_deep_rates.py --sets mnist
    python benchmarks/figure_deep_rates.py --sets digits --seeds 3 --rates sgd=0.3

Mean accuracies of five folds (of MNIST: 3000 images of those of seed 0, 3000 others
tested), cut as scikit-learn cuts them, which keeps the writers of digits apart. All
settings but the rate are the defaults; features are scaled to [0, 1].
"""

import argparse
import warnings

import numpy as np
from mnist import load_mnist
from sklearn.datasets import (
    load_breast_cancer,
    load_digits,
    load_iris,
    load_wine,
    make_classification,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import ShuffleSplit, cross_val_score
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import minmax_scale
from threadpoolctl import threadpool_limits
from timing import machine, report

from skboltz import DBNClassifier

SMALL = {"wine": load_wine, "cancer": load_breast_cancer, "iris": load_iris}
SETS = ["digits", *SMALL, "made", "mnist"]
RATES = ["adam=0.003", "adam=0.01", "adam=0.02", "sgd=0.05", "sgd=0.1", "sgd=0.3"]


def data_set(name):
    """Rows, labels, hidden layers and folds."""
    if name == "mnist":
        X, y = load_mnist()
        one = ShuffleSplit(1, train_size=3000, test_size=3000, random_state=0)
        return X / np.float32(255), y, (500, 500), one
    if name == "digits":
        X, y = load_digits(return_X_y=True)
        return (X / 16).astype(np.float32), y, (256, 256), 5
    if name == "made":
        X, y = make_classification(
            1000, 20, n_informative=8, n_classes=4, random_state=0
        )
    else:
        X, y = SMALL[name](return_X_y=True)
    return minmax_scale(X).astype(np.float32), y, (32, 32), 5


def classifiers(sizes, options):
    """Makers of a classifier with a seed, by name."""
    yield (
        "MLPClassifier",
        lambda seed: MLPClassifier(sizes, max_iter=500, random_state=seed),
    )
    for rate in options.rates:
        solver, number = rate.split("=")
        steps = {"solver": solver, "learning_rate": float(number)}
        yield (
            rate,
            lambda seed, steps=steps: DBNClassifier(
                sizes, fine_tuning=options.fine_tuning, random_state=seed, **steps
            ),
        )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sets", nargs="*", choices=SETS, default=SETS[:-1])
    parser.add_argument("--rates", nargs="*", default=RATES)
    parser.add_argument("--fine-tuning", default="backprop")
    parser.add_argument("--seeds", type=int, default=1)
    options = parser.parse_args()
    report(**machine(), **vars(options))
    warnings.simplefilter("ignore", ConvergenceWarning)
    with threadpool_limits(1):
        for name in options.sets:
            X, y, sizes, folds = data_set(name)
            for which, make in classifiers(sizes, options):
                seeds = range(options.seeds)
                found = [cross_val_score(make(s), X, y, cv=folds).mean() for s in seeds]
                report(
                    data=name, classifier=which, accuracy=np.round(found, 4).tolist()
                )


if __name__ == "__main__":
    main()
