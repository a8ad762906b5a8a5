"""A rung of annealing that shares its hidden means asked for the largest of none.

Of a layer without units, as of a machine whose units are all independent, log Z by
annealing ended in NumPy's ValueError about a reduction.
"""

import numpy as np
import pytest

from skboltz.likelihood import Effort, estimate_log_partition
from skboltz.models import Bipartite, BipartiteParams
from skboltz.units import BERNOULLI, Bias


@pytest.mark.parametrize("method", ["bridge", "ais", "reverse_ais"])
def test_independent_units_have_the_log_z_of_their_biases(method):
    bias = np.array([0.5, -1.0, 2.0])
    params = BipartiteParams(np.zeros((0, 3)), Bias(bias), Bias(np.zeros(0)))
    effort = Effort(betas=10, n_chains=60, n_sweeps=2)
    estimate, _ = estimate_log_partition(
        *(Bipartite(BERNOULLI, BERNOULLI), params), method=method, effort=effort
    )
    assert abs(estimate.value - np.log1p(np.exp(bias)).sum()) < 0.3
