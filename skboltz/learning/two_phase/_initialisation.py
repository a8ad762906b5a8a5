"""Where a training starts."""

import numpy as np

from ...models import BipartiteParams, PairwiseParams
from ...units import SPIN, Bias

WEIGHT_SCALE = 0.01
COUPLING_SCALE = 0.1  # at 0.01 a parity, of no linear part, takes ten times as long


def smoothed_mean(unit, mean, total_weight):
    """A mean moved off the limits of the unit, as if two more samples were seen.

    One more sample at each value (Laplace's rule) keeps the log-odds finite; data
    outside the range of the unit count as if at its limit.
    """
    return unit.smoothed(mean, total_weight)


def initial_params(model, stream, visible_mean, total_weight, n_hidden, dtype):
    """Weights from N(0, 0.01^2), visible biases at what the means of the data ask for.

    Log-odds of bits, logarithms of the rates of counts, means of reals.  Hinton (2012),
    "A practical guide to training restricted Boltzmann machines", section 8.  Hidden
    biases start at zero, and all variances at one.

    Parameters
    ----------
    model : Bipartite
    stream : Stream
        Of the noise, for example of the purpose ``Purpose.WEIGHTS``.
    visible_mean : ndarray of shape (n_visible,)
        Means of the data.
    total_weight : float
        Number of the rows, or sum of their weights: means at the limits of a unit are
        taken as nearly so as that many rows can tell.
    n_hidden : int
    dtype : dtype

    Returns
    -------
    BipartiteParams
    """
    hidden = model.hidden_unit.parameters
    visible = _log_odds(model.visible_unit, visible_mean, total_weight)
    size = (n_hidden, len(visible_mean))
    weights = WEIGHT_SCALE * stream.generator().standard_normal(size)
    return BipartiteParams(
        weights.astype(dtype),
        type(visible)(*(part.astype(dtype) for part in visible)),
        hidden(*(np.zeros(n_hidden, dtype=dtype) for _ in hidden._fields)),
    )


def initial_pairwise_params(model, stream, visible_mean, total_weight, mask, dtype):
    """As :func:`initial_params`, for the pairs that a mask allows.

    Only couplings of hidden units need to differ from each other at the start, and
    come from N(0, 0.1^2): those among visible units begin at zero.  Of values farther
    apart than spins, their products with the values are those of spins; of values
    that do not enclose 0, biases take back what the couplings add at the nearer one.
    """
    unit = model.unit
    visible = _log_odds(unit, visible_mean, total_weight).bias
    bias = np.zeros(len(mask))
    bias[: len(visible)] = visible
    _, spin = SPIN.in_terms_of(unit)  # how far one moves as the unit moves by 1
    scale = COUPLING_SCALE * min(1.0, spin) ** 2
    drawn = np.triu(mask, 1)
    drawn[: len(visible), : len(visible)] = False
    coupling = np.zeros(mask.shape)
    size = np.count_nonzero(drawn)
    coupling[drawn] = scale * stream.generator().standard_normal(size)
    coupling += coupling.T
    bias -= np.clip(0, unit.low, unit.high) * coupling.sum(axis=1)
    return PairwiseParams(coupling.astype(dtype), Bias(bias.astype(dtype)))


def _log_odds(unit, mean, total_weight):
    """Biases at which free units have nearly these means."""
    # In float32 the two samples are lost beside 2^24 others, and the log-odds infinite.
    mean = smoothed_mean(unit, mean.astype(np.float64), np.float64(total_weight))
    return unit.free_params(mean)
