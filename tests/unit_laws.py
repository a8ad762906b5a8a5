"""Laws of units as sums over points, by loops: nothing here imports the package.

A layer is a list of groups of columns that have a law of their own. Each has points
with weights, which are its states, or the nodes of a quadrature; a base energy, and a
statistic that couples to an input.
"""

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
    ends = np.concatenate([np.linspace(0, 2, 21), np.arange(2.5, 30, 0.5)])
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
