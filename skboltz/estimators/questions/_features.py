"""Means of the hidden units of a fitted machine as features."""

from functools import singledispatch

import numpy as np
from scipy import sparse

from ... import kernels, likelihood
from ...models import Bipartite, Pairwise

# Rows of a product, for each of which the weights are brought to the cache anew; and
# elements of those that have to be converted first, in memory of their own.
_ROWS, _CONVERTED = 2**13, 2**20


def hidden_means(fitted, X, missing):
    """E[h | what is known] of every row; `missing` says whether X has NaN."""
    means = _of_rows(fitted.model, fitted, X, missing)
    return means.astype(fitted.dtype, copy=False)


@singledispatch
def _of_rows(model, fitted, X, missing):
    raise TypeError(f"no hidden units are known of a {type(model).__name__}.")


@_of_rows.register
def _(model: Pairwise, fitted, X, missing):
    def means(v):
        return likelihood.conditional_means(model, fitted.params, v)[1]

    return fitted.rows.by_chunk(means, X)


@_of_rows.register
def _(model: Bipartite, fitted, X, missing):
    params, unit = fitted.params, model.visible_unit
    weights = unit.scaled_weights(params.visible, params.weights)
    # With a scaling, values that are 0 count too.
    if sparse.issparse(X) and fitted.scaling is None:
        return _of_sparse(model, fitted, X, weights)
    hidden = np.empty((X.shape[0], len(weights)), fitted.dtype)
    for rows, v in fitted.rows.chunks(X, _rows_at_once(fitted, X)):
        input = np.matmul(v, weights.T, out=hidden[rows])
        kernels.tail_mean(model.hidden_unit, params.hidden, input, out=input)
    if missing:
        holes = np.isnan(X).any(axis=1)
        values = fitted.rows.values(X[holes])
        hidden[holes] = likelihood.conditional_means(model, params, values)[1]
    return hidden


def _of_sparse(model, fitted, X, weights):
    X = X.astype(fitted.dtype, copy=False)
    input = kernels.active().sparse_product(X, weights)
    kernels.tail_mean(model.hidden_unit, fitted.params.hidden, input, out=input)
    return input


def _rows_at_once(fitted, X):
    """How many rows a product takes, which does not depend on how many there are."""
    if fitted.rows.are_values(X):
        return _ROWS
    return min(_ROWS, max(1, _CONVERTED // X.shape[1]))
