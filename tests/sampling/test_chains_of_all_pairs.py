"""Chains of every pair of units: started in the law of the machine, they stay in it."""

import itertools

import numpy as np
import pytest
from judges import ALPHA, chi_square
from kernel_twins import TWINS
from model_cases import by_name
from pair_cases import PAIRS, named
from scipy.stats import norm

from skboltz import config_context
from skboltz.sampling import (
    Purpose,
    Stream,
    annealing,
    conditional_gibbs,
    gibbs,
    modes,
    tempering,
)
from skboltz.utils import each

N_CHAINS, N_SWEEPS = 4000, 3
STREAM = Stream((1, 2), Purpose.SAMPLE)
FEW = [case for case in PAIRS if case.oracle.visible.size < 100]

all_pairs = pytest.mark.parametrize(**by_name(PAIRS))
both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def started(case, seed=0):
    v, _ = case.oracle.draw(N_CHAINS, np.random.default_rng(seed))
    return v


def run(case, params=None, start=None, dtype=np.float64):
    params = each(lambda a: a.astype(dtype), params or case.params)
    start = (started(case) if start is None else start).astype(dtype)
    chains = gibbs.from_visible(case.model, params, start, STREAM)
    return gibbs.run(case.model, params, chains, N_SWEEPS)


def suits(case, v, h):
    """Means, squares and products are those of the machine: z below 4.9 each.

    A hundred of them at most: the limit is that of the judge divided by as many.
    """
    mean_v, mean_h, product, square = case.oracle.moments()
    limit = norm.isf(ALPHA / 200)
    both = h[:, :, None] * v[:, None, :]
    checks = (v, mean_v), (h, mean_h), (v**2, square), (both, product)
    for found, expected in checks:
        error = found.std(axis=0) / np.sqrt(len(v)) + 1e-6
        if (np.abs(found.mean(axis=0) - expected) > limit * error).any():
            return False
    return True


def states_suit(case, v):
    """Chi square over all states of a visible layer that has few."""
    x, s, log_weight = case.oracle.visible.states()
    log_weight = log_weight + case.oracle.hidden.log_partition(
        s @ case.params.weights.T
    )
    law = np.exp(log_weight - case.oracle.log_z)
    counts = (v[:, None] == x).all(axis=2).sum(axis=0)
    assert counts.sum() == len(v)  # each row is a state
    return chi_square(counts, law) < 1


@both_dtypes
@all_pairs
def test_chains_stay_in_the_law_of_the_machine(case, dtype):
    chains = run(case, dtype=dtype)
    assert chains.visible.dtype == chains.hidden.dtype == dtype
    assert suits(case, chains.visible.astype(float), chains.hidden.astype(float))


@pytest.mark.parametrize(**by_name(FEW))
def test_all_states_keep_their_frequencies(case):
    assert states_suit(case, run(case).visible)


@all_pairs
def test_the_law_of_the_oracle_is_that_of_its_draws(case):
    """Else nothing is said by what chains do that start there."""
    v, h = case.oracle.draw(N_CHAINS, np.random.default_rng(1))
    assert suits(case, v, h)


@pytest.mark.parametrize(
    "name",
    ["Poisson under bits", "bits under rectified", "Gaussian under standard Gaussian"]
    + ["binomial under spins", "groups under Poisson", "rectified under rectified"],
)
def test_chains_of_other_machines_are_rejected(name):
    case = named(name)
    for i, array in enumerate(case.params.arrays()[:2]):
        arrays = list(case.params.arrays())
        arrays[i] = array + 0.3 * (np.arange(array.shape[-1]) % 2 == 0)
        chains = run(case, case.with_arrays(arrays))
        assert not suits(case, chains.visible, chains.hidden)


@pytest.mark.parametrize("kernels", ["numpy", "numba"][: len(TWINS)])
def test_chains_of_counts_are_the_same_by_either_kernel(kernels):
    case = named("Poisson under bits")
    with config_context(kernels="numpy"):
        expected = run(case)
    with config_context(kernels=kernels):
        found = run(case)
    assert found.visible.tobytes() == expected.visible.tobytes()


# Paths and clamping -----------------------------------------------------------------


@all_pairs
def test_annealed_chains_weigh_what_the_machine_weighs(case):
    path = annealing.base_path(case.model, case.params)
    chains = annealing.init(path, STREAM, 400)
    chains = annealing.run(path, chains, np.linspace(0, 1, 21))
    ratio = np.exp(chains.log_weight)
    found = path.base_log_partition() + np.log(ratio.mean())
    error = ratio.std() / ratio.mean() / np.sqrt(len(ratio))
    assert abs(found - case.oracle.log_z) < 5 * error + 1e-9


@all_pairs
def test_means_at_the_base_can_be_those_of_data(case):
    unit = case.model.visible_unit
    mean = unit.interior(case.rows.mean(axis=0))
    path = annealing.base_path(case.model, case.params, mean)
    v, _ = path.draw(STREAM, 4000)
    error = v.std(axis=0) / np.sqrt(len(v))
    assert (np.abs(v.mean(axis=0) - mean) < 5 * error + 1e-9).all()


@all_pairs
def test_tempered_chains_stay_too(case):
    path, betas = annealing.base_path(case.model, case.params), np.array([0, 0.5, 1])
    replicas = tempering.init(path, STREAM, betas, 300)
    replicas = tempering.run(path, betas, replicas, 30)
    v = replicas.visible[-1]
    mean, _, _, square = case.oracle.moments()
    error = np.sqrt(np.maximum(square - mean**2, 0) / len(v))
    assert (np.abs(v.mean(axis=0) - mean) < 5 * error + 1e-9).all()


@all_pairs
def test_clamped_chains_have_conditional_means(case):
    row = case.rows[0].copy()
    row[list(case.oracle.visible.groups[0].columns)] = np.nan
    _, expected, of_hidden = case.oracle.given(row)
    given = np.tile(row, (400, 1))
    start = conditional_gibbs.filled(given, case.rows[1])
    walk = conditional_gibbs.walk(case.model, case.params, given, start, STREAM)
    found = list(itertools.islice(walk, 20, 50))
    v = np.mean([sweep.visible for sweep in found], axis=0)
    h = np.mean([sweep.hidden for sweep in found], axis=0)
    for made, mean in ((v, expected), (h, of_hidden)):
        error = made.std(axis=0) / np.sqrt(len(made))
        assert (np.abs(made.mean(axis=0) - mean) < 5 * error + 1e-9).all()
    known = ~np.isnan(row)
    np.testing.assert_array_equal(found[-1].visible[:, known], given[:, known])


@all_pairs
def test_modes_are_no_worse_than_where_their_search_starts(case):
    v, h = modes.descend(case.model, case.params, case.rows)
    before = modes.partners(case.model, case.params, case.rows)
    ends = case.model.energy(case.params, v, h)
    starts = case.model.energy(case.params, case.rows, before)
    assert (ends <= starts + 1e-9).all()
    found, _ = modes.find(case.model, case.params, case.rows)
    assert np.isfinite(found).all() and len(found) > 0
