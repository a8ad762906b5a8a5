"""Refusal of parameters of parts that are no estimators."""

from numbers import Integral


def require(fulfilled, name, what, found):
    """A ValueError that names the parameter unless it is as it must be."""
    if not fulfilled:
        raise ValueError(f"{name} must be {what}, found {found!r}.")


def require_count(name, found, least):
    """A ValueError unless a parameter is an integer of at least so many."""
    good = isinstance(found, Integral) and found >= least
    require(good, name, f"an integer of at least {least}", found)
