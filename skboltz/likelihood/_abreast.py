"""Rows with gaps side by side: the machine that each leaves, and chains of them all.

Chain number c of all rows is one row of an array, in which each machine has columns of
its own: noise, the same for all rows, and what units do is worked out for all at once.
Each machine has products of its own, of the same shapes whatever stands beside it.  So
all bits of what becomes of a row depend on nothing but the row.

In single precision, as what chains are in doubt about is far more than its rounding;
but in double where inputs are so large that their last digits count.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from .. import kernels
from ..models import Bipartite, BipartiteParams
from ..units import Unit
from ..units._columns import side_by_side
from ..units._noise import from_uniform
from ..utils import each

_LARGE = 1e4  # an input beyond which single precision is off by 0.001 and more


class Machine(NamedTuple):
    """What one row leaves of a model: its missing and its hidden units.

    Attributes
    ----------
    model : Bipartite
        Its visible units are the missing ones.
    params : BipartiteParams
    pull : ndarray of shape (n_hidden,)
        What the hidden units receive from the known features.
    """

    model: Bipartite
    params: BipartiteParams
    pull: np.ndarray


def left_by(rest):
    """What the single row of a rest leaves, in double precision."""
    return Machine(rest.model, rest.params, rest.pull[0])


class Sweep(NamedTuple):
    """What a sweep has seen, as in :func:`.conditional_gibbs.walk`.

    Attributes
    ----------
    hidden, hidden_mean : ndarray of shape (n_chains, n_rows, n_hidden)
    visible, visible_mean : ndarray of shape (n_chains, n_columns)
        Of the missing units of all rows.
    """

    hidden: np.ndarray
    hidden_mean: np.ndarray
    visible: np.ndarray
    visible_mean: np.ndarray


class Abreast(NamedTuple):
    """The machines of some rows.

    Attributes
    ----------
    lower, upper : Unit
        Of the missing units of all rows, and of the hidden units of one.
    visible, hidden : NamedTuple
        Their parameters.
    machines : list of Machine
        Single.
    up : list of ndarray of shape (n_missing, n_hidden)
        The weights by which values of the missing units of each row act.
    pull : ndarray of shape (n_rows, n_hidden)
    features : ndarray of int, shape (n_columns,)
        Which features the columns are.
    limits : ndarray of int, shape (n_rows + 1,)
        Where the columns of each row begin and end.
    noise, n_features : str, int
        Kind of the noise of the whole layer of visible units, and their number.
    """

    lower: Unit
    upper: Unit
    visible: NamedTuple
    hidden: NamedTuple
    machines: list
    up: list
    pull: np.ndarray
    features: np.ndarray
    limits: np.ndarray
    noise: str
    n_features: int

    @property
    def dtype(self):
        return self.pull.dtype

    def columns(self):
        """The columns of each row, as slices."""
        return [slice(*ends) for ends in pairwise(self.limits.tolist())]

    # Both ways ------------------------------------------------------------------------

    def hidden_input(self, v):
        """What the hidden units of all rows receive, shape (n_chains, n_rows, ...)."""
        out = np.empty((len(v), *self.pull.shape), self.dtype)
        for row, (own, weights) in enumerate(zip(self.columns(), self.up, strict=True)):
            np.matmul(v[:, own], weights, out=out[:, row])
        out += self.pull
        return out

    def visible_input(self, h):
        """What the missing units of all rows receive, shape (n_chains, n_columns)."""
        h = self.upper.statistic(self.hidden, h)
        out = np.empty((len(h), self.limits[-1]), self.dtype)
        for row, (own, one) in enumerate(
            zip(self.columns(), self.machines, strict=True)
        ):
            np.matmul(h[:, row], one.params.weights, out=out[:, own])
        return out

    def draw_hidden(self, params, input, stream):
        """States given inputs, which are overwritten, and the stream after them."""
        n_chains, n_rows, n_hidden = input.shape
        noise, stream = stream.draw((n_chains, n_hidden), self.dtype, self.upper.noise)
        noise = np.repeat(noise, n_rows, axis=0)
        flat = input.reshape(-1, n_hidden)
        return kernels.sample(self.upper, params, flat, noise).reshape(input.shape), (
            stream
        )

    def draw_visible(self, input, stream):
        """States given inputs, which are overwritten, and the stream after them."""
        shape = len(input), self.n_features
        noise, stream = stream.draw(shape, self.dtype, self.noise)
        noise = np.take(noise, self.features, axis=1)
        if self.lower.noise != self.noise:
            noise = from_uniform(self.lower.noise, noise)
        return kernels.sample(self.lower, self.visible, input, noise), stream

    def hidden_mean(self, input):
        """E[h] given inputs."""
        flat = input.reshape(-1, input.shape[2])
        return kernels.mean(self.upper, self.hidden, flat).reshape(input.shape)

    # Chains ---------------------------------------------------------------------------

    def free(self, n_chains, stream):
        """Missing units drawn without any input, and the stream after them."""
        no_input = np.zeros((n_chains, self.limits[-1]), self.dtype)
        return self.draw_visible(no_input, stream)

    def walk(self, v, stream):
        """Sweeps without end of chains that start from visible states."""
        while True:
            input = self.hidden_input(v)
            hidden_mean = self.hidden_mean(input)
            h, stream = self.draw_hidden(self.hidden, input, stream)
            back = self.visible_input(h)
            visible_mean = kernels.mean(self.lower, self.visible, back)
            v, stream = self.draw_visible(back, stream)
            yield Sweep(h, hidden_mean, v, visible_mean)

    def annealed(self, n_chains, betas, stream):
        """Chains led from independent units to the machines.

        As :func:`.annealing.run` leads them, what is known acting in step with the
        weights: inputs are scaled by beta, the biases of hidden units blended from 0.

        Returns
        -------
        v : ndarray of shape (n_chains, n_columns)
        log_weight : ndarray of shape (n_chains, n_rows), float64
            Without log Z of the independent units.
        stream : Stream
        """
        v, stream = self.free(n_chains, stream)
        input = self.hidden_input(v)
        log_weight, old = 0.0, (betas[0], self._hidden_at(betas[0]))
        for beta in betas[1:]:
            new = beta, self._hidden_at(beta)
            flat = input.reshape(-1, input.shape[2])
            log_weight = log_weight + kernels.log_ratio(self.upper, flat, old, new)
            h, stream = self.draw_hidden(new[1], self.dtype.type(beta) * input, stream)
            back = self.visible_input(h)
            back *= self.dtype.type(beta)
            v, stream = self.draw_visible(back, stream)
            input, old = self.hidden_input(v), new
        return v, log_weight.reshape(n_chains, -1), stream

    def _hidden_at(self, beta):
        """Parameters of hidden units on the way from no bias to their own."""
        own = each(lambda array: array.astype(np.float64), self.hidden)
        base = own._replace(bias=np.zeros_like(own.bias))
        blended = self.upper.blend(base, own, float(beta))
        return each(lambda array: array.astype(self.dtype), blended)

    def relaxed(self, v, n_steps):
        """Mean field from some values: each layer takes its mean in turn."""
        for _ in range(n_steps):
            h = self.hidden_mean(self.hidden_input(v))
            v = kernels.mean(self.lower, self.visible, self.visible_input(h))
        return v


class Whole(NamedTuple):
    """The machine of all features, of which rows leave parts.

    Attributes
    ----------
    model : Bipartite
    params : BipartiteParams
    up : ndarray of shape (n_visible, n_hidden)
        The weights by which values of the visible units act.
    """

    model: Bipartite
    params: BipartiteParams
    up: np.ndarray

    def part(self, rest):
        """Parameters of what a rest leaves, and its part of `up`."""
        columns, (weights, visible, hidden) = rest.columns, self.params
        own = each(lambda array: array[columns], visible)
        down = np.take(weights, columns, axis=1)
        return BipartiteParams(down, own, hidden), self.up[columns]


def whole(model, params):
    """A machine in the precision that chains are to have."""
    unit = model.visible_unit
    scaled = unit.scaled_weights(params.visible, params.weights)
    resting = unit.field(params.visible, np.zeros_like(params.visible.bias))
    dtype = precision(scaled, unit.mean(params.visible, resting))
    params = each(lambda array: np.ascontiguousarray(array, dtype=dtype), params)
    return Whole(model, params, np.ascontiguousarray(scaled.T, dtype=dtype))


def precision(weights, values):
    """Single, unless what units receive from typical values is too large for it."""
    largest = (np.abs(weights) @ np.abs(values)).max(initial=0)
    return np.dtype(np.float32 if largest < _LARGE else np.float64)


def abreast(whole, rests):
    """What rests of a machine leave, each of a single row, side by side."""
    machines, up, last = [], [], None
    for rest in rests:
        if last is None or rest.columns is not last.columns:
            params, own_up = whole.part(rest)
        machines.append(
            Machine(rest.model, params, rest.pull[0].astype(whole.up.dtype))
        )
        up.append(own_up)
        last = rest
    units = [one.model.visible_unit for one in machines]
    sizes = [len(rest.columns) for rest in rests]
    layers = (one.params.visible for one in machines)
    return Abreast(
        lower=side_by_side(units, sizes),
        upper=whole.model.hidden_unit,
        visible=each(lambda *arrays: np.concatenate(arrays), *layers),
        hidden=whole.params.hidden,
        machines=machines,
        up=up,
        pull=np.array([one.pull for one in machines]),
        features=np.concatenate([rest.columns for rest in rests]),
        limits=np.append(0, np.cumsum(sizes)),
        noise=whole.model.visible_unit.noise,
        n_features=len(whole.up),
    )
