"""Judges: statistical verdicts with a known rate of error.

A correct sampler fails one of these with a probability of ALPHA; every use stands
beside a negative control, a broken sampler that must be rejected.
"""

import numpy as np
from scipy.stats import chi2

ALPHA = 1e-6


def state_numbers(rows, low, high):
    """Number of each row, unit 0 being the most significant binary digit."""
    is_high = (np.asarray(rows) - low) / (high - low)
    return (is_high @ 2 ** np.arange(rows.shape[1])[::-1]).astype(int)


def chi_square(counts, probability):
    """Pearson's statistic by its critical value: above 1, reject.

    States that expect fewer than 10 counts are pooled, so that the law of the
    statistic is that of chi square.
    """
    expected = counts.sum() * np.asarray(probability)
    rare = expected < 10
    observed = np.append(counts[~rare], counts[rare].sum())
    expected = np.append(expected[~rare], expected[rare].sum())
    if expected[-1] < 10:  # too few even together: add them to the smallest bin
        smallest = np.argmin(expected[:-1])
        observed[smallest] += observed[-1]
        expected[smallest] += expected[-1]
        observed, expected = observed[:-1], expected[:-1]
    statistic = ((observed - expected) ** 2 / expected).sum()
    return statistic / chi2.isf(ALPHA, len(expected) - 1)


def comes_from(rows, probability, low, high):
    """Whether independent rows may come from a table of probabilities."""
    counts = np.bincount(state_numbers(rows, low, high), minlength=len(probability))
    return chi_square(counts, probability) < 1


def exact_start(oracle, n_chains, rng):
    """Visible states drawn from the exact marginal of an oracle."""
    numbers = rng.choice(len(oracle.visible_states), n_chains, p=oracle_p(oracle))
    return np.array(oracle.visible_states, dtype=float)[numbers]


def oracle_p(oracle):
    p = oracle.visible_marginal()
    return p / p.sum()
