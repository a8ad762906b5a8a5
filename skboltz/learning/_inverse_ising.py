"""The inverse Ising problem: couplings of a machine all of whose units are seen.

The log-likelihood of a pairwise machine without hidden units is concave, and at its
maximum the means and the pair correlations of the machine are those of the data: of
all distributions with these moments it has the most entropy (Jaynes 1957).
"""

import warnings
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize
from sklearn.exceptions import ConvergenceWarning

from ..models import PairwiseParams
from ..sampling import blocks
from ..units import Bias
from ._batches import batches, take

_ROWS = 4096  # whose fields stay in the cache
_HALVINGS = 40
_NEVER = 1e-9  # share of the rows below which a state counts as never seen


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
        :func:`fit_moments`, the largest difference of a moment.
    """

    params: PairwiseParams
    n_iter: int
    gradient: float


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
    """The pairs that a symmetric mask allows; None allows all."""
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
    linear, matrix = np.zeros(pairs.n_units), np.zeros((pairs.n_units,) * 2)
    for rows in row_numbers(X):
        states = take(X, rows, np.float64)
        weighted = states * weight[rows, None]
        linear += weighted.sum(axis=0)
        matrix += weighted.T @ states
    return pairs.vector(linear, matrix) / weight.sum()


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
        parameters: a unit never changes, or one of the states of a pair never occurs
        (and there is no penalty).

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
    theta = np.zeros(len(moments))
    decay = np.where(np.arange(len(theta)) < pairs.n_units, 0.0, l2)
    log_z, mean, covariance = _expectations(unit, theta, pairs)
    for done in range(max_iter + 1):
        gradient = moments - mean - decay * theta
        if np.abs(gradient).max() <= tol or done == max_iter:
            break
        value = moments @ theta - log_z - 0.5 * decay @ theta**2
        direction = np.linalg.solve(covariance + np.diag(decay + 1e-14), gradient)
        for halving in range(_HALVINGS):
            trial = theta + 0.5**halving * direction
            log_z, mean, covariance = _expectations(unit, trial, pairs)
            gain = moments @ trial - log_z - 0.5 * decay @ trial**2 - value
            # Near the top gains drown in rounding: a full step is right there.
            if gain >= 1e-4 * 0.5**halving * gradient @ direction or gain > -1e-13:
                break
        theta = trial
    _warn_unless(np.abs(gradient).max() <= tol, np.abs(gradient).max(), tol)
    _warn_of_infinite(unit, moments, pairs, free=not l2)
    return PairwiseFit(pairs.params(theta), done, float(np.abs(gradient).max()))


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
        If the gradient stays above `tol`.
    """
    weight = np.ones(X.shape[0]) if weight is None else np.asarray(weight, float)
    weight = weight / weight.sum()
    n, n_pairs = pairs.n_units, len(pairs.i)

    def cost(theta):
        value, slope = _pseudo_gradient(unit, X, weight, pairs, theta)
        slope[n:] -= l2 * theta[n:]
        return l2 / 2 * theta[n:] @ theta[n:] - value, -slope

    options = {"maxiter": max_iter, "gtol": tol, "ftol": 0.0, "maxcor": 20}
    theta, left, n_iter = _lowest(cost, n, n + n_pairs, l1, options)
    _warn_unless(left <= 10 * tol, left, tol)
    _warn_of_infinite(unit, data_moments(X, pairs, weight), pairs, free=not (l1 or l2))
    return PairwiseFit(pairs.params(theta), n_iter, left)


def _lowest(cost, n_free, n, l1, options):
    """The minimum of cost + l1 sum |theta| beyond the first `n_free`, by L-BFGS.

    With a penalty these are differences of two parts >= 0, whose sum is |theta|.
    Returns it, the largest entry of the projected gradient, and the iterations.
    """
    if not l1:
        found = minimize(
            cost, np.zeros(n), jac=True, method="L-BFGS-B", options=options
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

    least = np.where(np.arange(2 * n - n_free) < n_free, -np.inf, 0.0)
    found = minimize(
        split,
        np.zeros(len(least)),
        jac=True,
        method="L-BFGS-B",
        bounds=np.stack([least, np.full(len(least), np.inf)], axis=1),
        options=options,
    )
    left = np.where(found.x > least, found.jac, np.minimum(found.jac, 0))
    return joined(found.x), float(np.abs(left).max()), int(found.nit)


def _pseudo_gradient(unit, X, weight, pairs, theta):
    """Mean of sum_i log P(s_i | others), and its gradient."""
    params, n = pairs.params(theta), pairs.n_units
    value, linear, matrix = 0.0, np.zeros(n), np.zeros((n, n))
    for rows in row_numbers(X):
        states = take(X, rows, np.float64)
        share = (states - unit.low) / unit.span
        gap = unit.span * (states @ params.coupling + params.units.bias)
        tail = np.exp(-np.abs(gap))
        # log P = share * gap - softplus(gap), whose slope is share - P(high).
        log_p = (share * gap - np.maximum(gap, 0) - np.log1p(tail)).sum(axis=1)
        high = np.where(gap > 0, 1, tail) / (1 + tail)
        slope = (share - high) * (unit.span * weight[rows, None])
        value += weight[rows] @ log_p
        linear += slope.sum(axis=0)
        matrix += slope.T @ states
    return value, pairs.vector(linear, matrix + matrix.T)


def _warn_unless(converged, gradient, tol):
    if not converged:
        warnings.warn(
            f"The fit has ended with a gradient of {gradient:.2g} above tol={tol:g}; "
            f"raise max_iter.",
            ConvergenceWarning,
            stacklevel=3,
        )


def _warn_of_infinite(unit, moments, pairs, free):
    """Say so where no finite machine has these moments; `free` without penalties.

    With shares p of the high value, one of the four states of a pair never occurs if
    P(both high) is at a bound of max(0, p_i + p_j - 1) and min(p_i, p_j).
    """
    n, span, low = pairs.n_units, unit.span, unit.low
    share = (moments[:n] - low) / span
    constant = np.minimum(share, 1 - share) < _NEVER
    first, second = share[pairs.i], share[pairs.j]
    both = (moments[n:] - low**2) / span**2 - low / span * (first + second)
    room = np.minimum(both - (first + second - 1), np.minimum(first, second) - both)
    apart = np.minimum(both, room) < _NEVER
    apart &= ~(constant[pairs.i] | constant[pairs.j])
    for what, count, remedy in (
        ("units never change: their biases", constant.sum(), "drop them"),
        ("pairs miss a state: their couplings", apart.sum() * free, "set l2 > 0"),
    ):
        if count:
            warnings.warn(
                f"{count} {what} would be infinite, and are as large as the solver "
                f"went; {remedy}.",
                ConvergenceWarning,
                stacklevel=3,
            )
