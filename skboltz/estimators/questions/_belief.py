"""Questions to a belief network: its functions for those that ask by kind of model.

There is a directed layer at least: without one it is asked as the machine on top.
"""

import numpy as np

from ...likelihood import belief_sums
from ...models import BeliefNetwork
from ...sampling import BeliefSweeps, belief_chains, conditional_gibbs
from ._chains import default_burn_in, drawn, drawn_exactly
from ._shown import means_beside, visible_part
from ._sweeps import run

_MOST_TERMS = 2**18  # of an exact start, for all rows together: some milliseconds
_NEAR = 10  # sweeps of the hidden layers from a pass up, where sums are too long


@drawn.register
def _(
    model: BeliefNetwork,
    params,
    method,
    n_chains,
    burn_in,
    stream,
    *,
    given,
    start,
    means,
):
    """Features, those given as they are, and h1 beside them."""
    sweeps = BeliefSweeps(model, params)
    known = belief_chains.given_of(model, params, given)
    chains = _begun(sweeps, known, start, stream)
    if burn_in is None:
        burn_in = default_burn_in(method)
    chains = sweeps.run(chains, known, np.ones(burn_in))
    while True:
        states, chains = _features(sweeps, chains, known)
        yield states
        chains = sweeps.step(chains, known)


@drawn_exactly.register
def _(model: BeliefNetwork, params, n_chains, stream, given):
    sweeps = BeliefSweeps(model, params)
    known = belief_chains.given_of(model, params, given)
    chains = _exactly(sweeps, known, stream)
    return None if chains is None else _features(sweeps, chains, known)[0]


def _features(sweeps, chains, known):
    """Features drawn given the hidden layers, h1 beside them; the chains after."""
    v, chains = sweeps.visible(chains, known)
    return np.concatenate([v, sweeps.lowest(chains)], axis=1), chains


def _begun(sweeps, known, start, stream):
    """Chains from rows to start at, else in their distribution if it is small."""
    if start is not None:
        rows = conditional_gibbs.filled(known.visible, start)
        return sweeps.recognised(known._replace(visible=rows), stream)
    chains = _exactly(sweeps, known, stream)
    return sweeps.recognised(known, stream) if chains is None else chains


def _exactly(sweeps, known, stream):
    """Chains drawn from their distribution, if its sums take milliseconds."""
    net, params, n_rows = sweeps.net, sweeps.params, len(known.visible)
    if not belief_sums.is_summed(net, params):
        return None
    if belief_sums.n_terms(net, params) * n_rows > _MOST_TERMS:
        return None
    return posterior_chains(net, params, known.visible, stream)


def posterior_chains(net, params, v, stream):
    """Chains whose hidden layers are drawn given each row, by exact sums."""
    generator, later = stream.generator(), stream._replace(step=stream.step + 1)
    states, below = [], v
    for place in range(len(net.layers)):
        part = BeliefNetwork(net.layers[place:], net.top)
        own = params._replace(
            recognition=params.recognition[place:],
            generative=params.generative[place:],
        )
        below = belief_sums.draws(belief_sums.sums_of(part, own), below, generator)
        states.append(below)
    return belief_chains.BeliefChains(states[:-1], states[-1], later)


@run.register
def _(model: BeliefNetwork, params, v, n_sweeps, stream):
    """Features and h1; h is drawn given v, and then v given h."""
    sweeps, nothing = BeliefSweeps(model, params), np.full_like(v, np.nan)
    free = belief_chains.given_of(model, params, nothing)
    chains = _given_whole(sweeps, v, stream)
    for _ in range(n_sweeps):
        v, chains = sweeps.visible(chains, free)
        chains = _given_whole(sweeps, v, chains.stream)
    return v, sweeps.lowest(chains)


def _given_whole(sweeps, v, stream):
    """Hidden layers given complete rows: exactly where that is a short sum, else near.

    Ten sweeps from a pass up.
    """
    net, params = sweeps.net, sweeps.params
    if belief_sums.is_summed(net, params):
        return posterior_chains(net, params, v, stream)
    known = belief_chains.given_of(net, params, v)
    return sweeps.run(sweeps.recognised(known, stream), known, np.ones(_NEAR))


@visible_part.register
def _(model: BeliefNetwork, params, states):
    return states[:, : params.generative[0].weights.shape[1]]


@means_beside.register
def _(model: BeliefNetwork, params, states, given, stream):
    """E[v | h1], h1 as it was drawn."""
    layer, down = model.layers[0], params.generative[0]
    h = states[:, down.weights.shape[1] :]
    return layer.visible_unit.mean(down.visible, layer.visible_field(down, h))
