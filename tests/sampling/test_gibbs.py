"""No drift: chains that start in the model's distribution stay in it."""

import numpy as np
import pytest
from judges import comes_from, exact_start, oracle_p
from kernel_twins import TWINS
from model_cases import BIPARTITE, by_name

from skboltz import config_context
from skboltz.sampling import Purpose, Stream, gibbs
from skboltz.units import Bias

N_CHAINS, N_SWEEPS = 40_000, 3
KERNELS = ["numpy", "numba"][: len(TWINS)]


def run(case, params, n_sweeps=N_SWEEPS, dtype=np.float64, step=gibbs.step):
    """Chains from an exact start, after some sweeps with given parameters."""
    rng = np.random.default_rng(0)
    start = exact_start(case.oracle, N_CHAINS, rng).astype(dtype)
    params = type(params)(
        params.weights.astype(dtype), *(Bias(p.bias.astype(dtype)) for p in params[1:])
    )
    stream = Stream(key=(1, 2), purpose=Purpose.SAMPLE)
    chains = gibbs.from_visible(case.model, params, start, stream)
    for _ in range(n_sweeps):
        chains = step(case.model, params, chains)
    return chains


def stays(case, chains):
    unit = case.model.visible_unit
    return comes_from(chains.visible, oracle_p(case.oracle), unit.low, unit.high)


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(**by_name(BIPARTITE))
def test_chains_stay_in_the_distribution(case, dtype, kernels):
    with config_context(kernels=kernels):
        assert stays(case, run(case, case.params, dtype=dtype))


@pytest.mark.parametrize(**by_name(BIPARTITE[1:]))
def test_a_temperature_off_by_a_fifth_is_rejected(case):
    w, b, c = case.params
    hot = type(case.params)(w / 1.2, Bias(b.bias / 1.2), Bias(c.bias / 1.2))
    assert not stays(case, run(case, hot))


@pytest.mark.parametrize("layer", ["visible", "hidden"])
def test_a_forgotten_bias_is_rejected(layer):
    case = BIPARTITE[2]
    bias = np.zeros_like(getattr(case.params, layer).bias)
    broken = case.params._replace(**{layer: Bias(bias)})
    assert not stays(case, run(case, broken))


def test_noise_used_twice_is_rejected():
    case = BIPARTITE[1]

    def stale(model, params, chains):
        fresh = gibbs.step(model, params, chains)
        return fresh._replace(stream=chains.stream)

    assert not stays(case, run(case, case.params, step=stale))


def test_hidden_states_are_drawn_from_their_conditional():
    case = BIPARTITE[1]
    v = case.oracle.visible_states[6]
    stream = Stream(key=(5, 6), purpose=Purpose.SAMPLE)
    rows = np.tile(np.array(v, dtype=float), (N_CHAINS, 1))
    chains = gibbs.from_visible(case.model, case.params, rows, stream)
    joint = np.array([case.oracle.joint(v, h) for h in case.oracle.hidden_states])
    assert comes_from(chains.hidden, joint / joint.sum(), 0.0, 1.0)
    np.testing.assert_allclose(chains.hidden_mean[0], case.oracle.hidden_mean(v))


def test_init_is_exact_without_weights():
    case = BIPARTITE[1]
    params = case.params._replace(weights=np.zeros_like(case.params.weights))
    stream = Stream(key=(7, 8), purpose=Purpose.SAMPLE)
    chains = gibbs.init(case.model, params, stream, N_CHAINS)
    on = 1 / (1 + np.exp(-params.visible.bias))
    probability = [
        np.prod([p if x else 1 - p for x, p in zip(v, on, strict=True)])
        for v in case.oracle.visible_states
    ]
    assert comes_from(chains.visible, probability, 0.0, 1.0)


@pytest.mark.skipif(len(KERNELS) < 2, reason="this run is without Numba on purpose")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_both_kernels_walk_the_same_chain(dtype):
    walks = []
    for kernels in KERNELS:
        with config_context(kernels=kernels):
            walks.append(run(BIPARTITE[2], BIPARTITE[2].params, dtype=dtype))
    np.testing.assert_array_equal(walks[0].visible, walks[1].visible)
    assert walks[0].hidden_mean.tobytes() == walks[1].hidden_mean.tobytes()
