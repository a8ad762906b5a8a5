"""Labels of rows: which classes there are, their numbers and codes, and predictions."""

import numpy as np
from scipy import sparse
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets, unique_labels

from ...utils import known_as
from ._validation import check_data


def check_labelled(estimator, X, y, reset, complete_for=None):
    """Rows by :func:`check_data`, and the labels of classes that they need."""
    if y is None:
        raise ValueError(
            f"{known_as(estimator)} requires y to be passed, but the target y is None."
        )
    X, y = check_data(estimator, X, reset=reset, complete_for=complete_for, y=y)
    check_classification_targets(y)
    return X, y


# Classes ------------------------------------------------------------------------------


def check_classes(classes, before):
    """The sorted labels of a call of partial_fit, which stay those of the first."""
    if classes is None:
        if before is None:
            raise ValueError("classes must be given in the first call of partial_fit.")
        return before
    classes = unique_labels(classes)
    if before is not None and not np.array_equal(classes, before):
        raise ValueError(
            f"classes is {classes.tolist()}, but was {before.tolist()} before; it "
            f"stays the same until fit begins anew."
        )
    return classes


def given_classes(classes):
    """Labels in order, each of them once, of a classifier of given weights."""
    found = np.asarray(classes)
    good = found.ndim == 1 and len(found) > 1
    if not good or not np.array_equal(np.unique(found), found):
        raise ValueError(
            f"classes must be at least two different labels in order, found "
            f"{classes!r}; pass np.unique of the labels."
        )
    return found


def class_codes(classes, y):
    """The number of each label among the classes.

    Examples
    --------
    >>> import numpy as np
    >>> from skboltz.estimators.shared._labels import class_codes
    >>> class_codes(np.array(["ham", "spam"]), np.array(["spam", "ham"]))
    array([1, 0])
    """
    try:
        codes = np.searchsorted(classes, y).clip(max=len(classes) - 1)
    except TypeError as error:  # of objects
        raise ValueError(
            f"y has labels that cannot be compared with the classes "
            f"{classes.tolist()}: {error}."
        ) from error
    new = classes[codes] != y
    if new.any():
        raise ValueError(
            f"y has the label {y[new].tolist()[0]!r}, which is not among the classes "
            f"{classes.tolist()}; fit, or the first partial_fit, must be told of all."
        )
    return codes


# Classes as units ---------------------------------------------------------------------


def one_hot(codes, n_classes, dtype, low=0, high=1):
    """Rows with a unit for each class, of which that of the code is high.

    Examples
    --------
    >>> import numpy as np
    >>> from skboltz.estimators.shared._labels import one_hot
    >>> one_hot(np.array([2, 0]), 3, np.int8, low=-1)
    array([[-1, -1,  1],
           [ 1, -1, -1]], dtype=int8)
    """
    rows = np.full((len(codes), n_classes), low, dtype)
    rows[np.arange(len(codes)), codes] = high
    return rows


def joined(X, codes):
    """Rows and the units of their classes side by side, sparse if X is.

    In the type of X, or in that of the codes where these alone are floats.
    """
    if X.dtype.kind == "f":
        codes = codes.astype(X.dtype, copy=False)
    elif codes.dtype.kind == "f":
        X = X.astype(codes.dtype)
    if sparse.issparse(X):
        return sparse.hstack([X, sparse.csr_array(codes)], format="csr")
    return np.hstack([X, codes])


# Predictions --------------------------------------------------------------------------


def logs(proba):
    """The logarithms of probabilities, -inf where these are 0."""
    with np.errstate(divide="ignore"):
        return np.log(proba)


class Predictions(ClassifierMixin):
    """The likeliest class of every row, by the `predict_log_proba` of a classifier."""

    def predict(self, X):
        """The most probable class of every row.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        best = self.predict_log_proba(X).argmax(axis=1)
        return self.classes_[best]

    def score(self, X, y, sample_weight=None):
        """Share of the rows whose class is predicted.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        float
        """
        return super().score(X, y, sample_weight)
