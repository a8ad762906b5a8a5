"""How many random patterns an associative memory holds, in the limit of many units.

A load is a number of patterns for each unit; a capacity, a number of patterns.
"""

from functools import cache
from math import log, sqrt
from numbers import Integral

import numpy as np
from scipy.optimize import brentq
from scipy.special import erf, erfc, ndtr

_PERFECT = {"one": 2, "all": 4}


def one_step_error(load):
    """Share of the units of a stored pattern that Hebb's rule leaves unstable.

    In a stored pattern the field of a unit, times the unit, is 1 plus the crosstalk
    of the other patterns, a sum of independent signs with variance `load`.  The unit
    flips in the first parallel step if that is negative, with the probability
    Q(1 / sqrt(load)), Q being the upper tail of the standard normal distribution.
    Couplings of a unit to itself are zero.

    Parameters
    ----------
    load : float or array-like
        Patterns for each unit, at least 0.

    Returns
    -------
    float or ndarray of the shape of `load`

    See Also
    --------
    retrieval_error : After the last step instead of the first.

    References
    ----------
    J. Hertz, A. Krogh and R. G. Palmer, Introduction to the Theory of Neural
    Computation, section 2.2. Addison-Wesley, 1991.

    Examples
    --------
    >>> from skboltz.theory import one_step_error
    >>> one_step_error([0.105, 0.138, 0.185, 0.37, 0.61]).round(4)
    array([0.001 , 0.0036, 0.01  , 0.0501, 0.1002])
    """
    load = _checked_loads(load)
    with np.errstate(divide="ignore"):  # no load, no crosstalk: Q(inf) = 0
        return _plain(erfc(1 / np.sqrt(2 * load)) / 2)


def retrieval_overlap(load):
    """Overlap of the state recalled by Hebb's rule with the stored pattern.

    The replica-symmetric solution at zero temperature of Amit, Gutfreund and
    Sompolinsky: with the overlap m, the noise r of the other patterns and the
    susceptibility C,

        m = erf(m / sqrt(2 a r)),    r = 1 / (1 - C)^2,
        C = sqrt(2 / (pi a r)) exp(-m^2 / (2 a r)),

    a being the load.  In y = m / sqrt(2 a r) these are one equation,

        sqrt(2 a) = erf(y) / y - 2 / sqrt(pi) exp(-y^2),    m = erf(y),

    whose right side rises from 0 to a single maximum, at the critical load, and falls
    again: the larger root is the state near the pattern, and beyond the critical load
    there is none but y = 0.

    Parameters
    ----------
    load : float or array-like
        Patterns for each unit, at least 0.

    Returns
    -------
    float or ndarray of the shape of `load`
        0 beyond :func:`critical_load`.  (A recall that starts at the pattern comes to
        rest before it has lost all of it, so what one measures there is larger.)

    See Also
    --------
    retrieval_error : The share of wrong units, also where it is minute.

    References
    ----------
    D. J. Amit, H. Gutfreund and H. Sompolinsky, Storing infinite numbers of patterns
    in a spin-glass model of neural networks. Physical Review Letters 55, 1985,
    1530-1533; Statistical mechanics of neural networks near saturation. Annals of
    Physics 173, 1987, 30-67.

    Examples
    --------
    >>> from skboltz.theory import critical_load, retrieval_overlap
    >>> retrieval_overlap([0.05, 0.1, 0.13, 0.15]).round(6)
    array([0.999992, 0.997999, 0.987212, 0.      ])
    >>> round(retrieval_overlap(critical_load()), 6)
    0.967417
    """
    return _plain(erf(_larger_root(_checked_loads(load))))


def retrieval_error(load):
    """Share of wrong units in the state recalled by Hebb's rule.

    (1 - m) / 2, where m is :func:`retrieval_overlap`, in full relative precision.

    Parameters
    ----------
    load : float or array-like
        Patterns for each unit, at least 0.

    Returns
    -------
    float or ndarray of the shape of `load`
        1/2 beyond :func:`critical_load`.

    See Also
    --------
    retrieval_overlap : The equations behind it, and their source.
    one_step_error : After the first step instead of the last.

    Examples
    --------
    >>> from skboltz.theory import retrieval_error
    >>> retrieval_error([0.08, 0.1, 0.12, 0.13, 0.135]).round(6)
    array([0.000221, 0.001   , 0.003389, 0.006394, 0.009604])
    """
    return _plain(erfc(_larger_root(_checked_loads(load))) / 2)


@cache
def critical_load():
    """Largest load at which Hebb's rule keeps states near the random patterns.

    Where the two solutions of :func:`retrieval_overlap` meet.  Just below it 1.63 % of
    the units are wrong.

    Returns
    -------
    float

    Examples
    --------
    >>> from skboltz.theory import critical_load
    >>> round(critical_load(), 10)
    0.1379055665
    """
    return float(_root_of_load(_turning_point()) ** 2 / 2)


def hebb_capacity(n_units, *, perfect="one"):
    """Random patterns that Hebb's rule keeps without a single wrong unit.

    At the load P/n a unit is unstable with a probability of about exp(-n / 2P), see
    :func:`one_step_error`.  That none of the n units of a given pattern is unstable
    takes P < n / (2 ln n); none of the n P units of all patterns, P < n / (4 ln n).

    Parameters
    ----------
    n_units : int
        At least 2.
    perfect : {"one", "all"}, default="one"
        Which patterns have to be fixed points, with a probability that goes to 1: any
        given one (that is, almost all of them), or every one.

    Returns
    -------
    float

    References
    ----------
    R. J. McEliece, E. C. Posner, E. R. Rodemich and S. S. Venkatesh, The capacity of
    the Hopfield associative memory. IEEE Transactions on Information Theory 33, 1987,
    461-482.

    Examples
    --------
    >>> from skboltz.theory import hebb_capacity
    >>> round(hebb_capacity(1000), 1), round(hebb_capacity(1000, perfect="all"), 1)
    (72.4, 36.2)
    """
    if perfect not in _PERFECT:
        raise ValueError(f"perfect must be one of {list(_PERFECT)}, found {perfect!r}.")
    n_units = _checked_size(n_units)
    return n_units / (_PERFECT[perfect] * log(n_units))


def storkey_capacity(n_units):
    """Random patterns that Storkey's rule keeps: n / sqrt(2 ln n).

    Parameters
    ----------
    n_units : int
        At least 2.

    Returns
    -------
    float

    References
    ----------
    A. Storkey, Increasing the capacity of a Hopfield network without sacrificing
    functionality. Artificial Neural Networks, ICANN 1997, 451-456.

    Examples
    --------
    >>> from skboltz.theory import storkey_capacity
    >>> round(storkey_capacity(100), 1), round(storkey_capacity(1000))
    (33.0, 269)
    """
    n_units = _checked_size(n_units)
    return n_units / sqrt(2 * log(n_units))


def pseudo_inverse_capacity(n_units):
    """Random patterns that the pseudo-inverse rule keeps: n.

    The coupling projects on the span of the patterns, so those linearly independent
    are fixed points.  Without couplings of a unit to itself, which are about the load
    a, the field of every unit is 1 - a times the unit: patterns stay fixed up to the
    load 1, where the fields, and with them the basins of attraction, vanish.

    Parameters
    ----------
    n_units : int
        At least 2.

    Returns
    -------
    float

    References
    ----------
    L. Personnaz, I. Guyon and G. Dreyfus, Information storage and retrieval in
    spin-glass like neural networks. Journal de Physique Lettres 46, 1985, 359-365.

    I. Kanter and H. Sompolinsky, Associative recall of memory without errors. Physical
    Review A 35, 1987, 380-392.

    Examples
    --------
    >>> from skboltz.theory import pseudo_inverse_capacity
    >>> pseudo_inverse_capacity(200)
    200.0
    """
    return float(_checked_size(n_units))


def gardner_capacity(n_units, stability=0.0):
    """Random patterns that the best couplings of all can keep.

    n times :func:`gardner_load`: 2 n patterns as fixed points without any margin.  A
    perceptron for each unit finds such couplings wherever they exist.

    Parameters
    ----------
    n_units : int
        At least 2.
    stability : float, default=0.0

    Returns
    -------
    float

    Examples
    --------
    >>> from skboltz.theory import gardner_capacity
    >>> gardner_capacity(200)
    400.0
    """
    return _checked_size(n_units) * gardner_load(float(stability))


def gardner_load(stability=0.0):
    """Largest load at which some couplings keep random patterns with a margin.

    The margin of a unit in a pattern is its field times the unit, the couplings it
    receives scaled to the length 1 (so that it is 1 / sqrt(load) under Hebb's rule,
    without the crosstalk).  Couplings for which all margins exceed K exist up to the
    load

        1 / integral from -K to infinity of (t + K)^2 Dt
            = 1 / ((1 + K^2) Phi(K) + K phi(K)),

    with the standard normal measure Dt, density phi and distribution Phi.  They need
    not be symmetric.

    Parameters
    ----------
    stability : float or array-like, default=0.0
        K, at least 0.

    Returns
    -------
    float or ndarray of the shape of `stability`

    References
    ----------
    E. Gardner, The space of interactions in neural network models. Journal of Physics
    A 21, 1988, 257-270.

    Examples
    --------
    >>> from skboltz.theory import gardner_load
    >>> gardner_load()
    2.0
    >>> gardner_load([0.5, 1.0]).round(4)
    array([0.9612, 0.5196])
    """
    kappa = _checked(stability, "stability", "a margin of the patterns")
    density = np.exp(-(kappa**2) / 2) / np.sqrt(2 * np.pi)
    return _plain(1 / ((1 + kappa**2) * ndtr(kappa) + kappa * density))


def _root_of_load(y):
    """sqrt(2 a) of the load a whose equation y solves."""
    return erf(y) / y - 2 / np.sqrt(np.pi) * np.exp(-(y**2))


@cache
def _turning_point():
    """The y of the critical load, where the derivative of `_root_of_load` vanishes."""
    density = 2 / np.sqrt(np.pi)
    return brentq(
        lambda y: density * np.exp(-(y**2)) * (y + 2 * y**3) - erf(y),
        1.0,
        2.0,
        xtol=1e-15,
    )


@np.vectorize(otypes=[float])
def _larger_root(load):
    """The larger y of a load: 0 beyond the critical one, inf without any pattern."""
    if load == 0:
        return np.inf
    if load > critical_load():
        return 0.0
    target = np.sqrt(2 * load)
    low, high = _turning_point(), 2 / target  # the right side is less than 1 / y
    if _root_of_load(low) <= target:  # at the critical load, by rounding
        return low
    return brentq(lambda y: _root_of_load(y) - target, low, high, xtol=1e-15)


def _checked_loads(load):
    return _checked(load, "load", "a number of patterns for each unit")


def _checked(values, name, meaning):
    """Finite numbers that are not negative, or a ValueError that names them."""
    try:
        numbers = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        numbers = np.array(np.nan)
    if not (numbers >= 0).all() or np.isinf(numbers).any():
        raise ValueError(
            f"{name} must be {meaning}, finite and at least 0, found {values!r}."
        )
    return numbers


def _checked_size(n_units):
    if not isinstance(n_units, Integral) or n_units < 2:
        raise ValueError(f"n_units must be an integer >= 2, found {n_units!r}.")
    return int(n_units)


def _plain(values):
    """A float where a float was asked for."""
    return values if np.ndim(values) else float(values)
