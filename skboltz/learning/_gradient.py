"""From the sums of two phases to a step uphill on the log-likelihood.

The gradient of the mean log-likelihood is D[statistics]: their mean over the
data minus their mean over the model (Ackley, Hinton & Sejnowski 1985).

A *centered* step does not depend on which value of a unit is called zero
(Montavon & Mueller 2012; Melchior, Fischer & Wiskott 2016, "How to center deep
Boltzmann machines").  With offsets m of the visible and l of the hidden
statistics, the centered model has the energy

    E(v, h) = -(v - m)'b - c'(h - l) - (h - l)'W(v - m).

Its gradient, written back in the parameters of the plain model, is

    dW = D[(h - l)(v - m)'],   db = D[v] - dW' l,   dc = D[h] - dW m.
"""

from typing import NamedTuple

import numpy as np

from ..models import BipartiteParams

# Melchior et al. (2016) slide their offsets at this rate.
_SLIDE = 0.01


class Offsets(NamedTuple):
    """Sliding means of the statistics of the data, a vector for each layer."""

    visible: np.ndarray
    hidden: np.ndarray

    def slide(self, visible_mean, hidden_mean, share=1.0):
        """Offsets moved a little towards the means of a batch.

        A batch of `share` times the mean weight moves them as far as that many
        batches of the mean weight.
        """
        rate = 1 - (1 - _SLIDE) ** share
        return Offsets(
            self.visible + rate * (visible_mean - self.visible),
            self.hidden + rate * (hidden_mean - self.hidden),
        )


class Gradient:
    """The gradient as it is."""

    def pull(self, rate):
        """The rate at which weights move."""
        return rate

    def step(self, positive, negative, rate, offsets):
        """rate x gradient, in the shape of the parameters."""
        return plain_step(positive, negative, rate)

    def finish(self, step, offsets):
        """What is left to do to a step once penalties have pulled at its weights."""


class CenteredGradient:
    """The centered gradient, which does not depend on which value is called zero."""

    def pull(self, rate):
        """The rate at which weights move."""
        return rate

    def step(self, positive, negative, rate, offsets):
        """rate x gradient; its biases lack what `finish` adds."""
        return centered_step(positive, negative, rate, offsets)

    def finish(self, step, offsets):
        """Let the biases follow the weights, in place."""
        recenter(step, offsets)


def plain_step(positive, negative, rate):
    """rate x gradient."""
    weights = _product(*_phase_factors(positive, negative, rate))
    visible = _difference(positive.visible, negative.visible, positive, negative, rate)
    hidden = _difference(positive.hidden, negative.hidden, positive, negative, rate)
    return BipartiteParams(weights, visible, hidden)


def centered_step(positive, negative, rate, offsets):
    """rate x centered gradient; the biases still lack `recenter`.

    D[(h - l)(v - m)'] = D[hv'] - D[h]m' - l D[v]': two more rows of the product.
    """
    visible = _difference(positive.visible, negative.visible, positive, negative, rate)
    hidden = _difference(positive.hidden, negative.hidden, positive, negative, rate)
    left, right = _phase_factors(positive, negative, rate)
    left += [(hidden.bias[None], -1.0), (offsets.hidden[None], -1.0)]
    right += [offsets.visible[None], visible.bias[None]]
    return BipartiteParams(_product(left, right), visible, hidden)


def recenter(step, offsets):
    """Keep the centered biases on their course: the biases follow the weights."""
    step.visible.bias[:] -= offsets.hidden @ step.weights
    step.hidden.bias[:] -= step.weights @ offsets.visible


def _phase_factors(positive, negative, rate):
    left = [
        (positive.hidden_factor, rate / positive.weight),
        (negative.hidden_factor, -rate / negative.weight),
    ]
    return left, [positive.visible_factor, negative.visible_factor]


def _product(left, right):
    """Sum of scale x factor' @ factor, as one product, laid out column by column."""
    n_rows = sum(len(factor) for factor, _ in left)
    stacked = np.empty((n_rows, left[0][0].shape[1]), left[0][0].dtype)
    start = 0
    for factor, scale in left:
        np.multiply(factor, scale, out=stacked[start : start + len(factor)])
        start += len(factor)
    return (np.concatenate(right).T @ stacked).T


def _difference(plus, minus, positive, negative, rate):
    """rate x (mean over the data - mean over the model), for one layer."""
    by_plus, by_minus = rate / positive.weight, rate / negative.weight
    pairs = zip(plus, minus, strict=True)
    return type(plus)(*(by_plus * p - by_minus * m for p, m in pairs))
