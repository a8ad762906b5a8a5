"""Annealed chains, and what others have visited: which of both to believe."""

from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp

from .._exceptions import UnreliableEstimateWarning
from ..utils import warn
from ._posterior import EXACT_TERMS
from ._reliability import least_size

_NEARLY_ALL = 0.9


class Verdict(NamedTuple):
    """What two groups of chains say of the states they were sent to look for.

    Attributes
    ----------
    log_sum : float
        log of the sum over all states: the better of two estimates, as both of them
        tend to fall short.
    states : ndarray of shape (n_states, n_units)
        All that were visited, each once.
    share : ndarray of shape (n_states,) or None
        Their probabilities, if they carry most of the weight.
    doubtful : bool
        Whether `log_sum` may be far off.
    """

    log_sum: float
    states: np.ndarray
    share: np.ndarray | None
    doubtful: bool


def verdict(log_weight, annealed, others, log_values):
    """Join the weights of annealed chains with the sum over the states visited.

    The result is doubtful where the states visited are not nearly all and few chains
    carry the weight; or where the annealed ones have missed some of the states, and the
    others, which have found these, may have missed as much: of two groups that look
    for the same, what one has found of the other's share tells how much it finds.

    Parameters
    ----------
    log_weight : ndarray of shape (n_chains,)
        Of annealed chains, that of the base included.
    annealed, others : ndarray of shape (n_visited, n_units)
        States that the annealed chains have visited, and that others have.
    log_values : callable
        Of states: the logarithms of what they weigh.

    Examples
    --------
    Two groups have seen both states of one unit, of weights 1 and 3: log 4 in all.

    >>> import numpy as np
    >>> from skboltz.likelihood._visited import verdict
    >>> seen = np.array([[0.0], [1.0]])
    >>> found = verdict(np.zeros(60), seen, seen, lambda s: np.log(1 + 2 * s[:, 0]))
    >>> round(found.log_sum, 4), found.share, found.doubtful
    (1.3863, array([0.25, 0.75]), False)
    """
    estimate, error, few = weight_of(log_weight)
    joined = np.concatenate([annealed, others])
    states, number = np.unique(joined, axis=0, return_inverse=True)
    groups = np.split(number.ravel(), [len(annealed)])
    of_annealed, of_others = (np.isin(np.arange(len(states)), seen) for seen in groups)
    value = log_values(states)
    floor = float(logsumexp(value))
    share = np.exp(value - floor)
    alone = share[of_annealed].sum() * share[of_others].sum()
    both = share[of_annealed & of_others].sum()
    missed = floor > estimate + 3 * error and both < _NEARLY_ALL * alone
    # Within its error, annealing is no better than a sum, which has none.
    log_sum = estimate if estimate > floor + error else floor
    covered = np.exp(floor - log_sum)
    doubtful = bool(missed or (few and covered < _NEARLY_ALL))
    return Verdict(log_sum, states, share if covered > 0.5 else None, doubtful)


def weight_of(log_weight):
    """log of the mean weight, its standard error, and whether few chains carry it."""
    n = len(log_weight)
    total = logsumexp(log_weight)
    size = float(np.exp(2 * total - logsumexp(2 * log_weight)))
    error = float(np.sqrt(max(n / size - 1, 0) / (n - 1)))
    return float(total - np.log(n)), error, size < least_size(n)


def apart(states, value, n, within=10.0):
    """The best of some states, and others that lie far from it and from each other.

    Parameters
    ----------
    states : ndarray of shape (n_states, n_units)
        The best one first.
    value : ndarray of shape (n_states,)
        Logarithms of what they weigh.
    n : int
        How many to take; some more than once where there are fewer.
    within : float, default=10.0
        Nats of the best that others may be below it.

    Returns
    -------
    ndarray of shape (n, n_units)
    """
    good = states[value > value[0] - within]
    chosen, distance = [0], np.full(len(good), np.inf)
    while len(chosen) < n:
        steps = abs(good - good[chosen[-1]]).sum(axis=1)
        distance = np.minimum(distance, steps)
        chosen.append(int(distance.argmax()))  # the first one again if none is left
    return good[chosen]


def warn_of_rows(n_doubtful, n_rows):
    """Warn of rows whose sums were too long, and for which chains stand badly."""
    if n_doubtful:
        warn(
            f"In {n_doubtful} of {n_rows} rows so much is unknown that a sum over it "
            f"takes more than {EXACT_TERMS:.0e} terms, and chains have not found what "
            f"carries the weight: what is said of these rows may be far off. Sums of "
            f"rows with fewer gaps, or over fewer hidden units, are exact.",
            UnreliableEstimateWarning,
        )
