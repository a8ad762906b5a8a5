"""The density of every Gaussian visible unit given all the others."""

import numpy as np

from ..sampling import in_float64

_SPACING = 0.75  # of the points of the trapezoidal rule, in standard deviations
_MARGIN = 9.0  # beyond the outermost components, likewise
_BLOCK_ELEMENTS = 2**20


def density_of_each(model, params, v):
    """sum_i log p(v_i | all other visible units), shape (n_samples,).

    p(x | the others) is proportional to exp(-(x - b_i)^2 / (2 s_i^2)) times the sum
    over the hidden states, which for every x is a product: a mixture of normal
    distributions of variance s_i^2, integrated by the trapezoidal rule.  With points
    0.75 s apart its relative error is 2 exp(-2 (pi / 0.75)^2), about 1e-15.
    """
    double = in_float64(params)
    size = max(1, _BLOCK_ELEMENTS // (64 * len(params.weights)))
    parts = [v[start : start + size] for start in range(0, len(v), size)]
    return np.concatenate([_of_block(model, double, part) for part in parts])


def _of_block(model, params, v):
    v = v.astype(np.float64)
    field, total = model.hidden_field(params, v), np.zeros(len(v))
    for i in range(v.shape[1]):
        points = _points(model, params, i)
        own = _log_weight(model, params, field, v[:, i], i, v[:, i])
        rest = np.stack(
            [_log_weight(model, params, field, v[:, i], i, x) for x in points]
        )
        largest = rest.max(axis=0)
        step = points[1] - points[0]
        total += own - largest - np.log(step * np.exp(rest - largest).sum(axis=0))
    return total


def _points(model, params, i):
    """Values of a unit that reach beyond all components of the mixture."""
    unit, weights = model.hidden_unit, params.weights[:, i]
    ends = np.sort([unit.low * weights, unit.high * weights], axis=0).sum(axis=1)
    sigma = np.exp(0.5 * params.visible.log_variance[i])
    low, high = params.visible.bias[i] + ends + sigma * np.array([-_MARGIN, _MARGIN])
    return np.linspace(low, high, int(np.ceil((high - low) / (_SPACING * sigma))) + 1)


def _log_weight(model, params, field, old, i, new):
    """-F of rows but for what does not change, if one unit goes from old to new."""
    unit, variance = model.hidden_unit, np.exp(params.visible.log_variance[i])
    change = np.asarray((new - old) / variance)
    moved = field + change[:, None] * params.weights[:, i]
    marginal = unit.log_partition(params.hidden, moved).sum(axis=1)
    return marginal - (new - params.visible.bias[i]) ** 2 / (2 * variance)
