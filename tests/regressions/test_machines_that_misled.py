"""Machines that misled those who used them.

A user gave spins of -1 and 1 to a machine of zeros and ones: couplings of 2e34 came
back, "log-likelihoods" of +72, and the advice to scale by MinMaxScaler. Another set
`gradient="sign"` with a penalty, which was added after the sign had been taken: steps
of any size, some of them the wrong way. With NumPy 2.0.0 a training that went on with
another `sigma` ended in an AttributeError of NumPy, where the reason was known.
"""

import numpy as np
import pytest

from sklearn.base import clone

from skboltz import (
    BoltzmannClassifier,
    BoltzmannMachine,
    EnergyImputer,
    GaussianBernoulliRBM,
)
from skboltz.callbacks import EarlyStopping, EpochCallback


# Penalties belong to the gradient whose sign is taken ------------------------------


def signed_step(X, J, b, rate, l1, l2):
    """Signs of the slopes of log P less the penalties, every state visited."""
    states = [(s, t) for s in (0, 1) for t in (0, 1)]
    weight = [np.exp(b[0] * s + b[1] * t + J * s * t) for s, t in states]
    model = [w / sum(weight) for w in weight]
    pair = np.mean([s * t for s, t in X]) - sum(
        p * s * t for p, (s, t) in zip(model, states, strict=True)
    )
    units = [
        np.mean([row[i] for row in X])
        - sum(p * state[i] for p, state in zip(model, states, strict=True))
        for i in (0, 1)
    ]
    slope = pair - l1 * np.sign(J) - l2 * J
    return rate * np.sign(slope), rate * np.sign(units), pair


PAIRS = np.array([[0, 0]] * 5 + [[0, 1]] * 2 + [[1, 0]] * 2 + [[1, 1]] * 7, float)


@pytest.mark.parametrize("momentum", [0.0, 0.5])
@pytest.mark.parametrize("l1, l2", [(0.0, 1.0), (0.5, 0.0), (0.0, 0.01), (0.2, 0.2)])
def test_the_sign_is_of_the_slope_with_its_penalties(l1, l2, momentum):
    J, b, rate = 0.5, np.array([0.1, -0.2]), 0.01
    machine = BoltzmannMachine.from_params([[0, J], [J, 0]], b).set_params(
        method="exact", gradient="sign", learning_rate=rate, l1=l1, l2=l2,
        momentum=momentum,
    )  # fmt: skip
    pair, units, slope = signed_step(PAIRS, J, b, rate, l1, l2)
    assert 0 < slope < 0.5  # the strong penalties win, the weak one does not
    machine.partial_fit(PAIRS)
    assert machine.coupling_[0, 1] - J == pytest.approx(pair, abs=1e-12)
    np.testing.assert_allclose(machine.intercept_ - b, units, atol=1e-12)
    # The second step has the speed of the first one beside its own.
    J2, b2 = machine.coupling_[0, 1], machine.intercept_.copy()
    again, units_again, _ = signed_step(PAIRS, J2, b2, rate, l1, l2)
    machine.partial_fit(PAIRS)
    found = machine.coupling_[0, 1] - J2, machine.intercept_ - b2
    assert found[0] == pytest.approx(again + momentum * pair, abs=1e-12)
    np.testing.assert_allclose(found[1], units_again + momentum * units, atol=1e-12)


@pytest.mark.parametrize("gradient", ["plain", "centered", "sign"])
def test_no_penalty_moves_a_coupling_that_is_not_allowed(gradient):
    J = np.array([[0, 0.5, 0.3], [0.5, 0, 0.2], [0.3, 0.2, 0]])
    mask = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    machine = BoltzmannMachine.from_params(J).set_params(
        mask=mask, method="exact", gradient=gradient, l1=0.1, l2=1.0
    )
    machine.partial_fit(np.array([[0, 0, 1], [1, 0, 1], [1, 1, 0]], float))
    np.testing.assert_array_equal(machine.coupling_ != J, mask == 1)


# Text beside numbers ---------------------------------------------------------------


def equal_as_of_numpy_2_0_0(one, two):
    """What np.array_equal did in NumPy 2.0.0, 2.0.1 and 2.1.0."""
    one, two = np.asarray(one), np.asarray(two)
    if one.shape == two.shape == () and (one.dtype.kind == "U") != (
        two.dtype.kind == "U"
    ):
        raise AttributeError("'bool' object has no attribute 'all'")
    return one.shape == two.shape and bool((one == two).all())


@pytest.mark.parametrize("before, after", [("learned", 0.3), (0.3, "learned")])
def test_another_sigma_is_refused_by_any_numpy(before, after, monkeypatch):
    X = np.random.default_rng(0).normal(size=(20, 2))
    rbm = GaussianBernoulliRBM(2, n_iter=1, sigma=before, warm_start=True).fit(X)
    monkeypatch.setattr(np, "array_equal", equal_as_of_numpy_2_0_0)
    with pytest.raises(ValueError, match=r"sigma is .*; set it back, or begin anew"):
        rbm.set_params(sigma=after).fit(X)
    rbm.set_params(sigma=before).fit(X)
    assert rbm.n_iter_ == 2
    rbm.set_params(sigma=after, warm_start=False).fit(X)
    assert rbm.n_iter_ == 1


# Callbacks of machines inside others -----------------------------------------------


class Log(EpochCallback):
    """Note the epochs that a machine has done; stop after so many."""

    def __init__(self, stop=None):
        self.stop, self.epochs = stop, []

    def on_epoch_end(self, model, X):
        self.epochs.append((model.n_iter_, np.shape(X)))
        return model.n_iter_ == self.stop


BITS = (np.random.default_rng(1).random((40, 4)) < 0.4).astype(float)
LABELS = np.arange(40) % 2


def small(**params):
    defaults = {"hidden_hidden": False, "n_iter": 3, "random_state": 0}
    return BoltzmannMachine(2, **defaults | params)


def test_callbacks_of_the_machine_in_a_classifier_see_its_epochs():
    log, bare = Log(), BoltzmannClassifier(small()).fit(BITS, LABELS)
    classifier = BoltzmannClassifier(small().set_callbacks(log)).fit(BITS, LABELS)
    assert log.epochs == [(1, (40, 6)), (2, (40, 6)), (3, (40, 6))]
    np.testing.assert_array_equal(
        classifier.machine_.coupling_, bare.machine_.coupling_
    )
    stopped = BoltzmannClassifier(small(n_iter=9).set_callbacks(Log(stop=2)))
    assert clone(stopped).fit(BITS, LABELS).machine_.n_iter_ == 2
    imputer = EnergyImputer(small().set_callbacks(Log(stop=1))).fit(BITS)
    assert imputer.estimator_.n_iter_ == 1


def test_held_out_rows_of_a_classifier_have_the_classes_too():
    stop = EarlyStopping(BITS[:9])
    classifier = BoltzmannClassifier(small().set_callbacks(stop), generative_share=1)
    with pytest.raises(ValueError, match="6 features .* a column for each class after"):
        classifier.fit(BITS, LABELS)
    stop.X_validation = np.hstack([BITS, np.eye(2)[LABELS]])[:9]
    classifier.fit(BITS, LABELS)
    assert stop.best_estimator_.n_iter_ == stop.best_epoch_ >= 1


def test_the_machine_in_a_classifier_gives_what_set_output_asks_for():
    machine = small().set_output(transform="pandas")
    fitted = BoltzmannClassifier(machine).fit(BITS, LABELS).machine_
    rows = np.hstack([BITS, np.eye(2)[LABELS]])
    assert list(fitted.transform(rows).columns) == list(fitted.get_feature_names_out())


def test_a_machine_without_epochs_says_which_methods_have_some():
    machine = BoltzmannMachine(0, method="moments").set_callbacks(Log())
    with pytest.warns(UserWarning, match='none with method="moments"'):
        machine.fit(BITS)
    log = Log()
    machine.set_params(method="pcd", n_iter=1).set_callbacks(log).fit(BITS)
    assert len(log.epochs) == 1
