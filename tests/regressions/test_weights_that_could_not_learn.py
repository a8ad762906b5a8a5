"""Weights that came from elsewhere answered questions, and could not learn on.

Somebody set `components_` and the biases of a BernoulliRBM, which `transform` and
`score` then took. `partial_fit`, `fit` with `warm_start`, and a deep network that had
the machine for a layer ended in

    AttributeError: 'BernoulliRBM' object has no attribute '_training_state'

and log Z of a machine whose weights had been replaced by those of another size in an
error of NumPy. A classifier threw the weights of a frozen layer away where they had
been put into a machine that had learnt nothing itself. Whole numbers for weights cut
every input to a whole number in silence.
"""

import numpy as np
import pytest
from sklearn.frozen import FrozenEstimator

from skboltz import (
    BernoulliRBM,
    BoltzmannMachine,
    DBNClassifier,
    DeepBeliefNetwork,
    GaussianBernoulliRBM,
)

RNG = np.random.default_rng(0)
X = (RNG.random((40, 5)) < 0.4).astype(float)
Y = np.where(X[:, 0] > 0, "on", "off")
W, C, B = 0.4 * RNG.normal(size=(3, 5)), RNG.normal(size=3), RNG.normal(size=5)


def weights_set(cls=BernoulliRBM, **params):
    rbm = cls(3, n_iter=2, random_state=0, **params)
    rbm.components_, rbm.intercept_hidden_, rbm.intercept_visible_ = W, C, B
    rbm.n_features_in_ = 5
    if cls is GaussianBernoulliRBM:
        rbm.log_variance_ = np.zeros(5)
    return rbm


def pairs_set(**params):
    machine = BoltzmannMachine(2, n_iter=2, random_state=0, **params)
    coupling = RNG.normal(size=(7, 7))
    machine.coupling_ = np.triu(coupling, 1) + np.triu(coupling, 1).T
    machine.intercept_, machine.n_features_in_ = np.zeros(7), 5
    return machine


MAKE = [weights_set, lambda **p: weights_set(GaussianBernoulliRBM, **p), pairs_set]
IDS = ["bernoulli", "gaussian", "pairwise"]


@pytest.mark.parametrize("make", MAKE, ids=IDS)
def test_weights_that_were_set_learn_on(make):
    rbm = make(warm_start=True, learning_rate=1e-6)
    before = rbm.transform(X)
    rbm.partial_fit(X)
    assert rbm.n_iter_ == 1 and len(rbm.history_["epoch"]) == 1
    np.testing.assert_allclose(rbm.transform(X), before, atol=1e-3)
    assert rbm.fit(X).n_iter_ == 3


@pytest.mark.parametrize("make", MAKE[:2], ids=IDS[:2])
@pytest.mark.parametrize("fine_tuning", ["none", "up-down"])
def test_weights_that_were_set_are_a_layer(make, fine_tuning):
    layers = [FrozenEstimator(make()), BernoulliRBM(random_state=0)]
    dbn = DeepBeliefNetwork((3, 2), layers=layers, fine_tuning=fine_tuning, n_iter=1)
    dbn.fit(X)
    if fine_tuning == "none":
        np.testing.assert_array_equal(dbn.layers_[0].components_, W)
    assert np.isfinite(dbn.score(X))


@pytest.mark.parametrize("how", ["set", "put into a machine that has learnt nothing"])
def test_a_frozen_layer_keeps_its_weights_under_backpropagation(how):
    rbm = weights_set()
    if how != "set":
        rbm = BernoulliRBM(3, n_iter=0, random_state=0).fit(X)
    # As long as those of units that have learnt something: shorter ones are lengthened.
    rbm.components_, rbm.intercept_hidden_ = 4 * W, C
    dbn = DBNClassifier((3,), layers=FrozenEstimator(rbm), learning_rate=1e-9, n_iter=1)
    with pytest.warns(match="Classes are not told apart"):
        dbn.fit(X, Y)
    np.testing.assert_allclose(dbn.transform(X), rbm.transform(X), atol=1e-6)


def test_weights_of_another_size_forget_the_training():
    rbm = BernoulliRBM(4, n_iter=3, random_state=0).fit(X)
    rbm.components_, rbm.intercept_hidden_ = W, C
    assert np.isfinite(rbm.log_partition(method="bridge", betas=50).value)
    rbm.set_params(n_components=3).partial_fit(X)
    assert rbm.n_iter_ == 1 and rbm.h_samples_.shape[1] == 3


def test_whole_numbers_for_weights_leave_the_inputs_as_they_are():
    rbm = weights_set()
    rbm.components_ = np.array([[1, 0, 0, 0, 0]] * 3)
    half = rbm.transform(np.full((1, 5), 0.5))
    np.testing.assert_allclose(half, 1 / (1 + np.exp(-0.5 - C))[None])


def test_half_of_the_weights_say_what_is_missing():
    rbm = BernoulliRBM(3)
    rbm.components_ = W
    with pytest.raises(ValueError, match="n_features_in_ and intercept_hidden_"):
        rbm.partial_fit(X)
