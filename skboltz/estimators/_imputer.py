"""A transformer that fills in missing values by an energy-based model."""

from numbers import Real
from typing import ClassVar

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.callback import CallbackSupportMixin
from sklearn.impute import MissingIndicator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from .._saved import Estimator
from .._sklearn import MissingValues, StrOptions, check_feature_names_in, fit_context
from ..utils import as_numbers
from .harmonium._rbm import BernoulliRBM
from .shared._nested import NestedParams
from .shared._told import fit_inside
from .shared._validation import known_rows, unknown_features, warn_of_unknown

_MOST_SEEDS = 2**31 - 1
_LEFT_OUT = (
    "transform leaves out such features; keep_empty_features=True fills them with 0."
)


class EnergyImputer(CallbackSupportMixin, NestedParams, TransformerMixin, Estimator):
    """Missing values filled in by a Boltzmann machine that learns from what is known.

    It stands where :class:`sklearn.impute.SimpleImputer` or
    :class:`sklearn.impute.KNNImputer` would, and gives for each missing value its
    expectation given all known ones of the row, E[v_i | v_known]; of a row of which
    nothing is known, E[v_i].

    Parameters
    ----------
    estimator : estimator, default=None
        With `fit` for data with NaN, and `impute`; cloned, so that what it has learnt
        counts for nothing, unless it comes in a
        :class:`sklearn.frozen.FrozenEstimator`. None means a `BernoulliRBM` with its
        defaults and the `random_state` given here, for binary features; real ones need
        a :class:`GaussianBernoulliRBM`. A good one takes more: about as many hidden
        units as features, a hundred chains, and a learning rate that falls over some
        hundred epochs (benchmarks/figure_imputation.py).
    strategy : {"mean", "mode", "sample"}, default="mean"
        What to fill in, see :meth:`BernoulliRBM.impute`.
    missing_values : int, float, np.nan, None or pandas.NA, default=np.nan
        What stands for a missing value.  NaN, None and the NA of pandas are all one;
        with a number these are refused, and the number is missing wherever it is.
    add_indicator : bool, default=False
        Whether columns of a :class:`sklearn.impute.MissingIndicator` follow: one for
        each feature with missing values in `fit`, 1 where its value is missing.
    keep_empty_features : bool, default=False
        Whether features of which `fit` knows nothing stay, with 0 where they are
        missing.  By default `transform` leaves them out, and `fit` warns of them.
    random_state : int, RandomState instance or None, default=None
        For the strategy "sample", and for the machine: parameters `random_state` of
        `estimator` that are None get a seed drawn from it.

    Attributes
    ----------
    estimator_ : estimator
        Fitted to what is known of X, without features of which nothing is.
    indicator_ : MissingIndicator or None
        What adds the indicators, if they are asked for.
    n_iter_ : int
        Number of epochs that `estimator_` has done, if it learns in epochs.
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of features seen in `fit`, if they are strings.

    Notes
    -----
    Known values stay as they are, to the last bit; float32 stays float32, and float64
    float64, whatever the machine was fitted to.  Sparse X is refused.

    Callbacks see the epochs of the machine, with this imputer as their model and X as
    rows; those set on `estimator` have the machine for a model.

    Examples
    --------
    The second feature always equals the first.

    >>> import numpy as np
    >>> from skboltz import BernoulliRBM, EnergyImputer
    >>> X = np.array([[0.0, 0.0], [1.0, 1.0]] * 50)
    >>> rbm = BernoulliRBM(2, learning_rate=0.5, n_iter=100, random_state=0)
    >>> imputer = EnergyImputer(rbm).fit(X)
    >>> imputer.transform([[0.0, np.nan], [1.0, np.nan]]).round()
    array([[0., 0.],
           [1., 1.]])
    """

    _parameter_constraints: ClassVar = {
        "estimator": [BaseEstimator, None],
        "strategy": [StrOptions({"mean", "mode", "sample"})],
        "missing_values": [MissingValues(numeric_only=True), None],
        "add_indicator": ["boolean"],
        "keep_empty_features": ["boolean"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        estimator=None,
        *,
        strategy="mean",
        missing_values=np.nan,
        add_indicator=False,
        keep_empty_features=False,
        random_state=None,
    ):
        self.estimator = estimator
        self.strategy = strategy
        self.missing_values = missing_values
        self.add_indicator = add_indicator
        self.keep_empty_features = keep_empty_features
        self.random_state = random_state

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None, sample_weight=None):
        """Learn from what is known of X.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            `missing_values` where a value is missing.
        y : ignored
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        self
        """
        X = self._with_gaps(X, reset=True)
        known_rows(X)  # or an error, if there are none
        self._is_known = ~unknown_features(X, None)
        empty = np.flatnonzero(~self._is_known)
        if len(empty) and not self.keep_empty_features:
            warn_of_unknown(self, empty, _LEFT_OUT)
        self.indicator_ = None
        if self.add_indicator:
            self.indicator_ = MissingIndicator(error_on_new=False).fit(X)
        self.estimator_ = self._new_estimator()
        fit_inside(self, self._learnt(X), sample_weight, X)
        return self

    @property
    def n_iter_(self):
        """Epochs of the machine."""
        return self.estimator_.n_iter_

    def _template(self, name):
        if name != "estimator":
            return None
        return BernoulliRBM(random_state=self.random_state)

    def transform(self, X):
        """X with its missing values filled in.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_features_out)
            Without the features of which `fit` knew nothing, unless
            `keep_empty_features` is set; then the indicators, if there are any.
        """
        check_is_fitted(self)
        X = self._with_gaps(X, reset=False)
        known = self._learnt(X)
        guess = self.estimator_.impute(
            known, strategy=self.strategy, random_state=self.random_state
        )
        # The machine may be of another precision than these rows.
        rows = np.where(np.isnan(known), guess, known)
        if X.dtype.kind == "f":
            rows = rows.astype(X.dtype, copy=False)
        if self.keep_empty_features:
            whole = np.where(np.isnan(X), 0, X).astype(rows.dtype, copy=False)
            whole[:, self._is_known] = rows
            rows = whole
        if self.indicator_ is None:
            return rows
        return np.hstack([rows, self.indicator_.transform(X)])

    def get_feature_names_out(self, input_features=None):
        """Names of the features that `transform` gives.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of the features of X; None means those seen in `fit`, or "x0" and so
            on.

        Returns
        -------
        ndarray of str
            Those of indicators begin with "missingindicator".
        """
        check_is_fitted(self)
        given = check_feature_names_in(self, input_features)
        names = given if self.keep_empty_features else given[self._is_known]
        if self.indicator_ is None:
            return names
        return np.append(names, self.indicator_.get_feature_names_out(given))

    def _new_estimator(self):
        """The machine to be fitted, with seeds where it has none."""
        if self.estimator is None:
            return self._template("estimator")
        machine, seeds = clone(self.estimator), {}
        if self.random_state is None:
            return machine
        generator = check_random_state(self.random_state)
        for name, value in sorted(machine.get_params().items()):
            if name == "random_state" or name.endswith("__random_state"):
                seed = generator.randint(_MOST_SEEDS)  # drawn anyway, for the others
                seeds |= {name: seed} if value is None else {}
        return machine.set_params(**seeds)

    def _learnt(self, X):
        """The features of which `fit` knew something."""
        return X if self._is_known.all() else X[:, self._is_known]

    def _with_gaps(self, X, reset):
        """Rows of numbers, with NaN for what is missing."""
        marked = _is_number(self.missing_values)
        X = validate_data(
            self,
            as_numbers(X, "X"),
            ensure_all_finite=True if marked else "allow-nan",
            dtype="numeric",
            reset=reset,
        )
        missing = X == self.missing_values if marked else np.zeros(1, bool)
        return np.where(missing, np.nan, X) if missing.any() else X

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = not _is_number(self.missing_values)
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _is_number(marker):
    """Whether a number stands for what is missing, not NaN, None or NA."""
    return isinstance(marker, Real) and marker == marker
