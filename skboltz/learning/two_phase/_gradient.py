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

Where v stands here, a Gaussian unit has its statistic v / s^2.  The step of its
log-variance z is the slope with W and the centered biases held,

    dz = D[(v - b)^2] / (2 s^2) - sum_j W_j dW_j - (W'l) D[v] / s^2,

which, with l = m = 0, is the slope with b and c held.  It moves m = (offset of v) / s^2
as well, so that dc has + W (m dz) more.  Nothing tells the layers apart: the same
holds of Gaussian hidden units, with W' for W, and h, l and c for v, m and b.
"""

from typing import ClassVar, NamedTuple

import numpy as np

from ...models import BipartiteParams
from ...utils import each
from .._sums import Block, product

# Melchior et al. (2016) slide their offsets at this rate.
_SLIDE = 0.01
_MOST_HALVINGS = 50


class Offsets(NamedTuple):
    """Sliding means of the units under the data, a vector for each layer."""

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

    takes_mask: ClassVar = True

    def pull(self, model, rate):
        """The rate at which weights move."""
        return rate

    def step(self, model, params, positive, negative, rate, offsets):
        """rate x gradient, in the shape of the parameters."""
        return plain_step(model, params, positive, negative, rate)

    def finish(self, model, params, change, offsets, rate):
        """What is left to do to a change once penalties have pulled at its weights."""
        halve(model, params, change)


class CenteredGradient:
    """The centered gradient, which does not depend on which value is called zero."""

    def pull(self, model, rate):
        """The rate at which weights move."""
        return rate

    def step(self, model, params, positive, negative, rate, offsets):
        """rate x gradient; its biases lack what `finish` adds."""
        return centered_step(model, params, positive, negative, rate, offsets)

    def finish(self, model, params, change, offsets, rate):
        """Let the biases follow the weights, in place."""
        recenter(model, params, change, offsets)
        halve(model, params, change)


class SignedGradient:
    """Steps of one size, of which only the sign follows the gradient.

    The gradient is that of the likelihood less its penalties.
    """

    def pull(self, model, rate):
        """That of the slopes, whose size is lost: penalties count beside them."""
        return 1.0

    def step(self, model, params, positive, negative, rate, offsets):
        """The gradient, of which `finish` takes the sign."""
        return plain_step(model, params, positive, negative, 1.0)

    def finish(self, model, params, change, offsets, rate):
        """rate x sign of the gradient with the penalties in it, in place."""
        for slopes in change.arrays():
            slopes[:] = rate * np.sign(slopes)
        halve(model, params, change)


def plain_step(model, params, positive, negative, rate):
    """rate x gradient."""
    weights = product(_parts(positive, negative, rate), _width(params))
    visible = _difference(positive.visible, negative.visible, positive, negative, rate)
    hidden = _difference(positive.hidden, negative.hidden, positive, negative, rate)
    change = BipartiteParams(weights, visible, hidden)
    _as_slopes(model, params, change)
    _add_couplings(model, params, change, Offsets(None, None))
    return change


def centered_step(model, params, positive, negative, rate, offsets):
    """rate x centered gradient; the biases still lack `recenter`.

    D[(h - l)(v - m)'] = D[hv'] - D[h]m' - l D[v]': two more rows of the product.
    """
    visible = _difference(positive.visible, negative.visible, positive, negative, rate)
    hidden = _difference(positive.hidden, negative.hidden, positive, negative, rate)
    parts = _parts(positive, negative, rate)
    parts += [
        (Block(hidden.bias[None], offsets.visible[None]), -1.0),
        (Block(offsets.hidden[None], visible.bias[None]), -1.0),
    ]
    change = BipartiteParams(product(parts, _width(params)), visible, hidden)
    _as_slopes(model, params, change)
    _add_couplings(model, params, change, _statistics(model, params, offsets))
    return change


def halve(model, params, change):
    """Halve a change, in place, until Z is finite where it leads."""
    if not model.may_diverge:
        return
    for _ in range(_MOST_HALVINGS):
        if model.is_normalisable(each(np.add, params, change)):
            return
        for array in change.arrays():
            array *= 0.5


def recenter(model, params, change, offsets):
    """Keep the centered biases on their course: the biases follow the weights."""
    offsets = _statistics(model, params, offsets)
    change.visible.bias[:] -= offsets.hidden @ change.weights
    change.hidden.bias[:] -= change.weights @ offsets.visible
    # b = centered b - W'l, c = centered c - W m, and the offsets of statistics, (that
    # of v) / s^2, move with the variances.
    visible, hidden, weights = model.visible_unit, model.hidden_unit, params.weights
    visible.carry(change.visible, offsets.visible, weights, change.hidden.bias)
    hidden.carry(change.hidden, offsets.hidden, weights.T, change.visible.bias)


def _statistics(model, params, offsets):
    """Offsets of values as those of what couples."""
    return Offsets(
        model.visible_unit.statistic(params.visible, offsets.visible),
        model.hidden_unit.statistic(params.hidden, offsets.hidden),
    )


def _as_slopes(model, params, change):
    """Slopes by weights and biases of differences of values, in place."""
    visible, hidden, weights = model.visible_unit, model.hidden_unit, change.weights
    visible.to_slopes(params.visible, weights, change.visible.bias)
    hidden.to_slopes(params.hidden, weights.T, change.hidden.bias)


def in_variances(model, params, change):
    """Multiply slopes by the variances that statistics are scaled by, in place.

    They are then differences of means of values, as `_as_slopes` found them.
    """
    visible, hidden, weights = model.visible_unit, model.hidden_unit, change.weights
    visible.to_values(params.visible, weights, change.visible.bias)
    hidden.to_values(params.hidden, weights.T, change.hidden.bias)


def _add_couplings(model, params, change, offsets):
    """What couplings do to the parameters of statistics, in place."""
    weights, slopes = params.weights, change.weights
    visible, hidden = model.visible_unit, model.hidden_unit
    visible.add_couplings(change.visible, weights, slopes, offsets.hidden)
    hidden.add_couplings(change.hidden, weights.T, slopes.T, offsets.visible)


def _parts(positive, negative, rate):
    plus = positive.parts(rate / positive.weight)
    return plus + negative.parts(-rate / negative.weight)


def _width(params):
    return params.weights.shape[1]


def _difference(plus, minus, positive, negative, rate):
    """rate x (mean over the data - mean over the model), for one layer."""
    by_plus, by_minus = rate / positive.weight, rate / negative.weight
    pairs = zip(plus, minus, strict=True)
    return type(plus)(*(by_plus * p - by_minus * m for p, m in pairs))
