"""Stored patterns with their labels and weights."""

from typing import NamedTuple

import numpy as np
from sklearn.utils import check_consistent_length, column_or_1d
from sklearn.utils.validation import validate_data

from ..._sklearn import check_sample_weight
from ...learning import Hebb
from ...sampling import recall, spin_network
from ...utils import as_numbers
from ..shared._labels import one_hot
from ..shared._validation import known_rows
from . import _patterns


class Memories(NamedTuple):
    """Patterns as spins, with what is known of each.

    Attributes
    ----------
    spins : ndarray of shape (n_memories, n_features), int8
        0 where a value is missing.
    labels : ndarray of shape (n_memories,) or None
    weight : ndarray of shape (n_memories,)
    """

    spins: np.ndarray
    labels: np.ndarray | None
    weight: np.ndarray

    @classmethod
    def of(cls, estimator, X, y, sample_weight):
        """Memories of checked rows; without those of weight 0 or of NaN alone."""
        weight = check_sample_weight(
            sample_weight, X, dtype=np.float64, ensure_non_negative=True
        )
        X, y, weight = known_rows(X, labels_of(X, y), weight)
        if not weight.any():
            raise ValueError("sample_weight is zero for every row with a known value.")
        _patterns.warn_other_values(estimator, X, estimator.values_)
        return cls(_patterns.to_spins(X, estimator.values_), y, weight)._kept(
            weight > 0
        )

    def check_features(self):
        """Refuse units of which no memory knows the value: it would be made up."""
        unknown = np.flatnonzero(~self.spins.any(axis=0))
        if len(unknown):
            raise ValueError(
                f"X has no value at all in {len(unknown)} features, the first being "
                f"feature {unknown[0]}; drop them."
            )

    def joined(self, new):
        """These memories and new ones after them."""
        labels = joined_labels(self.labels, new.labels)
        spins = np.concatenate([self.spins, new.spins])
        return Memories(spins, labels, np.concatenate([self.weight, new.weight]))

    def completed(self):
        """Spins whose missing ones are what Hebb's couplings of the known ones ask."""
        if self.spins.all():
            return self.spins
        known, n = self.spins.astype(float), self.spins.shape[1]
        coupling, *_ = Hebb().learn(known, self.weight, np.zeros(n, bool), None)
        return recall.complete(spin_network(coupling, np.zeros(n)), self.spins)

    def as_published(self, spins, labels):
        """These memories with the spins and labels that an estimator shows by now.

        What was missing stays missing where it is as it was completed.
        """
        if spins.shape != self.spins.shape:
            raise ValueError(
                f"memories_ has the shape {spins.shape}, but {self.spins.shape} when "
                f"it was stored: store other memories by fit, add some by "
                f"partial_fit, or remove some by forget."
            )
        spins = np.where(spins == self.completed(), self.spins, spins)
        return self._replace(spins=spins, labels=labels)

    def without(self, gone):
        """These memories but those marked."""
        if gone.all():
            raise ValueError("No memory would be left; make a new estimator instead.")
        return self._kept(~gone)

    def _kept(self, keep):
        labels = None if self.labels is None else self.labels[keep]
        return Memories(self.spins[keep], labels, self.weight[keep])


def labels_of(X, y):
    """The label of each row, if there are labels."""
    if y is None:
        return None
    check_consistent_length(X, y)
    return column_or_1d(y)


def joined_labels(old, new):
    """Labels of the memories before, and of new ones."""
    if (old is None) != (new is None):
        raise ValueError(
            f"y must be given for all memories or for none: those stored before have "
            f"{'no ' if old is None else ''}labels."
        )
    return None if old is None else np.concatenate([old, new])


def marked(spins, rows):
    """Which spins equal one of some rows; every row must equal one."""
    equal = rows.astype(np.float32) @ spins.T.astype(np.float32) == rows.shape[1]
    unknown = np.flatnonzero(~equal.any(axis=1))
    if len(unknown):
        raise ValueError(
            f"X has {len(unknown)} rows that are not stored, the first being row "
            f"{unknown[0]}; only memories can be forgotten."
        )
    return equal.any(axis=0)


def votes(overlap, labels, weight):
    """Total weight of the nearest memories of each class, for every row of overlaps."""
    classes, number = np.unique(labels, return_inverse=True)
    nearest = overlap == overlap.max(axis=1, keepdims=True)
    codes = one_hot(number, len(classes), np.float64)
    return nearest @ (codes * weight[:, None])


def check_rows(estimator, X, reset=False):
    """Rows of any type, finite or NaN."""
    return validate_data(
        estimator,
        as_numbers(X, "X"),
        dtype="numeric",
        ensure_all_finite="allow-nan",
        reset=reset,
    )


def check_cues(estimator, X):
    """Rows to recall, and their spins with 0 for NaN."""
    X = check_rows(estimator, X)
    _patterns.warn_other_values(estimator, X, estimator.values_)
    return X, _patterns.to_spins(X, estimator.values_)
