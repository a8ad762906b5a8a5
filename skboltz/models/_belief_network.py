"""Directed layers with an RBM on top: the wiring of a deep belief network."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..utils import each, has_missing
from ._bipartite import Bipartite, BipartiteParams


class BeliefParams(NamedTuple):
    """Parameters of a deep belief network, one set for each direction.

    Of a recognition layer only what leads upwards counts: the weights and the hidden
    biases (and, of Gaussian visible units, the variances that values are divided by).
    Of a generative layer only what leads downwards does: the weights and the
    parameters of the visible units.

    Attributes
    ----------
    recognition, generative : tuple of BipartiteParams
        From the data up, one for each directed layer.
    top : BipartiteParams
    """

    recognition: tuple
    generative: tuple
    top: BipartiteParams

    def arrays(self):
        """All arrays, layer by layer."""
        layers = (*self.recognition, *self.generative, self.top)
        return tuple(array for params in layers for array in params.arrays())


@dataclass(frozen=True)
class BeliefNetwork:
    """P(v, h1, .., hL) = P(v | h1) .. P(h_L-2 | h_L-1) P(h_L-1, hL).

    The last factor is an RBM whose visible units are the hidden units of the layer
    below; the others are directed.  The posterior of the hidden layers is replaced by
    q(h1 | v) .. q(h_L-1 | h_L-2), one pass upwards (Hinton, Osindero & Teh 2006, "A
    fast learning algorithm for deep belief nets").  Without directed layers it is the
    RBM.

    The top RBM may have more visible units than the layer below it has hidden ones:
    the columns that follow are labels.

    Parameters
    ----------
    layers : tuple of Bipartite
        The directed layers, from the data up; may be empty.
    top : Bipartite

    Examples
    --------
    With the transposed RBM on top, the network is the RBM over again: its complementary
    prior makes q exact, and log P(v, h) + log Z is -E(v, h).

    >>> import numpy as np
    >>> from skboltz.models import BeliefNetwork, Bipartite, BipartiteParams, untied
    >>> from skboltz.units import BERNOULLI, Bias
    >>> rbm = Bipartite(BERNOULLI, BERNOULLI)
    >>> params = BipartiteParams(
    ...     weights=np.array([[2.0, -1.0]]),
    ...     visible=Bias(np.array([0.5, 0.0])),
    ...     hidden=Bias(np.array([1.0])),
    ... )
    >>> v, h = np.array([[1.0, 1.0]]), np.array([[1.0]])
    >>> rbm.energy(params, v, h)
    array([-2.5])
    >>> net = BeliefNetwork(layers=(rbm,), top=rbm.swap())
    >>> net.log_joint(untied((params,), rbm.swap_params(params)), [v, h]).round(6)
    array([2.5])
    """

    layers: tuple[Bipartite, ...]
    top: Bipartite

    @property
    def visible_unit(self):
        """The units of the data."""
        return (*self.layers, self.top)[0].visible_unit

    def log_joint(self, params, states):
        """log of P(v, h1, .., h_L-1) Z, Z that of the top RBM, shape (n_samples,).

        sum_l log P(states_l | states_l+1) - F(states_L-1), F the free energy of the
        top RBM, in which its hidden units are summed out.

        Parameters
        ----------
        params : BeliefParams
        states : list of ndarray
            v, h1, .., h_L-1, paired by rows; the last with its labels, if there are
            any (:func:`with_labels`).  Missing values of v (NaN) are summed out,
            if there are directed layers.
        """
        log_p = -self.top.free_energy(params.top, states[-1])
        for layer, down, v, h in zip(
            self.layers, params.generative, states[:-1], states[1:], strict=True
        ):
            h = h[:, : len(down.weights)]  # labels tell the layers below nothing
            log_p = log_p + log_conditional(layer, down, v, h)
        return log_p

    def log_recognition(self, params, states):
        """log q(h1, .., h_L-1 | v), shape (n_samples,); 0 without directed layers."""
        log_q = np.zeros(len(states[0]), states[0].dtype)
        for layer, up, v, h in zip(
            self.layers, params.recognition, states[:-1], states[1:], strict=True
        ):
            log_q = log_q + log_posterior(layer, up, v, h)
        return log_q

    def recognise_means(self, params, v):
        """Means of h1, .., h_L-1, each layer given the means of the one below."""
        means = []
        for layer, up in zip(self.layers, params.recognition, strict=True):
            v = layer.hidden_unit.mean(up.hidden, layer.hidden_field(up, v))
            means.append(v)
        return means


def untied(layers, top):
    """Parameters of both directions, both copies of those of a stack of RBMs.

    Parameters
    ----------
    layers : sequence of BipartiteParams
        Of the RBMs that become directed layers, from the data up.
    top : BipartiteParams

    Returns
    -------
    BeliefParams
        In memory of its own, the weights laid out column by column.
    """
    stack = tuple(layers)
    params = BeliefParams(stack, stack, top)
    return each(lambda array: array.copy(order="F"), params)


def with_labels(h, labels):
    """Visible states of the top RBM: the last hidden layer, then the labels if any."""
    if labels is None:
        return h
    return np.concatenate([h, labels.astype(h.dtype, copy=False)], axis=1)


def log_conditional(model, params, v, h):
    """log P(v | h) of paired rows, shape (n_samples,).

    -base(v) + psi(h)' W phi(v) - sum_i log z_i(field_i), of any unit.  Units below are
    on their own given h: those that are missing (NaN) have no part in it.
    """
    unit, input = model.visible_unit, model.visible_input(params, h)
    if has_missing(v):
        own, rest = log_values(unit, params.visible, v)
        terms = own * input - unit.log_partition(
            params.visible, unit.field(params.visible, input)
        )
        return np.where(np.isnan(v), 0, terms - rest).sum(axis=1)
    norm = unit.log_partition(params.visible, unit.field(params.visible, input))
    coupling = (input * unit.statistic(params.visible, v)).sum(axis=1)
    return coupling - unit.base_energy(params.visible, v) - norm.sum(axis=1)


def log_values(unit, params, v):
    """What log P(v_i | field) of units each by itself owes to the values.

    It is statistic input - energy - log_partition(field): the statistic and the energy
    of each value, 0 where it is missing (NaN), both of the shape of v.
    """
    known = ~np.isnan(v)
    values = np.where(known, v, 0).astype(v.dtype, copy=False)
    parts = unit.statistic(params, values), unit.energies(params, values)
    return tuple(np.where(known, part, 0) for part in parts)


def log_posterior(model, params, v, h):
    """log P(h | v) of paired rows, shape (n_samples,): the layers change roles."""
    return log_conditional(model.swap(), model.swap_params(params), h, v)
