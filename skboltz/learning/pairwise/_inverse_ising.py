"""The inverse Ising problem: couplings of a machine all of whose units are seen.

The log-likelihood of a pairwise machine without hidden units is concave, and at its
maximum the means and the pair correlations of the machine are those of the data: of
all distributions with these moments it has the most entropy (Jaynes 1957).
"""

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize

from ...models import PairwiseParams, converted
from ...sampling import blocks
from ...units import Bias
from .._batches import batches, take
from ._infinite import (
    count_sure,
    limits,
    warn_of_infinite,
    warn_of_no_maximum,
    warn_unless,
)

_ROWS = 4096  # whose fields stay in the cache
_HALVINGS = 40


class PairwiseFit(NamedTuple):
    """A machine fitted to moments or rows.

    Attributes
    ----------
    params : PairwiseParams
        In double precision.
    n_iter : int
        Newton steps, or iterations of L-BFGS.
    gradient : float
        Largest entry of the gradient per row that is left; without penalties, for
        :func:`fit_moments`, the largest difference of a moment, of values so moved
        that 0 is among or between them.
    """

    params: PairwiseParams
    n_iter: int
    gradient: float


class _Rows(NamedTuple):
    """Rows of data, counted from an origin, and how much each of them counts."""

    X: np.ndarray
    weight: np.ndarray
    origin: float = 0.0

    def blocks(self):
        """Pairs of states and weights, so many rows at a time as the cache holds."""
        for rows in row_numbers(self.X):
            states = take(self.X, rows, np.float64)
            yield states - self.origin if self.origin else states, self.weight[rows]


class Pairs(NamedTuple):
    """Pairs of units that may be coupled, i < j, and how many units there are."""

    i: np.ndarray
    j: np.ndarray
    n_units: int

    def features(self, states):
        """The statistics s_i and s_i s_j of every row."""
        return np.hstack([states, states[:, self.i] * states[:, self.j]])

    def vector(self, linear, matrix):
        """A vector of units and one entry of a matrix for each pair, as one vector."""
        return np.concatenate([linear, matrix[self.i, self.j]])

    def params(self, theta):
        """Biases and couplings from one vector."""
        coupling = np.zeros((self.n_units, self.n_units))
        coupling[self.i, self.j] = coupling[self.j, self.i] = theta[self.n_units :]
        return PairwiseParams(coupling, Bias(theta[: self.n_units].copy()))


def all_pairs(n_units, mask=None):
    """Pairs of different units that may be coupled.

    Parameters
    ----------
    n_units : int
    mask : array-like of shape (n_units, n_units), default=None
        Which units may be coupled, symmetric; None allows all pairs.

    Returns
    -------
    Pairs

    Examples
    --------
    >>> from skboltz.learning import all_pairs
    >>> pairs = all_pairs(3)
    >>> pairs.i, pairs.j
    (array([0, 0, 1]), array([1, 2, 2]))
    """
    i, j = np.triu_indices(n_units, 1)
    allowed = np.ones(len(i), bool) if mask is None else np.asarray(mask, bool)[i, j]
    return Pairs(i[allowed], j[allowed], n_units)


def row_numbers(X):
    """Numbers of rows, so many at a time that their fields stay in the cache."""
    return batches(np.arange(X.shape[0]), _ROWS)


def data_moments(X, pairs, weight=None):
    """Means and pair correlations of the rows of X, as :func:`fit_moments` takes them.

    Parameters
    ----------
    X : {ndarray, sparse matrix} of shape (n_samples, n_units)
    pairs : Pairs
    weight : ndarray of shape (n_samples,), default=None

    Returns
    -------
    ndarray of shape (n_units + n_pairs,)

    Examples
    --------
    >>> import numpy as np
    >>> from skboltz.learning import all_pairs, data_moments
    >>> data_moments(np.array([[1.0, 1.0], [-1.0, 1.0]]), all_pairs(2))
    array([0., 1., 0.])
    """
    weight = np.ones(X.shape[0]) if weight is None else np.asarray(weight, float)
    return _moments(_Rows(X, weight), pairs)


def _moments(data, pairs):
    linear, matrix = np.zeros(pairs.n_units), np.zeros((pairs.n_units,) * 2)
    for states, weight in data.blocks():
        weighted = states * weight[:, None]
        linear += weighted.sum(axis=0)
        matrix += weighted.T @ states
    return pairs.vector(linear, matrix) / data.weight.sum()


def _moved(moments, pairs, origin):
    """Moments of values less an origin."""
    if not origin:
        return moments
    mean, both = moments[: pairs.n_units], moments[pairs.n_units :]
    both = both - origin * (mean[pairs.i] + mean[pairs.j]) + origin**2
    return np.concatenate([mean - origin, both])


def fit_moments(unit, moments, pairs, *, l2=0.0, tol=1e-10, max_iter=200):
    """The machine with given means and pair correlations, by Newton's method.

    Maximises b'm + sum_ij J_ij c_ij - log Z - l2/2 sum_ij J_ij^2 over i < j, where
    every state is visited: for up to about 16 units.

    Parameters
    ----------
    unit : TwoValuedUnit
    moments : ndarray of shape (n_units + n_pairs,)
        m_i = <s_i>, then c_ij = <s_i s_j> in the order of `pairs`.
    pairs : Pairs
    l2 : float, default=0.0
    tol : float, default=1e-10
        Largest entry of the gradient at the end.
    max_iter : int, default=200

    Returns
    -------
    PairwiseFit

    Warns
    -----
    ConvergenceWarning
        If the gradient stays above `tol`, or if the moments belong to infinite
        parameters: a unit never changes, one of the states of a pair never occurs, or
        a unit follows from others (and there is no penalty). If no machine has them,
        as of rows with values that no unit has, parameters are stopped at 10^4 nats.

    Examples
    --------
    Two spins without means: <s_1 s_2> = tanh(J).

    >>> import numpy as np
    >>> from skboltz.learning import all_pairs, fit_moments
    >>> from skboltz.units import SPIN
    >>> fit = fit_moments(SPIN, np.array([0.0, 0.0, np.tanh(0.5)]), all_pairs(2))
    >>> fit.params.coupling.round(6)
    array([[0. , 0.5],
           [0.5, 0. ]])
    """
    near = unit.near_zero()
    moments = _moved(moments, pairs, unit.low - near.low)
    theta, limit = np.zeros(len(moments)), limits(near, pairs)
    decay = np.where(np.arange(len(theta)) < pairs.n_units, 0.0, l2)
    log_z, mean, covariance = _expectations(near, theta, pairs)
    for done in range(max_iter + 1):
        gradient = moments - mean - decay * theta
        diverged = (np.abs(theta) > limit).any()
        if np.abs(gradient).max() <= tol or done == max_iter or diverged:
            break
        value = moments @ theta - log_z - 0.5 * decay @ theta**2
        direction = np.linalg.solve(covariance + np.diag(decay + 1e-14), gradient)
        for halving in range(_HALVINGS):
            trial = theta + 0.5**halving * direction
            log_z, mean, covariance = _expectations(near, trial, pairs)
            gain = moments @ trial - log_z - 0.5 * decay @ trial**2 - value
            # Near the top gains drown in rounding: a full step is right there.
            if gain >= 1e-4 * 0.5**halving * gradient @ direction or gain > -1e-13:
                break
        theta = trial
    left = float(np.abs(gradient).max())
    if diverged:
        warn_of_no_maximum()
        theta = np.clip(theta, -limit, limit)
    else:
        warn_unless(left <= tol, left, tol, "fit_moments")
        warn_of_infinite(near, moments, pairs, None if l2 else theta)
    return PairwiseFit(converted(pairs.params(theta), near, unit), done, left)


def _expectations(unit, theta, pairs):
    """log Z, and the means and covariance of the statistics, over all states."""
    log_z, mean, second = -np.inf, np.zeros(len(theta)), 0.0
    for states in blocks(unit, pairs.n_units, len(theta)):
        phi = pairs.features(states)
        log_weight = phi @ theta
        top = max(log_weight.max(), log_z)
        weight, before = np.exp(log_weight - top), np.exp(log_z - top)
        total = before + weight.sum()
        mean = (before * mean + weight @ phi) / total
        second = (before * second + (phi * weight[:, None]).T @ phi) / total
        log_z = top + np.log(total)
    return log_z, mean, second - np.outer(mean, mean)


def fit_pseudo_likelihood(
    unit, X, pairs, *, weight=None, l1=0.0, l2=0.0, tol=1e-6, max_iter=500
):
    """The machine with the largest pseudo-likelihood, by L-BFGS.

    Maximises the mean over the rows of sum_i log P(s_i | all others), less
    l1 sum_ij abs(J_ij) + l2/2 sum_ij J_ij^2 over i < j (Besag 1975; Aurell & Ekeberg
    2012).  From infinitely many rows of a machine with these pairs it finds that
    machine, as the likelihood does, at a cost of n_samples x n_units^2 for each step
    instead of 2^n_units; of other data the two make different machines.

    Parameters
    ----------
    unit : TwoValuedUnit
    X : {ndarray, sparse matrix} of shape (n_samples, n_units)
        In the values of the units, or between them: then both count by their shares.
    pairs : Pairs
    weight : ndarray of shape (n_samples,), default=None
    l1, l2 : float, default=0.0
    tol : float, default=1e-6
        Largest entry of the projected gradient at the end.
    max_iter : int, default=500

    Returns
    -------
    PairwiseFit

    Warns
    -----
    ConvergenceWarning
        As of :func:`fit_moments`.
    """
    weight = np.ones(X.shape[0]) if weight is None else np.asarray(weight, float)
    near, n, n_pairs = unit.near_zero(), pairs.n_units, len(pairs.i)
    data = _Rows(X, weight / weight.sum(), unit.low - near.low)

    def cost(theta):
        value, slope = _pseudo_gradient(near, data, pairs, theta)
        slope[n:] -= l2 * theta[n:]
        return l2 / 2 * theta[n:] @ theta[n:] - value, -slope

    def follows():
        log_p = _log_proba(near, data, pairs.params(theta))
        return count_sure(near, moments, pairs, log_p)

    limit = np.inf * np.ones(n + n_pairs)
    if _leaves_range(unit, X):  # only then is there no bound on the likelihood
        limit = limits(near, pairs)
    options = {"maxiter": max_iter, "gtol": tol, "ftol": 0.0, "maxcor": 20}
    theta, left, n_iter = _lowest(cost, n, limit, l1, options)
    if (np.abs(theta) >= limit).any():
        warn_of_no_maximum()
    else:
        moments, free = _moments(data, pairs), not (l1 or l2)
        warn_unless(left <= 10 * tol, left, tol, "fit_pseudo_likelihood")
        warn_of_infinite(near, moments, pairs, theta if free else None, follows)
    return PairwiseFit(converted(pairs.params(theta), near, unit), n_iter, left)


def _leaves_range(unit, X):
    """Whether a value is beyond those of the units by more than rounding."""
    rounding = unit.distance(1e-6)
    low, high = X.min() - unit.low, X.max() - unit.high
    return low < -rounding or high > rounding


def _lowest(cost, n_free, limit, l1, options):
    """The minimum of cost + l1 sum |theta| beyond the first `n_free`, by L-BFGS.

    With a penalty these are differences of two parts >= 0, whose sum is |theta|.
    None is larger than its limit.
    Returns it, the largest entry of the projected gradient, and the iterations.
    """
    n = len(limit)
    bounds = np.stack([-limit, limit], axis=1)
    if not l1:
        found = minimize(
            cost,
            np.zeros(n),
            jac=True,
            method="L-BFGS-B",
            bounds=bounds if np.isfinite(limit).all() else None,
            options=options,
        )
        return found.x, float(np.abs(found.jac).max()), int(found.nit)

    def joined(parts):
        theta = parts[:n].copy()
        theta[n_free:] -= parts[n:]
        return theta

    def split(parts):
        value, slope = cost(joined(parts))
        up, down = slope[n_free:] + l1, l1 - slope[n_free:]
        value += l1 * parts[n_free:].sum()
        return value, np.concatenate([slope[:n_free], up, down])

    most = np.concatenate([limit, limit[n_free:]])
    least = np.where(np.arange(len(most)) < n_free, -most, 0.0)
    found = minimize(
        split,
        np.zeros(len(least)),
        jac=True,
        method="L-BFGS-B",
        bounds=np.stack([least, most], axis=1),
        options=options,
    )
    left = np.where(found.x > least, found.jac, np.minimum(found.jac, 0))
    return joined(found.x), float(np.abs(left).max()), int(found.nit)


def _log_proba(unit, data, params):
    """Weighted mean of log P(s_i | others) of every unit."""
    total = np.zeros(len(params.units.bias))
    for states, weight in data.blocks():
        share = unit.share(states)
        gap = unit.gap(states @ params.coupling + params.units.bias)
        total += weight @ (share * gap - np.logaddexp(0, gap))
    return total


def _pseudo_gradient(unit, data, pairs, theta):
    """Mean of sum_i log P(s_i | others), and its gradient."""
    params, n = pairs.params(theta), pairs.n_units
    value, linear, matrix = 0.0, np.zeros(n), np.zeros((n, n))
    for states, weight in data.blocks():
        share = unit.share(states)
        gap = unit.gap(states @ params.coupling + params.units.bias)
        tail = np.exp(-np.abs(gap))
        # log P = share * gap - softplus(gap), whose slope is share - P(high).
        log_p = (share * gap - np.maximum(gap, 0) - np.log1p(tail)).sum(axis=1)
        high = np.where(gap > 0, 1, tail) / (1 + tail)
        slope = (share - high) * unit.distance(weight[:, None])
        value += weight @ log_p
        linear += slope.sum(axis=0)
        matrix += slope.T @ states
    return value, pairs.vector(linear, matrix + matrix.T)
