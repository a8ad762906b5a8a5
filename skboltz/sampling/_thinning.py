"""How far apart states of chains are to be taken, to be as good as independent ones."""

from itertools import chain, islice

import numpy as np

from ._diagnostics import autocorrelation

_LOOK = 10  # sweeps after which one compares how much the columns remember
_COLUMNS, _DIRECTIONS = 8, 4  # that are watched
_FADED = 0.1  # correlation: at twice the lag there is a hundredth left of a decay
_MOST_LEFT = 1 / 0.9 - 1  # that the next two draws may add to the time
_SEEN = 10  # times an interval must have passed before one knows it


def interval(model, params, chains, n_sweeps, most_sweeps):
    """Sweeps from one draw to the next; None if chains remember for too long.

    Chains are watched for `n_sweeps`, and where these are too few to tell for twice as
    many, and so on up to `most_sweeps`.

    Three kinds of scalars are watched: the energy; the columns that remember most after
    ten sweeps; and the directions in which chains differ most, as they do where modes
    lie apart.

    Parameters
    ----------
    model : Bipartite or Pairwise
    params : BipartiteParams or PairwiseParams
    chains : iterator of ndarray of shape (n_chains, n_columns)
        States, one sweep after another, without end.
    n_sweeps, most_sweeps : int
        At least 20.

    Returns
    -------
    int or None
        As by :func:`interval_of`.
    """
    first = list(islice(chains, _LOOK + 1))
    directions = _directions(first[0], first[-1])
    traces, states = [], chain(first, chains)
    while True:
        more = islice(states, n_sweeps - len(traces))
        traces += [_scalars(model, params, v, directions) for v in more]
        found, n_sweeps = interval_of(np.transpose(traces, (2, 1, 0))), 2 * n_sweeps
        if found is not None or n_sweeps > most_sweeps:
            return found


def interval_of(traces):
    """Sweeps from one draw to the next at which draws are nearly independent.

    Twice the lag at which the autocorrelation rho has fallen to a tenth: what decays
    like an exponential has then a hundredth left, and n draws are worth .98 n
    independent ones.  Where it decays more slowly later on, the fewest sweeps t from
    there on with 1 + 2 (rho_t + rho_2t) <= 1 / 0.9.

    Parameters
    ----------
    traces : ndarray of shape (n_scalars, n_chains, n_sweeps)
        Those that do not move at all say nothing.

    Returns
    -------
    int or None
        For the scalar that remembers longest.  None if that is more than a tenth of
        the sweeps, which are then too few to tell.

    Examples
    --------
    Draws that come in fours have rho = 1, 3/4, 1/2, 1/4, 0:

    >>> import numpy as np
    >>> from skboltz.sampling import thinning
    >>> traces = np.random.default_rng(0).normal(size=(1, 100, 50)).repeat(4, axis=2)
    >>> thinning.interval_of(traces)
    8
    """
    rho = [autocorrelation(one) for one in traces if np.ptp(one) > 0]
    if not rho:
        return 1
    rho = np.array(rho)
    has_faded = (rho <= _FADED).any(axis=1)
    if not has_faded.all():
        return None
    faded = np.argmax(rho <= _FADED, axis=1).max()
    for t in range(2 * faded, traces.shape[2] // _SEEN + 1):
        if (2 * (rho[:, t] + rho[:, 2 * t]) <= _MOST_LEFT).all():
            return int(t)
    return None


def _scalars(model, params, states, directions):
    energy = model.free_energy(params, states)[:, None]
    return np.hstack([energy, states @ directions])


def _directions(begin, end):
    """What to watch of states, one direction a column; by standard deviations."""
    spread = begin.std(axis=0)
    scale = np.divide(1, spread, where=spread > 0, out=np.zeros_like(spread))
    begin, end = ((states - states.mean(axis=0)) * scale for states in (begin, end))
    kept = np.argsort(-(begin * end).mean(axis=0), kind="stable")[:_COLUMNS]
    columns = np.eye(len(scale), dtype=begin.dtype)[:, kept]
    across = np.linalg.svd(begin, full_matrices=False)[2][:_DIRECTIONS]
    return np.hstack([columns, (across * scale).T])
