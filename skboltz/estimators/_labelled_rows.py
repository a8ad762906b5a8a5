"""Rows with labels, and what they weigh."""

from typing import Any, NamedTuple

import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.utils.class_weight import compute_sample_weight

from ._validation import float_type


class LabelledRows(NamedTuple):
    """Rows, their labels, and what they weigh.

    Attributes
    ----------
    X : array or sparse matrix
    y : ndarray
    codes : ndarray of int
        Numbers of the classes.
    weight, tuned_weight : ndarray or None
        As given, and times the weight of the class.
    """

    X: Any
    y: np.ndarray
    codes: np.ndarray
    weight: np.ndarray | None
    tuned_weight: np.ndarray | None

    def part(self, numbers):
        """Some of the rows."""
        arrays = (None if a is None else a[numbers] for a in self)
        return LabelledRows(*arrays)


def labelled_rows(X, y, classes, weight, class_weight):
    """Rows with the numbers of their classes, and the weights of these counted in."""
    codes, tuned = class_codes(classes, y), weight
    if class_weight is not None:
        tuned = compute_sample_weight(class_weight, y)
        tuned = (tuned * (1 if weight is None else weight)).astype(float_type(X))
    return LabelledRows(X, y, codes, weight, tuned)


def class_codes(classes, y):
    """The number of each label among the classes.

    Examples
    --------
    >>> import numpy as np
    >>> from skboltz.estimators._labelled_rows import class_codes
    >>> class_codes(np.array(["ham", "spam"]), np.array(["spam", "ham"]))
    array([1, 0])
    """
    codes = np.searchsorted(classes, y).clip(max=len(classes) - 1)
    new = classes[codes] != y
    if new.any():
        raise ValueError(
            f"y has the label {y[new][0]!r}, which is not among the classes "
            f"{list(classes)}; name all of them in the first call."
        )
    return codes


def split(rows, fraction, generator):
    """Rows to learn from, and a fraction of every class to stop by."""
    try:
        train, held_out = train_test_split(
            np.arange(len(rows.codes)),
            test_size=fraction,
            stratify=rows.codes,
            random_state=generator,
        )
    except ValueError as error:
        raise ValueError(
            f"early_stopping=True holds out validation_fraction={fraction} of every "
            f"class, for which there are too few rows ({error}). Set "
            f"early_stopping=False, or another fraction."
        ) from error
    return rows.part(train), rows.part(held_out)
