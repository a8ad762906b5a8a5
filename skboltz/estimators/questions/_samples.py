"""Visible states drawn from a fitted machine, or completed by it."""

from numbers import Integral

import numpy as np

from ... import likelihood
from ...sampling import Purpose, Stream, random_key
from ..shared._validation import check_count, check_seed
from ._chains import check_sampler
from ._drawn_rows import Way, drawn_rows
from ._shown import check_shown, shown


def sample(
    fitted,
    n_samples=None,
    *,
    given=None,
    method="gibbs",
    burn_in=None,
    thin=None,
    n_chains=None,
    start=None,
    visible="states",
    random_state=None,
):
    """Rows drawn by chains, of checked rows `given` and visible states `start`."""
    check_shown(visible)
    alike = given is None or len(given) == 1
    if given is not None:
        given = _repeated(given, n_samples)
        n_samples = len(given)
    n_samples = check_count(1 if n_samples is None else n_samples, "n_samples", 1)
    n_chains = _checked(n_chains, "n_chains", 1)
    thin = _checked(thin, "thin", 1)
    burn_in = _checked(burn_in, "burn_in", int(method == "annealing"))
    n_own = n_chains or n_samples
    if start is not None and len(start) != n_own:
        raise ValueError(
            f"start has {len(start)} rows, but there are {n_own} chains; each "
            f"needs one."
        )
    rows = fitted.rows
    values = None if given is None else rows.values(given)
    check_sampler(fitted.model, method, values, start, n_own, n_samples)
    way = Way(method, burn_in, thin, n_chains, values, start, alike)
    stream = sample_stream(random_state)
    states = drawn_rows(fitted, n_samples, way, stream)
    v = shown(fitted, states, visible, values, stream)
    return rows.decoded(v) if given is None else rows.restored(given, v)


def _checked(count, name, least):
    """A count, if there is one."""
    return None if count is None else check_count(count, name, least)


def _repeated(given, n_samples):
    """Rows to be completed, one for each sample."""
    if n_samples is not None and len(given) not in (1, n_samples):
        raise ValueError(
            f"given has {len(given)} rows, but n_samples is {n_samples}; pass one "
            f"row, or one for each sample."
        )
    if len(given) == 1 and n_samples:
        return np.repeat(given, n_samples, axis=0)
    return given


def check_strategy(fitted, strategy):
    """Refuse a way to fill gaps that there is not, or that the units do not have."""
    if strategy not in ("mean", "mode", "sample"):
        raise ValueError(
            f'strategy must be "mean", "mode" or "sample", found {strategy!r}.'
        )
    unit = fitted.model.visible_unit
    if strategy == "mode" and not unit.mean_tells_all:
        raise ValueError(
            'strategy="mode" needs units with states whose means say which is the '
            "likeliest, such as 0 and 1 or labels; those of real features and of "
            'counts do not: take "mean".'
        )


def imputed(fitted, X, strategy, random_state=None):
    """Dense rows with their gaps filled."""
    if strategy == "sample":
        return sample(fitted, given=X, random_state=random_state)
    filled = fitted.rows.values(X)
    holes = np.isnan(filled).any(axis=1)
    if holes.any():
        means = likelihood.conditional_means(fitted.model, fitted.params, filled[holes])
        filled[holes] = means[0]
    if strategy == "mode":
        filled = fitted.model.visible_unit.nearest(filled)
    return fitted.rows.restored(X, filled)


def sample_stream(random_state):
    """Noise for samples."""
    return Stream(random_key(check_seed(random_state)), Purpose.SAMPLE)


def own_random_state(estimator, random_state):
    """A seed that is given, else where that of the estimator leads.

    The calls before this one have moved it on.
    """
    if random_state is not None:
        return random_state
    if not isinstance(estimator.random_state, Integral):
        return estimator.random_state
    if not hasattr(estimator, "random_state_"):
        estimator.random_state_ = check_seed(estimator.random_state)
    return estimator.random_state_
