"""What every associative memory answers, whatever its energy."""

import numpy as np
from sklearn.base import OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.metaestimators import available_if

from ..._saved import Estimator
from ..shared._labels import logs
from ..shared._nested import NestedParams


def has_labels(memory):
    """Whether a memory was fitted with labels; one to be fitted may be yet."""
    if getattr(memory, "labels_", memory) is None:
        raise AttributeError(f"{type(memory).__name__} was fitted without labels y.")
    return True


class AssociativeMemory(
    NestedParams, OneToOneFeatureMixin, TransformerMixin, Estimator
):
    """A transformer from cues to memories, with an `energy` and a `predict`."""

    @property
    def classes_(self):
        """The different labels, if there are any."""
        has_labels(self)
        return np.unique(self.labels_)

    def familiarity(self, X):
        """Minus the energy of each row: the larger, the more like the memories.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Without NaN.

        Returns
        -------
        ndarray of shape (n_samples,), float64
        """
        return -self.energy(X)

    @available_if(has_labels)
    def predict_log_proba(self, X):
        """log of :meth:`predict_proba`; only if y was given to `fit`.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            In the order of `classes_`; -inf where the share is 0.
        """
        return logs(self.predict_proba(X))

    @available_if(has_labels)
    def score(self, X, y, sample_weight=None):
        """Share of rows whose predicted label is right; only if y was given to `fit`.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        float
        """
        right = self.predict(X) == np.asarray(y)
        return float(np.average(right, weights=sample_weight))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
