"""log Z exactly: some units enumerated, the others summed in closed form."""

import numpy as np
from scipy.special import logsumexp

from ..sampling import blocks, in_float64
from ._log_partition import LogPartition

TRACTABLE_TERMS = 10**8


def n_terms(model, params):
    """Length of the sum that gives Z: states enumerated x terms for each."""
    unit, n_units, terms, _ = model.small_side(params)
    return unit.n_states(n_units) * terms


def is_tractable(model, params):
    """Whether enumeration takes seconds: at most about 10^8 terms.

    Examples
    --------
    >>> import numpy as np
    >>> from skboltz.likelihood import is_tractable
    >>> from skboltz.models import Pairwise, PairwiseParams
    >>> from skboltz.units import SPIN, Bias
    >>> coupling = np.ones((40, 40)) - np.eye(40)
    >>> params = PairwiseParams(coupling, Bias(np.zeros(40)))
    >>> is_tractable(Pairwise(SPIN), params)  # 2^39 x 40
    False

    Units without couplings among each other cost nothing: of a star of 40 units
    only the hub is enumerated.

    >>> coupling[1:, 1:] = 0
    >>> is_tractable(Pairwise(SPIN), params)  # 2 x 40
    True
    """
    return n_terms(model, params) <= TRACTABLE_TERMS


def exact_log_partition(model, params):
    """log Z by enumerating the smaller side, in float64.

    For a bipartite model Z = sum_h exp(c'h + sum_i log z_i(b_i + (W'h)_i)), z_i
    the sum over the values of visible unit i, or the same with the layers
    exchanged.  For a pairwise model the units of an independent set are summed in
    the same way, and all states of the others are visited.

    Parameters
    ----------
    model : Bipartite or Pairwise
    params : BipartiteParams or PairwiseParams

    Returns
    -------
    LogPartition
        With `standard_error` 0 and `method` "exact".

    Examples
    --------
    Without couplings Z is a product: here 2 cosh(0) twice, so log Z = 2 log 2.

    >>> import numpy as np
    >>> from skboltz.likelihood import exact_log_partition
    >>> from skboltz.models import Pairwise, PairwiseParams
    >>> from skboltz.units import SPIN, Bias
    >>> params = PairwiseParams(np.zeros((2, 2)), Bias(np.zeros(2)))
    >>> round(exact_log_partition(Pairwise(SPIN), params).value, 6)
    1.386294
    """
    unit, n_units, terms, free_energy = model.small_side(in_float64(params))
    parts = [logsumexp(-free_energy(s)) for s in blocks(unit, n_units, terms)]
    return LogPartition(float(logsumexp(parts)), 0.0, "exact")


def exact_log_likelihood(model, params, v, log_partition):
    """log P(v) = -F(v) - log Z of every row, in nats."""
    return -model.free_energy(params, v) - np.float64(log_partition.value)
