"""Machines whose units are others than those of the public estimators."""

import numpy as np
import pytest

from skboltz import BernoulliRBM, EnumerationTooLargeError
from skboltz.models import Bipartite
from skboltz.units import BERNOULLI, RECTIFIED, BinomialUnit, CategoricalUnit, Columns

BITS = (np.random.default_rng(0).random((20, 4)) < 0.5).astype(float)


def machine(visible, hidden, n_components=3, **params):
    class Machine(BernoulliRBM):
        _model = Bipartite(visible, hidden)

    return Machine(n_components, n_iter=1, random_state=0, **params)


def test_labels_may_stand_between_features():
    """What is said of the range of features is said of theirs alone."""
    unit = Columns(((BERNOULLI, 1), (CategoricalUnit(), 2, "label"), (BERNOULLI, 3)))
    labels = np.eye(2)[BITS[:, 0].astype(int)]
    X = np.hstack([BITS[:, :1], labels, BITS[:, 1:]])
    rbm = machine(unit, BERNOULLI).fit(X)
    assert rbm.transform(X).shape == (20, 3)
    wide = X.copy()
    wide[:, 3:] = 3 + wide[:, 3:]
    with pytest.warns(UserWarning, match="X has values from 0 to 4"):
        machine(unit, BERNOULLI).fit(wide)


def test_layers_without_an_end_are_told_from_layers_that_are_long():
    endless = machine(RECTIFIED, RECTIFIED)
    with pytest.raises(EnumerationTooLargeError, match=r'Use method="pcd"\.$'):
        endless.set_params(method="exact").fit(BITS)
    endless.set_params(method="pcd").fit(BITS)
    with pytest.raises(EnumerationTooLargeError, match="no end to those of either"):
        endless.log_partition(method="exact")


def test_as_many_units_as_are_said_to_be_few_enough_are():
    """10^8 terms, 50 for a state, are 4^10.5 states: ten hidden units of 0 to 3."""
    X = np.zeros((3, 50))
    with pytest.raises(EnumerationTooLargeError, match="n_components of at most 10"):
        machine(BERNOULLI, BinomialUnit(3), 20, method="exact").fit(X)
    rbm = machine(BERNOULLI, BinomialUnit(3), 20).fit(X)
    with pytest.raises(EnumerationTooLargeError, match=r"2\^40.*at most 10 units"):
        rbm.log_partition(method="exact")
