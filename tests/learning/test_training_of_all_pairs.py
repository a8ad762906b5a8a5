"""Trainings of machines of every pair of units: phases, gaps, guards, and resuming."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
from learning_parts import recipe
from model_cases import by_name
from pair_cases import PAIRS, named

from skboltz import DivergenceError
from skboltz.learning import (
    ContrastiveDivergence,
    Data,
    Enumeration,
    FastPersistentContrastiveDivergence,
    Momentum,
    PersistentContrastiveDivergence,
    RandomRestart,
    TemperedContrastiveDivergence,
    VarianceScaled,
    epoch,
    initial_params,
    is_sound,
)
from skboltz.sampling import Purpose, Stream
from skboltz.units import RECTIFIED, STANDARD_GAUSSIAN, Bias

STREAM = Stream((3, 4), Purpose.WEIGHTS)
PHASES = {
    "CD": ContrastiveDivergence(1),
    "PCD": PersistentContrastiveDivergence(k=1, n_chains=20),
    "FPCD": FastPersistentContrastiveDivergence(k=1, n_chains=20, fast_rate=0.02),
    "tempered": TemperedContrastiveDivergence(k=1, n_chains=10, n_rungs=3),
    "restart": RandomRestart(k=2, n_chains=20),
    "exact": Enumeration(),
}
COUNTED = [
    case
    for case in PAIRS
    if min(
        case.model.visible_unit.n_states(case.params.weights.shape[1]),
        case.model.hidden_unit.n_states(len(case.params.weights)),
    )
    < np.inf
]
# One machine with each unit below, and one with each above.
SOME = [
    case
    for case in PAIRS
    if case.name.endswith("under bits") or case.name.startswith(("bits under", "rect"))
]


def drawn(case, n=60, seed=0):
    v, _ = case.oracle.draw(n, np.random.default_rng(seed))
    return v


def fresh(case, rows, dtype=np.float64):
    """Parameters at which a training of the same size starts."""
    mean, n_hidden = np.nanmean(rows, axis=0), len(case.params.weights)
    return initial_params(case.model, STREAM, mean, len(rows), n_hidden, dtype)


def trained(case, parts, rows, n_epochs, rate, params=None, dtype=np.float64):
    params = fresh(case, rows, dtype) if params is None else params
    state = parts.init(params, np.nanmean(rows, axis=0), (1, 2))
    state = parts.resume(state, params, Data(rows, None))
    for _ in range(n_epochs):
        data = Data(rows.astype(dtype), None)
        state, _ = epoch(parts, state, data, rate)
    return state


LEARNING = [
    pytest.param(case, phase, id=f"{case.name}, {phase}")
    for case in SOME
    for phase in PHASES
    if phase != "exact" or case in COUNTED
]


@pytest.mark.parametrize("centered", [False, True], ids=["plain", "centered"])
@pytest.mark.parametrize("case, phase", LEARNING)
def test_every_phase_learns_from_rows_with_gaps(case, phase, centered):
    rows = drawn(case)
    for number, group in enumerate(case.oracle.visible.groups):
        rows[number::7, list(group.columns)] = np.nan
    parts = recipe(case, PHASES[phase], centered=centered, batch_size=20)
    state = trained(case, parts, rows, 2, 0.02)
    assert all(np.isfinite(array).all() for array in state.params.arrays())
    assert is_sound(parts, state, Data(rows, None))
    again = pickle.loads(pickle.dumps(state))
    ahead, back = (epoch(parts, s, Data(rows, None), 0.02)[0] for s in (state, again))
    for one, two in zip(ahead.params.arrays(), back.params.arrays(), strict=True):
        assert one.tobytes() == two.tobytes()


def test_an_exact_phase_without_an_end_is_refused():
    case = named("rectified under rectified")
    parts = recipe(case, Enumeration())
    with pytest.raises(ValueError, match="there is no end"):
        trained(case, parts, drawn(case), 1, 0.01)


@pytest.mark.parametrize(**by_name(COUNTED))
def test_exact_learning_climbs_the_likelihood(case):
    rows = drawn(case, 200)
    parts = recipe(case, Enumeration(), centered=True)
    start = fresh(case, rows)
    end = trained(case, parts, rows, 30, 0.1).params
    likelihood = [case.oracle_of(p).log_likelihood(rows).mean() for p in (start, end)]
    assert likelihood[1] > likelihood[0]


@pytest.mark.parametrize(**by_name(PAIRS))
def test_single_precision_is_kept(case):
    rows = drawn(case).astype(np.float32)
    parts = recipe(case, PHASES["CD"])
    state = trained(case, parts, rows, 1, 0.01, dtype=np.float32)
    assert {array.dtype for array in state.params.arrays()} == {np.dtype(np.float32)}


# Where a training starts, and what it may not become --------------------------------


@pytest.mark.parametrize(**by_name(PAIRS))
def test_a_training_starts_at_the_means_of_the_data(case):
    rows = drawn(case, 2000)
    params = fresh(case, rows)
    free = params._replace(weights=np.zeros_like(params.weights))
    unit, nothing = case.model.visible_unit, np.zeros((1, rows.shape[1]))
    found = unit.mean(free.visible, unit.field(free.visible, nothing))[0]
    deviation = rows.std(axis=0)
    assert (abs(found - rows.mean(axis=0)) < 0.02 * deviation + 0.01).all()


@pytest.mark.parametrize(**by_name(SOME))
def test_a_machine_that_left_its_data_is_not_sound(case):
    """All its visible units are drawn far away, or to one end."""
    rows = drawn(case)
    parts = recipe(case, PHASES["CD"])
    state = trained(case, parts, rows, 0, 0.01)
    assert is_sound(parts, state, Data(rows, None))
    bias = state.params.visible.bias
    for far in (
        np.where(np.arange(len(bias)) % 2, 30.0, -30.0),
        np.full(len(bias), 6.0),
    ):
        off = state.params._replace(visible=state.params.visible._replace(bias=far))
        lost = state._replace(params=off)
        if not is_sound(parts, lost, Data(rows, None)):
            return
    raise AssertionError("both were sound")


# Two quadratic layers -----------------------------------------------------------------


def growing(hidden, rate, optimiser=None, phase="CD"):
    """A training on rows whose couplings would be stronger than any allowed."""
    case = named(f"standard Gaussian under {hidden}")
    rng = np.random.default_rng(0)
    rows = 30 * rng.normal(size=(50, 1)) * np.ones((1, 2)) + rng.normal(size=(50, 2))
    parts = recipe(case, PHASES[phase], batch_size=25)
    parts = replace(parts, optimiser=optimiser or parts.optimiser)
    return case, trained(case, parts, rows, 10, rate, params=case.params)


@pytest.mark.parametrize("phase", ["CD", "PCD", "FPCD", "tempered", "restart"])
@pytest.mark.parametrize("hidden", ["standard Gaussian", "rectified"])
@pytest.mark.parametrize("optimiser", [None, Momentum(0.9)], ids=["plain", "momentum"])
def test_steps_that_lead_to_no_law_are_halved(hidden, optimiser, phase):
    case, state = growing(hidden, 0.05, optimiser, phase)
    assert all(np.isfinite(array).all() for array in state.params.arrays())
    assert case.model.is_normalisable(state.params)
    norm = np.linalg.norm(state.params.weights, 2)
    assert 0.9 < norm < 1  # as strong as they may be


def test_a_step_is_halved_no_further_than_it_takes():
    from skboltz.learning.two_phase._gradient import halve

    case = named("standard Gaussian under rectified")
    params = case.params._replace(weights=np.array([[0.5, 0.0]]))
    step = params._replace(
        weights=np.array([[3.0, 0.0]]),
        visible=Bias(np.array([8.0, 0.0])),
        hidden=Bias(np.array([8.0])),
    )
    halve(case.model, params, step)
    np.testing.assert_array_equal(step.weights, [[0.375, 0]])  # 3 / 8
    np.testing.assert_array_equal(step.visible.bias, [1, 0])
    assert case.model.visible_unit == STANDARD_GAUSSIAN
    assert case.model.hidden_unit == RECTIFIED


def test_variances_are_learnt_beside_real_hidden_units():
    case = named("Gaussian under rectified")
    rows = drawn(case, 200)
    parts = recipe(case, PHASES["CD"], centered=True, batch_size=50)
    parts = replace(parts, gradient=VarianceScaled(parts.gradient, 0.3))
    state = trained(case, parts, rows, 5, 0.05)
    assert case.model.is_normalisable(state.params)
    assert (state.params.visible.log_variance != 0).all()


def test_a_rate_that_is_far_too_high_is_told():
    case = named("Poisson under bits")
    parts = recipe(case, PHASES["CD"])
    with pytest.raises(DivergenceError, match="learning_rate"):
        trained(case, parts, drawn(case), 30, 1e4)
