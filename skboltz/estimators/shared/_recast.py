"""The same estimator as another class, to be fitted."""

from copy import copy

# What scikit-learn keeps beside the parameters, and gives to a clone as well.
_BESIDE = ("_skl_callbacks", "_sklearn_output_config", "_metadata_request")


def recast(estimator, kind):
    """An unfitted estimator of a class `kind` of the same parameters.

    Callbacks watch it too.
    """
    other = kind(**estimator.get_params(deep=False))
    for name in _BESIDE:
        if name in vars(estimator):
            setattr(other, name, copy(getattr(estimator, name)))
    return other
