"""Missing values: NaN in a dense array of floats."""

import numpy as np
from scipy import sparse


def has_missing(X):
    """Whether a dense array of floats has NaN, without another array of its size."""
    return not sparse.issparse(X) and X.dtype.kind == "f" and bool(np.isnan(X.min()))
