"""log Z by annealed importance sampling, forward, in reverse, and both bridged.

Chains led along a path f_0, f_1, ..., f_K of unnormalised distributions gather the
weights log w = sum_k log f_k(v) / f_{k-1}(v) (Neal 2001). Started in f_0 exactly,
E[w] = Z_K / Z_0; started in f_K exactly and led back, E[1/w] = Z_0 / Z_K.  By Jensen's
inequality the logarithm of the first mean tends to fall short of log Z_K / Z_0, and
the negative one of the second to exceed it.
"""

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, logsumexp

from ._log_partition import LogPartition


def forward_estimate(log_weights, log_z_base):
    """log Z from chains that started at independent units.

    The standard error is that of the logarithm of a mean, sd(w) / (mean(w) sqrt(n));
    the effective sample size is (sum w)^2 / sum w^2 (Kong 1992).

    Parameters
    ----------
    log_weights : ndarray of shape (n_chains,)
        Of chains led from the base to the model.
    log_z_base : float

    Returns
    -------
    LogPartition

    Examples
    --------
    >>> import numpy as np
    >>> from skboltz.likelihood import forward_estimate
    >>> estimate = forward_estimate(np.log([1.0, 3.0]), log_z_base=0.0)
    >>> round(estimate.value, 4), round(estimate.effective_sample_size, 4)
    (0.6931, 1.6)
    """
    ratio, error, size = _log_mean(log_weights)
    value = log_z_base + ratio
    return LogPartition(value, error, "ais", size, forward=value)


def reverse_estimate(log_weights, log_z_base):
    """log Z from chains that started in the model.

    Parameters
    ----------
    log_weights : ndarray of shape (n_chains,)
        Of chains led from the model back to the base: for a path of one step,
        log f_0(v) / f_1(v).
    log_z_base : float

    Returns
    -------
    LogPartition
    """
    ratio, error, size = _log_mean(log_weights)
    value = log_z_base - ratio
    return LogPartition(value, error, "reverse_ais", size, reverse=value)


def _log_mean(log_weights):
    """Logarithm of the mean weight, its standard error, effective sample size."""
    n = len(log_weights)
    log_sum = logsumexp(log_weights)
    size = float(np.exp(2 * log_sum - logsumexp(2 * log_weights)))
    # The sample variance of w / mean(w) is (n^2 / size - n) / (n - 1).
    error = np.sqrt(max(n / size - 1, 0) / (n - 1)) if n > 1 else np.inf
    return float(log_sum - np.log(n)), float(error), size


def bridge_estimate(forward, reverse, log_z_base):
    """log Z from chains led both ways, by Bennett's acceptance ratio.

    With r = log Z - log Z_base, and f the logistic function, r solves

        sum over forward chains  f(log w - r - c)
          = sum over reverse chains  f(log w + r + c),   c = log(n_forward / n_reverse),

    the estimate of least variance of all bridges (Bennett 1976; Shirts et al. 2003;
    Gelman & Meng 1998).  It needs the chains of the two ends to overlap, not the
    forward chains to reach the model each alone.

    Parameters
    ----------
    forward : ndarray of shape (n_forward,)
        Log weights of chains from the base to the model.
    reverse : ndarray of shape (n_reverse,)
        Log weights of chains from the model to the base.
    log_z_base : float

    Returns
    -------
    LogPartition
        Its effective sample size is the smaller of the two directions.
    """
    shift = np.log(len(forward) / len(reverse))

    def excess(ratio):
        up = expit(forward - ratio - shift).sum()
        return up - expit(reverse + ratio + shift).sum()

    low = min(forward.min(), -reverse.max()) - 50 - abs(shift)
    high = max(forward.max(), -reverse.min()) + 50 + abs(shift)
    ratio = brentq(excess, low, high, xtol=1e-10)
    up, down = (
        forward_estimate(forward, log_z_base),
        reverse_estimate(reverse, log_z_base),
    )
    return LogPartition(
        log_z_base + ratio,
        _bridge_error(forward - ratio - shift, reverse + ratio + shift),
        "bridge",
        min(up.effective_sample_size, down.effective_sample_size),
        up.value,
        down.value,
        float(np.hypot(up.standard_error, down.standard_error)),
    )


def _bridge_error(up, down):
    """Standard error: the relative variances of both sums add up."""
    return float(np.sqrt(sum(map(_relative_variance, (up, down)))))


def _relative_variance(arguments):
    """Variance of the mean of expit(arguments), by that mean squared."""
    logs = -np.logaddexp(0, -arguments)
    return _log_mean(logs)[1] ** 2
