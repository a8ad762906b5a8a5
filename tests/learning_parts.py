"""A training assembled by hand, without an estimator."""

import numpy as np

from skboltz.learning import (
    Batch,
    CenteredGradient,
    Gradient,
    GradientAscent,
    HiddenMeans,
    Momentum,
    SparsityTarget,
    TwoPhaseLearner,
    WeightDecay,
)


def recipe(
    case,
    negative,
    *,
    centered=False,
    momentum=0.0,
    l1=0.0,
    l2=0.0,
    batch_size=100,
    sparsity=None,
):
    return TwoPhaseLearner(
        model=case.model,
        positive=HiddenMeans(),
        negative=negative,
        gradient=CenteredGradient() if centered else Gradient(),
        optimiser=Momentum(momentum) if momentum else GradientAscent(),
        decay=WeightDecay(l1, l2),
        sparsity=sparsity or SparsityTarget(),
        batch_size=batch_size,
    )


def start(parts, params, rows, key=(1, 2)):
    return parts.copy(parts.init(params, rows.mean(axis=0), key))


def step_of(parts, params, rows, rate, weight=None, offsets=None):
    """What one update adds to (weights, visible bias, hidden bias)."""
    state = start(parts, params, rows)
    if offsets is not None:
        # The update slides its offsets before it uses them: undo that.
        mean_v, mean_h = data_means(parts.model, params, rows)
        state = state._replace(offsets=unslid(offsets, mean_v, mean_h))
    after, _ = parts.update(state, Batch(rows, weight=weight), rate)
    pairs = zip(arrays(after.params), arrays(params), strict=True)
    return [new - old for new, old in pairs]


def arrays(params):
    return params.arrays()


def data_means(model, params, rows):
    field = model.hidden_field(params, rows)
    return rows.mean(axis=0), model.hidden_unit.mean(params.hidden, field).mean(axis=0)


def unslid(offsets, mean_v, mean_h, slide=0.01):
    visible = (offsets.visible - slide * mean_v) / (1 - slide)
    return type(offsets)(visible, (offsets.hidden - slide * mean_h) / (1 - slide))


def apply(parts, params, rows, n_updates, rate):
    """Parameters after some updates on all rows."""
    state = start(parts, params, rows)
    for _ in range(n_updates):
        state, _ = parts.update(state, Batch(np.asarray(rows)), rate)
    return state.params
