"""Simulated annealing: the lowest energy of units coupled in pairs."""

from numbers import Integral
from typing import NamedTuple

import numpy as np
from scipy import sparse
from sklearn.utils import check_random_state

from .. import kernels
from ..utils import require
from . import _sequential
from ._stream import Purpose, Stream, random_key

_NOISE = 2**20  # numbers drawn at a time
_SMALL = 256  # units up to which carrying flips into all fields is always faster
_FEW = 0.1  # share of units that flip in a sweep below which it is so for more


class Minimum(NamedTuple):
    """What :func:`minimize_energy` found.

    Attributes
    ----------
    state : ndarray of shape (n_units,)
        The best state.
    energy : float
        Its energy.
    states : ndarray of shape (n_restarts, n_units)
        Where each restart ended.
    energies : ndarray of shape (n_restarts,)
    """

    state: np.ndarray
    energy: float
    states: np.ndarray
    energies: np.ndarray


class System(NamedTuple):
    """Units in the arrays that the kernels take, float32.

    Attributes
    ----------
    coupling : ndarray or CSR array of shape (n_units, n_units)
    field : ndarray of shape (n_units,)
    low, high : float
    """

    coupling: np.ndarray
    field: np.ndarray
    low: float
    high: float


def minimize_energy(
    coupling,
    field=None,
    *,
    values=(-1, 1),
    method="metropolis",
    n_restarts=64,
    n_sweeps=1000,
    betas=None,
    random_state=None,
):
    """The lowest energy E(s) = -1/2 s'Js - b's that simulated annealing finds.

    Every restart begins at random, is swept unit by unit while the inverse
    temperature rises (Kirkpatrick, Gelatt & Vecchi 1983), and is then led downhill to
    a state that no single flip improves.

    Parameters
    ----------
    coupling : {array-like, sparse matrix} of shape (n_units, n_units)
        J, symmetric with a zero diagonal.
    field : array-like of shape (n_units,), default=None
        b; None means none.
    values : pair of float, default=(-1, 1)
        The two values of a unit, the lower first.
    method : {"metropolis", "heat-bath"}, default="metropolis"
        A flip that raises the energy by D is made with probability exp(-beta D), or
        any flip with probability 1 / (1 + exp(beta D)).
    n_restarts : int, default=64
    n_sweeps : int, default=1000
        Updates of every unit in each restart.
    betas : array-like of shape (n_sweeps,), default=None
        Inverse temperature of each sweep, not falling.  None rises linearly from 0.1 to
        5 over the root mean square of what flips of single units cost at random.
    random_state : int, RandomState instance or None, default=None

    Returns
    -------
    Minimum

    Raises
    ------
    ValueError
        If couplings are not symmetric, couple units to themselves or are not finite,
        or if an inverse temperature is not above 0 or falls.

    Notes
    -----
    Max-Cut of a graph with symmetric weights W: J = -W with spins; the pairs of unlike
    spins have the weight sum(W) / 4 - E / 2.  QUBO, the minimum of x'Qx over x in
    {0, 1}: J = -(Q + Q') off the diagonal, b = -diag(Q) and `values=(0, 1)`; E is then
    the value itself.

    Examples
    --------
    Three spins that all want to differ: two of the three pairs can.

    >>> import numpy as np
    >>> from skboltz.sampling import minimize_energy
    >>> J = np.array([[0, -1, -1], [-1, 0, -1], [-1, -1, 0]])
    >>> minimize_energy(J, n_restarts=4, n_sweeps=10, random_state=0).energy
    -1.0
    """
    J, b = _checked(coupling, field, values)
    require(method in METHODS, "method", f"one of {sorted(METHODS)}", method)
    for name, value in (("n_restarts", n_restarts), ("n_sweeps", n_sweeps)):
        good = isinstance(value, Integral) and value >= 1
        require(good, name, "an integer of at least 1", value)
    betas = default_betas(J, b, values, n_sweeps) if betas is None else betas
    stream = Stream(random_key(check_random_state(random_state)), Purpose.SAMPLE)
    system = System(J.astype(np.float32), b.astype(np.float32), *map(float, values))
    start, stream = _random_states(system, n_restarts, stream)
    states = anneal(system, start, _checked_betas(betas), method, stream)
    states = _downhill(system, states).astype(np.float64)
    energies = _energy(J, b, states)
    best = int(energies.argmin())
    return Minimum(states[best], float(energies[best]), states, energies)


def anneal(system, states, betas, method, stream):
    """States after a sweep at each inverse temperature, in place.

    Fields are carried along where units are few or flips are rare, else products give
    them block by block; the fields of a chunk of sweeps begin anew, so that rounding
    does not add up.
    """
    draw, mirror = METHODS[method]
    size = max(1, _NOISE // states.size)
    follow = sparse.issparse(system.coupling) or len(system.field) <= _SMALL
    for start in range(0, len(betas), size):
        part = np.asarray(betas[start : start + size], np.float32)
        noise, stream = draw(stream, (len(part), *states.shape))
        noise *= (1 / (np.float32(system.high - system.low) * part))[:, None, None]
        rate = (_by_flips if follow else _by_blocks)(system, states, noise, mirror)
        follow = follow or rate < _FEW
    return states


def _by_flips(system, states, noise, mirror):
    field = _fields(system, states)
    order, values = np.arange(states.shape[1]), (system.low, system.high)
    flips = kernels.flip_sweep(
        states, field, system.coupling, order, noise, *values, mirror
    )
    return flips.sum() / noise.size


def _by_blocks(system, states, noise, mirror):
    """Sweeps by products; the share of units that the last one has flipped."""
    units = np.ascontiguousarray(states.T)
    for threshold in noise:
        before = units.copy()
        _sequential.sweep(
            system.coupling,
            system.field,
            units,
            threshold.T,
            system.low,
            system.high,
            mirror,
        )
    states[:] = units.T
    return (before != units).mean()


def _fields(system, states):
    """J s + b of every row."""
    total = np.ascontiguousarray((system.coupling @ states.T).T)
    total += system.field
    return total


def _downhill(system, states):
    """States that no single flip lowers."""
    order, zero = np.arange(states.shape[1]), np.zeros_like(states)
    rows = np.arange(len(states))
    while len(rows):
        part, field = states[rows], _fields(system, states[rows])
        values = system.low, system.high
        flips = kernels.flip_sweep(
            part, field, system.coupling, order, zero[rows], *values
        )
        states[rows] = part
        rows = rows[flips > 0]
    return states


def _energy(coupling, field, states):
    """E of every row in double precision."""
    total = np.ascontiguousarray((coupling @ states.T).T) / 2 + field
    return -(total * states).sum(axis=1)


def _random_states(system, n_rows, stream):
    noise, stream = stream.draw((n_rows, len(system.field)), np.float32)
    values = np.float32([system.low, system.high])
    return values[(noise > 0).astype(int)], stream


def default_betas(coupling, field, values, n_sweeps):
    """Inverse temperatures that rise linearly past the scale of single flips."""
    low, high = values
    squares = coupling.power(2) if sparse.issparse(coupling) else coupling**2
    mean = field + np.asarray(coupling.sum(axis=1)).ravel() * (low + high) / 2
    spread = np.asarray(squares.sum(axis=1)).ravel() * (high - low) ** 2 / 4
    scale = (high - low) / 2 * np.sqrt((spread + mean**2).mean())
    return np.linspace(0.1, 5, n_sweeps) / (scale or 1.0)


def _checked(coupling, field, values):
    """Couplings, dense or CSR, and fields in double precision."""
    low, high = values
    require(low < high, "values", "two numbers, the lower first", values)
    if sparse.issparse(coupling):
        coupling = sparse.csr_array(coupling, dtype=np.float64)
        finite, odd = np.isfinite(coupling.data).all(), abs(coupling - coupling.T).max()
    else:
        coupling = np.asarray(coupling, dtype=np.float64)
        square = coupling.ndim == 2 and coupling.shape[0] == coupling.shape[1]
        require(square, "coupling", "a square matrix", coupling.shape)
        finite, odd = (
            np.isfinite(coupling).all(),
            not np.array_equal(coupling, coupling.T),
        )
    require(finite, "coupling", "finite", "NaN or infinity")
    if odd:
        raise ValueError("coupling is not symmetric; take (coupling + coupling.T) / 2.")
    if coupling.diagonal().any():
        raise ValueError(
            "coupling has a diagonal: a unit is not coupled to itself. For spins it is "
            "a constant, for values of 0 and 1 add half of it to field; then set it "
            "to 0."
        )
    n = coupling.shape[0]
    field = np.zeros(n) if field is None else np.asarray(field, dtype=np.float64)
    good = field.shape == (n,) and np.isfinite(field).all()
    require(good, "field", f"{n} finite numbers", field)
    return coupling, field


def _checked_betas(betas):
    betas = np.asarray(betas, dtype=np.float64)
    good = betas.ndim == 1 and len(betas) and (betas > 0).all()
    good = good and np.isfinite(betas).all() and (np.diff(betas) >= 0).all()
    require(good, "betas", "finite, above 0 and not falling", betas)
    return betas


METHODS = {
    "heat-bath": (lambda stream, shape: stream.draw(shape, np.float32), 1),
    "metropolis": (lambda stream, shape: stream.exponential(shape, np.float32), -1),
}
