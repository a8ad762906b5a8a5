"""Short batches and `partial_fit` must not bias the model.

scikit-learn's BernoulliRBM divides both phases by the number of data rows, however
many chains there are.  Any short last batch then biases `fit`, and `partial_fit` with
fewer rows than `batch_size` drives the visible biases away without end (issues 4211,
12902 there: 1,200 rows in small calls end with all units on).  Here each phase is
divided by its own number of rows.

The model's marginals are exact, by enumeration; so are the data's.  At the optimum they
agree; what remains is the noise of the chains.
"""

import numpy as np
import pytest
from oracles import BipartiteOracle
from sklearn.neural_network import BernoulliRBM as UpstreamRBM

from skboltz import BernoulliRBM

ON = np.array([0.1, 0.3, 0.5, 0.7, 0.9])

# The bias of a unit wanders about its optimum like a random walk with a pull: at rate
# r and n chains its variance is about r/(2n) of a logit, so the marginal's deviation
# is at most sqrt(r / (2 n)) / 4.  Rates and chains below give at most 0.009; the bound
# is five of these.
BOUND = 0.045


def rows(n):
    return (np.random.default_rng(n).random((n, 5)) < ON).astype(float)


def model_mean(rbm):
    """Exact visible marginals of the fitted model."""
    oracle = BipartiteOracle(
        rbm.components_, rbm.intercept_visible_, rbm.intercept_hidden_, (0, 1), (0, 1)
    )
    return oracle.moments()[0]


def fitted(kind, n, batch_size):
    epochs = 1 + 4000 // -(-n // batch_size)
    rbm = kind(
        2, learning_rate=0.01, batch_size=batch_size, n_iter=epochs, random_state=0
    )
    return rbm.fit(rows(n))


CUTS = [(1001, 10), (101, 100), (1003, 500)]


@pytest.mark.parametrize("n, batch_size", CUTS)
def test_fit_matches_the_marginals_of_the_data(n, batch_size):
    gap = model_mean(fitted(BernoulliRBM, n, batch_size)) - rows(n).mean(axis=0)
    assert abs(gap).max() < BOUND


def test_this_judge_rejects_the_upstream_defect_in_fit():
    n, batch_size = 101, 100
    gap = model_mean(fitted(UpstreamRBM, n, batch_size)) - rows(n).mean(axis=0)
    assert abs(gap).max() > BOUND


def after_calls(kind, n_rows):
    rbm = kind(2, learning_rate=0.01, batch_size=10, random_state=0)
    X = rows(1000)
    for call in range(40_000 // max(10, n_rows)):  # 4000 updates
        start = call * n_rows % 1000
        rbm.partial_fit(X[start : start + n_rows])
    return rbm


@pytest.mark.parametrize("n_rows", [5, 20, 100])
def test_partial_fit_matches_the_marginals_of_the_data(n_rows):
    gap = model_mean(after_calls(BernoulliRBM, n_rows)) - rows(1000).mean(axis=0)
    assert abs(gap).max() < BOUND


@pytest.mark.parametrize("n_rows", [5, 20])
def test_this_judge_rejects_the_upstream_defect_in_partial_fit(n_rows):
    gap = model_mean(after_calls(UpstreamRBM, n_rows)) - rows(1000).mean(axis=0)
    assert abs(gap).max() > BOUND
