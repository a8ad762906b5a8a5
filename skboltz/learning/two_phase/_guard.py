"""Epochs that are undone and tried again more slowly if they diverge."""

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from ..._exceptions import DivergenceError
from ...sampling import Purpose, Stream, gibbs
from ...utils import warn
from .._epoch import diverged, epoch
from ._absent import drawn_present

_MOST_HALVINGS = 20
_ROWS_LOOKED_AT = 1000
_SWEEPS_OF_DRIFT = 10
_MOST_STRAYED = 1e6  # times the energy that data have: a thousand deviations


def guarded_epoch(learner, state, data, rate):
    """An epoch undone and tried again at half the rate as long as it diverges.

    It does if a parameter is not finite, or if ten sweeps from the data lead to states
    that the model prefers to them by more than a coin for each visible unit would
    cost, n_visible log 2 nats (of Gaussian units: more than one normal distribution of
    their variances would).  The state remembers how far the rate had to fall.

    Parameters
    ----------
    learner : TwoPhaseLearner
    state : TrainingState
    data : Data or DrawnData
    rate : float
        The rate to try first.

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
            after, progress = epoch(learner, state, data, held)
            if not is_sound(learner, after, data):
                diverged(held)
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


def is_sound(learner, state, data):
    """Whether a model does not do worse than a fair coin for each visible unit.

    See :func:`guarded_epoch`.
    """
    model, params = learner.model, state.params
    rows = np.arange(min(_ROWS_LOOKED_AT, data.X.shape[0]))
    batch = data.batch(rows, params.weights.dtype)
    worst = _worst_drift(model, params, _as_known(batch.values))
    v = learner.positive.filled(state.positive, rows, batch.values)
    if _worst_drift(model, params, v) > _MOST_STRAYED * worst:
        return False  # guesses of missing values have left the data behind
    later = Stream(state.shuffle.key, Purpose.DATA, state.shuffle.step << 32, shard=1)
    chains = gibbs.from_visible(model, params, v, later)
    draw = drawn_present(gibbs.draw_visible, batch.mask)
    chains = gibbs.run(model, params, chains, _SWEEPS_OF_DRIFT, draw)
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
