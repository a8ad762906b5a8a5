"""Scores of samples against held-out data, each beside that of data against data."""

from numbers import Real
from typing import NamedTuple

import numpy as np
from scipy.spatial.distance import pdist
from sklearn.utils import check_random_state, gen_batches

from ._sample_moments import (
    MAX_TERMS,
    MomentErrors,
    Score,
    checked_sets,
    moment_errors,
    score,
)

_BLOCK = 2**21  # distances held at a time: 16 MiB
_BANDWIDTH_ROWS = 1000  # whose half million distances give the median


class MaximumMeanDiscrepancy(NamedTuple):
    """Squared maximum mean discrepancy, and the kernel it was measured with.

    Attributes
    ----------
    squared : Score
        Unbiased: 0 on average for equal distributions, so it can be negative.
    bandwidth : float
        Standard deviation of the Gaussian kernel.
    """

    squared: Score
    bandwidth: float


class AdversarialAccuracy(NamedTuple):
    """Accuracy of a nearest-neighbour adversary, and its two halves.

    Attributes
    ----------
    accuracy : Score
        Mean of the two halves: 1/2 is ideal.
    of_held_out : Score
        On held-out rows; high where samples miss a part of the data.
    of_samples : Score
        On samples; high where they lie off the data.
    """

    accuracy: Score
    of_held_out: Score
    of_samples: Score


class SampleQuality(NamedTuple):
    """Every score of samples against held-out data, beside its baseline.

    Attributes
    ----------
    means, covariances, third_cumulants : MomentErrors
        The last two None where there are fewer than 2 and 3 features.
    mmd : MaximumMeanDiscrepancy
    adversarial_accuracy : AdversarialAccuracy
    n_rows : int
        Of every set, after they were cut to equal sizes.
    """

    means: MomentErrors
    covariances: MomentErrors | None
    third_cumulants: MomentErrors | None
    mmd: MaximumMeanDiscrepancy
    adversarial_accuracy: AdversarialAccuracy
    n_rows: int


def mmd(samples, held_out, *, bandwidth=None, reference=None, random_state=None):
    """Unbiased squared maximum mean discrepancy under a Gaussian kernel.

    With k(x, y) = exp(-norm(x - y)^2 / (2 bandwidth^2)), it is the mean of k over pairs
    of distinct samples, plus its mean over pairs of distinct held-out rows, minus
    twice its mean over all pairs of a sample and a held-out row (Gretton et al.
    2012, A kernel two-sample test, eq. 3).

    Parameters
    ----------
    samples : array-like of shape (n_samples, n_features)
    held_out : array-like of shape (n_held_out, n_features)
    bandwidth : float, default=None
        By default the median distance between two held-out rows; if that is 0, as
        where most rows are equal, the median of the distances above 0.  Samples
        have no part in it, so that models are measured by the same kernel.
    reference : array-like of shape (n_reference, n_features), default=None
        Other rows of data, scored as the samples are: the baseline; as many of them
        vary as much.
    random_state : int, RandomState instance or None, default=None
        Draws the 1000 rows that give the default bandwidth where there are more.

    Returns
    -------
    MaximumMeanDiscrepancy

    Raises
    ------
    ValueError
        If a set has NaN or infinity, fewer than 2 rows or not the features of
        `held_out`; if `bandwidth` is not positive, or is to be found from rows that
        are all equal.

    Notes
    -----
    At most 2^21 distances (16 MiB), or those of one row, are held at a time.

    Examples
    --------
    Distinct rows are 1 apart, k = e^(-1/2); of the mixed pairs half are equal, k = 1.
    So the estimate is 2 e^(-1/2) - (1 + e^(-1/2)), below 0 for the same rows twice.

    >>> from skboltz.metrics import mmd
    >>> round(mmd([[0], [1]], [[0], [1]], bandwidth=1).squared.value, 6)
    -0.393469
    """
    samples, held_out, reference = checked_sets(
        2, samples=samples, held_out=held_out, reference=reference
    )
    if bandwidth is None:
        bandwidth = _median_distance(held_out, random_state)
    elif not (isinstance(bandwidth, Real) and 0 < bandwidth < np.inf):
        raise ValueError(
            f"bandwidth must be positive and finite, found {bandwidth!r}; leave it "
            f"None for the median distance."
        )
    samples, held_out, reference = _shifted(samples, held_out, reference)
    within = _mean_kernel(held_out, held_out, bandwidth, distinct=True)

    def squared(rows):
        own = _mean_kernel(rows, rows, bandwidth, distinct=True)
        return float(own + within - 2 * _mean_kernel(rows, held_out, bandwidth))

    return MaximumMeanDiscrepancy(score(squared, samples, reference), float(bandwidth))


def adversarial_accuracy(samples, held_out, *, reference=None, random_state=None):
    """Accuracy of telling samples from held-out data by their nearest neighbours.

    With d_TS(i) the distance of held-out row i to its nearest sample, d_TT(i) to
    its nearest other held-out row, and d_ST, d_SS likewise for the samples,

        AA = 1/2 (mean_i 1[d_TS(i) > d_TT(i)] + mean_i 1[d_ST(i) > d_SS(i)])

    where a tie counts 1/2 (Yale et al. 2020, Generation and evaluation of privacy
    preserving synthetic health data).  About 1/2 is ideal; 1: the sets lie apart,
    the model underfits; 0: the samples are copies of distinct held-out rows.

    Parameters
    ----------
    samples : array-like of shape (n_samples, n_features)
    held_out : array-like of shape (n_held_out, n_features)
    reference : array-like of shape (n_reference, n_features), default=None
        Other rows of data, scored as the samples are: the baseline.
    random_state : int, RandomState instance or None, default=None
        Draws, without replacement, as many rows of every set as the smallest has:
        more rows have nearer neighbours.

    Returns
    -------
    AdversarialAccuracy

    Raises
    ------
    ValueError
        If a set has NaN or infinity, fewer than 2 rows or not the features of
        `held_out`.

    Notes
    -----
    With n rows in both sets from one distribution, the other 2 n - 1 rows are
    exchangeable to any row.  If K of them tie for nearest, they are all of its own
    set in C(n-1, K) and all of the other set in C(n, K) of C(2n-1, K) equally
    likely ways, and mixed otherwise.  So with ties counted 1/2

        E[AA] = 1/2 - E[C(n-1, K-1) / C(2n-1, K)] / 2

    which is below 1/2 by at most 1 / (4 n - 2), whatever the distribution: a row
    has one fewer neighbour in its own set.  Without the rule for ties, binary data
    would score far below.  The baseline has the same bias.

    Against training rows instead of held-out ones, a score lower than that against
    held-out rows tells of memorized rows.

    Squared distances are tied where they differ by less than their rounding, about
    1e-15 n_features times the largest squared distance from the mean.

    Examples
    --------
    >>> from skboltz.metrics import adversarial_accuracy
    >>> rows = [[0, 0], [1, 1]]
    >>> adversarial_accuracy(rows, rows, reference=[[7, 7], [8, 8]]).accuracy
    Score(value=0.0, baseline=1.0)
    """
    sets = checked_sets(2, samples=samples, held_out=held_out, reference=reference)
    sets = _cut_to_equal(sets, check_random_state(random_state))
    samples, held_out, reference = _shifted(*sets)
    within = _nearest_other(held_out)
    tolerance = _rounding(*(x for x in (samples, held_out, reference) if x is not None))

    def halves(rows):
        to_rows, to_held_out = _nearest_across(held_out, rows)
        of_held_out = _share_farther(to_rows, within, tolerance)
        of_rows = _share_farther(to_held_out, _nearest_other(rows), tolerance)
        return (of_held_out + of_rows) / 2, of_held_out, of_rows

    other = (None,) * 3 if reference is None else halves(reference)
    return AdversarialAccuracy(*map(Score, halves(samples), other))


def sample_quality(
    samples,
    held_out,
    reference=None,
    random_state=None,
    *,
    bandwidth=None,
    max_terms=MAX_TERMS,
):
    """All scores of samples against held-out data, beside those of data.

    Every set is cut to the size of the smallest, by rows drawn without replacement:
    errors shrink with the number of rows, so scores compare only at equal sizes.

    Parameters
    ----------
    samples : array-like of shape (n_samples, n_features)
    held_out : array-like of shape (n_held_out, n_features)
    reference : array-like of shape (n_reference, n_features), default=None
        Other rows of data, such as training rows, none of them in `held_out`: their
        scores are the baselines.  By default `held_out` is split at random in two
        halves: samples and the second half are both scored against the first.
    random_state : int, RandomState instance or None, default=None
        Splits and cuts the sets, draws the triples and the rows for the bandwidth.
    bandwidth : float, default=None
        As in :func:`mmd`.
    max_terms : int, default=10_000
        As in :func:`moment_errors`.

    Returns
    -------
    SampleQuality

    Raises
    ------
    ValueError
        If a set has NaN or infinity, fewer than 3 rows (`held_out` without
        `reference`: 6) or not the features of `held_out`; and as in
        :func:`moment_errors` and :func:`mmd`.

    See Also
    --------
    moment_errors, mmd, adversarial_accuracy : the scores alone.

    Examples
    --------
    Samples that copy one row of six: the mean is 5 instead of 1, the reference has 2.

    >>> from skboltz.metrics import sample_quality
    >>> quality = sample_quality([[5], [5], [5]], [[0], [1], [2]], [[1], [2], [3]])
    >>> quality.means.rms
    Score(value=4.0, baseline=1.0)
    >>> quality.adversarial_accuracy.of_held_out.value
    1.0
    """
    samples, held_out, reference = checked_sets(
        3, samples=samples, held_out=held_out, reference=reference
    )
    random_state = check_random_state(random_state)
    if reference is None:
        held_out, reference = _halves(held_out, random_state)
    sets = (samples, held_out, reference)
    samples, held_out, reference = _cut_to_equal(sets, random_state)
    both = {"reference": reference, "random_state": random_state}

    def errors(order):
        if order > held_out.shape[1]:
            return None
        return moment_errors(
            samples, held_out, order=order, max_terms=max_terms, **both
        )

    return SampleQuality(
        *map(errors, (1, 2, 3)),
        mmd(samples, held_out, bandwidth=bandwidth, **both),
        adversarial_accuracy(samples, held_out, **both),
        len(held_out),
    )


def _cut_to_equal(sets, rng):
    """Rows of every set, drawn without replacement, as many as the smallest has."""
    size = min(len(rows) for rows in sets if rows is not None)
    return tuple(
        rows
        if rows is None or len(rows) == size
        else rows[rng.permutation(len(rows))[:size]]
        for rows in sets
    )


def _halves(held_out, rng):
    if len(held_out) < 6:
        raise ValueError(
            f"held_out has {len(held_out)} rows, but without reference it is split in "
            f"two halves of at least 3; give 6 rows or more, or a reference."
        )
    rows, half = rng.permutation(held_out), len(held_out) // 2
    return rows[:half], rows[half : 2 * half]


def _shifted(samples, held_out, reference):
    """All sets about the mean of the held-out rows.

    Distances stay, and come from inner products without cancellation of an offset.
    """
    centre = held_out.mean(axis=0)
    sets = (samples, held_out, reference)
    return tuple(None if rows is None else rows - centre for rows in sets)


def _distance_blocks(a, b, distinct=False):
    """Squared distances of rows of a to rows of b, a block of rows at a time.

    With `distinct`, b is a: the distance of a row to itself becomes infinite, so
    that it is no neighbour and has a kernel of 0.
    """
    norms, columns = (b**2).sum(axis=1), np.arange(len(b))
    for rows in gen_batches(len(a), max(1, _BLOCK // len(b))):
        squared = (a[rows] ** 2).sum(axis=1)[:, None] + norms - 2 * a[rows] @ b.T
        if distinct:
            itself = np.arange(rows.start, rows.stop)[:, None] == columns
            squared = np.where(itself, np.inf, squared)
        yield np.maximum(squared, 0)


def _median_distance(rows, random_state):
    if len(rows) > _BANDWIDTH_ROWS:
        rng = check_random_state(random_state)
        rows = rows[rng.choice(len(rows), _BANDWIDTH_ROWS, replace=False)]
    distances = pdist(rows)
    if not distances.any():
        raise ValueError(
            "held_out has equal rows only, so that no distance can set the bandwidth; "
            "pass a positive bandwidth."
        )
    return np.median(distances) or np.median(distances[distances > 0])


def _mean_kernel(a, b, bandwidth, distinct=False):
    """Mean of the Gaussian kernel over pairs, with `distinct` those of two rows."""
    total = sum(
        np.exp(-squared / (2 * bandwidth**2)).sum()
        for squared in _distance_blocks(a, b, distinct)
    )
    return total / (len(a) * (len(b) - distinct))


def _nearest_other(rows):
    blocks = _distance_blocks(rows, rows, distinct=True)
    return np.concatenate([squared.min(axis=1) for squared in blocks])


def _nearest_across(a, b):
    """Squared distance of every row of a to the nearest of b, and of b to a."""
    of_a, of_b = [], np.full(len(b), np.inf)
    for squared in _distance_blocks(a, b):
        of_a.append(squared.min(axis=1))
        of_b = np.minimum(of_b, squared.min(axis=0))
    return np.concatenate(of_a), of_b


def _share_farther(across, within, tolerance):
    """Share of rows farther from the other set than from their own, ties half."""
    gap = across - within
    return float(np.where(np.abs(gap) <= tolerance, 0.5, gap > 0).mean())


def _rounding(*sets):
    """Bound on the rounding of a difference of two squared distances.

    Each is a sum of 3 inner products of n_features terms, their sizes at most 4
    times the largest squared norm.
    """
    largest = max((rows**2).sum(axis=1).max() for rows in sets)
    return 8 * (sets[0].shape[1] + 3) * np.finfo(np.float64).eps * largest
