"""Features in units of their own: a shift and a scale for each."""

from typing import NamedTuple

import numpy as np


class Scaling(NamedTuple):
    """The affine map from features x to z = (x - mean) / scale.

    Attributes
    ----------
    mean, scale : ndarray of shape (n_features,), float64

    Examples
    --------
    >>> import numpy as np
    >>> from skboltz.learning import Scaling
    >>> scaling = Scaling(np.array([1.0]), np.array([2.0]))
    >>> scaling.forward(np.array([[5.0]]), np.float64)
    array([[2.]])
    >>> scaling.backward(np.array([[2.0]]))
    array([[5.]])
    """

    mean: np.ndarray
    scale: np.ndarray

    def forward(self, x, dtype):
        """z = (x - mean) / scale: in float64, since small parts of x may count."""
        return ((x - self.mean) / self.scale).astype(dtype, copy=False)

    def backward(self, z):
        """x = mean + scale z, in the precision of z."""
        return (self.mean + self.scale * z).astype(z.dtype, copy=False)

    def log_volume(self):
        """log |dx/dz| of each feature: log p(x) = log p(z) - their sum."""
        return np.log(self.scale)
