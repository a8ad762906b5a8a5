"""What every way to find log Z returns."""

import math
from typing import NamedTuple


class LogPartition(NamedTuple):
    """log Z, and how far it can be trusted.

    Attributes
    ----------
    value : float
        log Z in nats.
    standard_error : float
        In nats; 0 for an exact value, infinite where the value is only a bound.
    method : str
        "exact" for an enumeration, "ais", "reverse_ais" or "bridge" for an estimate.
    effective_sample_size : float
        How many chains of equal weights would be worth those that made the estimate;
        infinite for an exact value.
    forward, reverse : float
        The estimates from chains led from independent units to the model (which tend
        to fall short) and from the model to independent units (which tend to exceed
        log Z); NaN where a direction was not run.
    gap_error : float
        Standard error of reverse - forward.

    Examples
    --------
    >>> from skboltz.likelihood import LogPartition
    >>> LogPartition(value=1.5, standard_error=0.0, method="exact").interval()
    (1.5, 1.5)
    """

    value: float
    standard_error: float
    method: str
    effective_sample_size: float = math.inf
    forward: float = math.nan
    reverse: float = math.nan
    gap_error: float = math.nan

    def interval(self):
        """Limits between which log Z lies with 95 % confidence: value +- 1.96 s.e.

        Where the value is a bound, it is the lower limit, and there is no upper one.
        """
        if math.isinf(self.standard_error):
            return self.value, math.inf
        margin = 1.96 * self.standard_error
        return self.value - margin, self.value + margin

    def shifted(self, by):
        """The same of a Z that is exp(by) times as large."""
        return self._replace(
            value=self.value + by, forward=self.forward + by, reverse=self.reverse + by
        )

    def upper(self):
        """The largest of the estimates: likelihoods by it are the lowest of all."""
        estimates = (self.value, self.forward, self.reverse)
        return max(value for value in estimates if not math.isnan(value))
