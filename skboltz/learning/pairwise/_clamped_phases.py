"""Positive phases of pairwise machines: what is not known, given what is."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ... import kernels
from ...sampling import Stream, mean_field, pairwise_chains, partly_known
from ...units import Bias
from ..two_phase._guesses import digest
from ..two_phase._positive import DataPhase
from ._gradient import pairwise_sums, state_sums

_SETTLE = 20  # more sweeps of a batch of which a row is new: its chain begins at random


class OfRows:
    """What the positive phases of pairwise machines share."""

    def hidden_mean(self, model, params, visible_mean):
        """What the hidden means are like before anything is learnt."""
        n = model.n_visible
        field = params.coupling[n:, :n] @ visible_mean + params.units.bias[n:]
        return model.unit.mean(None, field)

    def _known(self, model, params, v):
        return partly_known.with_hidden(v, len(params.coupling) - model.n_visible)


@dataclass(frozen=True)
class Inferred(OfRows):
    """Expectations given each row, without sampling.

    Parameters
    ----------
    infer : callable
        Of a unit, couplings, fields and weights: means and summed pairs; such as
        `partly_known.exact`, :func:`naive` or :func:`tap`.
    complete : bool, default=False
        Whether no row is known to have a gap.
    """

    infer: Any
    complete: bool = False

    def init(self, model, params, X, stream):
        return None

    def accepts(self, state, X):
        """Whether a training with that state can go on with this phase and data."""
        return state is None

    def step(self, model, params, state, batch):
        """The data phase of a batch, and the state after it."""
        v, weight = batch.values, batch.weight
        if self.complete:
            sums = self._of_whole(model, params, v, weight)
        else:
            known = self._known(model, params, v)
            place = model.unit, params, known
            moments = partly_known.moments(*place, weight, self.infer)
            sums = pairwise_sums(model, params, moments, weight)
        return DataPhase(sums, v, None, weight), state

    def _of_whole(self, model, params, v, weight):
        """Sums over rows without gaps: only hidden units are free."""
        n = model.n_visible
        bias, inner = params.units.bias[n:], params.coupling[n:, n:]
        input, pairs = v @ params.coupling[:n, n:], None
        if inner.any():
            shares = np.ones(len(v)) if weight is None else weight
            double = (part.astype(np.float64) for part in (inner, input + bias, shares))
            mean, pairs = self.infer(model.unit, *double)
        else:  # units on their own: the same by all ways to infer
            mean = kernels.mean(model.unit, Bias(bias), input)
        full = np.concatenate([v, mean], axis=1, dtype=input.dtype)
        sums = state_sums(model, full, weight)
        if pairs is not None:
            sums.pairs[n:, n:] = pairs
        return sums


def naive(unit, coupling, field, weight):
    """Mean field: E[s_i s_j] = m_i m_j."""
    mean, _ = mean_field.magnetisations(unit, coupling, field)
    return mean, (mean * weight[:, None]).T @ mean


def tap(unit, coupling, field, weight):
    """Means by Thouless, Anderson & Palmer, and pairs that go with them.

    Two units of these means and this coupling alone would have these pairs: to first
    order in J, E[s_i s_j] = m_i m_j + J_ij var_i var_j, the slope of the second-order
    free energy by J_ij (Plefka 1982).  Those first terms themselves leave the range of
    a pair at strong couplings, and training then diverges.
    """
    mean, _ = mean_field.magnetisations(unit, coupling, field, tap=True)
    high = unit.share(mean)
    both = np.zeros_like(coupling)
    for row, share in zip(high, weight, strict=True):
        both += share * both_high(row[:, None], row, unit.pair_gap(coupling))
    either = (weight @ high)[:, None] + weight @ high
    return mean, unit.pair_mean(both, either, total=weight.sum())


def both_high(first, second, log_odds_ratio):
    """P(both high) of two units with given P(high) and a given log odds ratio.

    p solves p (1 - p1 - p2 + p) = exp(r) (p1 - p) (p2 - p), the law of two coupled
    units (Plackett 1965); r is the `pair_gap` of J.

    Examples
    --------
    Two fair units of odds ratio 9: (3/8 x 3/8) / (1/8 x 1/8).

    >>> import numpy as np
    >>> from skboltz.learning import both_high
    >>> both_high(np.array([0.5]), np.array([0.5]), np.log(9))
    array([0.375])
    """
    # For r < 0 the second unit is turned round: all terms below are then positive.
    apart = log_odds_ratio < 0
    other = np.where(apart, 1 - second, second)
    inverse = np.exp(-np.abs(log_odds_ratio))
    half = inverse + (1 - inverse) * (first + other)
    root = np.sqrt(np.maximum(half**2 - 4 * (1 - inverse) * first * other, 0))
    both = 2 * first * other / np.maximum(half + root, np.finfo(float).tiny)
    return np.where(apart, first - both, both)


class HiddenStates(NamedTuple):
    """States of the units that the rows of a data set leave free.

    Attributes
    ----------
    is_high : ndarray of shape (n_rows, n_units), bool
        Moved in place; only the free units count.
    seen : ndarray of shape (n_rows,), bool
        Rows whose chains have begun; marked in place.
    stream : Stream
    data : bytes
        A digest of the data they belong to.
    """

    is_high: np.ndarray
    seen: np.ndarray
    stream: Stream
    data: bytes


@dataclass(frozen=True)
class ClampedGibbs(OfRows):
    """A chain for each row that lives on, clamped to what the row knows.

    As the rates fall, the chains tend to the expectations given each row (Younes
    1989).

    Parameters
    ----------
    k : int
        Sweeps of a row whenever its batch comes.
    """

    k: int

    def init(self, model, params, X, stream):
        coins = stream.generator().random((X.shape[0], len(params.coupling))) < 0.5
        seen, later = np.zeros(X.shape[0], bool), stream._replace(step=stream.step + 1)
        return HiddenStates(coins, seen, later, digest(X))

    def accepts(self, state, X):
        """Whether a training with that state can go on with this phase and data."""
        return isinstance(state, HiddenStates) and state.data == digest(X)

    def step(self, model, params, state, batch):
        """The data phase of a batch, and the state after it."""
        v, rows = batch.values, batch.rows
        known = self._known(model, params, v)
        start = state.is_high[rows]
        chains = pairwise_chains.from_states(
            model.unit, params, known, start, state.stream
        )
        n_sweeps = self.k if state.seen[rows].all() else self.k + _SETTLE
        chains = pairwise_chains.run(model.unit, chains, np.ones(n_sweeps))
        state.seen[rows] = True
        full = pairwise_chains.filled(chains, known)
        state.is_high[rows] = model.unit.is_high(full)
        sums = state_sums(model, full, batch.weight)
        data = DataPhase(sums, v, None, batch.weight)
        return data, state._replace(stream=chains.stream)
