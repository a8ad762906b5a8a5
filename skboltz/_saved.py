"""What is saved says which version has saved it, before anything else is loaded."""

import pickle
import sys

from sklearn.base import BaseEstimator

from ._version import __version__

# One more whenever fitted estimators hold other private attributes than before, or
# these are of other classes.
FORMAT = 2
_MARK = "_skboltz_saved"
_REMEDY = (
    "Load it with the version that has saved it, and fit it again here; or keep its "
    "weights there as arrays, and pass them to from_params here."
)


class Estimator(BaseEstimator):
    """scikit-learn's estimator, which is loaded by versions that understand it alone.

    A file begins with the number of its format, so that no other class has to be
    there for an error to say what is wrong.
    """

    def __reduce__(self):
        return _empty, (_Format(), type(self)), self.__getstate__()

    def __getstate__(self):
        return {**super().__getstate__(), _MARK: (FORMAT, __version__)}

    def __setstate__(self, state):
        state = dict(state)
        check_format(*state.pop(_MARK, (None, None)))
        super().__setstate__(state)


class _Format:
    """The first thing in a file: loading it is to check it."""

    def __reduce__(self):
        return check_format, (FORMAT, __version__)


def check_format(found, version):
    """Refuse what another format has; its version is None if it did not say."""
    if found != FORMAT:
        by = "a version that did not say its number" if version is None else version
        raise pickle.UnpicklingError(
            f"This estimator was saved by another skboltz ({by}) whose estimators hold "
            f"other attributes than those of {__version__}. {_REMEDY}"
        )


class _Moved:
    """The last to be asked for a module: what had estimators once says what to do.

    Files of before the formats name these modules first, and pickle imports them
    before anything of this version could refuse the file.
    """

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.startswith("skboltz.estimators._"):
            raise ModuleNotFoundError(
                f"No module named {name!r} in skboltz {__version__}. If a saved "
                f"estimator asks for it, an earlier version has saved it. {_REMEDY}",
                name=name,
            )


sys.meta_path.append(_Moved)


def _empty(format, cls):
    """An estimator still without attributes, of a format that has been checked."""
    return cls.__new__(cls)
