"""Machines of two layers learn as RBMs do: the same steps, and the same chains."""

from dataclasses import replace

import numpy as np
import pytest
from judges import ALPHA
from oracles import PairwiseOracle
from scipy.stats import norm

from skboltz import learning
from skboltz.learning import Batch
from skboltz.models import Pairwise, PairwiseParams, in_layers
from skboltz.sampling import Purpose, Stream, partly_known
from skboltz.units import BERNOULLI, SPIN, Bias, TwoValuedUnit

N_VISIBLE, N_UNITS, N_CLASSES = 4, 7, 2
UNITS = {"bits": BERNOULLI, "spins": SPIN, "lopsided": TwoValuedUnit(-0.5, 2.0)}
EACH_UNIT = pytest.mark.parametrize("unit", UNITS.values(), ids=UNITS)
WHOLE = np.zeros((N_UNITS, N_UNITS), dtype=bool)
WHOLE[N_VISIBLE:, :N_VISIBLE] = WHOLE[:N_VISIBLE, N_VISIBLE:] = True
PARTLY = WHOLE.copy()
PARTLY[0, 5] = PARTLY[5, 0] = PARTLY[2, 4] = PARTLY[4, 2] = False
MASKS = pytest.mark.parametrize("mask", [WHOLE, PARTLY], ids=["whole", "partly"])
STREAM = Stream((3, 4), Purpose.CHAINS)
EXACT = learning.Inferred(partly_known.exact, complete=True)
SUMMED, GIVEN = learning.FreeEnumeration(), learning.GivenInputs(N_CLASSES)
# Every part whose result is no matter of chance.
NEGATIVES = {
    "summed": SUMMED,
    "given": GIVEN,
    "mixture": learning.Mixture(GIVEN, SUMMED, 0.3),
}
GRADIENTS = [
    learning.PairwiseGradient,
    learning.CenteredPairwiseGradient,
    learning.SignedPairwiseGradient,
]


def params_of(unit):
    """Couplings of all pairs across the layers, also those a mask holds."""
    rng = np.random.default_rng(1)
    upper = np.triu(rng.normal(size=WHOLE.shape), 1) * WHOLE
    coupling = 2 / unit.distance() ** 2 * (upper + upper.T)
    return PairwiseParams(coupling, Bias(rng.normal(size=N_UNITS) / unit.distance()))


def rows_of(unit):
    """Two features, one value of which lies between, and a class of two."""
    rows = [[0, 1, 1, 0], [1, 1, 0, 1], [1, 0.3, 1, 0], [0, 0, 0, 1], [1, 0, 0, 1]]
    return unit.at(np.array(rows))


def recipe(unit, negative=SUMMED, gradient=None, positive=EXACT, **options):
    options = {"optimiser": learning.Momentum(0.5)} | options
    return learning.TwoPhaseLearner(
        model=Pairwise(unit, N_VISIBLE),
        positive=positive,
        negative=negative,
        gradient=gradient or learning.CenteredPairwiseGradient(WHOLE),
        decay=options.pop("decay", learning.WeightDecay(0.03, 0.1)),
        sparsity=learning.SparsityTarget(),
        batch_size=100,
        **options,
    )


def begun(learner, params, rows):
    """A training under way."""
    state = learner.init(params, rows.mean(axis=0), (1, 2))
    rng = np.random.default_rng(5)
    offsets = (m + rng.normal(size=len(m)) / 10 for m in state.offsets)
    state = state._replace(offsets=learning.Offsets(*offsets))
    if not state.optimiser:
        return state
    upper = np.triu(rng.normal(size=WHOLE.shape), 1) * WHOLE / 100
    velocity = upper + upper.T, rng.normal(size=N_UNITS) / 100
    return state._replace(optimiser=velocity)


def updated(learner, state, batch, n=3):
    state = learner.copy(state)
    for _ in range(n):
        state, seen = learner.update(state, batch, 0.1, 0.8)
    return state, seen


@EACH_UNIT
@MASKS
@pytest.mark.parametrize("make", GRADIENTS)
@pytest.mark.parametrize("negative", NEGATIVES.values(), ids=NEGATIVES)
@pytest.mark.parametrize("weight", [None, np.array([1.0, 0.0, 2.5, 0.5, 1.0])])
def test_updates_are_those_of_the_pairs(unit, mask, make, negative, weight):
    """Exact phases, penalties, velocities, offsets, masks and weights of rows."""
    params, rows = params_of(unit), rows_of(unit)
    learner = recipe(unit, negative, make(mask))
    fast = learning.layered(learner, params)
    assert isinstance(fast, learning.LayeredLearner)
    state, batch = begun(learner, params, rows), Batch(rows, weight=weight)
    expected, seen = updated(learner, state, batch)
    found, own = updated(fast, fast.entered(state), batch)
    found = fast.left(found)
    pairs = [
        (found.params.arrays(), expected.params.arrays()),
        (found.optimiser, expected.optimiser),
        (found.offsets, expected.offsets),
        (own, seen),
    ]
    for one, other in pairs:
        for a, b in zip(one, other, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-10)
    assert (abs(found.params.coupling - params.coupling)[mask] > 1e-6).all()


@pytest.mark.parametrize("make", GRADIENTS)
def test_a_mask_holds_weights_that_are_there(make):
    params, rows = params_of(SPIN), rows_of(SPIN)
    plain = learning.GradientAscent()
    learner = recipe(SPIN, gradient=make(PARTLY), optimiser=plain)
    fast = learning.layered(learner, params)
    state, _ = updated(fast, fast.entered(begun(learner, params, rows)), Batch(rows))
    moved = fast.left(state).params.coupling != params.coupling
    np.testing.assert_array_equal(moved, PARTLY)


@EACH_UNIT
@pytest.mark.parametrize("infer", [learning.naive, learning.tap])
def test_mean_fields_of_units_on_their_own_are_exact(unit, infer):
    params, rows = params_of(unit), rows_of(unit)
    learner = recipe(unit, positive=learning.Inferred(infer, complete=True))
    fast = learning.layered(learner, params)
    state, batch = begun(learner, params, rows), Batch(rows)
    expected, _ = updated(learner, state, batch, n=1)
    found, _ = updated(fast, fast.entered(state), batch, n=1)
    np.testing.assert_allclose(
        fast.left(found).params.coupling, expected.params.coupling, atol=1e-10
    )


@MASKS
def test_features_that_are_held_stay(mask):
    params, rows = params_of(SPIN), rows_of(SPIN)
    held = learning.Holding(learning.CenteredPairwiseGradient(mask), np.array([1]))
    learner = recipe(SPIN, gradient=held, optimiser=learning.GradientAscent())
    fast = learning.layered(learner, params)
    state, _ = updated(fast, fast.entered(begun(learner, params, rows)), Batch(rows))
    moved = fast.left(state).params.coupling != params.coupling
    assert not moved[1].any() and moved[0].any()


# Where there is no other form ---------------------------------------------------------


def with_coupling(i, j):
    params = params_of(BERNOULLI)
    params.coupling[i, j] = params.coupling[j, i] = 1e-3
    return params


SPARSE = np.zeros_like(WHOLE)
for _place in ((0, 4), (1, 5), (2, 6)):
    SPARSE[_place] = SPARSE[_place[::-1]] = True
ANNEALED = learning.AnnealedFree(learning.Schedule((1.0,), 1), 5)
OTHERS = {
    "gaps": recipe(BERNOULLI, positive=learning.Inferred(partly_known.exact)),
    "clamped chains": recipe(BERNOULLI, positive=learning.ClampedGibbs(1)),
    "annealed": recipe(BERNOULLI, ANNEALED),
    "annealed in a mixture": recipe(BERNOULLI, learning.Mixture(GIVEN, ANNEALED, 0.5)),
    "mask": recipe(
        BERNOULLI, gradient=learning.PairwiseGradient(~np.eye(7, dtype=bool))
    ),
    "held mask": recipe(
        BERNOULLI,
        gradient=learning.Holding(
            learning.PairwiseGradient(~np.eye(7, dtype=bool)), np.array([0])
        ),
    ),
}


@pytest.mark.parametrize("learner", OTHERS.values(), ids=OTHERS)
def test_parts_without_a_counterpart_stay(learner):
    assert learning.layered(learner, params_of(BERNOULLI)) is None


def test_couplings_inside_a_layer_stay():
    learner = recipe(BERNOULLI)
    assert learning.layered(learner, params_of(BERNOULLI))
    for place in ((0, 1), (5, 6)):
        assert learning.layered(learner, with_coupling(*place)) is None
    without_hidden = replace(learner, model=Pairwise(BERNOULLI, N_UNITS))
    assert learning.layered(without_hidden, params_of(BERNOULLI)) is None


def test_sums_over_few_couplings_stay_short():
    """Three hidden units that see one of four visible ones each: 2^3 either way.

    A star of the same units, whose middle is visible, is summed over two states.
    """
    star = np.zeros_like(WHOLE)
    star[0, 4:] = star[4:, 0] = True
    params = params_of(BERNOULLI)
    for wiring, expected in ((SPARSE, True), (WHOLE, True), (star, False)):
        own = params._replace(coupling=params.coupling * wiring)
        fast = learning.layered(recipe(BERNOULLI), own)
        assert (fast is not None) == expected


# Chains -------------------------------------------------------------------------------


def test_states_come_back_as_they_were():
    learner = recipe(SPIN, learning.Mixture(GIVEN, learning.FreeChains(2, 6), 0.5))
    params, rows = params_of(SPIN), rows_of(SPIN)
    fast, state = learning.layered(learner, params), begun(learner, params, rows)
    again = fast.left(fast.entered(state))
    assert learner.negative.accepts(again.negative)
    chains, same = state.negative[1], again.negative[1]
    np.testing.assert_array_equal(chains.units, same.units)
    assert chains.stream == same.stream and again.negative[0] == state.negative[0]
    for one, other in zip(state.params.arrays(), again.params.arrays(), strict=True):
        np.testing.assert_array_equal(one, other)
    for one, other in zip(state.optimiser, again.optimiser, strict=True):
        np.testing.assert_array_equal(one, other)


@EACH_UNIT
@pytest.mark.parametrize("broken", [False, True])
def test_chains_that_go_to_and_fro_settle_at_the_machine(unit, broken):
    """One sweep in layers, one of the pairs, and so on: both keep the same law."""
    n, params = 4000, params_of(unit)
    params = params._replace(coupling=0.5 * params.coupling)
    learner = recipe(unit, learning.FreeChains(1, n))
    fast = learning.layered(learner, params)
    wrong = params._replace(units=Bias(params.units.bias[::-1].copy()))
    state = begun(learner, params, rows_of(unit))
    for _ in range(15):
        run = wrong if broken else params
        entered = fast.entered(state)
        layers = in_layers(run, N_VISIBLE)
        _, chains = fast.negative.step(fast.model, layers, entered.negative, None)
        state = fast.left(entered._replace(negative=chains))
        _, chains = learner.negative.step(learner.model, run, state.negative, None)
        state = state._replace(negative=chains)
    units = unit.share(state.negative.units)
    oracle = PairwiseOracle(*params.arrays(), (unit.low, unit.high))
    mean, _ = oracle.moments([np.nan] * N_UNITS)
    error = abs(units.mean(axis=1) - unit.share(np.array(mean))).max()
    bound = norm.isf(ALPHA / (2 * N_UNITS)) / np.sqrt(4 * n)
    assert (error < bound) != broken
