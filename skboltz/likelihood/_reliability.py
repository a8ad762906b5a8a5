"""Checks of an estimate of log Z: what must hold if the chains found the model."""

from functools import singledispatch

import numpy as np
from scipy.special import logsumexp

from ..models import Bipartite
from ..sampling import modes

# A correct estimate fails one of the first two with a probability of a few in 1000.
_DISAGREEMENT = 3.3  # standard errors between forward and reverse
_SEPARATION = 4.5  # standard errors between means, for some hundred features
_LEAST_SHARE = 0.15  # of the chains, that the effective sample size must reach
_LEAST_SIZE = 5.0  # below it standard errors are too small themselves
_LEAST_CHAINS = 60  # that can show that a quarter of them are apart from the others

_MORE_BETAS = "take more inverse temperatures, by betas of log_partition"
_MORE_CHAINS = "raise n_chains of log_partition"


def visited_bound(model, params, states):
    """A lower bound on log Z: the sum over the states seen.

    log Z = log sum_h f(h), f(h) = sum_v exp(-E(v, h)) > 0, is at least the sum over
    any distinct hidden states; for a pairwise model, over any states of all units.
    Nothing in it is random but which states those are.  Values of units that are not
    countable, such as Gaussian ones, have densities, of which no sum is a bound.

    Parameters
    ----------
    model : Bipartite or Pairwise
    params : BipartiteParams or PairwiseParams
    states : ndarray of shape (n_rows, n_hidden) or (n_rows, n_units)

    Returns
    -------
    bound : float
        In nats; minus infinity where the units that were seen are not countable.
    n_states : int

    Examples
    --------
    Two units without couplings or biases: each of two hidden states weighs 2.

    >>> import numpy as np
    >>> from skboltz.likelihood import visited_bound
    >>> from skboltz.models import Bipartite, BipartiteParams
    >>> from skboltz.units import BERNOULLI, Bias
    >>> params = BipartiteParams(
    ...     np.zeros((1, 1)), Bias(np.zeros(1)), Bias(np.zeros(1)))
    >>> rbm = Bipartite(BERNOULLI, BERNOULLI)
    >>> visited_bound(rbm, params, np.array([[0.0], [1.0], [1.0]]))
    (1.3862943611198906, 2)
    """
    states = np.unique(states, axis=0).astype(np.float64)
    if _unit_seen(model).n_states(states.shape[1]) == np.inf:
        return -np.inf, len(states)
    free_energy = _energy_of_seen(model, params, states)
    return float(logsumexp(-free_energy.astype(np.float64))), len(states)


@singledispatch
def _unit_seen(model):
    """Of which units the states are that are counted."""
    return model.unit


@_unit_seen.register
def _(model: Bipartite):
    return model.hidden_unit


@singledispatch
def _energy_of_seen(model, params, states):
    """Minus the logarithm of what states of the kind that is counted weigh."""
    return modes.free_energy(model, params, states)


@_energy_of_seen.register
def _(model: Bipartite, params, states):
    return model.swap().free_energy(model.swap_params(params), states)


def seen_bound(model, params, visible):
    """The best bound that visible states give, by themselves or by their partners.

    Parameters
    ----------
    model : Bipartite or Pairwise
    params : BipartiteParams or PairwiseParams
    visible : ndarray of shape (n_rows, n_visible)

    Returns
    -------
    float
        Minus infinity where no units are countable.
    """
    partners = modes.partners(model, params, visible)
    return max(
        visited_bound(*side)[0] for side in _sides(model, params, visible, partners)
    )


@singledispatch
def _sides(model, params, visible, partners):
    """Every way to count what was seen."""
    return [(model, params, visible)]


@_sides.register
def _(model: Bipartite, params, visible, partners):
    return [
        (model, params, partners),
        (model.swap(), model.swap_params(params), visible),
    ]


def chains_apart(model, params, first, second):
    """How far two sets of chains are apart, in standard errors.

    The largest over the visible units and the free energy of the difference of their
    means by its standard error; chains that forgot where they started are within 4.
    """
    gaps = [_gap(first, second)]
    energies = (modes.free_energy(model, params, v)[:, None] for v in (first, second))
    gaps.append(_gap(*energies))
    return float(np.concatenate(gaps).max())


def _gap(first, second):
    """Differences of means by the standard error if both come from one law."""
    first, second = (np.asarray(a, dtype=np.float64) for a in (first, second))
    variance = np.concatenate([first, second]).var(axis=0)
    error = np.sqrt(variance * (1 / len(first) + 1 / len(second)))
    gap = np.abs(first.mean(axis=0) - second.mean(axis=0))
    return gap / np.where(error > 0, error, np.inf)


def doubts(estimate, n_chains, bound=None, apart=None):
    """Reasons not to trust an estimate, as sentences; none if all checks hold.

    Parameters
    ----------
    estimate : LogPartition
    n_chains : int
    bound : float, default=None
        A value that log Z is not below.
    apart : float, default=None
        What :func:`chains_apart` gave of chains from different starts.
    """
    missed = [_apart(apart, n_chains), _below(estimate, bound)]
    reasons = [_few_chains(estimate, n_chains), _disagreement(estimate, any(missed))]
    return [reason for reason in reasons + missed if reason]


def least_size(n_chains):
    """The least effective sample size at which weights of chains are trusted."""
    return max(_LEAST_SIZE, _LEAST_SHARE * n_chains)


def _few_chains(estimate, n_chains):
    size = estimate.effective_sample_size
    if size >= least_size(n_chains):
        return None
    # The share that carries the weight is the same of any number of chains.
    too_few = size >= _LEAST_SHARE * n_chains
    remedy = _MORE_CHAINS if too_few else _MORE_BETAS
    return (
        f"the weights of {n_chains} chains are worth {size:.1f} equal ones (effective "
        f"sample size): {remedy}"
    )


def _disagreement(estimate, missed):
    gap = estimate.reverse - estimate.forward
    # Only chains that have met the whole model enclose its log Z.
    between = f": the true value is likely between them; {_MORE_BETAS}"
    remedy = "" if missed else between
    if abs(gap) > _DISAGREEMENT * estimate.gap_error:
        return (
            f"forward and reverse estimates disagree, {estimate.forward:.2f} and "
            f"{estimate.reverse:.2f} nats, by {abs(gap) / estimate.gap_error:.1f} "
            f"standard errors{remedy}"
        )
    return None


def _apart(apart, n_chains):
    if apart is None:
        return None
    if n_chains < _LEAST_CHAINS:
        return (
            f"{n_chains} chains are too few to tell whether those from different "
            f"starts have met: take n_chains={_LEAST_CHAINS} or more"
        )
    if apart > _SEPARATION:
        return (
            f"chains that started at modes of the model have not met those that came "
            f"from independent units ({apart:.1f} standard errors apart): raise "
            f"n_sweeps of log_partition; the estimate is that of the latter, and falls "
            f"short if the modes weigh more than they"
        )
    return None


def _below(estimate, bound):
    if bound is not None and bound > estimate.value + 3 * estimate.standard_error:
        return (
            f"log Z is surely not below {bound:.2f} nats, a bound from the modes that "
            f"descent found, but the estimate is {estimate.value:.2f}: the chains have "
            f"not met the states that carry the most weight; the value returned is "
            f"the bound"
        )
    return None
