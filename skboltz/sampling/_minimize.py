"""Simulated annealing: the lowest energy of units coupled in pairs."""

from numbers import Integral, Real
from typing import NamedTuple

import numpy as np
from scipy import sparse
from sklearn.utils import check_random_state
from sklearn.utils.parallel import Parallel, delayed

from .. import kernels
from .._config import config_context, get_config
from ..utils import check_betas, one_blas_thread, require, require_count
from . import _sequential
from ._couplings import checked_system
from ._stream import Purpose, Stream, random_key

_NOISE = 2**20  # numbers drawn at a time
_SMALL = 256  # units up to which carrying flips into all fields is always faster
_HOTTEST = 1e-30  # inverse temperature: float32 has no larger temperatures
_PART = 64  # restarts side by side, whatever `n_jobs`: results depend on it
_FRESH = 200  # sweeps after which carried fields are computed anew
_SPARSE = 0.1  # share of couplings below which lists of neighbours are faster
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
    """Spins in the arrays that the kernels take, float32.

    Attributes
    ----------
    coupling : ndarray or CSR array of shape (n_units, n_units)
    intercept : ndarray of shape (n_units,)
    """

    coupling: np.ndarray
    intercept: np.ndarray


def minimize_energy(
    coupling,
    intercept=None,
    *,
    values=(-1, 1),
    method="metropolis",
    n_restarts=64,
    betas=1000,
    random_state=None,
    n_jobs=None,
):
    """The lowest energy E(s) = -1/2 s'Js - b's that simulated annealing finds.

    Every restart begins at random, is swept unit by unit while the inverse
    temperature rises (Kirkpatrick, Gelatt & Vecchi 1983), and is then led downhill to
    a state that no single flip improves.

    Parameters
    ----------
    coupling : {array-like, sparse matrix} of shape (n_units, n_units)
        J, symmetric with a zero diagonal: each pair stands there twice.
    intercept : array-like of shape (n_units,), default=None
        b; None means none.
    values : pair of float, default=(-1, 1)
        The two values of a unit, the lower first.
    method : {"metropolis", "heat-bath"}, default="metropolis"
        A flip that raises the energy by D is made with probability exp(-beta D), or
        any flip with probability 1 / (1 + exp(beta D)).
    n_restarts : int, default=64
    betas : int or array-like of shape (n_sweeps,), default=1000
        Inverse temperature of each sweep of a restart, above 0 and never falling; or a
        number of sweeps, in which it rises linearly from 0.3 to 8 over the root mean
        square of the field on a spin among random others; a flip against a field f
        costs 2 abs(f).
    random_state : int, RandomState instance or None, default=None
    n_jobs : int, default=None
        Number of threads, over parts of 64 restarts each; the result does not depend on
        it.

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
    the value itself.  Ising problems of dimod, OpenJij or qubovert, the minimum of
    sum_i h_i s_i + sum_{i<j} A_ij s_i s_j: J = -(A + A') for a triangular A, and
    b = -h.  The default temperatures know one scale: keep penalties as small
    as they may be, or pass `betas`.

    Examples
    --------
    Three spins that all want to differ: two of the three pairs can.

    >>> import numpy as np
    >>> from skboltz.sampling import minimize_energy
    >>> J = np.array([[0, -1, -1], [-1, 0, -1], [-1, -1, 0]])
    >>> minimize_energy(J, n_restarts=4, betas=10, random_state=0).energy
    -1.0
    """
    J, b = checked_system(coupling, intercept)
    low, high = _checked_values(values)
    known = isinstance(method, str) and method in METHODS
    require(known, "method", f"one of {sorted(METHODS)}", method)
    require_count("n_restarts", n_restarts, 1)
    betas = check_betas(betas)
    good = n_jobs is None or (isinstance(n_jobs, Integral) and n_jobs != 0)
    require(good, "n_jobs", "None, a number of jobs, or -1 for all cores", n_jobs)
    stream = Stream(random_key(check_random_state(random_state)), Purpose.SAMPLE)
    given, spins = _scaled(J, b)
    inner, spins = _scaled(*_as_spins(*spins, low, high))
    if isinstance(betas, int):
        schedule = default_betas(*spins, betas)
    else:
        schedule = given * inner * betas
    system = System(_compact(spins[0]), spins[1].astype(np.float32))
    ends = _in_parts(system, spins, schedule, method, stream, n_restarts, n_jobs)
    states = np.where(ends > 0, high, low)
    energies = _energy(J, b, states)
    best = int(energies.argmin())
    return Minimum(states[best], float(energies[best]), states, energies)


def _in_parts(system, spins, schedule, method, stream, n_restarts, n_jobs):
    """Where all restarts end, parts of them side by side.

    Threads have no settings of their own: those of the caller are handed on.
    """
    kernels_here = get_config()["kernels"]

    def part(number):
        size = min(_PART, n_restarts - number * _PART)
        with config_context(kernels=kernels_here):
            own = stream._replace(shard=number)
            start, own = _random_spins(size, len(system.intercept), own)
            return _downhill(*spins, anneal(system, start, schedule, method, own))

    numbers = range(-(-n_restarts // _PART))
    if n_jobs is None or len(numbers) == 1:
        return np.concatenate([part(number) for number in numbers])
    with one_blas_thread():
        jobs = (delayed(part)(number) for number in numbers)
        return np.concatenate(Parallel(n_jobs=n_jobs, prefer="threads")(jobs))


def _as_spins(coupling, intercept, low, high):
    """Couplings and biases of the spins x in s = middle + half x, up to a constant.

    -1/2 s'Js - b's = -1/2 x'(half^2 J)x - half (b + middle J 1)'x + constant.
    """
    middle, half = (low + high) / 2, (high - low) / 2
    if (middle, half) == (0, 1):
        return coupling, intercept
    pull = np.asarray(coupling.sum(axis=1)).ravel()
    return half**2 * coupling, half * (intercept + middle * pull)


def _scaled(coupling, intercept):
    """A power of 2 near the largest term, and all of them by it, as float32 needs."""
    ends = coupling.max(), -coupling.min(), intercept.max(), -intercept.min()
    unit = 2.0 ** np.floor(np.log2(max(ends))) if max(ends) else 1.0
    if unit == 1:
        return unit, (coupling, intercept)
    return unit, (coupling / unit, intercept / unit)


def _compact(coupling):
    """Couplings as the kernels take them: CSR if few units are coupled."""
    if not sparse.issparse(coupling):
        few = np.count_nonzero(coupling) < _SPARSE * coupling.size
        coupling = sparse.csr_array(coupling) if few else coupling
    return coupling.astype(np.float32)


def anneal(system, states, betas, method, stream):
    """States after a sweep at each inverse temperature, in place.

    Fields are carried along where units are few or flips are rare, else products give
    them block by block.
    """
    draw, mirror = METHODS[method]
    size, field = max(1, _NOISE // states.size), None
    follow = sparse.issparse(system.coupling) or len(system.intercept) <= _SMALL
    for start in range(0, len(betas), size):
        part = np.maximum(betas[start : start + size], _HOTTEST)
        noise, stream = draw(stream, (len(part), *states.shape))
        # A flip against the field f costs 2 |f|.
        noise *= (0.5 / part).astype(np.float32)[:, None, None]
        if not follow:
            follow = _by_blocks(system, states, noise, mirror) < _FEW
            continue
        # Rounding adds up flip by flip: begin anew now and then.
        if field is None or start % _FRESH < size:
            field = _fields(system, states)
        order = np.arange(states.shape[1])
        kernels.flip_sweep(states, field, system.coupling, order, noise, -1, 1, mirror)
    return states


def _by_blocks(system, states, noise, mirror):
    """Sweeps by products; the share of units that the last one has flipped."""
    units = np.ascontiguousarray(states.T)
    for threshold in noise:
        before = units.copy()
        _sequential.sweep(*system, units, threshold.T, -1, 1, mirror)
    states[:] = units.T
    return (before != units).mean()


def _fields(system, states):
    """J s + b of every row."""
    total = np.ascontiguousarray((system.coupling @ states.T).T)
    total += system.intercept
    return total


def _downhill(coupling, intercept, states):
    """States that no single flip lowers by more than rounding, in double precision."""
    system, states = System(coupling, intercept), states.astype(np.float64)
    rows = np.arange(len(states))
    while len(rows):
        part = states[rows]
        flips = _settle(part, _fields(system, part), coupling)
        states[rows] = part
        rows = rows[flips > 0]
    return states


def _settle(states, fields, coupling):
    """Flips downhill of every row, in place, as long as fields can be carried along."""
    # Less would be the rounding of fields: gains of that size could go round.
    margin = fields.shape[1] * np.finfo(float).eps * np.abs(fields).max()
    order, rows = np.arange(states.shape[1]), np.arange(len(states))
    total = np.zeros(len(states), np.int64)
    for _ in range(_FRESH):
        part, of_part = states[rows], fields[rows]
        limits = np.full_like(part, -margin)
        flips = kernels.flip_sweep(part, of_part, coupling, order, limits, -1, 1, -1)
        states[rows], fields[rows], total[rows] = part, of_part, total[rows] + flips
        rows = rows[flips > 0]
        if not len(rows):
            break
    return total


def _energy(coupling, intercept, states):
    """E of every row in double precision."""
    total = np.ascontiguousarray((coupling @ states.T).T) / 2 + intercept
    return -(total * states).sum(axis=1)


def _random_spins(n_rows, n_units, stream):
    noise, stream = stream.draw((n_rows, n_units), np.float32)
    return np.where(noise > 0, np.float32(1), np.float32(-1)), stream


def default_betas(coupling, intercept, n_sweeps):
    """Inverse temperatures that rise linearly past the scale of the fields of spins."""
    squares = coupling.power(2) if sparse.issparse(coupling) else coupling**2
    of_fields = np.asarray(squares.sum(axis=1)).ravel() + intercept**2
    return np.linspace(0.3, 8, n_sweeps) / (np.sqrt(of_fields.mean()) or 1.0)


def _checked_values(values):
    good = isinstance(values, tuple | list | np.ndarray) and len(values) == 2
    good = good and all(isinstance(v, Real) and np.isfinite(v) for v in values)
    good = good and values[0] < values[1]
    require(good, "values", "two finite numbers, the lower first", values)
    return tuple(map(float, values))


METHODS = {
    "heat-bath": (lambda stream, shape: stream.draw(shape, np.float32), 1),
    "metropolis": (
        lambda stream, shape: stream.draw(shape, np.float32, "exponential"),
        -1,
    ),
}
