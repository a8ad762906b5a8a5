"""A deep network of weights that come from elsewhere."""

import numpy as np

from ..shared._given import as_floats, check_finite


def sizes_of(machines):
    """The numbers of hidden units, from the features up."""
    return tuple(len(machine.components_) for machine in machines)


def checked_classes(classes):
    """Labels in order, each of them once."""
    found = np.asarray(classes)
    good = found.ndim == 1 and len(found) > 1
    if not good or not np.array_equal(np.unique(found), found):
        raise ValueError(
            f"classes must be at least two different labels in order, found "
            f"{classes!r}; pass np.unique of the labels."
        )
    return found


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
