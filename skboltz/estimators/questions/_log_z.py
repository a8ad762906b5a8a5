"""log Z of a fitted machine: how it is found, checked and remembered."""

import hashlib
import math
from collections import OrderedDict

import numpy as np

from ... import likelihood
from ..._exceptions import (
    DivergenceError,
    EnumerationTooLargeError,
    UnreliableEstimateWarning,
)
from ...utils import warn

METHODS = ("auto", "exact", *likelihood.METHODS)
_remembered = OrderedDict()
_MOST_REMEMBERED = 32


def log_partition(
    model,
    params,
    method,
    effort,
    visible_mean,
    states,
    key,
    n_jobs,
    log_scale=0.0,
    write=None,
):
    """log Z and the reasons to doubt it, found once for equal arguments."""
    check_finite(params)
    if method == "auto":
        method = "exact" if likelihood.is_tractable(model, params) else "bridge"
    if method == "exact":
        check_tractable(model, params)
    arrays = (*params.arrays(), visible_mean, states, np.asarray(effort.betas))
    known = (model, method, effort[1:], key, log_scale, _digest(arrays))
    found = _remembered.pop(known, None)
    if found is None:
        given = visible_mean, states, key, n_jobs, log_scale, write
        found = _find(model, params, method, effort, *given)
    _remembered[known] = found  # last in the order, the last to be forgotten
    while len(_remembered) > _MOST_REMEMBERED:
        _remembered.popitem(last=False)
    return found


def _find(
    model, params, method, effort, visible_mean, states, key, n_jobs, log_scale, write
):
    if method == "exact":
        return likelihood.exact_log_partition(model, params).shifted(log_scale), ()
    return likelihood.estimate_log_partition(
        model,
        params,
        method=method,
        effort=effort,
        visible_mean=visible_mean,
        states=states,
        key=key,
        n_jobs=n_jobs,
        log_scale=log_scale,
        write=write,
    )


def _digest(arrays):
    digest = hashlib.blake2b(digest_size=16)
    for array in arrays:
        digest.update(
            repr(None if array is None else (array.shape, array.dtype)).encode()
        )
        if array is not None:
            digest.update(np.ascontiguousarray(array).tobytes())
    return digest.digest()


def check_finite(params):
    """Refuse parameters of which nothing follows."""
    if not all(np.isfinite(array.sum()) for array in params.arrays()):
        raise DivergenceError(
            "Parameters of this machine are NaN or infinite, so that it has no log Z. "
            "Fit it again, with a lower learning_rate if it diverged."
        )


def warn_of(reasons):
    """One warning with every reason not to trust an estimate."""
    if reasons:
        warn(
            "log Z is not to be trusted: " + "; ".join(reasons) + ".",
            UnreliableEstimateWarning,
        )


def check_tractable(model, params):
    """Refuse an enumeration that would not end."""
    if likelihood.is_tractable(model, params):
        return
    unit, n_units, n_terms, _ = model.small_side(params)
    n_states = unit.n_states(n_units)
    if math.isinf(n_states):
        raise EnumerationTooLargeError(
            "The exact log Z sums over all states of a layer, but there is no end to "
            'those of either one. Use method="bridge" for an estimate with an error '
            "bar."
        )
    raise EnumerationTooLargeError(
        f"The exact log Z needs about 2^{math.log2(n_states):.0f} states of {n_terms} "
        f'terms each, more than can be enumerated. Use method="bridge" for an estimate '
        f"with an error bar, or a machine of which at most "
        f"{tractable_size(unit, n_units, n_terms)} units have to be enumerated."
    )


def tractable_size(unit, n_units, n_terms):
    """The largest number of such units that can be enumerated, of so many terms each.

    Each counts as many bits as one of `n_units` does.
    """
    bits = math.log2(unit.n_states(n_units)) / n_units
    return int(math.log2(likelihood.TRACTABLE_TERMS / n_terms) / bits)
