"""What any model says of rows of its visible units, the hidden ones summed out.

Each question is a function of (model, params, v); another kind of model registers an
answer of its own.  Here `marginal_free_energy`, `conditional_means` and
`pseudo_log_likelihood`, whose files are about bipartite models, learn of pairwise ones.
"""

from functools import singledispatch

import numpy as np

from .._exceptions import EnumerationTooLargeError
from ..models import Bipartite, Pairwise
from ..sampling import partly_known
from ._marginal import conditional_means, marginal_free_energy
from ._partly_known import (
    conditional_gaps,
    is_exact,
    pairwise_free_energy,
    pairwise_means,
)
from ._pseudo import log_probability, pseudo_log_likelihood


@singledispatch
def visible_free_energy(model, params, v):
    """F(v) = -log sum_h exp(-E(v, h)) of rows without gaps, in nats.

    Parameters
    ----------
    model : Bipartite or Pairwise
        Another kind of model registers a function of its own.
    params : BipartiteParams or PairwiseParams
    v : ndarray of shape (n_samples, n_visible)

    Returns
    -------
    ndarray of shape (n_samples,)
        In the precision of the parameters.

    Examples
    --------
    Two visible spins that agree, and a hidden one that sees neither: -1 - log 2.

    >>> import numpy as np
    >>> from skboltz.likelihood import visible_free_energy
    >>> from skboltz.models import Pairwise, PairwiseParams
    >>> from skboltz.units import SPIN, Bias
    >>> coupling = np.zeros((3, 3))
    >>> coupling[0, 1] = coupling[1, 0] = 1.0
    >>> params = PairwiseParams(coupling, Bias(np.zeros(3)))
    >>> visible_free_energy(Pairwise(SPIN, 2), params, np.ones((1, 2))).round(6)
    array([-1.693147])
    """
    raise TypeError(f"no free energy is known of a {type(model).__name__}.")


@visible_free_energy.register
def _(model: Bipartite, params, v):
    return model.free_energy(params, v)


@visible_free_energy.register
@marginal_free_energy.register
def _(model: Pairwise, params, v):
    known = _known(params, v)
    found = pairwise_free_energy(model.unit, params, known)
    return found.astype(params.coupling.dtype)


@conditional_means.register
def _(model: Pairwise, params, v):
    means = pairwise_means(model.unit, params, _known(params, v))
    return means[:, : v.shape[1]], means[:, v.shape[1] :]


def visible_gaps(model, params, v):
    """Log-odds of every visible unit of a pairwise model given all the others.

    Parameters
    ----------
    model : Pairwise
    params : PairwiseParams
    v : ndarray of shape (n_samples, n_visible)

    Returns
    -------
    ndarray of shape (n_samples, n_visible), float64

    Raises
    ------
    EnumerationTooLargeError
        If hidden units that are coupled to each other are too many to enumerate.
    """
    hidden = params.coupling[v.shape[1] :, v.shape[1] :]
    if not is_exact(hidden):
        raise EnumerationTooLargeError(
            f"The {len(hidden)} hidden units are coupled to each other, and have "
            f"too many states to be summed out. Use score_samples, whose log Z "
            f"has an error bar, or fit with hidden_hidden=False or fewer units."
        )
    return conditional_gaps(model.unit, params, _known(params, v), v.shape[1])


@pseudo_log_likelihood.register
def _(model: Pairwise, params, v):
    share, gap = model.unit.share(v), visible_gaps(model, params, v)
    return log_probability(share, gap).sum(axis=1).astype(params.coupling.dtype)


def _known(params, v):
    """Rows of all units, of which the hidden ones, the last, are not known."""
    return partly_known.with_hidden(v, len(params.coupling) - np.shape(v)[1])
