"""How far apart draws of a chain are taken."""

import numpy as np
import pytest

from skboltz.sampling import thinning


def wandering(phi, n_sweeps=1000, n_chains=100, seed=0):
    """Traces whose autocorrelation is phi^t, in their distribution from the start."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(n_sweeps, n_chains)) * np.sqrt(1 - phi**2)
    traces = np.empty((n_sweeps, n_chains))
    traces[0] = rng.normal(size=n_chains)
    for s in range(1, n_sweeps):
        traces[s] = phi * traces[s - 1] + noise[s]
    return traces.T


@pytest.mark.parametrize("phi", [0.3, 0.8, 0.93])
def test_draws_of_a_decay_keep_a_hundredth(phi):
    found = thinning.interval_of(wandering(phi)[None])
    assert 0.002 < phi**found < 0.02
    share = (1 - phi**found) / (1 + phi**found)  # of independent draws
    assert share > 0.95
    assert (1 - phi) / (1 + phi) < 0.6  # the control: neighbouring draws are worth less


def test_the_scalar_that_remembers_longest_decides():
    fast, slow = wandering(0.2), wandering(0.9)
    both = thinning.interval_of(np.array([fast, slow]))
    assert both >= thinning.interval_of(slow[None]) > thinning.interval_of(fast[None])
    still = np.zeros_like(slow)  # says nothing
    assert thinning.interval_of(np.array([still, slow])) == thinning.interval_of(
        slow[None]
    )


def test_a_weak_part_that_decays_slowly_is_seen():
    """A tenth of the variance stays for 33 sweeps: the rest alone would ask for few."""
    fast, slow = wandering(0.3, 4000), wandering(0.97, 4000, seed=1)
    found = thinning.interval_of((np.sqrt(0.85) * fast + np.sqrt(0.15) * slow)[None])
    left = 0.15 * 2 / (0.97**-found - 1)  # what all later draws add to the time
    assert left < 0.15
    assert found > 4 * thinning.interval_of(fast[None])


def test_chains_that_do_not_meet_have_no_interval():
    rng = np.random.default_rng(0)
    apart = np.sign(np.arange(100) - 49.5)[:, None] + 0.1 * rng.normal(size=(100, 500))
    assert thinning.interval_of(apart[None]) is None
    assert thinning.interval_of(wandering(0.995)[None]) is None  # too few sweeps
    assert thinning.interval_of(np.ones((2, 5, 60))) == 1
