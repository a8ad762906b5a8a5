"""Diagnostics of chains: how long they remember, and whether they agree.

All are functions of the traces of one scalar, such as the energy, recorded once
per sweep: one row per chain, one column per sweep.  They see only what this scalar
shows: chains may agree in energy and still sit in modes that mirror each other.
"""

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft
from scipy.special import ndtri
from scipy.stats import rankdata

WINDOW = 5  # Sokal's c for tau = 1 + 2 sum rho: bias exp(-2c), little variance


def autocorrelation(traces):
    """Normalised autocorrelation of chains, averaged about their common mean.

    rho_t = c_t / c_0 with c_t = 1 / (n_chains n_steps) sum_c sum_s
    (x_cs - m)(x_c,s+t - m), where m is the mean of all draws.  As every lag is
    divided by n_steps, not by the n_steps - t terms it has, the noise of long lags
    stays bounded; rho_t is too near to 0 by a factor of 1 - t / n_steps.  The sums
    are taken by FFT, padded with zeros so that a trace does not meet its own start.

    About the common mean, chains that sit in different modes stay correlated at
    all lags; about a mean of their own they would look as if they mixed.

    Parameters
    ----------
    traces : array-like of shape (n_chains, n_steps)
        A scalar recorded once per sweep; at least 4 sweeps.

    Returns
    -------
    ndarray of shape (n_steps,)
        At lags of 0, 1, ... sweeps; 1 at lag 0.  All nan if the traces are
        constant, as 0 / 0 then says nothing.

    Raises
    ------
    ValueError
        If `traces` is not a finite 2-D array of at least one chain and 4 sweeps.

    Examples
    --------
    The sums of products are 4, 1 - 1 + 1, -1 - 1 and -1.

    >>> from skboltz.sampling import autocorrelation
    >>> autocorrelation([[1, 1, -1, -1]]).round(12)
    array([ 1.  ,  0.25, -0.5 , -0.25])
    """
    return _about_common_mean(_scaled(_checked(traces)))


def autocorrelation_time(traces):
    """Integrated autocorrelation time: sweeps that are worth one independent draw.

    tau = 1 + 2 sum_t rho_t, so 1 for independent draws; a mean over n sweeps has
    the variance of one over n / tau independent draws.  (Sokal's tau_int is half of
    it.)  The sum ends at his automatic window, the smallest lag M with
    M >= 5 tau(M): beyond it, there is more noise than correlation (Sokal 1997,
    section 3).

    Parameters
    ----------
    traces : array-like of shape (n_chains, n_steps)
        A scalar recorded once per sweep; at least 4 sweeps.

    Returns
    -------
    float
        In sweeps.  inf if the traces are constant: nothing can be learnt from them.
        Without a window the sum takes all lags and is a lower bound, n_steps for
        chains that each stand still.  A value above n_steps / 50 says little more
        than that the traces are too short.  Never below 1 / log10(n_chains n_steps),
        as in :func:`effective_sample_size`; chains that alternate around their mean
        may end there, since Sokal's window expects positive correlations.

    Raises
    ------
    ValueError
        If `traces` is not a finite 2-D array of at least one chain and 4 sweeps.

    References
    ----------
    Sokal, A. (1997). Monte Carlo methods in statistical mechanics: foundations and
    new algorithms. In Functional Integration, NATO ASI Series B 361, 131-192.

    Examples
    --------
    Chains that stand still: rho = 1, 3/4, 1/2, 1/4, so 1 + 2 x 3/2 sweeps.

    >>> from skboltz.sampling import autocorrelation_time
    >>> round(autocorrelation_time([[1, 1, 1, 1], [-1, -1, -1, -1]]), 12)
    4.0
    """
    traces = _checked(traces)
    return _bounded(_windowed(_about_common_mean(_scaled(traces))), traces.size)


def effective_sample_size(traces):
    """Number of independent draws that would estimate the mean as well as the chains.

    n_chains n_steps / tau, in the form for several chains of Vehtari et al.
    (2021): every chain is cut in half (of an odd number of sweeps the middle one is
    left out); with W the mean variance within the halves of n sweeps, B / n the
    variance between their means, and c_t their mean autocovariance,

        rho_t = 1 - (W - c_t) / (W (n - 1) / n + B / n).

    Chains in different modes have a large B, hence large rho_t and a small result.
    The sum over lags is Geyer's initial monotone sequence: sums of neighbouring
    pairs, made monotone, as long as they are positive.  Values are those of the
    "mean" method of ArviZ, wherever that sequence ends within the trace.

    Parameters
    ----------
    traces : array-like of shape (n_chains, n_steps)
        A scalar recorded once per sweep; at least 4 sweeps.

    Returns
    -------
    float
        In draws.  0 if the traces are constant: nothing can be learnt from them.
        Alternating chains may exceed n_chains n_steps, by a factor of at most its
        decimal logarithm.

    Raises
    ------
    ValueError
        If `traces` is not a finite 2-D array of at least one chain and 4 sweeps.

    References
    ----------
    Vehtari, A., Gelman, A., Simpson, D., Carpenter, B., & Bürkner, P.-C. (2021).
    Rank-normalization, folding, and localization: an improved R-hat for assessing
    convergence of MCMC. Bayesian Analysis 16(2), 667-718.

    Geyer, C. J. (1992). Practical Markov chain Monte Carlo. Statistical Science
    7(4), 473-483.

    Examples
    --------
    Chains that stand still: rho = 1 at both lags of a half, tau = -1 + 2 (1 + 1).

    >>> from skboltz.sampling import effective_sample_size
    >>> round(3 * effective_sample_size([[1, 1, 1, 1], [-1, -1, -1, -1]]), 12)
    8.0
    """
    halves = _halves(_scaled(_checked(traces)))
    return halves.size / _bounded(_geyer(_between_chains(halves)), halves.size)


def r_hat(traces):
    """Rank-normalised split R-hat: near 1 when chains cannot be told apart.

    Every chain is cut in half, as in :func:`effective_sample_size`, and every draw
    replaced by the normal quantile of (rank - 3/8) / (number of draws + 1/4), ties
    sharing their mean rank, so that heavy tails do no harm.  With W and B / n the
    variances within and between the halves of n sweeps,

        R = sqrt((W (n - 1) / n + B / n) / W).

    The result is the larger of the R of the draws (bulk: different places) and the
    R of their distances from the median (folded: different scales).  Vehtari et al.
    (2021) advise to use draws only below 1.01.

    Parameters
    ----------
    traces : array-like of shape (n_chains, n_steps)
        A scalar recorded once per sweep; at least 4 sweeps.  One chain is enough:
        its halves are compared.

    Returns
    -------
    float
        Without unit.  inf if every half stands still, but not all at one value; nan
        if the traces are constant: nothing can be learnt from them.

    Raises
    ------
    ValueError
        If `traces` is not a finite 2-D array of at least one chain and 4 sweeps.

    References
    ----------
    Vehtari, A., Gelman, A., Simpson, D., Carpenter, B., & Bürkner, P.-C. (2021).
    Rank-normalization, folding, and localization: an improved R-hat for assessing
    convergence of MCMC. Bayesian Analysis 16(2), 667-718.

    Examples
    --------
    Two values, whose ranks are two values again; take them as 0 and 1.  The halves
    00, 01, 11, 10 have W = 1/4 and means of variance B / n = 1/6; all are as far
    from the median.  So R^2 = (1/8 + 1/6) / (1/4) = 7/6.

    >>> from skboltz.sampling import r_hat
    >>> round(6 * r_hat([[0, 0, 0, 1], [1, 1, 1, 0]]) ** 2, 12)
    7.0
    """
    halves = _halves(_checked(traces))
    folded = abs(halves - np.median(halves))
    bulk, tail = (_potential_scale(_normal_scores(x)) for x in (halves, folded))
    # Draws of two values may all be as far from the median; nan then, not a verdict.
    return float(np.fmax(bulk, tail))


def _checked(traces):
    """Traces as an array of float64, or an error that says what to do."""
    traces = np.asarray(traces)
    if traces.dtype.kind not in "biuf":
        raise ValueError(
            f"traces has dtype {traces.dtype}, but must hold real numbers: record "
            f"one real scalar per chain and sweep."
        )
    if traces.ndim != 2 or not len(traces):
        remedy = "record one scalar per chain and sweep"
        if traces.ndim == 1:
            remedy = "give a single chain as np.atleast_2d(traces)"
        raise ValueError(
            f"traces has shape {traces.shape}, but must be (n_chains, n_steps) with "
            f"at least one chain: {remedy}."
        )
    if traces.shape[1] < 4:
        raise ValueError(
            f"traces has {traces.shape[1]} sweeps, but at least 4 are needed: record "
            f"longer chains, one column per sweep."
        )
    n_bad = np.count_nonzero(~np.isfinite(traces))
    if n_bad:
        raise ValueError(
            f"traces has {n_bad} values that are nan or infinite: find out what "
            f"diverged, or drop the chains that hold them."
        )
    return traces.astype(np.float64)


def _scaled(traces):
    """Shifted to start at 0 and divided by the largest magnitude.

    Autocorrelations do not change, no square overflows or vanishes, and a large
    offset costs no digits.
    """
    moved = traces - traces[0, 0]
    return moved / (abs(moved).max() or 1.0)


def _autocovariance(deviations):
    """Mean over rows of sum_s x_s x_(s+t) / n_steps, at all lags t."""
    n_steps = deviations.shape[1]
    padded = next_fast_len(2 * n_steps, real=True)
    power = abs(rfft(deviations, padded)) ** 2
    return irfft(power.mean(axis=0), padded)[:n_steps] / n_steps


def _about_common_mean(traces):
    covariance = _autocovariance(traces - traces.mean())
    return _ratio(covariance, covariance[0])


def _between_chains(chains):
    """Autocorrelation that counts the distance between the chains as correlation."""
    n_steps = chains.shape[1]
    within, between = _variances(chains)
    covariance = _autocovariance(chains - chains.mean(axis=1, keepdims=True))
    total = within * (n_steps - 1) / n_steps + between
    rho = 1 - _ratio(within - covariance, total)
    rho[0] = 1.0 if total else np.nan  # c_0 has a divisor of n, W one of n - 1
    return rho


def _variances(chains):
    """W and B / n: mean variance within chains, variance between their means."""
    moved = chains - chains[:, :1]  # exact zeros where a chain stands still
    means = moved.mean(axis=1) + (chains[:, 0] - chains[0, 0])
    return moved.var(axis=1, ddof=1).mean(), means.var(ddof=1)


def _ratio(numerator, denominator):
    """Quotient that is inf or nan without a warning where it is not defined."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.divide(numerator, denominator)


def _windowed(rho):
    """1 + 2 sum rho up to Sokal's window, or over all lags where there is none."""
    tau = 2 * np.cumsum(rho) - 1
    closed = np.arange(len(tau)) >= WINDOW * tau
    return tau[np.argmax(closed) if closed.any() else -1]


def _geyer(rho):
    """1 + 2 sum rho over Geyer's initial monotone positive sequence."""
    pairs = rho[: len(rho) // 2 * 2].reshape(-1, 2).sum(axis=1)
    falling = pairs <= 0
    n_pairs = np.argmax(falling) if falling.any() else len(pairs)
    monotone = np.minimum.accumulate(pairs[:n_pairs])
    # The next even lag, where still positive, tempers the bias of alternating chains.
    next_even = rho[2 * n_pairs : 2 * n_pairs + 1].clip(min=0).sum()
    return 2 * monotone.sum() - 1 + next_even


def _bounded(tau, n_draws):
    """Not below what Vehtari et al. allow alternating chains; inf for constants."""
    return float("inf") if np.isnan(tau) else float(max(tau, 1 / np.log10(n_draws)))


def _halves(traces):
    """First and last half of each chain, as chains of their own."""
    n = traces.shape[1] // 2
    return np.concatenate([traces[:, :n], traces[:, -n:]])


def _normal_scores(chains):
    """Normal quantiles of the ranks among all draws (Blom's 3/8)."""
    ranks = rankdata(chains).reshape(chains.shape)
    return ndtri((ranks - 3 / 8) / (chains.size + 1 / 4))


def _potential_scale(chains):
    n_steps = chains.shape[1]
    within, between = _variances(chains)
    return np.sqrt((n_steps - 1) / n_steps + _ratio(between, within))
