"""Chains of a pairwise machine, each with known units of its own, swept in order."""

from typing import NamedTuple

import numpy as np

from . import _sequential
from ._stream import Stream


class PairwiseChains(NamedTuple):
    """Chains, and the fields that the known units of each leave.

    Attributes
    ----------
    state : ndarray of shape (n_places, n_chains)
        Units that are free in at least one chain.
    bias : ndarray of shape (n_places, n_chains) or (n_places, 1)
        Infinite where a chain knows the unit.
    coupling : ndarray of shape (n_places, n_places)
    places : ndarray of int
        Which units these are.
    n_units : int
        Of the whole machine.
    stream : Stream
    alike : bool
        Whether all chains see the same noise.
    """

    state: np.ndarray
    bias: np.ndarray
    coupling: np.ndarray
    places: np.ndarray
    n_units: int
    stream: Stream
    alike: bool

    @property
    def visible(self):
        """States of these units, a chain a row."""
        return self.state.T


def init(unit, params, known, stream, alike=False):
    """Chains whose free units start at random, each by its own bias.

    Parameters
    ----------
    unit : TwoValuedUnit
    params : PairwiseParams
    known : ndarray of shape (n_chains, n_units)
        NaN where a unit is free; values between those of the unit are held as well.
    stream : Stream
    alike : bool, default=False
        Whether all chains see the same noise: what becomes of one then depends on
        nothing but its own known units.

    Returns
    -------
    PairwiseChains

    Examples
    --------
    Two chains, of which one knows its first unit:

    >>> import numpy as np
    >>> from skboltz.models import PairwiseParams
    >>> from skboltz.sampling import Purpose, Stream, pairwise_chains
    >>> from skboltz.units import SPIN, Bias
    >>> params = PairwiseParams(np.zeros((2, 2)), Bias(np.zeros(2)))
    >>> known = np.array([[np.nan, np.nan], [-1.0, np.nan]])
    >>> stream = Stream((0, 0), Purpose.SAMPLE)
    >>> chains = pairwise_chains.init(SPIN, params, known, stream)
    >>> chains.bias
    array([[  0., -inf],
           [  0.,   0.]])
    """
    chains = _stateless(unit, params, known, stream, alike)
    noise, chains = _noise(unit, chains)
    own = params.units.bias[chains.places, None]
    return _started(unit, chains, own > noise)


def init_hot(unit, params, known, stream, alike=False):
    """Chains whose free units start at either value with equal odds, for annealing."""
    noise, chains = _noise(unit, _stateless(unit, params, known, stream, alike))
    return _started(unit, chains, noise > 0)


def free(params, state, stream):
    """Chains that know nothing, in given states of shape (n_units, n_chains)."""
    places = np.arange(len(state))
    own = params.units.bias[:, None], params.coupling
    return PairwiseChains(state, *own, places, len(state), stream, alike=False)


def init_free(unit, params, n_chains, stream):
    """Chains that know nothing, each unit at random by its own bias."""
    shape, dtype = (len(params.coupling), n_chains), params.coupling.dtype
    noise, chains = _noise(unit, free(params, np.empty(shape, dtype), stream))
    return chains._replace(state=unit.value(chains.bias > noise, dtype))


def from_states(unit, params, known, is_high, stream):
    """Chains whose free units start as given: `is_high`, shape (n_chains, n_units)."""
    chains = _stateless(unit, params, known, stream, alike=False)
    return _started(unit, chains, is_high[:, chains.places].T)


def reclamped(unit, params, known, chains):
    """The same free units in the same states, other values of those that are known."""
    return chains._replace(bias=_biases(unit, params, known, chains.places))


def _stateless(unit, params, known, stream, alike):
    places = np.flatnonzero(np.isnan(known).any(axis=0))
    here = _as_slice(places)
    coupling = params.coupling[here][:, here]
    bias = _biases(unit, params, known, places)
    empty = np.zeros_like(bias)
    return PairwiseChains(empty, bias, coupling, places, known.shape[1], stream, alike)


def _started(unit, chains, is_high):
    """Free units as asked for, the known ones where their biases hold them."""
    is_high = np.where(np.isinf(chains.bias), chains.bias > 0, is_high)
    return chains._replace(state=unit.value(is_high, chains.bias.dtype))


def _biases(unit, params, known, places):
    """What each unit is pulled by from outside; without end where it is known.

    The sweeps know two values only: what a known value has beyond the nearer of them
    acts on the others as a bias, and so does all of a unit that is known everywhere.
    """
    dtype, here = params.coupling.dtype, _as_slice(places)
    beyond = known.astype(dtype)
    beyond[np.isnan(beyond)] = 0
    missing, inside = np.isnan(known[:, here]), beyond[:, here]
    is_high = unit.is_high(inside)
    beyond[:, here] = np.where(missing, 0, inside - unit.value(is_high, dtype))
    bias = params.units.bias[here] + beyond @ params.coupling[:, here]
    if not missing.all():
        bias = np.where(missing, bias, np.where(is_high, np.inf, -np.inf))
    return np.ascontiguousarray(bias.T, dtype=dtype)


def _as_slice(places):
    """Numbers in a row as a slice, which makes views: no copies of couplings."""
    if len(places) and places[-1] - places[0] == len(places) - 1:
        return slice(places[0], places[-1] + 1)
    return places


def _noise(unit, chains):
    """Thresholds for the fields, and the chains after they were drawn."""
    dtype = chains.bias.dtype
    if chains.alike:
        noise, stream = chains.stream.draw((chains.n_units, 1), dtype)
        noise = noise[chains.places]
    else:
        noise, stream = chains.stream.draw(chains.state.shape, dtype)
    return unit.field_of(noise), chains._replace(stream=stream)


def step(unit, chains, beta=1.0):
    """One sweep of all free units in order, at an inverse temperature."""
    noise, chains = _noise(unit, chains)
    state = chains.state.copy()
    threshold = noise if beta == 1 else noise / noise.dtype.type(beta)
    system = chains.coupling, chains.bias
    _sequential.sweep(*system, state, threshold, unit.low, unit.high)
    return chains._replace(state=state)


def run(unit, chains, betas):
    """Chains after a sweep at each inverse temperature."""
    for beta in betas:
        chains = step(unit, chains, float(beta))
    return chains


def filled(chains, known):
    """Rows of all units: those that are known as given, the others as they are."""
    rows = known.copy()
    rows[:, chains.places] = chains.state.T
    return np.where(np.isnan(known), rows, known)


def field_means(unit, chains):
    """E[s_i | all other units] of every chain, shape (n_chains, n_places)."""
    field = chains.coupling @ chains.state + chains.bias
    return unit.mean(None, field).T
