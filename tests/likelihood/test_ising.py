"""The square Ising torus, whose log Z is known by transfer matrices."""

import numpy as np
import pytest

from skboltz.likelihood import Effort, estimate_log_partition, exact_log_partition
from skboltz.models import Bipartite, BipartiteParams
from skboltz.units import SPIN, Bias

CRITICAL = np.log(1 + np.sqrt(2)) / 2
# Transfer matrix, J = 1, at the critical inverse temperature.
LOG_Z = {4: 15.52191546, 6: 34.11154105, 8: 60.14178079}


def torus(side, beta):
    """White sites are visible, black ones hidden: neighbours differ in colour."""
    white = [(i, j) for i in range(side) for j in range(side) if (i + j) % 2 == 0]
    black = [(i, j) for i in range(side) for j in range(side) if (i + j) % 2]
    weights = np.zeros((len(black), len(white)))
    for n, (i, j) in enumerate(white):
        for di, dj in ((0, 1), (0, -1), (1, 0), (-1, 0)):
            m = black.index(((i + di) % side, (j + dj) % side))
            weights[m, n] += beta
    return BipartiteParams(
        weights, Bias(np.zeros(len(white))), Bias(np.zeros(len(black)))
    )


def test_the_small_torus_by_enumeration():
    found = exact_log_partition(Bipartite(SPIN, SPIN), torus(4, CRITICAL))
    assert np.isclose(found.value, LOG_Z[4], atol=1e-8)


@pytest.mark.parametrize("side", sorted(LOG_Z))
def test_the_critical_torus_is_within_the_error_bars(side):
    """Three seeds; more than one of them outside of 95 % is 7 in 1000."""
    model, params = Bipartite(SPIN, SPIN), torus(side, CRITICAL)
    effort, inside, errors = Effort(300, 100, 50), 0, []
    for seed in range(3):
        estimate, reasons = estimate_log_partition(
            model, params, effort=effort, key=(seed, 1)
        )
        low, high = estimate.interval()
        inside += low <= LOG_Z[side] <= high
        errors.append(abs(estimate.value - LOG_Z[side]) / estimate.standard_error)
        assert not reasons
    assert inside >= 2 and max(errors) < 4
    off, _ = estimate_log_partition(model, torus(side, 1.02 * CRITICAL), effort=effort)
    assert abs(off.value - LOG_Z[side]) > 10 * off.standard_error  # 2 % are seen
