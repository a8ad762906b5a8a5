"""NaN means missing: in learning, in likelihoods, in features, and in imputing."""

import numpy as np
import pytest
from judges import comes_from
from model_cases import BIPARTITE, by_name
from sklearn.datasets import load_digits
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from skboltz import BernoulliRBM, EnergyImputer
from skboltz.learning.two_phase import _guesses as guesses
from skboltz.likelihood import _posterior as marginal
from skboltz.likelihood import conditional_means, marginal_free_energy
from skboltz.sampling import Purpose, Stream, conditional_gibbs, gibbs

CASES = BIPARTITE[1:]
STREAM = Stream(key=(8, 9), purpose=Purpose.SAMPLE)
NAN = np.nan


def agrees(state, row):
    return all(np.isnan(r) or r == s for r, s in zip(row, state, strict=True))


def known_table(case, row):
    """Joint states that agree with a row, and their probabilities."""
    oracle = case.oracle
    joint = {
        (v, h): oracle.joint(v, h)
        for v in oracle.visible_states
        if agrees(v, row)
        for h in oracle.hidden_states
    }
    total = sum(joint.values())
    return {state: p / total for state, p in joint.items()}, total


def row_of(case, holes):
    unit = case.model.visible_unit
    row = np.where(np.arange(case.oracle.n_visible) % 2, unit.high, unit.low)
    row = row.astype(float)
    row[list(holes)] = NAN
    return row


HOLES = [(0,), (1, 2), (0, 2)]


@pytest.mark.parametrize("holes", HOLES)
@pytest.mark.parametrize(**by_name(CASES))
def test_free_energies_sum_out_what_is_missing(case, holes):
    row = row_of(case, holes)
    _, total = known_table(case, row)
    found = marginal_free_energy(case.model, case.params, row[None])[0]
    assert np.isclose(found, -np.log(total) - case.oracle.log_z, atol=1e-10)


@pytest.mark.parametrize("holes", HOLES)
@pytest.mark.parametrize(**by_name(CASES))
def test_conditional_means_are_ratios_of_joints(case, holes):
    row = row_of(case, holes)
    table, _ = known_table(case, row)
    v, h = conditional_means(case.model, case.params, row[None])
    expected_v = sum(p * np.array(state[0]) for state, p in table.items())
    expected_h = sum(p * np.array(state[1]) for state, p in table.items())
    np.testing.assert_allclose(v[0], expected_v, atol=1e-10)
    np.testing.assert_allclose(h[0], expected_h, atol=1e-10)


@pytest.mark.parametrize(**by_name(CASES[:2]))
def test_beyond_enumeration_means_and_weights_are_near(case, monkeypatch):
    """200 dependent sweeps: within 0.15 of a mean in [0, 1], 0.1 nats of a weight."""
    row = row_of(case, (0, 2))
    exact = conditional_means(case.model, case.params, row[None])
    weight = marginal_free_energy(case.model, case.params, row[None])
    monkeypatch.setattr(marginal, "EXACT_TERMS", 0)
    rows = np.repeat(row[None], 3, axis=0)
    sampled = conditional_means(case.model, case.params, rows)
    for found, expected in zip(sampled, exact, strict=True):
        assert (found == found[0]).all()  # the same noise for every row
        np.testing.assert_allclose(found[:1], expected, atol=0.15)
    found = marginal_free_energy(case.model, case.params, rows)
    assert (found == found[0]).all() and abs(found[0] - weight[0]) < 0.1


def visible_rows(case, row):
    states = [v for v in case.oracle.visible_states if agrees(v, row)]
    table, _ = known_table(case, row)
    p = [sum(q for (v, _), q in table.items() if v == state) for state in states]
    full = np.zeros(len(case.oracle.visible_states))
    for state, weight in zip(states, p, strict=True):
        full[case.oracle.visible_states.index(state)] = weight
    return full


@pytest.mark.parametrize("broken", [False, True])
@pytest.mark.parametrize(**by_name(CASES))
def test_clamped_chains_stay_in_the_conditional_distribution(case, broken):
    """Started there exactly; forgetting to put the known units back is rejected."""
    row, n = row_of(case, (0, 2)), 20_000
    p = visible_rows(case, row)
    rng = np.random.default_rng(0)
    states = np.array(case.oracle.visible_states, dtype=float)
    start = states[rng.choice(len(p), n, p=p / p.sum())]
    chains = gibbs.from_visible(case.model, case.params, start, STREAM)
    given = np.full(row.shape, NAN) if broken else row
    chains = conditional_gibbs.run(case.model, case.params, chains, given, 3)
    unit = case.model.visible_unit
    assert comes_from(chains.visible, p, unit.low, unit.high) is not broken


@pytest.mark.parametrize("broken", [False, True])
def test_a_training_remembers_each_row_of_its_own(broken):
    """Rows visited in shuffled batches; values of other rows are noticed."""
    case = CASES[0]
    patterns = [row_of(case, holes) for holes in ((0,), (2,), (3,))]
    X = np.concatenate([np.repeat(row[None], 10_000, axis=0) for row in patterns])
    completion = guesses.start(case.model, case.params, X, STREAM)
    rng = np.random.default_rng(0)
    filled = X.copy()
    for _ in range(20):
        for rows in np.array_split(rng.permutation(len(X)), 3):
            places = rows[::-1] if broken else rows
            filled[rows], completion = guesses.complete(
                case.model, case.params, completion, places, X[rows]
            )
    stored = guesses.filled(completion, np.arange(len(X)), X)
    assert (stored == filled).all() is not broken or broken
    good = [
        comes_from(part, visible_rows(case, row), 0.0, 1.0)
        for part, row in zip(np.array_split(stored, 3), patterns, strict=True)
    ]
    assert all(good) is not broken


def test_learning_from_what_is_known_finds_the_distribution():
    """30 % missing: nearly as near to the truth as from whole rows, far nearer than
    from rows whose gaps were filled by the commonest value."""
    case = CASES[0]
    p = case.oracle.visible_marginal()
    rng = np.random.default_rng(1)
    states = np.array(case.oracle.visible_states, dtype=float)
    X = states[rng.choice(len(p), 4000, p=p / p.sum())]
    holes = rng.random(X.shape) < 0.3
    holes[holes.all(axis=1), 0] = False
    partly = np.where(holes, NAN, X)
    common = SimpleImputer(strategy="most_frequent").fit_transform(partly)

    def divergence(rows):
        rbm = BernoulliRBM(
            4, method="exact", learning_rate=0.5, momentum=0.7, batch_size=400,
            n_iter=50, gradient="centered", random_state=0,
        ).fit(rows)  # fmt: skip
        return p @ (np.log(p) - rbm.score_samples(states))

    whole, known, guessed = divergence(X), divergence(partly), divergence(common)
    assert whole < 0.01 and known < 0.03 and guessed > 3 * known


X = (load_digits().data[:400] > 7).astype(float)
HOLES_X = np.random.default_rng(0).random(X.shape) < 0.2
PARTLY = np.where(HOLES_X, NAN, X)
MAKE = {"n_components": 12, "learning_rate": 0.1, "n_iter": 10, "random_state": 0}


@pytest.fixture(scope="module")
def rbm():
    return BernoulliRBM(**MAKE).fit(PARTLY)


def test_known_features_weigh_at_least_as_much_as_whole_rows(rbm):
    assert (rbm.score_samples(PARTLY[:50]) > rbm.score_samples(X[:50])).all()


def test_strategies(rbm):
    mean, mode = (rbm.impute(PARTLY[:100], strategy=s) for s in ("mean", "mode"))
    expected = np.where(HOLES_X[:100], mean > 0.5, X[:100])
    np.testing.assert_array_equal(mode, expected)
    sample = rbm.impute(PARTLY[:50], strategy="sample", random_state=0)
    assert set(np.unique(sample)) <= {0.0, 1.0}
    np.testing.assert_array_equal(sample[~HOLES_X[:50]], X[:50][~HOLES_X[:50]])


def test_partial_fit_takes_other_rows_with_other_gaps():
    rbm = BernoulliRBM(**MAKE)
    for rows in np.array_split(PARTLY, 7):
        rbm.partial_fit(rows)
    assert np.isfinite(rbm.components_).all()
    assert rbm.impute(PARTLY).shape == X.shape


def test_the_imputer_beats_the_mean_and_the_neighbours():
    """Held-out entries of binary digits; benchmarks/figure_imputation.py has more."""
    digits = (load_digits().data > 7).astype(np.float32)
    holes = np.random.default_rng(0).random(digits.shape) < 0.2
    partly = np.where(holes, NAN, digits).astype(np.float32)
    machine = BernoulliRBM(
        64,
        learning_rate=0.1,
        schedule="linear",
        n_iter=40,
        n_chains=100,
        random_state=0,
    )
    rivals = [SimpleImputer(), KNNImputer(), EnergyImputer(machine)]
    mean, neighbours, energy = (
        np.mean(
            (imputer.fit(partly[:1300]).transform(partly[1300:]) - digits[1300:])[
                holes[1300:]
            ]
            ** 2
        )
        for imputer in rivals
    )
    assert energy < neighbours < mean


def test_an_imputer_in_a_pipeline():
    y, partly = load_digits().target[:200], PARTLY[:200]
    model = make_pipeline(
        EnergyImputer(BernoulliRBM(**MAKE)), LogisticRegression(max_iter=2000)
    ).fit(partly, y)
    assert model.score(partly, y) > 0.9
    assert EnergyImputer().fit(PARTLY[:20]).get_feature_names_out()[0] == "x0"


def test_the_default_machine_takes_the_random_state():
    one, two, other = (
        EnergyImputer(random_state=seed).fit(PARTLY[:50]).transform(PARTLY[:5])
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(one, two)
    assert (one != other).any()


def test_a_feature_of_which_a_call_knows_nothing_is_filled_as_well(rbm):
    rows = PARTLY.copy()
    rows[:, 5] = NAN
    assert np.isfinite(rbm.impute(rows)).all()


def test_out_of_range_is_seen_beside_nan():
    with pytest.warns(UserWarning, match="from 0 to 2"):
        BernoulliRBM(**{**MAKE, "n_iter": 1}).fit(2 * PARTLY)
