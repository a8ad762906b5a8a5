"""The one training loop."""

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from .._exceptions import DivergenceError
from ..sampling import Purpose, Stream, gibbs
from ..utils import copied, warn
from ._batches import take, weighted_batches
from ._optimisers import copy as copy_arrays
from ._penalties import SparsityTarget, WeightDecay
from ._scaling import Scaling
from .two_phase._gradient import Offsets
from .two_phase._variance import UNBOUNDED

_MOST_HALVINGS = 20
_ROWS_LOOKED_AT = 1000
_SWEEPS_OF_DRIFT = 10
_MOST_STRAYED = 1e6  # times the energy that data have: a thousand deviations


@dataclass(frozen=True)
class Recipe:
    """Every part of a training; each can be exchanged for another of its kind.

    Parameters
    ----------
    model : Bipartite or Pairwise
    positive : HiddenMeans, ...
    negative : ContrastiveDivergence, PersistentContrastiveDivergence, Enumeration, ...
    gradient : Gradient, CenteredGradient, ...
        From the sums of both phases to a step.
    optimiser : GradientAscent, Momentum, ...
    decay : WeightDecay
    sparsity : SparsityTarget
    batch_size : int
    bounds : Unbounded, VarianceBounds
        Where parameters are kept.
    """

    model: Any
    positive: Any
    negative: Any
    gradient: Any
    optimiser: Any
    decay: WeightDecay
    sparsity: SparsityTarget
    batch_size: int
    bounds: Any = UNBOUNDED


class Data(NamedTuple):
    """Rows to learn from.

    Attributes
    ----------
    X : array or sparse matrix of shape (n_samples, n_features)
    weight : ndarray of shape (n_samples,) or None
    scaling : Scaling or None
        From the features to what the visible units take, if that is not the same.
    """

    X: Any
    weight: np.ndarray | None
    scaling: Scaling | None = None

    def of_epoch(self, shuffle):
        """The rows as an epoch sees them."""
        return self

    def batch(self, rows, dtype):
        """Some rows as values of the visible units; X itself is never copied whole."""
        if self.scaling is None:
            return take(self.X, rows, dtype)
        return self.scaling.forward(take(self.X, rows, np.float64), dtype)


class DrawnData(NamedTuple):
    """Rows of probabilities, from which states are drawn anew in every epoch.

    Attributes
    ----------
    X : array or sparse matrix of shape (n_samples, n_features)
        The probabilities of units being on; NaN, for what is missing, stays.
    weight : ndarray of shape (n_samples,) or None
    stream : Stream or None
        Of the epoch; each row falls into one batch of it.
    """

    X: Any
    weight: np.ndarray | None
    stream: Stream | None = None

    def of_epoch(self, shuffle):
        """The rows with noise of their own for an epoch."""
        later = Stream(shuffle.key, Purpose.SHUFFLE, shuffle.step << 32, shard=1)
        return self._replace(stream=later)

    def batch(self, rows, dtype):
        """States of some rows, or their probabilities outside of an epoch."""
        p = take(self.X, rows, dtype)
        if self.stream is None:
            return p
        stream = self.stream._replace(step=self.stream.step + int(rows[0]))
        odds, _ = stream.draw(p.shape, dtype, "odds")
        states = (odds / (1 + odds) < p).astype(dtype)
        states[np.isnan(p)] = np.nan
        return states


class TrainingState(NamedTuple):
    """All that changes in a training; the arrays of `params` are moved in place."""

    params: Any
    optimiser: Any
    negative: Any
    offsets: Offsets
    shuffle: Stream
    positive: Any = None
    rate_factor: float = 1.0


class Progress(NamedTuple):
    """What an epoch saw of itself.

    Attributes
    ----------
    moment_gap : float
        Root mean square, over the batches and the visible units, of the difference
        between their means in the batch and in the negative phase.
    hidden_activation : float
        Mean of the hidden units under the data.
    weight_norm : float
        Root of the sum of the squared weights.
    """

    moment_gap: float
    hidden_activation: float
    weight_norm: float


def init(recipe, params, visible_mean, key):
    """The state of a training that starts from given parameters."""
    dtype = params.weights.dtype
    hidden_mean = recipe.positive.hidden_mean(recipe.model, params, visible_mean)
    chains = Stream(key, Purpose.CHAINS)
    return TrainingState(
        params,
        recipe.optimiser.init(params),
        recipe.negative.init(recipe.model, params, chains),
        Offsets(visible_mean.astype(dtype), hidden_mean.astype(dtype)),
        Stream(key, Purpose.SHUFFLE),
    )


def resume(recipe, params, state, X):
    """A state that goes on with given parameters, as far as recipe and data allow.

    Chains and velocities of another method are dropped and begun anew, and so is what
    the positive phase remembers of other data.
    """
    optimiser, negative, positive = state.optimiser, state.negative, state.positive
    if not recipe.optimiser.accepts(optimiser):
        optimiser = recipe.optimiser.init(params)
    if not recipe.negative.accepts(negative):
        later = Stream(state.shuffle.key, Purpose.CHAINS, state.shuffle.step << 32)
        negative = recipe.negative.init(recipe.model, params, later)
    if not recipe.positive.accepts(positive, X):
        later = Stream(state.shuffle.key, Purpose.DATA, state.shuffle.step << 32)
        positive = recipe.positive.init(recipe.model, params, X, later)
    return state._replace(
        params=params, optimiser=optimiser, negative=negative, positive=positive
    )


def copy(state):
    """The state with its own copies of the arrays that are moved in place."""
    return state._replace(
        params=copy_arrays(state.params),
        optimiser=copy_arrays(state.optimiser),
        positive=copied(state.positive),
    )


def update(recipe, state, v, weight, rate, share=1.0, rows=None):
    """One batch, of `share` times the mean weight: both phases, and a step.

    `rows` are the places of the batch in the data, for a positive phase that
    remembers something of each row.

    Returns
    -------
    state : TrainingState
    means : tuple of two ndarray
        Visible means of the data minus those of the model; hidden means.
    """
    model, params, offsets = recipe.model, state.params, state.offsets
    data, memory = recipe.positive.step(model, params, state.positive, v, weight, rows)
    negative, chains = recipe.negative.step(model, params, state.negative, data)
    visible_mean, hidden_mean = data.sums.means()
    offsets = offsets.slide(visible_mean, hidden_mean, share)
    positive = recipe.sparsity.shift(data.sums, offsets.hidden)
    step = recipe.gradient.step(model, params, positive, negative, rate, offsets)
    recipe.decay.pull(step.weights, params.weights, recipe.gradient.pull(rate))
    recipe.gradient.finish(model, params, step, offsets, rate)
    optimiser = recipe.optimiser.step(params, state.optimiser, step, rate)
    recipe.bounds.hold(model, params)
    state = state._replace(
        params=params,
        optimiser=optimiser,
        negative=chains,
        offsets=offsets,
        positive=memory,
    )
    return state, (visible_mean - negative.means()[0], hidden_mean)


def epoch(recipe, state, data, rate):
    """All rows once, in a fresh order.

    A batch whose rows weigh more takes a proportionally larger step, so that
    every row counts the same wherever it falls.

    Returns
    -------
    state : TrainingState
    progress : Progress

    Raises
    ------
    DivergenceError
        As soon as a parameter is not finite; `state.params` is then of no use.
    """
    n_rows = data.X.shape[0]
    order = state.shuffle.generator().permutation(n_rows)
    state = state._replace(shuffle=state.shuffle._replace(step=state.shuffle.step + 1))
    data = data.of_epoch(state.shuffle)
    gap, activation = 0.0, 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        for rows, weight, share in weighted_batches(
            order, data.weight, recipe.batch_size
        ):
            v = data.batch(rows, state.params.weights.dtype)
            state, means = update(recipe, state, v, weight, rate * share, share, rows)
            # Whatever happens to the weights reaches the hidden means a batch later.
            _check_finite(means[1:], rate)
            # Squares first: the mean difference over an epoch is how far the biases
            # moved, by the rate, and small also where they swing back and forth.
            gap = gap + share * means[0] ** 2
            activation = activation + share * means[1]
        n_batches = -(-n_rows // recipe.batch_size)
        progress = _progress(state.params, gap / n_batches, activation / n_batches)
    _check_finite((*state.params.arrays(), np.float64(progress.weight_norm)), rate)
    return state, progress


def guarded_epoch(recipe, state, data, rate):
    """An epoch undone and tried again at half the rate as long as it diverges.

    It does if a parameter is not finite, or if ten sweeps from the data lead to states
    that the model prefers to them by more than a coin for each visible unit would
    cost, n_visible log 2 nats (of Gaussian units: more than one normal distribution of
    their variances would).  The state remembers how far the rate had to fall.

    Returns
    -------
    state : TrainingState
    progress : Progress
    rate : float
        The rate that held.

    Raises
    ------
    DivergenceError
        If twenty halvings do not help.
    """
    for halvings in range(_MOST_HALVINGS + 1):
        held = rate * state.rate_factor
        try:
            after, progress = epoch(recipe, copy(state), data, held)
            if not is_sound(recipe, after, data):
                _diverged(held)
        except DivergenceError:
            if halvings == _MOST_HALVINGS:
                raise
            state = state._replace(rate_factor=state.rate_factor / 2)
            continue
        if halvings:
            warn(
                f"An epoch diverged and was undone; it held at a learning rate of "
                f"{held:g}, which is kept. Lower `learning_rate` to avoid this.",
                ConvergenceWarning,
            )
        return after, progress, held


def is_sound(recipe, state, data):
    """Whether a model does not do worse than a fair coin for each visible unit.

    See :func:`guarded_epoch`.
    """
    model, params = recipe.model, state.params
    rows = np.arange(min(_ROWS_LOOKED_AT, data.X.shape[0]))
    v = data.batch(rows, params.weights.dtype)
    worst = _worst_drift(model, params, _as_known(v))
    v = recipe.positive.filled(state.positive, rows, v)
    if _worst_drift(model, params, v) > _MOST_STRAYED * worst:
        return False  # guesses of missing values have left the data behind
    later = Stream(state.shuffle.key, Purpose.DATA, state.shuffle.step << 32, shard=1)
    chains = gibbs.from_visible(model, params, v, later)
    chains = gibbs.run(model, params, chains, _SWEEPS_OF_DRIFT)
    start, end = (model.free_energy(params, x).mean() for x in (v, chains.visible))
    return bool(start - end <= worst)  # nor may they be NaN


def _as_known(v):
    """Rows whose missing values are the means of what is known."""
    missing = np.isnan(v)
    if not missing.any():
        return v
    total = np.where(missing, 0, v).sum(axis=0)
    mean = total / np.maximum((~missing).sum(axis=0), 1)
    return np.where(missing, mean, v).astype(v.dtype, copy=False)


def _worst_drift(model, params, v):
    """That of a fair coin for each unit, or of independent units."""
    return model.visible_unit.allowance(params.visible, v)


def _progress(params, gap, activation):
    return Progress(
        float(np.sqrt(np.mean(gap))),
        float(np.mean(activation)) if len(activation) else 0.0,
        float(np.sqrt(np.vdot(params.weights, params.weights))),
    )


def _check_finite(arrays, rate):
    if not all(math.isfinite(array.sum()) for array in arrays):
        _diverged(rate)


def _diverged(rate):
    raise DivergenceError(
        f"The training diverged: a parameter is no longer finite, or of any use, at a "
        f"learning rate of {rate:g}. Lower `learning_rate` (its product with a penalty "
        f"must stay below 1); where X is far beyond the range of the units, scale X "
        f"to it."
    )
