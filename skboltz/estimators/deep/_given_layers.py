"""A deep network of weights that come from elsewhere."""

import numpy as np

from ...sampling import random_key
from ..shared._epochs import publish
from ..shared._given import as_floats, check_finite
from ..shared._labels import given_classes
from ..shared._validation import check_seed
from ._dbn_parts import check_parts
from ._layers import check_stack, stacked, with_classes


def sizes_of(machines):
    """The numbers of hidden units, from the features up."""
    return tuple(len(machine.components_) for machine in machines)


def given_classifier(cls, layers, classes, lists, params):
    """A classifier of fitted layers and of lists of arrays; it has learnt nothing."""
    machines, classes = stacked(layers), given_classes(classes)
    dbn = cls(sizes_of(machines), **params)
    dbn._validate_params()
    check_parts(dbn)
    dbn.classes_, dbn._best, stage = classes, None, dbn._stage()
    if stage.labels_on_top:
        check_stack(machines[:-1])
        machines = with_classes(machines, len(classes))
    else:
        check_stack(machines)
    dbn._key = random_key(check_seed(dbn.random_state))
    dbn._begin_anew(stage.columns)
    dbn._adopt(machines)
    learnt = [True] * len(machines)
    publish(dbn, stage.start(dbn.layers_, dbn._key, len(classes), learnt))
    replace_lists(dbn, lists)
    return dbn


def replace_lists(estimator, given):
    """Set lists of arrays in place of those that an estimator has, of the same shapes.

    Parameters
    ----------
    estimator : DeepBeliefNetwork or DBNClassifier
    given : dict
        Lists by the names of the attributes; None leaves what is there.
    """
    for name, arrays in given.items():
        if arrays is not None:
            before, called = getattr(estimator, name, None), name.removesuffix("_")
            setattr(estimator, name, _checked(called, arrays, before))


def _checked(name, arrays, before):
    if before is None:
        raise ValueError(
            f"{name} is given, but there is no such thing in a network with this "
            f"fine_tuning; leave it out, or set fine_tuning to what made it."
        )
    if len(arrays) != len(before):
        raise ValueError(
            f"{name} has {len(arrays)} arrays, but {len(before)} are needed for these "
            f"layers."
        )
    pairs = enumerate(zip(arrays, before, strict=True))
    return [_like(f"{name}[{i}]", *pair) for i, pair in pairs]


def _like(name, array, before):
    """An array that can stand in place of another one."""
    array = as_floats(array, name, before.dtype)
    if array.shape != before.shape:
        raise ValueError(
            f"{name} has shape {array.shape}, but the layers ask for {before.shape}."
        )
    check_finite(array, name)
    out = np.empty_like(before)  # in the same order of memory
    out[...] = array
    return out
