"""Rules that store memories, against the loops of their papers."""

import warnings

import numpy as np
import pytest
from oracles import configurations
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

from skboltz.estimators.memory._hidden_units import optimised_fill, random_fill
from skboltz.learning import (
    EnergyDescent,
    Hebb,
    MinimalOverlap,
    Perceptron,
    PseudoInverse,
    Storkey,
    Unlearning,
    stability,
)
from skboltz.sampling import (
    Asynchronous,
    Purpose,
    Stream,
    recall,
    spin_field,
    spin_network,
)

STREAM = Stream(key=(1, 2), purpose=Purpose.WEIGHTS)
SEEDS = range(5)


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Threads that share small products cost far more than they save."""
    with threadpool_limits(1):
        yield


def coins(shape, seed=0):
    return np.random.default_rng([7, seed]).choice([-1.0, 1.0], shape)


def learn(rule, patterns, weight=None, fixed=None):
    """The couplings J of some memories."""
    weight = np.ones(len(patterns)) if weight is None else np.asarray(weight, float)
    fixed = np.zeros(patterns.shape[1], bool) if fixed is None else fixed
    coupling, scale, _ = rule.learn(patterns, weight, fixed, STREAM)
    assert not np.diag(coupling).any()
    return scale * coupling


def outer(states, weight):
    """sum_mu w_mu s_i s_j for i != j, by loops."""
    n = states.shape[1]
    total = np.zeros((n, n))
    for s, w in zip(states.tolist(), weight, strict=True):
        for i in range(n):
            for j in range(n):
                total[i, j] += (i != j) * w * s[i] * s[j]
    return total


def descended(J, starts, fixed=None):
    """Where recall leads, free units only moving; the order is that of `STREAM`."""
    fixed = np.zeros(len(J), bool) if fixed is None else fixed
    starts = np.where(fixed, 1.0, starts)
    clamped = np.broadcast_to(fixed, starts.shape)
    stream = STREAM._replace(purpose=Purpose.CHAINS)
    net = spin_network(J, np.zeros(len(J)))
    return recall.run(Asynchronous(1000), net, starts, clamped, stream).state


def are_fixed_points(J, states):
    """Ties, which rounding may hide, are fixed too."""
    net = spin_network(J, np.zeros(len(J)))
    return (states * spin_field(net, states) >= 0).all(axis=1)


# Rules of one pass ----------------------------------------------------------------


@pytest.mark.parametrize("weight", [[1, 1, 1, 1], [1, 2, 3, 5]])
def test_hebb(weight):
    X = coins((4, 11))
    coupling, scale, n_iter = Hebb().learn(X, np.array(weight, float), X[0] > 2, STREAM)
    np.testing.assert_array_equal(coupling, outer(X, weight))  # whole numbers
    assert (scale, n_iter) == (1 / 11, 1)


def storkey_loops(patterns):
    """Storkey & Valabregue 1999, equation 2, with the sum of h_ij by a third loop."""
    n = patterns.shape[1]
    J = np.zeros((n, n))
    for xi in patterns:
        before = J.copy()
        h = np.zeros((n, n))
        for i in range(n):
            for j in range(n):
                for k in range(n):
                    if k != i and k != j:
                        h[i, j] += before[i, k] * xi[k]
        for i in range(n):
            for j in range(n):
                if i != j:
                    J[i, j] = (
                        before[i, j]
                        + xi[i] * xi[j] / n
                        - xi[i] * h[j, i] / n
                        - h[i, j] * xi[j] / n
                    )
    return J


@pytest.mark.parametrize("seed", SEEDS)
def test_storkey(seed):
    # 8 units divide by a power of 2, and sums stay far below 2^53 units: exact.
    X = coins((4, 8), seed)
    J = learn(Storkey(), X)
    np.testing.assert_array_equal(J, storkey_loops(X))
    np.testing.assert_array_equal(J, J.T)
    assert (J != learn(Storkey(), X[::-1])).any()  # the order matters


def test_weights_of_storkey_are_those_of_hebb_less_what_is_known():
    X, weight, J = coins((4, 8)), [1, 4, 2, 3], np.zeros((8, 8))
    for x, w in zip(X, weight, strict=True):
        change = np.zeros((8, 8))
        for i in range(8):
            for j in range(8):
                rest = [k for k in range(8) if k not in (i, j)]
                h_ij = sum(J[i, k] * x[k] for k in rest)
                h_ji = sum(J[j, k] * x[k] for k in rest)
                hebb = w * x[i] * x[j]
                change[i, j] = (i != j) * (hebb - x[i] * h_ji - h_ij * x[j]) / 8
        J = J + change
    np.testing.assert_array_equal(learn(Storkey(), X, weight), J)
    X = coins((10, 100))
    one, five = (learn(Storkey(), X, np.full(10, w)) for w in (1, 5))
    # Weights common to all only scale; every sum of 100 terms below 1 is rounded.
    assert np.abs(five - 5 * one).max() < 10 * 100 * np.finfo(float).eps


def test_memories_that_come_again_add_their_weights():
    X = coins((10, 100))
    merged = learn(Storkey(), X, [1, 5, 1, 1, 3, 1, 1, 1, 1, 1])
    again = np.vstack([X, X[[4, 1]], -X[[1]]])
    weight = [1] * 10 + [2, 2, 2]
    np.testing.assert_array_equal(learn(Storkey(), again, weight), merged)
    twice = learn(Storkey(), np.vstack([X, X]))
    np.testing.assert_array_equal(twice, learn(Storkey(), X, np.full(10, 2)))
    assert are_fixed_points(twice, X).all()


def test_storkey_holds_what_hebb_does_not():
    # 20 memories are below n / sqrt(2 ln n) = 33, but above 0.138 n.
    X = coins((20, 100))
    assert are_fixed_points(learn(Storkey(), X), X).all()
    assert not are_fixed_points(learn(Hebb(), X), X).all()


@pytest.mark.parametrize("shape", [(1, 5), (3, 40), (20, 40), (39, 40)])
def test_pseudo_inverse(shape):
    X = coins(shape)
    J = learn(PseudoInverse(), X)
    expected = np.linalg.pinv(X) @ X
    np.fill_diagonal(expected, 0)
    # Rounding of X by eps |X| turns its row space by eps times the condition
    # number; a decomposition errs by a small multiple of the dimension of that.
    bound = 10 * max(shape) * np.finfo(float).eps * np.linalg.cond(X)
    assert np.abs(J - expected).max() < bound
    assert np.abs(J - J.T).max() < bound
    assert (stability(J, X) > 0).all()
    # Field (1 - J_ii) xi_i; the diagonal of a projection is that of its square.
    diagonal = np.diag(np.linalg.pinv(X) @ X)
    fields = X * (1 - diagonal)
    assert np.abs(X @ J.T - fields).max() < np.sqrt(shape[1]) * bound


def test_memories_that_say_nothing_new_change_no_projection():
    X = coins((5, 30))
    X[2] = np.where(X[0] == X[1], X[0], X[2])  # so that X[0] + X[1] - X[2] is of spins
    weights, J = [1, 2, 3, 4, 5, 6, 7, 8], learn(PseudoInverse(), X)
    repeated = np.vstack([X, X[:2], -X[3:4]])
    dependent = np.vstack([X, X[0] + X[1] - X[2]])
    assert set(np.unique(dependent)) == {-1, 1}
    bound = 10 * 30 * np.finfo(float).eps * np.linalg.cond(X)
    for patterns in (repeated, dependent, X[::-1]):
        again = learn(PseudoInverse(), patterns, weights[: len(patterns)])
        assert np.abs(again - J).max() < bound


@pytest.mark.parametrize("seed", SEEDS)
def test_a_unit_that_depends_on_no_other_is_left_alone(seed):
    # 9 rows of 10 spins, of which some unit is no combination of the others.
    X = coins((9, 10), seed)
    X[:, 1:] = X[:, 1:] * X[:1, 1:]
    X[1:, 1:] = X[2:3, 1:]  # only unit 0 varies freely
    J = learn(PseudoInverse(), X)
    alone = [np.linalg.matrix_rank(np.delete(X, i, axis=1)) for i in range(10)]
    alone = np.array(alone) < np.linalg.matrix_rank(X)
    assert alone[0]
    assert not J[alone].any()
    assert not J[:, alone].any()
    assert are_fixed_points(J, X).all()


@pytest.mark.parametrize("seed", range(20))
def test_all_memories_of_a_projection_are_fixed_points(seed):
    # Small and nearly full, so that there are units without couplings.
    X = coins((9, 10), seed)
    assert are_fixed_points(learn(PseudoInverse(), X), X).all()


# Rules that reinforce -------------------------------------------------------------


@pytest.mark.parametrize("bias", [0.0, [0.5, -1.0, 2.0]])
def test_stability_by_loops(bias):
    J = np.array([[0.0, 3.0, 4.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    X = coins((4, 3))
    b = np.broadcast_to(bias, 3)
    norms = [5.0, 1.0, 1.0]  # without couplings it counts as 1
    expected = [
        [x[i] * (sum(J[i, j] * x[j] for j in range(3)) + b[i]) / norms[i]
         for i in range(3)]
        for x in X
    ]  # fmt: skip
    np.testing.assert_allclose(stability(J, X, bias), expected, rtol=1e-15)


RULES = [Perceptron, MinimalOverlap]
SYMMETRIC = [True, False]
each_rule = pytest.mark.parametrize("rule", RULES)
each_symmetry = pytest.mark.parametrize("symmetric", SYMMETRIC)


def is_symmetric(J):
    return np.array_equal(J, J.T)


@pytest.mark.parametrize("seed", SEEDS)
@each_rule
@each_symmetry
def test_what_has_ended_is_strictly_stable(rule, symmetric, seed):
    X = coins((30, 60), seed)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        J = learn(rule(symmetric=symmetric), X)
    assert (stability(J, X) > 0).all()
    assert is_symmetric(J) == symmetric
    assert not are_fixed_points(learn(Hebb(), X), X).all()


@each_symmetry
def test_one_iteration_of_the_perceptron_by_loops(symmetric):
    # Only ratios of weights count: they are divided by their mean, here 1.
    n, X, weight = 8, coins((5, 8)), [0.5, 1, 0.5, 2, 1]
    J = np.zeros((n, n))
    for iterations in (1, 2, 3):
        chosen = [
            (x, w, i)
            for x, w in zip(X, weight, strict=True)
            for i in range(n)
            if x[i] * sum(J[i, j] * x[j] for j in range(n))
            <= 0.5 * np.sqrt((J[i] ** 2).sum())
        ]
        assert chosen
        for x, w, i in chosen:
            for j in range(n):
                if j != i:
                    J[i, j] += w * x[i] * x[j] / n
                    J[j, i] += symmetric * w * x[i] * x[j] / n
        rule = Perceptron(0.5, symmetric, iterations)
        with pytest.warns(ConvergenceWarning, match=f"{iterations} iteration"):
            learned = learn(rule, X, weight)
        np.testing.assert_array_equal(learned, J)  # sixteenths: exact


@each_symmetry
def test_one_iteration_of_minimal_overlap_by_loops(symmetric):
    n, X, J = 8, coins((5, 8)), np.zeros((8, 8))
    for iterations in (1, 2, 3):
        chosen = []
        for i in range(n):
            overlaps = [x[i] * sum(J[i, j] * x[j] for j in range(n)) for x in X]
            if min(overlaps) < 4.0:
                chosen.append((X[overlaps.index(min(overlaps))], i))
        assert chosen
        for x, i in chosen:
            for j in range(n):
                if j != i:
                    J[i, j] += x[i] * x[j] / n
                    J[j, i] += symmetric * x[i] * x[j] / n
        rule = MinimalOverlap(target=4.0, symmetric=symmetric, max_iter=iterations)
        with pytest.warns(ConvergenceWarning, match=f"{iterations} iteration"):
            learned = learn(rule, X)
        np.testing.assert_array_equal(learned, J)


@each_rule
@each_symmetry
def test_fixed_units_need_not_be_stable(rule, symmetric):
    # Of a memory and its reverse only one agrees with a unit that is always +1.
    X = coins((3, 20))
    patterns = np.pad(np.vstack([X, -X]), ((0, 0), (0, 1)), constant_values=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        J = learn(rule(symmetric=symmetric), patterns, fixed=np.arange(21) == 20)
    assert (stability(J, patterns)[:, :20] > 0).all()


def test_the_last_iteration_counts():
    X = coins((3, 40))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        J = learn(Perceptron(max_iter=1), X)
    assert (stability(J, X) > 0).all()


@each_symmetry
def test_the_margin_is_reached(symmetric):
    X = coins((15, 60))
    J = learn(Perceptron(margin=1.0, symmetric=symmetric), X)
    assert stability(J, X).min() > 1
    assert stability(learn(Perceptron(symmetric=symmetric), X), X).min() < 1


@each_symmetry
def test_the_target_is_reached(symmetric):
    X = coins((15, 60))
    J = learn(MinimalOverlap(target=5.0, symmetric=symmetric), X)
    # J are whole multiples of 1/n and fields sums of 60 of them, each rounded.
    assert (X * (X @ J.T)).min() > 5 - 1e-12
    loose = learn(MinimalOverlap(target=0.5, symmetric=symmetric), X)
    assert stability(J, X).min() > stability(loose, X).min()


def test_without_symmetry_it_holds_more_memories_than_units():
    X = coins((150, 100))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        J = learn(Perceptron(symmetric=False, max_iter=10_000), X)
    assert (stability(J, X) > 0).all()


@each_rule
def test_what_cannot_be_held_warns(rule):
    X = coins((100, 20))
    with pytest.warns(ConvergenceWarning, match=r"0 of 100 memories"):
        learn(rule(max_iter=50), X)


# Descent of the energy ------------------------------------------------------------


def parts_of(total, weight):
    """The products s_i s_j behind sum_mu w_mu s_i s_j, one matrix for each mu.

    No two choices of signs give the same sum for the weights of Conway and Guy.
    """
    signs = configurations((-1, 1), len(weight))
    known = {sum(s * w for s, w in zip(row, weight, strict=True)): row for row in signs}
    assert len(known) == len(signs)
    n = len(total)
    parts = [[known[x] if x else (0,) * len(weight) for x in row] for row in total]
    return np.moveaxis(np.array(parts, float).reshape(n, n, -1), -1, 0)


def test_one_update_of_energy_descent_by_loops():
    X, rate, weight = coins((5, 16), 4), 0.25, [6, 9, 11, 12, 13]
    hebb = outer(X, weight)
    J = learn(EnergyDescent("random", learning_rate=rate, n_iter=1), X, weight)
    raised = hebb - (16 * J - hebb) / rate  # powers of 2: exact
    for part in parts_of(raised, weight):
        valley = np.where(np.arange(16) == 0, 1, part[0])
        np.testing.assert_array_equal(part, outer(valley[None], [1]))
        assert are_fixed_points(hebb, valley[None]).all()


def test_one_update_from_the_memories():
    X, rate, weight = coins((5, 16), 4), 0.25, [6, 9, 11, 12, 13]
    hebb = outer(X, weight)
    stable = are_fixed_points(hebb, X)
    assert 0 < stable.sum() < 5
    with pytest.warns(ConvergenceWarning, match="1 updates"):
        J = learn(EnergyDescent(learning_rate=rate, n_iter=1), X, weight)
    parts = parts_of(hebb - (16 * J - hebb) / rate, weight)
    for x, part, is_stable in zip(X, parts, stable, strict=True):
        valley = np.where(np.arange(16) == 0, 1, part[0])
        assert are_fixed_points(hebb, valley[None]).all()
        if is_stable:
            np.testing.assert_array_equal(part, outer(x[None], [1]))
        else:
            assert (hebb * part).sum() > x @ hebb @ x  # energy is minus half of it
    # The energy of the valleys has risen relative to that of the memories.
    valleys = sum(w * part for w, part in zip(weight, parts, strict=True))
    assert ((16 * J - hebb) * (hebb - valleys)).sum() > 0


def test_a_descent_from_the_memories_ends_when_all_are_fixed_points():
    X = coins((20, 60))
    assert not are_fixed_points(learn(Hebb(), X), X).all()
    J = learn(EnergyDescent(n_iter=1000), X)
    assert are_fixed_points(J, X).all()
    np.testing.assert_array_equal(J, learn(EnergyDescent(n_iter=2000), X))
    orthogonal = np.array([[1.0] * 8, [1.0] * 4 + [-1.0] * 4])
    hebb = learn(Hebb(), orthogonal)
    np.testing.assert_array_equal(learn(EnergyDescent(), orthogonal), hebb)


def test_random_starts_raise_a_mixture_relative_to_the_memories():
    X = coins((3, 60))
    mixture = np.sign(X.sum(axis=0))

    def gap(J):
        """Energy of the mixture less the mean of the memories, in units of |J|."""
        states = np.vstack([X, mixture])
        energy = -0.5 * np.einsum("mi,ij,mj->m", states, J, states)
        return (energy[3] - energy[:3].mean()) / np.linalg.norm(J)

    hebb, J = learn(Hebb(), X), learn(EnergyDescent("random", n_iter=20), X)
    assert are_fixed_points(hebb, mixture[None]).all()
    assert gap(J) > gap(hebb)
    assert are_fixed_points(J, X).all()


def test_starts_are_checked():
    with pytest.raises(ValueError, match="^starts must be"):
        EnergyDescent("anywhere")


# Unlearning -----------------------------------------------------------------------


@pytest.mark.parametrize("scale", [1.0, 1 / 32])
def test_one_dream_is_subtracted(scale):
    n, strength = 32, 0.25
    coupling = outer(coins((5, n)), np.ones(5))
    kept, free = coupling.copy(), np.zeros(n, bool)
    after = Unlearning(1, strength).apply(coupling, scale, free, STREAM)
    np.testing.assert_array_equal(coupling, kept)
    change = (coupling - after) * (n * scale) / strength  # powers of 2: exact
    dream = np.where(np.arange(n) == 0, 1, change[0])
    np.testing.assert_array_equal(change, outer(dream[None], [1]))
    assert are_fixed_points(coupling, dream[None]).all()


def spurious_share(J, X, starts):
    ends = descended(J, starts)
    return (np.abs(ends @ X.T).max(axis=1) < X.shape[1]).mean()


def test_dreams_reduce_spurious_states():
    # Hopfield, Feinstein & Palmer 1983: 32 units, 5 memories, strength 0.01.
    n, shares = 32, []
    for seed in SEEDS:
        X, free = coins((5, n), seed), np.zeros(n, bool)
        coupling = outer(X, np.ones(5))
        after = Unlearning(200, 0.01).apply(coupling, 1 / n, free, STREAM)
        starts = coins((500, n), 100 + seed)
        shares.append([spurious_share(J, X, starts) for J in (coupling, after)])
    before, after = np.transpose(shares)
    assert after.mean() < before.mean()


def test_no_dreams_change_nothing():
    coupling, free = outer(coins((3, 10)), np.ones(3)), np.zeros(10, bool)
    after = Unlearning(0).apply(coupling, 0.1, free, STREAM)
    np.testing.assert_array_equal(after, coupling)


# Units that are always +1 ---------------------------------------------------------

# Two free units and a fixed one with couplings of 5 between the free ones and of -1 to
# the fixed one.  Both up is a valley as long as the fixed unit stays up; were it free,
# it would turn round.
FIXED = np.array([False, False, True])
UP_AND_DOWN = np.array([[1.0, 1.0, 1.0], [-1.0, -1.0, 1.0]])
WEIGHT = np.array([2.0, 3.0])


def streams():
    return (STREAM._replace(key=(k, 0)) for k in range(30))


def test_dreams_hold_fixed_units():
    coupling = outer(UP_AND_DOWN, WEIGHT)
    assert coupling[2].tolist() == [-1, -1, 0]
    dreams = set()
    for stream in streams():
        after = Unlearning(1, 3.0).apply(coupling, 1.0, FIXED, stream)
        dreams.add(tuple((coupling - after)[2]))
    assert dreams == {(1, 1, 0), (-1, -1, 0)}
    free, turned = np.zeros(3, bool), set()  # what a forgotten clamp would give
    for stream in streams():
        after = Unlearning(1, 3.0).apply(coupling, 1.0, free, stream)
        turned.add(tuple((coupling - after)[2]))
    assert turned == {(-1, -1, 0)}


def test_descents_hold_fixed_units():
    J = learn(EnergyDescent(), UP_AND_DOWN, WEIGHT, FIXED)
    np.testing.assert_array_equal(J, outer(UP_AND_DOWN, WEIGHT) * (1 / 3))
    rule, sums = EnergyDescent("random", learning_rate=1.0, n_iter=1), set()
    for stream in streams():
        coupling, *_ = rule.learn(UP_AND_DOWN, WEIGHT, FIXED, stream)
        sums.add((2 * outer(UP_AND_DOWN, WEIGHT) - coupling)[2, 0])
    assert sums == {-5, -1, 1, 5}


# Hidden units ---------------------------------------------------------------------


def crosstalk(spins):
    """sum of squared overlaps between different memories."""
    overlap = spins.astype(float) @ spins.T
    return (overlap**2).sum() - (np.diag(overlap) ** 2).sum()


@pytest.mark.parametrize("seed", SEEDS)
def test_optimised_hidden_units_shrink_overlaps(seed):
    stream = STREAM._replace(key=(seed, 1))
    visible = coins((12, 30), seed).astype(np.int8)
    filled = [np.hstack([visible, f(visible, 15, stream)]) for f in FILLS]
    assert all(set(np.unique(spins)) == {-1, 1} for spins in filled)
    sizes = [crosstalk(spins) for spins in filled]
    assert sizes[1] < sizes[0]
    assert sizes[1] < crosstalk(visible)
    # No unit can be turned in one memory with gain, given those before it.
    for k in range(31, 46):
        spins = filled[1][:, :k]
        for memory in range(12):
            turned = spins.copy()
            turned[memory, -1] *= -1
            assert crosstalk(turned) >= crosstalk(spins)


FILLS = [random_fill, optimised_fill]


def test_random_hidden_units_of_old_memories_stay_when_new_ones_come():
    visible = coins((9, 20)).astype(np.int8)
    few, many = (random_fill(visible[:m], 6, STREAM) for m in (4, 9))
    np.testing.assert_array_equal(many[:4], few)
    assert few.dtype == np.int8


@pytest.mark.parametrize("fill", FILLS)
def test_no_hidden_units(fill):
    assert fill(coins((4, 10)).astype(np.int8), 0, STREAM).shape == (4, 0)


# Capacities -----------------------------------------------------------------------


def test_capacities_are_those_of_the_papers():
    n = 1000
    assert Hebb().capacity(n) == pytest.approx(138)  # Amit, Gutfreund & Sompolinsky
    assert Storkey().capacity(n) == pytest.approx(n / np.sqrt(2 * np.log(n)))  # 269
    assert PseudoInverse().capacity(n) == n - 1
    for rule in RULES:
        assert rule(symmetric=False).capacity(n) == 2 * n  # Gardner 1988
        assert rule().capacity(n) < rule(symmetric=False).capacity(n)
