"""Refusal of parameters of parts that are no estimators."""


def require(fulfilled, name, what, found):
    """A ValueError that names the parameter unless it is as it must be."""
    if not fulfilled:
        raise ValueError(f"{name} must be {what}, found {found!r}.")
