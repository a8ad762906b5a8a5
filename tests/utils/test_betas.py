"""Annealing schedules: one form, whoever takes them."""

import numpy as np
import pytest

from skboltz import BernoulliRBM, BoltzmannMachine
from skboltz.sampling import Stochastic, minimize_energy
from skboltz.utils import check_betas, stretched

BITS = (np.random.default_rng(0).random((12, 4)) < 0.5).astype(float)
PAIR = [[0, 1], [1, 0]]


def by_training(betas):
    return BoltzmannMachine(1, method="annealing", betas=betas, n_iter=1).fit(BITS)


def by_log_z(betas):
    rbm = BernoulliRBM(2, n_iter=1, random_state=0).fit(BITS)
    return rbm.log_partition(method="ais", betas=betas, n_chains=10)


TAKERS = {
    "training": (by_training, [0.5, 0.5, 1.0]),
    "log Z": (by_log_z, [0.0, 0.5, 0.5, 1.0]),
    "minimum": (lambda betas: minimize_energy(PAIR, betas=betas), [0.5, 0.5, 2.0]),
    "recall": (Stochastic, [0.5, 0.5, 2.0]),
}


@pytest.mark.parametrize("take, betas", TAKERS.values(), ids=TAKERS)
def test_everybody_takes_the_same_form(take, betas):
    for good in (
        betas,
        tuple(betas),
        np.array(betas),
        np.float32(betas),
        3,
        np.int64(3),
    ):
        take(good)
    pairs = [(beta, 1) for beta in betas]
    nan = [*betas[:-1], np.nan]
    for bad in (pairs, betas[::-1], nan, [], 0, -1, 2.0, "3", None, [[1], [1, 1]]):
        with pytest.raises(ValueError, match="betas"):
            take(bad)


def test_what_is_asked_of_the_ends_is_said():
    for betas, ends, said in (
        ([0.0, 1.0], {}, "beginning above 0, found"),
        ([0.1, 1.0], {"first": 0, "last": 1}, "beginning with 0 and ending with 1"),
        ([0.1, 0.9], {"last": 1}, "beginning above 0 and ending with 1"),
    ):
        with pytest.raises(ValueError, match=said):
            check_betas(betas, **ends)


@pytest.mark.parametrize("n", range(1, 12))
def test_stages_keep_their_shares(n):
    stages = (0.5, 0.5, 1.0)
    found = stretched(stages, n)
    assert len(found) == n and found[-1] == 1.0
    assert abs(found.count(0.5) - 2 * n / 3) < 1
    assert found == tuple(sorted(found))
