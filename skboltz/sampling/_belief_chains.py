"""Chains of the hidden layers of a deep belief network, given what is known below.

The top two layers are drawn in turn, as in any RBM.  In a directed layer units that are
independent by themselves explain each other away once what they have caused is known,
and are drawn one after the other: P(h_j | all else) from the prior of the layer above
and the likelihood of the layer below (Neal 1992, "Connectionist learning of belief
networks").  Missing features hang below everything, and have no part in it.
"""

from typing import NamedTuple

import numpy as np

from .. import kernels
from . import _ancestral as ancestral
from . import _conditional_gibbs as conditional_gibbs
from ._gibbs import draw_visible, from_visible
from ._stream import Stream

_SETTLED = 10  # passes up and down, after which a guess hardly moves


class BeliefChains(NamedTuple):
    """Parallel chains of the hidden layers of a network.

    Attributes
    ----------
    directed : list of ndarray
        h1, .., h_L-2, each of shape (n_chains, n_units).
    top : ndarray of shape (n_chains, n_top_visible)
        h_L-1, then the labels if there are any.
    stream : Stream
    """

    directed: list
    top: np.ndarray
    stream: Stream


class Given(NamedTuple):
    """What is known of each chain; NaN is not.

    Attributes
    ----------
    visible : ndarray of shape (n_chains, n_visible)
    labels : ndarray of shape (n_chains, n_labels)
        Of the top machine; without columns if it has none.
    """

    visible: np.ndarray
    labels: np.ndarray


def given_of(net, params, visible, labels=None):
    """What is known, of features alone or of labels as well."""
    if labels is None:
        n_labels = params.top.weights.shape[1] - n_last(params)
        labels = np.full((len(visible), n_labels), np.nan, visible.dtype)
    return Given(visible, labels)


def n_last(params):
    """How many units h_L-1 has, labels not counted."""
    return len(params.generative[-1].weights)


class Sweeps:
    """Gibbs sweeps of one network, with what is made of its weights once.

    Parameters
    ----------
    net : BeliefNetwork
        With a directed layer at least, and hidden units of two values.
    params : BeliefParams
    """

    def __init__(self, net, params):
        self.net, self.params = net, params
        active = kernels.active()
        self._causes = [
            layer.visible_unit.causes(active, down.visible, _steps(layer, down))
            for layer, down in zip(net.layers, params.generative, strict=True)
        ]

    def step(self, chains, given, beta=1.0):
        """One sweep, from the top down.

        It leaves P(h1, .., hL) P(v_known | h1)^beta as it is.
        """
        net, params = self.net, self.params
        top, stream, prior = self._top(chains.top, given.labels, chains.stream)
        below = [given.visible, *chains.directed]
        new, n = [], n_last(params)
        h = top[:, :n]
        for place in reversed(range(len(net.layers))):
            own = 1.0 if place else beta
            h, stream = self._layer(place, h, below[place], prior, own, stream)
            new.insert(0, h)
            if place:
                layer, down = net.layers[place], params.generative[place]
                prior, h = layer.visible_field(down, h), below[place]
        *directed, last = new
        top = np.concatenate([last, top[:, n:]], axis=1)
        return BeliefChains(directed, top, stream)

    def run(self, chains, given, betas):
        """Chains after a sweep for each beta."""
        for beta in betas:
            chains = self.step(chains, given, beta)
        return chains

    def _top(self, top, labels, stream):
        """Labels drawn anew, and the field that the top machine gives h_L-1."""
        model, params = self.net.top, self.params.top
        above = from_visible(model, params, top, stream)
        n, stream = top.shape[1] - labels.shape[1], above.stream
        if labels.shape[1]:
            drawn, stream = draw_visible(model, params, above.hidden, stream)
            own = conditional_gibbs.filled(labels, drawn[:, n:])
            top = np.concatenate([top[:, :n], own], axis=1).astype(top.dtype)
            above = from_visible(model, params, top, stream)
            stream = above.stream
        return top, stream, model.visible_field(params, above.hidden)[:, :n]

    def _layer(self, place, h, below, prior, beta, stream):
        """The units of a layer, one after the other, given both sides."""
        layer, down = self.net.layers[place], self.params.generative[place]
        upper, lower, causes = (
            layer.hidden_unit,
            layer.visible_unit,
            self._causes[place],
        )
        noise, stream = stream.draw(h.shape, h.dtype)
        known = ~np.isnan(below)
        values = np.where(known, below, 0).astype(h.dtype, copy=False)
        told = np.where(known, lower.statistic(down.visible, values), 0)
        bound = told.astype(np.float64) @ causes.steps.T
        bound += (upper.gap(prior).astype(np.float64) - noise) / beta
        field = layer.visible_field(down, h).astype(np.float64, order="C")
        is_high = np.ascontiguousarray(upper.is_high(h))
        causes.sweep(field, known, is_high, bound)
        return upper.value(is_high, h.dtype), stream

    # Where chains start -------------------------------------------------------------

    def recognised(self, given, stream):
        """Chains from one pass up, missing features being guessed first."""
        net, params = self.net, self.params
        v = settled(net, params, given.visible)
        (_, *h), stream = ancestral.recognise(net, params, v, stream)
        return BeliefChains(h[:-1], self._beside(h[-1], given.labels), stream)

    def dreamt(self, given, n_sweeps, stream):
        """Chains from sweeps of the top machine by itself, led down; v counts not."""
        net, params = self.net, self.params
        nothing = np.full((len(given.labels), n_last(params)), np.nan)
        held = np.concatenate([nothing, given.labels], axis=1)
        held = held.astype(params.top.weights.dtype)
        chains = conditional_gibbs.init(net.top, params.top, held, stream)
        chains = conditional_gibbs.run(net.top, params.top, chains, held, n_sweeps)
        last, stream = chains.visible[:, : n_last(params)], chains.stream
        (_, *h), stream = ancestral.generate(net, params, last, stream)
        return BeliefChains(h[:-1], chains.visible, stream)

    def _beside(self, last, labels):
        """h_L-1 and labels: what is given, else all alike."""
        if not labels.shape[1]:
            return last
        neutral = np.full_like(labels, 1 / labels.shape[1])
        own = conditional_gibbs.filled(labels, neutral)
        return np.concatenate([last, own], axis=1).astype(last.dtype)

    # Features -----------------------------------------------------------------------

    def lowest(self, chains):
        """h1 of every chain."""
        return (*chains.directed, chains.top[:, : n_last(self.params)])[0]

    def visible(self, chains, given):
        """Features, those that are missing drawn given h1, and the chains after."""
        layer, down = self.net.layers[0], self.params.generative[0]
        v, stream = draw_visible(layer, down, self.lowest(chains), chains.stream)
        v = conditional_gibbs.filled(given.visible, v).astype(v.dtype, copy=False)
        return v, chains._replace(stream=stream)


def _steps(layer, down):
    """By how much fields of the lower units grow as one above goes high."""
    upper = layer.hidden_unit
    return upper.distance() * down.weights.astype(np.float64, order="C")


def settled(net, params, v):
    """v with a guess of what is missing: passes up and down by means, from nothing.

    Rows without gaps stay as they are.
    """
    missing = np.isnan(v)
    if not missing.any() or not net.layers:
        return v
    layer, up, down = net.layers[0], params.recognition[0], params.generative[0]
    lower, upper = layer.visible_unit, layer.hidden_unit
    free = lower.mean(down.visible, lower.field(down.visible, np.zeros(v.shape)))
    guess = np.where(missing, free, v).astype(v.dtype, copy=False)
    for _ in range(_SETTLED):
        h = upper.mean(up.hidden, layer.hidden_field(up, guess))
        mean = lower.mean(down.visible, layer.visible_field(down, h))
        guess = np.where(missing, mean, v).astype(v.dtype, copy=False)
    return guess
