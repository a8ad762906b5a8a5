"""Fine-tuning on all rows at once, by the quasi-Newton method L-BFGS."""

import numpy as np
from scipy.optimize import minimize

from .._epoch import check_finite
from .._optimisers import copy
from ._backprop import objective
from ._network import Layer, NetworkParams


def ascend(learner, params, data, n_steps, on_step):
    """The parameters after at most so many steps of L-BFGS uphill on the objective.

    Liu & Nocedal (1989), by :func:`scipy.optimize.minimize`.

    Parameters
    ----------
    learner : BackpropLearner
        Its decay counts; there is no dropout, no limit of a norm and no batch.
    params : NetworkParams
        Left as they are.
    data : Data
        Its targets are the numbers of the classes.
    n_steps : int
    on_step : callable
        Called with the parameters after each step, which it may keep; True stops.

    Returns
    -------
    NetworkParams
    """

    def negative(vector):
        value, slopes = objective(learner, unpacked(vector, params), data)
        return -value, -packed(slopes)

    def callback(intermediate_result):
        moved = unpacked(intermediate_result.x, params)
        check_finite(moved, 1.0)
        if on_step(moved):
            raise StopIteration

    if not n_steps:  # minimize would take one
        return copy(params)
    found = minimize(
        negative,
        packed(params),
        jac=True,
        method="L-BFGS-B",
        callback=callback,
        options={"maxiter": n_steps, "maxfun": 20 * n_steps, "gtol": 1e-8, "ftol": 0},
    )
    return unpacked(found.x, params)


def packed(params):
    """All parameters as one vector in double precision."""
    return np.concatenate([array.ravel() for array in params.arrays()]).astype(float)


def unpacked(vector, like):
    """A vector as parameters of the shapes and the precision of others, a copy."""
    layers, start = [], 0
    for layer in like.layers:
        arrays = []
        for array in layer:
            part = vector[start : start + array.size].reshape(array.shape)
            arrays.append(np.array(part, dtype=array.dtype, order="F"))
            start += array.size
        layers.append(Layer(*arrays))
    return NetworkParams(tuple(layers))
