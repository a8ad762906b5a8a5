"""Chains sent to look for what carries the weight of a row, and whether they found it.

Annealed chains have weights, and say what log Z is if they have found its states.
Others start at the best states that climbing has found.  The sum over the states that
either have visited is a floor: log Z is not below it, and where a few states carry
nearly all, it is log Z.  Mean field from the starts is a floor as well, also where
many states count.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp, softmax

from .._exceptions import DivergenceError, UnreliableEstimateWarning
from ..utils import distinct, warn
from ._posterior import EXACT_TERMS
from ._reliability import least_size

_AGREEMENT = 0.1  # of the variance of a unit, that means of single chains may have
_SLACK = 0.05  # of the range of a unit, that they may differ in any case
_NEARLY_ALL = 0.9
_COUNTS = 3.0  # nats: a twentieth of the weight


class Led(NamedTuple):
    """Annealed chains of a row.

    Attributes
    ----------
    log_weight : ndarray of shape (n_chains,)
        That of the base included.
    means : ndarray of shape (n_chains, n_units)
        Over some sweeps at the end.
    states : ndarray of shape (n_visited, n_counted)
        Of the units whose states are counted.
    """

    log_weight: np.ndarray
    means: np.ndarray
    states: np.ndarray


class Sent(NamedTuple):
    """Chains of a row that started where climbing led.

    Attributes
    ----------
    bounds : ndarray of shape (n_chains,)
        Mean-field bounds on log Z from these starts.
    means : ndarray of shape (n_chains, n_units)
    states : ndarray of shape (n_visited, n_counted)
    """

    bounds: np.ndarray
    means: np.ndarray
    states: np.ndarray


class Visited(NamedTuple):
    """States that either group has visited, each once.

    Attributes
    ----------
    floor : float
        log of what they weigh together.
    share : ndarray of shape (n_states,)
        Of each in that sum.
    states : ndarray of shape (n_states, n_counted)
    alike : bool
        Whether what one group has found of the other's share is what it would find of
        all if it had found nearly all: of two that look for the same thing, each tells
        how much the other misses.
    complete : bool
        Whether annealing alone has met most of the sum.
    """

    floor: float
    share: np.ndarray
    states: np.ndarray
    alike: bool
    complete: bool


class Verdict(NamedTuple):
    """What two groups of chains say of a row.

    Attributes
    ----------
    log_sum : float
        log of the sum over all states.
    means : ndarray of shape (n_units,)
    doubtful : bool
        Whether these may be far off.
    """

    log_sum: float
    means: np.ndarray
    doubtful: bool


def agree(means, variance, span):
    """Whether chains of each row have met: every unit of theirs has one mean.

    Parameters
    ----------
    means : ndarray of shape (n_rows, n_chains, n_units)
    variance : ndarray of shape (n_rows, n_units)
        Of the units, over all chains.
    span : ndarray of shape (n_units,)
        Range of their values, infinite or not.

    Returns
    -------
    ndarray of shape (n_rows,), bool
    """
    slack = np.where(np.isfinite(span), _SLACK * span, 0.0) ** 2
    return (means.var(axis=1) <= _AGREEMENT * variance + slack).all(axis=1)


def verdict(led, sent, span, log_values=None, means_of=None):
    """The best that can be said of a row, and whether to doubt it.

    Doubtful is what annealing has missed without the other chains being known to have
    found it all; what rests on few annealed chains, unless the states visited are
    nearly all and annealing has met most of them; and what chains from starts that
    count for something do elsewhere than any annealed chain.

    Parameters
    ----------
    led : Led
    sent : Sent
    span : ndarray of shape (n_units,)
        Range of the values of the units, infinite or not.
    log_values, means_of : callable, default=None
        Of states: the logarithms of what they weigh, and the means of all units; None
        where states cannot be counted.

    Examples
    --------
    Both groups have seen both states of one unit, of weights 1 and 3: log 4 in all.

    >>> import numpy as np
    >>> from skboltz.likelihood._visited import Led, Sent, verdict
    >>> both = np.array([[0.0], [1.0]])
    >>> means = np.linspace(0.55, 0.95, 60)[:, None]
    >>> led = Led(np.full(60, np.log(4.0)), means, both)
    >>> sent = Sent(np.log([1.0, 3.0]), np.array([[0.2], [0.9]]), both)
    >>> log_values = lambda states: np.log(1 + 2 * states[:, 0])
    >>> found = verdict(led, sent, np.ones(1), log_values, lambda states: states)
    >>> round(found.log_sum, 4), found.means, found.doubtful
    (1.3863, array([0.75]), False)
    """
    estimate, error, few = weight_of(led.log_weight)
    bound = float(sent.bounds.max())
    visited = _visited(led, sent, log_values)
    certain = max(visited.floor, bound)
    missed = certain > estimate + 3 * error
    # Within its error, annealing is no better than a sum, which has none.
    margin = 3 * error if visited.alike else error
    log_sum = estimate if estimate > certain + margin else certain
    covered = np.exp(visited.floor - log_sum)
    if covered > 0.5:
        means = visited.share @ means_of(visited.states)
    elif missed:
        means = softmax(sent.bounds) @ sent.means
    else:
        means = softmax(led.log_weight) @ led.means
    found_all = visited.alike and bound <= visited.floor
    doubtful = (
        (missed and not found_all)
        or (few and not (covered > _NEARLY_ALL and visited.complete))
        or _elsewhere(led, sent, span, log_sum)
    )
    return Verdict(log_sum, means, bool(doubtful))


def _visited(led, sent, log_values):
    if log_values is None:
        return Visited(-np.inf, np.empty(0), np.empty(0), False, False)
    joined = np.concatenate([led.states, sent.states])
    first, number = distinct(joined)
    states = joined[first]
    groups = np.split(number, [len(led.states)])
    of_led, of_sent = (np.isin(np.arange(len(states)), seen) for seen in groups)
    value = log_values(states)
    floor = float(logsumexp(value))
    share = np.exp(value - floor)
    both = share[of_led & of_sent].sum()
    alone = share[of_led].sum() * share[of_sent].sum()
    # Shares that vanish beside the others would agree on nothing.
    alike = bool(both > 0 and both >= _NEARLY_ALL * alone)
    return Visited(floor, share, states, alike, share[of_led].sum() > 0.5)


def _elsewhere(led, sent, span, log_sum):
    """Whether chains that count have a unit where no annealed chain has it."""
    counted = np.isfinite(span)
    low, high = led.means[:, counted].min(axis=0), led.means[:, counted].max(axis=0)
    here = sent.means[sent.bounds > log_sum - _COUNTS][:, counted]
    beyond = np.maximum(low - here, here - high)
    return (beyond > 0.5 * span[counted]).any()


def weight_of(log_weight):
    """log of the mean weight, its standard error, and whether few chains carry it."""
    n = len(log_weight)
    total = logsumexp(log_weight)
    size = float(np.exp(2 * total - logsumexp(2 * log_weight)))
    error = float(np.sqrt(max(n / size - 1, 0) / (n - 1)))
    return float(total - np.log(n)), error, size < least_size(n)


def apart(states, value, n, within=10.0):
    """Numbers of the best of some states, and of others far from it and each other.

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
    ndarray of int, shape (n,)

    Raises
    ------
    DivergenceError
        If a value is not finite.
    """
    if not np.isfinite(value).all():
        raise DivergenceError(
            "Energies of this machine are not finite: its parameters are NaN or far "
            "too large, and what it says is of no use. Fit it again with a lower "
            "learning_rate, or with rate_guard=True."
        )
    good = states[value >= value[0] - within]
    chosen, distance = [0], np.full(len(good), np.inf)
    while len(chosen) < n:
        steps = abs(good - good[chosen[-1]]).sum(axis=1)
        distance = np.minimum(distance, steps)
        chosen.append(int(distance.argmax()))  # the first one again if none is left
    return np.flatnonzero(value >= value[0] - within)[chosen]


def spread(states, value, n):
    """Numbers of the best states, and of as many far from the best and each other.

    Of two modes that weigh the same, all of the best may lie in one.  Parameters as
    for :func:`apart`.
    """
    best = np.arange(n - n // 2) % len(states)
    return np.concatenate([best, apart(states, value, n // 2 + 1)[1:]])


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
