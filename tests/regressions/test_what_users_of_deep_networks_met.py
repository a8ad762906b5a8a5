"""What a new user of the deep networks met.

- Early stopping gave the largest class: accuracy stands still until a network begins to
  tell classes apart, for more epochs than `n_iter_no_change` had.
- Rows that were not scaled as the training rows had likelihoods above 1, in silence.
- Rows scaled by MinMaxScaler were said to lie outside of [0, 1], by 2e-16.
- A learning rate far too high ended in a loss of thousands of nats, in silence: with
  backpropagation first, with the up-down algorithm too.
- Too few steps ended in the largest class for all, in silence: wine, by default.
- Without fine-tuning, chains of the top machine were burnt in for nobody.
"""

import warnings

import numpy as np
import pytest
from sklearn.datasets import load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import MinMaxScaler

from skboltz import (
    BernoulliRBM,
    DataRangeWarning,
    DBNClassifier,
    DeepBeliefNetwork,
)

X = np.repeat(np.eye(4), 5, axis=0)
Y = np.repeat([0, 1], 10)
CD = BernoulliRBM(method="cd", n_iter=3)


def test_early_stopping_waits_until_classes_are_told_apart():
    wine = load_wine()
    rows = MinMaxScaler(clip=True).fit_transform(wine.data)
    dbn = DBNClassifier((32, 32), layers=CD, early_stopping=True, random_state=0)
    dbn.set_params(n_iter=200).fit(rows, wine.target)
    scores = np.array(dbn.history_["fine_tuning"]["validation_score"])
    assert (scores[:11] <= 0.5).all()  # by accuracy alone it would have stopped there
    assert dbn.score(rows, wine.target) > 0.9


@pytest.mark.parametrize("method", ["predict", "predict_proba", "transform"])
def test_a_classifier_warns_of_rows_out_of_range(method):
    dbn = DBNClassifier((3,), layers=CD, n_iter=1, random_state=0).fit(X, Y)
    with pytest.warns(DataRangeWarning, match="X has values from 0 to 16"):
        getattr(dbn, method)(16 * X)


@pytest.mark.parametrize("method", ["score_samples", "lower_bound", "transform"])
def test_a_network_warns_of_rows_out_of_range(method):
    dbn = DeepBeliefNetwork((3, 2), layers=CD, random_state=0).fit(X)
    with pytest.warns(DataRangeWarning, match="X has values from 0 to 16"):
        getattr(dbn, method)(16 * X)


def test_rounding_is_not_out_of_range():
    rows = X * (1 + 2**-52) - 1e-17
    assert rows.max() > 1 and rows.min() < 0
    with warnings.catch_warnings():
        warnings.simplefilter("error", DataRangeWarning)
        BernoulliRBM(2, n_iter=1).fit(rows)
    with pytest.warns(DataRangeWarning):
        BernoulliRBM(2, n_iter=1).fit(X + 1e-4)


def small(**params):
    return DBNClassifier((8,), layers=CD, solver="sgd", random_state=0, **params)


@pytest.mark.parametrize("tuning", ["backprop", "up-down"])
def test_classes_told_worse_than_by_guessing_warn(tuning):
    dbn = small(fine_tuning=tuning, learning_rate=1e4, n_iter=3)
    with pytest.warns(ConvergenceWarning, match="Lower `learning_rate`"):
        dbn.fit(X, np.arange(20) % 3)


@pytest.mark.parametrize("tuning", ["backprop", "up-down", "none"])
def test_classes_not_told_apart_yet_warn(tuning):
    dbn = small(fine_tuning=tuning, learning_rate=0.01, n_iter=3)
    with pytest.warns(ConvergenceWarning, match="take more epochs"):
        dbn.fit(X, Y)
    with pytest.warns(ConvergenceWarning, match="alone would give 0.325"):
        dbn.fit(X, Y, np.where(Y, 1, 9))  # 0.9 and 0.1 of all


@pytest.mark.parametrize("tuning", ["backprop", "up-down"])
def test_classes_told_apart_do_not_warn(tuning):
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        small(fine_tuning=tuning, n_iter=300).fit(X, Y)


def test_layers_alone_burn_no_chains_in():
    dreams = [
        small(fine_tuning="none", method=method).fit(X, Y)._fine_tuning_state.carried
        for method in ("cd", "pcd")
    ]
    assert dreams[0] == dreams[1]
