"""What a pairwise machine says of rows of which some units are known.

Summing the free units of a row gives F(known) = -log sum_free exp(-E), and its score is
-F - log Z.  Hidden units are never known: complete rows and rows with gaps are alike.
"""

import numpy as np

from ..models import Pairwise
from ..sampling import Purpose, Stream, clamped, clamped_chains, coupled
from ._estimate import Effort, estimate_log_partition

EXACT_TERMS = 10**6  # of the sum for one row: some milliseconds
_EFFORT = Effort(betas=300, n_chains=50)
_BETAS = np.linspace(0.02, 1, 50)  # of the sweeps before the averaged ones
_SWEEPS = 200


def is_exact(coupling):
    """Whether free units with these couplings are summed over all their states."""
    return coupled.n_terms(coupling) <= EXACT_TERMS


def clamped_free_energy(unit, params, known):
    """F(known) = -log sum_free exp(-E) of every row, in nats.

    Exact where the sum for a row takes at most 10^6 terms; else estimated by annealed
    importance sampling with 50 chains, unchecked, with the same noise for every row.

    Parameters
    ----------
    unit : TwoValuedUnit
    params : PairwiseParams
    known : ndarray of shape (n_rows, n_units)
        NaN where a unit is free.

    Returns
    -------
    ndarray of shape (n_rows,), float64

    Examples
    --------
    A free unit on which nothing depends adds its states: F falls by log 2.

    >>> import numpy as np
    >>> from skboltz.likelihood import clamped_free_energy
    >>> from skboltz.models import PairwiseParams
    >>> from skboltz.units import BERNOULLI, Bias
    >>> params = PairwiseParams(np.zeros((2, 2)), Bias(np.array([1.0, 0.0])))
    >>> clamped_free_energy(BERNOULLI, params, np.array([[1.0, np.nan]])).round(6)
    array([-1.693147])
    """
    free_energy = np.empty(len(known))
    for rest in clamped.rests(params, known):
        free_energy[rest.rows] = rest.energy - log_free_sum(unit, rest)
    return free_energy


def log_free_sum(unit, rest):
    """log of the sum over the free units of each row, exact or estimated."""
    if is_exact(rest.coupling):
        return coupled.log_partition(unit, rest.coupling, rest.field)
    return _estimated(unit, rest)


def _estimated(unit, rest):
    """log Z of what each row leaves free, by annealed importance sampling."""
    model, rows = Pairwise(unit), range(len(rest.rows))
    machines = (clamped.free_params(rest, row) for row in rows)
    found = (
        estimate_log_partition(model, params, method="ais", effort=_EFFORT)
        for params in machines
    )
    return np.array([estimate.value for estimate, _ in found])


def clamped_means(unit, params, known):
    """E[s | known] of every row; known units stay as they are.

    Exact where the sum for a row takes at most 10^6 terms; else its free units are
    annealed from a random start and averaged over 200 sweeps, with the same noise for
    every row.

    Parameters
    ----------
    unit : TwoValuedUnit
    params : PairwiseParams
    known : ndarray of shape (n_rows, n_units)
        NaN where a unit is free.

    Returns
    -------
    ndarray of shape (n_rows, n_units), float64
    """
    mean = known.astype(np.float64)
    for rest in clamped.rests(params, known):
        rows = rest.rows
        if is_exact(rest.coupling):
            found = clamped.exact(unit, rest.coupling, rest.field)[0]
            mean[np.ix_(rows, rest.free)] = found
        else:
            mean[rows] = annealed_means(unit, params, known[rows])
    return mean


def annealed_means(unit, params, known, key=(0, 0)):
    """As :func:`clamped_means`, always by annealed chains."""
    stream = Stream(key, Purpose.SAMPLE)
    chains = clamped_chains.init_hot(unit, params, known, stream, alike=True)
    chains = clamped_chains.run(unit, chains, _BETAS)
    total = 0.0
    for _ in range(_SWEEPS):
        chains = clamped_chains.step(unit, chains)
        total = total + clamped_chains.field_means(unit, chains).astype(np.float64)
    rows = known.astype(np.float64)
    rows[:, chains.places] = total / _SWEEPS
    return np.where(np.isnan(known), rows, known)


def conditional_gaps(unit, params, known, n_visible):
    """Log-odds of each visible unit to be high, all other visible units being known.

    F(v with unit i low) - F(v with unit i high), the hidden units summed out exactly
    in both; v_i itself counts for nothing.

    Parameters
    ----------
    unit : TwoValuedUnit
    params : PairwiseParams
    known : ndarray of shape (n_rows, n_units)
        NaN for hidden units, which are the last.
    n_visible : int

    Returns
    -------
    ndarray of shape (n_rows, n_visible), float64
    """
    gaps = np.empty((len(known), n_visible))
    for rest in clamped.rests(params, known):
        v = known[rest.rows, :n_visible].astype(np.float64)
        among = params.coupling[:n_visible, :n_visible].astype(np.float64)
        field = v @ among + params.units.bias[:n_visible]
        for i, weights in enumerate(params.coupling[n_visible:, :n_visible].T):
            gain = _hidden_gain(unit, rest, weights.astype(np.float64), v[:, i])
            gaps[rest.rows, i] = unit.span * field[:, i] + gain
    return gaps


def _hidden_gain(unit, rest, weights, value):
    """What the hidden units add: the change of their log Z as one unit goes high."""
    if not weights.any():
        return 0.0
    high, low = (
        coupled.log_partition(
            unit, rest.coupling, rest.field + np.outer(end - value, weights)
        )
        for end in (unit.high, unit.low)
    )
    return high - low
