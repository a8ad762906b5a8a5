"""Means of the hidden units of a fitted machine as features."""

from functools import singledispatch

import numpy as np
from scipy import sparse

from ... import kernels, likelihood
from ...models import Bipartite, Pairwise
from ...utils import has_missing


def hidden_means(fitted, X):
    """E[h | what is known] of every row."""
    means = _of_rows(fitted.model, fitted, X)
    return means.astype(fitted.dtype, copy=False)


@singledispatch
def _of_rows(model, fitted, X):
    raise TypeError(f"no hidden units are known of a {type(model).__name__}.")


@_of_rows.register
def _(model: Pairwise, fitted, X):
    def means(v):
        return likelihood.conditional_means(model, fitted.params, v)[1]

    return fitted.rows.by_chunk(means, X)


@_of_rows.register
def _(model: Bipartite, fitted, X):
    params, unit = fitted.params, model.hidden_unit
    hidden = np.empty((X.shape[0], len(params.weights)), fitted.dtype)
    for rows, input in _hidden_inputs(fitted, X):
        kernels.tail_mean(unit, params.hidden, input, out=hidden[rows])
    if has_missing(X):
        holes = np.isnan(X).any(axis=1)
        values = fitted.rows.values(X[holes])
        hidden[holes] = likelihood.conditional_means(model, params, values)[1]
    return hidden


def _hidden_inputs(fitted, X):
    """Chunks of rows with the input of the hidden units there."""
    model, params = fitted.model, fitted.params
    # With a scaling, values that are 0 count too.
    if sparse.issparse(X) and fitted.scaling is None:
        X = X.astype(fitted.dtype, copy=False)
        weights = model.visible_unit.scaled_weights(params.visible, params.weights)
        yield slice(None), kernels.active().sparse_product(X, weights)
        return
    for rows, v in fitted.rows.chunks(X):
        yield rows, model.hidden_input(params, v)
