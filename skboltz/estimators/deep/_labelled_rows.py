"""Rows with labels, and what they weigh."""

from numbers import Real
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import entropy
from sklearn.model_selection import train_test_split
from sklearn.utils.class_weight import compute_class_weight

from ..shared._labels import class_codes
from ..shared._validation import float_type


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

    def spread(self, most):
        """At most so many of the rows that weigh anything, from all over."""
        weight = self.tuned_weight
        numbers = np.arange(len(self.codes)) if weight is None else weight.nonzero()[0]
        return self.part(numbers[:: -(-len(numbers) // most)])

    def entropy(self):
        """-sum p log p of the shares of the classes; nats."""
        totals = np.bincount(self.codes, self.tuned_weight)
        return float(entropy(totals))

    def check_weight(self, message):
        """Refuse rows that all weigh nothing."""
        if self.tuned_weight is not None and not self.tuned_weight.any():
            raise ValueError(message)


def labelled_rows(X, y, classes, weight, class_weight):
    """Rows with the numbers of their classes, and the weights of these counted in."""
    codes, tuned = class_codes(classes, y), weight
    if class_weight is not None:
        tuned = _of_classes(class_weight, classes, y, codes, weight)
        tuned = (tuned * (1 if weight is None else weight)).astype(float_type(X))
    rows = LabelledRows(X, y, codes, weight, tuned)
    rows.check_weight("sample_weight and class_weight leave no row any weight.")
    return rows


def _of_classes(class_weight, classes, y, codes, weight):
    """What each row weighs for its class, of which y need not have every one."""
    if class_weight == "balanced":
        return _balanced(codes, weight)
    values = class_weight.values()
    if not all(isinstance(x, Real) and 0 <= x < np.inf for x in values):
        raise ValueError(
            f"class_weight must have finite numbers >= 0, found {class_weight!r}."
        )
    return compute_class_weight(class_weight, classes=classes, y=y)[codes]


def _balanced(codes, weight):
    """The factor that gives every class the same total weight, and keeps their sum."""
    totals = np.bincount(codes, weight)
    present = totals > 0
    return totals.sum() / present.sum() / np.where(present, totals, np.inf)[codes]


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
        # Of a class of one row nothing can be held out, whatever the fraction.
        sizes = np.bincount(rows.codes)
        other = "" if 1 in sizes else ", or another fraction"
        raise ValueError(
            f"early_stopping=True holds out validation_fraction={fraction} of every "
            f"class, for which there are too few rows ({error}). Set "
            f"early_stopping=False{other}."
        ) from error
    parts = rows.part(train), rows.part(held_out)
    for part, which in zip(parts, ("left to learn from", "held out"), strict=True):
        part.check_weight(
            f"early_stopping=True holds out validation_fraction={fraction} of every "
            f"class, and all rows {which} have sample_weight 0. Leave such rows out."
        )
    return parts
