"""Checks of data and arguments, with errors that say what to do."""

import math
from numbers import Integral, Real

import numpy as np
from scipy import sparse
from sklearn.utils import check_random_state, gen_batches, get_tags
from sklearn.utils.validation import validate_data

from ... import likelihood
from ..._exceptions import EnumerationTooLargeError
from ..._sklearn import check_sample_weight, safe_indexing
from ...utils import as_numbers, check_type, has_missing, known_as, require, warn
from ..questions._log_z import METHODS, tractable_size
from ._look import look

_ROUNDING = 10 * np.finfo(np.float64).eps  # of values that are meant to be equal
_MEAN_ELEMENTS = 2**20  # of the rows converted to double precision at a time


def check_data(estimator, X, reset=False, complete_for=None, name="X", y=None):
    """Rows as an array or CSR matrix of numbers, of whatever type they are.

    Integers stay as they are: batches become floats one by one.  A dense array may
    have NaN unless `complete_for` names a method that needs every value.  Errors call
    the rows `name`.  With labels y, both are returned.
    """
    X, _, *labels = check_and_look(estimator, X, reset, complete_for, name, y)
    return (X, *labels) if labels else X


def check_and_look(estimator, X, reset=False, complete_for=None, name="X", y=None):
    """As :func:`check_data`; behind X the :class:`Look` that its check has taken."""
    X = as_numbers(X, name)
    if name != "X":  # scikit-learn would speak of X
        _check_width(estimator, X, name)
    labels = {} if y is None else {"y": y}
    X = validate_data(
        estimator,
        X,
        **labels,
        accept_sparse="csr",
        dtype="numeric",
        ensure_all_finite=False,
        reset=reset,
    )
    X, *labels = X if labels else (X,)
    check_type(X.dtype, name)
    if X.dtype.kind == "f" and X.dtype not in (np.float32, np.float64):
        X = X.astype(np.float32 if X.dtype.itemsize < 4 else np.float64)
    seen = look(X)
    _check_finite(estimator, X, seen, name, complete_for)
    return (X, seen, *labels)


def as_rows(values, name):
    """Rows of numbers; a vector is one row."""
    values = as_numbers(values, name)
    return np.reshape(values, (1, -1)) if np.ndim(values) == 1 else values


def _check_width(estimator, values, name):
    shape, width = np.shape(values), estimator.n_features_in_
    if len(shape) == 2 and shape[1] == width:
        return
    found = f"{shape[1]} features" if len(shape) == 2 else f"the shape {shape}"
    raise ValueError(
        f"{name} has {found}, but {known_as(estimator)} is expecting {width} "
        f"features in each row, as in fit."
    )


def _remedy(estimator, name):
    """How gaps are filled, as far as an estimator can."""
    if not hasattr(estimator, "impute"):
        return "by EnergyImputer for example"
    takes_gaps = get_tags(estimator).input_tags.allow_nan
    more = ", transform" if takes_gaps and hasattr(estimator, "transform") else ""
    return f"by impute({name}); free_energy, score_samples{more} take NaN"


def _check_finite(estimator, X, seen, name, complete_for):
    """Refuse infinities, and NaN where it cannot be handled."""
    if np.isinf(seen.low) or np.isinf(seen.high):
        takes_gaps = complete_for is None and not sparse.issparse(X)
        takes_gaps = takes_gaps and get_tags(estimator).input_tags.allow_nan
        gap = ", or by NaN where the value is missing" if takes_gaps else ""
        raise ValueError(
            f"{name} contains infinity; replace it by a finite number{gap}."
        )
    if not seen.missing:
        return
    if complete_for is not None:
        raise ValueError(
            f"{name} contains NaN, which {complete_for} does not take. Fill the gaps "
            f"first, {_remedy(estimator, name)}."
        )
    if sparse.issparse(X):
        raise ValueError(
            f"{name} is sparse and has NaN; pass missing values in a dense {name}."
        )


def empty_rows(X):
    """Which rows have no known value; None if every row has one."""
    return _empty_rows(X) if has_missing(X) else None


def _empty_rows(X):
    """The same where there is NaN."""
    empty = np.isnan(X).all(axis=1)
    return empty if empty.any() else None


def known_rows(X, *beside):
    """X without its empty rows, and what stands beside the rows without theirs.

    An error if nothing is left.
    """
    return _known_rows(X, has_missing(X), *beside)


def _known_rows(X, missing, *beside):
    empty = _empty_rows(X) if missing else None
    if empty is None:
        return X, *beside
    if empty.all():
        raise ValueError(
            f"X has no known value in any of its {len(X)} rows: there is nothing to "
            f"learn from."
        )
    rows = np.flatnonzero(~empty)
    # What is ignored may be anything: only what has as many entries goes along.
    others = (
        safe_indexing(part, rows) if np.shape(part)[:1] == empty.shape else part
        for part in beside
    )
    return X[rows], *others


def check_weight(sample_weight, X):
    """Weights of the rows in the precision that learns from them, or None."""
    if sample_weight is None:
        return None
    return check_sample_weight(
        sample_weight, X, dtype=float_type(X), ensure_non_negative=True
    )


def learnable_rows(X, y, sample_weight, missing):
    """Rows of which something is known, with their labels and checked weights."""
    known, y, weight = _known_rows(X, missing, y, check_weight(sample_weight, X))
    if known is not X:  # those that are left may all weigh nothing
        weight = check_weight(weight, known)
    return known, y, weight


def unknown_features(X, weight):
    """Which features have no known value in a row that weighs anything."""
    if not has_missing(X):
        return np.zeros(X.shape[1], bool)
    return np.isnan(X if weight is None else X[weight > 0]).all(axis=0)


NOT_LEARNT = (
    "Nothing is learnt of such features: drop them, or add rows that know them."
)


def warn_of_unknown(estimator, features, consequence):
    """A warning of features of which nothing is known, and of what comes of that."""
    names = getattr(estimator, "feature_names_in_", None)
    first = features[0]
    name = f"feature {first}" if names is None else repr(names[first])
    warn(
        f"X has no known value of {len(features)} feature{'s'[: len(features) > 1]}, "
        f"the first being {name}. {consequence}",
        UserWarning,
    )


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
    values = values.toarray() if sparse.issparse(values) else as_numbers(values, name)
    check_type(np.asarray(values).dtype, name)
    values = np.atleast_2d(np.asarray(values, dtype=dtype))
    if values.ndim != 2 or values.shape[1] != n_units:
        raise ValueError(
            f"{name} has shape {values.shape}, but one row must hold "
            f"{units} = {n_units} values."
        )
    if not len(values):
        raise ValueError(f"{name} has no rows; pass at least one.")
    if not np.isfinite(values).all():
        raise ValueError(f"{name} contains NaN or infinity; replace them first.")
    return values


def check_count(value, name, least):
    if not isinstance(value, Integral) or value < least:
        shape = getattr(value, "shape", ())
        found = f"an array of shape {shape}" if shape else repr(value)
        raise ValueError(f"{name} must be an integer >= {least}, found {found}.")
    return int(value)


def check_visible(n_features, n_units):
    """How many of some units are visible; None means all."""
    n_features = n_units if n_features is None else n_features
    good = isinstance(n_features, Integral) and 1 <= n_features <= n_units
    require(good, "n_features", f"an integer from 1 to {n_units}", n_features)
    return int(n_features)


def check_exact(model, n_components, n_features):
    """Refuse a sum over states that would not end."""
    hidden = model.hidden_unit
    unit, n_units, n_terms = hidden, n_components, n_features
    if model.enumerates_visible(n_features, n_components):
        unit, n_units, n_terms = model.visible_unit, n_features, n_components
    if unit.n_states(n_units) * n_terms <= likelihood.TRACTABLE_TERMS:
        return
    remedy = 'method="pcd"'
    if math.isfinite(hidden.n_states(n_components)):
        most = tractable_size(hidden, n_components, n_features)
        remedy += f", or n_components of at most {most}"
    raise EnumerationTooLargeError(
        f'method="exact" sums over all states of one layer, too many for '
        f"n_components={n_components} and {n_features} features. Use {remedy}."
    )


def check_states(n_terms, method, remedy):
    """Refuse a sum of so many terms."""
    if n_terms > likelihood.TRACTABLE_TERMS:
        raise EnumerationTooLargeError(
            f'method="{method}" needs a sum of 2^{n_terms.bit_length() - 1} terms or '
            f"more. Use {remedy}."
        )


def check_method(method):
    if method not in METHODS:
        raise ValueError(f"method must be one of {list(METHODS)}, found {method!r}.")


def check_jobs(n_jobs):
    if n_jobs is None or (isinstance(n_jobs, Integral) and n_jobs != 0):
        return n_jobs
    raise ValueError(
        f"n_jobs must be None, a number of jobs, or -1 for all cores, found {n_jobs!r}."
    )


def check_seed(random_state):
    """The RandomState of a seed."""
    try:
        return check_random_state(random_state)
    except ValueError as error:
        remedy = ""
        if isinstance(random_state, np.random.Generator):
            remedy = " Of a Generator rng, pass rng.integers(2**32)."
        raise ValueError(
            f"random_state must be None, an integer from 0 to 2**32 - 1 or a "
            f"numpy.random.RandomState, found {random_state!r}.{remedy}"
        ) from error


def float_type(X):
    """The precision that learns from X."""
    return np.dtype(np.float64 if X.dtype == np.float64 else np.float32)


def weighted_mean(X, weight, missing):
    """Mean of the rows in the precision of the model, and the weight that is behind it.

    X is not copied.  Where values are missing, each feature has a weight of its own.
    """
    if missing:
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


def check_values(values):
    """The two values of a unit, the lower first."""
    good = isinstance(values, tuple | list | np.ndarray) and len(values) == 2
    good = good and all(isinstance(v, Real) and np.isfinite(v) for v in values)
    good = good and values[0] < values[1]
    require(good, "values", "two finite numbers, the lower first", values)
    return tuple(map(float, values))


def check_clamping_noise(noise):
    """Probabilities with which a high and a low unit are clamped to the other value."""
    good = noise is None or (
        isinstance(noise, tuple | list | np.ndarray)
        and len(noise) == 2
        and all(isinstance(p, Real) and 0 <= p < 1 for p in noise)
    )
    require(good, "clamping_noise", "None or two probabilities below 1", noise)
    return (0.0, 0.0) if noise is None else tuple(map(float, noise))


def check_sigma(sigma, n_features):
    """Standard deviations: "learned", one number, or one for each feature."""
    if isinstance(sigma, str):
        return
    try:
        values = np.asarray(sigma, dtype=np.float64)
    except (TypeError, ValueError):  # text, or rows of different lengths
        values = np.full(1, np.nan)
    good = values.shape in ((), (n_features,))
    good = good and bool((np.isfinite(values) & (values > 0)).all())
    what = f'"learned", a number above 0, or {n_features} of them, one for each feature'
    require(good, "sigma", what, sigma)


def check_scaling(mean, scale, n_features):
    """A finite mean and a scale above 0 for each feature; None means 0 and 1."""
    mean = np.zeros(n_features) if mean is None else np.array(mean, dtype=np.float64)
    scale = np.ones(n_features) if scale is None else np.array(scale, dtype=np.float64)
    for array, name, least in ((mean, "mean", -np.inf), (scale, "scale", 0)):
        good = array.shape == (n_features,) and bool((array > least).all())
        good = good and bool(np.isfinite(array).all())
        above = "" if least else " above 0"
        what = f"{n_features} finite numbers{above}, one for each feature"
        require(good, name, what, array)
    return mean, scale


def check_variances(bounds):
    """The least and the largest variance that are allowed."""
    good = len(bounds) == 2 and all(isinstance(x, Real) for x in bounds)
    good = good and 0 < bounds[0] <= bounds[1] < np.inf
    require(good, "variance_bounds", "two numbers above 0, the lower first", bounds)


def _check_squares(variance):
    wrong = np.flatnonzero(~np.isfinite(variance))
    if len(wrong):
        raise ValueError(
            f"X has values in feature {wrong[0]} whose squares overflow; scale X down."
        )


def weighted_moments(X, weight, missing):
    """Mean and variance of the known values of each feature, in float64.

    Of a feature whose values differ by no more than rounding, the variance is 0; of
    one without known values the mean is 0 and the variance NaN.
    """
    about, total = weighted_mean(X, weight, missing)
    sums, squares = np.zeros(X.shape[1]), np.zeros(X.shape[1])
    for rows in gen_batches(X.shape[0], max(1, _MEAN_ELEMENTS // X.shape[1])):
        part = X[rows].toarray() if sparse.issparse(X) else X[rows]
        part = part.astype(np.float64) - about
        part[np.isnan(part)] = 0
        counts = np.ones(len(part)) if weight is None else weight[rows]
        sums += counts @ part
        squares += counts @ part**2
    known, total = total > 0, np.maximum(total, np.finfo(np.float64).tiny)
    mean, variance = sums / total, squares / total
    variance -= mean**2
    mean += about
    _check_squares(variance)
    variance = np.where(variance <= (_ROUNDING * mean) ** 2, 0.0, variance)
    return mean, np.where(known, variance, np.nan)
