"""Pairwise machines of two layers learn by the faster parts of bipartite models.

Where no two visible and no two hidden units are coupled, a Boltzmann machine is an RBM.
A sweep of its units in order is then one of the visible layer and one of the hidden
one, and what is exact is the same in either form.
"""

from dataclasses import dataclass
from functools import singledispatch
from typing import Any, NamedTuple

import numpy as np

from ...models import BipartiteParams, PairwiseParams, in_layers, is_layered, of_layers
from ...sampling import Chains, coupled
from ...units import Bias
from ...utils import each
from .._sums import Block
from ..two_phase._discriminative import Discriminative
from ..two_phase._enumeration import Enumeration
from ..two_phase._gradient import CenteredGradient, Gradient, SignedGradient
from ..two_phase._holding import Holding
from ..two_phase._learner import TwoPhaseLearner
from ..two_phase._persistent import PersistentContrastiveDivergence
from ..two_phase._positive import HiddenMeans
from ._clamped_phases import Inferred
from ._conditional import GivenInputs, Mixture
from ._free_phases import FreeChains, FreeEnumeration, FreeStates
from ._gradient import (
    CenteredPairwiseGradient,
    PairwiseGradient,
    SignedPairwiseGradient,
    per_value,
)


@dataclass(frozen=True)
class LayeredLearner(TwoPhaseLearner):
    """A learner of a bipartite model, for the trainings of a pairwise machine."""

    def entered(self, state):
        """The state of a training of the pairwise machine as one of two layers."""
        n_visible, velocity = len(state.offsets.visible), state.optimiser
        params = in_layers(state.params, n_visible)
        if velocity:
            coupling, bias = velocity
            pairs = PairwiseParams(coupling, Bias(bias))
            velocity = in_layers(pairs, n_visible).arrays()
        negative = _entered(state.negative, self.model, params)
        return state._replace(params=params, optimiser=velocity, negative=negative)

    def left(self, state):
        """The state of the pairwise machine again."""
        velocity = state.optimiser
        if velocity:
            weights, visible, hidden = velocity
            layers = BipartiteParams(weights, Bias(visible), Bias(hidden))
            velocity = of_layers(layers).arrays()
        return state._replace(
            params=of_layers(state.params),
            optimiser=velocity,
            negative=_left(state.negative),
        )

    def progress(self, state, seen, data):
        """What an epoch saw of itself; each weight counts twice, as in a matrix J."""
        progress = super().progress(state, seen, data)
        norm = float(np.sqrt(2.0) * progress.weight_norm)
        return progress._replace(weight_norm=norm)


def layered(learner, params):
    """A learner of two layers that does the same, or None where there is none.

    Parameters
    ----------
    learner : TwoPhaseLearner
        Of a pairwise machine.
    params : PairwiseParams
        Where it is to go on from.

    Returns
    -------
    LayeredLearner or None
    """
    model, coupling = learner.model, params.coupling
    if not is_layered(coupling, model.n_visible):
        return None
    wiring = _Wiring(model, coupling)
    named = {
        name: _counterpart(getattr(learner, name), wiring)
        for name in ("positive", "negative", "gradient")
    }
    if None in named.values():
        return None
    return LayeredLearner(
        model.in_layers(),
        **named,
        optimiser=learner.optimiser,
        decay=learner.decay,
        sparsity=learner.sparsity,
        batch_size=learner.batch_size,
        bounds=learner.bounds,
    )


# What a negative phase remembers ------------------------------------------------------


@singledispatch
def _entered(state, model, params):
    """The same for its counterpart."""
    if type(state) is tuple:  # of a mixture
        return tuple(_entered(part, model, params) for part in state)
    return state


@_entered.register
def _(state: FreeStates, model, params):
    n_visible = params.weights.shape[1]
    layers = state.units[:n_visible], state.units[n_visible:]
    visible, hidden = (np.ascontiguousarray(layer.T) for layer in layers)
    field = model.hidden_field(params, visible)
    mean = model.hidden_unit.mean(params.hidden, field)
    return Chains(visible, hidden, mean, state.stream)


@singledispatch
def _left(state):
    """The same for that of pairs again."""
    return tuple(map(_left, state)) if type(state) is tuple else state


@_left.register
def _(state: Chains):
    units = np.concatenate([state.visible.T, state.hidden.T])
    return FreeStates(units, state.stream)


# Parts and their counterparts ---------------------------------------------------------


class _Wiring(NamedTuple):
    """The pairwise model, and its couplings."""

    model: Any
    coupling: np.ndarray

    def in_layers(self, matrix):
        """What a symmetric matrix says of hidden and visible units."""
        n_visible = self.model.n_visible
        return matrix[n_visible:, :n_visible]


@singledispatch
def _counterpart(part, wiring):
    """The part of a bipartite training that does the same; None if there is none."""
    return None


@_counterpart.register
def _(part: Inferred, wiring):
    # Hidden units on their own have the means of mean field, of TAP and of sums.
    return HiddenMeans() if part.complete else None


@_counterpart.register
def _(part: FreeChains, wiring):
    return PersistentContrastiveDivergence(part.k, part.n_chains)


@_counterpart.register
def _(part: FreeEnumeration, wiring):
    fewer = min(wiring.in_layers(wiring.coupling).shape)
    # Of few couplings a sum over pairs may leave out units of either layer.
    return Enumeration() if coupled.n_states(wiring.coupling) >= 2**fewer else None


@_counterpart.register
def _(part: GivenInputs, wiring):
    unit = wiring.model.unit
    return Discriminative(part.n_classes, unit.low, unit.high)


@_counterpart.register
def _(part: Mixture, wiring):
    phases = [_counterpart(phase, wiring) for phase in (part.first, part.second)]
    return None if None in phases else LayeredMixture(*phases, part.share)


@_counterpart.register
def _(part: Holding, wiring):
    gradient = _counterpart(part.gradient, wiring)
    return gradient and Holding(gradient, part.units)


@_counterpart.register
def _(part: PairwiseGradient, wiring):
    return _masked(Gradient(), part.mask, wiring)


@_counterpart.register
def _(part: CenteredPairwiseGradient, wiring):
    return _masked(SpinGradient(), part.mask, wiring)


@_counterpart.register
def _(part: SignedPairwiseGradient, wiring):
    return _masked(SignedGradient(), part.mask, wiring)


def _masked(gradient, mask, wiring):
    if not is_layered(mask, wiring.model.n_visible):
        return None
    allowed = wiring.in_layers(mask)
    if allowed.all():
        return gradient
    return MaskedGradient(gradient, np.asfortranarray(~allowed))


@dataclass(frozen=True)
class MaskedGradient:
    """A gradient that leaves some weights as they are.

    Parameters
    ----------
    gradient : Gradient, CenteredGradient, ...
    forbidden : ndarray of shape (n_hidden, n_visible), bool
    """

    gradient: Any
    forbidden: np.ndarray

    def pull(self, model, rate):
        """The rate at which weights move."""
        return self.gradient.pull(model, rate)

    def step(self, model, params, *phases):
        """The step of the gradient as it is."""
        return self.gradient.step(model, params, *phases)

    def finish(self, model, params, change, offsets, rate):
        """Take the weights out of the change, in place, and what is left to do."""
        np.copyto(change.weights, 0, where=self.forbidden)
        self.gradient.finish(model, params, change, offsets, rate)


class SpinGradient(CenteredGradient):
    """The centered gradient, for units of any two values the one for spins.

    As :class:`CenteredPairwiseGradient`, of two layers.
    """

    def pull(self, model, rate):
        """The rate at which weights move."""
        return rate * per_value(model) ** 4

    def step(self, model, params, positive, negative, rate, offsets):
        """rate x gradient; its biases lack what `finish` adds."""
        scale = per_value(model) ** 2
        phases = positive, negative
        change = super().step(model, params, *phases, scale**2 * rate, offsets)
        change.visible.bias[:] /= scale
        change.hidden.bias[:] /= scale
        return change


@dataclass(frozen=True)
class LayeredMixture(Mixture):
    """A weighted mean of two negative phases of a bipartite model."""

    def step(self, model, params, states, data):
        """Sums of the negative phase (of total weight 1), and the states after it."""
        first, one = self.first.step(model, params, states[0], data)
        second, two = self.second.step(model, params, states[1], data)
        return _scaled(first, 1 - self.share) + _scaled(second, self.share), (one, two)


def _scaled(sums, weight):
    """The same sums, of another total weight."""
    factor = weight / sums.weight
    return sums._replace(
        blocks=tuple(_scaled_block(block, factor) for block in sums.blocks),
        hidden=each(lambda array: factor * array, sums.hidden),
        visible=each(lambda array: factor * array, sums.visible),
        weight=weight,
    )


def _scaled_block(block, factor):
    if block.hidden is None:
        return block._replace(visible=factor * block.visible)
    return Block(factor * block.hidden, block.visible, block.first)
