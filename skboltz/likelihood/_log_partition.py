"""What every way to find log Z returns."""

from typing import NamedTuple


class LogPartition(NamedTuple):
    """log Z, and how far it can be trusted.

    Attributes
    ----------
    value : float
        log Z in nats.
    standard_error : float
        In nats; 0 for an exact value.
    method : str
        "exact" for an enumeration.

    Examples
    --------
    >>> from skboltz.likelihood import LogPartition
    >>> LogPartition(value=1.5, standard_error=0.0, method="exact").value
    1.5
    """

    value: float
    standard_error: float
    method: str
