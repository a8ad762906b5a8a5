"""Rows with gaps side by side: the same bits alone, and the laws of each."""

import tracemalloc

import numpy as np
import pytest
from judges import comes_from
from oracles import PairwiseOracle
from scipy.special import logsumexp

from skboltz.likelihood import (
    _abreast,
    _climbing,
    _pairs_abreast,
    _partly_known,
    _posterior,
    _sampled_posterior,
    _sampled_rest,
    conditional_means,
    marginal_free_energy,
    pairwise_free_energy,
    pairwise_means,
)
from skboltz.models import Bipartite, BipartiteParams, PairwiseParams
from skboltz.sampling import Purpose, Stream, partly_known
from skboltz.units import (
    BERNOULLI,
    GAUSSIAN,
    SPIN,
    Bias,
    BinomialUnit,
    CategoricalUnit,
    Columns,
    TwoValuedUnit,
)

pytestmark = pytest.mark.filterwarnings("ignore:In .* so much is unknown")
M, H = 12, 9
STREAM = Stream((5, 6), Purpose.SAMPLE)
LOPSIDED = TwoValuedUnit(-0.5, 2.0)
VISIBLE = {
    "bits": BERNOULLI,
    "spins": SPIN,
    "real": GAUSSIAN,
    "labelled": Columns(((BERNOULLI, 8), (CategoricalUnit(), 4, "label"))),
    "mixed": Columns(((BERNOULLI, 5), (GAUSSIAN, 4), (BinomialUnit(3), 3))),
}
HIDDEN = {"bits": BERNOULLI, "lopsided": LOPSIDED, "label": CategoricalUnit()}


def machine(visible=BERNOULLI, hidden=BERNOULLI, m=M, h=H, scale=0.5, seed=0):
    rng = np.random.default_rng(seed)

    def own(unit, n):
        arrays = [0.5 * rng.normal(size=n)]
        arrays += [np.zeros(n) for _ in unit.parameters._fields[1:]]
        return unit.parameters(*arrays)

    weights = scale * rng.normal(size=(h, m))
    return Bipartite(visible, hidden), BipartiteParams(
        weights, own(visible, m), own(hidden, h)
    )


def rows_with_gaps(model, m=M, seed=1):
    """Two patterns of gaps that some rows share, and rows with gaps of their own."""
    rng, unit = np.random.default_rng(seed), model.visible_unit
    rows = unit.nearest(rng.normal(0.5, 1, (11, m)))
    shared = rng.random((2, m)) < 0.5
    holes = rng.random(rows.shape) < 0.5
    holes[[0, 3, 4]], holes[[1, 9]] = shared[0], shared[1]
    return np.where(holes, np.nan, rows)


@pytest.fixture
def no_sums(monkeypatch):
    """Every row with gaps is left to chains, a few rows at a time."""
    monkeypatch.setattr(_posterior, "EXACT_TERMS", 0)
    monkeypatch.setattr(_partly_known, "EXACT_TERMS", 0)
    monkeypatch.setattr(_sampled_posterior, "_STATES", 50 * 50)
    monkeypatch.setattr(_sampled_rest, "_STATES", 50 * 25)
    for module in (_sampled_posterior, _sampled_rest):
        short = {"_SWEEPS": 20, "_LAST_SWEEPS": 3, "_CHAINS": 10}
        for name, value in short.items():
            monkeypatch.setattr(module, name, value)
    monkeypatch.setattr(_sampled_posterior, "_BETAS", np.linspace(0, 1, 11))
    monkeypatch.setattr(_sampled_rest, "_LADDER", np.linspace(0, 1, 11))


SUBSETS = [[4], [9], [7], [3, 10, 0], [10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]]


@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("visible", VISIBLE)
def test_all_bits_of_a_row_are_its_own(visible, hidden, no_sums):
    model, params = machine(VISIBLE[visible], HIDDEN[hidden])
    rows = rows_with_gaps(model)
    weights = marginal_free_energy(model, params, rows)
    means = conditional_means(model, params, rows)
    for chosen in SUBSETS:
        found = marginal_free_energy(model, params, rows[chosen])
        np.testing.assert_array_equal(found, weights[chosen])
        for part, whole in zip(
            conditional_means(model, params, rows[chosen]), means, strict=True
        ):
            np.testing.assert_array_equal(part, whole[chosen])


@pytest.mark.parametrize("n", [14, 150])
@pytest.mark.parametrize("unit", [BERNOULLI, SPIN, LOPSIDED])
def test_all_bits_of_a_row_of_pairs_are_its_own(unit, n, no_sums):
    """150 units are swept in more than one block."""
    rng = np.random.default_rng(0)
    coupling = np.triu(rng.normal(0, 0.5 / np.sqrt(n), (n, n)), 1)
    params = PairwiseParams(coupling + coupling.T, Bias(rng.normal(0, 0.3, n)))
    rows = rows_with_gaps(Bipartite(unit, BERNOULLI), m=n)
    weights = pairwise_free_energy(unit, params, rows)
    means = pairwise_means(unit, params, rows)
    for chosen in SUBSETS:
        found = pairwise_free_energy(unit, params, rows[chosen])
        np.testing.assert_array_equal(found, weights[chosen])
        found = pairwise_means(unit, params, rows[chosen])
        np.testing.assert_array_equal(found, means[chosen])


# Laws, against all states -----------------------------------------------------------


def side_of(model, params, rows):
    """Rows side by side, and the rests that they are made of."""
    rests = [
        rest.of([row])
        for rest in _posterior.rests(model, params, rows)
        for row in range(len(rest.rows))
    ]
    return _abreast.abreast(_abreast.whole(model, params), rests), rests


def states_of(rest):
    """States of the missing units of a row, and what they weigh."""
    unit, n = rest.model.visible_unit, len(rest.columns)
    v = unit.states(np.arange(unit.n_states(n)), n)
    one = _abreast.left_by(rest)
    upper = rest.model.hidden_unit
    field = upper.field(
        one.params.hidden, rest.model.hidden_input(one.params, v) + one.pull
    )
    log_weight = upper.log_partition(one.params.hidden, field).sum(axis=1)
    return v, log_weight - unit.base_energy(one.params.visible, v)


LAW_ROWS = np.array(
    [[1, np.nan, 0, np.nan, 1], [np.nan, 1, 1, 0, np.nan], [0, np.nan, 1, np.nan, 1]]
)


@pytest.mark.parametrize("broken", [False, True])
@pytest.mark.parametrize("unit", [BERNOULLI, SPIN])
def test_chains_side_by_side_stay_in_the_law_of_each_row(unit, broken):
    """Started there; what a row does not know of its known units is noticed."""
    model, params = machine(unit, m=5, h=4, scale=1.0)
    n, rng = 20_000, np.random.default_rng(2)
    side, rests = side_of(model, params, LAW_ROWS)
    laws = [states_of(rest) for rest in rests]
    laws = [(v, np.exp(w - logsumexp(w))) for v, w in laws]
    start = [v[rng.choice(len(v), n, p=p)] for v, p in laws]
    if broken:
        side = side._replace(pull=np.zeros_like(side.pull))
    walk = side.walk(np.concatenate(start, axis=1).astype(np.float32), STREAM)
    sweep = [next(walk) for _ in range(3)][-1]
    good = [
        # Number of a state: here the first unit is its lowest digit.
        comes_from(sweep.visible[:, own][:, ::-1], p, unit.low, unit.high)
        for own, (_, p) in zip(side.columns(), laws, strict=True)
    ]
    assert all(good) is not broken


def mean_weights(log_weight, base):
    """Mean of exp(log weight + base) by rows, and its standard error."""
    weight = np.exp(log_weight + np.asarray(base))
    return weight.mean(axis=0), weight.std(axis=0) / np.sqrt(len(weight))


@pytest.mark.parametrize("broken", [False, True])
@pytest.mark.parametrize("unit", [BERNOULLI, SPIN])
def test_annealed_weights_are_right_on_average(unit, broken):
    """E[weight] = Z whatever the ladder; forgotten biases are noticed."""
    model, params = machine(unit, m=5, h=4, scale=1.0)
    side, rests = side_of(model, params, LAW_ROWS)
    bases = [_sampled_posterior.log_base(_abreast.left_by(rest)) for rest in rests]
    if broken:
        side = side._replace(hidden=Bias(np.zeros_like(side.hidden.bias)))
    _, log_weight, _ = side.annealed(20_000, np.linspace(0, 1, 7), STREAM)
    exact = np.array([logsumexp(states_of(rest)[1]) for rest in rests])
    mean, error = mean_weights(log_weight, bases - exact)
    assert (abs(mean - 1) < 5 * error).all() is not broken and (error < 0.02).all()


def pairs(unit):
    """A machine of seven units of which three rows know some, and their rests."""
    rng = np.random.default_rng(3)
    coupling = np.triu(rng.normal(0, 1.0, (7, 7)), 1) / unit.distance()
    coupling, bias = coupling + coupling.T, 0.5 * rng.normal(size=7)
    params, oracle = (
        PairwiseParams(coupling, Bias(bias)),
        PairwiseOracle(coupling, bias, (unit.low, unit.high)),
    )
    known = unit.value(rng.random((3, 7)) < 0.5, np.dtype(float))
    known[0, [1, 4, 6]] = known[1, [0, 1, 2, 5]] = known[2, [1, 4, 6]] = np.nan
    rests = [one for rest in partly_known.rests(params, known) for one in rest.each()]
    return oracle, known, rests


@pytest.mark.parametrize("broken", [False, True])
@pytest.mark.parametrize("unit", [BERNOULLI, SPIN, LOPSIDED])
def test_pairs_side_by_side_have_the_law_of_each_row(unit, broken):
    oracle, known, rests = pairs(unit)
    side = _pairs_abreast.abreast(unit, rests)
    bases = [unit.log_partition(None, rest.field[0]).sum() for rest in rests]
    exact = [-oracle.free_energy(known[rest.rows[0]]) for rest in rests]
    exact = np.array(exact) + [rest.energy[0] for rest in rests]
    if broken:
        side = side._replace(bias=0.8 * side.bias)
    betas = np.linspace(0, 1, 7)
    state, log_weight, stream = side.annealed(20_000, betas, STREAM)
    mean, error = mean_weights(log_weight.T, bases - exact)
    good = (abs(mean - 1) < 5 * error).all()
    # Many sweeps later chains are in the law, whose means are E[s].
    for _ in range(60):
        state, stream = side.swept(state, stream)
    for own, rest in zip(side.rows(), rests, strict=True):
        expected = oracle.moments(known[rest.rows[0]])[0][rest.free]
        off = abs(state[own].mean(axis=1) - expected)
        good &= (off < 5 * unit.distance(0.5) / np.sqrt(20_000)).all()
    assert bool(good) is not broken


# Climbing -----------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [0.5, 20.0, 70.0])
@pytest.mark.parametrize("hidden", [BERNOULLI, LOPSIDED])
@pytest.mark.parametrize("visible", ["bits", "spins", "real", "labelled"])
def test_what_a_flip_gains_is_a_difference_of_sums(visible, hidden, scale):
    """In double precision, below and above the guard of the two-valued formula."""
    model, params = machine(VISIBLE[visible], hidden, scale=scale)
    rows = rows_with_gaps(model)[:1]
    (rest,) = _posterior.rests(model, params, model.visible_unit.implied(rows))
    one = _abreast.left_by(rest)
    h = hidden.states(np.array([3, 77, 200]), H)
    field = one.model.visible_field(one.params, h)
    tried = np.tile(np.arange(H), (3, 1))
    found = _climbing._gains(one, h, field, tried)
    near = hidden.neighbours(h)
    for row, gain, value in zip(near, found, _climbing.log_sums(one, h), strict=True):
        expected = _climbing.log_sums(one, row) - value
        np.testing.assert_allclose(gain, expected, rtol=1e-9, atol=1e-9 * scale)


@pytest.mark.parametrize("hidden", HIDDEN)
def test_climbing_ends_no_lower_than_it_began(hidden):
    model, params = machine(BERNOULLI, HIDDEN[hidden], scale=1.5)
    rows = rows_with_gaps(model)[:1]
    (rest,) = _posterior.rests(model, params, rows)
    one, unit = _abreast.left_by(rest), HIDDEN[hidden]
    h = unit.states(np.arange(min(unit.n_states(H), 40)), H)
    start, end = (_climbing.log_sums(one, x) for x in (h, _climbing._climbed(one, h)))
    assert (end >= start).all()
    assert (end > start + 1).any() is np.bool_(unit.binary)
    best = _climbing.log_sums(one, unit.states(np.arange(unit.n_states(H)), H)).max()
    found = _climbing.known_modes(model, params)
    ends = _climbing.ends(one, rest.columns, found)
    assert np.isclose(ends.value[0], best, atol=1e-4)


def test_rows_to_be_sampled_hold_no_weights():
    """What waits for its turn is a list of columns: 300 rows of 4000 weights each."""
    model, params = machine(m=200, h=40)
    rows = np.where(np.random.default_rng(0).random((300, 200)) < 0.5, np.nan, 1.0)
    tracemalloc.start()
    try:
        rests = list(_posterior.rests(model, params, rows))
        held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert len(rests) == 300 and held < 3e6 < 300 * rests[0].params.weights.nbytes


@pytest.mark.parametrize("broken", [False, True])
def test_values_far_from_zero_are_told_apart(broken, monkeypatch):
    """Real units a million deviations up, hidden biases following: as near to sums.

    Single precision knows such values to a sixteenth of a deviation.
    """
    model, params = machine(GAUSSIAN, scale=1.0)
    rows, up = rows_with_gaps(model), 1e6
    weights = marginal_free_energy(model, params, rows)
    means, _ = conditional_means(model, params, rows)
    visible = params.visible._replace(bias=params.visible.bias + up)
    hidden = Bias(params.hidden.bias - up * params.weights.sum(axis=1))
    moved = BipartiteParams(params.weights, visible, hidden)
    monkeypatch.setattr(_posterior, "EXACT_TERMS", 0)
    if broken:
        monkeypatch.setattr(_abreast, "_LARGE", np.inf)
    found = marginal_free_energy(model, moved, rows + up)
    visible, _ = conditional_means(model, moved, rows + up)
    off = abs(found - weights).max(), abs(visible - up - means).max()
    assert (off[0] < 0.3 and off[1] < 0.5) is not broken, off
