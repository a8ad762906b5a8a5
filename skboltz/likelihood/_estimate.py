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
from ._cost import Progress
from ._reliability import chains_apart, doubts, seen_bound

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


_MOST_MODES = 200  # the likeliest ones
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
    write=None,
):
    """log Z by annealed importance sampling, checked against its reverse.

    Chains are led from independent units to the model.  Their ends, resampled by their
    weights and moved on by parallel tempering, are samples of the model, that are led
    back.  Beside them other tempered chains start at modes that descent found: if these
    do not meet the samples, one of both has missed something.  The chains from modes
    have no part in the estimate, since how much a mode weighs is not known.

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
    write : callable, default=None
        What to do with lines of what it will take, and of what has been done.

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
    gather, n_chains = _shared(Parallel(n_jobs=n_jobs), path, key), effort.n_chains
    told = Progress(write, path, method, effort)
    with one_blas_thread():
        found, certain = _modes(path, states, key)
        told.done("modes found")
        rungs = np.linspace(0, 1, 2)
        if method != "ais":
            rungs, _ = tempering.tuned_ladder(path, Stream(key, Purpose.LADDER))
            told.placed(rungs)
        betas = ladder(effort.betas, rungs)
        forward, ends = gather(_forward, betas, _shards(np.arange(n_chains)))
        told.done("chains led up")
        apart, seen = None, ends
        if method == "ais":
            estimate = forward_estimate(forward, log_z_base)
        else:
            risen = _shards(ends[resampled(forward)])
            fallen = np.array_split(_at_modes(found, n_chains // 2), len(risen))
            options = rungs, effort.n_sweeps
            reverse, risen, fallen = gather(_reverse, betas, risen, fallen, *options)
            told.done("chains tempered, and led down")
            apart = chains_apart(model, params, risen, fallen)
            seen = np.concatenate([ends, risen, fallen])
            estimate = (
                bridge_estimate(forward, reverse, log_z_base)
                if method == "bridge"
                else reverse_estimate(reverse, log_z_base)
            )
    estimate = _rounded(estimate, params).shifted(log_scale)
    seen = seen_bound(model, params, np.concatenate([found, seen]))
    bound = max(certain, seen) + log_scale
    reasons = doubts(estimate, n_chains, bound, apart)
    return _not_below(estimate, bound), reasons


def resampled(log_weight):
    """Numbers of chains, each as often as its weight asks for, to the next integer.

    Systematic resampling (Kitagawa 1996) at the middle of its strata: no more chance.

    Examples
    --------
    >>> import numpy as np
    >>> from skboltz.likelihood._estimate import resampled
    >>> resampled(np.log([1.0, 6.0, 1.0]))
    array([1, 1, 1])
    >>> resampled(np.log([3.0, 2.0, 1.0]))
    array([0, 0, 1])
    """
    n = len(log_weight)
    share = np.cumsum(np.exp(log_weight - log_weight.max()))
    places = (np.arange(n) + 0.5) / n * share[-1]
    return np.minimum(np.searchsorted(share, places), n - 1)


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


def _shards(chains):
    """Chains in parts of at most 50, whatever the number of jobs."""
    return np.array_split(chains, -(-len(chains) // _SHARD))


def _shared(parallel, path, key):
    """How jobs share the shards of chains; the results of all are joined."""

    def gather(job, betas, shards, *more):
        led = parallel(
            delayed(job)(path, betas, key, shard, chains, *more)
            for shard, chains in enumerate(shards)
        )
        return map(np.concatenate, zip(*led, strict=True))

    return gather


def _forward(path, betas, key, shard, chains):
    """Log weights of chains led up, and where they end."""
    with one_blas_thread():
        stream = Stream(key, Purpose.FORWARD, shard=shard)
        chains = annealing.init(path, stream, len(chains))
        chains = annealing.run(path, chains, betas)
        return chains.log_weight, chains.visible


def _reverse(path, betas, key, shard, risen, fallen, rungs, n_sweeps):
    """Log weights of chains led back, their starts, and chains that began at modes."""
    with one_blas_thread():
        stream, fallen = Stream(key, Purpose.REVERSE, shard=shard), fallen[shard]
        replicas = tempering.init(path, stream, rungs, len(risen) + len(fallen))
        visible = replicas.visible.copy()
        visible[-1] = np.concatenate([risen, fallen])
        replicas = tempering.from_visible(path, visible, replicas.stream)
        replicas = tempering.run(path, rungs, replicas, n_sweeps)
        risen, fallen = np.split(replicas.visible[-1], [len(risen)])
        chains = annealing.from_visible(path, risen, replicas.stream)
        return annealing.run(path, chains, betas[::-1]).log_weight, risen, fallen


def _at_modes(found, n_chains):
    """A mode for each chain: every other time the likeliest one, else all in turn."""
    turn = np.arange(n_chains)
    return found[np.where(turn % 2, (1 + turn // 2) % len(found), 0)]


def _modes(path, states, key):
    """Modes, the one whose surroundings weigh most first, and a value below log Z.

    The free energy of a mode is what its one state weighs; mean field counts the states
    around it as well.
    """
    stream = Stream(key, Purpose.LADDER, shard=1)
    starts = annealing.init(path, stream, 100).visible
    if states is not None:
        starts = np.concatenate([starts, states.astype(starts.dtype)])
    found = modes.find(path.model, path.target, starts)[0][:_MOST_MODES]
    double = in_float64(path.target), found.astype(np.float64)
    bounds = mean_field.lower_bounds(path.model, *double)
    order = np.argsort(-bounds, kind="stable")
    return found[order], float(bounds[order[0]])
