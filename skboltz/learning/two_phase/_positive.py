"""The positive phase: hidden units given the data."""

from typing import ClassVar, NamedTuple

import numpy as np

from ... import kernels
from .._sums import Sums, sums
from . import _guesses as guesses


class DataPhase(NamedTuple):
    """Sums of the positive phase, and what a negative phase may start from.

    Attributes
    ----------
    sums : Sums
    visible : ndarray of shape (n_rows, n_visible)
    hidden_input : ndarray of shape (n_rows, n_hidden)
    weight : ndarray of shape (n_rows,) or None
    mask : ndarray of bool of shape (n_rows, n_visible) or None
        Which entries take part; None means all.
    hidden_mean : ndarray of shape (n_rows, n_hidden) or None
    """

    sums: Sums
    visible: np.ndarray
    hidden_input: np.ndarray
    weight: np.ndarray | None
    mask: np.ndarray | None = None
    hidden_mean: np.ndarray | None = None


class HiddenMeans:
    """E[. | v] by the means of hidden units that are independent given v.

    Missing values are sampled: it remembers a guess for each, moved by a sweep
    whenever its batch comes.  Its state holds the guesses: :meth:`init` makes them, and
    :meth:`TwoPhaseLearner.resume` calls it.  Without them NaN spoils the sums.
    """

    takes_mask: ClassVar = True  # what is absent is 0, and tells nothing

    def init(self, model, params, X, stream):
        return guesses.start(model, params, X, stream)

    def accepts(self, state, X):
        """Whether a training with that state can go on with this phase and data."""
        return state is not None and state.suits(X)

    def hidden_mean(self, model, params, visible_mean):
        """What the hidden means are like before anything is learnt."""
        field = model.hidden_field(params, visible_mean[None])
        return model.hidden_unit.mean(params.hidden, field)[0]

    def step(self, model, params, state, batch):
        """The data phase of a batch, and the state after it."""
        v = batch.values
        if state is not None:
            v, state = guesses.complete(model, params, state, batch.rows, v)
        return data_phase(model, params, v, batch.weight, batch.mask), state

    def filled(self, state, rows, v):
        """A batch with the guesses in place of its missing entries."""
        return v if state is None else guesses.filled(state, rows, v)


def data_phase(model, params, v, weight=None, mask=None):
    """E[. | v] averaged over the data, by the hidden means (no sampling noise)."""
    input = model.hidden_input(params, v)
    mean = kernels.mean(model.hidden_unit, params.hidden, input)
    found = sums(model, params, v, mean, weight, mask)
    return DataPhase(found, v, input, weight, mask, mean)
