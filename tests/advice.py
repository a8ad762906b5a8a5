"""Advice of errors and warnings, and what comes of following it."""

import re
import warnings
from typing import NamedTuple


class Advice(NamedTuple):
    """A situation, what is said in it, and what comes of doing so.

    Attributes
    ----------
    situation : callable
        Raises or warns.
    says : str
        A pattern of the words that are the advice.
    action : callable
        Does what they say.
    right : callable, default=None
        Whether its result is right; None asks only that the same is not said again.
    """

    situation: callable
    says: str
    action: callable
    right: callable = None


ERRORS = ValueError, AttributeError, TypeError, ArithmeticError, ImportError


def said(situation):
    """The text of the error and of its cause, or of all warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            situation()
        except ERRORS as error:
            return f"{error}\n{error.__cause__}"
    return "\n".join(str(warning.message) for warning in caught)


def follow(advice):
    """Assert that what is said is the advice, and that following it leads aright."""
    text = said(advice.situation)
    assert re.search(advice.says, text), text
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = advice.action()
    assert not [w for w in caught if re.search(advice.says, str(w.message))]
    assert advice.right is None or advice.right(result)
