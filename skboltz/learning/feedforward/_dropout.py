"""Dropout: units left out at random, and weights kept short."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Dropout:
    """Each input of a layer is left out of a batch's row with some probability.

    Srivastava, Hinton, Krizhevsky, Sutskever & Salakhutdinov (2014), "Dropout: a
    simple way to prevent neural networks from overfitting", JMLR 15.  What is kept is
    divided by the probability of being kept, so that a layer receives the same on
    average, and nothing is left to be scaled when the network is used.

    Parameters
    ----------
    visible, hidden : float
        Probabilities that a feature and a hidden unit are left out.
    """

    visible: float = 0.0
    hidden: float = 0.0

    def masks(self, params, n_rows, stream):
        """A mask for the inputs of each layer, None for no mask; the stream after."""
        masks = []
        for i, layer in enumerate(params.layers):
            shape = n_rows, layer.weights.shape[1]
            rate = self.hidden if i else self.visible
            mask, stream = _mask(rate, shape, layer.weights.dtype, stream)
            masks.append(mask)
        return masks, stream


def _mask(rate, shape, dtype, stream):
    """1 / (1 - rate) where a uniform number is below 1 - rate, else 0."""
    if not rate:
        return None, stream
    u, stream = stream.draw(shape, dtype, "uniform")
    mask = np.less(u, 1 - rate, out=u)
    mask /= 1 - rate
    return mask, stream


@dataclass(frozen=True)
class MaxNorm:
    """Weight vectors into a hidden unit are kept no longer than a limit.

    Parameters
    ----------
    limit : float or None
        None for no limit.
    """

    limit: float | None = None

    def hold(self, params):
        """Shorten what is too long, in place."""
        if self.limit is None:
            return
        for layer in params.layers[:-1]:
            norm = np.sqrt(np.einsum("ji,ji->j", layer.weights, layer.weights))
            long = np.flatnonzero(norm > self.limit)
            layer.weights[long] *= (self.limit / norm[long])[:, None]
