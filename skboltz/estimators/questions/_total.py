"""Whether scores can be logs of probabilities, whose sum is at most 1."""

import numpy as np
from scipy import sparse
from scipy.special import logsumexp

from ..._exceptions import DataRangeWarning, UnreliableEstimateWarning
from ...utils import as_numbers, warn
from ..shared._range import slack

_ROUNDING = 32  # units in the last place of a free energy, a sum of many terms
_ERRORS = 3  # standard errors of log Z
_MOST_VALUES = 2**22  # of a sparse X that are made dense for this


def warn_of_total(unit, X, scores, precision, standard_error=0.0):
    """A warning where the scores of the distinct rows sum to more than 1.

    Rows are looked at only if the scores of all of them do, and are told apart only if
    there can be something to say.  Those with missing values do not count: what they
    say overlaps.

    Parameters
    ----------
    unit : unit
        The visible one; scores of units of any value are densities, and unbounded.
    X : array-like or sparse matrix
    scores : ndarray of shape (n_samples,)
        In nats.
    precision : dtype
        Of the free energies behind the scores.
    standard_error : float or None, default=0.0
        Of log Z; 0 where it is exact. None says that scores vary around bounds: then
        only those of rows with other values than those of the units are looked at.
    """
    if not unit.countable or not len(scores):
        return
    rounding = np.finfo(precision).eps * max(1.0, float(np.abs(scores).max()))
    most = _ROUNDING * rounding + _ERRORS * (standard_error or 0.0)
    if not logsumexp(scores) > most or _is_too_large(X):
        return
    rows = X.toarray() if sparse.issparse(X) else np.asarray(as_numbers(X, "X"))
    if not standard_error and _are_own(rows, unit):  # no part of Z is larger than Z
        return
    whole = ~(rows != rows).any(axis=1)
    rows, scores = rows[whole], scores[whole]
    own = _are_own(rows, unit, slack(rows.dtype, unit))
    rows = _without_rounding(rows, unit)
    if not len(rows) or (own and not standard_error):
        return
    rows, first = np.unique(rows, axis=0, return_index=True)
    total = logsumexp(scores[first])
    if total > most:
        _warn(total, len(rows), own)


def _are_own(rows, unit, rounding=0):
    """Whether all values are those of the units, but for rounding."""
    return bool((np.abs(unit.nearest(rows) - rows) <= rounding).all())


def _without_rounding(rows, unit):
    """Values as shares of the way from low to high, in steps wider than rounding.

    Steps of decimals: most values that rounding sets apart are in the middle of one.
    """
    span = unit.high - unit.low
    span = np.where(np.isinf(span), 1.0, span)
    n_steps = 10 ** np.floor(np.log10(span / (2 * slack(rows.dtype, unit))))
    return np.round((rows.astype(np.float64) - unit.low) / span * n_steps) / n_steps


def _is_too_large(X):
    return sparse.issparse(X) and np.prod(X.shape, dtype=float) > _MOST_VALUES


def _warn(total, n_rows, own):
    with np.errstate(over="ignore"):
        found = (
            f"The probabilities of {n_rows} distinct rows sum to {np.exp(total):.3g}"
        )
    if own:
        category = UnreliableEstimateWarning
        reason = (
            "more than 1: log Z is estimated too low, and these scores are too high. "
            "Compare log_partition() with more betas and n_chains."
        )
    else:
        category = DataRangeWarning
        reason = (
            "more than 1, as X has values that are not those of the units: there a "
            "score is -F(v) - log Z, no log of a probability. Binarize rows whose "
            "likelihood is to be told, as those of fit."
        )
    warn(f"{found}, {reason}", category)
