"""Boltzmann machines by explicit enumeration: slow, obvious, independent.

Nothing here imports the package.  A layer is described by the two values its units
take; a machine by plain arrays.
"""

import itertools
import math

import numpy as np
from scipy.special import ndtr


def configurations(values, n_units):
    """Every state of n_units units, as a list of tuples."""
    return list(itertools.product(values, repeat=n_units))


def bipartite_energy(weights, visible_bias, hidden_bias, v, h):
    """E(v, h) = -sum b_i v_i - sum c_j h_j - sum_ij h_j W_ji v_i, term by term."""
    energy = 0.0
    for i in range(len(v)):
        energy -= visible_bias[i] * v[i]
    for j in range(len(h)):
        energy -= hidden_bias[j] * h[j]
        for i in range(len(v)):
            energy -= h[j] * weights[j][i] * v[i]
    return energy


def pairwise_energy(coupling, bias, s):
    """E(s) = -sum b_i s_i - sum_{i<j} J_ij s_i s_j, term by term."""
    energy = 0.0
    for i in range(len(s)):
        energy -= bias[i] * s[i]
        for j in range(i + 1, len(s)):
            energy -= coupling[i][j] * s[i] * s[j]
    return energy


class BipartiteOracle:
    """The joint distribution of a small bipartite machine, as a table."""

    def __init__(self, weights, visible_bias, hidden_bias, visible, hidden):
        self.n_hidden, self.n_visible = np.shape(weights)
        self.visible_states = configurations(visible, self.n_visible)
        self.hidden_states = configurations(hidden, self.n_hidden)
        self.energy = {
            (v, h): bipartite_energy(weights, visible_bias, hidden_bias, v, h)
            for v in self.visible_states
            for h in self.hidden_states
        }
        self.log_z = log_sum(-energy for energy in self.energy.values())

    def joint(self, v, h):
        return math.exp(-self.energy[v, h] - self.log_z)

    def free_energy(self, v):
        return -log_sum(-self.energy[v, h] for h in self.hidden_states)

    def log_likelihood(self, v):
        return -self.free_energy(v) - self.log_z

    def visible_marginal(self):
        """P(v) in the order of `visible_states`."""
        return np.array([math.exp(self.log_likelihood(v)) for v in self.visible_states])

    def hidden_mean(self, v):
        """E[h | v] as a ratio of sums of joints."""
        return self._mean({h: self.joint(v, h) for h in self.hidden_states})

    def visible_mean(self, h):
        """E[v | h] as a ratio of sums of joints."""
        return self._mean({v: self.joint(v, h) for v in self.visible_states})

    @staticmethod
    def _mean(table):
        total = sum(table.values())
        return np.array(
            [
                sum(p * s[i] for s, p in table.items()) / total
                for i in range(_len(table))
            ]
        )

    def moments(self):
        """E[v], E[h] and E[h v'] under the model."""
        mean_v, mean_h = np.zeros(self.n_visible), np.zeros(self.n_hidden)
        mean_hv = np.zeros((self.n_hidden, self.n_visible))
        for v in self.visible_states:
            for h in self.hidden_states:
                p = self.joint(v, h)
                mean_v += p * np.array(v)
                mean_h += p * np.array(h)
                mean_hv += p * np.outer(h, v)
        return mean_v, mean_h, mean_hv

    def pseudo_log_likelihood(self, v, values):
        """sum_i log P(v_i | rest), each a ratio of marginals."""
        total = 0.0
        for i in range(self.n_visible):
            alternatives = [v[:i] + (value,) + v[i + 1 :] for value in values]
            total += -self.free_energy(v) - log_sum(
                -self.free_energy(w) for w in alternatives
            )
        return total


def one_hot(n_classes):
    """The states of a label: a single 1 among zeros."""
    return [
        tuple(1.0 if place == label else 0.0 for place in range(n_classes))
        for label in range(n_classes)
    ]


class LabelledOracle(BipartiteOracle):
    """A machine whose visible layer is bits and, to their right, one label."""

    def __init__(self, weights, visible_bias, hidden_bias, n_bits):
        self.n_hidden, self.n_visible = np.shape(weights)
        self.visible_states = [
            bits + label
            for bits in configurations((0.0, 1.0), n_bits)
            for label in one_hot(self.n_visible - n_bits)
        ]
        self.hidden_states = configurations((0.0, 1.0), self.n_hidden)
        self.energy = {
            (v, h): bipartite_energy(weights, visible_bias, hidden_bias, v, h)
            for v in self.visible_states
            for h in self.hidden_states
        }
        self.log_z = log_sum(-energy for energy in self.energy.values())


class PairwiseOracle:
    """The law of a small machine whose units are coupled in pairs, given some of them.

    What is known is a row with NaN for free units; known values may be any numbers.
    """

    def __init__(self, coupling, bias, values):
        self.coupling, self.bias = np.asarray(coupling), np.asarray(bias)
        self.values, self.n_units = values, len(bias)
        self.log_z = -self.free_energy([math.nan] * self.n_units)

    def states(self, known):
        """Every state that agrees with what is known, the last unit turning fastest."""
        choices = [self.values if math.isnan(k) else (float(k),) for k in known]
        return list(itertools.product(*choices))

    def energy(self, state):
        return pairwise_energy(self.coupling.tolist(), self.bias.tolist(), state)

    def free_energy(self, known):
        return -log_sum(-self.energy(s) for s in self.states(known))

    def table(self, known, beta=1.0):
        """P(state | known) of `states(known)`, at an inverse temperature."""
        energies = [beta * self.energy(s) for s in self.states(known)]
        log_z = log_sum(-e for e in energies)
        return np.array([math.exp(-e - log_z) for e in energies])

    def moments(self, known):
        """E[s | known] and E[s s' | known], the latter with a zero diagonal."""
        mean, pairs = np.zeros(self.n_units), np.zeros((self.n_units,) * 2)
        for p, s in zip(self.table(known), self.states(known), strict=True):
            for i in range(self.n_units):
                mean[i] += p * s[i]
                for j in range(self.n_units):
                    pairs[i, j] += (i != j) * p * s[i] * s[j]
        return mean, pairs

    def with_hidden(self, v):
        """A row of visible values, hidden units being free."""
        return [*v, *[math.nan] * (self.n_units - len(v))]

    def log_likelihood(self, v):
        """log P of what is known of the visible units."""
        return -self.free_energy(self.with_hidden(v)) - self.log_z

    def visible_marginal(self, n_visible):
        """P(v) in the order of `configurations(values, n_visible)`."""
        rows = configurations(self.values, n_visible)
        return np.array([math.exp(self.log_likelihood(v)) for v in rows])

    def conditional(self, v, i):
        """P(visible unit i is high | all other visible units)."""
        low, high = (
            self.free_energy(self.with_hidden([*v[:i], x, *v[i + 1 :]]))
            for x in self.values
        )
        return 1 / (1 + math.exp(high - low))

    def class_proba(self, v, first, n_classes):
        """P(class | all else that is known), by clamping one class after another."""
        low, high = self.values
        free_energies = []
        for k in range(n_classes):
            row = list(v)
            row[first : first + n_classes] = [low] * n_classes
            row[first + k] = high
            free_energies.append(self.free_energy(self.with_hidden(row)))
        total = log_sum(-f for f in free_energies)
        return np.array([math.exp(-f - total) for f in free_energies])


def gaussian_energy(weights, bias, log_variance, hidden_bias, v, h):
    """E(v, h) of Gaussian v_i with s2_i = exp(log_variance_i), term by term:

    sum (v_i - b_i)^2 / (2 s2_i) - sum h_j W_ji v_i / s2_i - sum c_j h_j.
    """
    energy = 0.0
    for i in range(len(v)):
        variance = math.exp(log_variance[i])
        energy += (v[i] - bias[i]) ** 2 / (2 * variance)
        for j in range(len(h)):
            energy -= h[j] * weights[j][i] * v[i] / variance
    for j in range(len(h)):
        energy -= hidden_bias[j] * h[j]
    return energy


# The trapezoidal rule with steps of p standard deviations integrates a Gaussian to
# 2 exp(-2 pi^2 / p^2): 1e-17 at 0.7.  Beyond 9 of them there is 1e-18 of it.
STEP, TAIL = 0.7, 9.0


def gaussian_grid(means, variance):
    """Points for the trapezoidal rule over Gaussians of one variance, and their gap."""
    deviation = math.sqrt(variance)
    low, high = min(means) - TAIL * deviation, max(means) + TAIL * deviation
    n_points = math.ceil((high - low) / (STEP * deviation)) + 1
    return np.linspace(low, high, n_points), (high - low) / (n_points - 1)


class GaussianOracle:
    """A machine of Gaussian visible and two-valued hidden units, given some of them.

    What is known is a row with NaN for missing values.  All of it is a mixture of one
    Gaussian for every state of the hidden units, whose weight is an integral in closed
    form; the same integral by quadrature of exp(-E) is an independent check.
    """

    def __init__(self, weights, bias, log_variance, hidden_bias, hidden):
        self.n_hidden, self.n_visible = np.shape(weights)
        arrays = (weights, bias, log_variance, hidden_bias)
        self.arrays = [np.asarray(array, float).tolist() for array in arrays]
        self.variance = [math.exp(z) for z in self.arrays[2]]
        self.hidden_states = configurations(hidden, self.n_hidden)
        self.nothing = (math.nan,) * self.n_visible
        self.log_z = -self.free_energy(self.nothing)

    def energy(self, v, h):
        return gaussian_energy(*self.arrays, v, h)

    def component(self, h):
        """E[v | h]: b_i + sum_j h_j W_ji."""
        weights, bias = self.arrays[:2]
        return [
            bias[i] + sum(h[j] * weights[j][i] for j in range(self.n_hidden))
            for i in range(self.n_visible)
        ]

    def log_weight(self, known, h):
        """log of the integral of exp(-E(v, h)) over what is missing."""
        bias, hidden_bias = self.arrays[1], self.arrays[3]
        total = sum(c * x for c, x in zip(hidden_bias, h, strict=True))
        for i, (x, mean) in enumerate(zip(known, self.component(h), strict=True)):
            b, s2 = bias[i], self.variance[i]
            if math.isnan(x):
                total += 0.5 * math.log(2 * math.pi * s2) + (mean**2 - b**2) / (2 * s2)
            else:
                total += (mean - b) * x / s2 - (x - b) ** 2 / (2 * s2)
        return total

    def free_energy(self, known):
        """-log of exp(-E) summed over h and integrated over what is missing."""
        return -log_sum(self.log_weight(known, h) for h in self.hidden_states)

    def free_energy_by_quadrature(self, known):
        """The same, from the energies of all points of a grid."""
        axes, gaps = [], []
        for i, x in enumerate(known):
            points, gap = np.array([x]), 1.0
            if math.isnan(x):
                points, gap = self.grid(i)
            axes.append(points.tolist())
            gaps.append(gap)
        points = itertools.product(*axes)
        terms = (-self.energy(v, h) for v in points for h in self.hidden_states)
        return -log_sum(terms) - sum(math.log(gap) for gap in gaps)

    def grid(self, i):
        """Points of the trapezoidal rule along visible unit i, and their gap."""
        means = [self.component(h)[i] for h in self.hidden_states]
        return gaussian_grid(means, self.variance[i])

    def log_density(self, known):
        """log density of the known values, the others integrated out."""
        return -self.free_energy(known) - self.log_z

    def log_conditional(self, v, i):
        """log density of v_i given all others, the integral over v_i by quadrature."""
        others = (*v[:i], math.nan, *v[i + 1 :])
        return self.free_energy_by_quadrature(others) - self.free_energy(v)

    def posterior(self, known=None):
        """P(h | known) in the order of `hidden_states`."""
        known = self.nothing if known is None else known
        total = -self.free_energy(known)
        return [math.exp(self.log_weight(known, h) - total) for h in self.hidden_states]

    def mixture(self, known=None):
        """Weights, means and variances of the Gaussians of v, one for every h."""
        means = [self.component(h) for h in self.hidden_states]
        return np.array(self.posterior(known)), np.array(means), np.array(self.variance)

    def hidden_mean(self, known):
        """E[h | known]."""
        mean = np.zeros(self.n_hidden)
        for p, h in zip(self.posterior(known), self.hidden_states, strict=True):
            mean += p * np.array(h)
        return mean

    def visible_mean(self, known):
        """E[v | known]; known values stay as they are."""
        mean = np.zeros(self.n_visible)
        for p, h in zip(self.posterior(known), self.hidden_states, strict=True):
            for i, (x, m) in enumerate(zip(known, self.component(h), strict=True)):
                mean[i] += p * (m if math.isnan(x) else x)
        return mean

    def moments(self):
        """E[v], E[v^2], E[h] and E[h v'] under the model."""
        mean, square = np.zeros(self.n_visible), np.zeros(self.n_visible)
        mean_h, mean_hv = np.zeros(self.n_hidden), np.zeros(np.shape(self.arrays[0]))
        for p, h in zip(self.posterior(), self.hidden_states, strict=True):
            m = np.array(self.component(h))
            mean += p * m
            square += p * (m**2 + self.variance)
            mean_h += p * np.array(h)
            mean_hv += p * np.outer(h, m)
        return mean, square, mean_h, mean_hv

    def cdf(self, i, x, known=None):
        """P(v_i <= x | known), v_i missing, for an array of x."""
        weights, means, variances = self.mixture(known)
        z = (np.asarray(x)[..., None] - means[:, i]) / math.sqrt(variances[i])
        return ndtr(z) @ weights

    def draw(self, n_rows, rng, known=None):
        """Independent rows of v given what is known: a component, then its Gaussian."""
        known = self.nothing if known is None else known
        weights, means, variances = self.mixture(known)
        numbers = rng.choice(len(weights), n_rows, p=weights / weights.sum())
        noise = rng.normal(size=(n_rows, self.n_visible))
        rows = means[numbers] + np.sqrt(variances) * noise
        return np.where(np.isnan(known), rows, known)


class PairOracle:
    """A machine of two layers, each of two-valued units or of Gaussian ones.

    A Gaussian layer is given by its log-variances, a two-valued one by its two values.
    States of two-valued layers are summed one by one; Gaussian units are integrated in
    closed form, as E is a quadratic function of them.
    """

    def __init__(self, weights, visible, hidden, visible_values, hidden_values):
        self.weights = np.asarray(weights).tolist()
        self.layers = [
            [np.asarray(array).tolist() for array in layer]
            for layer in (visible, hidden)
        ]
        sizes = [len(layer[0]) for layer in self.layers]
        self.states = [
            None if values is None else configurations(values, n)
            for values, n in zip((visible_values, hidden_values), sizes, strict=True)
        ]
        self.log_z = self._log_sum(None)

    def energy(self, v, h):
        """E(v, h), term by term; a Gaussian unit couples by its value / variance."""
        total, statistics = 0.0, []
        for (bias, *log_variance), x in zip(self.layers, (v, h), strict=True):
            statistics.append(list(x))
            for i in range(len(x)):
                if log_variance:
                    variance = math.exp(log_variance[0][i])
                    total += (x[i] - bias[i]) ** 2 / (2 * variance)
                    statistics[-1][i] /= variance
                else:
                    total -= bias[i] * x[i]
        for j, psi in enumerate(statistics[1]):
            for i, phi in enumerate(statistics[0]):
                total -= psi * self.weights[j][i] * phi
        return total

    def log_likelihood(self, v):
        return self._log_sum(tuple(v)) - self.log_z

    def _log_sum(self, v):
        """log of the sum or integral of exp(-E) over h, and over v unless given."""
        visible = [v] if v is not None or self.states[0] is None else self.states[0]
        hidden = [None] if self.states[1] is None else self.states[1]
        return log_sum(self._log_integral(a, b) for a in visible for b in hidden)

    def _log_integral(self, v, h):
        """log of the integral of exp(-E) over the layers that are None."""
        n_v, n_h = (len(layer[0]) for layer in self.layers)
        n = n_v * (v is None) + n_h * (h is None)

        def energy(x):
            below, above = x[: n - n_h * (h is None)], x[n - n_h * (h is None) :]
            return self.energy(below if v is None else v, above if h is None else h)

        return log_gaussian_integral(energy, n)


def log_gaussian_integral(energy, n):
    """log of the integral of exp(-energy(x)) over n numbers, of a quadratic energy.

    Its value, slopes and curvatures at 0 are differences of values, without an error.
    """
    unit, start = np.eye(n), energy(np.zeros(n))
    alone = [energy(e) for e in unit]
    curvature = np.array(
        [
            [energy(unit[i] + unit[j]) - alone[i] - alone[j] + start for j in range(n)]
            for i in range(n)
        ]
    ).reshape(n, n)
    pull = start + np.diag(curvature) / 2 - np.array(alone).reshape(n)
    sign, log_det = np.linalg.slogdet(curvature)
    assert sign > 0 and (np.linalg.eigvalsh(curvature) > 0).all()
    quadratic = pull @ np.linalg.solve(curvature, pull) / 2 if n else 0.0
    return quadratic - start + n / 2 * math.log(2 * math.pi) - log_det / 2


def gaussian_mean_log_likelihood(
    weights, bias, log_variance, hidden_bias, hidden, rows
):
    """Mean over rows (tuples) of the log density of a Gaussian-visible machine."""
    oracle = GaussianOracle(weights, bias, log_variance, hidden_bias, hidden)
    return sum(oracle.log_density(row) for row in rows) / len(rows)


def _len(table):
    return len(next(iter(table)))


def log_sum(terms):
    """log sum exp of an iterable of numbers."""
    terms = list(terms)
    largest = max(terms)
    return largest + math.log(sum(math.exp(term - largest) for term in terms))


def mean_log_likelihood(weights, visible_bias, hidden_bias, visible, hidden, rows):
    """Mean over rows (tuples) of log P(row)."""
    oracle = BipartiteOracle(weights, visible_bias, hidden_bias, visible, hidden)
    return sum(oracle.log_likelihood(row) for row in rows) / len(rows)


def finite_difference(function, point, step=1e-5):
    """Central differences of a function of one array, element by element."""
    slope = np.zeros_like(point)
    for index in np.ndindex(point.shape):
        up, down = point.copy(), point.copy()
        up[index] += step
        down[index] -= step
        slope[index] = (function(up) - function(down)) / (2 * step)
    return slope


def sfc64(place, n_words):
    """Words of SFC64 from a state (a, b, c, w), by whole numbers without an end."""
    a, b, c, w = place
    found = []
    for _ in range(n_words):
        word = (a + b + w) % 2**64
        a, b = b ^ b >> 11, (c + (c << 3)) % 2**64
        c = ((c << 24 | c >> 40) + word) % 2**64
        w = (w + 1) % 2**64
        found.append(word)
    return found


class BeliefOracle:
    """A small deep belief network: directed layers, an RBM on top, and a guess q.

    Layers are lists of (weights, bias): generative ones with the bias of what is below,
    recognition ones with that of what is above.  `top` is (weights, visible bias,
    hidden bias); what its visible layer has beyond the last hidden one are labels.
    `values` are the two values of the units of each layer, the data first and the
    hidden layer of the RBM last.  With `log_variance` the data are Gaussian.
    """

    def __init__(self, generative, recognition, top, values, log_variance=None):
        self.generative, self.recognition = generative, recognition
        self.values, self.log_variance = values, log_variance
        self.top = BipartiteOracle(*top, values[-2], values[-1])

    def log_conditional(self, layer, x, h):
        """log P(x | h), x in a layer and h in the next, unit by unit."""
        weights, bias = self.generative[layer]
        total = 0.0
        for i in range(len(x)):
            field = bias[i] + sum(h[j] * weights[j][i] for j in range(len(h)))
            if layer == 0 and self.log_variance is not None:
                total += _log_normal(x[i], field, self.log_variance[i])
            else:
                total += _log_softmax(x[i], field, self.values[layer])
        return total

    def log_known(self, v, h):
        """log P(known features | h1 = h) of a row whose missing ones are NaN."""
        whole, total = self.generative[0], 0.0
        for i in range(len(v)):
            if not math.isnan(v[i]):
                field = whole[1][i]
                field += sum(h[j] * whole[0][j][i] for j in range(len(h)))
                if self.log_variance is not None:
                    total += _log_normal(v[i], field, self.log_variance[i])
                else:
                    total += _log_softmax(v[i], field, self.values[0])
        return total

    def log_posterior(self, layer, x, h):
        """log q(h | x), x in a layer and h in the next, unit by unit."""
        weights, bias = self.recognition[layer]
        if layer == 0 and self.log_variance is not None:
            pairs = zip(x, self.log_variance, strict=True)
            x = [value / math.exp(z) for value, z in pairs]
        total = 0.0
        for j in range(len(h)):
            field = bias[j] + sum(weights[j][i] * x[i] for i in range(len(x)))
            total += _log_softmax(h[j], field, self.values[layer + 1])
        return total

    def log_joint(self, states, labels=()):
        """log P(v, h1, .., h_L-1, labels)."""
        total = self.top.log_likelihood((*states[-1], *labels))
        for layer in range(len(self.generative)):
            total += self.log_conditional(layer, *states[layer : layer + 2])
        return total

    def log_q(self, states):
        """log q(h1, .., h_L-1 | v)."""
        layers = range(len(self.recognition))
        return sum(self.log_posterior(n, *states[n : n + 2]) for n in layers)

    def hidden_states(self):
        """Every (h1, .., h_L-1)."""
        layers = enumerate(self.generative, start=1)
        choices = [configurations(self.values[n], len(w)) for n, (w, _) in layers]
        return list(itertools.product(*choices))

    def log_likelihood(self, v, labels=()):
        """log P(v, labels)."""
        return log_sum(self.log_joint((v, *h), labels) for h in self.hidden_states())

    def expectation(self, v, function):
        """E_q of a function of (v, h1, .., h_L-1)."""
        paths = [(v, *h) for h in self.hidden_states()]
        return sum(math.exp(self.log_q(path)) * function(path) for path in paths)

    def bound(self, v, labels=()):
        """E_q[log P(v, h, labels) - log q(h | v)]."""
        return self.expectation(
            v, lambda path: self.log_joint(path, labels) - self.log_q(path)
        )


def _log_softmax(x, field, values):
    return x * field - log_sum(value * field for value in values)


def _log_normal(x, mean, log_variance):
    distance = (x - mean) ** 2 / math.exp(log_variance)
    return -0.5 * (math.log(2 * math.pi) + log_variance + distance)
