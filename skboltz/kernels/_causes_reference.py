"""Gibbs updates of two-valued causes, one after the other, given their effects.

Causes are the units of a layer, effects the two-valued units below that depend on
them.  As a cause turns over, the log-odds of effect i change by some g_i, and the
normaliser of its law changes by the factor

    off_i + on_i exp(g_i),

on_i and off_i being the probabilities that it is high and low.  The product over all
known effects decides whether the cause turns over: no logarithm, and no exponential, is
taken inside a sweep.  Products are kept in range by powers of two, which are exact.
"""

import numpy as np

__all__ = ["LARGEST", "cause_sweep"]

LARGEST = 2.0**400  # of the kept part of a product, which is 1 at least


def cause_sweep(is_high, on, off, factors, limit, exponent, group):
    """Update the causes of every chain in order; the effects follow each change.

    Parameters
    ----------
    is_high : ndarray of shape (n_chains, n_causes), bool
        Overwritten.
    on, off : ndarray of shape (n_chains, n_effects), float64
        Overwritten; 0 and 1 of effects that are not known.
    factors : ndarray of shape (2, n_causes, n_effects), float64
        exp(g_i), for a cause that is low, and for one that is high.
    limit, exponent : ndarray of shape (n_chains, n_causes), float64
        A cause turns over where the product is below limit LARGEST^exponent.
    group : int
        How many factors have a product between 1 / LARGEST and LARGEST: a power of 2.
    """
    chains = np.arange(len(is_high))
    for j in range(is_high.shape[1]):
        change = factors[is_high[:, j].astype(int), j]
        total = off + on * change
        kept, count = _product(total.copy(), group)
        below = (count == exponent[:, j]) & (kept < limit[:, j])
        turns = chains[(count < exponent[:, j]) | below]
        is_high[turns, j] ^= True
        on[turns] = on[turns] * change[turns] / total[turns]
        off[turns] = off[turns] / total[turns]


def _product(terms, group):
    """Product of each row: kept LARGEST^count, 1 <= kept < LARGEST."""
    width, size = terms.shape[1], 1
    while size < group and width > 1:
        half = (width + 1) // 2
        terms[:, : width - half] *= terms[:, half:width]
        width, size = half, 2 * size
    kept, count = np.ones(len(terms)), np.zeros(len(terms))
    for i in range(width):
        kept *= terms[:, i]
        small, large = kept < 1, kept >= LARGEST
        kept[small] *= LARGEST
        kept[large] *= 1 / LARGEST
        count += large
        count -= small
    return kept, count
