"""Parts of the training of a Boltzmann machine, by the names of its parameters."""

import numpy as np

from ... import learning
from ...sampling import coupled, partly_known
from ...utils import check_betas, has_missing, stretched
from ..shared._validation import check_clamping_noise

_MOST_CHAINS = 1000  # unless asked for: batches may be as long as the data
_CHEAP = 2**10  # hidden states that are enumerated for every row of every batch
# Ackley, Hinton & Sejnowski (1985): 2 sweeps each at 20, 15 and 12, and 4 at 10.
_COOLING = tuple(1 / t for t in (2.0, 2.0, 1.5, 1.5, 1.2, 1.2, 1.0, 1.0, 1.0, 1.0))

GRADIENTS = {
    "plain": learning.PairwiseGradient,
    "centered": learning.CenteredPairwiseGradient,
    "sign": learning.SignedPairwiseGradient,
}


def _chains(machine):
    n_chains = machine.n_chains or min(machine.batch_size, _MOST_CHAINS)
    return learning.FreeChains(machine.k, n_chains)


def _schedule(machine):
    betas = check_betas(machine.betas, last=1)
    if isinstance(betas, int):
        betas = stretched(_COOLING, betas)
    return learning.Schedule(tuple(betas), machine.n_average)


def _inferred(infer, X):
    return learning.Inferred(infer, complete=not has_missing(X))


def _exact(machine, X, hidden):
    return _inferred(partly_known.exact, X), learning.FreeEnumeration()


def _persistent(machine, X, hidden):
    if coupled.n_states(hidden) <= _CHEAP:
        positive = _inferred(partly_known.exact, X)
        if positive.complete:
            return positive, _chains(machine)
    return learning.ClampedGibbs(machine.k), _chains(machine)


def _annealed(machine, X, hidden):
    schedule, free = _schedule(machine), _chains(machine)
    noise = check_clamping_noise(machine.clamping_noise)
    return (
        learning.AnnealedClamped(schedule, noise),
        learning.AnnealedFree(schedule, free.n_chains),
    )


def _by_mean_field(infer):
    return lambda machine, X, hidden: (_inferred(infer, X), _chains(machine))


# A function of the machine, the data and the mask of the hidden units: both phases.
PHASES = {
    "pcd": _persistent,
    "exact": _exact,
    "annealing": _annealed,
    "mean-field": _by_mean_field(learning.naive),
    "tap": _by_mean_field(learning.tap),
}


def finite_moments(X, pairs, weight):
    """Means and mean products of the data, refused where they overflow."""
    with np.errstate(over="ignore", invalid="ignore"):
        moments = learning.data_moments(X, pairs, weight)
    if not np.isfinite(moments).all():
        raise ValueError(
            "X has values whose products overflow; scale X to the range of the units."
        )
    return moments


def _by_moments(unit, X, pairs, weight, l1, l2):
    moments = learning.data_moments(X, pairs, weight)
    return learning.fit_moments(unit, moments, pairs, l2=l2)


def _by_pseudo_likelihood(unit, X, pairs, weight, l1, l2):
    return learning.fit_pseudo_likelihood(
        unit, X, pairs, weight=weight, l1=l1, l2=l2, tol=1e-7
    )


# Convex problems of fully visible machines, solved at once.
SOLVERS = {"moments": _by_moments, "pseudo-likelihood": _by_pseudo_likelihood}
