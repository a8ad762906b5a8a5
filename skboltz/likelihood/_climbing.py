"""Hidden states that carry the weight of a row with gaps, by climbing.

A hidden state weighs f(h), the sum over the missing units of exp(-E).  Modes of the
whole machine, as they are and settled beside what is known, climb to what is best near
them: chains from there, far from each other, meet only if there is nothing between.
"""

from typing import NamedTuple

import numpy as np

from ..sampling import Purpose, Stream, annealing, modes
from ..utils import distinct

_KEY = (0, 0)
_MODES, _MOST_SETTLED = 500, 100  # of the whole machine, and near to a row
_MOST_STARTS, _MOST_STEPS = 24, 10  # of climbing, for each row
_STEP_TERMS = 10**7  # of all the products of a step
_COUNTS = 3.0  # nats below the best
_TRIED = 24  # steps that are still looked at after the first


class Modes(NamedTuple):
    """Hidden states of modes of a whole machine.

    Attributes
    ----------
    states : ndarray of shape (n_modes, n_hidden)
    statistic : ndarray of shape (n_modes, n_hidden)
    energy : ndarray of shape (n_modes,)
    input : ndarray of shape (n_modes, n_visible)
        What the visible units receive from them.
    """

    states: np.ndarray
    statistic: np.ndarray
    energy: np.ndarray
    input: np.ndarray


def modes_of(model, params):
    """Hidden states of modes of the whole machine, where rows start to climb."""
    path = annealing.base_path(model, params)
    starts = annealing.init(path, Stream(_KEY, Purpose.LADDER, shard=1), 100).visible
    return modes.find(model, params, starts)[1][:_MODES]


class Ends(NamedTuple):
    """Good hidden states of a row, the best first.

    Attributes
    ----------
    hidden : ndarray of shape (n_states, n_hidden)
    visible : ndarray of shape (n_states, n_missing)
        The likeliest values of the missing units beside them.
    value : ndarray of shape (n_states,)
        log f(h).
    """

    hidden: np.ndarray
    visible: np.ndarray
    value: np.ndarray

    def places(self):
        """Where the states are, to see how far they are apart.

        One hidden unit may move many visible ones.
        """
        return np.concatenate([self.hidden, self.visible], axis=1)


def known_modes(model, params):
    """Modes of a machine and what is asked of them for every row."""
    states, unit = modes_of(model, params), model.hidden_unit
    return Modes(
        states.astype(params.weights.dtype, copy=False),
        unit.statistic(params.hidden, states),
        unit.base_energy(params.hidden, states),
        model.visible_input(params, states),
    )


def log_sums(machine, h):
    """log f(h) of hidden states, the missing units of a row summed out."""
    model, params, pull = machine
    field = model.visible_field(params, h)
    terms = model.visible_unit.log_partition(params.visible, field)
    unit = model.hidden_unit
    own = unit.statistic(params.hidden, h) @ pull - unit.base_energy(params.hidden, h)
    return own + terms.sum(axis=1)


def mode_sums(machine, features, found):
    """As :func:`log_sums`, of the modes of the whole machine, without their product."""
    unit, own = machine.model.visible_unit, machine.params.visible
    terms = unit.log_partition(own, unit.field(own, found.input[:, features]))
    return terms.sum(axis=1) + found.statistic @ machine.pull - found.energy


def ends(machine, features, found):
    """Good hidden states for a row, climbed to, and those beside the best of them.

    From modes of the machine, as they are and settled beside what is known.  How many
    of them climb depends on what a step costs; others stay as they are.

    Returns
    -------
    Ends
    """
    value = mode_sums(machine, features, found)
    near = found.states[_best(value, _MOST_SETTLED)]
    starts = np.concatenate([near, _settled(machine, near)])
    starts = starts[distinct(starts)[0]]
    starts = starts[_best(log_sums(machine, starts), _MOST_STARTS)]
    weights = machine.params.weights
    cost = len(weights) * max(weights.size, 1)
    high, low = np.split(starts, [max(1, _STEP_TERMS // cost)])
    found = _ordered(machine, np.concatenate([_climbed(machine, high), low]))
    beside = _beside(machine, found.hidden[:1])
    return _ordered(machine, np.concatenate([found.hidden, beside]))


def _ordered(machine, h):
    """Distinct states, the best first."""
    h = h[distinct(h)[0]]
    value = log_sums(machine, h)
    order = _best(value, len(value))
    return Ends(h[order], likeliest(machine, h[order]), value[order])


def _best(value, n):
    """Numbers of the n largest values, these first."""
    return np.argsort(-value, kind="stable")[:n]


def _settled(machine, h):
    """Each layer takes its likeliest state in turn, the known units being held."""
    model, params, pull = machine
    for _ in range(_MOST_STEPS):
        v = likeliest(machine, h)
        field = model.hidden_unit.field(
            params.hidden, model.hidden_input(params, v) + pull
        )
        new = model.hidden_unit.mode(params.hidden, field)
        if (new == h).all():
            break
        h = new
    return h


def likeliest(machine, h):
    """Missing units take their likeliest values given h."""
    model, params = machine.model, machine.params
    return model.visible_unit.mode(params.visible, model.visible_field(params, h))


def _climbed(machine, h):
    """Each state moves to the best of its neighbours, as long as that is better."""
    return (_flipped if machine.model.hidden_unit.binary else _stepped)(machine, h)


def _stepped(machine, h):
    """As :func:`_climbed`, whatever steps the hidden units take."""
    for _ in range(_MOST_STEPS):
        near = machine.model.hidden_unit.neighbours(h)
        value = log_sums(machine, near.reshape(-1, h.shape[1])).reshape(near.shape[:2])
        best = value.argmax(axis=1)
        better = value[np.arange(len(h)), best] > log_sums(machine, h)
        if not better.any():
            break
        h = np.where(better[:, None], near[np.arange(len(h)), best], h)
    return h


def _flipped(machine, h):
    """As :func:`_climbed`, of two-valued units, whose steps add to the fields.

    All units are looked at once, then those whose flips promised most.
    """
    model, params, _ = machine
    h, field = h.copy(), model.visible_field(params, h)
    moving, tried = np.arange(len(h)), np.tile(np.arange(h.shape[1]), (len(h), 1))
    for _ in range(_MOST_STEPS):
        gain = _gains(machine, h[moving], field[moving], tried)
        best = gain.argmax(axis=1)[:, None]
        better = np.take_along_axis(gain, best, axis=1)[:, 0] > 0
        if not better.any():
            break
        tried = _promising(gain[better], tried[better])
        moving, unit = moving[better], tried[:, 0]
        new = model.hidden_unit.flipped(h[moving])[np.arange(len(moving)), unit]
        change = new - h[moving, unit]
        h[moving, unit] = new
        field[moving] += change[:, None] * params.weights[unit]
    return h


def _beside(machine, h):
    """States one step from one that count beside it."""
    unit = machine.model.hidden_unit
    near = unit.neighbours(h)[0]
    if unit.binary:
        field = machine.model.visible_field(machine.params, h)
        gain = _gains(machine, h, field, np.arange(h.shape[1])[None])[0]
    else:
        gain = log_sums(machine, near) - log_sums(machine, h)
    return near[gain > -_COUNTS]


def _promising(gain, tried):
    """Units whose flips gain most, the best one first."""
    kept = np.argsort(-gain, axis=1)[:, :_TRIED]
    return np.take_along_axis(tried, kept, axis=1)


def _gains(machine, h, field, tried):
    """What log f gains as one unit of those that are tried flips, for each of them."""
    model, params, pull = machine
    unit, own = model.hidden_unit, params.hidden
    other = unit.flipped(h)
    energy = unit.energies(own, other) - unit.energies(own, h)
    change = np.take_along_axis(other - h, tried, axis=1)
    steps = change[..., None] * params.weights[tried]
    gain = model.visible_unit.log_partition_gain(params.visible, field, steps)
    return gain + change * pull[tried] - np.take_along_axis(energy, tried, axis=1)
