"""log Z of models too large to enumerate: chains led both ways, and their checks."""

from typing import NamedTuple

import numpy as np
from sklearn.utils.parallel import Parallel, delayed

from ..sampling import (
    Purpose,
    Stream,
    annealing,
    in_float64,
    mean_field,
    modes,
    tempering,
)
from ..utils import one_blas_thread
from ._annealed import bridge_estimate, forward_estimate, reverse_estimate
from ._reliability import doubts, separation, visited_bound

METHODS = ("bridge", "ais", "reverse_ais")
_SHARD = 50  # chains to a job, whatever `n_jobs`: bits depend on it


class Effort(NamedTuple):
    """How much to spend on an estimate.

    Attributes
    ----------
    betas : int or ndarray
        Inverse temperatures: how many steps between 0 and 1, or all of them.
    n_chains : int
        Chains each way.
    n_sweeps : int
        Sweeps of parallel tempering before chains are led back.
    """

    betas: int | np.ndarray = 1000
    n_chains: int = 100
    n_sweeps: int = 100


_MOST_MODES = 200  # that mean field starts from, the likeliest first
DEFAULT_EFFORT = Effort()


def estimate_log_partition(
    model,
    params,
    *,
    method="bridge",
    effort=DEFAULT_EFFORT,
    visible_mean=None,
    states=None,
    key=(0, 0),
    n_jobs=None,
    log_scale=0.0,
):
    """log Z by annealed importance sampling, checked against its reverse.

    Chains are led from independent units to the model, and from samples of the model
    (by parallel tempering) back.  Half of the tempered chains come up from the
    independent units, half start at modes that descent found: if they do not meet,
    one of them has missed something.

    Parameters
    ----------
    model : Bipartite or Pairwise
    params : BipartiteParams or PairwiseParams
    method : {"bridge", "ais", "reverse_ais"}, default="bridge"
        Both directions joined by Bennett's acceptance ratio, or one of them.
    effort : Effort
    visible_mean : ndarray of shape (n_visible,), default=None
        Means of the data: the independent units of the base then have these. All
        units of a pairwise model are visible.
    states : ndarray of shape (n_states, n_visible), default=None
        More states to descend from, such as rows of the data.
    key : pair of int, default=(0, 0)
        Key of the noise; the result depends on it, not on `n_jobs`.
    n_jobs : int, default=None
        Jobs of :class:`sklearn.utils.parallel.Parallel`.
    log_scale : float, default=0.0
        What the result, and the reasons, have beyond the log Z of the parameters: that
        of features which are values of visible units but for a scale.

    Returns
    -------
    estimate : LogPartition
    reasons : list of str
        Why not to trust it; empty if all checks hold.

    References
    ----------
    Neal (2001), "Annealed importance sampling"; Salakhutdinov & Murray (2008), "On
    the quantitative analysis of deep belief networks"; Burda, Grosse & Salakhutdinov
    (2015), "Accurate and conservative estimates of MRF log-likelihood using reverse
    annealing"; Bennett (1976); Syed et al. (2022).
    """
    path = annealing.base_path(model, params, visible_mean)
    log_z_base = path.base_log_partition()
    parallel = Parallel(n_jobs=n_jobs)
    with one_blas_thread():
        if method == "ais":
            betas = ladder(effort.betas, np.linspace(0, 1, 2))
            forward = _gather(parallel, _forward, path, betas, key, effort.n_chains)
            estimate = forward_estimate(np.concatenate(forward), log_z_base)
            estimate = _rounded(estimate, params).shifted(log_scale)
            return estimate, doubts(estimate, effort.n_chains)
        rungs, _ = tempering.tuned_ladder(path, Stream(key, Purpose.LADDER))
        betas = ladder(effort.betas, rungs)
        found = _modes(path, states, key)
        reverse = _gather(
            parallel,
            _reverse,
            *(path, betas, key, effort.n_chains),
            *(rungs, effort.n_sweeps, found[0]),
        )
        reverse, risen, fallen, seen = map(np.concatenate, zip(*reverse, strict=True))
        if method == "bridge":
            forward = _gather(parallel, _forward, path, betas, key, effort.n_chains)
            forward = np.concatenate(forward)
            estimate = bridge_estimate(forward, reverse, log_z_base)
        else:
            estimate = reverse_estimate(reverse, log_z_base)
    estimate = _rounded(estimate, params).shifted(log_scale)
    bound = _lower_bound(model, params, found, seen) + log_scale
    apart = separation(model, params, risen, fallen)
    reasons = doubts(estimate, effort.n_chains, bound, apart)
    return _not_below(estimate, bound), reasons


def _lower_bound(model, params, found, seen):
    """The better of two values that log Z is not below."""
    visited, _ = visited_bound(model, params, np.concatenate([found[1], seen]))
    double = in_float64(params)
    modes_seen = found[0][:_MOST_MODES].astype(np.float64)
    return max(visited, mean_field.lower_bound(model, double, modes_seen))


def _not_below(estimate, bound):
    """The estimate, or a bound that it should exceed and does not."""
    if bound <= estimate.value + 3 * estimate.standard_error:
        return estimate
    return estimate._replace(value=bound, standard_error=np.inf)


def _rounded(estimate, params):
    """The estimate with errors not below those of rounding."""
    couplings = params[0]  # of any model
    size = max(1.0, abs(estimate.value), *couplings.shape)
    least = 16 * float(np.finfo(couplings.dtype).eps) * size
    return estimate._replace(
        standard_error=max(estimate.standard_error, least),
        gap_error=max(estimate.gap_error, least),
    )


def ladder(betas, rungs):
    """All inverse temperatures from 0 to 1.

    Parameters
    ----------
    betas : int or ndarray
        A number of steps, spread over the rungs so that each interval between two
        of them has as many; or the inverse temperatures themselves.
    rungs : ndarray
        Of parallel tempering.

    Examples
    --------
    >>> import numpy as np
    >>> from skboltz.likelihood import ladder
    >>> ladder(4, np.array([0.0, 0.8, 1.0]))
    array([0. , 0.4, 0.8, 0.9, 1. ])
    """
    if not np.ndim(betas):
        return np.interp(np.linspace(0, 1, betas + 1), _even(rungs), rungs)
    return np.asarray(betas, dtype=np.float64)


def _even(rungs):
    return np.linspace(0, 1, len(rungs))


def _gather(parallel, job, path, betas, key, n_chains, *more):
    """Results of a job over shards of the chains."""
    sizes = [
        len(part) for part in np.array_split(range(n_chains), -(-n_chains // _SHARD))
    ]
    return parallel(
        delayed(job)(path, betas, key, shard, size, *more)
        for shard, size in enumerate(sizes)
    )


def _forward(path, betas, key, shard, n_chains):
    with one_blas_thread():
        stream = Stream(key, Purpose.FORWARD, shard=shard)
        chains = annealing.init(path, stream, n_chains)
        return annealing.run(path, chains, betas).log_weight


def _reverse(path, betas, key, shard, n_chains, rungs, n_sweeps, found):
    """Log weights of chains led back; their starts, by origin, and what bounds Z."""
    with one_blas_thread():
        stream = Stream(key, Purpose.REVERSE, shard=shard)
        replicas = tempering.init(path, stream, rungs, n_chains)
        modes_here = np.roll(found, -1 - shard * _SHARD, axis=0)
        replicas = _started_at(path, replicas, found[0], modes_here, n_chains // 2)
        replicas = tempering.run(path, rungs, replicas, n_sweeps)
        start = replicas.visible[-1]
        chains = annealing.from_visible(path, start, replicas.stream)
        log_weight = annealing.run(path, chains, betas[::-1]).log_weight
    half = n_chains // 2
    seen = modes.partners(path.model, path.target, start)
    return log_weight, start[half:], start[:half], seen


def _started_at(path, replicas, likeliest, others, n_rows):
    """Replicas of which some start at modes: half of those at the likeliest one."""
    visible = replicas.visible.copy()
    half = n_rows // 2
    visible[-1, :half] = likeliest
    visible[-1, half:n_rows] = others[np.arange(n_rows - half) % len(others)]
    return tempering.from_visible(path, visible, replicas.stream)


def _modes(path, states, key):
    stream = Stream(key, Purpose.LADDER, shard=1)
    starts = annealing.init(path, stream, 100).visible
    if states is not None:
        starts = np.concatenate([starts, states.astype(starts.dtype)])
    return modes.find(path.model, path.target, starts)
