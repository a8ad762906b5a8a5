"""Users brought couplings from elsewhere, or changed those of a machine.

A triangular matrix, as dimod, OpenJij and qubovert give it, was answered with the
advice to take half of it, which found another ground state.  A change of
`HopfieldMemory.coupling_` was lost without a word, and couplings of one's own could
not be given at all.  Every advice is followed here, and judged by enumeration.
"""

import copy
import pickle

import numpy as np
import pytest
from oracles import configurations, pairwise_energy
from scipy import sparse

from skboltz import (
    BernoulliRBM,
    BoltzmannClassifier,
    BoltzmannMachine,
    DBNClassifier,
    DeepBeliefNetwork,
    DenseAssociativeMemory,
    GaussianBernoulliRBM,
    HopfieldMemory,
)
from skboltz.plotting import RecallDisplay
from skboltz.sampling import minimize_energy

# Advice on couplings of other conventions ------------------------------------------

N = 5
SPINS, BITS = (-1, 1), (0, 1)
FULL = np.random.default_rng(0).normal(size=(N, N))
H = np.random.default_rng(1).normal(size=N)


def once(A, s):
    """The sum over pairs of A_ij s_i s_j, in whichever corner they stand."""
    pairs = ((i, j) for i in range(N) for j in range(i))
    return sum((A[i, j] + A[j, i]) * s[i] * s[j] for i, j in pairs)


def form(A, s):
    """s'As by its terms, without the diagonal."""
    return sum(A[i, j] * s[i] * s[j] for i in range(N) for j in range(N) if i != j)


def linear(h, s):
    return sum(h[i] * s[i] for i in range(N))


# What the user means, the message that should meet it, and what it says to do.
CONVENTIONS = {
    "each pair once, with a minus": (
        np.triu(FULL, 1),
        lambda A, s: -once(A, s) - linear(H, s),
        "each pair of units once",
        lambda A: (A + A.T, H),
    ),
    "each pair once, below the diagonal": (
        np.tril(FULL, -1),
        lambda A, s: -once(A, s) - linear(H, s),
        "each pair of units once",
        lambda A: (A + A.T, H),
    ),
    "dimod, OpenJij, qubovert": (
        np.triu(FULL, 1),
        lambda A, s: once(A, s) + linear(H, s),
        r"in dimod, OpenJij and qubovert, pass -\(A \+ A.T\), and -b for",
        lambda A: (-(A + A.T), -H),
    ),
    "half of a quadratic form": (
        FULL - np.diag(np.diag(FULL)),
        lambda A, s: -form(A, s) / 2 - linear(H, s),
        r"-1/2 s'As - b's, pass \(A \+ A.T\) / 2",
        lambda A: ((A + A.T) / 2, H),
    ),
    "a quadratic form": (
        FULL - np.diag(np.diag(FULL)),
        lambda A, s: -form(A, s) - linear(H, s),
        r"-s'As - b's, pass A \+ A.T",
        lambda A: (A + A.T, H),
    ),
    "a cost": (
        FULL - np.diag(np.diag(FULL)),
        lambda A, s: form(A, s) + linear(H, s),
        r"\+s'As \+ b's, as of a QUBO, pass -\(A \+ A.T\), and -b for",
        lambda A: (-(A + A.T), -H),
    ),
}


def ground_state(energy, values):
    return min(configurations(values, N), key=energy)


@pytest.mark.parametrize("values", [SPINS, BITS, (1, 3)])
@pytest.mark.parametrize("layout", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("name", CONVENTIONS)
def test_the_advice_on_couplings_finds_the_ground_state(name, layout, values):
    """Of a triangular matrix it was [1, 1], the truth [-1, 1]."""
    A, energy, message, follow = CONVENTIONS[name]
    with pytest.raises(ValueError, match=message):
        minimize_energy(layout(A), H, values=values)
    with pytest.raises(ValueError, match=message):
        BoltzmannMachine.from_params(layout(A), H, values=values)
    J, b = follow(A)
    found = minimize_energy(layout(J), b, values=values, random_state=0)
    state = ground_state(lambda s: energy(A, s), values)
    np.testing.assert_array_equal(found.state, state)
    assert found.energy == pytest.approx(energy(A, state))
    machine = BoltzmannMachine.from_params(layout(J), b, values=values)
    states = configurations(values, N)
    expected = [energy(A, s) for s in states]
    np.testing.assert_allclose(machine.energy(states), expected)
    log_p = machine.score_samples(states)
    np.testing.assert_allclose(log_p - log_p[0], expected[0] - np.array(expected))


def test_rounding_alone_is_told_apart():
    """Couplings that are symmetric but for rounding are no matter of conventions."""
    J = FULL + FULL.T - 2 * np.diag(np.diag(FULL))
    J[0, 1] *= 1 + 1e-15
    with pytest.raises(ValueError, match=r"by rounding: pass \(coupling \+") as error:
        minimize_energy(J)
    assert "QUBO" not in str(error.value)
    minimize_energy((J + J.T) / 2, betas=1, n_restarts=1)


@pytest.mark.parametrize("values", [SPINS, BITS, (1, 3)])
def test_the_advice_on_a_diagonal_keeps_the_energy(values):
    """A diagonal is a constant of spins, and a bias of other values."""
    J, (low, high) = FULL + FULL.T, values
    with pytest.raises(ValueError, match=r"\(low \+ high\) / 2 times it"):
        minimize_energy(J, H, values=values)
    b = H + (low + high) / 2 * np.diag(J)
    found = minimize_energy(J - np.diag(np.diag(J)), b, values=values, random_state=0)

    def energy(s):
        whole = sum(J[i, j] * s[i] * s[j] for i in range(N) for j in range(N))
        return -whole / 2 - linear(H, s)

    np.testing.assert_array_equal(found.state, ground_state(energy, values))


@pytest.mark.parametrize("Q", [np.triu(FULL), FULL, (FULL + FULL.T) / 2])
def test_the_advice_on_a_qubo_from_message_to_message(Q):
    """The signs of a QUBO were lost on the way, and its diagonal halved."""

    def cost(x):
        return sum(Q[i, j] * x[i] * x[j] for i in range(N) for j in range(N))

    with pytest.raises(ValueError, match=r"-\((Q|A) \+ (Q|A).T\)"):
        minimize_energy(Q, values=BITS)
    J = -(Q + Q.T)
    with pytest.raises(ValueError, match="0 and 1 add half of it to intercept"):
        minimize_energy(J, values=BITS)
    b = np.diag(J) / 2
    found = minimize_energy(J - np.diag(np.diag(J)), b, values=BITS, random_state=0)
    np.testing.assert_array_equal(found.state, ground_state(cost, BITS))
    assert found.energy == pytest.approx(min(map(cost, configurations(BITS, N))))


@pytest.mark.parametrize("kind", [float, int, bool])
@pytest.mark.parametrize("layout", [np.asarray, sparse.csr_array])
def test_the_advice_on_a_mask_is_python(kind, layout):
    """`mask | mask.T` was advised: a TypeError of floats and of sparse matrices."""
    mask = layout(np.triu(np.ones((6, 6)), 1).astype(kind))
    X = np.random.default_rng(0).integers(0, 2, (20, 4))
    machine = BoltzmannMachine(2, n_iter=1)
    with pytest.raises(ValueError, match=r"take abs\(mask\) \+ abs\(mask.T\)"):
        machine.set_params(mask=mask).fit(X)
    machine.set_params(mask=abs(mask) + abs(mask.T)).fit(X)
    assert np.count_nonzero(machine.coupling_) == 30


# A Hopfield network of given couplings ----------------------------------------------


def test_given_couplings_recall():
    J, b = FULL + FULL.T - 2 * np.diag(np.diag(FULL)), H
    memory = HopfieldMemory.from_params(J, b)
    states = configurations(SPINS, N)
    expected = [pairwise_energy(J, b, s) for s in states]
    np.testing.assert_allclose(memory.energy(states), expected)
    np.testing.assert_array_equal(memory.coupling_, J)
    for state in memory.transform(states):
        flipped = [
            pairwise_energy(J, b, s * (1 - 2 * np.eye(N))[i])
            for i, s in enumerate([state] * N)
        ]
        assert pairwise_energy(J, b, state) <= min(flipped)
    assert memory.predict(states).tolist() == [-1] * 2**N
    assert set(memory.spurious_states(20, random_state=0).kinds) == {"other"}
    assert len(RecallDisplay.from_estimator(memory, states[0]).images_) >= 1


@pytest.mark.parametrize("values", [SPINS, BITS])
@pytest.mark.parametrize("layout", [np.asarray, np.ndarray.tolist, sparse.csr_array])
def test_given_couplings_are_those_of_a_fitted_memory(layout, values):
    X = np.random.default_rng(0).choice(values, (4, 40))
    fitted = HopfieldMemory("perceptron", fit_intercept=True, n_hidden=5).fit(X)
    given = HopfieldMemory.from_params(
        layout(fitted.coupling_),
        fitted.intercept_,
        n_features=40,
        memories=X,
        values=list(values),
    )
    cues = np.where(np.random.default_rng(1).random((4, 40)) < 0.1, sum(values) - X, X)
    np.testing.assert_array_equal(given.predict(cues), [0, 1, 2, 3])
    np.testing.assert_array_equal(given.transform(cues), X)
    np.testing.assert_allclose(given.energy(X), fitted.energy(X))
    np.testing.assert_allclose(given.stability(), fitted.stability())
    np.testing.assert_array_equal(given.hidden_memories_, fitted.hidden_memories_)
    again = pickle.loads(pickle.dumps(given))
    np.testing.assert_array_equal(again.transform(cues), X)


def test_couplings_of_one_direction_each_are_taken():
    """Recall needs no symmetric couplings; but each pair once is a convention."""
    J = FULL - np.diag(np.diag(FULL))
    memory = HopfieldMemory.from_params(J)
    s = np.array([[1, -1, 1, 1, -1]])
    assert memory.is_fixed_point(s).tolist() == [bool((s * (s @ J.T) >= 0).all())]


@pytest.mark.parametrize(
    "arguments, message",
    [
        ((np.triu(FULL, 1),), "pass A \\+ A.T"),
        ((FULL,), "coupling has a diagonal"),
        ((np.full((2, 2), np.nan),), "coupling must be finite"),
        ((np.zeros((2, 3)),), "coupling must be a square matrix"),
        ((np.zeros((2, 2)), [1.0]), "intercept must be 2 finite numbers"),
    ],
)
def test_couplings_that_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        HopfieldMemory.from_params(*arguments)


def test_parameters_that_are_refused():
    J = np.zeros((2, 2))
    with pytest.raises(ValueError, match="n_features must be an integer from 1 to 2"):
        HopfieldMemory.from_params(J, n_features=3)
    with pytest.raises(ValueError, match="values"):
        HopfieldMemory.from_params(J, values=(0, 2))
    with pytest.raises(ValueError, match="3 features"):
        HopfieldMemory.from_params(J, memories=[[1, 1, 1]])


# Changes of fitted arrays ------------------------------------------------------------

X = np.random.default_rng(0).choice([-1, 1], (6, 60))


def changed_in_place(memory):
    memory.coupling_[:] = -memory.coupling_
    memory.intercept_[3] = 7.0


def assigned(memory):
    memory.coupling_ = -memory.coupling_
    memory.intercept_ = np.where(np.arange(60) == 3, 7.0, memory.intercept_)


@pytest.mark.parametrize("change", [changed_in_place, assigned])
def test_changed_couplings_hold(change):
    """Recall and energy went on with the old ones."""
    memory = HopfieldMemory("pseudo-inverse", fit_intercept=True, random_state=0).fit(X)
    J, b = -memory.coupling_, np.where(np.arange(60) == 3, 7.0, memory.intercept_)
    before = copy.copy(memory)
    change(memory)
    given = HopfieldMemory.from_params(J, b, memories=X)
    given._key = memory._key
    expected = [pairwise_energy(J, b, s) for s in X]
    np.testing.assert_allclose(memory.energy(X), expected)
    for method in ("transform", "predict", "energy", "is_fixed_point", "overlap"):
        found = getattr(memory, method)(X)
        np.testing.assert_array_equal(found, getattr(given, method)(X))
    np.testing.assert_array_equal(memory.stability(), given.stability())
    recalled = memory.recall(X)
    np.testing.assert_array_equal(recalled.trajectory, given.recall(X).trajectory)
    again = pickle.loads(pickle.dumps(memory))
    np.testing.assert_array_equal(again.energy(X), memory.energy(X))
    if change is assigned:
        np.testing.assert_array_equal(before.transform(X), X)


@pytest.mark.filterwarnings("ignore::skboltz.CapacityWarning")
def test_ties_stay_ties():
    """Couplings of Hebb's rule are whole numbers by n, also with some of them cut."""
    patterns = np.random.default_rng(0).choice([-1, 1], (6, 21))
    memory = HopfieldMemory().fit(patterns)
    kept = np.triu(np.random.default_rng(1).random((21, 21)) < 0.5, 1)
    memory.coupling_ *= kept | kept.T
    whole = patterns.T @ patterns * (kept | kept.T)
    cues = np.random.default_rng(2).choice([-1, 1], (200, 21))
    fields = cues @ whole
    assert (fields == 0).any()
    expected = (cues * fields >= 0).all(axis=1)
    np.testing.assert_array_equal(memory.is_fixed_point(cues), expected)
    np.testing.assert_array_equal(memory._network.coupling, whole)


def test_a_memory_that_nobody_looks_into_costs_nothing_more():
    memory = HopfieldMemory("pseudo-inverse").fit(X)
    memory.transform(X)
    assert memory._couplings._shown is None


@pytest.mark.parametrize("change", [changed_in_place, assigned])
def test_learning_on_does_not_lose_changed_couplings(change):
    """partial_fit and forget learn all couplings anew."""
    memory = HopfieldMemory("pseudo-inverse", fit_intercept=True).fit(X)
    change(memory)
    for action in (memory.partial_fit, memory.forget):
        with pytest.raises(ValueError, match="Store all memories by fit, or change"):
            action(X[:1])
    np.testing.assert_array_equal(memory.fit(X).transform(X), X)
    given = HopfieldMemory.from_params(memory.coupling_, memories=X)
    with pytest.raises(ValueError, match="Store all memories by fit"):
        given.partial_fit(X)
    given.set_params(rule="pseudo-inverse")
    assert given.fit(X[:2]).partial_fit(X[2:]).memories_.shape == X.shape


@pytest.mark.parametrize(
    "name, wrong, message",
    [
        ("coupling_", np.eye(60), "has a diagonal"),
        ("coupling_", np.full((60, 60), np.nan), "coupling_ must be finite"),
        ("coupling_", np.zeros((2, 2)), "coupling_ must be of shape"),
        ("intercept_", np.zeros(2), "intercept_ must be of shape"),
    ],
)
def test_changes_that_no_network_can_have(name, wrong, message):
    memory = HopfieldMemory("pseudo-inverse").fit(X)
    with pytest.raises(ValueError, match=message):
        setattr(memory, name, wrong)
    memory.transform(X)
    if wrong.shape == (60, 60):
        memory.coupling_[:] = wrong
        with pytest.raises(ValueError, match=message):
            memory.transform(X)


def test_changed_memories_hold():
    """overlap and predict spoke of the memories as they had been."""
    memory = HopfieldMemory("pseudo-inverse").fit(X, list("abcdef"))
    memory.memories_[:] = memory.memories_[::-1].copy()
    np.testing.assert_array_equal(memory.overlap(X).argmax(axis=1), range(5, -1, -1))
    memory.labels_[0] = "z"
    assert memory.predict(X[5:]).tolist() == ["z"]
    memory.partial_fit(X[:1], ["g"])
    assert memory.labels_.tolist() == list("zbcdefg")
    np.testing.assert_array_equal(memory.memories_[:6], X[::-1])
    memory.memories_ = memory.memories_[:3]
    with pytest.raises(ValueError, match="remove some by forget"):
        memory.partial_fit(X[:1], ["b"])


def test_gaps_of_memories_stay_gaps():
    gappy = X.astype(float)
    gappy[0, :5] = np.nan
    whole = HopfieldMemory("storkey").fit(gappy)
    parts = HopfieldMemory("storkey").fit(gappy[:4]).partial_fit(gappy[4:])
    np.testing.assert_array_equal(parts.memories_, whole.memories_)
    np.testing.assert_array_equal(parts.coupling_, whole.coupling_)


@pytest.mark.parametrize("interaction", ["softmax", "exponential"])
def test_dense_memories_are_changed_whole_or_not_at_all(interaction):
    """Of spins a change was lost, of real patterns half of it held."""
    memory = DenseAssociativeMemory(interaction).fit(X, list("abcdef"))
    with pytest.raises(ValueError, match="read-only"):
        memory.memories_[0] = 1
    with pytest.raises(AttributeError, match="interaction_"):
        memory.interaction_ = None
    memory.memories_ = -X[::-1]
    expected = DenseAssociativeMemory(interaction).fit(-X[::-1], list("abcdef"))
    for method in ("transform", "predict", "predict_proba", "energy"):
        found = getattr(memory, method)(-X)
        np.testing.assert_array_equal(found, getattr(expected, method)(-X))
    memory.labels_[0] = "z"
    assert memory.classes_.tolist() == list("bcdefz")
    assert memory.predict_proba(memory.memories_[:1]).argmax() == 5
    with pytest.raises(ValueError, match="labels by fit"):
        memory.memories_ = X[:2]
    assert not hasattr(memory.fit(X), "classes_")


LAYER = BernoulliRBM(n_iter=1, method="cd", batch_size=10)
ROWS = np.random.default_rng(0).integers(0, 2, (20, 6)).astype(float)
KINDS = np.arange(20) % 2
MACHINES = [
    BernoulliRBM(3, n_iter=2),
    BernoulliRBM(3, n_iter=2, method="exact", gradient="centered"),
    GaussianBernoulliRBM(3, n_iter=2),
    GaussianBernoulliRBM(3, n_iter=2, standardize=False, sigma=1.0),
    BoltzmannMachine(2, n_iter=2),
    BoltzmannMachine(0, method="moments", l2=0.1),
    BoltzmannClassifier(BoltzmannMachine(2, n_iter=2)),
    DeepBeliefNetwork((4, 3), layers=LAYER),
    DeepBeliefNetwork((4, 3), layers=LAYER, fine_tuning="up-down", n_iter=1),
    DBNClassifier((4, 3), layers=LAYER, n_iter=1),
    DBNClassifier((4, 3), layers=LAYER, n_iter=1, fine_tuning="up-down"),
    HopfieldMemory("perceptron", fit_intercept=True),
]
QUESTIONS = (
    "transform predict_proba score_samples free_energy pseudo_log_likelihood energy "
    "conditional_proba is_fixed_point overlap"
).split()


def arrays(machine):
    """Every published array of numbers, with those of parts."""
    names = [*vars(machine), "coupling_", "intercept_"]
    for name in names:
        value = getattr(machine, name, None)
        if name.startswith("_") or not name.endswith("_"):
            continue
        for part in value if isinstance(value, list) else [value]:
            if hasattr(part, "get_params"):
                yield from arrays(part)
            elif isinstance(part, np.ndarray) and part.dtype.kind == "f":
                yield part
            elif name == "memories_":
                yield part


def answers(machine):
    for name in QUESTIONS:
        rows = 2 * ROWS - 1 if isinstance(machine, HopfieldMemory) else ROWS
        if isinstance(machine, BoltzmannMachine) and name == "energy":
            rows = np.resize(ROWS, (20, len(machine.coupling_)))
        if hasattr(machine, name):
            yield name, getattr(machine, name)(rows)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("machine", MACHINES, ids=str)
def test_changed_arrays_hold_in_every_estimator(machine):
    """With the arrays of another in place of its own, it answers as the other."""
    fitted = []
    for rows in (ROWS, 1 - ROWS[::-1]):
        if isinstance(machine, HopfieldMemory):
            rows = 2 * rows[:5] - 1
        twin = copy.deepcopy(machine).set_params(random_state=0)
        fitted.append(twin.fit(rows, KINDS[: len(rows)]))
    one, other = fitted
    before = dict(answers(one))
    for own, foreign in zip(arrays(one), arrays(other), strict=True):
        own[...] = foreign
    expected = dict(answers(other))
    assert expected
    for name, found in answers(one):
        np.testing.assert_array_equal(found, expected[name], err_msg=name)
    assert any((before[name] != expected[name]).any() for name in expected)
