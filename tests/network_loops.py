"""A feed-forward network by explicit loops, slow and obvious.

Nothing here imports the package.  A network is a list of (weights, bias) from the
features up, of logistic units but for a softmax at the end.
"""

import math

import numpy as np
from oracles import finite_difference, log_sum


def as_lists(arrays):
    """(weights, bias), one after the other, as pairs of lists."""
    arrays = [np.asarray(array, float).tolist() for array in arrays]
    return list(zip(arrays[::2], arrays[1::2], strict=True))


def logistic(field):
    if field < 0:
        return math.exp(field) / (1 + math.exp(field))
    return 1 / (1 + math.exp(-field))


def fields(layer, x):
    """b_j + sum_i W_ji x_i, term by term."""
    weights, bias = layer
    made = []
    for j in range(len(bias)):
        field = bias[j]
        for i in range(len(x)):
            field += weights[j][i] * x[i]
        made.append(field)
    return made


def pass_up(layers, x, masks=None):
    """The units of the last hidden layer, and log P(class) of each class.

    `masks` has factors of what every layer takes in, None for none.
    """
    masks = [None] * len(layers) if masks is None else masks
    for n, layer in enumerate(layers):
        taken = x
        if masks[n] is not None:
            taken = [value * factor for value, factor in zip(x, masks[n], strict=True)]
        field = fields(layer, taken)
        if n == len(layers) - 1:
            return x, [f - log_sum(field) for f in field]
        x = [logistic(f) for f in field]


def masks_of(masks, row):
    return [None if mask is None else mask[row].tolist() for mask in masks]


def log_likelihood(layers, rows, codes, weights, masks=None):
    """sum over the rows of weight x log P(class of the row)."""
    total = 0.0
    for r, x in enumerate(np.asarray(rows, float).tolist()):
        own = None if masks is None else masks_of(masks, r)
        total += weights[r] * pass_up(layers, x, own)[1][codes[r]]
    return total


def penalty(layers, l2):
    """l2/2 times the sum of all squared weights; biases cost nothing."""
    return l2 / 2 * sum(w**2 for weights, _ in layers for row in weights for w in row)


def slopes(arrays, objective):
    """Finite differences of objective(layers) by each of the arrays."""
    made = []
    for n, array in enumerate(arrays):

        def of_one(moved, n=n):
            return objective(as_lists([*arrays[:n], moved, *arrays[n + 1 :]]))

        made.append(finite_difference(of_one, array))
    return made
