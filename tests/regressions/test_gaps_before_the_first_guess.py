"""A training by its parts met rows with gaps before it was told of them.

The state of a two-phase learner has guesses of missing values once `resume` has seen
the data.  Without it the first epoch ended with the advice to lower the learning rate,
which helped nobody, whatever the rate was.
"""

import numpy as np
import pytest
from learning_parts import recipe
from model_cases import BIPARTITE

from skboltz import BoltzmannMachine, DivergenceError
from skboltz.learning import ContrastiveDivergence, Data, epoch, initial_params
from skboltz.sampling import Purpose, Stream

CASE = BIPARTITE[0]
X = np.array([[0.0, 1.0], [1.0, np.nan], [1.0, 0.0]])


def begun():
    mean, key = np.nanmean(X, axis=0), (1, 2)
    weights = Stream(key, Purpose.WEIGHTS)
    learner = recipe(CASE, ContrastiveDivergence(1))
    params = initial_params(CASE.model, weights, mean, len(X), 2, np.float64)
    return learner, learner.init(params, mean, key)


def test_the_error_says_what_is_lacking_and_what_it_says_helps():
    learner, state = begun()
    with pytest.raises(ValueError, match=r"call resume\(state, params, data\)"):
        epoch(learner, state, Data(X, None), 0.1)
    state = learner.resume(state, state.params, Data(X, None))
    state, _ = epoch(learner, state, Data(X, None), 0.1)
    assert np.isfinite(state.params.weights).all()


def test_a_training_that_diverges_beside_gaps_still_says_so():
    machine = BoltzmannMachine(1, method="exact", learning_rate=1e300, n_iter=5)
    with np.errstate(all="ignore"), pytest.raises(DivergenceError):
        machine.fit(X)
