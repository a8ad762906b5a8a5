"""Estimators that break one promise each, to show that the contract sees it."""

import sys
import warnings
from functools import update_wrapper

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.exceptions import NotFittedError
from sklearn.utils import check_random_state

from skboltz import DivergenceError, get_config


def subclass(row, name, **methods):
    """A row whose estimator has other methods; a pickle finds its class."""
    base = type(row.make())
    for key, method in methods.items():
        _disguise(method, getattr(base, key, None))
    kind = type(
        name, (base,), {"__module__": __name__, "__doc__": base.__doc__} | methods
    )
    setattr(sys.modules[__name__], name, kind)
    broken = object.__new__(type(row))
    values = {**vars(row), "make": lambda: kind(**row.make().get_params(deep=False))}
    values.pop("fitted", None)
    vars(broken).update(values | {"name": name, "exempt": {}})
    return broken


def _disguise(method, like):
    """Give a method the signature of another, and its words unless it has its own."""
    if callable(method) and callable(like):
        taken = ("__module__", "__name__", *["__doc__"] * (not method.__doc__))
        update_wrapper(method, like, assigned=taken, updated=())


def call(self, name):
    """The method of the estimator that is broken."""
    return getattr(super(type(self), self), name)


def changed(name, change):
    """A method whose answer is changed."""

    def method(self, *args, **kwargs):
        return change(call(self, name)(*args, **kwargs))

    return {name: method}


def instead(name, other):
    """Another method, of the estimator and what it was given."""
    return {name: other}


def fits(before=lambda X: X, after=lambda self, X: self):
    """A `fit` that changes X first, or itself at the end."""

    def fit(self, X, y=None, **weight):
        call(self, "fit")(before(X), y, **weight)
        return after(self, X) or self

    return {"fit": fit}


def _set(self, **values):
    vars(self).update(values)


def _moved(self, by):
    self.components_ = self.components_ + by


def _rounded(self):
    state = call(self, "__getstate__")()
    return state | {"components_": np.round(self.components_, 3)}


def _filled(X, value=0.0):
    return np.where(np.isnan(X), value, X)


def _emptied(X):
    X = np.asarray(X, float)
    return np.where(np.isnan(X).all(axis=1, keepdims=True), 0.5, X)


def _quiet(name):
    def method(self, *args, **kwargs):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return call(self, name)(*args, **kwargs)

    return {name: method}


def _seeds_of_zero(self, X, y=None):
    seed, self.random_state = self.random_state, 0
    call(self, "fit")(X, y)
    self.random_state = seed
    return self


def _goes_on(self, X, y=None):
    self.warm_start = True
    try:
        return call(self, "fit")(X, y)
    finally:
        self.warm_start = False


def _twice(self, X, y=None):
    return call(self, "partial_fit")(X) and call(self, "partial_fit")(X)


def _swallows(self, X, y=None):
    try:
        return call(self, "fit")(X, y)
    except KeyboardInterrupt:
        return self


def _names_nothing(self, X, y=None):
    try:
        return call(self, "fit")(X, y)
    except DivergenceError:
        raise DivergenceError("it diverged") from None


def _says_little(self, X, y=None):
    try:
        return call(self, "fit")(X, y)
    except ValueError:
        raise ValueError("wrong") from None


def _without_weight(self, X, y=None, sample_weight=None):
    return call(self, "fit")(X, y)


def _counts(self, X):
    self.calls_ = getattr(self, "calls_", 0) + 1
    return call(self, "free_energy")(X)


def _always_the_same(self, X, *, k=1, random_state=None):
    return call(self, "reconstruct")(X, k=k, random_state=0)


def _forgets_what_is_given(self, n_samples=None, *, given=None, **options):
    n = n_samples if given is None else (n_samples or len(given))
    return call(self, "sample")(n, **options)


def _other_key_for_jobs(self, *, n_jobs=None, **options):
    return call(self, "log_partition")(**options, random_state=n_jobs or 0)


def _answers_at_once(self, X):
    if not hasattr(self, "components_"):
        return np.zeros((len(X), 3))
    return call(self, "transform")(X)


def _takes_anything(self, X):
    try:
        return call(self, "transform")(X)
    except (TypeError, ValueError):
        return np.zeros((len(X), 3))


def _writes(self, X):
    X[:] = X
    return call(self, "transform")(X)


def _warns(self, X):
    warnings.warn("a row", stacklevel=2)
    return call(self, "transform")(X)


def _fills_in_place(self, X, y=None):
    X[np.isnan(X)] = 0
    return call(self, "fit")(X, y)


def _no_gaps(self, X):
    if np.isnan(X).any():
        raise ValueError("X contains NaN.")
    return call(self, "transform")(X)


def _half(self, X):
    """Half of the probabilities."""
    return call(self, "predict_proba")(X) / 2


def _undocumented(self, X):
    """What it gives."""
    return call(self, "transform")(X)


def _no_tags(self):
    tags = call(self, "__sklearn_tags__")()
    tags.input_tags.allow_nan = False
    return tags


def _pads(self, X):
    X = np.asarray(X)
    missing = self.n_features_in_ - X.shape[1]
    return call(self, "transform")(np.pad(X, ((0, 0), (0, max(missing, 0)))))


def _needs_two(X):
    if np.shape(X)[0] < 2:
        raise ValueError("X has too few rows.")
    return X


def _zeros_for_none(X):
    if getattr(X, "dtype", None) == np.float64:
        return X
    return np.where(pd.isna(X), 0, X).astype(float)


def _doubled(X):
    return X * 2 if sparse.issparse(X) else X


def _dense(X):
    return X.toarray() if sparse.issparse(X) else X


def _finite(self, X):
    return call(self, "transform")(np.clip(X, -1e9, 1e9))


def _nan_if(wrong):
    return lambda self, X: _moved(self, np.nan) if wrong(X) else None


def _gone(self):
    raise AttributeError("gone")


def _learns_nothing(self, X, y=None):
    return self


def _anew(self, X, y=None):
    return self.fit(X, y)


def _gapless(self, X):
    return call(self, "score_samples")(_filled(np.asarray(X, float)))


def _noise(self, X):
    _moved(self, check_random_state(None).random_sample())


BITS, WHOLE, REALS = "BernoulliRBM", "BernoulliRBM exact", "GaussianBernoulliRBM"
CLASSES, MEMORY = "DBNClassifier", "HopfieldMemory"
LOST = {"__getstate__": _rounded}

# A promise: the row that breaks it, and how.
BROKEN = {
    "answers_are_row_by_row": (BITS, changed("transform", lambda p: p - p.mean(0))),
    "questions_change_nothing": (BITS, instead("free_energy", _counts)),
    "what_is_random_has_a_seed": (BITS, instead("reconstruct", _always_the_same)),
    "score_is_the_mean_likelihood": (BITS, changed("score", lambda s: 2 * s)),
    "a_likelihood_has_its_parts": (BITS, changed("free_energy", lambda f: f + 1)),
    "probabilities_sum_to_one": (BITS, changed("score_samples", lambda s: s + 0.01)),
    "densities_integrate_to_one": (
        REALS,
        changed("score_samples", lambda s: s + 0.01),
    ),
    "gaps_are_summed_out": (BITS, instead("score_samples", _gapless)),
    "nothing_known_gives_prior_means": (
        BITS,
        changed("impute", lambda X: 0 * X + 0.5),
    ),
    "imputing_keeps_what_is_known": (BITS, changed("impute", lambda X: X + 1e-9)),
    "sampling_keeps_what_is_given": (BITS, instead("sample", _forgets_what_is_given)),
    "samples_are_rows_of_the_data": (BITS, changed("sample", lambda X: 0 * X + 0.5)),
    "what_is_not_there_says_so": (CLASSES, instead("sample", lambda self: 0)),
    "features_lead_back": (BITS, changed("inverse_transform", lambda X: 4 * X)),
    "classes_have_probabilities": (CLASSES, instead("predict_proba", _half)),
    "fit_transform_is_both": (BITS, changed("fit_transform", lambda X: 0 * X)),
    "jobs_change_no_result": (BITS, instead("log_partition", _other_key_for_jobs)),
    "fit_depends_on_its_seed_alone": (BITS, fits(after=_noise)),
    "another_seed_learns_another_model": (BITS, instead("fit", _seeds_of_zero)),
    "fit_forgets": (BITS, instead("fit", _goes_on)),
    "partial_fit_is_an_epoch": (BITS, instead("partial_fit", _twice)),
    "partial_fit_adds_memories": (MEMORY, instead("partial_fit", _anew)),
    "partial_fit_goes_on_and_fit_begins_anew": (
        BITS,
        instead("partial_fit", _learns_nothing),
    ),
    "fit_pickle_resume_is_never_having_stopped": (BITS, LOST),
    "with_gaps_it_resumes_alike": (BITS, LOST),
    "a_pickle_goes_on": (BITS, LOST),
    "pickles_answer_alike": (BITS, LOST),
    "precision_is_kept": (BITS, changed("transform", lambda X: X.astype(float))),
    "small_types_are_learnt_in_float32": (
        BITS,
        fits(lambda X: X.astype(float) if X.dtype.kind in "bui" else X),
    ),
    "gaps_are_learnt_around": (
        BITS,
        fits(after=_nan_if(lambda X: np.isnan(X).any())),
    ),
    "gaps_are_refused_with_a_remedy": (CLASSES, fits(_filled)),
    "questions_take_gaps": (BITS, instead("transform", _no_gaps)),
    "rows_without_values_have_no_part": (BITS, fits(_emptied)),
    "a_feature_without_values_is_named": (BITS, _quiet("fit")),
    "a_weight_is_a_repetition": (WHOLE, instead("fit", _without_weight)),
    "weights_of_nothing_are_refused": (BITS, instead("fit", _without_weight)),
    "callbacks_see_each_epoch": (
        BITS,
        fits(after=lambda self, X: call(self, "fit")(X)),
    ),
    "an_interrupt_leaves_the_last_epoch": (BITS, instead("fit", _swallows)),
    "a_divergence_names_the_rate": (BITS, instead("fit", _names_nothing)),
    "verbose_writes_to_stdout_alone": (
        BITS,
        fits(after=lambda self, X: sys.stderr.write("epoch") and None),
    ),
    "kernels_return_the_same_bits": (
        BITS,
        fits(after=lambda self, X: _moved(self, get_config()["kernels"] == "numpy")),
    ),
    "parameters_are_copied_and_shown": (
        BITS,
        fits(after=lambda self, X: _set(self, n_chains=8)),
    ),
    "bad_parameters_are_named": (BITS, instead("fit", _says_little)),
    "sparse_is_dense": (BITS, fits(_doubled)),
    "sparse_is_never_dense_as_a_whole": (BITS, fits(_dense)),
    "sparse_is_refused": (MEMORY, fits(_dense)),
    "sparse_gaps_are_refused": (BITS, fits(_dense)),
    "any_layout_will_do": (BITS, instead("transform", _writes)),
    "rows_with_gaps_are_not_written_to": (BITS, instead("fit", _fills_in_place)),
    "frames_are_arrays_with_names": (BITS, fits(np.asarray)),
    "frames_come_out_if_asked_for": (
        BITS,
        instead("set_output", lambda self, *, transform=None: self),
    ),
    "none_and_na_are_gaps": (BITS, fits(_zeros_for_none)),
    "what_is_ordinary_is_silent": (BITS, instead("transform", _warns)),
    "values_out_of_range_warn": (BITS, _quiet("transform")),
    "infinity_is_refused": (BITS, instead("transform", _finite)),
    "what_is_no_table_of_numbers_is_refused": (
        BITS,
        instead("transform", _takes_anything),
    ),
    "another_width_is_refused": (BITS, instead("transform", _pads)),
    "little_data_are_learnt": (BITS, fits(_needs_two)),
    "huge_values_end_in_no_nan": (
        BITS,
        fits(after=_nan_if(lambda X: np.max(X) > 1e20)),
    ),
    "before_fit_it_says_so": (BITS, instead("transform", _answers_at_once)),
    "tags_tell_the_truth": (BITS, {"__sklearn_tags__": _no_tags}),
    "it_stays_unchanged_by_copies_of_x": (
        BITS,
        fits(after=lambda self, X: _set(self, data_=X)),
    ),
    "docstrings_match_signatures": (BITS, instead("transform", _undocumented)),
    "attributes_are_documented": (
        BITS,
        fits(after=lambda self, X: _set(self, secret_=1)),
    ),
    "a_choice_is_published": (
        BITS,
        fits(after=lambda self, X: vars(self).pop("history_") is None),
    ),
    "families_have_their_methods": (BITS, {"impute": property(_gone)}),
}
REJECTED = AssertionError, ValueError, NotFittedError
