"""What stands in a row of the contract, and what its promises ask of an estimator."""

import inspect
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state, get_tags


class Data(NamedTuple):
    """Rows to learn from, their labels, rows to ask about, and the range of values."""

    X: np.ndarray
    y: Any
    cues: np.ndarray
    values: tuple | None


@dataclass(frozen=True, eq=False)
class Row:
    """An estimator that the contract binds.

    Attributes
    ----------
    name : str
    make : callable
        An unfitted one, small and with a seed.
    data : Data
    epochs : str, default=None
        The parameter that says how many epochs; None means that it has none.
    exempt : dict of str
        Promises that it does not keep on purpose, and why. Each has to fail.
    lacks : dict of str
        Methods that are there, and refuse to answer, and what they say.
    """

    name: str
    make: Any
    data: Data
    epochs: str | None = None
    exempt: dict = field(default_factory=dict)
    lacks: dict = field(default_factory=dict)

    @cached_property
    def fitted(self):
        """Fitted to the data; no promise may change it."""
        return self.fit()

    def fit(self, X=None, y=None, *, how="fit", into=None, **params):
        """The estimator, or another, after `fit` or `partial_fit`."""
        into = self.make() if into is None else into
        into.set_params(**params)
        X = self.data.X if X is None else X
        return getattr(into, how)(X, **self.labels(into, X, y, how))

    def labels(self, estimator, X, y=None, how="fit"):
        """Arguments beside X."""
        if self.data.y is None:
            return {}
        y = np.resize(self.data.y, np.shape(X)[0]) if y is None else y
        takes = inspect.signature(getattr(estimator, how)).parameters
        return {"y": y} | ({"classes": self.classes} if "classes" in takes else {})

    @property
    def classes(self):
        return np.unique(self.data.y)

    def has(self, *names):
        return all(
            hasattr(self.fitted, name) and name not in self.lacks for name in names
        )

    @property
    def tags(self):
        return get_tags(self.make()).input_tags

    @property
    def learns_gaps(self):
        return self.tags.allow_nan

    @property
    def is_density(self):
        return self.has("score_samples")


# Methods of an estimator --------------------------------------------------------------

LEARNERS = {"fit", "partial_fit", "fit_transform", "forget"}
RANDOM = {"sample", "gibbs", "reconstruct", "spurious_states"}
PLUMBING = {
    "get_metadata_routing",
    "get_params",
    "set_callbacks",
    "set_output",
    "set_params",
}


def public_methods(estimator):
    """Names of methods that users call, without those that only pass settings."""
    kind = type(estimator)
    names = (name for name in dir(kind) if not name.startswith("_"))
    return [
        name
        for name in names
        if callable(getattr(estimator, name, None))
        and name not in PLUMBING
        and not name.endswith("_request")
    ]


def parameters_of(method):
    return list(inspect.signature(method).parameters)


def takes_rows(estimator, name):
    first = parameters_of(getattr(estimator, name))[:1]
    return first in (["X"], ["v"], ["states"])


def questions(estimator):
    """Methods that answer about rows, each about its own; none of them draws."""
    others = LEARNERS | RANDOM | {"score", "inverse_transform"}
    return [
        name
        for name in public_methods(estimator)
        if name not in others and takes_rows(estimator, name)
    ]


def questions_of_features(estimator):
    """Those that take rows of features, not of all units."""
    return [
        name
        for name in questions(estimator)
        if parameters_of(getattr(estimator, name))[0] != "states"
    ]


def random_methods(row):
    return sorted(name for name in RANDOM if row.has(name))


def ask(estimator, name, X):
    """The answer to some rows, as an array of a row each."""
    method = getattr(estimator, name)
    if parameters_of(method)[:1] == ["states"]:  # of all units, hidden ones last
        n_hidden = len(estimator.intercept_) - X.shape[1]
        X = np.hstack([X, np.tile(X[:, :1], (1, n_hidden))])
    answer = method(X)
    return np.asarray(getattr(answer, "patterns", answer))


def draw(estimator, name, X, seed):
    """What a random method draws."""
    method = getattr(estimator, name)
    if name == "sample":
        given = {"y": estimator.classes_[:1]} if "y" in parameters_of(method) else {}
        return method(12, burn_in=3, random_state=seed, **given)
    if name == "spurious_states":
        return method(40, random_state=seed).states
    return method(X, random_state=seed)


def global_generator():
    """The state of NumPy's global generator, which nobody may move."""
    return check_random_state(None).get_state()[1].copy()


def inner_parameter(estimator):
    """The parameter that holds an estimator, of an estimator around others."""
    for name, value in estimator.get_params(deep=False).items():
        if isinstance(value, BaseEstimator):
            return name
    return None


def watched(estimator, *callbacks):
    """The estimator with callbacks where it has epochs."""
    name = inner_parameter(estimator)
    if hasattr(estimator, "set_callbacks"):
        return estimator.set_callbacks(*callbacks)
    getattr(estimator, name).set_callbacks(*callbacks)
    return estimator


# What a fit leaves --------------------------------------------------------------------


def published(estimator):
    """Fitted attributes of an estimator by their names."""
    kind = type(estimator)
    names = {*vars(estimator)} | {
        name for name in dir(kind) if isinstance(getattr(kind, name), property)
    }
    return {
        name: getattr(estimator, name)
        for name in sorted(names)
        if name.endswith("_") and not name.startswith("_") and hasattr(estimator, name)
    }


def state(estimator):
    """Whatever a fit publishes, flat: numbers and texts by where they are found."""
    return dict(_flat("", published(estimator)))


def _flat(path, value):
    if isinstance(value, BaseEstimator):
        value = published(value)
    if isinstance(value, dict):
        for key, part in value.items():
            if key not in ("seconds", "random_state_"):
                yield from _flat(f"{path}.{key}", part)
    elif isinstance(value, list) and value and not np.isscalar(value[0]):
        for i, part in enumerate(value):
            yield from _flat(f"{path}[{i}]", part)
    elif value is None or isinstance(value, int | float | list | tuple | np.ndarray):
        yield path, np.asarray(value)


def assert_same_state(one, two):
    """Equal to the last bit."""
    one, two = state(one), state(two)
    assert one.keys() == two.keys()
    for name, value in one.items():
        assert value.dtype == two[name].dtype, name
        np.testing.assert_array_equal(value, two[name], err_msg=name, strict=True)


def assert_near_state(one, two, rtol=1e-9, atol=1e-12):
    """Equal numbers up to rounding, but for the history, where rates and times are."""
    one, two = state(one), state(two)
    for name, value in two.items():
        if value.dtype.kind == "f" and "history" not in name:
            np.testing.assert_allclose(
                one[name], value, rtol=rtol, atol=atol, err_msg=name
            )


def assert_alike(found, expected, name, rtol=1e-12, atol=1e-13):
    """Answers that are equal up to the rounding of sums over other rows."""
    if expected.dtype.kind == "f":
        np.testing.assert_allclose(found, expected, rtol, atol, err_msg=name)
    else:
        np.testing.assert_array_equal(found, expected, err_msg=name)


def assert_sound(row, estimator, X=None):
    """What was learnt is finite, and so are the answers to ordinary rows."""
    for name, value in state(estimator).items():
        if value.dtype.kind == "f" and "moment_gap" not in name:
            assert np.isfinite(value).all(), name
    X = row.data.cues if X is None else X
    for name in questions(estimator):
        answer = ask(estimator, name, X)
        if answer.dtype.kind == "f" and name != "predict_log_proba":
            assert np.isfinite(answer).all(), name


# Promises -----------------------------------------------------------------------------


class Promise(NamedTuple):
    check: Any
    binds: Any

    def __call__(self, row):
        self.check(row)


PROMISES = {}


def promise(binds=lambda row: True):
    """Note a check of a row, which binds the rows of which something holds."""

    def note(check):
        PROMISES[check.__name__] = Promise(check, binds)
        return check

    return note


def refused(call, *words):
    """The text of the ValueError or TypeError that a call raises, with some words."""
    try:
        call()
    except (ValueError, TypeError) as error:
        text = f"{error}\n{error.__cause__}"
        assert any(word in text for word in words), text
        return text
    raise AssertionError("nothing was refused")
