"""Settings of the package: which kernels run."""

import os
import threading
from contextlib import contextmanager

KERNELS = ("auto", "numpy", "numba")

_local = threading.local()


def get_config():
    """The settings in force in this thread.

    Returns
    -------
    dict
        With the key "kernels".

    Examples
    --------
    >>> from skboltz import config_context, get_config
    >>> with config_context(kernels="numpy"):
    ...     get_config()
    {'kernels': 'numpy'}
    """
    return {"kernels": chosen_kernels()}


def chosen_kernels():
    """The setting "kernels" in force in this thread."""
    return getattr(_local, "kernels", None) or _default_kernels()


def set_config(kernels=None):
    """Choose the kernels of this thread.

    Parameters
    ----------
    kernels : {"auto", "numpy", "numba"}, default=None
        "auto" takes Numba if it is installed. Both twins return the same bits.
        None changes nothing. Where a thread has chosen nothing, the environment
        variable SKBOLTZ_KERNELS decides. New threads and the worker processes of
        joblib inherit only that variable, not the choice.

    Raises
    ------
    ValueError
        If `kernels` is none of these.

    Examples
    --------
    >>> from skboltz import set_config
    >>> set_config(kernels="auto")
    """
    if kernels is not None:
        _local.kernels = _checked(kernels, "kernels")


@contextmanager
def config_context(*, kernels=None):
    """Choose the kernels within a `with` block.

    Parameters
    ----------
    kernels : {"auto", "numpy", "numba"}, default=None
        As in :func:`set_config`.

    Examples
    --------
    >>> from skboltz import config_context
    >>> with config_context(kernels="numpy"):
    ...     pass  # fit and sample here
    """
    before = getattr(_local, "kernels", None)
    set_config(kernels)
    try:
        yield
    finally:
        _local.kernels = before


def _default_kernels():
    value = os.environ.get("SKBOLTZ_KERNELS", "auto")
    return _checked(value, "The environment variable SKBOLTZ_KERNELS")


def _checked(value, name):
    if value not in KERNELS:
        raise ValueError(
            f"{name} must be one of {', '.join(map(repr, KERNELS))}; found {value!r}."
        )
    return value
