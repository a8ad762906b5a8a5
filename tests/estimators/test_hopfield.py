"""HopfieldMemory as a user meets it."""

import pickle
import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Binarizer

from skboltz import CapacityWarning, DataRangeWarning, HopfieldMemory, config_context
from skboltz.learning import (
    RULES,
    EnergyDescent,
    MinimalOverlap,
    Perceptron,
    Unlearning,
)
from skboltz.sampling import DYNAMICS, Asynchronous, Stochastic, Synchronous


def random_patterns(n_memories=8, n_features=100, seed=0):
    return np.random.default_rng(seed).choice([-1, 1], (n_memories, n_features))


def noisy(X, share, seed=1):
    flipped = np.random.default_rng(seed).random(X.shape) < share
    return np.where(flipped, X.min() + X.max() - X, X)


def sign_loops(J, b, s):
    """Asynchronous descent, unit by unit, until nothing changes: the plainest loop."""
    s = [float(x) for x in s]
    changed = True
    while changed:
        changed = False
        for i in range(len(s)):
            field = b[i] + sum(J[i][j] * s[j] for j in range(len(s)))
            new = s[i] if abs(field) < 1e-12 else 1.0 if field > 0 else -1.0
            changed = changed or new != s[i]
            s[i] = new
    return s


def energy_loops(J, b, s):
    pairs = sum(
        J[i][j] * s[i] * s[j] for i in range(len(s)) for j in range(len(s)) if i != j
    )
    return -pairs / 2 - sum(b[i] * s[i] for i in range(len(s)))


@pytest.mark.parametrize("rule", sorted(RULES))
@pytest.mark.parametrize("dynamics", sorted(DYNAMICS))
def test_every_rule_recalls_by_every_dynamics(rule, dynamics):
    X = random_patterns()
    memory = HopfieldMemory(rule, dynamics=dynamics, random_state=0).fit(X)
    cues = noisy(X, 0.1)
    assert (memory.transform(cues) == X).all()
    assert (memory.predict(cues) == np.arange(8)).all()
    assert not (memory.transform(-X) == X).all(axis=1).any()


@pytest.mark.filterwarnings("ignore::skboltz.CapacityWarning")
def test_storage_by_loops():
    X = random_patterns(3, 12, seed=1).astype(float)
    memory = HopfieldMemory(fit_intercept=True).fit(X, sample_weight=[1, 2, 3])
    w, n = [1, 2, 3], 13  # the unit that stands for the bias counts
    for i in range(12):
        assert memory.intercept_[i] == pytest.approx(
            sum(w[m] * X[m, i] for m in range(3)) / n
        )
        for j in range(12):
            hebb = sum(w[m] * X[m, i] * X[m, j] for m in range(3)) / n
            assert memory.coupling_[i, j] == pytest.approx((i != j) * hebb)


@pytest.mark.filterwarnings("ignore::skboltz.CapacityWarning")
def test_energy_by_loops_and_fixed_points():
    X = random_patterns(5, 14)
    memory = HopfieldMemory(fit_intercept=True).fit(X)
    J, b = memory.coupling_.tolist(), memory.intercept_.tolist()
    rows = random_patterns(20, 14, seed=3)
    expected = [energy_loops(J, b, row) for row in rows.tolist()]
    np.testing.assert_allclose(memory.energy(rows), expected, rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(memory.familiarity(rows), -memory.energy(rows))
    ends = np.array([sign_loops(J, b, row) for row in rows.tolist()])
    assert memory.is_fixed_point(ends).all()
    moved = [sign_loops(J, b, row) != row for row in rows.astype(float).tolist()]
    np.testing.assert_array_equal(memory.is_fixed_point(rows), ~np.array(moved))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64, np.uint8, bool])
def test_values_and_type_come_back(dtype):
    spins = random_patterns()
    X = (spins > 0).astype(dtype)
    out = HopfieldMemory().fit(X).transform(X)
    assert out.dtype == dtype
    np.testing.assert_array_equal(out, X)
    if dtype not in (np.uint8, bool):
        out = HopfieldMemory().fit(spins.astype(dtype)).transform(spins.astype(dtype))
        np.testing.assert_array_equal(out, spins)


def test_zeros_and_ones_are_the_same_memory_as_spins():
    spins = random_patterns()
    by_spins = HopfieldMemory(random_state=0).fit(spins)
    by_bits = HopfieldMemory(random_state=0).fit((spins + 1) // 2)
    np.testing.assert_array_equal(by_bits.coupling_, by_spins.coupling_)
    cues = noisy(spins, 0.2)
    np.testing.assert_array_equal(
        by_bits.transform((cues + 1) // 2), (by_spins.transform(cues) + 1) // 2
    )


@pytest.mark.filterwarnings(
    "ignore::skboltz.CapacityWarning", "ignore:.*had not ended when recall did"
)
@pytest.mark.parametrize("dynamics", sorted(DYNAMICS))
@pytest.mark.parametrize("rule", ["hebb", "pseudo-inverse"])
def test_a_row_does_not_depend_on_its_batch(rule, dynamics):
    X = random_patterns(20, 60)
    memory = HopfieldMemory(rule, dynamics=dynamics, random_state=0).fit(X)
    cues = noisy(np.repeat(X, 5, axis=0), 0.25)
    together = memory.transform(cues)
    alone = np.vstack([memory.transform(row[None]) for row in cues[::4]])
    np.testing.assert_array_equal(together[::4], alone)
    with config_context(kernels="numpy"):
        np.testing.assert_array_equal(memory.transform(cues), together)


@pytest.mark.parametrize("dynamics", sorted(DYNAMICS))
def test_known_entries_of_a_gappy_row_stay(dynamics):
    X = random_patterns().astype(float)
    memory = HopfieldMemory(dynamics=dynamics, random_state=0).fit(X)
    cues = X.copy()
    cues[:, :50] = np.nan
    np.testing.assert_array_equal(memory.transform(cues), X)
    wrong = cues.copy()
    wrong[:, 60] *= -1  # known, so it stays, though the memory says otherwise
    recalled = memory.transform(wrong)
    np.testing.assert_array_equal(recalled[:, 60], wrong[:, 60])
    np.testing.assert_array_equal(recalled[:, :50], X[:, :50])
    wrong = X.copy()
    wrong[:, 60] *= -1  # nothing unknown: it evolves
    np.testing.assert_array_equal(memory.transform(wrong), X)


def test_gaps_in_a_memory_are_filled_from_its_likes():
    X = np.repeat(random_patterns(2, 40).astype(float), 3, axis=0)
    gappy = X.copy()
    gappy[0, :5] = np.nan
    gappy[5, 30:] = np.nan
    np.testing.assert_array_equal(HopfieldMemory().fit(gappy).memories_, X)


@pytest.mark.filterwarnings("ignore::skboltz.CapacityWarning")
@pytest.mark.parametrize("rule", ["hebb", "storkey", "pseudo-inverse", "perceptron"])
def test_partial_fit_and_forget_are_as_one_fit(rule):
    X, y = random_patterns(10, 60), np.arange(10)
    whole = HopfieldMemory(rule, n_hidden=4, random_state=0).fit(X, y)
    parts = HopfieldMemory(rule, n_hidden=4, random_state=0)
    parts.partial_fit(X[:3], y[:3])
    parts = pickle.loads(pickle.dumps(parts)).partial_fit(X[3:], y[3:])
    np.testing.assert_array_equal(parts.coupling_, whole.coupling_)
    np.testing.assert_array_equal(parts.predict(X), whole.predict(X))
    forgot = HopfieldMemory(rule, random_state=0).fit(X, y).forget(X[[2, 7]])
    rest = np.delete(np.arange(10), [2, 7])
    left = HopfieldMemory(rule, random_state=0).fit(X[rest], y[rest])
    np.testing.assert_array_equal(forgot.coupling_, left.coupling_)
    np.testing.assert_array_equal(forgot.labels_, y[rest])


def test_recall_tells_the_way():
    X = random_patterns(4, 50)
    memory = HopfieldMemory().fit((X + 1) // 2)
    cue = noisy((X + 1) // 2, 0.2).astype(float)
    cue[0, :10] = np.nan
    result = memory.recall(cue)
    steps = result.n_iter.max()
    assert result.trajectory.shape == (steps + 1, 4, 50)
    assert result.energies.shape == (steps + 1, 4)
    assert set(np.unique(result.trajectory)) == {0.0, 1.0}
    assert (np.diff(result.energies, axis=0) <= 0).all()
    np.testing.assert_array_equal(result.trajectory[-1], result.patterns)
    np.testing.assert_array_equal(result.patterns, memory.transform(cue))
    np.testing.assert_allclose(result.energies[-1], memory.energy(result.patterns))
    assert (result.status == "fixed point").all()


def test_noise_of_its_own_for_each_row_only_on_request():
    X = random_patterns(1, 50)
    memory = HopfieldMemory(dynamics=Stochastic([0.5] * 5, n_average=1)).fit(X)
    same = np.repeat(X, 30, axis=0)
    assert len(np.unique(memory.transform(same), axis=0)) == 1
    assert len(np.unique(memory.recall(same, random_state=0).patterns, axis=0)) == 30
    again = memory.recall(same, random_state=0).patterns
    np.testing.assert_array_equal(memory.recall(same, random_state=0).patterns, again)


def test_a_cycle_of_two_is_told_and_asymmetric_couplings_may_not_end():
    X = np.array([[1, -1], [-1, 1]])  # coupling -1: both units want to differ
    memory = HopfieldMemory(dynamics="synchronous").fit(X)
    result = memory.recall([[1, 1]])
    assert result.status.tolist() == ["two cycle"]
    assert result.n_iter.tolist() == [2]
    patterns = random_patterns(30, 20, seed=5)
    rule = Perceptron(symmetric=False)
    loose = HopfieldMemory(rule, dynamics=Synchronous(max_iter=3)).fit(patterns)
    assert (loose.coupling_ != loose.coupling_.T).any()
    with pytest.warns(ConvergenceWarning, match="raise max_iter"):
        loose.transform(random_patterns(200, 20, seed=6))


def test_labels_and_spurious_answers():
    X = random_patterns(3, 60)
    memory = HopfieldMemory(random_state=0).fit(X)
    mixture = np.sign(X.sum(axis=0, keepdims=True))
    assert memory.is_fixed_point(mixture).all()
    assert memory.predict(mixture).tolist() == [-1]
    labelled = HopfieldMemory().fit(X, ["a", "b", "c"])
    assert labelled.predict(noisy(X, 0.1)).tolist() == ["a", "b", "c"]
    assert labelled.score(X, ["a", "b", "b"]) == pytest.approx(2 / 3)
    assert not hasattr(memory, "score")
    twice = HopfieldMemory().fit(X[[0, 0, 1]], [5, 4, 3], sample_weight=[1, 2, 1])
    assert twice.predict(X[:1]).tolist() == [4]


def test_shares_of_classes_are_those_of_the_nearest_memories():
    X = random_patterns(3, 60)
    memory = HopfieldMemory().fit(X)
    assert not hasattr(memory, "predict_proba") and not hasattr(memory, "classes_")
    rows = X[[0, 0, 0, 1, 2]]
    weight = [1, 2, 1, 1, 1]
    memory = HopfieldMemory().fit(rows, list("cabba"), sample_weight=weight)
    assert memory.classes_.tolist() == ["a", "b", "c"]
    proba = memory.predict_proba(noisy(X, 0.1))
    np.testing.assert_array_equal(proba, [[0.5, 0.25, 0.25], [0, 1, 0], [1, 0, 0]])
    answers = memory.classes_[proba.argmax(axis=1)]
    np.testing.assert_array_equal(memory.predict(noisy(X, 0.1)), answers)


def test_passes_over_the_memories_are_counted():
    X = random_patterns(20, 60)
    assert HopfieldMemory("pseudo-inverse").fit(X).n_iter_ == 1
    for kind, most in ((Perceptron, "max_iter"), (EnergyDescent, "n_iter")):
        memory = HopfieldMemory(kind(), random_state=0).fit(X)
        updates = memory.n_iter_ - 1  # in the last pass none is left to do
        assert updates > 1
        enough, too_few = (kind(**{most: n}) for n in (updates + 1, updates - 1))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            same = HopfieldMemory(enough, random_state=0).fit(X)
        np.testing.assert_array_equal(same.coupling_, memory.coupling_)
        with pytest.warns(ConvergenceWarning, match="has not ended"):
            assert HopfieldMemory(too_few, random_state=0).fit(X).n_iter_ < updates
    assert HopfieldMemory.from_params([[0, 1], [1, 0]]).n_iter_ == 0


def test_stability_tells_fixed_points():
    X = random_patterns(30, 100)
    with pytest.warns(CapacityWarning, match=r"^2 of 30 different .* 13.8 random"):
        memory = HopfieldMemory().fit(X)
    J = memory.coupling_
    kappa = [
        min(X[m, i] * (J[i] @ X[m]) / np.sqrt((J[i] ** 2).sum()) for i in range(100))
        for m in range(30)
    ]
    np.testing.assert_allclose(memory.stability(), kappa, atol=1e-12)
    np.testing.assert_array_equal(memory.stability() >= 0, memory.is_fixed_point(X))


def test_spurious_states_of_three_memories():
    X = random_patterns(3, 200)
    memory = HopfieldMemory(random_state=0).fit(X)
    found = memory.spurious_states(300, random_state=0)
    assert found.counts.sum() == 300
    assert (np.diff(found.counts) <= 0).all()
    for kind, state, overlap in zip(
        found.kinds, found.states, found.overlaps, strict=True
    ):
        is_memory = (state == X).all(axis=1).any()
        is_reverse = (state == -X).all(axis=1).any()
        assert kind == "memory" or not is_memory
        assert kind == "reversed" or not is_reverse
        if kind == "mixture":
            assert np.abs(overlap).max() < 0.9 and np.abs(overlap).min() > 0.3
    assert {"memory", "reversed", "mixture"} <= set(found.kinds.tolist())
    assert memory.is_fixed_point(found.states).all()


def test_a_bias_takes_the_reverse_away():
    X = np.where(np.random.default_rng(0).random((5, 200)) < 0.7, 1, -1)
    with_bias = HopfieldMemory(fit_intercept=True).fit(X)
    assert (with_bias.energy(-X) > with_bias.energy(X)).all()
    without = HopfieldMemory().fit(X)
    np.testing.assert_array_equal(without.energy(-X), without.energy(X))


@pytest.mark.filterwarnings("ignore::skboltz.CapacityWarning")
def test_unlearning_frees_more_states_for_memories():
    X = random_patterns(6, 32, seed=3)
    shares = []
    for unlearning in (None, Unlearning(n_dreams=100)):
        memory = HopfieldMemory(
            unlearning=unlearning, min_overlap=1.0, random_state=0
        ).fit(X)
        found = memory.spurious_states(500, random_state=1)
        real = np.isin(found.kinds, ["memory", "reversed"])
        shares.append(found.counts[real].sum() / 500)
    assert shares[1] > shares[0] + 0.2


@pytest.mark.parametrize("fill", ["random", "optimised"])
def test_hidden_units_hold_more(fill):
    X = random_patterns(14, 40, seed=4)
    with pytest.warns(CapacityWarning):
        bare = HopfieldMemory().fit(X)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CapacityWarning)
        wide = HopfieldMemory(n_hidden=200, hidden_fill=fill, random_state=0).fit(X)
    assert wide.coupling_.shape == (240, 240)
    assert wide.transform(X).shape == (14, 40)
    correct = [(memory.transform(X) == X).mean() for memory in (bare, wide)]
    assert correct[1] > correct[0]
    assert (wide.stability() > 0).mean() > (bare.stability() > 0).mean()


def test_margins_widen_basins():
    X = random_patterns(30, 100)
    cues = noisy(X, 0.12)
    share = []
    for rule in (Perceptron(), MinimalOverlap()):
        memory = HopfieldMemory(rule).fit(X)
        share.append((memory.transform(cues) == X).all(axis=1).mean())
    assert share[1] > share[0]


@pytest.mark.filterwarnings("ignore::skboltz.CapacityWarning")
def test_in_a_pipeline_and_a_grid():
    X = np.repeat(random_patterns(4, 30), 6, axis=0)
    y = np.repeat(["a", "b", "c", "d"], 6)
    X = noisy(X, 0.05).astype(float)
    pipeline = make_pipeline(Binarizer(threshold=0.0), HopfieldMemory())
    assert pipeline.fit(X, y).score(X, y) > 0.5
    grid = {"rule": ["hebb", Perceptron(margin=0.2)], "fit_intercept": [False, True]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        search = GridSearchCV(HopfieldMemory(random_state=0), grid).fit(X, y)
    assert set(search.best_params_) == {"rule", "fit_intercept"}


def test_parts_can_be_cloned_and_shown():
    memory = HopfieldMemory(Perceptron(margin=0.5), dynamics=Asynchronous(3))
    assert repr(clone(memory)) == repr(memory)
    assert clone(memory).rule == Perceptron(margin=0.5)


# Bad input ------------------------------------------------------------------------


def test_values_outside_the_two_states():
    with pytest.warns(DataRangeWarning, match="other than 0 and 1"):
        memory = HopfieldMemory().fit([[0.2, 0.8, 1.0], [1, 0, 0]])
    np.testing.assert_array_equal(memory.memories_, [[0, 1, 1], [1, 0, 0]])
    with pytest.warns(DataRangeWarning, match="other than -1 and 1"):
        HopfieldMemory().fit([[-1e30, 1.0, 1.0], [1, -1, -1]])


def test_what_no_memory_knows_and_gaps_in_states_are_refused():
    X = random_patterns().astype(float)
    memory = HopfieldMemory().fit(X)
    blind = np.where(np.arange(100) == 3, np.nan, X)
    with pytest.raises(ValueError, match="first being feature 3; drop"):
        HopfieldMemory().fit(blind)
    with pytest.raises(ValueError, match="fill the gaps first"):
        memory.energy(np.where(np.arange(100) < 3, np.nan, X[:1]))


def test_small_and_degenerate_memories():
    one = HopfieldMemory().fit([[1, -1, 1]])
    np.testing.assert_array_equal(one.transform([[1, -1, -1]]), [[1, -1, 1]])
    with pytest.warns(CapacityWarning, match="^0 of 2 different memories are stable"):
        single = HopfieldMemory().fit([[1], [-1]])
    np.testing.assert_array_equal(single.transform([[1], [-1]]), [[1], [-1]])
    constant = np.ones((3, 5))
    np.testing.assert_array_equal(
        HopfieldMemory().fit(constant).transform(constant), constant
    )
    with pytest.raises(ValueError, match="0 sample"):
        HopfieldMemory().fit(np.empty((0, 4)))
    with pytest.raises(ValueError, match="4 features"):
        one.transform([[1, 1, 1, 1]])


@pytest.mark.parametrize("rule", sorted(RULES))
def test_duplicate_and_dependent_memories(rule):
    X = random_patterns(6, 60)
    X = np.vstack([X, X[:2], -X[2:3]])
    memory = HopfieldMemory(rule, random_state=0).fit(X)
    assert memory.memories_.shape == (9, 60)
    if rule not in ("hebb", "storkey"):  # these count a duplicate twice
        assert memory.is_fixed_point(X).all()
        assert memory.predict(X)[6:].tolist() == [0, 1, 8]


def test_read_only_rows_are_left_alone():
    X = random_patterns().astype(float)
    before = X.copy()
    X.setflags(write=False)
    for dynamics in DYNAMICS:
        HopfieldMemory(dynamics=dynamics).fit(X).transform(X)
    np.testing.assert_array_equal(X, before)


def test_what_cannot_be_stored_or_forgotten():
    X = random_patterns(3, 30)
    memory = HopfieldMemory().fit(X)
    with pytest.raises(ValueError, match="not stored, the first being row 1"):
        memory.forget(np.vstack([X[0], noisy(X[:1], 0.3)[0]]))
    with pytest.raises(ValueError, match="No memory would be left"):
        memory.forget(X)
    with pytest.raises(ValueError, match="labels"):
        memory.partial_fit(X, [1, 2, 3])
    with pytest.raises(ValueError, match="at least one non-zero"):
        HopfieldMemory().fit(X, sample_weight=[0, 0, 0])
    with pytest.raises(ValueError, match="betas"):
        Stochastic([-1.0])
    with pytest.raises(ValueError, match="n_average"):
        Stochastic([1.0], n_average=2)


def test_a_projection_on_everything_holds_nothing_and_says_so():
    X = random_patterns(25, 20)
    with pytest.warns(CapacityWarning, match="^0 of 25 .* 19 random"):
        memory = HopfieldMemory("pseudo-inverse").fit(X)
    assert not memory.coupling_.any()
