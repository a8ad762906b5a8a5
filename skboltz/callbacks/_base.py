"""What the callbacks of this package share."""


class EpochCallback:
    """A callback that acts after every epoch of an estimator of this package.

    It follows scikit-learn's protocol of fit callbacks, so that it can be set by
    `estimator.set_callbacks`.  A subclass has `on_epoch_end`, which may return True
    to stop the training.
    """

    def setup(self, estimator, context):
        """A fit begins."""

    def teardown(self, estimator, context):
        """A fit has ended, one way or another."""

    def on_fit_task_begin(self, estimator, context):
        """A task begins: nothing to do."""

    def on_fit_task_end(self, estimator, context, *, X=None, fitted_estimator=None):
        """A task has ended; those named "epoch" count."""
        if context.task_name != "epoch":
            return False
        return bool(self.on_epoch_end(fitted_estimator, X))
