"""Methods that an estimator has only with some parameters."""

from sklearn.utils.metaestimators import available_if


def offered_if(check, *names):
    """A decorator of classes: these methods are there only where a check holds.

    It works after scikit-learn has wrapped `transform` for `set_output`, where
    `available_if` on the method itself would be lost.

    Parameters
    ----------
    check : callable
        Of the estimator; false, or an AttributeError that says why not.
    *names : str
    """

    def decorate(cls):
        for name in names:
            setattr(cls, name, available_if(check)(getattr(cls, name)))
        return cls

    return decorate
