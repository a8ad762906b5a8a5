"""Promises of the estimators that the contract found broken.

A solver of a Boltzmann machine whose products of features overflow said that
`coupling_` is not symmetric, with advice for somebody who had passed couplings. The
states of all units, and hidden units to be led back, were taken if they were complex,
of which the real part was used with a ComplexWarning, and text of digits was read as
numbers.
"""

import numpy as np
import pytest

from skboltz import BernoulliRBM, BoltzmannMachine, DeepBeliefNetwork

X = np.array([[0.0, 1.0, 0.0], [1.0, 1.0, 0.0], [1.0, 0.0, 1.0], [0.0, 0.0, 1.0]])
SOLVERS = ["moments", "pseudo-likelihood"]


@pytest.mark.filterwarnings("ignore::skboltz.DataRangeWarning")
@pytest.mark.parametrize("method", SOLVERS)
def test_products_that_overflow_are_refused_and_scaling_helps(method):
    machine = BoltzmannMachine(0, method=method, l2=0.1)
    with pytest.raises(ValueError, match="X has values whose products overflow; scale"):
        machine.fit(1e300 * X)
    scaled = (1e300 * X) / 1e300
    assert np.isfinite(machine.fit(scaled).score(scaled))


def led_back(kind, **params):
    estimator = kind(**params, random_state=0).fit(X)
    return estimator.inverse_transform, estimator.transform(X)


DOORS = {
    "energy": lambda: (BoltzmannMachine(0, n_iter=1).fit(X).energy, X),
    "a machine": lambda: led_back(BernoulliRBM, n_components=2, n_iter=1),
    "a network": lambda: led_back(DeepBeliefNetwork, hidden_layer_sizes=(2,)),
}


@pytest.mark.parametrize("name", DOORS)
@pytest.mark.parametrize(
    "wrong, message",
    [
        (lambda rows: rows + 1j, "must be numeric, but holds values of type complex"),
        (lambda rows: rows.astype(str), "must be numeric, but holds values of type"),
        (lambda rows: rows[:0], "has no rows"),
    ],
)
def test_states_that_are_none_are_refused(name, wrong, message):
    method, rows = DOORS[name]()
    assert np.isfinite(method(rows)).all() and np.isfinite(method(rows.tolist())).all()
    with pytest.raises(ValueError, match=message):
        method(wrong(rows))
