"""What the callbacks of this package share."""

from typing import ClassVar

from sklearn.utils import check_array

from .._sklearn import validate_parameter_constraints
from ..utils import as_numbers, has_missing, known_as, warn


class EpochCallback:
    """A callback that acts after every epoch of an estimator of this package.

    It follows scikit-learn's protocol of fit callbacks, so that it can be set by
    `estimator.set_callbacks`.  A subclass has `on_epoch_end`, which may return True
    to stop the training, and says by `_parameter_constraints` what it takes.

    Examples
    --------
    >>> import numpy as np
    >>> from skboltz import BernoulliRBM
    >>> from skboltz.callbacks import EpochCallback
    >>> class FirstWeight(EpochCallback):
    ...     def on_epoch_end(self, model, X):
    ...         self.weight = model.components_[0, 0]
    ...         return model.n_iter_ == 2
    >>> rbm = BernoulliRBM(2, n_iter=9).set_callbacks(FirstWeight()).fit(np.eye(3))
    >>> rbm.n_iter_
    2
    """

    _parameter_constraints: ClassVar = {}

    def setup(self, estimator, context):
        """A fit begins."""
        self._n_epochs, self._idle = 0, False
        chosen = {name: getattr(self, name) for name in self._parameter_constraints}
        validate_parameter_constraints(
            self._parameter_constraints, chosen, type(self).__name__
        )
        self._idle = True

    def teardown(self, estimator, context):
        """A fit has ended, one way or another."""
        if self._idle and getattr(estimator, "n_iter", 1):
            warn(
                f"{type(self).__name__} saw no epoch of {known_as(estimator)}. "
                f"{_way_to_epochs(estimator)}",
                UserWarning,
            )

    def on_fit_task_begin(self, estimator, context, *, X=None):
        """A task begins; the data of the first epoch can be compared."""
        if context.task_name == "epoch" and self._idle:
            self._idle = False
            self.check_model(estimator)
            self.check_rows(X)

    def check_model(self, model):
        """Refuse a model that cannot be asked for what is wanted of it."""

    def check_rows(self, X):
        """Refuse rows to validate on that do not fit the training rows."""

    def on_fit_task_end(self, estimator, context, *, X=None, fitted_estimator=None):
        """A task has ended; those named "epoch" count."""
        if context.task_name != "epoch":
            return False
        self._n_epochs += 1
        return bool(self.on_epoch_end(fitted_estimator, X))


def _way_to_epochs(estimator):
    """Where an estimator without epochs has some."""
    estimator = getattr(estimator, "estimator_", estimator)
    if hasattr(estimator, "layers_"):
        return (
            "Its layers have epochs: set the callback on the first machine of a list "
            '`layers`, or take a `fine_tuning` other than "none".'
        )
    if hasattr(estimator, "method"):
        return (
            f'method="{estimator.method}" solves for all rows at once; take one that '
            f'learns in epochs, such as "pcd".'
        )
    return (
        "Set it on the estimator of skboltz inside that has epochs, such as the "
        "`estimator` of an EnergyImputer."
    )


def check_has(model, methods, name, value, others=()):
    """Refuse a score, the value of a parameter, that a model does not have.

    `methods` are those behind every score, `others` what could be given in their place.
    """
    if hasattr(model, methods[value]):
        return
    kind = known_as(model)
    offered = [repr(score) for score in methods if hasattr(model, methods[score])]
    remedies = [f"take {' or '.join([*offered, *others])}"] * bool(offered or others)
    if hasattr(model, "layers_"):
        remedies.append("set the callback on the first machine of a list `layers`")
    if hasattr(model, "estimator_"):
        remedies.append("set the callback on `estimator`")
    raise ValueError(
        f"{name} is {value!r}, but {kind} has no {methods[value]}(). Instead, "
        f"{', or '.join(remedies)}."
    )


def check_validation(X_validation, X):
    """Rows to validate on, refused if the model could not be asked about them."""
    rows = check_array(
        as_numbers(X_validation, "X_validation"),
        accept_sparse=True,
        ensure_all_finite="allow-nan",
        ensure_min_samples=0,
        input_name="X_validation",
    )
    if not rows.shape[0] or rows.shape[1] != X.shape[1]:
        raise ValueError(
            f"X_validation has the shape {rows.shape}; it needs at least one row, and "
            f"{X.shape[1]} features as X has. The X of a machine that learns with "
            f"labels has a column for each class after the features."
        )
    return rows


def check_complete(X, name, score, instead):
    """Refuse gaps before an epoch is spent on a score that takes none."""
    if has_missing(X):
        raise ValueError(
            f"{name} contains NaN, which {score!r} does not take. Fill the gaps "
            f"first, or choose {instead}."
        )
