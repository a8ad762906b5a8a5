"""The one epoch of every training, and what it asks of a learner."""

import math
from operator import add

import numpy as np

from .._config import config_context, get_config
from .._exceptions import DivergenceError
from ._batches import shares
from ._optimisers import copy as copy_arrays


class Learner:
    """What an epoch is made of: a value that holds no state of its own.

    A subclass has an `optimiser` and a `batch_size`, and three verbs:

    init(...)
        The first state, a NamedTuple that has at least `params`, `optimiser` (its
        state) and `shuffle`, a :class:`~skboltz.sampling.Stream`.  The arrays of
        `params.arrays()` and of the optimiser are moved in place, and nothing else is.
    update(state, batch, rate, share)
        One :class:`Batch`, of `share` times the mean weight: the next state, and what
        was seen, a tuple of numbers or arrays that add up over the batches.
    progress(state, seen, data)
        What an epoch saw, as a NamedTuple: from the state that it ended with, those
        sums, and the data.
    """

    def resume(self, state, params, data):
        """A state to go on from with these parameters and data.

        What belongs to another optimiser is dropped and begun anew.
        """
        optimiser = state.optimiser
        if not self.optimiser.accepts(optimiser):
            optimiser = self.optimiser.init(params)
        return state._replace(params=params, optimiser=optimiser)

    def copy(self, state):
        """The state with its own copies of the arrays that are moved in place."""
        params, optimiser = copy_arrays(state.params), copy_arrays(state.optimiser)
        return state._replace(params=params, optimiser=optimiser)


def epoch(learner, state, data, rate):
    """All rows once, in a fresh order.

    A batch whose rows weigh more takes a proportionally larger step, so that
    every row counts the same wherever it falls.

    Parameters
    ----------
    learner : Learner
    state : NamedTuple
        Left as it is: an epoch that is interrupted, or diverges, does no harm.
    data : Data or DrawnData
    rate : float

    Returns
    -------
    state : NamedTuple
    progress : NamedTuple

    Raises
    ------
    DivergenceError
        If a parameter is not finite.
    """
    state = learner.copy(state)
    order = state.shuffle.generator().permutation(data.X.shape[0])
    shuffle = state.shuffle._replace(step=state.shuffle.step + 1)
    state, drawn = state._replace(shuffle=shuffle), data.of_epoch(shuffle)
    dtype, total = state.params.arrays()[0].dtype, None
    # The environment is asked for the kernels once, not at every call of one.
    kernels = config_context(**get_config())
    with kernels, np.errstate(over="ignore", invalid="ignore"):
        for rows, share in shares(order, data.weight, learner.batch_size):
            batch = drawn.batch(rows, dtype)
            state, seen = learner.update(state, batch, rate * share, share)
            total = seen if total is None else tuple(map(add, total, seen))
        check_finite(state.params, rate)
        return state, learner.progress(state, total, data)


def check_finite(params, rate):
    """Refuse to go on from what is no number, or from weights without a norm."""
    with np.errstate(over="ignore", invalid="ignore"):
        totals = [
            np.vdot(array.T, array.T) if array.ndim > 1 else array.sum()
            for array in params.arrays()
        ]
    if not all(map(math.isfinite, totals)):
        diverged(rate)


def diverged(rate):
    """Say that a training is of no use any more, and why that may be."""
    raise DivergenceError(
        f"The training diverged: a parameter is no longer finite, or of any use, at a "
        f"learning rate of {rate:g}. Lower `learning_rate` (its product with a penalty "
        f"must stay below 1); where X is far beyond the range of the units, scale X "
        f"to it."
    )
