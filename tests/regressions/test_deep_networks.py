"""What a reader for wrong mathematics found in the deep networks.

- Without fine-tuning, a classifier that went on learning its layers, by warm_start or
  partial_fit, kept the way up of before: accuracy stood still at .73 where its layers
  reached .92.
- One Gaussian layer: `sample(start=...)` standardized the start twice, and the up-down
  algorithm moved variances that it promises to hold, even given ones.
- class_weight="balanced" counted rows where it should have counted their weights.
- Layers fine-tuned together could be trained one by one again, which undid it.
- Once steps of the top machine were centered, l2 pulled at its weights after its biases
  had followed them, and learning ended beside the maximum it was to find.
- Chains of a top machine lived on when its layers went on learning one by one.
"""

import numpy as np
import pytest

from skboltz import (
    BernoulliRBM,
    DBNClassifier,
    DeepBeliefNetwork,
    GaussianBernoulliRBM,
)
from skboltz.estimators.deep._labelled_rows import labelled_rows

X = np.repeat(np.eye(4), 5, axis=0)
Y = np.repeat([0, 1], 10)
REAL = np.random.default_rng(0).normal([5.0, -300.0, 0.1], [2.0, 50.0, 0.01], (60, 3))
CD = BernoulliRBM(method="cd", n_iter=3, learning_rate=0.5)


def assert_tied(classifier):
    for layer, weights, bias in zip(
        classifier.layers_[:-1],
        classifier.recognition_weights_,
        classifier.recognition_intercepts_,
        strict=True,
    ):
        np.testing.assert_array_equal(weights, layer.components_)
        np.testing.assert_array_equal(bias, layer.intercept_hidden_)


@pytest.mark.parametrize("how", ["warm start", "partial_fit"])
def test_the_way_up_is_that_of_layers_that_went_on_learning(how):
    dbn = DBNClassifier((3, 3), layers=CD, fine_tuning="none", random_state=0)
    first = dbn.fit(X, Y).layers_[0].components_.copy()
    if how == "warm start":
        dbn.set_params(warm_start=True).fit(X, Y)
    else:
        dbn.partial_fit(X, Y)
    assert (dbn.layers_[0].components_ != first).any()
    assert_tied(dbn)


def test_a_start_of_real_features_is_standardized_once():
    dbn = DeepBeliefNetwork((2,), layers=GaussianBernoulliRBM(n_iter=2)).fit(REAL)
    rows = dbn.sample(60, start=REAL, burn_in=0, random_state=0)
    np.testing.assert_allclose(rows, REAL, rtol=1e-10)


@pytest.mark.parametrize("sizes", [(2,), (2, 2)])
def test_given_variances_are_held_when_all_layers_learn(sizes):
    layers = [GaussianBernoulliRBM(sigma=0.5, n_iter=2), CD][: len(sizes)]
    dbn = DeepBeliefNetwork(sizes, layers=layers, fine_tuning="up-down", n_iter=3)
    first = dbn.fit(REAL).layers_[0]
    np.testing.assert_allclose(np.exp(first.log_variance_ / 2), 0.5, rtol=1e-12)


def test_balanced_classes_weigh_the_same_in_all():
    y, weight = np.array([0, 0, 1]), np.array([1.0, 1.0, 4.0])
    rows = labelled_rows(np.eye(3), y, np.unique(y), weight, "balanced")
    totals = np.bincount(rows.codes, rows.tuned_weight)
    np.testing.assert_allclose(totals, [3.0, 3.0])  # and still 6 together


@pytest.mark.parametrize("make", [DeepBeliefNetwork, DBNClassifier])
def test_layers_that_learnt_together_are_not_taken_apart(make):
    options = {"layers": CD, "n_iter": 1, "warm_start": True, "random_state": 0}
    dbn = make((3, 3), fine_tuning="up-down", **options).fit(X, Y)
    with pytest.raises(ValueError, match='fine_tuning is "none"'):
        dbn.set_params(fine_tuning="none").fit(X, Y)


def test_a_penalty_leaves_centered_biases_where_they_are():
    """b + W'l and c + W m, which no penalty is on, of one batch of all rows."""

    def learnt(l2):
        usual = {"n_iter": 1, "momentum": 0, "batch_size": 20, "learning_rate": 0.1}
        dbn = DeepBeliefNetwork((3,), layers=CD, fine_tuning="up-down", l2=l2, **usual)
        dbn.set_params(random_state=0)
        (top,), offsets = dbn.fit(X).layers_, dbn._fine_tuning_state.carried.offsets
        weights = top.components_
        visible = top.intercept_visible_ + offsets.hidden @ weights
        return weights, visible, top.intercept_hidden_ + weights @ offsets.visible

    (free, *biases), (pulled, *same) = learnt(0.0), learnt(0.5)
    assert abs(free - pulled).max() > 1e-3
    for one, other in zip(biases, same, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-12)


@pytest.mark.parametrize("deep", [DBNClassifier, DeepBeliefNetwork])
def test_chains_of_layers_that_went_on_learning_begin_anew(deep):
    dbn = deep((3, 3), layers=CD, fine_tuning="up-down", method="pcd", random_state=0)
    dbn.set_params(n_iter=0, warm_start=True).fit(X, Y)
    dbn.set_params(fine_tuning="none").fit(X, Y)
    other = deep((3, 3), layers=CD, fine_tuning="none", method="pcd", random_state=0)
    other.set_params(n_iter=0, warm_start=True).fit(X, Y).fit(X, Y)
    for network in (dbn, other):
        network.set_params(fine_tuning="up-down", n_iter=2).fit(X, Y)
    for layer, expected in zip(dbn.layers_, other.layers_, strict=True):
        np.testing.assert_array_equal(layer.components_, expected.components_)
