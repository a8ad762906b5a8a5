"""Noise is a pure function of key, purpose and step."""

import numpy as np
import pytest
from scipy.stats import kstest, logistic

from skboltz.sampling import Purpose, Stream, random_key

STREAM = Stream(key=(11, 12), purpose=Purpose.CHAINS)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_noise_is_logistic(dtype):
    noise, _ = STREAM.draw((50_000,), dtype)
    assert noise.dtype == dtype
    assert kstest(noise, logistic.cdf).pvalue > 1e-6
    # The same judge sees a scale that is wrong by a tenth.
    assert kstest(1.1 * noise, logistic.cdf).pvalue < 1e-6


def test_any_part_of_its_place_changes_the_noise():
    first, after = STREAM.draw((100,), np.float64)
    others = [
        after,
        STREAM._replace(purpose=Purpose.DATA),
        STREAM._replace(key=(11, 13)),
        STREAM._replace(key=(12, 11)),
    ]
    for other in others:
        noise, _ = other.draw((100,), np.float64)
        assert not np.isin(noise, first).any()


def test_steps_count_arrays():
    _, after = STREAM.draw((3,), np.float32)
    assert after == STREAM._replace(step=1)


def test_a_random_key_depends_on_the_random_state_alone():
    keys = {random_key(np.random.RandomState(seed)) for seed in range(20)}
    assert len(keys) == 20
    assert all(0 <= word < 2**64 for key in keys for word in key)
