"""What a bipartite model says of rows of which only some features are known.

Given the known features K, the missing ones M and the hidden units are a bipartite
model of their own: hidden biases c + W_K v_K, weights W_M, visible biases b_M. Its Z
is what the known features weigh, its moments are what they make of the rest.
"""

from functools import singledispatch

import numpy as np

from ..sampling import in_float64
from ._posterior import (
    enumerates_missing,
    is_exact,
    over_hidden,
    over_missing,
    pooled,
    rests,
)
from ._sampled_posterior import Unsummed, means, weighed
from ._visited import warn_of_rows


@singledispatch
def marginal_free_energy(model, params, v):
    """F(known) = -log sum over missing and hidden of exp(-E), a value for each row.

    Exact where either the missing or the hidden units can be enumerated in 10^6
    terms; else the better of annealed importance sampling with 50 chains and a sum over
    the hidden states that chains visit, with the same noise for every row.

    Parameters
    ----------
    model : Bipartite or Pairwise
    params : BipartiteParams or PairwiseParams
    v : ndarray of shape (n_samples, n_visible)
        NaN where a feature is missing.

    Returns
    -------
    ndarray of shape (n_samples,), float64

    Warns
    -----
    UnreliableEstimateWarning
        If chains have not found what carries the weight of some rows.

    Examples
    --------
    With a unit missing that nothing depends on, its states add up: F falls by log 2.

    >>> import numpy as np
    >>> from skboltz.likelihood import marginal_free_energy
    >>> from skboltz.models import Bipartite, BipartiteParams
    >>> from skboltz.units import BERNOULLI, Bias
    >>> params = BipartiteParams(
    ...     np.array([[0.0, 1.0]]), Bias(np.zeros(2)), Bias(np.zeros(1)))
    >>> rbm = Bipartite(BERNOULLI, BERNOULLI)
    >>> v = np.array([[np.nan, 0.0]])
    >>> marginal_free_energy(rbm, params, v).round(6)  # -log 4
    array([-1.386294])
    """
    v = model.visible_unit.implied(v.astype(np.float64))
    free_energy, left = np.empty(len(v)), []
    for rest, found in _exact(model, params, v, left):
        free_energy[rest.rows] = rest.energy - found.log_weight
    if left:
        rows, energy = _of_rows(left, "rows"), _of_rows(left, "energy")
        found = weighed(_unsummed(model, params, left))
        free_energy[rows] = energy - found.log_weight
        warn_of_rows(found.doubtful.sum(), len(v))
    return free_energy


@singledispatch
def conditional_means(model, params, v):
    """E[v | known] and E[h | known] of every row; known features stay as they are.

    Exact where either the missing or the hidden units can be enumerated in 10^6
    terms; else averaged over four chains from different starts if these agree, and
    annealed with weights if they do not, with the same noise for every row.

    Parameters
    ----------
    model : Bipartite or Pairwise
        Of a BeliefNetwork, which registers its own, features alone are asked: the
        hidden means are None.
    params : BipartiteParams or PairwiseParams
    v : ndarray of shape (n_samples, n_visible)
        NaN where a feature is missing.

    Returns
    -------
    visible : ndarray of shape (n_samples, n_visible)
    hidden : ndarray of shape (n_samples, n_hidden)

    Warns
    -----
    UnreliableEstimateWarning
        If chains of some rows disagree, and annealed ones have not found what carries
        the weight.
    """
    visible = model.visible_unit.implied(v.astype(np.float64))
    known, left = visible.copy(), []
    hidden = np.empty((len(v), len(params.weights)))
    for rest, found in _exact(model, params, known, left):
        places = np.ix_(rest.rows, rest.columns)
        visible[places] = np.where(rest.missing, found.visible, visible[places])
        hidden[rest.rows] = found.hidden
    if left:
        unsummed = _unsummed(model, params, left)
        found, hidden[_of_rows(left, "rows")], doubtful = means(unsummed)
        for rest, mean in zip(unsummed.rests, found, strict=True):
            visible[rest.rows, rest.columns] = mean
        warn_of_rows(doubtful.sum(), len(v))
    return visible, hidden


def _exact(model, params, v, left):
    """Rows in parts, each with its sums; rows whose sums are too long go to `left`."""
    alike = []
    for rest in rests(model, params, v):
        if not is_exact(rest):
            left.append(rest)
        elif enumerates_missing(rest):
            yield rest, over_missing(rest)
        else:
            alike.append(rest)
    if alike and model.visible_unit.columnwise:
        alike = [pooled(model, params, alike)]
    for rest in alike:
        yield rest, over_hidden(rest)


def _unsummed(model, params, left):
    rows = [rest.of([row]) for rest in left for row in range(len(rest.rows))]
    return Unsummed(model, in_float64(params), rows)


def _of_rows(left, name):
    return np.concatenate([getattr(rest, name) for rest in left])
