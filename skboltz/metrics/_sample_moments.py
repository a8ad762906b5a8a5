"""Moments of samples against those of held-out data."""

from numbers import Integral
from typing import NamedTuple

import numpy as np
from scipy.special import comb
from sklearn.utils import check_array, gen_batches
from sklearn.utils.random import sample_without_replacement

MAX_TERMS = 10_000  # of third order: all of them up to 40 features
_BLOCK = 2**21  # products of three features held at a time: 16 MiB


class Score(NamedTuple):
    """A score of samples, and the same score of data in their place.

    Attributes
    ----------
    value : float
    baseline : float or None
        What perfect samples would get; None where no reference was given.

    Examples
    --------
    >>> from skboltz.metrics import Score
    >>> Score(value=0.93, baseline=0.49).baseline
    0.49
    """

    value: float
    baseline: float | None


class MomentErrors(NamedTuple):
    """How far the moments of samples lie from those of held-out data.

    Attributes
    ----------
    rms : Score
        Root mean square of the differences; 0 where all moments agree.
    correlation : Score
        Pearson's correlation of the moments of both sets; NaN where those of one
        set are all equal.
    n_terms : int
        How many moments were compared.
    """

    rms: Score
    correlation: Score
    n_terms: int


def moment_errors(
    samples, held_out, *, order, reference=None, max_terms=MAX_TERMS, random_state=None
):
    """Differences between the moments of samples and those of held-out data.

    With c = x - mean(x) over the n rows of a set, the moments are unbiased:
    mean(x_i) for order 1; sum(c_i c_j) / (n - 1) over all pairs i < j for order 2;
    n sum(c_i c_j c_k) / ((n - 1) (n - 2)) over triples i < j < k for order 3, which
    is the third cumulant.  Triples show what a model of pairs alone cannot learn.

    Parameters
    ----------
    samples : array-like of shape (n_samples, n_features)
    held_out : array-like of shape (n_held_out, n_features)
    order : {1, 2, 3}
    reference : array-like of shape (n_reference, n_features), default=None
        Other rows of data, scored as the samples are: the baseline.  Noise adds to the
        error of a small set: give as many rows as there are samples.
    max_terms : int, default=10_000
        For order 3, all triples if there are no more than this, otherwise this many
        of them, drawn without replacement and the same for all sets.
    random_state : int, RandomState instance or None, default=None
        Draws the triples; of no effect where all are used.

    Returns
    -------
    MomentErrors
        rms = sqrt(mean((m_samples - m_held_out)^2)) over the moments m, and their
        correlation.

    Raises
    ------
    ValueError
        If a set has NaN or infinity, too few rows (2, for order 3 three), fewer
        features than `order` or not those of `held_out`.

    Examples
    --------
    The covariance is 1/2 in the samples, where both features agree, and -1/2 in the
    data; a single moment has no correlation.

    >>> from skboltz.metrics import moment_errors
    >>> errors = moment_errors([[0, 0], [1, 1]], [[0, 1], [1, 0]], order=2)
    >>> errors.rms
    Score(value=1.0, baseline=None)
    >>> errors.correlation.value
    nan
    """
    if order not in (1, 2, 3):
        raise ValueError(f"order must be 1, 2 or 3, found {order!r}.")
    _check_count(max_terms, "max_terms")
    least = 3 if order == 3 else 2
    samples, held_out, reference = checked_sets(
        least, samples=samples, held_out=held_out, reference=reference
    )
    n_features = held_out.shape[1]
    if n_features < order:
        raise ValueError(
            f"order is {order}, but held_out has {n_features} feature(s); moments of "
            f"order {order} need at least {order}."
        )
    if order == 3:
        triples = _triples(n_features, max_terms, random_state)
    moments = {1: _means, 2: _covariances, 3: lambda x: _third_cumulants(x, triples)}
    target = moments[order](held_out)
    found = moments[order](samples)
    other = None if reference is None else moments[order](reference)
    return MomentErrors(
        score(lambda m: _rms(m - target), found, other),
        score(lambda m: _correlation(m, target), found, other),
        len(target),
    )


def _means(rows):
    return rows.mean(axis=0)


def _covariances(rows):
    c = _centred(rows)
    return (c.T @ c / (len(c) - 1))[np.triu_indices(c.shape[1], 1)]


def _third_cumulants(rows, triples):
    c, n = _centred(rows).T.copy(), len(rows)  # a feature contiguous in memory
    sums = [
        np.einsum("tn,tn->t", c[i] * c[j], c[k])
        for i, j, k in (
            triples[:, terms]
            for terms in gen_batches(triples.shape[1], max(1, _BLOCK // n))
        )
    ]
    return np.concatenate(sums) * (n / ((n - 1) * (n - 2)))


def _centred(rows):
    """Rows minus their mean; exactly 0 in a feature that never changes."""
    rows = rows - rows[0]  # the mean of equal values may be off by one rounding
    return rows - rows.mean(axis=0)


def _triples(n_features, max_terms, random_state):
    """Features i < j < k of all triples, or of max_terms of them: (3, n_terms).

    Triple number C(k, 3) + C(j, 2) + i, the combinatorial number system: any of
    them can be drawn without a list of them all.
    """
    total = comb(n_features, 3, exact=True)
    numbers = np.arange(min(total, max_terms))
    if total > max_terms:
        numbers = sample_without_replacement(
            total, max_terms, random_state=random_state
        )
    k, numbers = _last_feature(numbers, n_features, 3)
    j, i = _last_feature(numbers, n_features, 2)
    return np.stack([i, j, k])


def _last_feature(numbers, n_features, order):
    """Largest feature of numbered combinations, and the number of the others."""
    first = np.array([comb(k, order, exact=True) for k in range(n_features)])
    last = np.searchsorted(first, numbers, side="right") - 1
    return last, numbers - first[last]


def _rms(differences):
    return float(np.sqrt(np.mean(differences**2)))


def _correlation(a, b):
    """Pearson's correlation; NaN where one of both does not vary."""
    a, b = _centred(a), _centred(b)
    scale = np.linalg.norm(a) * np.linalg.norm(b)
    return float(a @ b / scale) if scale > 0 else float("nan")


def score(measure, found, other):
    """A measure of what was found, beside that of the reference, if there is one."""
    return Score(measure(found), None if other is None else measure(other))


def checked_sets(least, **sets):
    """Sets of rows as finite arrays in double precision; some may be None."""
    sets = {
        name: None
        if rows is None and name == "reference"
        else _checked_rows(rows, name, least)
        for name, rows in sets.items()
    }
    n_features = sets["held_out"].shape[1]
    for name, rows in sets.items():
        if rows is not None and rows.shape[1] != n_features:
            raise ValueError(
                f"{name} has {rows.shape[1]} features, but held_out has {n_features}; "
                f"give both the same columns."
            )
    return tuple(sets.values())


def _checked_rows(rows, name, least):
    rows = check_array(
        rows,
        dtype=np.float64,
        ensure_2d=False,
        allow_nd=True,
        ensure_all_finite=False,
        ensure_min_samples=0,
        ensure_min_features=0,
        input_name=name,
    )
    if rows.ndim != 2 or rows.shape[1] == 0:
        raise ValueError(
            f"{name} has shape {rows.shape}, but must be 2-dimensional, "
            f"(n_rows, n_features); for one feature use reshape(-1, 1)."
        )
    if len(rows) < least:
        raise ValueError(
            f"{name} has {len(rows)} row(s), but at least {least} are needed; "
            f"give more rows."
        )
    if not np.isfinite(rows).all():
        raise ValueError(
            f"{name} contains NaN or infinity; impute or drop such rows first."
        )
    return rows


def _check_count(value, name):
    if not isinstance(value, Integral) or value < 1:
        raise ValueError(f"{name} must be an integer >= 1, found {value!r}.")
