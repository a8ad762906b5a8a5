"""Lower bounds on the log-likelihood of a deep belief network.

With h drawn from q(h | v), the weight w = P(v, h) / q(h | v) has the mean P(v).  By
Jensen's inequality its logarithm has a mean of at most log P(v): the variational bound

    E_q[log P(v, h)] + H(q) <= log P(v)

(Hinton, Osindero & Teh 2006; Salakhutdinov & Murray 2008, "On the quantitative analysis
of deep belief networks").  The logarithm of the mean of K weights lies between the two,
the closer to log P(v) the larger K (Burda, Grosse & Salakhutdinov 2016, "Importance
weighted autoencoders").  Here log Z of the top RBM has not been subtracted yet.
"""

import numpy as np
from scipy.special import logsumexp

from ..models import with_labels
from ..sampling import Purpose, Stream, ancestral, belief_chains, in_float64
from ..utils import has_missing
from ._marginal import marginal_free_energy


def log_weights(net, params, v, key, n_samples, labels=None):
    """log of P(v, h) Z / q(h | v) for h drawn from q, in float64.

    The hidden units of the top RBM are summed out.  Every row has the same noise, so
    that what is made of the weights of a row depends on no other row.  Without directed
    layers all weights of a row are exp(-F(v)).

    Parameters
    ----------
    net : BeliefNetwork
    params : BeliefParams
    v : ndarray of shape (n_rows, n_visible)
        Where a feature is missing (NaN), P(v, h) is of the known ones, and q is given a
        guess of it, by passes up and down from nothing.
    key : tuple of two int
    n_samples : int
    labels : ndarray of shape (n_rows, n_labels), default=None
        With them, the weights are of P(v, labels, h).

    Returns
    -------
    ndarray of shape (n_samples, n_rows)

    Examples
    --------
    >>> import numpy as np
    >>> from skboltz.likelihood import importance_bound, log_weights, lower_bound
    >>> from skboltz.models import BeliefNetwork, Bipartite, BipartiteParams, untied
    >>> from skboltz.units import BERNOULLI, Bias
    >>> rbm = Bipartite(BERNOULLI, BERNOULLI)
    >>> stack = [
    ...     BipartiteParams(np.full((2, 2), w), Bias(np.zeros(2)), Bias(np.zeros(2)))
    ...     for w in (2.0, 0.0)
    ... ]
    >>> net, params = BeliefNetwork((rbm,), rbm), untied(stack[:1], stack[1])
    >>> weights = log_weights(net, params, np.eye(2), (3, 4), n_samples=8)
    >>> weights.shape
    (8, 2)
    >>> bool((lower_bound(weights) < importance_bound(weights)).all())
    True
    """
    params, v = in_float64(params), v.astype(np.float64)
    stream, weights = Stream(key, Purpose.RECOGNITION), []
    if not net.layers and has_missing(v):
        free_energy = marginal_free_energy(net.top, params.top, with_labels(v, labels))
        return np.repeat(-free_energy[None], n_samples, axis=0)
    guess = belief_chains.settled(net, params, v)
    for _ in range(n_samples if net.layers else 1):
        states, stream = ancestral.recognise_alike(net, params, guess, stream)
        log_q = net.log_recognition(params, states)
        weights.append(_log_joint(net, params, [v, *states[1:]], labels) - log_q)
    return np.repeat(weights, n_samples // len(weights), axis=0)


def lower_bound(log_weights):
    """Mean log weight of each row: in expectation the variational bound + log Z."""
    return log_weights.mean(axis=0)


def importance_bound(log_weights):
    """log of the mean weight of each row, which is P(v) Z in expectation.

    Never below :func:`lower_bound` of the same weights.
    """
    return logsumexp(log_weights, axis=0) - np.log(len(log_weights))


def _log_joint(net, params, states, labels):
    return net.log_joint(params, [*states[:-1], with_labels(states[-1], labels)])
