"""What every unit promises, each promise once, against sums over points of its law."""

import itertools
import math
import pickle
from typing import Any, NamedTuple

import numpy as np
from judges import chi_square
from oracles import finite_difference
from scipy.special import ndtri
from unit_laws import log_sum

from skboltz import config_context, kernels
from skboltz.units import Growth

N = 20_000
NOISE = {
    "uniform": np.asarray,
    "odds": lambda u: u / (1 - u),
    "logistic": lambda u: np.log(u) - np.log1p(-u),
    "exponential": lambda u: -np.log(u),
    "normal": ndtri,
}


class UnitCase(NamedTuple):
    """A unit, its law, and parameters and inputs to ask it about.

    Attributes
    ----------
    unit : Unit
    law : list of Group
    params, other : NamedTuple
    inputs : ndarray of shape (n_rows, n_columns)
    """

    unit: Any
    law: list
    params: Any
    other: Any
    inputs: np.ndarray

    @property
    def fields(self):
        return self.unit.field(self.params, self.inputs)

    @property
    def n_columns(self):
        return self.inputs.shape[1]

    def means(self, function=lambda own, x: x):
        """E[function(parameters, value)] of every column given every row of inputs."""
        found = np.empty(self.inputs.shape)
        for row, input in enumerate(self.inputs):
            for group in self.law:
                p, own = group.law(self.params, input), group.own(self.params)
                for place, column in enumerate(group.columns):
                    terms = zip(p, group.points, strict=True)
                    found[row, column] = sum(
                        share * function(own[place], x[place]) for share, x in terms
                    )
        return found

    def rows(self, n=5, seed=0):
        """Points drawn at random, whatever their probability."""
        rng, rows = np.random.default_rng(seed), np.empty((n, self.n_columns))
        for group in self.law:
            central = sorted(group.points, key=lambda x: sum(map(abs, x)))[:40]
            for row in rows:
                row[list(group.columns)] = central[rng.integers(len(central))]
        return rows

    def energies(self, params, rows):
        """Base energy of every row."""
        return np.array(
            [
                sum(g.energy(g.own(params), row[list(g.columns)]) for g in self.law)
                for row in rows
            ]
        )

    def with_array(self, i, array):
        """The parameters but for one array."""
        arrays = list(self.params)
        arrays[i] = array
        return type(self.params)(*arrays)


def check_unit(case):
    """Hold a unit against its law: every promise of the contract."""
    for check in CHECKS.values():
        check(case)


def close(found, expected, rtol=1e-9, atol=1e-9):
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=atol)


# The field, and what it makes of the unit -----------------------------------------


def log_partition(case):
    found = case.unit.log_partition(case.params, case.fields).sum(axis=1)
    expected = [
        sum(log_sum(g.log_weights(case.params, input)) for g in case.law)
        for input in case.inputs
    ]
    close(found, expected)


def log_partition_gain(case):
    """Differences of the log partition function, small steps and very large ones."""
    unit, params, n = case.unit, case.params, case.n_columns
    rng = np.random.default_rng(7)
    for size in (1e-6, 1.0, *([30.0, 200.0] if unit.binary else [])):
        steps = size * rng.normal(size=(len(case.inputs), 4, n))
        found = unit.log_partition_gain(params, case.fields, steps)
        moved = (case.fields[:, None] + steps).reshape(-1, n)
        after = unit.log_partition(params, moved).sum(axis=1).reshape(-1, 4)
        before = unit.log_partition(params, case.fields).sum(axis=1)
        close(found, after - before[:, None], atol=1e-9 * min(size, 1) + 1e-12)


def mean(case):
    close(case.unit.mean(case.params, case.fields), case.means())


def mode(case):
    """No point is likelier; a point of a quadrature may be a little beside it."""
    found = case.unit.mode(case.params, case.fields)
    for row, input in enumerate(case.inputs):
        for group in case.law:
            columns = list(group.columns)
            own_mode = tuple(found[row, columns].tolist())
            at_mode = group._replace(points=[own_mode], weight=[1])
            height = at_mode.log_weights(case.params, input)[0]
            others = group._replace(weight=[1] * len(group.points))
            assert height >= max(others.log_weights(case.params, input)) - 1e-12
            assert not group.counted or own_mode in group.points


def sample(case):
    """One uniform for each column, in equal steps, gives each value its share of them.

    Groups of columns take several numbers: their draws are judged by chi square.
    """
    steps = (np.arange(N) + 0.5) / N
    for input in case.inputs[:2]:
        drawn = _drawn(case, input, np.tile(steps[:, None], case.n_columns))
        random = np.random.default_rng(5).uniform(size=(N, case.n_columns))
        spread = _drawn(case, input, random)
        for group in case.law:
            columns, law = list(group.columns), group.law(case.params, input)
            if len(columns) > 1:
                counts = _counts(spread[:, columns], group.points)
                assert chi_square(counts, law) < 1
                continue
            points, cdf = np.array(group.points)[:, 0], np.cumsum(law)
            ordered = np.sort(drawn[:, columns[0]])
            if group.counted:
                assert set(ordered) <= set(points)
                below = np.searchsorted(ordered, points, side="right") / N
                close(below, cdf, rtol=0, atol=1.01 / N)
            else:  # halves of the weights lie to either side of a node
                below = np.searchsorted(ordered, points) / N
                close(below, cdf - np.array(law) / 2, rtol=0, atol=max(law) / 2 + 1 / N)
                _moments(ordered, points, law)


def _moments(drawn, points, law):
    """Mean and standard deviation of quantiles in equal steps, whose tails are cut."""
    mean = np.dot(law, points)
    deviation = math.sqrt(np.dot(law, (points - mean) ** 2))
    assert abs(drawn.mean() - mean) < 0.002 * deviation
    assert abs(drawn.std() - deviation) < 0.005 * deviation


def _drawn(case, input, uniform):
    field = case.unit.field(case.params, np.tile(input, (N, 1)))
    noise = NOISE[case.unit.noise](uniform)
    return case.unit.sample(case.params, field, noise)


def _counts(rows, points):
    same = (rows[:, None] == np.array(points)).all(axis=2)
    np.testing.assert_array_equal(same.sum(axis=1), 1)  # each row is one state
    return same.sum(axis=0)


def columns_are_drawn_by_themselves(case):
    """The noise of one column, or group, says nothing of the others."""
    random = np.random.default_rng(6).uniform(size=(N, case.n_columns))
    drawn = _drawn(case, case.inputs[0], random)
    firsts = [drawn[:, group.columns[0]] for group in case.law]
    for one, two in itertools.combinations(firsts, 2):
        assert abs(np.corrcoef(one, two)[0, 1]) < 5 / math.sqrt(N)


def by_kernels(case):
    """What the kernels make from the input is what the field makes, in either twin."""
    unit, params, input = case.unit, case.params, case.inputs
    uniform = np.random.default_rng(7).uniform(size=input.shape)
    noise, out = NOISE[unit.noise](uniform), np.empty_like(input)
    old, new = (0.3, case.other), (0.8, params)
    at_new = unit.log_partition(params, unit.field(params, 0.8 * input)).sum(axis=1)
    at_old = unit.log_partition(*_free(unit, case.other, 0.3 * input)).sum(axis=1)
    for twin in ("numpy", kernels.active().__name__.rpartition("_")[2]):
        with config_context(kernels="numba" if twin == "numba" else "numpy"):
            drawn = kernels.sample(unit, params, input.copy(), noise.copy())
            close(drawn, unit.sample(params, case.fields, noise.copy()), atol=1e-12)
            close(kernels.mean(unit, params, input.copy()), case.means())
            kernels.tail_mean(unit, params, input.copy(), out)
            close(out, case.means())
            close(kernels.log_ratio(unit, input, old, new), at_new - at_old)


def _free(unit, params, input):
    return params, unit.field(params, input)


# The base energy, and the statistic that couples ----------------------------------


def base_energy(case):
    rows = case.rows()
    expected = case.energies(case.params, rows)
    close(case.unit.base_energy(case.params, rows), expected)
    close(case.unit.energies(case.params, rows).sum(axis=1), expected)


def base_energy_change(case):
    rows = case.rows()
    found = case.unit.base_energy_change(case.params, case.other, rows)
    assert found.dtype == np.float64
    ends = (case.energies(params, rows) for params in (case.params, case.other))
    close(found, -np.subtract(*ends))


def statistic(case):
    unit, params, rows = case.unit, case.params, case.rows()
    expected = np.empty_like(rows)
    for group in case.law:
        for own, column in zip(group.own(params), group.columns, strict=True):
            values = rows[:, column].tolist()
            expected[:, column] = [group.statistic(own, x) for x in values]
    close(unit.statistic(params, rows), expected)
    found = unit.statistic_step(params, rows[1:], rows[0])
    close(found, expected[1:] - expected[0])
    weights = np.random.default_rng(1).normal(size=(2, case.n_columns))
    scaled = unit.scaled_weights(params, weights)
    close(rows @ scaled.T, expected @ weights.T)
    # The input was computed for other parameters.
    gain = unit.gain(params, case.other)
    close(gain * expected, unit.statistic(case.other, rows))


def sums(case):
    """-d(base energy)/d(parameters), but for a constant, which no difference has."""
    unit, params = case.unit, case.params
    plus, minus, weight = case.rows(seed=1), case.rows(seed=2), np.arange(1.0, 6.0)

    def difference(i):
        def function(array):
            own = case.with_array(i, array)
            return weight @ (case.energies(own, minus) - case.energies(own, plus))

        return function

    found = [
        a - b
        for a, b in zip(
            unit.sums(params, plus, weight),
            unit.sums(params, minus, weight),
            strict=True,
        )
    ]
    unit.to_slopes(params, found[0])
    for i, (slope, array) in enumerate(zip(found, params, strict=True)):
        close(slope, finite_difference(difference(i), array), rtol=1e-6, atol=1e-6)
    close(unit.sums(params, plus), unit.sums(params, plus, np.ones(5)))


def slopes_and_values(case):
    """`to_values` undoes `to_slopes`, for weights and biases alike."""
    arrays = [
        np.random.default_rng(2).normal(size=(3, case.n_columns)),
        np.ones(case.n_columns),
    ]
    moved = [array.copy() for array in arrays]
    case.unit.to_slopes(case.params, *moved)
    ones = case.unit.statistic(case.params, np.ones((1, case.n_columns)))[0]
    for array, slopes in zip(arrays, moved, strict=True):
        close(slopes, array * ones)
    case.unit.to_values(case.params, *moved)
    for array, values in zip(arrays, moved, strict=True):
        close(values, array)


def parameters_of_the_statistic(case):
    """What parameters do to couplings, and to a centered bias, by differences."""
    unit, params, rng = case.unit, case.params, np.random.default_rng(3)
    weights, psi = rng.normal(size=(2, case.n_columns)), rng.normal(size=2)
    x, offset = case.rows(1), rng.normal(size=2)
    step = type(params)(*(np.zeros(case.n_columns) for _ in params))
    phi = unit.statistic(params, x)
    unit.add_couplings(step, weights, psi[:, None] * phi)

    def coupling(i):
        return lambda array: (
            psi @ weights @ unit.statistic(case.with_array(i, array), x)[0]
        )

    for i, slope in enumerate(step):
        close(slope, finite_difference(coupling(i), params[i]), atol=1e-6)
    centered = type(params)(*(rng.normal(size=case.n_columns) for _ in params))
    plain = type(params)(*(array.copy() for array in centered))
    unit.add_couplings(centered, weights, psi[:, None] * phi, offset)
    unit.add_couplings(plain, weights, psi[:, None] * phi)
    excess = np.einsum("j,ji->i", offset, weights)
    for i, (one, two) in enumerate(zip(centered, plain, strict=True)):
        slope = finite_difference(
            lambda array, i=i: _of_ones(unit, case, i, array), params[i]
        )
        close(
            one - two,
            slope / _of_ones_each(unit, params) * excess * plain.bias,
            atol=1e-6,
        )
    bias, h = np.zeros(2), 1e-6
    unit.carry(centered, phi[0], weights, bias)
    moved = type(params)(*(p + h * s for p, s in zip(params, centered, strict=True)))
    change = (unit.statistic(moved, x)[0] - phi[0]) / h
    close(bias, -weights @ change, rtol=1e-4, atol=1e-4)


def _of_ones(unit, case, i, array):
    return _of_ones_each(unit, case.with_array(i, array)).sum()


def _of_ones_each(unit, params):
    return unit.statistic(params, np.ones((1, len(params.bias))))[0]


def expected_sums(case):
    unit, params = case.unit, case.params
    weight = np.linspace(0.5, 2.0, len(case.inputs))
    expected = [weight @ case.means()]
    for i in range(1, len(params)):
        expected.append(weight @ _minus_slopes(case, i))
    for found in (
        unit.expected_sums(params, case.fields, weight),
        unit.sums_of_means(params, unit.mean(params, case.fields), weight),
    ):
        for a, b in zip(found, expected, strict=True):
            close(a, b, rtol=1e-7, atol=1e-7)
    once, each = unit.expected_sums(params, case.fields), np.ones(len(case.inputs))
    for a, b in zip(once, unit.expected_sums(params, case.fields, each), strict=True):
        close(a, b)


def _minus_slopes(case, i):
    """E[-d(base energy)/d(parameter i)] of columns that vary by themselves, else 0."""
    slopes, h = np.zeros(case.inputs.shape), 1e-5
    for group in case.law:
        if len(group.columns) > 1 or len(group.own(case.params)[0]) <= i:
            continue
        ends = []
        for step in (h, -h):
            own = [list(group.own(case.params)[0])]
            own[0][i] += step
            ends.append([group.energy([tuple(own[0])], x) for x in group.points])
        slope = (np.array(ends[1]) - np.array(ends[0])) / (2 * h)
        for row, input in enumerate(case.inputs):
            slopes[row, group.columns[0]] = np.dot(group.law(case.params, input), slope)
    return slopes


# Parameters -----------------------------------------------------------------------


def free_params(case):
    unit, wanted = case.unit, case.means()[0]
    for params in (unit.free_params(wanted), unit.with_mean(case.params, wanted)):
        assert type(params) is unit.parameters
        nothing = np.zeros((1, case.n_columns))
        close(unit.mean(params, unit.field(params, nothing))[0], wanted)


def smoothed(case):
    """Means at the limits have finite parameters; many rows are hardly changed."""
    unit, ends = case.unit, _extremes(case)
    for mean in ends:
        for weight in (0.0, 1.0, 1e3):
            with np.errstate(all="raise"):
                for moved in (
                    unit.smoothed(mean, np.float64(weight)),
                    unit.interior(mean),
                ):
                    params = unit.free_params(moved)
                    assert all(np.isfinite(array).all() for array in params)
    inner = case.means()[0]
    close(unit.smoothed(inner, np.float64(1e9)), inner, rtol=1e-6, atol=1e-6)


def _extremes(case):
    """Means of rows that all have one value of the ends of each column."""
    ends = np.zeros((2, case.n_columns))
    for group in case.law:
        columns = list(group.columns)
        ends[0, columns], ends[1, columns] = group.points[0], group.points[-1]
    return np.clip(ends, -50, 50)


def resting(case):
    nothing = type(case.params)(*(np.zeros(case.n_columns) for _ in case.params))
    free = case._replace(params=nothing, inputs=np.zeros((1, case.n_columns)))
    close(case.unit.resting(case.n_columns), free.means()[0])


def blend(case):
    """Base energies mix, up to a constant, which a difference of rows has not."""
    rows = case.rows()
    mixed = case.unit.blend(case.params, case.other, 0.3)
    ends = (case.energies(p, rows) for p in (mixed, case.params, case.other))
    found, first, second = (e - e[0] for e in ends)
    close(found, 0.7 * first + 0.3 * second)


def growth(case):
    """Limits, and energies far out, are those of one of the kinds that it names."""
    unit, kinds = case.unit, set()
    low, high = (np.broadcast_to(e, case.n_columns) for e in (unit.low, unit.high))
    spread = unit.spread(case.params)
    for group in case.law:
        for column in group.columns:
            points = [x[group.columns.index(column)] for x in group.points]
            assert min(points) >= low[column] and max(points) <= high[column]
            kinds.add(kind := _growth_of(group, case.params, low[column], high[column]))
            expected = _quadratic_spread(group, case.params, kind)
            close(spread[column], expected, rtol=1e-4, atol=1e-6)
    assert unit.growths == kinds


def _growth_of(group, params, low, high):
    if math.isfinite(low) and math.isfinite(high):
        return Growth.BOUNDED
    own = group.own(params)
    far = [group.energy(own, (x,)) / x**2 for x in (1e6, 1e8)]
    return Growth.QUADRATIC if far[1] > 0.9 * far[0] > 0 else Growth.V_LOG_V


def _quadratic_spread(group, params, kind):
    if kind != Growth.QUADRATIC:
        return 0.0
    own = group.own(params)
    low, middle, high = (group.energy(own, (x,)) for x in (1.0, 2.0, 3.0))
    slope = group.statistic(own[0], 2.0) - group.statistic(own[0], 1.0)
    return math.sqrt(slope**2 / (low - 2 * middle + high))


def allowance(case):
    """At least a coin for each column, and what rows of independent units take."""
    rows = case.rows(50)
    found = case.unit.allowance(case.params, rows)
    coins = case.n_columns * math.log(2)
    assert math.isfinite(found) and found >= coins * (1 - 1e-12)


# Values and states ----------------------------------------------------------------


def nearest(case):
    rows, unit = case.rows(20), case.unit
    np.testing.assert_array_equal(unit.nearest(rows), rows)
    moved = rows + np.random.default_rng(4).uniform(-0.4, 0.4, rows.shape)
    found = unit.nearest(moved)
    for group in case.law:
        columns = list(group.columns)
        for row, own in zip(moved[:, columns], found[:, columns], strict=True):
            distance = [math.dist(row, x) for x in group.points]
            assert math.dist(row, own) <= min(distance) + 1e-12
            assert not group.counted or tuple(own.tolist()) in group.points


def states(case):
    unit, n = case.unit, case.n_columns
    lists = [g.points for g in case.law]
    if not (unit.countable and max(map(len, lists)) < 50):
        assert unit.n_states(n) == math.inf
        return
    expected = set()
    for parts in itertools.product(*lists):
        row = np.empty(n)
        for group, part in zip(case.law, parts, strict=True):
            row[list(group.columns)] = part
        expected.add(tuple(row.tolist()))
    assert unit.n_states(n) == len(expected)
    made = unit.states(np.arange(len(expected)), n)
    assert made.dtype == np.float64
    assert set(map(tuple, made.tolist())) == expected


def binary(case):
    """A bit tells each value of a unit that says so."""
    if not case.unit.binary:
        return
    ends = np.broadcast_arrays(case.unit.low, case.unit.high, case.inputs[0])
    for group in case.law:
        for place, column in enumerate(group.columns):
            values = {x[place] for x in group.points}
            assert values == {ends[0][column], ends[1][column]}
    rows = case.rows()
    other = case.unit.flipped(rows)
    assert (other != rows).all()
    np.testing.assert_array_equal(case.unit.flipped(other), rows)
    np.testing.assert_array_equal(case.unit.nearest(other), other)


def neighbours(case):
    rows = case.rows()
    near = case.unit.neighbours(rows)
    assert near.shape[0] == len(rows) and near.shape[2] == case.n_columns
    for row in near.reshape(-1, case.n_columns):
        np.testing.assert_array_equal(case.unit.nearest(row[None])[0], row)


def points(case):
    """Sums over the points of a site are those over its values, for all its fields."""
    unit, inputs = case.unit, case.inputs
    low, high = case.fields.min(axis=0), case.fields.max(axis=0)
    seen = []
    for columns, site in unit.sites(case.n_columns):
        own = site.parameters(
            *(getattr(case.params, f)[columns] for f in site.parameters._fields)
        )
        x, weight = site.points(own, low[columns], high[columns])
        statistic = site.statistic(own, x)
        logs = inputs[:, columns] @ statistic.T - site.energies(own, x).sum(axis=1)
        found = [log_sum((row + np.log(weight)).tolist()) for row in logs]
        group = next(g for g in case.law if g.columns[0] == columns.start)
        seen += group.columns
        assert tuple(range(columns.start, columns.stop)) == group.columns
        close(found, [log_sum(group.log_weights(case.params, i)) for i in inputs])
    assert seen == list(range(case.n_columns))


def reach(case):
    """Nearly all of the law, whatever the field between two limits."""
    low, high = case.fields.min(axis=0), case.fields.max(axis=0)
    least, most = case.unit.reach(case.params, low, high)
    for group in case.law:
        for place, column in enumerate(group.columns):
            own = group.own(case.params)[place]
            for input in case.inputs:
                p = group.law(case.params, input)
                outside = sum(
                    share
                    for share, x in zip(p, group.points, strict=True)
                    if not least[column] - 1e-9
                    <= group.statistic(own, x[place])
                    <= most[column] + 1e-9
                )
                assert outside < 1e-12


def some_columns_known(case):
    """What is left has the law of the points that agree with what is known."""
    unit, params, rng = case.unit, case.params, np.random.default_rng(8)
    nothing = np.zeros((1, case.n_columns))
    for state in case.rows(6):
        row = np.where(rng.random(case.n_columns) < 0.5, np.nan, state)[None]
        filled = unit.implied(row.copy())[0]
        known = ~np.isnan(row[0])
        np.testing.assert_array_equal(filled[known], state[known])
        expected = _given(case, row[0])
        held = unit.given(unit.implied(row.copy()))
        means = held.mean(params, unit.field(params, nothing))[0]
        left = np.isnan(filled)
        close(means[left], expected[left])
        rest = unit.restricted(left)
        own = type(params)(*(array[left] for array in params))
        own = rest.parameters(*(getattr(own, f) for f in rest.parameters._fields))
        if left.any():
            close(rest.mean(own, rest.field(own, nothing[:, left]))[0], expected[left])
        close(filled[~left], expected[~left])
        _draws_agree(case, held, filled, left)


def _draws_agree(case, held, filled, left):
    """What is known not to be 1 is not drawn, however likely it were."""
    uniform = np.random.default_rng(10).uniform(size=(200, case.n_columns))
    noise = NOISE[held.noise](uniform)
    field = np.where(left, 0.0, 5.0) + np.zeros((200, 1))
    drawn = held.sample(case.params, field, noise)
    for group in case.law:
        columns = list(group.columns)
        if len(columns) > 1 and left[columns].any():
            known = [c for c in columns if not left[c]]
            assert (drawn[:, known] == filled[known]).all()


def _given(case, row):
    """E[x | known] by the points that agree."""
    expected = np.empty(case.n_columns)
    for group in case.law:
        columns = list(group.columns)
        p = group.law(case.params, np.zeros(case.n_columns))
        agree = [
            all(math.isnan(k) or k == v for k, v in zip(row[columns], x, strict=True))
            for x in group.points
        ]
        weights = np.array(p) * agree
        if len(columns) == 1 and not math.isnan(row[columns[0]]):
            expected[columns] = row[columns]
        else:
            expected[columns] = weights @ np.array(group.points) / weights.sum()
    return expected


# How it is made -------------------------------------------------------------------


def precision(case):
    """float32 stays float32."""
    unit, params = case.unit, _as(np.float32, case.params)
    field, x = case.fields.astype(np.float32), case.rows(4).astype(np.float32)
    input = case.inputs.astype(np.float32)
    uniform = np.random.default_rng(9).uniform(size=field.shape)
    noise = NOISE[unit.noise](uniform).astype(np.float32)
    weights = np.ones((2, case.n_columns), np.float32)
    middle = unit.interior(unit.mean(params, field)[0])
    made = [
        unit.field(params, input), unit.log_partition(params, field),
        unit.mean(params, field), unit.mode(params, field),
        unit.sample(params, field, noise), unit.base_energy(params, x),
        unit.energies(params, x), unit.statistic(params, x), unit.nearest(x),
        unit.scaled_weights(params, weights), *unit.sums(params, x), middle,
        *unit.expected_sums(params, field), *unit.free_params(middle),
        *unit.blend(params, params, 0.5), unit.spread(params), unit.implied(x),
        kernels.sample(unit, params, input.copy(), noise.copy()),
        kernels.mean(unit, params, input.copy()),
    ]  # fmt: skip
    assert {array.dtype for array in made} == {np.dtype(np.float32)}
    close(made[2], case.means(), rtol=1e-4, atol=1e-5)


def _as(dtype, params):
    return type(params)(*(array.astype(dtype) for array in params))


def arguments_stay(case):
    """Only what may be overwritten is."""
    unit, field, x = case.unit, case.fields, case.rows()
    noise = NOISE[unit.noise](np.full(field.shape, 0.3))
    kept = field.copy(), x.copy(), noise.copy(), *(a.copy() for a in case.params)
    for method in ("log_partition", "mean", "mode", "expected_sums"):
        getattr(unit, method)(case.params, field)
    unit.sample(case.params, field, noise)
    for method in ("base_energy", "energies", "statistic", "sums"):
        getattr(unit, method)(case.params, x)
    unit.nearest(x), unit.neighbours(x), unit.implied(x)
    for before, now in zip(kept, (field, x, noise, *case.params), strict=True):
        np.testing.assert_array_equal(now, before)


def identity(case):
    again = pickle.loads(pickle.dumps(case.unit))
    assert again == case.unit and hash(again) == hash(case.unit)
    assert case.unit != "unit"


CHECKS = {
    check.__name__: check
    for check in (
        log_partition, log_partition_gain, mean, mode, sample,
        columns_are_drawn_by_themselves, by_kernels, base_energy,
        base_energy_change, statistic, sums, slopes_and_values,
        parameters_of_the_statistic, expected_sums, free_params, smoothed, resting,
        blend, growth, allowance, nearest, states, binary, neighbours, points, reach,
        some_columns_known, precision, arguments_stay, identity,
    )
}  # fmt: skip
