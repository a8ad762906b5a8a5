"""Simulated annealing: chains that stay in place, and the lowest energy of all."""

import numpy as np
import pytest
from judges import comes_from
from kernel_twins import TWINS
from oracles import configurations, pairwise_energy
from scipy import sparse

from skboltz import config_context
from skboltz.sampling import Purpose, Stream, _minimize, minimize_energy

KERNELS = ["numpy", "numba"][: len(TWINS)]
METHODS = ["metropolis", "heat-bath"]
SPINS, BITS = (-1.0, 1.0), (0.0, 1.0)
N_UNITS, N_CHAINS, N_SWEEPS = 6, 15_000, 3
each_kernel = pytest.mark.parametrize("name", KERNELS)
each_method = pytest.mark.parametrize("method", METHODS)
each_values = pytest.mark.parametrize("values", [BITS, SPINS], ids=["bits", "spins"])


def network(n_units, seed=0, share=1.0):
    """Symmetric couplings with a zero diagonal, of which a share is not 0; fields."""
    rng = np.random.default_rng(seed)
    coupling = rng.normal(size=(n_units, n_units))
    coupling *= rng.random(coupling.shape) < share
    coupling = np.triu(coupling, 1)
    return coupling + coupling.T, rng.normal(size=n_units)


def whole_network(n_units, seed=0):
    """The same in small whole numbers, with which all sums are exact."""
    rng = np.random.default_rng(seed)
    coupling = np.triu(rng.integers(-4, 5, (n_units, n_units)), 1)
    return coupling + coupling.T, rng.integers(-4, 5, n_units)


def lowest(coupling, field, values):
    """The lowest energy of all states, term by term."""
    coupling, field = coupling.tolist(), field.tolist()
    states = configurations(values, len(field))
    return min(pairwise_energy(coupling, field, s) for s in states)


def quick(coupling, field=None, **kwargs):
    defaults = {"n_restarts": 16, "betas": 100, "random_state": 0}
    return minimize_energy(coupling, field, **(defaults | kwargs))


def spins_of(states, values):
    return np.float32((2 * np.asarray(states) - sum(values)) / (values[1] - values[0]))


def values_of(spins, values):
    return np.where(spins > 0, values[1], values[0])


def system_of(coupling, field, values, layout=np.asarray):
    """Spins of the same energies, in the arrays that `anneal` takes."""
    coupling, field = _minimize._as_spins(coupling, field, *values)
    return _minimize.System(layout(np.float32(coupling)), np.float32(field))


# No drift -------------------------------------------------------------------------


class Machine:
    """A small machine, its distribution, and chains that start in it."""

    def __init__(self, values):
        rng = np.random.default_rng(5)
        coupling = np.triu(rng.normal(0, 0.7, (N_UNITS, N_UNITS)), 1)
        coupling[rng.random(coupling.shape) < 0.3] = 0
        self.coupling, self.field = coupling + coupling.T, rng.normal(0, 0.7, N_UNITS)
        self.values = values
        self.states = configurations(values, N_UNITS)
        energies = [pairwise_energy(self.coupling, self.field, s) for s in self.states]
        weight = np.exp(-np.array(energies))
        self.probability = weight / weight.sum()

    def start(self):
        numbers = np.random.default_rng(0).choice(
            len(self.states), N_CHAINS, p=self.probability
        )
        return np.array(self.states)[numbers]

    def walk(self, method, *, layout=np.asarray, beta=1.0, field=None):
        """States after some sweeps at one temperature."""
        field = self.field if field is None else field
        system = system_of(self.coupling, field, self.values, layout)
        spins = spins_of(self.start(), self.values)
        stream = Stream(key=(1, 2), purpose=Purpose.SAMPLE)
        betas = np.full(N_SWEEPS, beta)
        ends = _minimize.anneal(system, spins, betas, method, stream)
        return values_of(ends, self.values)

    def holds(self, rows):
        return comes_from(rows, self.probability, *self.values)


MACHINES = [Machine(values) for values in (BITS, SPINS)]
each_machine = pytest.mark.parametrize("machine", MACHINES, ids=["bits", "spins"])


def by_blocks(monkeypatch):
    """Let products give the fields of small machines too."""
    monkeypatch.setattr(_minimize, "_SMALL", 0)
    monkeypatch.setattr(_minimize, "_FEW", 0)
    monkeypatch.setattr(_minimize.kernels, "flip_sweep", None)


each_path = pytest.mark.parametrize("path", ["flips", "blocks", "sparse"])


@pytest.fixture
def layout(path, monkeypatch):
    """How couplings are held on a path, which is then the only one."""
    if path == "blocks":
        by_blocks(monkeypatch)
    else:
        monkeypatch.setattr(_minimize, "_by_blocks", None)
    return sparse.csr_array if path == "sparse" else np.asarray


@each_kernel
@each_method
@each_path
@each_machine
def test_chains_stay_in_the_distribution(machine, path, layout, method, name):
    with config_context(kernels=name):
        rows = machine.walk(method, layout=layout)
    assert (rows != machine.start()).any(axis=1).mean() > 0.5  # and they do move
    assert machine.holds(rows)


@each_method
@each_path
@each_machine
@pytest.mark.parametrize("beta", [1 / 1.2, 1.2])
def test_a_temperature_off_by_a_fifth_is_rejected(machine, path, layout, method, beta):
    assert not machine.holds(machine.walk(method, layout=layout, beta=beta))


@each_method
@each_path
@each_machine
def test_a_forgotten_field_is_rejected(machine, path, layout, method):
    none = np.zeros(N_UNITS)
    assert not machine.holds(machine.walk(method, layout=layout, field=none))


@each_method
@each_machine
def test_fields_from_before_the_sweep_are_rejected(machine, method, monkeypatch):
    def stale(state, field, outgoing, order, threshold, low, high, mirror):
        for limits in threshold:
            is_high = state == high
            flips = np.where(is_high, field < limits, field > mirror * limits)
            state[:] = np.where(flips, low + high - state, state)
            field[:] = _minimize._fields(system, state)
        return flips.sum(axis=1)

    system = system_of(machine.coupling, machine.field, machine.values)
    monkeypatch.setattr(_minimize.kernels, "flip_sweep", stale)
    assert not machine.holds(machine.walk(method))


@each_machine
def test_the_noise_of_metropolis_without_its_mirror_is_rejected(machine, monkeypatch):
    exponential, _ = _minimize.METHODS["metropolis"]
    monkeypatch.setitem(_minimize.METHODS, "metropolis", (exponential, 1))
    assert not machine.holds(machine.walk("metropolis"))


# The textbook loop ----------------------------------------------------------------


def textbook(coupling, field, start, noise, betas, values, method):
    """Unit after unit by the change of energy that the flip of it makes."""
    low, high = values
    states = start.astype(float)
    for beta, limits in zip(betas, noise.astype(float), strict=True):
        for i in range(states.shape[1]):
            now = states[:, i]
            gap = (states @ coupling[i] + field[i]) * (high - low)  # E(low) - E(high)
            if method == "heat-bath":
                states[:, i] = np.where(beta * gap > limits[:, i], high, low)
            else:
                cost = np.where(now == high, gap, -gap)
                flips = beta * cost < limits[:, i]
                states[:, i] = np.where(flips, low + high - now, now)
    return states


@pytest.fixture
def used(monkeypatch):
    """The kernels that have been called, in order; they work as ever."""
    calls = []

    def spy(module, name):
        function = getattr(module, name)

        def called(*args):
            calls.append(name)
            return function(*args)

        monkeypatch.setattr(module, name, called)

    spy(_minimize.kernels, "flip_sweep")
    spy(_minimize, "_by_blocks")
    return calls


# 257 units are beyond the limit up to which every flip is carried into all fields.
@each_kernel
@each_method
@each_values
@pytest.mark.parametrize(
    "n_units, layout, path",
    [
        (40, np.asarray, "flip_sweep"),
        (257, np.asarray, "_by_blocks"),
        (40, sparse.csr_array, "flip_sweep"),
        (257, sparse.csr_array, "flip_sweep"),
    ],
)
def test_annealing_is_the_textbook_loop(
    n_units, layout, path, values, method, name, monkeypatch, used
):
    n_chains, betas = 9, np.array([0.125, 0.25, 0.5, 0.5])
    coupling, field = whole_network(n_units)
    system = system_of(coupling, field, values, layout)
    monkeypatch.setattr(_minimize, "_FEW", 0)
    # Two sweeps at a time.
    monkeypatch.setattr(_minimize, "_NOISE", 2 * n_chains * n_units)
    stream = Stream(key=(3, 4), purpose=Purpose.SAMPLE)
    start, stream = _minimize._random_spins(n_chains, n_units, stream)
    kind = "logistic" if method == "heat-bath" else "exponential"
    noise, rest = [], stream
    for _ in range(2):
        part, rest = rest.draw((2, n_chains, n_units), np.float32, kind)
        noise.append(part)
    chain = values_of(start, values), np.concatenate(noise), betas, values, method
    expected = textbook(coupling, field, *chain)
    with config_context(kernels=name):
        ends = _minimize.anneal(system, start, betas, method, stream)
    np.testing.assert_array_equal(values_of(ends, values), expected)
    assert set(used) == {path}
    # A field that is forgotten or a temperature that is wrong gives other states.
    for wrong in ((coupling, 0 * field), (coupling / 1.2, field / 1.2)):
        assert (textbook(*wrong, *chain) != expected).any()


def test_few_flips_end_the_products(used, monkeypatch):
    coupling, field = network(260)
    monkeypatch.setattr(_minimize, "_NOISE", 260 * 4)  # a sweep at a time
    quick(coupling, field, n_restarts=4, betas=30)
    assert used[0] == "_by_blocks"
    assert used[-1] == "flip_sweep"
    assert used == sorted(used)  # blocks first, never again after


@each_method
def test_fields_that_are_carried_from_call_to_call(method, monkeypatch):
    """Whole numbers leave no rounding: how noise is cut must not matter."""
    coupling, field = whole_network(20)
    system, ends = system_of(coupling, field, SPINS), []
    for fresh in (1, 3, 1000):
        monkeypatch.setattr(_minimize, "_FRESH", fresh)
        monkeypatch.setattr(_minimize, "_NOISE", 5 * 20)
        stream = Stream(key=(3, 4), purpose=Purpose.SAMPLE)
        start, stream = _minimize._random_spins(5, 20, stream)
        betas = np.linspace(0.05, 0.2, 30)
        ends.append(_minimize.anneal(system, start, betas, method, stream))
    np.testing.assert_array_equal(ends[0], ends[1])
    np.testing.assert_array_equal(ends[0], ends[2])


def test_default_temperatures_follow_the_fields_at_random():
    coupling, field = network(8)
    squares = [
        (sum(coupling[i][j] * s[j] for j in range(8)) + field[i]) ** 2
        for s in configurations(SPINS, 8)
        for i in range(8)
    ]
    scale = np.sqrt(np.mean(squares))
    for layout in (np.asarray, sparse.csr_array):
        betas = _minimize.default_betas(layout(coupling), field, 5)
        np.testing.assert_allclose(betas * scale, np.linspace(0.3, 8, 5))


# The lowest energy ----------------------------------------------------------------


@each_kernel
@each_method
@each_values
@pytest.mark.parametrize("layout", [np.asarray, sparse.csr_array, sparse.coo_matrix])
@pytest.mark.parametrize("n_units", [1, 2, 5, 10])
def test_it_is_found(n_units, layout, values, method, name):
    coupling, field = network(n_units, seed=n_units)
    with config_context(kernels=name):
        found = quick(layout(coupling), field, values=values, method=method)
    assert found.energy == pytest.approx(lowest(coupling, field, values), abs=1e-10)


def test_twelve_spins_with_fields():
    coupling, field = network(12, seed=3)
    found = quick(coupling, field)
    assert found.energy == pytest.approx(lowest(coupling, field, SPINS), abs=1e-10)


def test_quadratic_binary_optimisation():
    Q = np.random.default_rng(0).normal(size=(10, 10))  # not symmetric
    coupling = -(Q + Q.T)
    np.fill_diagonal(coupling, 0)
    found = quick(coupling, -np.diag(Q), values=(0, 1))

    def value(x):
        return sum(Q[i, j] for i in range(10) if x[i] for j in range(10) if x[j])

    assert found.energy == pytest.approx(value(found.state), abs=1e-10)
    best = min(value(x) for x in configurations((0, 1), 10))
    assert found.energy == pytest.approx(best, abs=1e-10)


def test_the_largest_cut_of_fourteen_nodes():
    weights = np.random.default_rng(1).integers(0, 6, (14, 14))
    weights = np.triu(weights, 1) + np.triu(weights, 1).T
    pairs = [(i, j, weights[i, j]) for i in range(14) for j in range(i)]

    def cut(s):
        return sum(w for i, j, w in pairs if s[i] != s[j])

    found = quick(-weights)
    # Whatever one end is: a cut and its mirror image are the same.
    best = max(cut((1, *s)) for s in configurations((-1, 1), 13))
    assert cut(found.state) == best
    for state, energy in zip(found.states, found.energies, strict=True):
        assert weights.sum() / 4 - energy / 2 == cut(state)


@each_values
@each_method
@pytest.mark.parametrize("n_units", [3, 12, 30])
@pytest.mark.parametrize("layout", [np.asarray, sparse.csr_array])
def test_energies_and_stability(layout, n_units, method, values):
    coupling, field = network(n_units, seed=4, share=0.5)
    found = quick(
        layout(coupling), field, values=values, method=method, n_restarts=5, betas=3
    )
    assert found.states.shape == (5, n_units)
    assert found.states.dtype == found.energies.dtype == np.float64
    assert set(found.states.ravel()) <= set(values)
    for state, energy in zip(found.states, found.energies, strict=True):
        assert energy == pytest.approx(pairwise_energy(coupling, field, state))
        for i in range(n_units):
            flipped = state.copy()
            flipped[i] = sum(values) - state[i]
            # Single precision decides, so ties are up to its rounding.
            assert pairwise_energy(coupling, field, flipped) > energy - 1e-5
    assert found.energy == found.energies.min()
    np.testing.assert_array_equal(found.state, found.states[found.energies.argmin()])


@each_values
def test_without_the_descent_states_are_not_stable(values, monkeypatch):
    monkeypatch.setattr(_minimize, "_downhill", lambda *args: args[-1])
    coupling, field = network(30, seed=4)
    found = quick(coupling, field, values=values, betas=1)
    gap = found.states @ coupling + field
    assert ((2 * found.states - sum(values)) * gap < -0.1).any()


@each_method
@each_values
def test_dense_and_sparse_couplings_are_the_same(values, method):
    coupling, field = whole_network(20)
    coupling *= np.abs(coupling) > 2
    layouts = [np.array, sparse.csr_array, sparse.csc_matrix, sparse.coo_array]
    runs = [
        quick(f(coupling), field, values=values, method=method, n_restarts=6)
        for f in layouts
    ]
    for run in runs[1:]:
        for one, other in zip(runs[0], run, strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.skipif(len(KERNELS) < 2, reason="this run is without Numba on purpose")
@each_method
@each_values
@pytest.mark.parametrize("n_units, layout", [(30, np.array), (30, sparse.csr_array)])
def test_both_kernels_find_the_same(n_units, layout, values, method):
    coupling, field = network(n_units, share=0.5)
    runs = []
    for name in KERNELS:
        with config_context(kernels=name):
            run = quick(layout(coupling), field, values=values, method=method)
        runs.append(run)
    for one, other in zip(*runs, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.skipif(len(KERNELS) < 2, reason="this run is without Numba on purpose")
@each_method
def test_both_kernels_find_the_same_by_blocks(method):
    coupling, field = network(260)
    runs = []
    for name in KERNELS:
        with config_context(kernels=name):
            runs.append(quick(coupling, field, method=method, n_restarts=3, betas=20))
    for one, other in zip(*runs, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_seed_decides():
    coupling, field = network(40)
    one, same, other = (
        quick(coupling, field, betas=2, random_state=seed)
        for seed in (3, np.random.RandomState(3), 4)
    )
    for a, b in zip(one, same, strict=True):
        np.testing.assert_array_equal(a, b)
    assert (one.states != other.states).any()


def test_more_heat_at_the_start_finds_more():
    coupling, field = network(60, seed=8)
    slow = quick(coupling, field)
    quench = quick(coupling, field, betas=[1e3])
    assert slow.energies.mean() < quench.energies.mean() - 1


@each_method
def test_an_infinite_inverse_temperature_is_a_descent(method):
    coupling, field = network(60, seed=8)  # no two states of equal energy
    one = quick(coupling, field, method=method, betas=[np.inf] * 3)
    other = quick(coupling, field, method=method, betas=[1e12] * 3)
    np.testing.assert_array_equal(one.states, other.states)


def test_no_field_is_a_field_of_zeros():
    coupling, _ = network(10)
    one, other = quick(coupling), quick(coupling, np.zeros(10))
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("layout", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("power", [-1000, -170, -60, 20, 130, 1000])
def test_the_scale_of_energies_does_not_matter(power, layout):
    coupling, field = network(12)
    one = quick(layout(coupling), field)
    scaled = quick(layout(2.0**power * coupling), 2.0**power * field)
    np.testing.assert_array_equal(one.states, scaled.states)
    np.testing.assert_array_equal(2.0**power * one.energies, scaled.energies)


def test_inverse_temperatures_are_those_of_the_scale():
    coupling, field = network(12)
    one = quick(coupling, field, betas=[0.25, 1.0])
    scaled = quick(2.0**150 * coupling, 2.0**150 * field, betas=[2**-152, 2**-150])
    np.testing.assert_array_equal(one.states, scaled.states)


# Sums of these are not exact in single precision, and some are huge or minute.
@each_kernel
@each_method
@pytest.mark.parametrize(
    "values", [(0.1, 0.7), (-1 / 3, 2 / 3), (1e-3, 1), (5, 7), (0, 1e25), (0, 1e-25)]
)
def test_any_two_values(values, method, name):
    coupling, field = network(8)
    with config_context(kernels=name):
        found = quick(coupling, field * values[1], values=values, method=method)
    assert set(found.states.ravel()) <= set(map(float, values))
    best = lowest(coupling, field * values[1], values)
    assert found.energy == pytest.approx(best, rel=1e-10)


@each_method
@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("power", [-90, 90])
def test_the_distance_of_values_does_not_matter(power, method):
    coupling, field = network(30)
    far = 2.0**power
    one = quick(coupling, field, values=(0, 1), method=method)
    other = quick(coupling, far * field, values=(0, far), method=method)
    np.testing.assert_array_equal(far * one.states, other.states)
    np.testing.assert_array_equal(far**2 * one.energies, other.energies)


@each_values
@pytest.mark.parametrize("layout", [np.asarray, sparse.csr_array])
def test_stable_though_couplings_differ_in_size(layout, values):
    rng = np.random.default_rng(2)
    coupling = rng.integers(-3, 4, (33, 33)) * 1e5 + rng.normal(0, 1e-3, (33, 33))
    coupling = np.triu(coupling, 1) + np.triu(coupling, 1).T
    field = rng.normal(0, 1e-3, 33)
    found = quick(layout(coupling), field, values=values, betas=20)
    change = sum(values) - 2 * found.states
    # Double precision leaves 33 roundings of numbers up to 1e7.
    assert (-change * (found.states @ coupling + field) > -1e-6).all()


# Input ----------------------------------------------------------------------------

PAIR = np.array([[0.0, 1.0], [1.0, 0.0]])


@pytest.mark.parametrize("layout", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize(
    "entries, message",
    [
        ([[0, 1], [2, 0]], "coupling is not symmetric"),
        ([[0, 1], [0, 0]], "coupling is not symmetric"),
        ([[1, 1], [1, 0]], "coupling has a diagonal"),
        ([[0, np.nan], [np.nan, 0]], "coupling must be finite"),
        ([[0, np.inf], [np.inf, 0]], "coupling must be finite"),
        ([[0, -np.inf], [-np.inf, 0]], "coupling must be finite"),
        ([[np.nan, 1], [1, 0]], "coupling must be finite"),
    ],
)
def test_wrong_couplings(layout, entries, message):
    with pytest.raises(ValueError, match=message):
        minimize_energy(layout(np.array(entries, float)))


@pytest.mark.parametrize("shape", [(2,), (2, 3), (3, 2), (2, 2, 2), (0,)])
def test_couplings_that_are_not_square(shape):
    with pytest.raises(ValueError, match="coupling must be a square matrix"):
        minimize_energy(np.zeros(shape))


@pytest.mark.parametrize("layout", [np.asarray, sparse.csr_array])
def test_an_empty_matrix(layout):
    with pytest.raises(ValueError, match="coupling must be a square matrix"):
        minimize_energy(layout(np.empty((0, 0))))


@pytest.mark.parametrize("layout", [np.asarray, sparse.csr_array])
def test_complex_couplings(layout):
    with pytest.raises(ValueError, match="coupling must be real"):
        minimize_energy(layout(1j * PAIR))


def test_sparse_couplings_that_are_not_square():
    with pytest.raises(ValueError, match="coupling must be a square matrix"):
        minimize_energy(sparse.csr_array((2, 3)))


@pytest.mark.parametrize(
    "name, value",
    [
        ("intercept", [1.0]),
        ("intercept", 1.0),
        ("intercept", [[1.0], [1.0]]),
        ("intercept", [1.0, np.nan]),
        ("intercept", [1.0, np.inf]),
        ("intercept", [1.0, 1j]),
        ("intercept", "ab"),
        ("values", (1, -1)),
        ("values", (1, 1)),
        ("values", (0, np.nan)),
        ("values", (0, np.inf)),
        ("values", (0, 1, 2)),
        ("values", "01"),
        ("values", None),
        ("method", "gibbs"),
        ("method", None),
        ("method", ["metropolis"]),
        ("n_restarts", 0),
        ("n_restarts", 1.5),
        ("betas", 0),
        ("betas", -1),
        ("betas", []),
        ("betas", 1.0),
        ("betas", [[1.0]]),
        ("betas", [0.0, 1.0]),
        ("betas", [-1.0, 1.0]),
        ("betas", [2.0, 1.0]),
        ("betas", [1.0, np.nan]),
        ("betas", [np.nan]),
        ("betas", [np.inf, 1.0]),
    ],
)
def test_wrong_parameters(name, value):
    with pytest.raises(ValueError, match=f"^{name} must be"):
        minimize_energy(PAIR, **{name: value})


@each_kernel
@each_values
@each_method
def test_a_single_unit_follows_its_field(method, values, name):
    with config_context(kernels=name):
        for sign, end in ((-1.0, values[0]), (1.0, values[1])):
            found = quick([[0.0]], [sign], values=values, method=method)
            assert (found.states == end).all()
            assert found.energy == -sign * end


@each_method
@pytest.mark.parametrize("layout", [np.asarray, sparse.csr_array])
def test_without_couplings_units_follow_their_fields(layout, method):
    field = np.array([1.0, -2.0, 0.5])
    found = quick(layout(np.zeros((3, 3))), field, method=method)
    np.testing.assert_array_equal(found.states, np.tile(np.sign(field), (16, 1)))
    assert (found.energies == -3.5).all()


@pytest.mark.parametrize("layout", [np.asarray, sparse.csr_array])
def test_nothing_at_all(layout):
    found = quick(layout(np.zeros((3, 3))))
    assert (found.energies == 0).all()
    assert set(found.states.ravel()) <= {-1.0, 1.0}


@each_kernel
@pytest.mark.parametrize("dtype", [bool, np.int8, np.uint8, np.int64, np.float32])
@pytest.mark.parametrize(
    "layout", [np.asarray, sparse.csr_array, sparse.csc_matrix, np.ndarray.tolist]
)
def test_other_types(layout, dtype, name):
    coupling = np.abs(whole_network(9)[0]) > 1
    with config_context(kernels=name):
        one = quick(coupling.astype(float), np.arange(9.0), betas=5)
        other = quick(layout(coupling.astype(dtype)), range(9), betas=5)
    np.testing.assert_array_equal(one.states, other.states)
    np.testing.assert_array_equal(one.energies, other.energies)


@each_kernel
@pytest.mark.parametrize("n_units", [9, 260])
@pytest.mark.parametrize("sparsely", [False, True])
def test_read_only_input_stays_as_it_is(sparsely, n_units, name):
    coupling, field = network(n_units, share=0.1)
    betas = np.linspace(0.1, 2, 3)
    if sparsely:
        coupling = sparse.csr_array(coupling)
        arrays = coupling.data, coupling.indices, coupling.indptr, field, betas
    else:
        arrays = coupling, field, betas
    before = [x.copy() for x in arrays]
    for x in arrays:
        x.setflags(write=False)
    with config_context(kernels=name):
        quick(coupling, field, betas=betas, n_restarts=3)
    for x, old in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(x, old)


@each_kernel
def test_entries_of_a_sparse_matrix_that_come_twice_are_added(name):
    coupling, field = whole_network(30)
    once = sparse.csr_array(coupling)
    # Every entry in two parts, the second of the other sign.
    twice = sparse.csr_array(
        (
            np.stack([4.0 * once.data, -3.0 * once.data], axis=1).ravel(),
            np.repeat(once.indices, 2),
            2 * once.indptr,
        ),
        shape=once.shape,
    )
    # So hot that all is left to the descent.
    with config_context(kernels=name):
        one, other = (quick(x, field, betas=[1e-6]) for x in (once, twice))
    np.testing.assert_array_equal(one.states, other.states)
    np.testing.assert_array_equal(one.energies, other.energies)


@pytest.mark.parametrize("kernels", ["auto", "numpy"])
@pytest.mark.parametrize("n_jobs", [2, -1])
def test_threads_change_nothing(n_jobs, kernels):
    coupling, field = network(20)
    options = {"n_restarts": 150, "betas": 5, "random_state": 0}
    with config_context(kernels=kernels):
        alone = minimize_energy(coupling, field, **options)
        threads = minimize_energy(coupling, field, **options, n_jobs=n_jobs)
    for one, other in zip(alone, threads, strict=True):
        np.testing.assert_array_equal(one, other)
    # The parts have noise of their own: their restarts do not repeat each other.
    assert (alone.states[:64] != alone.states[64:128]).any()


def test_jobs_that_are_none_are_refused():
    with pytest.raises(ValueError, match="n_jobs"):
        minimize_energy(np.zeros((2, 2)), n_jobs=0)
