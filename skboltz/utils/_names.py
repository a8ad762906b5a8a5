"""The names by which users know estimators."""


def known_as(estimator):
    """The name of the class of an estimator, of an internal one that of its public kin.

    Examples
    --------
    >>> from skboltz import BernoulliRBM
    >>> from skboltz.utils import known_as
    >>> known_as(BernoulliRBM())
    'BernoulliRBM'
    """
    return getattr(estimator, "_known_as", type(estimator).__name__)
