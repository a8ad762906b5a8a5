"""Epochs of an estimator inside another, told to the callbacks of the other."""

from ._epochs import begin, end


def fit_inside(outer, rows, weight, X, y=None):
    """Fit the `estimator_` of another to some rows; callbacks of both see its epochs.

    It may be of a kind that has no callbacks: then those of the other see no epoch.

    Parameters
    ----------
    outer : estimator
        With :class:`sklearn.callback.CallbackSupportMixin`.
    rows, weight : array-like
        What the one inside learns from.
    X, y : array-like
        What `outer` is fitted to.
    """
    inner = outer.estimator_
    n_epochs = getattr(inner, "n_iter", None)
    context = outer._init_callback_context(max_subtasks=n_epochs)
    context.call_on_fit_task_begin(estimator=outer, X=X, y=y)
    own = vars(inner).get("_skl_callbacks", [])
    tells = hasattr(outer, "_skl_callbacks") and hasattr(inner, "set_callbacks")
    if tells:
        inner.set_callbacks(*own, Told(outer, context, X, y))
    try:
        inner.fit(rows, None, sample_weight=weight)
    finally:
        if tells:
            inner.set_callbacks(*own)
    context.call_on_fit_task_end(estimator=outer, X=X, y=y)


class Told:
    """A callback of the one inside, for whose epochs the other has tasks as well.

    Parameters
    ----------
    outer : estimator
        Whose callbacks are told; its `estimator_` is the one inside.
    context : CallbackContext
        Of the fit of `outer`.
    X, y : array-like
        What `outer` is fitted to.
    """

    def __init__(self, outer, context, X, y):
        self.outer, self.context = outer, context
        self.X, self.y = X, y

    def setup(self, estimator, context):
        """A fit begins."""

    def teardown(self, estimator, context):
        """A fit has ended."""

    def on_fit_task_begin(self, estimator, context):
        """A task of the one inside begins."""
        if context.task_name == "epoch":
            self.task = begin(self.context, self.outer, self.X, self.y)

    def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
        """It has ended; whether a callback of the other asks to stop."""
        if context.task_name != "epoch":
            return False
        inside = {"estimator_": fitted_estimator}
        return end(self.task, self.outer, self.X, self.y, inside)
