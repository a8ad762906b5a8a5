"""Probabilities of classes, each a unit of which one is high."""

import numpy as np
from scipy.special import softmax

from ..sampling import Purpose, Stream, pairwise_chains, partly_known
from ._partly_known import log_free_sum
from ._visited import warn_of_rows

_BURN_IN, _SWEEPS = 50, 200
_CHAINS, _AGREEMENT = 4, 0.4


def class_proba(unit, params, known, first, n_classes):
    """P(class | all that is known) by clamping each class and comparing free energies.

    P(y | x) = exp(-F(x, y)) / sum_y' exp(-F(x, y')): log Z cancels.

    Parameters
    ----------
    unit : TwoValuedUnit
    params : PairwiseParams
    known : ndarray of shape (n_rows, n_units)
        NaN where a unit is free; the classes count for nothing.
    first : int
        Number of the unit of the first class.
    n_classes : int

    Returns
    -------
    ndarray of shape (n_rows, n_classes)

    Examples
    --------
    Two classes that nothing depends on but their own biases, 0 and log 3:

    >>> import numpy as np
    >>> from skboltz.likelihood import class_proba
    >>> from skboltz.models import PairwiseParams
    >>> from skboltz.units import BERNOULLI, Bias
    >>> params = PairwiseParams(np.zeros((3, 3)), Bias(np.log([1.0, 1.0, 3.0])))
    >>> class_proba(BERNOULLI, params, np.array([[1.0, 0.0, 0.0]]), 1, 2)
    array([[0.25, 0.75]])
    """
    base = known.astype(np.float64)
    base[:, first : first + n_classes] = unit.low
    log_weight, doubtful = np.empty((len(known), n_classes)), 0
    for rest in partly_known.rests(params, base):
        fields, gain = partly_known.one_high(
            unit, params, base[rest.rows], first, n_classes
        )
        found = [log_free_sum(unit, rest._replace(field=f)) for f in fields]
        log_sums, doubted = map(np.array, zip(*found, strict=True))
        log_weight[rest.rows] = gain + log_sums.T
        doubtful += doubted.any(axis=0).sum()
    warn_of_rows(doubtful, len(known))
    return softmax(log_weight, axis=1)


def sampled_class_proba(unit, params, known, first, n_classes):
    """As :func:`class_proba`, by chains of the hidden units and the class.

    The class is drawn given the hidden units, these are swept given the class, and the
    probabilities of the classes are averaged over 200 sweeps of four chains, which
    start from different classes. Every row sees the same noise.

    Warns
    -----
    UnreliableEstimateWarning
        If the chains of some rows give probabilities that are more than 0.4 apart.
    """
    chains = range(_CHAINS)
    found = [
        _chain_proba(unit, params, known, first, n_classes, chain) for chain in chains
    ]
    differ = np.ptp(found, axis=0).max(axis=1) > _AGREEMENT
    warn_of_rows(differ.sum(), len(known))
    return np.mean(found, axis=0)


def _chain_proba(unit, params, known, first, n_classes, chain):
    stream = Stream((0, 0), Purpose.SAMPLE, shard=chain)
    drawn = Stream((0, 0), Purpose.DATA, shard=chain)
    labels, total = np.full(len(known), chain % n_classes), 0.0
    chains = None
    for sweep in range(_BURN_IN + _SWEEPS):
        rows = _with_labels(unit, known, labels, first, n_classes)
        if chains is None:
            chains = pairwise_chains.init(unit, params, rows, stream, alike=True)
        else:
            chains = pairwise_chains.reclamped(unit, params, rows, chains)
        chains = pairwise_chains.step(unit, chains)
        states = pairwise_chains.filled(chains, rows)
        proba = _given_states(unit, params, states, first, n_classes)
        uniform = drawn._replace(step=sweep).generator().random()
        labels = (proba.cumsum(axis=1) < uniform).sum(axis=1).clip(max=n_classes - 1)
        total = total + proba * (sweep >= _BURN_IN)
    return total / _SWEEPS


def _with_labels(unit, known, labels, first, n_classes):
    rows = known.copy()
    rows[:, first : first + n_classes] = unit.low
    rows[np.arange(len(rows)), first + labels] = unit.high
    return rows


def _given_states(unit, params, states, first, n_classes):
    """P(class | all other units), one of the classes being high.

    Between two one-hot codes differ a unit of each; E of a code with class y, less what
    all codes share, is -gap(b_y + J_y s' + low sum_y' J_yy').
    """
    chosen = slice(first, first + n_classes)
    others = states.astype(np.float64)
    others[:, chosen] = unit.low
    field = others @ params.coupling[:, chosen] + params.units.bias[chosen]
    return softmax(unit.gap(field), axis=1)
