"""The up-down algorithm on real data: digits told apart, and drawn by their labels."""

from functools import cache

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.svm import SVC

from skboltz import BernoulliRBM, DBNClassifier

N_TRAIN, DRAWN = 1200, 20
X, Y = load_digits(return_X_y=True)
X = (X / 16).astype(np.float32)
LAYER = BernoulliRBM(method="cd", momentum=0.5, batch_size=20, n_iter=10)


@cache
def learnt(shuffled):
    """A network of the first 1200 digits and their labels, or labels in disorder."""
    labels = Y[:N_TRAIN]
    if shuffled:
        labels = np.random.default_rng(0).permutation(labels)
    dbn = DBNClassifier(
        (64, 128),
        layers=LAYER,
        train_on="samples",
        fine_tuning="up-down",
        schedule="linear",
        n_iter=15,
        random_state=0,
    )
    return dbn.fit(X[:N_TRAIN], labels)


def accuracy(dbn):
    return dbn.score(X[N_TRAIN:], Y[N_TRAIN:])


def taken_for_their_label(dbn, burn_in):
    """Share of drawn digits whose label a machine tells that knows real ones."""
    judge, labels = SVC().fit(X[:N_TRAIN], Y[:N_TRAIN]), np.repeat(np.arange(10), DRAWN)
    images = dbn.sample(y=labels, burn_in=burn_in, visible="means", random_state=0)
    return np.mean(judge.predict(images) == labels)


def test_digits_are_told_apart():
    """Of 597 digits by other writers; a tenth by chance."""
    assert accuracy(learnt(shuffled=False)) > 0.88


@pytest.mark.parametrize("burn_in", [30, 1000])
def test_drawn_digits_are_what_their_label_says(burn_in):
    """After 1000 sweeps as well: chains have not gone where no digits are."""
    assert taken_for_their_label(learnt(shuffled=False), burn_in) > 0.75


def test_digits_that_no_sweep_has_formed_are_rejected():
    assert taken_for_their_label(learnt(shuffled=False), 0) < 0.3


def test_labels_in_disorder_are_not_told():
    dbn = learnt(shuffled=True)
    assert accuracy(dbn) < 0.3 and taken_for_their_label(dbn, 30) < 0.3
