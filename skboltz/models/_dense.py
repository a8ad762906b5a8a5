"""Dense associative memories: what the overlap with a memory is worth.

Two kinds of memory.  Of spins (Krotov & Hopfield 2016): memories xi and states s of -1
and +1, E(s) = -sum_mu F(xi^mu . s), by one of several F.  Of real patterns (Ramsauer et
al. 2020): E(x) = -log-sum-exp of the similarities of x and the patterns + 1/2 x'x.
"""

from dataclasses import dataclass, field
from numbers import Real
from typing import NamedTuple

import numpy as np
from scipy.special import log_softmax, logsumexp, softmax

from ..utils import blocks, require, require_count, row_mean

_MOST_BITS = 1022  # of a power that a float holds
# The square of a mean against that of the spread, from which on it is subtracted: below
# it no more than a digit is lost, and zeros stay zeros.
_FAR = 16


class Differences(NamedTuple):
    """D(x) = F(x + 1) - F(x - 1) for all overlaps x without one unit.

    Attributes
    ----------
    values : ndarray of float64
    origin : int
        Where in `values` D(0) stands.
    anchor : int
        1 if x is counted from the largest overlap, else 0.
    """

    values: np.ndarray
    origin: int
    anchor: int


@dataclass(frozen=True)
class Polynomial:
    """F(x) = x^n, of Krotov & Hopfield (2016); n = 2 is the Hopfield network.

    With an even n a pattern and its reverse are the same memory.  About N^(n-1)
    random memories of N units can be stored.

    Parameters
    ----------
    degree : int, default=3
        n, at least 1.

    Examples
    --------
    Of two memories of three units the first agrees with s everywhere, the second
    nowhere but once: overlaps 3 and -1.

    >>> import numpy as np
    >>> from skboltz.models import Polynomial
    >>> Polynomial(3).energy(np.array([3, -1]))  # -(27 - 1)
    np.float64(-26.0)
    """

    degree: int = 3

    def __post_init__(self):
        require_count("degree", self.degree, 1)

    def value(self, overlap):
        """F of overlaps, exact as long as it stays below 2^53."""
        return _power(np.asarray(overlap, dtype=np.float64), self.degree)

    def rank(self, overlap):
        """Whole numbers that rise with F, and are equal where it is."""
        return overlap if self.degree % 2 else np.abs(overlap)

    def energy(self, overlaps):
        """E = -sum_mu F(o_mu) over the last axis, the memories."""
        return -self.value(overlaps).sum(axis=-1)

    def weights(self, overlaps):
        """Share of each memory: F where it is positive, by its sum."""
        worth = np.maximum(self.value(overlaps), 0)
        total = worth.sum(axis=-1, keepdims=True)
        equal = np.full_like(worth, 1 / worth.shape[-1])
        return np.divide(worth, total, out=equal, where=total > 0)

    def differences(self, n_units):
        """The table of D for states of n_units units."""
        x = np.arange(-n_units, n_units + 1)
        return Differences(self.value(x + 1) - self.value(x - 1), n_units, anchor=0)

    def check(self, n_units, n_memories):
        """Refuse powers that no float holds."""
        # What is left is for the sum over the memories, and for a difference.
        most = (_MOST_BITS - np.log2(n_memories)) / np.log2(n_units + 1)
        if self.degree >= most:
            raise ValueError(
                f"degree={self.degree} is too large for {n_units} units: overlaps to "
                f"that power overflow. Lower it to at most {int(np.ceil(most)) - 1}, "
                f'or take interaction="exponential", which has no such limit.'
            )


@dataclass(frozen=True)
class RectifiedPolynomial(Polynomial):
    """F(x) = max(x, 0)^n, of Krotov & Hopfield (2016).

    Unlike the plain power of even degree, it tells a pattern from its reverse.

    Parameters
    ----------
    degree : int, default=3
        n, at least 1.

    Examples
    --------
    >>> import numpy as np
    >>> from skboltz.models import RectifiedPolynomial
    >>> RectifiedPolynomial(2).energy(np.array([3, -1]))
    np.float64(-9.0)
    """

    def value(self, overlap):
        """F of overlaps, exact as long as it stays below 2^53."""
        return super().value(np.maximum(overlap, 0))

    def rank(self, overlap):
        """Whole numbers that rise with F, and are equal where it is."""
        return np.maximum(overlap, 0)


@dataclass(frozen=True)
class Exponential:
    """F(x) = exp(x), of Demircigil et al. (2017): about 2^(N/2) random memories.

    Energies are given as their logarithm, since sums of exp(x) overflow:
    E = -log sum_mu exp(o_mu), which rises and falls with -sum_mu exp(o_mu).

    Examples
    --------
    >>> import numpy as np
    >>> from skboltz.models import Exponential
    >>> round(Exponential().energy(np.array([3, -1])), 4)  # -log(e^3 + 1/e)
    np.float64(-3.0181)
    """

    def value(self, overlap):
        """F of overlaps; infinite beyond 709, unlike all that is made of it here."""
        return np.exp(np.asarray(overlap, dtype=np.float64))

    def rank(self, overlap):
        """Whole numbers that rise with F, and are equal where it is."""
        return overlap

    def energy(self, overlaps):
        """E = -log sum_mu exp(o_mu) over the last axis, the memories."""
        return -logsumexp(np.asarray(overlaps, dtype=np.float64), axis=-1)

    def weights(self, overlaps):
        """Share of each memory: exp(o_mu) by its sum."""
        return softmax(np.asarray(overlaps, dtype=np.float64), axis=-1)

    def differences(self, n_units):
        """The table of D, counted from the largest overlap of each probe."""
        x = np.arange(-2 * n_units, 2)
        return Differences(self.value(x + 1) - self.value(x - 1), 2 * n_units, anchor=1)

    def check(self, n_units, n_memories):
        """Nothing overflows."""


@dataclass(frozen=True)
class Dot:
    """Similarity x_mu . x, that of Ramsauer et al. (2020) and of attention.

    A pattern much longer than others draws them to itself: give patterns equal norms,
    or take the distance.
    """

    def centre(self, patterns):
        """What is subtracted from patterns and states: nothing, scores would change."""
        return None

    def offset(self, half_squares):
        """What is added to x_mu . x, for each pattern; None for nothing."""
        return None

    def constant(self, half_squares, beta):
        """What makes the energy non-negative: ln(n) / beta + 1/2 max |x_mu|^2."""
        return np.log(len(half_squares)) / beta + half_squares.max()

    def partial(self, values, known):
        """A row whose product with `features` is the similarity over what is known."""
        return np.where(known, values, 0)

    def features(self, patterns):
        return patterns


@dataclass(frozen=True)
class Euclidean:
    """Similarity -1/2 |x_mu - x|^2: each of several distinct patterns can be found.

    As -1/2 |x_mu - x|^2 = x_mu . x - 1/2 |x_mu|^2 - 1/2 |x|^2, it is the scalar
    product with an offset for each pattern, and what depends on x alone cancels in the
    softmax.  E(x) = -1/beta log sum_mu exp(-beta/2 |x_mu - x|^2) is then -1/beta times
    the log of a sum of Gaussian kernels, and the update its mean shift.

    Far from the origin the two large terms would cancel.  Distances do not change if
    the mean of the patterns is subtracted from everything: then it is.
    """

    def centre(self, patterns):
        """What is subtracted from patterns and states; None if the origin will do.

        Returns
        -------
        ndarray of shape (n_features,) or None
            In a type that holds the patterns.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            mean = row_mean(patterns)
            length = mean @ mean
            spread = sum(np.vdot(rows, rows) for _, rows in blocks(patterns))
            far = length > _FAR * (spread / len(patterns) - length)
        if not far:
            return None
        return mean.astype(np.result_type(patterns.dtype, np.float32))

    def offset(self, half_squares):
        """What is added to x_mu . x, for each pattern."""
        return -half_squares

    def constant(self, half_squares, beta):
        """The energy is as it is."""
        return 0.0

    def partial(self, values, known):
        """A row whose product with `features` is the similarity over what is known."""
        return np.hstack([np.where(known, values, 0), known * values.dtype.type(-0.5)])

    def features(self, patterns):
        return np.hstack([patterns, patterns * patterns])


@dataclass(frozen=True)
class Softmax:
    """The modern continuous Hopfield network of Ramsauer et al. (2020).

    With similarities x_mu . x of real patterns x_mu, n of them, the longest M long,

        E(x) = -1/beta log sum_mu exp(beta x_mu . x) + 1/2 x'x + 1/beta ln n + 1/2 M^2,

    and the update is one step of attention, x <- sum_mu p_mu x_mu with
    p = softmax(beta x_mu . x).  With the Euclidean similarity
    E(x) = -1/beta log sum_mu exp(-beta/2 |x_mu - x|^2), and the update has the same
    form: p = softmax(-beta/2 |x_mu - x|^2).  The first term of E is concave in x but
    for 1/2 x'x; the update minimises 1/2 x'x plus the tangent of the rest, which lies
    above E: E never rises, also if only some entries of x are updated.

    Parameters
    ----------
    beta : float, default=1.0
        Inverse temperature, > 0: large beta finds single patterns, small beta averages
        of many.
    similarity : Dot or Euclidean, default=Dot()

    Examples
    --------
    Halfway between two patterns the update averages them.

    >>> import numpy as np
    >>> from skboltz.models import Softmax
    >>> patterns = np.array([[1.0, 0.0], [0.0, 1.0]])
    >>> Softmax().update(patterns, np.array([[0.3, 0.3]]))
    array([[0.5, 0.5]])
    >>> Softmax(beta=2.0).energy(patterns, np.array([[0.0, 0.0]]))  # 1/2 M^2
    array([0.5])
    """

    beta: float = 1.0
    similarity: Dot | Euclidean = field(default_factory=Dot)

    def __post_init__(self):
        good = isinstance(self.beta, Real) and 0 < self.beta < np.inf
        require(good, "beta", "a finite number above 0", self.beta)

    def energy(self, patterns, x):
        """E of each row of x, shape (n_samples,)."""
        patterns, x = self._centred(patterns, x)
        half_squares = _half_squares(patterns)
        log_sum = logsumexp(self._scores(patterns, x), axis=1)
        return self.energy_by(log_sum, x, half_squares)

    def energy_by(self, log_sum, x, half_squares):
        """E of each row of x, given log sum_mu exp(beta similarity).

        All of it less the centre of the similarity.
        """
        square = np.einsum("ij,ij->i", x, x, dtype=np.float64)
        constant = self.similarity.constant(half_squares, self.beta)
        # As a float32, beta may be 0.
        return square / 2 - np.asarray(log_sum, np.float64) / self.beta + constant

    def update(self, patterns, x):
        """One step of attention from each row of x."""
        weights = softmax(self._scores(*self._centred(patterns, x)), axis=1)
        return weights @ np.asarray(patterns)

    def log_weights(self, patterns, x):
        """log p_mu for each row of x, shape (n_samples, n_patterns)."""
        return log_softmax(self._scores(*self._centred(patterns, x)), axis=1)

    def _centred(self, patterns, x):
        """Both in double precision, less the centre if there is one."""
        patterns, x = (np.asarray(rows, np.float64) for rows in (patterns, x))
        centre = self.similarity.centre(patterns)
        return (patterns, x) if centre is None else (patterns - centre, x - centre)

    def _scores(self, patterns, x):
        """beta times the similarities, less what depends on x alone."""
        scores = x @ patterns.T
        offset = self.similarity.offset(_half_squares(patterns))
        return self.beta * (scores if offset is None else scores + offset)


def _half_squares(patterns):
    return np.einsum("ij,ij->i", patterns, patterns) / 2


def _power(x, degree):
    """x to a whole power, by products: each is exact as long as the last one is."""
    result = x.copy()
    for _ in range(degree - 1):
        result *= x
    return result
