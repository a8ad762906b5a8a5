"""Users stored images, and memories that held none of them said nothing.

Hebb's rule kept 1 of 5 images of digits and none of 20, a polynomial of degree 3 or 5
none of 1000; the warning waited for more patterns than random ones would be too many.
And beyond 709 units `predict` named the wrong memory, where `transform` was right.
"""

import re
import warnings

import numpy as np
import pytest
from sklearn.datasets import load_digits

import skboltz
from skboltz import CapacityWarning, DenseAssociativeMemory, HopfieldMemory
from skboltz.learning import RULES, Unlearning
from skboltz.models import Exponential, Polynomial, RectifiedPolynomial
from skboltz.sampling import SpinMemory

DIGITS = (load_digits().data > 7).astype(float)


def images(n, side=16):
    """Blots of a few pixels in the middle of empty images: all much alike."""
    rng = np.random.default_rng(0)
    grid = np.arange(side)
    rows = []
    for _ in range(n):
        (x, y), width = rng.normal(side / 2, 1, 2), rng.uniform(2, 6)
        blot = (grid[:, None] - y) ** 2 + (grid - x) ** 2 < width**2
        rows.append(blot ^ (rng.random((side, side)) < 0.02))
    return np.array(rows, float).reshape(n, -1)


def random(n, n_units, seed=0):
    return np.random.default_rng(seed).choice([-1.0, 1.0], (n, n_units))


def is_stable(memory, X):
    """Whether each row has the sign of its fields, unit by unit."""
    J, b = memory.coupling_, memory.intercept_
    spins = np.sign(X - X.mean())
    return [all(s[i] * (J[i] @ s + b[i]) > 1e-6 for i in range(len(s))) for s in spins]


def advice(caught):
    """What a warning says will hold all memories, as Python."""
    text = re.search(r"(\S*?)\.? (\S.*) holds all of them", str(caught.message))[0]
    text = re.split(r"(?<=[a-z)s])\. ", text.removesuffix(" holds all of them"))[-1]
    return text.replace(" with ", ", ")


def followed(memory, text, X):
    """The memory that the advice asks for, of the same patterns."""
    names = {"np": np, "skboltz": skboltz, "memories_": memory.memories_}
    if text.startswith("rule="):
        return memory.set_params(**eval(f"dict({text})", names))
    return eval(text, {**names, "DenseAssociativeMemory": DenseAssociativeMemory})


def check_advice(memory, X):
    """Followed, the advice of the one warning holds all, and nothing is said."""
    with pytest.warns(CapacityWarning, match="stable") as caught:
        memory.fit(X)
    assert len(caught) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        better = followed(memory, advice(caught[0]), X).fit(X)
        found = better.transform(X)
    middle = (X.min() + X.max()) / 2
    np.testing.assert_array_equal(found > middle, X > middle)
    return str(caught[0].message), better


# Hebb's rule and its siblings -------------------------------------------------------


@pytest.mark.parametrize(
    "X",
    [images(5), images(20), DIGITS[:6], DIGITS[:20], random(20, 60), random(90, 60)],
    ids=["5 blots", "20 blots", "6 digits", "20 digits", "random", "too many"],
)
@pytest.mark.parametrize("rule", ["hebb", "storkey"])
@pytest.mark.parametrize("fit_intercept", [False, True])
def test_memories_that_are_not_stable_warn_with_what_holds_them(X, rule, fit_intercept):
    memory = HopfieldMemory(rule, fit_intercept=fit_intercept, random_state=0)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        memory.fit(X)
    stable = sum(is_stable(memory, X))
    if stable == len(X):
        assert not caught
        return
    message, _ = check_advice(memory, X)
    assert message.startswith(f"{stable} of {len(X)} different memories are stable")


def test_the_number_of_loose_units():
    X = images(20)
    with pytest.warns(CapacityWarning) as caught:
        J = HopfieldMemory().fit(X).coupling_
    spins = 2 * X - 1
    loose = [sum(s[i] * (J[i] @ s) < 1e-6 for i in range(len(s))) for s in spins]
    mean = np.mean([n for n in loose if n])
    assert f"does not hold {mean:.3g} of 256 units" in str(caught[0].message)


@pytest.mark.parametrize("rule", sorted(RULES))
def test_no_false_alarms(rule):
    """All of these are stable, by every rule."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        memory = HopfieldMemory(rule, random_state=0).fit(random(4, 100))
    assert all(is_stable(memory, random(4, 100)))


def test_rules_that_hold_images_say_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for rule in ("pseudo-inverse", "minimal-overlap"):
            HopfieldMemory(rule).fit(DIGITS[:20])


def test_dreams_that_erase_are_told():
    memory = HopfieldMemory("pseudo-inverse", unlearning=Unlearning(100, 1.0))
    message, better = check_advice(memory, random(10, 40))
    assert 'rule="pseudo-inverse" with unlearning=None' in message
    assert better.unlearning is None


def test_a_projection_on_everything_is_told():
    """n independent memories of n units: no coupling is left, every state stays."""
    X = random(24, 24)
    memory = HopfieldMemory("pseudo-inverse")
    message, better = check_advice(memory, X)
    assert message.startswith("0 of 24")
    assert isinstance(better, DenseAssociativeMemory)


def test_hidden_units_keep_their_part():
    memory = HopfieldMemory(n_hidden=10, random_state=0)
    _, better = check_advice(memory, random(20, 60))
    assert better.n_hidden == 10


# Dense memories ---------------------------------------------------------------------

UNIQUE = np.unique(DIGITS[:300], axis=0)


@pytest.mark.parametrize(
    "interaction, degree", [("polynomial", 3), ("polynomial", 5), ("rectified", 2)]
)
@pytest.mark.parametrize("X", [images(50), UNIQUE[:120], random(300, 20)])
def test_dense_memories_that_are_not_stable_warn(interaction, degree, X):
    memory = DenseAssociativeMemory(interaction, degree=degree)
    message, _ = check_advice(memory, X)
    part = memory.interaction_
    spins = np.sign(X - X.mean()).astype(int)
    stable = 0
    for s in spins:  # E(s) against the energy with each unit turned
        turned = s * (1 - 2 * np.eye(len(s), dtype=int))
        stable += (part.energy(turned @ spins.T) > part.energy(spins @ s)).all()
    assert f"{stable} of {len(X)} memories are stable" in message


def test_near_copies_are_too_much_for_an_exponential():
    """Eight neighbours two units away pull harder than the memory itself."""
    centre = np.ones((1, 20))
    neighbours = 1 - 2 * np.eye(20)[:10] - 2 * np.roll(np.eye(20), 10, axis=1)[:10]
    X = np.vstack([centre, neighbours])
    # Unit 0 of the memory is turned in every neighbour.
    X[1:, 0] = -1
    X[1:, 11:] = 1
    X = np.unique(X, axis=0)
    message, better = check_advice(DenseAssociativeMemory("exponential"), X)
    assert "Exponential()" in message
    assert better.interaction != "exponential"


def test_a_unit_apart_only_real_numbers_hold():
    X = np.vstack([random(1, 12)] * 2)
    X[1, 0] *= -1
    message, better = check_advice(DenseAssociativeMemory("exponential"), X)
    assert message.count("retrieval_beta") == 1
    assert better.predict(X).tolist() == [0, 1]


@pytest.mark.parametrize("interaction", ["polynomial", "rectified", "exponential"])
def test_no_false_alarms_of_dense_memories(interaction):
    X = random(30, 60)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        memory = DenseAssociativeMemory(interaction, degree=4).fit(X)
        DenseAssociativeMemory(interaction).fit(np.vstack([X, X]))
        DenseAssociativeMemory().fit(UNIQUE)
    np.testing.assert_array_equal(memory.transform(X), X)


@pytest.mark.parametrize(
    "part",
    [Polynomial(2), Polynomial(3), RectifiedPolynomial(5), Exponential()],
    ids=str,
)
@pytest.mark.parametrize("shape", [(40, 9), (40, 12), (5, 1), (70, 20)])
def test_loose_units_by_energies(part, shape):
    """A unit is loose unless turning it raises the energy."""
    X = random(*shape).astype(np.int8)
    found = SpinMemory(part, np.ascontiguousarray(X.T), (0, 0)).loose(np.arange(len(X)))
    for s, n_loose in zip(X.astype(int), found, strict=True):
        turned = s * (1 - 2 * np.eye(len(s), dtype=int))
        rise = part.energy(turned @ X.T.astype(int)) - part.energy(X.astype(int) @ s)
        assert n_loose == np.count_nonzero(rise <= 1e-12)


def test_of_many_memories_some_are_looked_at(monkeypatch):
    from skboltz.estimators.memory import _stability

    monkeypatch.setattr(_stability, "_PRODUCTS", 10 * 300 * 130)
    with pytest.warns(CapacityWarning, match=r"10 memories looked at \(there are 300"):
        DenseAssociativeMemory("polynomial", degree=2).fit(random(300, 30))


# Overlaps beyond what an exponential holds ------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int8])
@pytest.mark.parametrize(
    "interaction, degree",
    [("exponential", 3), ("polynomial", 101), ("polynomial", 100), ("rectified", 99)],
)
def test_near_memories_of_many_units_are_told_apart(interaction, degree, dtype):
    """Of [0, 1, 2] `predict` made [0, 0, 2]: exp(1000) and exp(980) are both inf."""
    X = random(3, 1000).astype(dtype)
    X[1] = X[0]
    X[1, :10] *= -1
    memory = DenseAssociativeMemory(interaction, degree=degree).fit(X, [5, 6, 7])
    np.testing.assert_array_equal(memory.transform(X), X)
    assert memory.predict(X).tolist() == [5, 6, 7]
    assert memory.predict_proba(X).argmax(axis=1).tolist() == [0, 1, 2]
    assert memory.score(X, [5, 6, 7]) == 1
    assert np.isfinite(memory.energy(X)).all()
    assert np.isfinite(memory.recall(X).energies).all()


@pytest.mark.parametrize(
    "part",
    [Polynomial(3), Polynomial(4), RectifiedPolynomial(2), Exponential()],
    ids=str,
)
def test_ranks_are_in_the_order_of_the_interaction(part):
    overlaps = np.arange(-9, 10, dtype=np.int16)
    value, rank = part.value(overlaps), part.rank(overlaps)
    for i in range(19):
        np.testing.assert_array_equal(value[i] < value, rank[i] < rank)
        np.testing.assert_array_equal(value[i] == value, rank[i] == rank)
