"""Attention over many patterns, block by block: no array of all similarities.

The softmax is taken on line (Milakov & Gimelshein 2018): each block of patterns adds to
a running maximum, a sum and a weighted average.  Nearly all of the time goes to two
matrix products; what is between them stays in the cache.  There is no compiled twin.
"""

import numpy as np

__all__ = ["attend", "most_similar"]

# Rows of queries and of patterns whose products are held at a time.
QUERY_ROWS, PATTERN_ROWS = 1024, 2048
_CACHED = 2**17  # of these, how many stay in the cache


def attend(queries, patterns, offset=None, features=None, values=None, centre=None):
    """Averages of values, weighted by the softmax of their patterns' scores.

    With scores z_mu = q . features(x_mu) + offset_mu of a query q,

        average = sum_mu p_mu values(x_mu),   p = softmax(z).

    Parameters
    ----------
    queries : ndarray of shape (n_queries, n_columns)
        float32 or float64; all is computed in their precision.
    patterns : ndarray of shape (n_patterns, n_features)
        Of any numeric type; turned into that precision block by block.
    offset : ndarray of shape (n_patterns,), default=None
    features : callable, default=None
        What of a block of patterns is multiplied by the queries; itself by default.
    values : callable, default=None
        What of the patterns in a slice is averaged; the patterns by default.
    centre : ndarray of shape (n_features,), default=None
        Subtracted from the patterns before all else, also before they are averaged.

    Returns
    -------
    averages : ndarray of shape (n_queries, n_values)
    log_sum : ndarray of shape (n_queries,)
        log sum_mu exp(z_mu); not finite where the scores overflow.
    """
    parts = [
        _attend(queries[rows], patterns, offset, features, values, centre)
        for rows in _slices(len(queries), QUERY_ROWS)
    ]
    averages, log_sums = zip(*parts, strict=True)
    return np.concatenate(averages), np.concatenate(log_sums)


def most_similar(queries, patterns, offset=None, centre=None):
    """The pattern of the largest score for each query, the first of equal ones.

    Parameters and scores are those of :func:`attend`.

    Returns
    -------
    index : ndarray of shape (n_queries,)
    score : ndarray of shape (n_queries,)
    """
    index = np.zeros(len(queries), dtype=np.intp)
    score = np.full(len(queries), -np.inf, dtype=queries.dtype)
    for part in _slices(len(queries), QUERY_ROWS):
        for rows, _, scores in _scores(queries[part], patterns, offset, None, centre):
            best = scores.argmax(axis=1)
            top = scores[np.arange(len(scores)), best]
            # Not-a-number wins and stays, so that an overflow is seen.
            better = (top > score[part]) | np.isnan(top)
            index[part][better] = best[better] + rows.start
            score[part][better] = top[better]
    return index, score


def _attend(queries, patterns, offset, features, values, centre):
    number = queries.dtype.type
    # Sums of weights too small to be normal numbers would make the product slow.
    floor = np.log(np.finfo(number).tiny) / 2
    largest = np.full(len(queries), -np.inf, dtype=number)
    total, average = np.zeros(len(queries), dtype=number), number(0)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for rows, block, scores in _scores(queries, patterns, offset, features, centre):
            top, sums = _exponentials(scores, largest, floor)
            shrink = np.exp(np.maximum(largest - top, floor))
            total = total * shrink + sums
            product = scores @ (block if values is None else values(rows))
            product += average * shrink[:, None]
            average = product
            largest = top
        average /= total[:, None]
        return average, largest + np.log(total)


def _exponentials(scores, largest, floor):
    """Turn scores z into exp(max(z - top, floor)), a part in the cache at a time.

    Returns
    -------
    top : ndarray of shape (n_queries,)
        The largest score of each row, or `largest`.
    sums : ndarray of shape (n_queries,)
        Of what the rows have become.
    """
    top, sums = np.empty_like(largest), np.empty_like(largest)
    for rows in _slices(len(scores), max(1, _CACHED // scores.shape[1])):
        part = scores[rows]
        np.maximum(largest[rows], part.max(axis=1), out=top[rows])
        part -= top[rows, None]
        np.maximum(part, floor, out=part)
        np.exp(part, out=part)
        np.einsum("ij->i", part, out=sums[rows])  # faster than sum
    return top, sums


def _scores(queries, patterns, offset, features, centre):
    """Slices of the patterns, their rows as floats, and all queries' scores."""
    for rows in _slices(len(patterns), PATTERN_ROWS):
        with np.errstate(over="ignore", invalid="ignore"):
            block = _floats(patterns[rows], centre, queries.dtype)
            keys = block if features is None else features(block)
            scores = queries @ keys.T
            if offset is not None:
                scores += offset[rows].astype(queries.dtype)
        yield rows, block, scores


def _floats(rows, centre, dtype):
    """Rows in some precision, less a centre that is subtracted before any rounding."""
    if centre is None:
        return rows.astype(dtype, copy=False)
    exact = np.result_type(rows, centre, dtype)
    return np.subtract(rows, centre, dtype=exact).astype(dtype, copy=False)


def _slices(n, size):
    return [slice(start, min(start + size, n)) for start in range(0, n, size)]
