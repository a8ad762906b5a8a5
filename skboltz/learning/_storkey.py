"""Storkey's rule: Hebb's, less what the couplings before say already."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Storkey:
    """Memories one after the other, each corrected by the local fields before it.

    J_ij += w/n [xi_i xi_j - xi_i h_ji - h_ij xi_j] for i != j, where
    h_ij = sum_{k != i, j} J_ik xi_k (Storkey 1997; Storkey & Valabregue 1999).  The
    result depends on the order of the memories.
    """

    def learn(self, patterns, weight, fixed, stream):
        n = patterns.shape[1]
        coupling = np.zeros((n, n))
        for pattern, w in zip(patterns, weight, strict=True):
            coupling += (w / n) * _change(coupling, pattern)
            np.fill_diagonal(coupling, 0)
        return coupling, 1.0

    def capacity(self, n_units):
        """Random memories that are all fixed points, n / sqrt(2 ln n)."""
        return n_units / np.sqrt(2 * np.log(max(n_units, 2)))


def _change(coupling, pattern):
    """With h_i = sum_k J_ik xi_k: h_ij = h_i - J_ij xi_j, and J is symmetric."""
    rest = np.outer(pattern, pattern / 2 - coupling @ pattern)
    return rest + rest.T + 2 * coupling
