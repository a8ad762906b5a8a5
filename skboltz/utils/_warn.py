"""Warnings that point at whoever called the package."""

import sys
import warnings

# The package, what calls it for others, and what stands between its own functions.
_INSIDE = ("skboltz", "sklearn", "joblib", "functools", "contextlib")


def warn(message, category):
    """Warn at the first line that is not of the package, nor of what calls it.

    However deep the call is, nobody has to count frames.  A thread in which there is
    no such line is warned of where it began.
    """
    frame, level = sys._getframe(1), 1
    while frame.f_back is not None and _is_inside(frame):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level + 1)


def _is_inside(frame):
    name = frame.f_globals.get("__name__")  # exec may have been given anything
    return str(name).partition(".")[0] in _INSIDE
