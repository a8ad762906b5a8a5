"""How many memories a dense associative memory holds, and when it finds them."""

import numpy as np
from scipy.special import gammaln, lambertw

from ..utils import blocks, require, require_count, row_mean

_SIDE = 2**10  # rows and columns of a block of similarities
_SIMILARITIES = ("dot", "euclidean")
_NAMES = '"dot" or "euclidean"'


def separation(X, similarity="dot", rows=None):
    """How far each pattern is from being mistaken for another, in similarity.

    Delta_i = x_i . x_i - max_{j != i} x_i . x_j (Ramsauer et al. 2020, Definition 2).
    Not positive where another pattern lies as far along x_i.

    Parameters
    ----------
    X : ndarray of shape (n_patterns, n_features)
        At least one row; worked on block by block, in double precision.
    similarity : {"dot", "euclidean"}, default="dot"
        "euclidean" takes -1/2 norm(x_i - x_j)^2, so that
        Delta_i = 1/2 min norm(x_i - x_j)^2.
        It is worked out from the rows less their mean, which changes no distance.
    rows : ndarray of int, default=None
        Which i, each against all j; None means all.

    Returns
    -------
    ndarray of shape (n_patterns,), or as many as there are `rows`
        In squared units of X; infinite for a single pattern.

    Raises
    ------
    ValueError
        If `similarity` is neither of these, or X has no row.

    Examples
    --------
    >>> import numpy as np
    >>> from skboltz.theory import separation
    >>> X = np.array([[2.0, 0.0], [1.0, 1.0]])
    >>> separation(X)  # 4 - 2 and 2 - 2
    array([2., 0.])
    >>> separation(X, "euclidean")
    array([1., 1.])
    """
    X, centre = _centred(X, similarity)
    half_squares = _half_squares(X, centre)
    offset = -half_squares if similarity == "euclidean" else 0 * half_squares
    rows = np.arange(len(X)) if rows is None else np.asarray(rows)
    parts = (rows[s : s + _SIDE] for s in range(0, len(rows), _SIDE))
    rivals = np.concatenate([_rivals(X, centre, offset, part) for part in parts])
    gap = (2 * half_squares + offset)[rows] - rivals
    # A square and the product of equal rows may differ in their last bits.
    return np.maximum(gap, 0.0) if similarity == "euclidean" else gap


def retrieval_beta(X, similarity="dot"):
    """The inverse temperature from which on every pattern is found in one update.

    The least beta such that it and all larger ones have, for every i,

        Delta_i >= 2 / (beta N) + ln(2 (N - 1) N beta M^2) / beta,

    with N patterns of length M at most (Ramsauer et al. 2020, Theorem 4: a fixed point
    lies within 1 / (beta N M) of x_i).  With "euclidean", all of it is true of the rows
    less their mean, and M is the length of those.  Very small beta that meet the
    inequality, with a distance that says nothing, are passed over.

    Parameters
    ----------
    X : ndarray of shape (n_patterns, n_features)
    similarity : {"dot", "euclidean"}, default="dot"

    Returns
    -------
    float
        0 for a single pattern; infinite if there is none, as with equal rows.

    Examples
    --------
    Two orthogonal unit vectors: Delta = 1, and beta - ln(4 beta) = 1.

    >>> import numpy as np
    >>> from skboltz.theory import retrieval_beta
    >>> beta = retrieval_beta(np.eye(2))
    >>> round(beta, 4), round(beta - np.log(4 * beta), 4)
    (3.6926, np.float64(1.0))
    """
    X, centre = _centred(X, similarity)
    if len(X) == 1:
        return 0.0
    least = separation(X, similarity).min()
    square = 2 * _half_squares(X, centre).max()
    return _beta(least, len(X), square) if least > _rounding(X, square) else np.inf


def suggested_beta(X, similarity="dot", n_rows=1000):
    """An inverse temperature with which a typical pattern is found in one update.

    :func:`retrieval_beta` for the median Delta of some patterns in place of the least:
    fast, and no single pair of nearly equal rows decides.

    Parameters
    ----------
    X : ndarray of shape (n_patterns, n_features)
    similarity : {"dot", "euclidean"}, default="dot"
    n_rows : int, default=1000
        Of how many patterns, evenly spaced in X, Delta is found.

    Returns
    -------
    float
        1 if no pattern is told from all others; those are left out of the median.

    Examples
    --------
    >>> import numpy as np
    >>> from skboltz.theory import retrieval_beta, suggested_beta
    >>> suggested_beta(np.eye(3)) == retrieval_beta(np.eye(3))
    True
    """
    X, centre = _centred(X, similarity)
    some = np.unique(np.linspace(0, len(X) - 1, n_rows).astype(int))
    gaps = separation(X, similarity, some)
    square = 2 * _half_squares(X, centre).max()
    gaps = gaps[(gaps > _rounding(X, square)) & (gaps < np.inf)]
    return _beta(np.median(gaps), len(X), square) if len(gaps) else 1.0


def retrieval_error_bound(X, beta, distance=0.0, similarity="dot"):
    """How far one update may end from each pattern, when it starts near by.

    norm(x_i - f(x)) <= 2 (N - 1) M exp(-beta (Delta_i - 2 M norm(x - x_i))) (Ramsauer
    et al. 2020, Theorem 5), with N patterns of length M at most; with "euclidean",
    less their mean.

    Parameters
    ----------
    X : ndarray of shape (n_patterns, n_features)
    beta : float
        Inverse temperature.
    distance : float or ndarray of shape (n_patterns,), default=0.0
        norm(x - x_i), where the update starts.
    similarity : {"dot", "euclidean"}, default="dot"

    Returns
    -------
    ndarray of shape (n_patterns,)
        In units of X; at most 2 M, as patterns are never further apart.

    Examples
    --------
    >>> import numpy as np
    >>> from skboltz.theory import retrieval_error_bound
    >>> retrieval_error_bound(np.eye(2), beta=10.0).round(6)  # 2 exp(-10)
    array([9.1e-05, 9.1e-05])
    """
    X, centre = _centred(X, similarity)
    longest = np.sqrt(2 * _half_squares(X, centre).max())
    gap = separation(X, similarity) - 2 * longest * np.asarray(distance)
    with np.errstate(over="ignore"):
        bound = 2 * (len(X) - 1) * longest * np.exp(-beta * gap)
    return np.minimum(bound, 2 * longest)


def storage_constant(beta, radius, n_features, failure):
    """The constant c of exponential storage on a sphere.

    With probability 1 - p at least sqrt(p) c^((d-1)/4) random patterns on a sphere of
    radius K sqrt(d - 1) can be stored and retrieved in one update, where
    c = b / W0(exp(a + ln b)), a = 2 / (d - 1) (1 + ln(2 beta K^2 p (d - 1))),
    b = 2 K^2 beta / 5 (Ramsauer et al. 2020, Theorem 3).  The theorem holds only where
    c >= (2 / sqrt(p))^(4 / (d-1)), which the caller has to check.

    Parameters
    ----------
    beta : float
        Above 0.
    radius : float
        K, above 0.
    n_features : int
        d, at least 2.
    failure : float
        p, above 0 and below 1.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If a parameter is not such a number.

    Examples
    --------
    >>> from skboltz.theory import storage_constant
    >>> round(storage_constant(beta=1, radius=3, n_features=20, failure=0.001), 4)
    3.1546
    """
    require_count("n_features", n_features, 2)
    require(0 < beta < np.inf, "beta", "a finite number above 0", beta)
    require(0 < radius < np.inf, "radius", "a finite number above 0", radius)
    require(0 < failure < 1, "failure", "above 0 and below 1", failure)
    d = n_features - 1
    a = 2 / d * (1 + np.log(2 * beta * radius**2 * failure * d))
    b = 2 * radius**2 * beta / 5
    return float(b / lambertw(np.exp(a) * b).real)


def polynomial_capacity(n_units, degree):
    """Random memories that a polynomial of some degree recalls without any error.

    N^(n-1) / (2 (2n - 3)!! ln N), for large N (Krotov & Hopfield 2016, equation 6).

    Parameters
    ----------
    n_units : int
        N, at least 2.
    degree : int
        n, at least 2.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If a parameter is not such an integer, or no float holds the result.

    Examples
    --------
    >>> from skboltz.theory import polynomial_capacity
    >>> [round(polynomial_capacity(100, degree)) for degree in (2, 3)]
    [11, 362]
    """
    require_count("n_units", n_units, 2)
    require_count("degree", degree, 2)
    # (2n - 3)!! = 2^(n-1) Gamma(n - 1/2) / sqrt(pi)
    odd = (degree - 1) * np.log(2) + gammaln(degree - 0.5) - np.log(np.pi) / 2
    exponent = (degree - 1) * np.log(float(n_units)) - odd
    small_enough = exponent < np.log(np.finfo(np.float64).max)
    require(small_enough, "degree", f"smaller for {n_units} units", degree)
    return float(np.exp(exponent) / (2 * np.log(float(n_units))))


def exponential_capacity_rate(corrupted=0.0):
    """The rate alpha up to which exp(alpha N) random memories are recalled by exp(x).

    I(1 - 2 rho) / 2 with I(a) = 1/2 ((1 + a) ln(1 + a) + (1 - a) ln(1 - a)), when a
    share rho of the units is wrong at the start (Demircigil et al. 2017, Theorem 3).

    Parameters
    ----------
    corrupted : float, default=0.0
        rho, from 0 to 1/2.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If rho is not such a number.

    Examples
    --------
    >>> import numpy as np
    >>> from skboltz.theory import exponential_capacity_rate
    >>> bool(np.isclose(exponential_capacity_rate(), np.log(2) / 2))
    True
    """
    require(0 <= corrupted <= 0.5, "corrupted", "from 0 to 1/2", corrupted)
    shares = np.array([1 - corrupted, corrupted])  # (1 + a) / 2 and (1 - a) / 2
    logs = np.log(2 * shares, out=np.zeros(2), where=shares > 0)
    return float(shares @ logs) / 2


def _patterns(X):
    X = np.asarray(X)
    if X.ndim != 2 or not len(X):
        raise ValueError(f"X must hold rows of patterns, found shape {X.shape}.")
    return X


def _centred(X, similarity):
    """Patterns, and what is subtracted from them: their mean, or nothing."""
    require(similarity in _SIMILARITIES, "similarity", _NAMES, similarity)
    X = _patterns(X)
    return X, row_mean(X) if similarity == "euclidean" else np.zeros(X.shape[1])


def _rivals(X, centre, offset, rows):
    """The largest x_i . x_j + offset_j of some rows i, less a centre, with other j."""
    some, best = X[rows] - centre, np.full(len(rows), -np.inf)
    for start in range(0, len(X), _SIDE):
        others = slice(start, start + _SIDE)
        scores = some @ (X[others] - centre).T + offset[others]
        own = np.flatnonzero((rows >= start) & (rows < start + _SIDE))
        scores[own, rows[own] - start] = -np.inf
        np.maximum(best, scores.max(axis=1), out=best)
    return best


def _half_squares(X, centre):
    """1/2 |x_i|^2 of rows less a centre, without a copy of X in double precision."""
    halves = np.empty(len(X))
    for rows, block in blocks(X):
        block -= centre
        halves[rows] = np.einsum("ij,ij->i", block, block) / 2
    return halves


def _rounding(X, square):
    """Separations up to which two rows may be equal."""
    return np.finfo(np.float64).eps * X.shape[1] * square


def _beta(gap, n, square):
    """The larger beta with beta gap = 2/N + ln(2 (N - 1) N beta M^2)."""
    level = 2 / n + np.log(2 * (n - 1) * n) + np.log(square) - np.log(gap)
    # A hair above the root, so that the inequality holds.
    return float(_upper_root(level) / gap * (1 + 1e-12))


def _upper_root(level):
    """The u >= 1 with u - ln u = level, for a level >= 1, by Newton's method.

    u - ln u is convex and 2 * level lies right of the root: no step overshoots.
    """
    u = 2 * level
    for _ in range(100):
        step = (u - np.log(u) - level) / (1 - 1 / u) if u > 1 else 0.0
        if step <= 1e-15 * u:
            break
        u -= step
    return u
