"""Storkey's rule: Hebb's, less what the couplings before say already."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Storkey:
    """Memories one after the other, each corrected by the local fields before it.

    J_ij += 1/n [w xi_i xi_j - xi_i h_ji - h_ij xi_j] for i != j, where
    h_ij = sum_{k != i, j} J_ik xi_k (Storkey 1997; Storkey & Valabregue 1999).  The
    result depends on the order of the memories.  A memory that comes again would
    take itself back, so equal and reversed ones count once, with their weights
    added.  Corrections are right to first order only: weights that differ by more
    than a factor of about two weaken the memories they should favour.
    """

    def learn(self, patterns, weight, fixed, stream):
        n = patterns.shape[1]
        coupling = np.zeros((n, n))
        for pattern, w in zip(*_merged(patterns, weight), strict=True):
            coupling += _change(coupling, pattern, w) / n
            np.fill_diagonal(coupling, 0)
        return coupling, 1.0, 1

    def capacity(self, n_units):
        """Random memories that are all fixed points, n / sqrt(2 ln n)."""
        return n_units / np.sqrt(2 * np.log(max(n_units, 2)))


def _merged(patterns, weight):
    """Patterns that differ by more than their sign, in order, with total weights."""
    one_sign = patterns * patterns[:, :1]
    _, first, which = np.unique(
        one_sign, axis=0, return_index=True, return_inverse=True
    )
    total = np.bincount(which.ravel(), weight)
    order = np.argsort(first)
    return patterns[first[order]], total[order]


def _change(coupling, pattern, weight):
    """With h_i = sum_k J_ik xi_k: h_ij = h_i - J_ij xi_j, and J is symmetric."""
    rest = np.outer(pattern, weight / 2 * pattern - coupling @ pattern)
    return rest + rest.T + 2 * coupling
