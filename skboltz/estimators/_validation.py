"""Checks of data and arguments, with errors that say what to do."""

import warnings
from numbers import Integral, Real

import numpy as np
from scipy import sparse
from sklearn.utils import gen_batches
from sklearn.utils.validation import validate_data

from .. import likelihood
from .._exceptions import DataRangeWarning, EnumerationTooLargeError
from ..utils import has_missing
from ._log_z import METHODS, tractable_size

_MEAN_ELEMENTS = 2**20  # of the rows converted to double precision at a time


def check_data(estimator, X, reset=False, missing=False):
    """Rows as an array or CSR matrix of finite numbers, of whatever type they are.

    Integers stay as they are: batches become floats one by one.  With `missing`, a
    dense array may have NaN.
    """
    X = validate_data(
        estimator,
        X,
        accept_sparse="csr",
        dtype="numeric",
        ensure_all_finite="allow-nan" if missing else True,
        reset=reset,
    )
    if sparse.issparse(X) and missing and np.isnan(X.data).any():
        raise ValueError("X is sparse and has NaN; pass missing values in a dense X.")
    if X.dtype.kind == "f" and X.dtype not in (np.float32, np.float64):
        X = X.astype(np.float32 if X.dtype.itemsize < 4 else np.float64)
    return X


def check_known(X, columns=False):
    """Refuse rows, or features to learn, of which nothing is known."""
    if not has_missing(X):
        return
    missing = np.isnan(X)
    for axis, kind in ((1, "row"), (0, "feature"))[: 1 + columns]:
        empty = np.flatnonzero(missing.all(axis=axis))
        if len(empty):
            raise ValueError(
                f"X has no value at all in {len(empty)} {kind}s, the first being "
                f"{kind} {empty[0]}; drop them."
            )


def warn_out_of_range(estimator, X, unit, stacklevel):
    """A DataRangeWarning where X leaves the range of the visible units."""
    if sparse.issparse(X):
        low, high = _sparse_range(X)
    else:  # fmin and fmax pass over NaN
        low, high = np.fmin.reduce(X, axis=None), np.fmax.reduce(X, axis=None)
    if low < unit.low or high > unit.high:
        warnings.warn(
            f"X has values from {low:.10g} to {high:.10g}, but the visible units of "
            f"{type(estimator).__name__} lie between {unit.low:g} and {unit.high:g}. "
            f"Scale or binarize X, for example with MinMaxScaler or Binarizer.",
            DataRangeWarning,
            stacklevel=stacklevel,
        )


def _sparse_range(X):
    """Least and largest value, those not stored included."""
    stored = [X.data.min(), X.data.max()] if X.nnz else []
    if X.nnz < np.prod(X.shape):
        stored.append(X.dtype.type(0))
    return min(stored), max(stored)


def check_factor(value, progress):
    """The factor that a schedule gave for the learning rate."""
    if not isinstance(value, Real) or not 0 <= value < np.inf:
        raise ValueError(
            f"schedule({progress:g}) returned {value!r}; it must return a finite "
            f"factor >= 0 for the learning rate."
        )
    return float(value)


def _known_sums(X, weight):
    """Weighted sums of the known values of each feature, and their weights."""
    weight = np.ones(len(X)) if weight is None else weight.astype(np.float64)
    sums, totals = np.zeros(X.shape[1]), np.zeros(X.shape[1])
    for rows in gen_batches(len(X), max(1, _MEAN_ELEMENTS // X.shape[1])):
        known = ~np.isnan(X[rows])
        sums += weight[rows] @ np.where(known, X[rows], 0)
        totals += weight[rows] @ known
    return sums, totals


def check_layer(values, name, n_units, units, dtype):
    """Values of a layer, a row for each sample."""
    values = np.atleast_2d(np.asarray(values, dtype=dtype))
    if values.ndim != 2 or values.shape[1] != n_units:
        raise ValueError(
            f"{name} has shape {values.shape}, but one row must hold "
            f"{units} = {n_units} values."
        )
    if not np.isfinite(values).all():
        raise ValueError(f"{name} contains NaN or infinity; replace them first.")
    return values


def check_count(value, name, least):
    if not isinstance(value, Integral) or value < least:
        raise ValueError(f"{name} must be an integer >= {least}, found {value!r}.")
    return int(value)


def check_exact(n_components, n_features):
    """Refuse a sum over states that would not end."""
    layers = sorted((n_components, n_features))
    if layers[0] + np.log2(layers[1]) > np.log2(likelihood.TRACTABLE_TERMS):
        raise EnumerationTooLargeError(
            f'method="exact" sums over the states of the smaller layer, too many for '
            f"n_components={n_components} and {n_features} features. Use "
            f'method="pcd", or n_components of at most {tractable_size(n_features)}.'
        )


def check_method(method):
    if method not in METHODS:
        raise ValueError(f"method must be one of {list(METHODS)}, found {method!r}.")


def check_betas(betas):
    """A number of steps, or inverse temperatures that rise from 0 to 1."""
    if isinstance(betas, Integral):
        return check_count(betas, "betas", 1)
    ladder = np.asarray(betas, dtype=np.float64)
    good = ladder.ndim == 1 and len(ladder) > 1 and (np.diff(ladder) > 0).all()
    if not good or ladder[0] != 0 or ladder[-1] != 1:
        raise ValueError(
            "betas must be a number of steps, or inverse temperatures that rise from "
            f"0 to 1, found {betas!r}."
        )
    return ladder


def float_type(X):
    """The precision that learns from X."""
    return np.dtype(np.float64 if X.dtype == np.float64 else np.float32)


def weighted_mean(X, weight):
    """Mean of the rows in the precision of the model, and the weight that is behind it.

    X is not copied.  Where values are missing, each feature has a weight of its own.
    """
    if has_missing(X):
        sums, total = _known_sums(X, weight)
    elif weight is None:
        sums, total = X.sum(axis=0, dtype=np.float64), X.shape[0]
    else:
        # Sums in float32 would stick at 2^24: in double precision, some rows at a time.
        weight = weight.astype(np.float64)
        size = max(1, _MEAN_ELEMENTS // X.shape[1])
        parts = (weight[rows] @ X[rows] for rows in gen_batches(X.shape[0], size))
        sums, total = sum(parts), weight.sum()
    mean = np.asarray(sums).ravel() / np.maximum(total, np.finfo(np.float64).tiny)
    return mean.astype(float_type(X)), total
