"""Deep belief networks on MNIST: errors of 10,000 held-out images.

    python benchmarks/figure_mnist_dbn.py --step layers --layers sampled
    python benchmarks/figure_mnist_dbn.py --step backprop --layers sampled
    python benchmarks/figure_mnist_dbn.py --step dropout
    python benchmarks/figure_mnist_dbn.py --step random
    python benchmarks/figure_mnist_dbn.py --step greedy
    python benchmarks/figure_mnist_dbn.py --step up-down
    python benchmarks/figure_mnist_dbn.py --step up-down-pcd
    python benchmarks/figure_mnist_dbn.py --step draw
    python benchmarks/figure_mnist_dbn.py --step few --labels 1000

784-500-500-2000-10, pixels in [0, 1]; the first 50,000 images of MNIST's training part
are learnt from, its last 10,000 are the test (published figures are for 60,000 and
MNIST's own test). "layers" comes first: CD-1 without labels, which all others but
"random" start from, as published or by longer learning from samples. "greedy" is a
third layer that has learnt with labels, which "up-down" starts from; as published,
more and more sweeps of the top machine lie between the batch and its dream. What a
step has reached is kept in the folder --keep.
"""

import argparse
import time
from functools import partial
from pathlib import Path

import joblib
import matplotlib.pyplot as plt
import numpy as np
from mnist import load_mnist
from sklearn.frozen import FrozenEstimator
from sklearn.svm import SVC
from threadpoolctl import threadpool_limits
from timing import machine, report

from skboltz import BernoulliRBM, DBNClassifier, DeepBeliefNetwork
from skboltz.callbacks import EpochCallback

SIZES = (500, 500, 2000)
N_TRAIN = 50_000
LAYER = {"method": "cd", "learning_rate": 0.1, "batch_size": 100, "l2": 2e-4}
SGD = {"solver": "sgd", "momentum": 0.9, "schedule": "linear", "batch_size": 100}
PLAIN = SGD | {"learning_rate": 0.4, "n_iter": 20}
DROPOUT = {"dropout": 0.25, "input_dropout": 0.2}


def falling(share, end):
    """A rate that falls to a part of what it was."""
    return 1 - (1 - end) * share


def dreaming(k, learning_rate, n_iter, end):
    """A stage of the up-down algorithm with a falling rate."""
    stage = {"k": k, "learning_rate": learning_rate, "n_iter": n_iter}
    return (
        SGD
        | stage
        | {"method": "cd", "l2": 1e-5, "schedule": partial(falling, end=end)}
    )


# Stages, one after the other.
STEPS = {
    "backprop": [PLAIN],
    "random": [PLAIN | {"pretrain": False}],
    "dropout": [SGD | {"learning_rate": 0.2, "n_iter": 75} | DROPOUT],
    "up-down": [
        dreaming(3, 0.03, 120, end=5 / 11),
        dreaming(6, 0.012, 40, end=1),
        dreaming(10, 0.01, 30, end=0.5),
        dreaming(20, 0.007, 32, end=0),
    ],
    "up-down-pcd": [
        SGD
        | {"method": "pcd", "k": 1, "learning_rate": 0.01, "l2": 2e-5, "n_iter": 100}
    ],
}


class Watch(EpochCallback):
    """Reports the test error every few epochs, and keeps the network."""

    def __init__(self, name, test, keep, every):
        self.name, self.test = name, test
        self.keep, self.every, self.start = keep, every, time.perf_counter()

    def on_epoch_end(self, model, X):
        if model.n_iter_ % self.every:
            return
        history = model.history_["fine_tuning"]
        seen = {name: round(values[-1], 5) for name, values in history.items()}
        report(
            step=self.name,
            test_error=error(model, self.test),
            minutes=round((time.perf_counter() - self.start) / 60, 1),
            **seen,
        )
        joblib.dump(model, self.keep / f"{self.name}.joblib")  # if it is cut off


def learn_layers(X, options):
    """Three machines by CD-1, without labels."""
    start = time.perf_counter()
    layers = LEARN[options.layers](X, options)
    minutes = round((time.perf_counter() - start) / 60, 1)
    report(step="layers", layers=options.layers, minutes=minutes)
    joblib.dump(layers, kept_layers(options))


def published_layers(X, options):
    """50 epochs, the momentum 0.5 for five of them; from means of the layers below."""
    layers = []
    for i, size in enumerate(SIZES):
        seed = options.seed + i
        rbm = BernoulliRBM(size, **LAYER, momentum=0.5, n_iter=5, random_state=seed)
        rbm.set_params(warm_start=True).fit(X)
        layers.append(rbm.set_params(momentum=0.9, n_iter=45).fit(X))
        X = rbm.transform(X)
    return layers


def sampled_layers(X, options):
    """Longer, at a falling rate; from states drawn anew for every batch."""
    falling = {"momentum": 0.9, "schedule": "linear", "sample_visible": True}
    rbm = BernoulliRBM(**LAYER, **falling, n_iter=options.n_iter or 100)
    network = DeepBeliefNetwork(
        SIZES, layers=rbm, train_on="samples", random_state=options.seed
    )
    return network.fit(X).layers_


LEARN = {"published": published_layers, "sampled": sampled_layers}


def kept_layers(options):
    return options.keep / f"layers_{options.layers}.joblib"


def learn_labels(train, test, options):
    """A third layer that learns labels beside the units of the second."""
    top = BernoulliRBM(**LAYER, momentum=0.9, schedule="linear", n_iter=30)
    low = joblib.load(kept_layers(options))[:2]
    layers = [*map(FrozenEstimator, low), top]
    dbn = DBNClassifier(SIZES, layers=layers, fine_tuning="none", train_on="samples")
    start = time.perf_counter()
    dbn.set_params(random_state=options.seed).fit(*train)
    minutes = round((time.perf_counter() - start) / 60, 1)
    report(step="greedy", test_error=error(dbn, test), minutes=minutes)
    joblib.dump(dbn, options.keep / "greedy.joblib")


def beginning(step, options):
    """A classifier at the layers, at random, or at layers that know labels."""
    if step.startswith("up-down"):
        greedy = joblib.load(options.keep / "greedy.joblib")
        return greedy.set_params(fine_tuning="up-down", warm_start=True)
    dbn = DBNClassifier(SIZES, random_state=options.seed)
    if step == "random":
        return dbn.set_params(pretrain=False)
    fitted = joblib.load(kept_layers(options))
    return dbn.set_params(layers=[FrozenEstimator(layer) for layer in fitted])


def fine_tune(step, train, test, options):
    dbn = beginning(step, options)
    dbn.set_callbacks(Watch(step, test, options.keep, options.every))
    for stage in STEPS[step]:
        chosen = {k: v for k, v in vars(options).items() if k in stage and v}
        dbn.set_params(**(stage | chosen))
        report(step=step, classifier=" ".join(repr(dbn).split()))
        dbn.fit(*train)
        errors = {"test_error": error(dbn, test), "train_error": error(dbn, train)}
        report(step=step, epochs=dbn.n_iter_, **errors)
        joblib.dump(dbn, options.keep / f"{step}.joblib")


def error(dbn, test):
    """Per cent of the test rows."""
    return round(100 * (1 - dbn.score(*test)), 2)


def few_labels(train, test, options):
    """Of the same few labelled images: from the layers, and from random weights."""
    fitted = joblib.load(kept_layers(options))
    settings = {"random_state": options.seed, "solver": "adam", "n_iter": 100}
    settings |= {"learning_rate": options.learning_rate or 0.001}
    ways = {
        "layers": {"layers": [FrozenEstimator(layer) for layer in fitted]},
        "random": {"pretrain": False},
    }
    for draw in range(options.draws):
        rows = balanced(train[1], options.labels, draw)
        for name, way in ways.items():
            dbn = DBNClassifier(SIZES, **settings, **way)
            dbn.fit(train[0][rows], train[1][rows])
            found = {"labels": options.labels, "draw": draw, "start": name}
            report(**found, test_error=error(dbn, test))


def draw(train, test, options):
    """Digits of every label along a chain, and for how many an SVC takes the label."""
    dbn = joblib.load(options.keep / f"{options.of}.joblib")
    judge, labels = SVC().fit(train[0][:10_000], train[1][:10_000]), np.arange(10)
    clamped, pictures = np.repeat(labels, 20), []
    for burn_in in (0, 10, 100, 300, 1000, 3000):
        images = dbn.sample(y=clamped, burn_in=burn_in, visible="means", random_state=0)
        share = round(float(np.mean(judge.predict(images) == clamped)), 3)
        report(step="draw", sweeps=burn_in, taken_for_their_label=share)
        pictures.append(images.reshape(10, 20, 28, 28)[:, : 1 if burn_in < 1000 else 5])
    report(step="draw", real_images=round(judge.score(*test), 3))
    rows = [np.hstack(row) for row in np.concatenate(pictures, axis=1)]
    plt.imsave("mnist_dbn_digits.png", np.vstack(rows), cmap="gray_r")


def balanced(y, n, seed):
    """n rows, as many of each class."""
    rng = np.random.default_rng(seed)
    parts = [rng.permutation(np.flatnonzero(y == k))[: n // 10] for k in range(10)]
    return np.concatenate(parts)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument(
        "--step", choices=["layers", "greedy", *STEPS, "few", "draw"], required=True
    )
    parser.add_argument("--keep", type=Path, default=Path("mnist_dbn"))
    parser.add_argument("--layers", choices=LEARN, default="published")
    parser.add_argument("--of", choices=STEPS, default="up-down-pcd")  # what draws
    parser.add_argument("--labels", type=int, default=1000)
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--every", type=int, default=10)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    # What replaces the settings of a step.
    parser.add_argument("--n-iter", type=int)
    parser.add_argument("--learning-rate", type=float)
    parser.add_argument("--method", choices=["cd", "pcd"])
    parser.add_argument("--k", type=int)
    parser.add_argument("--l2", type=float)
    parser.add_argument("--dropout", type=float)
    parser.add_argument("--input-dropout", type=float)
    options = parser.parse_args()
    options.keep.mkdir(exist_ok=True)
    X, y = load_mnist()
    X = X / np.float32(255)
    train, test = (X[:N_TRAIN], y[:N_TRAIN]), (X[N_TRAIN:], y[N_TRAIN:])
    shown = {name: str(value) for name, value in vars(options).items()}
    report(**machine(), **shown)
    with threadpool_limits(options.threads):
        if options.step == "layers":
            learn_layers(train[0], options)
        elif options.step == "greedy":
            learn_labels(train, test, options)
        elif options.step == "draw":
            draw(train, test, options)
        elif options.step == "few":
            few_labels(train, test, options)
        else:
            fine_tune(options.step, train, test, options)


if __name__ == "__main__":
    main()
