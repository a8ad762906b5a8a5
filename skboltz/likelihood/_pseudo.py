"""Pseudo-likelihood: every unit given all the others."""

import numpy as np


def pseudo_log_likelihood(model, params, v):
    """sum_i log P(v_i | all other visible units), exact over all sites.

    With g_i = F(v, v_i = low) - F(v, v_i = high), the log-odds of `high`, site i
    adds log P(v_i) under a unit with that gap (Besag 1975).  For the site itself a
    value between the two is read as the expectation of the unit; to the other
    sites it counts as it is.

    Parameters
    ----------
    model : Bipartite
        With two-valued visible units.
    params : BipartiteParams
    v : ndarray of shape (n_samples, n_visible)

    Returns
    -------
    ndarray of shape (n_samples,)
        In nats; a sum over sites, so it grows with their number.

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
    field = model.hidden_field(params, v)
    total = np.zeros(len(v))
    for i, (weights, bias) in enumerate(
        zip(params.weights.T, params.visible.bias, strict=True)
    ):
        high = _marginal(model, params, field, weights, unit.high - v[:, i])
        low = _marginal(model, params, field, weights, unit.low - v[:, i])
        gap = unit.span * bias + high - low
        share = (v[:, i] - unit.low) / unit.span
        total += share * gap - np.maximum(gap, 0) - np.log1p(np.exp(-abs(gap)))
    return total


def _marginal(model, params, field, weights, change):
    """Log of the sum over hidden states, one visible unit changed."""
    changed = field + change[:, None] * weights
    return model.hidden_unit.log_partition(params.hidden, changed).sum(axis=1)
