"""The parameters of two layers, by the names of attributes and arguments."""

import numpy as np

from ...models import BipartiteParams
from ..shared._given import (
    as_floats,
    check_finite,
    check_length,
    check_matrix,
    owned,
)


def names_of(model):
    """What the parameters of a model are called, the weights first."""
    visible = (visible_name(name) for name in model.visible_unit.parameters._fields)
    return ("components", "intercept_hidden", *visible)


def visible_name(name):
    """What a parameter of the visible units is called."""
    return "intercept_visible" if name == "bias" else name


def bipartite_params(model, arrays, suffix=""):
    """Parameters of arrays in the order of :func:`names_of`, if they go together.

    All have the precision of the weights.  Errors call them by their names, followed by
    the suffix.
    """
    weights, *vectors = arrays
    matrix, *names = (name + suffix for name in names_of(model))
    weights = as_floats(weights, matrix)
    check_matrix(weights, matrix, "hidden unit", "feature")
    vectors = [
        as_floats(vector, name, weights.dtype)
        for vector, name in zip(vectors, names, strict=True)
    ]
    n_hidden, n_visible = weights.shape
    check_length(vectors[0], names[0], n_hidden, f"{matrix} has {n_hidden} rows")
    for vector, name in zip(vectors[1:], names[1:], strict=True):
        check_length(vector, name, n_visible, f"{matrix} has {n_visible} columns")
    hidden, *visible = vectors
    return BipartiteParams(
        weights,
        model.visible_unit.parameters(*visible),
        model.hidden_unit.parameters(hidden),
    )


def given_params(model, components, *vectors):
    """Parameters of given weights, None standing for zeros, in arrays of their own."""
    weights = as_floats(components, "components")
    check_matrix(weights, "components", "hidden unit", "feature")
    n_hidden, n_visible = weights.shape
    sizes = (n_hidden, *(n_visible for _ in vectors[1:]))
    vectors = [
        np.zeros(size, weights.dtype) if vector is None else vector
        for vector, size in zip(vectors, sizes, strict=True)
    ]
    params = bipartite_params(model, (weights, *vectors))
    for array, name in zip(_in_order(params), names_of(model), strict=True):
        check_finite(array, name)
    return owned(params)


def _in_order(params):
    """The arrays as :func:`names_of` has them."""
    return (params.weights, *params.hidden, *params.visible)


def attributes_of(model, params):
    """Fitted attributes that hold parameters."""
    names = (f"{name}_" for name in names_of(model))
    return dict(zip(names, _in_order(params), strict=True))
