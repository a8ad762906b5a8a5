"""What a pairwise machine says of rows of which some units are known.

Summing the free units of a row gives F(known) = -log sum_free exp(-E), and its score is
-F - log Z.  Hidden units are never known: complete rows and rows with gaps are alike.
"""

import numpy as np

from ..sampling import coupled, partly_known
from . import _sampled_rest as sampled_rest
from ._posterior import EXACT_TERMS
from ._visited import warn_of_rows

_COUPLINGS = 2**21  # of the machines that rows leave, at once


def is_exact(coupling):
    """Whether free units with these couplings are summed over all their states."""
    return coupled.n_terms(coupling) <= EXACT_TERMS


def pairwise_free_energy(unit, params, known):
    """F(known) = -log sum_free exp(-E) of every row, in nats.

    Exact where the sum for a row takes at most 10^6 terms; else the better of annealed
    importance sampling with 50 chains and a sum over the states that chains visit,
    with the same noise for every row, and a warning where both may be far off.

    Parameters
    ----------
    unit : TwoValuedUnit
    params : PairwiseParams
    known : ndarray of shape (n_rows, n_units)
        NaN where a unit is free.

    Returns
    -------
    ndarray of shape (n_rows,), float64

    Examples
    --------
    A free unit on which nothing depends adds its states: F falls by log 2.

    >>> import numpy as np
    >>> from skboltz.likelihood import pairwise_free_energy
    >>> from skboltz.models import PairwiseParams
    >>> from skboltz.units import BERNOULLI, Bias
    >>> params = PairwiseParams(np.zeros((2, 2)), Bias(np.array([1.0, 0.0])))
    >>> pairwise_free_energy(BERNOULLI, params, np.array([[1.0, np.nan]])).round(6)
    array([-1.693147])
    """
    free_energy, doubtful = np.empty(len(known)), 0
    for part in _parts(params, known):
        log_sum, doubted = _log_sums(unit, part)
        for rest, own in zip(part, log_sum, strict=True):
            free_energy[rest.rows] = rest.energy - own
        doubtful += doubted.sum()
    warn_of_rows(doubtful, len(known))
    return free_energy


def _parts(params, known):
    """Rests of which the sums are long go together, row by row; others are alone."""
    left, n_couplings = [], 0
    for rest in partly_known.rests(params, known):
        if is_exact(rest.coupling):
            yield [rest]
            continue
        left += rest.each()
        n_couplings += rest.coupling.size
        if n_couplings > _COUPLINGS:
            yield left
            left, n_couplings = [], 0
    if left:
        yield left


def _log_sums(unit, part):
    """log of the sum over the free units of each row of one of the `_parts`."""
    if is_exact(part[0].coupling):
        (rest,) = part
        log_sum = coupled.log_partition(unit, rest.coupling, rest.field)
        return [log_sum], np.zeros(len(rest.rows), dtype=bool)
    log_sum, _, doubtful = sampled_rest.weighed(unit, part)
    return log_sum, doubtful


def log_free_sum(unit, rest):
    """log of the sum over the free units of each row, and whether to doubt it."""
    part = [rest] if is_exact(rest.coupling) else rest.each()
    log_sum, doubtful = _log_sums(unit, part)
    return np.concatenate([np.atleast_1d(one) for one in log_sum]), doubtful


def pairwise_means(unit, params, known):
    """E[s | known] of every row; known units stay as they are.

    Exact where the sum for a row takes at most 10^6 terms; else averaged over chains
    from different starts if these agree, and annealed with weights if they do not, with
    the same noise for every row, and a warning where that may be far off.

    Parameters
    ----------
    unit : TwoValuedUnit
    params : PairwiseParams
    known : ndarray of shape (n_rows, n_units)
        NaN where a unit is free.

    Returns
    -------
    ndarray of shape (n_rows, n_units), float64
    """
    mean, doubtful = known.astype(np.float64), 0
    for part in _parts(params, known):
        if is_exact(part[0].coupling):
            found = [partly_known.exact(unit, r.coupling, r.field)[0] for r in part]
        else:
            found, doubted = sampled_rest.means(unit, part)
            doubtful += doubted.sum()
        for rest, own in zip(part, found, strict=True):
            mean[np.ix_(rest.rows, rest.free)] = own
    warn_of_rows(doubtful, len(known))
    return mean


def conditional_gaps(unit, params, known, n_visible):
    """Log-odds of each visible unit to be high, all other visible units being known.

    F(v with unit i low) - F(v with unit i high), the hidden units summed out exactly
    in both; v_i itself counts for nothing.

    Parameters
    ----------
    unit : TwoValuedUnit
    params : PairwiseParams
    known : ndarray of shape (n_rows, n_units)
        NaN for hidden units, which are the last.
    n_visible : int

    Returns
    -------
    ndarray of shape (n_rows, n_visible), float64
    """
    gaps = np.empty((len(known), n_visible))
    for rest in partly_known.rests(params, known):
        v = known[rest.rows, :n_visible].astype(np.float64)
        among = params.coupling[:n_visible, :n_visible].astype(np.float64)
        field = v @ among + params.units.bias[:n_visible]
        for i, weights in enumerate(params.coupling[n_visible:, :n_visible].T):
            gain = _hidden_gain(unit, rest, weights.astype(np.float64), v[:, i])
            gaps[rest.rows, i] = unit.gap(field[:, i]) + gain
    return gaps


def _hidden_gain(unit, rest, weights, value):
    """What the hidden units add: the change of their log Z as one unit goes high."""
    if not weights.any():
        return 0.0
    high, low = (
        coupled.log_partition(
            unit, rest.coupling, rest.field + np.outer(end - value, weights)
        )
        for end in (unit.high, unit.low)
    )
    return high - low
