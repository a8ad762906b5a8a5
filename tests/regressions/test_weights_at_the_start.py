"""Large or unequal weights must not spoil where a training starts or centers.

Three defects found by reading the first version:

- the smoothed mean was computed in float32: beyond a total weight of about 2^24 the
  log-odds of a feature that is always on became infinite, and the fit "diverged";
- the sliding offsets moved alike for every batch, whatever it weighed, so that the
  activity a sparsity target looks at was not that of the weighted data;
- the weighted mean of a sparse float32 matrix was summed in float32, and stuck at 2^24.
"""

import numpy as np
import pytest
from scipy import sparse

from skboltz import BernoulliRBM
from skboltz.estimators.shared._validation import weighted_mean


@pytest.mark.parametrize("dtype", [np.float32, np.int64, np.float64])
def test_a_feature_always_on_starts_at_finite_log_odds(dtype):
    X = np.array([[1, 0], [1, 1]], dtype=dtype)
    rbm = BernoulliRBM(2, n_iter=0).fit(X, sample_weight=[1e8, 1e8])
    expected = [np.log(2e8 + 1), 0.0]
    np.testing.assert_allclose(rbm.intercept_visible_, expected, rtol=1e-6, atol=1e-6)


def test_offsets_slide_by_the_weight_of_the_batch():
    X = np.repeat([[1.0, 0.0], [0.0, 1.0]], 20, axis=0)
    weight = np.repeat([1.8, 0.2], 20)
    rbm = BernoulliRBM(1, batch_size=1, n_iter=200, method="exact", random_state=0)
    rbm.fit(X, sample_weight=weight)
    # A sliding mean at rate 0.01 of single rows of deviation sqrt(p(1-p)) = 0.3 has
    # a deviation of about 0.3 * sqrt(1.8 * 0.01 / 2) = 0.03; four of these.
    np.testing.assert_allclose(
        rbm._training_state.offsets.visible, [0.9, 0.1], atol=0.12
    )


def test_the_sum_of_many_sparse_rows_does_not_stick():
    n = 2**24 + 2**20
    X = sparse.csr_array(
        (np.ones(n, np.float32), np.zeros(n, np.int32), np.arange(n + 1)), (n, 1)
    )
    assert weighted_mean(X, np.ones(n, np.float32), missing=False)[0] == 1
