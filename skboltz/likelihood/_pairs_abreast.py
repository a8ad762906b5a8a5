"""Rows of a pairwise machine side by side: chains of the units that each leaves free.

As :mod:`._abreast` for bipartite models: all rows see the same noise, and each has
products and sweeps of its own, so that all bits of what becomes of a row depend on
nothing but the row.  Units come first, a chain is a column, and the free units of each
row are rows of one array.
"""

from itertools import groupby, pairwise
from typing import NamedTuple

import numpy as np

from .. import kernels
from ..sampling import sequential
from ..units import Unit
from ._abreast import precision


class Alike(NamedTuple):
    """Consecutive rows that leave the same units free.

    Attributes
    ----------
    places : slice
        Of the units of all of them.
    n_rows : int
    coupling : ndarray of shape (n_free, n_free)
    blocks : list of tuple
        Slices of units that are swept one by one between two products, with their
        couplings to all and among each other, and the order.
    """

    places: slice
    n_rows: int
    coupling: np.ndarray
    blocks: list

    def of(self, array):
        """The part of an array, shape (n_rows, n_free, n_chains)."""
        return array[self.places].reshape(self.n_rows, len(self.coupling), -1)

    def columns(self, array):
        """The part of an array with a column for each chain of each row.

        Of a single row it is a view.
        """
        if self.n_rows == 1:
            return array[self.places]
        return self.of(array).transpose(1, 0, 2).reshape(len(self.coupling), -1)

    def put(self, columns, out):
        """Write such columns to their places, in an array of all rows."""
        rows = columns.reshape(len(self.coupling), self.n_rows, -1)
        self.of(out)[:] = rows.transpose(1, 0, 2)


class PairsAbreast(NamedTuple):
    """What rows leave of a pairwise machine.

    Attributes
    ----------
    unit : TwoValuedUnit
    groups : list of Alike
    bias : ndarray of shape (n_places, 1)
        What the free units of all rows are pulled by, from the known ones too.
    places : ndarray of int, shape (n_places,)
        Which units of the machine they are.
    limits : ndarray of int, shape (n_rows + 1,)
        Where the units of each row begin and end.
    n_units : int
        Of the whole machine.
    """

    unit: Unit
    groups: list
    bias: np.ndarray
    places: np.ndarray
    limits: np.ndarray
    n_units: int

    @property
    def dtype(self):
        return self.bias.dtype

    def rows(self):
        """The units of each row, as slices."""
        return [slice(*ends) for ends in pairwise(self.limits.tolist())]

    def noise(self, n_chains, stream):
        """Fields at which units are in doubt, and the stream after them."""
        noise, stream = stream.draw((self.n_units, n_chains), self.dtype)
        return self.unit.field_of(noise)[self.places], stream

    def free(self, n_chains, stream, beta=1.0):
        """Uncoupled units in their biases times beta, and the stream after them."""
        noise, stream = self.noise(n_chains, stream)
        return self.unit.value(
            self.dtype.type(beta) * self.bias > noise, self.dtype
        ), stream

    def input(self, state):
        """What all units receive from the others of their row."""
        out = np.empty_like(state)
        for group in self.groups:
            np.matmul(group.coupling, group.of(state), out=group.of(out))
        return out

    def swept(self, state, stream, beta=1.0, of_bias=1.0):
        """All units updated in order, at an inverse temperature of the couplings.

        A unit turns high where of_bias b + beta Js is above its noise: `of_bias` is
        the inverse temperature of the biases.
        """
        threshold, stream = self.noise(state.shape[1], stream)
        threshold -= self.dtype.type(of_bias) * self.bias
        threshold /= self.dtype.type(beta)
        out, sweep = state.copy(), kernels.active().block_sweep
        n_chains, ends = state.shape[1], (self.unit.low, self.unit.high)
        for group in self.groups:
            limits, part = group.columns(threshold), group.columns(out)
            for units, coupling, among, order in group.blocks:
                field = np.empty((len(order), part.shape[1]), self.dtype)
                # A product for each row, of the same shape whatever goes with it.
                for start in range(0, part.shape[1], n_chains):
                    own = slice(start, start + n_chains)
                    np.matmul(coupling, part[:, own], out=field[:, own])
                sweep(part[units], field, among, order, limits[units], *ends)
            if group.n_rows > 1:
                group.put(part, out)
        return out, stream

    def means(self, state):
        """E[s_i | all other units] of every unit."""
        return self.unit.mean(None, self.input(state) + self.bias)

    def annealed(self, n_chains, betas, stream):
        """Chains led from free units in their biases to the machines.

        Returns
        -------
        state : ndarray of shape (n_places, n_chains)
        log_weight : ndarray of shape (n_rows, n_chains), float64
            Without log Z of the independent units.
        stream : Stream
        """
        state, stream = self.free(n_chains, stream)
        log_weight = np.zeros((len(self.limits) - 1, n_chains))
        for beta, later in pairwise(betas):
            pairs = state * self.input(state)
            pairs = np.add.reduceat(pairs, self.limits[:-1], axis=0, dtype=np.float64)
            log_weight += (later - beta) / 2 * pairs
            state, stream = self.swept(state, stream, beta=later)
        return state, log_weight, stream


def precision_of(unit, rest):
    """That which chains of a rest are to have."""
    n_free = len(rest.coupling)
    return precision(rest.coupling, np.full(n_free, max(-unit.low, unit.high)))


def abreast(unit, rests):
    """Rests of a pairwise machine, each of a single row, side by side.

    All are of one :func:`precision_of`.
    """
    groups, start, dtype = [], 0, precision_of(unit, rests[0])
    for _, alike in groupby(rests, key=lambda rest: id(rest.coupling)):
        alike = list(alike)
        coupling = np.ascontiguousarray(alike[0].coupling, dtype=dtype)
        stop = start + len(alike) * len(coupling)
        places = slice(start, stop)
        groups.append(Alike(places, len(alike), coupling, _blocks(coupling)))
        start = stop
    bias = np.concatenate([rest.field[0] for rest in rests])
    return PairsAbreast(
        unit=unit,
        groups=groups,
        bias=bias.astype(dtype)[:, None],
        places=np.concatenate([np.flatnonzero(rest.free) for rest in rests]),
        limits=np.append(0, np.cumsum([len(rest.coupling) for rest in rests])),
        n_units=len(rests[0].free),
    )


def _blocks(coupling):
    parts = []
    for start in range(0, len(coupling), sequential.BLOCK):
        units = slice(start, min(start + sequential.BLOCK, len(coupling)))
        among = np.ascontiguousarray(coupling[units, units])
        parts.append((units, coupling[units], among, np.arange(len(among))))
    return parts
