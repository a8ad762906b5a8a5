"""What known features make of the missing and the hidden units, by exact sums.

Given the known features K, the missing ones M and the hidden units are a bipartite
model of their own: with the pull p = W_K phi(v_K) on the hidden units, its energy is

    E(v_M, h) = base(v_M) + base(h) - psi(h)'(W_M phi(v_M) + p).

Rows differ in p, and in which features are missing; the states of the layer that is
enumerated are the same for all of them.  With hidden states enumerated, the sum over
the missing units of a row is exp of a sum of terms, one for each unit, if units are on
their own given h: rows with any gaps then share the terms as well.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from sklearn.utils import gen_batches

from ..models import Bipartite, BipartiteParams
from ..sampling import blocks, in_float64, partly_known
from ..utils import each

EXACT_TERMS = 10**6  # of the sum for one row: some milliseconds
_ROWS = 256  # at once, with all states of a block
_TILE = 16  # rows whose known features act at once
_ARRAYS = 4  # of the largest size, alive with a block


class Rest(NamedTuple):
    """The missing and the hidden units of some rows.

    Attributes
    ----------
    rows : ndarray of int
        Which rows these are.
    columns : ndarray of int
        The features that are visible units of the model.
    missing : ndarray of shape (n_rows, n_columns), bool
        Those that a row does not know; the others it knows, and they are no units.
    model : Bipartite
    whole : BipartiteParams
        Of all features, in double precision.
    pull : ndarray of shape (n_rows, n_hidden)
        What the hidden units receive from all known features.
    energy : ndarray of shape (n_rows,)
        Base energy of all known features.
    """

    rows: np.ndarray
    columns: np.ndarray
    missing: np.ndarray
    model: Bipartite
    whole: BipartiteParams
    pull: np.ndarray
    energy: np.ndarray

    @property
    def params(self):
        """Parameters of the model, in double precision; its weights are made anew."""
        weights, visible, hidden = self.whole
        if len(self.columns) == weights.shape[1]:
            return self.whole
        own = each(lambda array: array[self.columns], visible)
        return BipartiteParams(np.take(weights, self.columns, axis=1), own, hidden)

    @property
    def n_hidden(self):
        return len(self.whole.weights)

    def of(self, chosen):
        """The same of some of the rows, by their places here."""
        return self._replace(
            rows=self.rows[chosen],
            missing=self.missing[chosen],
            pull=self.pull[chosen],
            energy=self.energy[chosen],
        )


class Posterior(NamedTuple):
    """Of rows, given what is known of them.

    Attributes
    ----------
    log_weight : ndarray of shape (n_rows,)
        log of the sum of exp(-E) over the missing and the hidden units, without the
        base energy of the known units.
    visible : ndarray of shape (n_rows, n_columns)
        Means of the missing units; nothing is said of a feature that is known.
    hidden : ndarray of shape (n_rows, n_hidden)
        Means of the hidden units.
    """

    log_weight: np.ndarray
    visible: np.ndarray
    hidden: np.ndarray


class _Block(NamedTuple):
    """Some states of the units that are enumerated.

    Attributes
    ----------
    states : ndarray of shape (n_states, n_enumerated)
    mean : ndarray of shape (n_states, n_summed) or (n_rows, n_states, n_summed)
        Of the units summed out in closed form; rows come first if it differs in them.
    log_weight : ndarray of shape (n_rows, n_states)
    """

    states: np.ndarray
    mean: np.ndarray
    log_weight: np.ndarray


def rests(model, params, v):
    """What is left of the model, for each set of rows that know the same features.

    Parameters
    ----------
    model : Bipartite
    params : BipartiteParams
    v : ndarray of shape (n_rows, n_visible)
        NaN where a feature is missing; what the known ones imply is filled in.

    Yields
    ------
    Rest
    """
    params, v = in_float64(params), v.astype(np.float64)
    pull, energy = _of_known(model, params, v)
    for rows, missing in partly_known.patterns(v):
        columns, unit = np.flatnonzero(missing), model.visible_unit.restricted(missing)
        yield Rest(
            rows=rows,
            columns=columns,
            missing=np.ones((len(rows), len(columns)), dtype=bool),
            model=replace(model, visible_unit=unit),
            whole=params,
            pull=pull[rows],
            energy=energy[rows],
        )


def _of_known(model, params, v):
    """What hidden units receive from the known features, and the base energy of these.

    In tiles of a fixed size: the last bits of a product depend on its other rows.
    """
    unit, own = model.visible_unit, params.visible
    pull, energy = np.empty((len(v), len(params.weights))), np.empty(len(v))
    for rows in gen_batches(len(v), _TILE):
        part, n = np.zeros((_TILE, v.shape[1])), rows.stop - rows.start
        part[:n] = v[rows]
        missing = np.isnan(part)
        part[missing] = 0
        statistic = np.where(missing, 0, unit.statistic(own, part))
        pull[rows] = (statistic @ params.weights.T)[:n]
        energies = np.where(missing, 0, unit.energies(own, part))
        energy[rows] = energies.sum(axis=1)[:n]
    return pull, energy


def pooled(model, params, alike):
    """Rests of the model as one, whose rows may know different features.

    The units must be on their own given the hidden ones.
    """
    params = in_float64(params)
    n_rows, n_visible = sum(len(rest.rows) for rest in alike), params.weights.shape[1]
    missing, start = np.zeros((n_rows, n_visible), dtype=bool), 0
    for rest in alike:
        missing[start : start + len(rest.rows), rest.columns] = True
        start += len(rest.rows)
    joined = (
        np.concatenate([getattr(rest, name) for rest in alike])
        for name in ("rows", "pull", "energy")
    )
    rows, pull, energy = joined
    return Rest(rows, np.arange(n_visible), missing, model, params, pull, energy)


def is_exact(rest):
    """Whether the sum over one side takes no more than 10^6 terms for a row."""
    sides = (
        (rest.model.visible_unit, len(rest.columns)),
        (
            rest.model.hidden_unit,
            rest.n_hidden,
        ),
    )
    (unit, n_units), (_, n_terms) = sides if enumerates_missing(rest) else sides[::-1]
    return unit.n_states(n_units) * max(n_terms, 1) <= EXACT_TERMS


def enumerates_missing(rest):
    """Whether sums run over the states of the missing units, not the hidden ones."""
    return rest.model.enumerates_visible(len(rest.columns), rest.n_hidden)


def over_missing(rest):
    """Weights and means of every row, by all states of the missing units.

    All rows of the rest know the same features.
    """
    return _joined(_over_missing, rest)


def over_hidden(rest):
    """Weights and means of every row, by all states of the hidden units."""
    found = _joined(_over_hidden, rest)
    return found._replace(visible=found.hidden, hidden=found.visible)


def _joined(blocks_of_states, rest):
    """The sums of some rows at a time: the enumerated side as if it were visible."""
    parts = [rest.of(rows) for rows in gen_batches(len(rest.rows), _ROWS)]
    found = [_averaged(blocks_of_states(part), len(part.rows)) for part in parts]
    return Posterior(*map(np.concatenate, zip(*found, strict=True)))


def _over_hidden(rest):
    """Blocks of hidden states: what they make of the missing units, all rows share."""
    model, params = rest.model, rest.params
    upper, lower = model.hidden_unit, model.visible_unit
    n_hidden, n_columns = params.weights.shape
    for h in blocks(upper, n_hidden, max(len(rest.rows), n_columns)):
        field = model.visible_field(params, h)
        terms = lower.log_partition(params.visible, field)
        log_weight = rest.pull @ upper.statistic(params.hidden, h).T
        log_weight -= upper.base_energy(params.hidden, h)
        if rest.missing.all():
            log_weight += terms.sum(axis=1)
        else:
            log_weight += rest.missing.astype(np.float64) @ terms.T
        yield _Block(h, lower.mean(params.visible, field), log_weight)


def _over_missing(rest):
    """Blocks of states of the missing units: the hidden ones see the pull as well."""
    model, params = rest.model, rest.params
    upper, lower = model.hidden_unit, model.visible_unit
    n_hidden, n_missing = params.weights.shape
    for v in blocks(lower, n_missing, _ARRAYS * len(rest.rows) * n_hidden):
        input = model.hidden_input(params, v) + rest.pull[:, None]
        field = upper.field(params.hidden, input)
        log_weight = upper.log_partition(params.hidden, field).sum(axis=-1)
        log_weight -= lower.base_energy(params.visible, v)
        yield _Block(v, upper.mean(params.hidden, field), log_weight)


def _averaged(blocks_of_states, n_rows):
    """log of the total weight of every row, and the means of both sides.

    Weights are kept by the largest one so far, so that none overflows.
    """
    largest, weight = np.full(n_rows, -np.inf), np.zeros(n_rows)
    sums = 0.0, 0.0
    for block in blocks_of_states:
        higher = np.maximum(largest, block.log_weight.max(axis=1))
        kept, share = np.exp(largest - higher), block.log_weight
        share = np.exp(np.subtract(share, higher[:, None], out=share), out=share)
        largest, weight = higher, kept * weight + share.sum(axis=1)
        found = share @ block.states, _mixed(share, block.mean)
        sums = [kept[:, None] * a + b for a, b in zip(sums, found, strict=True)]
    log_weight = largest + np.log(weight)
    return log_weight, *(total / weight[:, None] for total in sums)


def _mixed(share, mean):
    """Sum over the states of share times mean, row by row."""
    return share @ mean if mean.ndim == 2 else (share[:, None] @ mean)[:, 0]
