"""Laws of units as sums over points, by loops: nothing here imports the package.

A layer is a list of groups of columns that have a law of their own. Each has points
with weights, which are its states, or the nodes of a quadrature; a base energy, and a
statistic that couples to an input.
"""

import itertools
import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np


class Group(NamedTuple):
    """Columns that vary together.

    Attributes
    ----------
    columns : tuple of int
    points : list of tuple
    weight : list of float
        1 for states, else the weight of a node.
    energy : callable
        Of a list of the parameters of each column, and a point.
    statistic : callable
        Of the parameters of a column, and its value.
    """

    columns: tuple
    points: list
    weight: list
    energy: Callable
    statistic: Callable

    @property
    def counted(self):
        """Whether the points are states."""
        return set(self.weight) == {1}

    def own(self, params):
        """Parameters of each of the columns."""
        return [tuple(float(p[c]) for p in params) for c in self.columns]

    def log_weights(self, params, input):
        """log of weight x exp(input statistic - energy) of every point."""
        own = self.own(params)
        return [
            math.log(w)
            - self.energy(own, x)
            + sum(
                float(input[c]) * self.statistic(p, value)
                for c, p, value in zip(self.columns, own, x, strict=True)
            )
            for x, w in zip(self.points, self.weight, strict=True)
        ]

    def law(self, params, input):
        """Probability of every point."""
        logs = self.log_weights(params, input)
        total = log_sum(logs)
        return [math.exp(log - total) for log in logs]


def log_sum(terms):
    largest = max(terms)
    return largest + math.log(sum(math.exp(term - largest) for term in terms))


def value(_, x):
    """The statistic of most units."""
    return x


def linear(measure=lambda x: 0.0):
    """-bias x + measure(x), summed over the columns."""

    def energy(own, x):
        pairs = zip(own, x, strict=True)
        return sum(measure(v) - p[0] * v for p, v in pairs)

    return energy


def each(n, points, weight, energy, statistic=value):
    """n columns of the same law, each by itself."""
    return [
        Group((i,), [(x,) for x in points], list(weight), energy, statistic)
        for i in range(n)
    ]


def two_values(n, low, high):
    return each(n, [low, high], [1, 1], linear())


def one_of(size, n_groups=1):
    points = [tuple(float(i == k) for i in range(size)) for k in range(size)]
    columns = [tuple(range(g * size, (g + 1) * size)) for g in range(n_groups)]
    return [Group(c, points, [1] * size, linear(), value) for c in columns]


def gaussian(n):
    """(x - b)^2 / (2 s^2); the trapezoidal rule errs by exp(-2 (pi s / 0.2)^2)."""

    def energy(own, x):
        pairs = zip(own, x, strict=True)
        return sum((v - b) ** 2 / (2 * math.exp(z)) for (b, z), v in pairs)

    points = np.arange(-300, 301) * 0.2
    return each(
        n, points.tolist(), [0.2] * 601, energy, lambda p, x: x / math.exp(p[1])
    )


def standard_gaussian(n):
    points = np.arange(-200, 201) * 0.2
    return each(n, points.tolist(), [0.2] * 401, linear(lambda x: x * x / 2))


def rectified(n):
    """Gauss and Legendre's rule on short intervals from 0 on."""
    nodes, weights = np.polynomial.legendre.leggauss(12)
    ends = np.concatenate([np.linspace(0, 2, 9), np.arange(3.0, 17)])
    half, middle = np.diff(ends) / 2, (ends[1:] + ends[:-1]) / 2
    points = (middle[:, None] + half[:, None] * nodes).ravel()
    weight = (half[:, None] * weights).ravel()
    energy = linear(lambda x: x * x / 2)
    return each(n, points.tolist(), weight.tolist(), energy)


def poisson(n, most=400):
    energy = linear(lambda x: math.lgamma(x + 1))
    return each(n, [float(k) for k in range(most)], [1] * most, energy)


def binomial(n, trials):
    energy = linear(lambda x: -math.log(math.comb(trials, int(x))))
    return each(n, [float(k) for k in range(trials + 1)], [1] * (trials + 1), energy)


def side_by_side(*layers):
    """Layers next to each other; parameters are found by the number of the column."""
    groups, start = [], 0
    for layer in layers:
        columns = [tuple(c + start for c in group.columns) for group in layer]
        groups += [g._replace(columns=c) for g, c in zip(layer, columns, strict=True)]
        start = 1 + max(map(max, columns))
    return groups


# Two layers -------------------------------------------------------------------------


_SEEN = {}  # differences ask for nearly the same machine again and again


def _at_points(group, own):
    """log of weight x exp(-energy), and the statistic, of every point of a group."""
    key = id(group.points), id(group.energy), own
    if key not in _SEEN:
        logs = [
            math.log(w) - group.energy(own, x)
            for x, w in zip(group.points, group.weight, strict=True)
        ]
        statistic = [
            [group.statistic(p, v) for p, v in zip(own, x, strict=True)]
            for x in group.points
        ]
        # The group with it, so that its number is not given to another.
        _SEEN[key] = np.array(logs), np.array(statistic), group
    return _SEEN[key][:2]


class Layer:
    """A layer of groups with parameters, as arrays over the points of each group."""

    def __init__(self, groups, params):
        self.groups, self.params = groups, [np.asarray(p, float) for p in params]
        self.columns = [list(group.columns) for group in groups]
        self.n_columns = 1 + max(map(max, self.columns))
        self.points = [np.array(group.points, float) for group in groups]
        found = [_at_points(group, tuple(group.own(self.params))) for group in groups]
        self.log_weights, self.statistics = map(list, zip(*found, strict=True))

    def log_partition(self, input):
        """log of the sum of exp(input statistic - energy), for rows of input."""
        return sum(_log_sum(logs) for logs in self._logs(input))

    def _logs(self, input):
        parts = zip(self.columns, self.statistics, self.log_weights, strict=True)
        for columns, statistic, log_weight in parts:
            yield input[:, columns] @ statistic.T + log_weight

    def means(self, input, function=lambda x: x):
        """E[function(x)] of every column, a function of columns of points."""
        found = np.empty(input.shape)
        for columns, x, logs in zip(
            self.columns, self.points, self._logs(input), strict=True
        ):
            p = np.exp(logs - _log_sum(logs)[:, None])
            found[:, columns] = p @ function(x)
        return found

    def energy(self, rows):
        """Base energies of rows."""
        return np.array(
            [
                sum(g.energy(g.own(self.params), row[c].tolist()) for g, c in
                    zip(self.groups, self.columns, strict=True))
                for row in rows
            ]
        )  # fmt: skip

    def statistic(self, rows):
        out = np.empty(rows.shape)
        for group, columns in zip(self.groups, self.columns, strict=True):
            for own, column in zip(group.own(self.params), columns, strict=True):
                out[:, column] = [group.statistic(own, x) for x in rows[:, column]]
        return out

    @property
    def size(self):
        return math.prod(map(len, self.points))

    def states(self):
        """Every combination of points: values, statistics and log weights."""
        index = np.indices([len(x) for x in self.points]).reshape(len(self.points), -1)
        x, s = np.empty((2, index.shape[1], self.n_columns))
        parts = zip(index, self.columns, self.points, self.statistics, strict=True)
        for i, columns, points, statistic in parts:
            x[:, columns], s[:, columns] = points[i], statistic[i]
        pairs = zip(index, self.log_weights, strict=True)
        return x, s, sum(log_weight[i] for i, log_weight in pairs)

    def squares(self):
        """-d(energy)/d(log-variance) of values, for Gaussian units."""
        bias, log_variance = self.params
        return lambda rows: (rows - bias) ** 2 / (2 * np.exp(log_variance))


class LawOracle:
    """A machine of two layers by sums over the points of its smaller one.

    E(v, h) = base(v) + base(h) - psi(h)' W phi(v), whatever the units are.
    """

    def __init__(self, weights, visible, hidden):
        """The layers are pairs of groups and parameters."""
        self.weights = np.asarray(weights, float)
        self.visible, self.hidden = Layer(*visible), Layer(*hidden)
        self.log_z = float(_log_sum(self._small()[1][None])[0])

    def _small(self):
        """Points of the smaller layer, and the logs of what they weigh."""
        if self.visible.size <= self.hidden.size:
            x, s, log_weight = self.visible.states()
            return x, log_weight + self.hidden.log_partition(s @ self.weights.T)
        x, s, log_weight = self.hidden.states()
        return x, log_weight + self.visible.log_partition(s @ self.weights)

    def free_energy(self, rows):
        input = self.visible.statistic(rows) @ self.weights.T
        return self.visible.energy(rows) - self.hidden.log_partition(input)

    def log_likelihood(self, rows):
        return -self.free_energy(rows) - self.log_z

    def hidden_mean(self, rows):
        return self.hidden.means(self.visible.statistic(rows) @ self.weights.T)

    def visible_mean(self, rows):
        return self.visible.means(self.hidden.statistic(rows) @ self.weights)

    def moments(self):
        """E[v], E[h], E[h v'], and E[v^2]."""
        flipped = self.visible.size > self.hidden.size
        small, large = (
            (self.hidden, self.visible) if flipped else (self.visible, self.hidden)
        )
        weights = self.weights if flipped else self.weights.T
        x, s, _ = small.states()
        logs = self._small()[1]
        p = np.exp(logs - self.log_z)
        means = large.means(s @ weights)
        product = (x * p[:, None]).T @ means
        ends = p @ x, p @ means
        squares = p @ (x**2), p @ large.means(s @ weights, np.square)
        v, h = ends[::-1] if flipped else ends
        return v, h, product if flipped else product.T, squares[1 if flipped else 0]

    def sums(self):
        """E[-d(energy)/d(parameter)] of both layers: means, and half squares if any."""
        v, h, product, _ = self.moments()
        return [v, *self._half(self.visible)], [h, *self._half(self.hidden)], product

    def _half(self, layer):
        if len(layer.params) == 1:
            return []
        smaller = self.visible if self.visible.size <= self.hidden.size else self.hidden
        x, s, _ = smaller.states()
        p = np.exp(self._small()[1] - self.log_z)
        if layer is smaller:
            return [p @ layer.squares()(x)]
        weights = self.weights.T if smaller is self.visible else self.weights
        bias, log_variance = layer.params
        first = layer.means(s @ weights)
        second = layer.means(s @ weights, np.square)
        halves = (second - 2 * bias * first + bias**2) / (2 * np.exp(log_variance))
        return [p @ halves]

    def given(self, row):
        """log of the weight of what is known, and E[v | known] and E[h | known].

        Missing groups are summed over their points.
        """
        if np.isnan(row).all():
            v, h, *_ = self.moments()
            return self.log_z, v, h
        free = [
            g for g, c in zip(self.visible.groups, self.visible.columns, strict=True)
            if np.isnan(row[c]).any()
        ]  # fmt: skip
        lists = [
            [x for x in g.points if _agrees(row[list(g.columns)], x)] for g in free
        ]
        index = [range(len(points)) for points in lists]
        rows, logs = [], []
        for place in itertools.product(*index):
            filled, log_weight = row.copy(), 0.0
            for g, points, i in zip(free, lists, place, strict=True):
                filled[list(g.columns)] = points[i]
                log_weight += math.log(g.weight[g.points.index(points[i])])
            rows.append(filled)
            logs.append(log_weight)
        rows = np.array(rows)
        logs = np.array(logs) - self.free_energy(rows)
        total = float(_log_sum(logs[None])[0])
        p = np.exp(logs - total)
        return total, p @ rows, p @ self.hidden_mean(rows)

    def draw(self, n_rows, rng):
        """Rows of v and of h from the joint law; quadrature nodes for real values."""
        flipped = self.visible.size > self.hidden.size
        small, large = (
            (self.hidden, self.visible) if flipped else (self.visible, self.hidden)
        )
        weights = self.weights if flipped else self.weights.T
        x, s, _ = small.states()
        p = np.exp(self._small()[1] - self.log_z)
        chosen = rng.choice(len(x), n_rows, p=p / p.sum())
        input, others = (s @ weights)[chosen], np.empty((n_rows, large.n_columns))
        for columns, points, logs in zip(
            large.columns, large.points, large._logs(input), strict=True
        ):
            share = np.exp(logs - _log_sum(logs)[:, None]).cumsum(axis=1)
            place = (share < rng.random((n_rows, 1)) * share[:, -1:]).sum(axis=1)
            others[:, columns] = points[place]
        return (others, x[chosen]) if flipped else (x[chosen], others)


def _agrees(known, x):
    return all(math.isnan(k) or k == value for k, value in zip(known, x, strict=True))


def _log_sum(logs):
    largest = logs.max(axis=1, keepdims=True)
    return largest[:, 0] + np.log(np.exp(logs - largest).sum(axis=1))


def size_of(law):
    """How many points all groups have together."""
    return math.prod(len(group.points) for group in law)
