"""The pseudo-inverse rule: projection onto the space of the memories."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class PseudoInverse:
    """J projects onto the span of the memories; then the diagonal is removed.

    J = X^+ X for memories in the rows of X (Kohonen 1972; Personnaz, Guyon & Dreyfus
    1985).  Each memory has the field (1 - J_ii) xi_i, so that all are fixed points; a
    unit that is no linear combination of the others has J_ii = 1 and no coupling.
    Memories that depend linearly on others, or repeat them, change nothing; nor do
    weights.
    """

    def learn(self, patterns, weight, fixed, stream):
        _, size, basis = np.linalg.svd(patterns, full_matrices=False)
        rounding = max(patterns.shape) * np.finfo(float).eps
        basis = basis[size > rounding * size.max(initial=0.0)]
        coupling = basis.T @ basis
        # What is left of the rows of such a unit is rounding, and no tie any more.
        alone = np.diag(coupling) > 1 - rounding * len(coupling)
        coupling[alone] = coupling[:, alone] = 0
        np.fill_diagonal(coupling, 0)
        return coupling, 1.0, 1

    def capacity(self, n_units):
        """Independent memories below the number of units."""
        return n_units - 1
