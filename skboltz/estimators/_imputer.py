"""A transformer that fills in missing values by an energy-based model."""

from typing import ClassVar

from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin, clone
from sklearn.utils.validation import check_is_fitted, validate_data

from .._sklearn import StrOptions, fit_context
from ..utils import as_numbers
from ._nested import NestedParams
from ._rbm import BernoulliRBM


class EnergyImputer(
    NestedParams, OneToOneFeatureMixin, TransformerMixin, BaseEstimator
):
    """Missing values filled in by a Boltzmann machine that learns from what is known.

    It stands where :class:`sklearn.impute.SimpleImputer` or
    :class:`sklearn.impute.KNNImputer` would, and gives for each missing value its
    expectation given all known ones of the row, E[v_i | v_known].

    Parameters
    ----------
    estimator : estimator, default=None
        With `fit` for data with NaN, and `impute`; None means a `BernoulliRBM` with
        its defaults and the `random_state` given here, for binary features; real ones
        need a :class:`GaussianBernoulliRBM`.  A good one takes more: about
        as many hidden units as features, a hundred chains, and a learning rate that
        falls over some hundred epochs (benchmarks/figure_imputation.py).
    strategy : {"mean", "mode", "sample"}, default="mean"
        What to fill in, see :meth:`BernoulliRBM.impute`.
    random_state : int, RandomState instance or None, default=None
        For the strategy "sample", and for the default estimator; one passed as
        `estimator` has its own.

    Attributes
    ----------
    estimator_ : estimator
        Fitted to what is known of X.
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of features seen in `fit`, if they are strings.

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
        "random_state": ["random_state"],
    }

    def __init__(self, estimator=None, *, strategy="mean", random_state=None):
        self.estimator = estimator
        self.strategy = strategy
        self.random_state = random_state

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None, sample_weight=None):
        """Learn from what is known of X.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            NaN where a value is missing.
        y : ignored
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        self
        """
        X = self._checked(X, reset=True)
        inside = self.estimator
        estimator = self._template("estimator") if inside is None else clone(inside)
        self.estimator_ = estimator.fit(X, sample_weight=sample_weight)
        return self

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
        ndarray of shape (n_samples, n_features)
        """
        check_is_fitted(self)
        X = self._checked(X, reset=False)
        return self.estimator_.impute(
            X, strategy=self.strategy, random_state=self.random_state
        )

    def _checked(self, X, reset):
        """Rows of numbers and NaN."""
        return validate_data(
            self,
            as_numbers(X, "X"),
            ensure_all_finite="allow-nan",
            dtype="numeric",
            reset=reset,
        )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
