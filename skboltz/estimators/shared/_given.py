"""Weights that come from elsewhere: as arguments, as attributes, or from a file."""

import numpy as np

from ...utils import each

_SINGLE, _DOUBLE = np.dtype(np.float32), np.dtype(np.float64)


def as_floats(values, name, dtype=None):
    """Values as an array of this precision; None means their own, if it is one.

    An array that is right already is not copied.
    """
    array = np.asarray(values)
    dtype = _own(array.dtype) if dtype is None else dtype
    if array.dtype == dtype:
        return array
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{name} must hold real numbers, found {array.dtype}.")
    return array.astype(dtype)


def _own(dtype):
    """The precision in which values of a type are kept."""
    return _SINGLE if dtype.kind == "f" and dtype.itemsize <= 4 else _DOUBLE


def owned(params):
    """The same parameters in arrays of their own, each in its order of memory.

    On which the last bits of products depend.
    """
    return each(lambda array: array.copy(order="K"), params)


def check_matrix(array, name, rows, columns):
    """Refuse weights that are no matrix."""
    if array.ndim != 2 or not array.size:
        raise ValueError(
            f"{name} has shape {array.shape}, but it must be a matrix with a row for "
            f"each {rows} and a column for each {columns}."
        )


def check_square(array, name, n_visible):
    """Refuse couplings that are no square matrix of at least the visible units."""
    if array.ndim != 2 or array.shape[0] != array.shape[1]:
        raise ValueError(
            f"{name} has shape {array.shape}, but it must be a square matrix, with a "
            f"row and a column for each unit, visible ones first."
        )
    if len(array) < n_visible:
        raise ValueError(
            f"{name} is of {len(array)} units, but n_features_in_ is {n_visible}, and "
            f"every feature has a unit; set both to what goes together."
        )


def check_length(array, name, size, matrix, parts="rows"):
    """Refuse a vector without a number for each row, or column, of some weights."""
    if array.shape != (size,):
        raise ValueError(
            f"{name} has shape {array.shape}, but {matrix} has {size} {parts}: make it "
            f"one of shape ({size},)."
        )


def check_finite(array, name):
    """Refuse weights of which nothing follows."""
    if not np.isfinite(array).all():
        wrong = np.argwhere(~np.isfinite(array))
        place = ", ".join(map(str, wrong[0]))
        raise ValueError(
            f"{name} must be finite, found NaN or infinity in {len(wrong)} places, the "
            f"first being [{place}]. Replace them; where a training diverged, repeat "
            f"it with a lower learning_rate."
        )


def are_there(estimator, first, others):
    """Whether an estimator has weights; an error if what belongs to them is missing.

    Parameters
    ----------
    estimator : estimator
    first : str
        The attribute that says that there are weights.
    others : callable
        Gives the names of the attributes that have to stand beside it.
    """
    if not hasattr(estimator, first):
        return False
    names = ("n_features_in_", *others())
    missing = [name for name in names if not hasattr(estimator, name)]
    if missing:
        name = type(estimator).__name__
        raise ValueError(
            f"{first} of this {name} has been set, but not {' and '.join(missing)}; "
            f"set the rest too, or make a machine of given weights by "
            f"{name}.from_params."
        )
    return True
