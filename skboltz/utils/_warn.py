"""Warnings that point at whoever called the package."""

import sys
import warnings

_INSIDE = ("skboltz", "sklearn", "joblib")  # calls of the package, and around them


def warn(message, category):
    """Warn at the first line that is not of the package, nor of what calls it.

    However deep the call is, nobody has to count frames.
    """
    frame, level = sys._getframe(1), 1
    while frame.f_back is not None and _is_inside(frame):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level + 1)


def _is_inside(frame):
    return frame.f_globals.get("__name__", "").partition(".")[0] in _INSIDE
