"""The parameters of two layers, by the names of attributes and arguments."""

from functools import cache

import numpy as np

from ...models import BipartiteParams
from ..shared._given import (
    as_floats,
    check_finite,
    check_length,
    check_matrix,
    owned,
)


def names_of(model, suffix=""):
    """What the parameters of a model are called, the weights first."""
    return _names(model.visible_unit.parameters._fields, suffix)


@cache
def _names(fields, suffix):
    names = ("components", "intercept_hidden", *map(visible_name, fields))
    return tuple(name + suffix for name in names)


def visible_name(name):
    """What a parameter of the visible units is called."""
    return "intercept_visible" if name == "bias" else name


def bipartite_params(model, arrays, suffix=""):
    """Parameters of arrays in the order of :func:`names_of`, if they go together.

    All have the precision of the weights.  Errors call them by their names, followed by
    the suffix.
    """
    names = names_of(model, suffix)
    weights = as_floats(arrays[0], names[0])
    check_matrix(weights, names[0], "hidden unit", "feature")
    n_hidden, n_visible = weights.shape

    def vector(i, size, parts):
        array = as_floats(arrays[i], names[i], weights.dtype)
        check_length(array, names[i], size, names[0], parts)
        return array

    hidden = vector(1, n_hidden, "rows")
    visible = [vector(i, n_visible, "columns") for i in range(2, len(names))]
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
    return dict(zip(names_of(model, "_"), _in_order(params), strict=True))
