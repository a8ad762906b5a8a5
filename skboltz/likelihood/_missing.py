"""What a bipartite model says of rows of which only some features are known.

Given the known features K, the missing ones M and the hidden units are a bipartite
model of their own: hidden biases c + W_K v_K, weights W_M, visible biases b_M. Its Z
is what the known features weigh, its moments are what they make of the rest.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp

from ..models import BipartiteParams
from ..sampling import Purpose, Stream, blocks, clamping, in_float64
from ._estimate import Effort, estimate_log_partition

EXACT_TERMS = 10**5  # of the sum for one row: about a millisecond
_BURN_IN, _SWEEPS = 50, 200
_EFFORT = Effort(betas=300, n_chains=50)


class Posterior(NamedTuple):
    """Of one row, given what is known of it.

    Attributes
    ----------
    log_weight : float
        log of the sum of exp(-E) over the missing and the hidden units, without the
        base energy of the known units.
    missing : ndarray of shape (n_missing,)
        Means of the missing units.
    hidden : ndarray of shape (n_hidden,)
        Means of the hidden units.
    """

    log_weight: float
    missing: np.ndarray
    hidden: np.ndarray


def marginal_free_energy(model, params, v):
    """F(known) = -log sum over missing and hidden of exp(-E), a value for each row.

    Exact where either the missing or the hidden units can be enumerated in 10^5
    terms; else estimated by annealed importance sampling with 50 chains, unchecked,
    with the same noise for every row.

    Parameters
    ----------
    model : Bipartite
    params : BipartiteParams
    v : ndarray of shape (n_samples, n_visible)
        NaN where a feature is missing.

    Returns
    -------
    ndarray of shape (n_samples,), float64

    Examples
    --------
    With a unit missing that nothing depends on, its states add up: F falls by log 2.

    >>> import numpy as np
    >>> from skboltz.likelihood import marginal_free_energy
    >>> from skboltz.models import Bipartite, BipartiteParams
    >>> from skboltz.units import BERNOULLI, Bias
    >>> params = BipartiteParams(
    ...     np.array([[0.0, 1.0]]), Bias(np.zeros(2)), Bias(np.zeros(1)))
    >>> rbm = Bipartite(BERNOULLI, BERNOULLI)
    >>> v = np.array([[np.nan, 0.0]])
    >>> marginal_free_energy(rbm, params, v).round(6)  # -log 4
    array([-1.386294])
    """
    params = in_float64(params)
    return np.array([_free_energy(model, params, row) for row in v], dtype=np.float64)


def _free_energy(model, params, row):
    row = model.visible_unit.implied(row.astype(np.float64))
    missing = np.isnan(row)
    known = _part(params.visible, ~missing)
    unit = model.visible_unit.restricted(~missing)
    energy = unit.base_energy(known, row[None, ~missing])[0]
    rest_model, rest = reduced(model, params, row)
    if is_exact(rest_model, rest):
        return energy - posterior(rest_model, rest).log_weight
    estimate, _ = estimate_log_partition(rest_model, rest, method="ais", effort=_EFFORT)
    return energy - estimate.value


def conditional_means(model, params, v):
    """E[v | known] and E[h | known] of every row; known features stay as they are.

    Exact where either the missing or the hidden units can be enumerated in 10^5
    terms; else averaged over 200 sweeps of a Gibbs chain, with the same noise for
    every row.

    Parameters
    ----------
    model : Bipartite
    params : BipartiteParams
    v : ndarray of shape (n_samples, n_visible)
        NaN where a feature is missing.

    Returns
    -------
    visible : ndarray of shape (n_samples, n_visible)
    hidden : ndarray of shape (n_samples, n_hidden)
    """
    visible = model.visible_unit.implied(v.astype(np.float64))
    hidden = np.empty((len(v), len(params.weights)))
    double = in_float64(params)
    left = []
    for i, row in enumerate(visible):
        rest_model, rest = reduced(model, double, row)
        if is_exact(rest_model, rest):
            found = posterior(rest_model, rest)
            visible[i, np.isnan(row)], hidden[i] = found.missing, found.hidden
        else:
            left.append(i)
    if left:
        given = v[left].astype(params.weights.dtype)
        stream = Stream((0, 0), Purpose.SAMPLE)
        effort = _BURN_IN, _SWEEPS
        found = clamping.means(model, params, given, stream, *effort)
        visible[left], hidden[left] = found
    return visible, hidden


def reduced(model, params, row):
    """The model of the missing and the hidden units of one row, and its parameters.

    `row` is as `implied` completes it: what is known leaves no choice but of what is
    missing.  Known units act on the hidden ones like biases: exact for two-valued
    hidden units, whose field is their bias plus their input.
    """
    missing = np.isnan(row)
    known = model.visible_unit.restricted(~missing).statistic(
        _part(params.visible, ~missing), row[None, ~missing]
    )
    input = (known @ params.weights[:, ~missing].T)[0]
    rest = BipartiteParams(
        params.weights[:, missing],
        _part(params.visible, missing),
        params.hidden._replace(bias=params.hidden.bias + input),
    )
    return replace(model, visible_unit=model.visible_unit.restricted(missing)), rest


def _part(params, index):
    return type(params)(*(array[index] for array in params))


def is_exact(model, rest):
    """Whether the sum over one side takes no more than 10^5 terms."""
    unit, n_units, n_terms, _ = model.small_side(rest)
    return unit.n_states(n_units) * max(n_terms, 1) <= EXACT_TERMS


def posterior(model, rest):
    """Weight and moments of a small bipartite model, by its smaller side."""
    n_hidden, n_missing = rest.weights.shape
    if model.enumerates_visible(n_missing, n_hidden):
        return _by_enumeration(model, rest)
    mirrored = _by_enumeration(model.swap(), model.swap_params(rest))
    return Posterior(mirrored.log_weight, mirrored.hidden, mirrored.missing)


def _by_enumeration(model, rest):
    """Moments by all states of the visible layer, the hidden one in closed form."""
    n_hidden, n_visible = rest.weights.shape
    parts = []
    for states in blocks(model.visible_unit, n_visible, n_hidden):
        log_weights = -model.free_energy(rest, states)
        total = logsumexp(log_weights)
        share = np.exp(log_weights - total)
        hidden = model.hidden_unit.mean(rest.hidden, model.hidden_field(rest, states))
        parts.append((total, share @ states, share @ hidden))
    totals, visible, hidden = zip(*parts, strict=True)
    log_weight = logsumexp(totals)
    share = np.exp(np.array(totals) - log_weight)
    return Posterior(
        float(log_weight), share @ np.array(visible), share @ np.array(hidden)
    )
