"""Pseudo-likelihood: every unit given all the others."""

from functools import singledispatch

import numpy as np

from ._pseudo_sites import of_each_site


def log_probability(share, gap):
    """log P of a two-valued unit of given log-odds; `share` is 1 for high, 0 for low.

    share gap - log(1 + exp(gap)): values between count by their shares.

    Examples
    --------
    >>> import numpy as np
    >>> from skboltz.likelihood import log_probability
    >>> np.exp(log_probability(np.array([1.0, 0.0]), np.log([3.0, 3.0])))
    array([0.75, 0.25])
    """
    return share * gap - np.maximum(gap, 0) - np.log1p(np.exp(-abs(gap)))


@singledispatch
def pseudo_log_likelihood(model, params, v):
    """sum_i log P(v_i | all other visible units), exact over all sites.

    With g_i = F(v, v_i = low) - F(v, v_i = high), the log-odds of `high`, site i
    adds log P(v_i) under a unit with that gap (Besag 1975).  For the site itself a
    value between the two is read as the expectation of the unit; to the other
    sites it counts as it is.

    Parameters
    ----------
    model : Bipartite or Pairwise
        Visible units of other than two values are summed or integrated over.
    params : BipartiteParams or PairwiseParams
    v : ndarray of shape (n_samples, n_visible)

    Returns
    -------
    ndarray of shape (n_samples,)
        In nats; a sum over sites, so it grows with their number. Of real units
        the logarithm of a density. The columns of a group of which one is 1 are one
        site.

    Raises
    ------
    ValueError
        If a label, which varies with all of its columns, is among the visible units.

    Examples
    --------
    Independent fair units: every site adds -log 2.

    >>> import numpy as np
    >>> from skboltz.likelihood import pseudo_log_likelihood
    >>> from skboltz.models import Bipartite, BipartiteParams
    >>> from skboltz.units import BERNOULLI, Bias
    >>> params = BipartiteParams(
    ...     np.zeros((1, 2)), Bias(np.zeros(2)), Bias(np.zeros(1)))
    >>> rbm = Bipartite(BERNOULLI, BERNOULLI)
    >>> pseudo_log_likelihood(rbm, params, np.array([[0.0, 1.0]])).round(6)
    array([-1.386294])
    """
    unit = model.visible_unit
    if not _has_two_states(unit):
        return of_each_site(model, params, v)
    span = unit.high - unit.low
    field = model.hidden_field(params, v)
    shares = _shares(model, field)
    total = np.zeros(len(v))
    for i, (weights, bias) in enumerate(
        zip(params.weights.T, params.visible.bias, strict=True)
    ):
        gap = span * bias + _marginal_gap(
            model, params, field, shares, weights, v[:, i]
        )
        share = (v[:, i] - unit.low) / span
        total += log_probability(share, gap)
    return total


def _has_two_states(unit):
    """Whether a column has two states, the limits, whatever the others are."""
    return unit.columnwise and unit.n_states(1) == 2


def _shares(model, field):
    """Probabilities of hidden units to be low and high, without cancellation.

    Hidden units first, so that products over them run along the rows.  None of units
    of other values.
    """
    unit = model.hidden_unit
    if not _has_two_states(unit):
        return None
    gap = np.ascontiguousarray(((unit.high - unit.low) * field).T)
    with np.errstate(over="ignore"):  # far out, the probability is exactly 0
        return 1 / (1 + np.exp(gap)), 1 / (1 + np.exp(-gap))


def _marginal_gap(model, params, field, shares, weights, values):
    """Log of the sum over hidden states with one unit high, minus that with it low."""
    unit, hidden = model.visible_unit, model.hidden_unit
    if shares is None:
        return _gap_by_field(model, params, field, weights, values)
    span = unit.high - unit.low
    step = span * (hidden.high - hidden.low) * weights
    largest = abs(step).max()
    between = (values != unit.low) & (values != unit.high)
    # Shares that underflow count for nothing while half the range is beyond the step.
    if between.all() or not largest < _log_range(weights.dtype) / 2:
        return _gap_by_field(model, params, field, weights, values)
    is_high = values == unit.high
    change = _flipped(shares, step, is_high, largest)
    gap = np.where(is_high, -change, change)
    gap += hidden.low * span * weights.sum(dtype=np.float64)
    if between.any():
        gap[between] = _gap_by_field(
            model, params, field[between], weights, values[between]
        )
    return gap


def _flipped(shares, step, is_high, largest):
    """Change of sum_j softplus(gap_j) when one visible unit flips.

    softplus(x + a) - softplus(x) = log(q + p exp(a)), where p = 1 - q is the
    probability that a gap x gives: no exponential of an array, and one logarithm for
    as many factors as can be multiplied without overflow.
    """
    low, high = shares
    factors = np.where(is_high, np.exp(-step)[:, None], np.exp(step)[:, None])
    factors *= high
    factors += low
    size = int(min(_log_range(step.dtype) // max(largest, 1e-3), len(factors)))
    return _log_products(factors, size).sum(axis=0, dtype=np.float64)


def _log_products(factors, size):
    """Logarithms of the products of so many factors each, and of those left over."""
    whole = len(factors) - len(factors) % size
    blocks = factors[:whole].reshape(-1, size, factors.shape[1])
    rest = factors[whole:].prod(axis=0, keepdims=True)
    return np.log(np.concatenate([blocks.prod(axis=1), rest]))


def _log_range(dtype):
    """A number whose exponential is far from overflow, and underflow."""
    return 0.9 * float(np.log(np.finfo(dtype).max))


def _gap_by_field(model, params, field, weights, values):
    """As `_marginal_gap`, from the fields: for any value and any weight."""
    unit = model.visible_unit
    high = _marginal(model, params, field, weights, unit.high - values)
    return high - _marginal(model, params, field, weights, unit.low - values)


def _marginal(model, params, field, weights, change):
    """Log of the sum over hidden states, one visible unit changed."""
    changed = field + change[:, None] * weights
    return model.hidden_unit.log_partition(params.hidden, changed).sum(axis=1)
