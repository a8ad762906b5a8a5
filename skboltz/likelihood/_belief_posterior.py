"""What a belief network says of rows of which something is known.

Exact where the hidden layers can be summed out (:mod:`._belief_sums`), else averaged
over chains of them.  Four chains of a row start at two passes up and at two dreams,
from which they are led by raising the share of the likelihood that counts.  If they
agree they have met, and are averaged; if not, more chains are led from dreams, and
averaged by their weights, as in annealed importance sampling (Neal 2001).

All rows see the same noise, so that the answer of one depends on no other.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import softmax
from sklearn.utils import gen_batches

from .._exceptions import UnreliableEstimateWarning
from ..models import BeliefNetwork, log_conditional, log_values
from ..sampling import (
    Alike,
    BeliefSweeps,
    Purpose,
    Stream,
    belief_chains,
    in_float64,
    partly_known,
)
from ..utils import warn
from . import _belief_sums as belief_sums
from ._marginal import conditional_means
from ._posterior import EXACT_TERMS
from ._pseudo import pseudo_log_likelihood
from ._visited import agree, weight_of

_KEY = (0, 0)
_UP, _DREAMT = 2, 2  # chains of a row
_DREAM = 100  # sweeps of the top machine by itself
_BURN_IN, _SWEEPS = 50, 150
_LED, _BETAS, _LAST = 24, np.linspace(0, 1, 201)[1:], 40
_ELEMENTS = 2**19  # of the largest array of chains: rows at once


class Asked(NamedTuple):
    """What is averaged over chains.

    Attributes
    ----------
    seen : callable
        Of features, those that are missing drawn, of h1, and of which features are
        missing, a row for each chain: what is averaged, shape (n_chains, n_values), and
        numbers of the same means whose variance says how far chains may lie apart.
    reach : float, ndarray of shape (n_values,) or None
        Range of these numbers, infinite or not; None of such as have none, but are
        above 0.
    """

    seen: object
    reach: object


def expected(net, params, v, asked):
    """Averages over P(missing features, h1 | known ones) of every row, by chains.

    Parameters
    ----------
    net : BeliefNetwork
    params : BeliefParams
    v : ndarray of shape (n_rows, n_visible)
    asked : Asked

    Returns
    -------
    ndarray of shape (n_rows, n_values)

    Warns
    -----
    UnreliableEstimateWarning
        If chains of some rows disagree, and few of those that were led from dreams
        carry the weight, or are not where the others are.
    """
    sweeps, v = BeliefSweeps(net, in_float64(params)), v.astype(np.float64)
    largest = max(part.weights.shape[0] for part in (*params.generative, params.top))
    size = max(1, _ELEMENTS // (_LED * max(largest, v.shape[1])))
    parts = [_expected(sweeps, v[rows], asked) for rows in gen_batches(len(v), size)]
    found, doubtful = map(np.concatenate, zip(*parts, strict=True))
    if doubtful.any():
        warn(
            f"In {doubtful.sum()} of {len(v)} rows chains of the hidden layers have "
            f"not met: what is said of these rows may be far off. Where the hidden "
            f"layers below the top have so few units that a sum over them takes at "
            f"most {EXACT_TERMS:.0e} terms, it is exact.",
            UnreliableEstimateWarning,
        )
    return found


def _expected(sweeps, v, asked):
    means, variance = _of_few(sweeps, v, asked)
    found, doubtful = means.mean(axis=1), np.zeros(len(v), dtype=bool)
    scale, span = np.ones(found.shape), asked.reach
    if span is None:
        scale, span = found, 1.0
    span = np.broadcast_to(span, found.shape[1:])
    apart = ~agree(means / scale[:, None], variance / scale**2, span)
    if apart.any():
        led = _of_many(sweeps, v[apart], asked)
        found[apart], doubtful[apart] = _weighed(led, means[apart], variance[apart])
    return found, doubtful


def _of_few(sweeps, v, asked):
    """Means of four chains of each row, and the variance of what they have seen."""
    stream, halves = Stream(_KEY, Purpose.SAMPLE), []
    given = belief_chains.given_of(sweeps.net, sweeps.params, np.repeat(v, _UP, axis=0))
    up = sweeps.recognised(given, Alike(stream, _UP))
    down = sweeps.dreamt(given, _DREAM, Alike(stream._replace(shard=1), _DREAMT))
    for chains, betas in (
        (up, np.ones(_BURN_IN)),
        (down, np.linspace(0, 1, _BURN_IN + 1)[1:]),
    ):
        chains = sweeps.run(chains, given, betas)
        halves.append(_averaged(sweeps, chains, given, asked, _SWEEPS))
    means, squares = (
        np.concatenate([part.reshape(len(v), 2, -1) for part in pair], axis=1)
        for pair in zip(*halves, strict=True)
    )
    return means, np.maximum(squares.mean(axis=1) - means.mean(axis=1) ** 2, 0)


def _averaged(sweeps, chains, given, asked, n_sweeps):
    """Means over sweeps of every chain, and mean squares."""
    mean, square, missing = 0.0, 0.0, np.isnan(given.visible)
    for _ in range(n_sweeps):
        chains = sweeps.step(chains, given)
        v, chains = sweeps.visible(chains, given)
        h = sweeps.lowest(chains)
        seen, values = asked.seen(v, h, missing)
        mean = mean + seen / n_sweeps
        square = square + values**2 / n_sweeps
    return mean, square


def _of_many(sweeps, v, asked):
    """Weights and means of chains led from dreams, of each row."""
    given = belief_chains.given_of(
        sweeps.net, sweeps.params, np.repeat(v, _LED, axis=0)
    )
    stream = Alike(Stream(_KEY, Purpose.FORWARD), _LED)
    chains = sweeps.dreamt(given, _DREAM, stream)
    layer, down = sweeps.net.layers[0], sweeps.params.generative[0]
    log_weight, before = np.zeros(len(given.visible)), 0.0
    for beta in _BETAS:
        log_p = log_conditional(layer, down, given.visible, sweeps.lowest(chains))
        log_weight += (beta - before) * log_p
        chains, before = sweeps.step(chains, given, beta), beta
    mean, _ = _averaged(sweeps, chains, given, asked, _LAST)
    return log_weight.reshape(len(v), _LED), mean.reshape(len(v), _LED, -1)


def _weighed(led, means, variance):
    """Averages of the chains of each row by weight, and whether to doubt them.

    Those that were led must lie about the others.
    """
    log_weight, of_led = led
    share = softmax(log_weight, axis=1)
    found = np.einsum("rc,rck->rk", share, of_led)
    few = np.array([weight_of(row)[2] for row in log_weight])
    slack = np.sqrt(variance)[:, None]
    low, high = of_led.min(axis=1, keepdims=True), of_led.max(axis=1, keepdims=True)
    outside = (means < low - slack) | (means > high + slack)
    return found, few | outside.any(axis=(1, 2))


# Questions ----------------------------------------------------------------------------
# Of networks with a directed layer at least: without one, the machine on top answers.


@conditional_means.register
def _(model: BeliefNetwork, params, v):
    visible, missing = v.astype(np.float64), np.isnan(v)
    if belief_sums.is_summed(model, params):
        found = belief_sums.means(belief_sums.sums_of(model, params), v)
    else:
        found = expected(model, params, v, _of_visible(model, params))
    return np.where(missing, found, visible), None  # nobody asks for all layers


def _of_visible(net, params):
    """Missing features given h1; those that are known do not vary."""
    layer, down = net.layers[0], in_float64(params.generative[0])
    unit = layer.visible_unit

    def seen(v, h, missing):
        mean = unit.mean(down.visible, layer.visible_field(down, h))
        return np.where(missing, mean, v), v

    return Asked(seen, unit.high - unit.low)


@pseudo_log_likelihood.register
def _(model: BeliefNetwork, params, v):
    if belief_sums.is_summed(model, params):
        found = belief_sums.site_log_proba(belief_sums.sums_of(model, params), v)
        return found.sum(axis=1)
    return -np.log(expected(model, params, v, _of_sites(model, params))).sum(axis=1)


def _of_sites(net, params):
    """1 / P(v_i | h1), whose mean given all features is 1 / P(v_i | all others)."""
    layer, down = net.layers[0], in_float64(params.generative[0])

    def seen(v, h, missing):
        told, rest = log_values(layer.visible_unit, down.visible, v)
        input = layer.visible_input(down, h)
        field = layer.visible_unit.field(down.visible, input)
        norm = layer.visible_unit.log_partition(down.visible, field)
        inverse = np.exp(norm + rest - told * input)
        return inverse, inverse

    return Asked(seen, None)


def features_expected(net, params, v, function):
    """E[function(v) | v_known] of every row of which something is missing.

    Exact where hidden layers and missing features together take at most 10^6 terms.

    Parameters
    ----------
    net : BeliefNetwork
        With a directed layer at least.
    params : BeliefParams
    v : ndarray of shape (n_rows, n_visible)
    function : callable
        Of complete rows, in double precision; its values lie between 0 and 1.

    Returns
    -------
    ndarray of shape (n_rows, n_values), float64
    """
    found, v = {}, v.astype(np.float64)
    summed = belief_sums.is_summed(net, params)
    sums = belief_sums.sums_of(net, params) if summed else None
    left = []
    for rows, missing in partly_known.patterns(v):
        n_states = net.visible_unit.n_states(np.count_nonzero(missing))
        if summed and n_states * len(sums.states) <= EXACT_TERMS:
            values = belief_sums.expectation(sums, v[rows], missing, function)
            found.update(zip(rows, values, strict=True))
        else:
            left.extend(rows)
    if left:
        values = expected(net, params, v[left], _of_function(function))
        found.update(zip(left, values, strict=True))
    return np.array([found[row] for row in range(len(v))])


def _of_function(function):
    """A function of features, with values from 0 to 1."""

    def seen(v, h, missing):
        values = function(v)
        return values, values

    return Asked(seen, 1.0)
