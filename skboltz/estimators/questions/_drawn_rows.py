"""Rows of a sample: exact ones, those of few chains far apart, or one of each chain."""

from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from ...sampling import thinning
from ._chains import (
    can_be_watched,
    chains_of,
    default_burn_in,
    drawn_exactly,
    is_locked,
)

_FEW = 100  # chains from which many rows are taken
# Sweeps from which one sees how long chains remember, and their work by that of a
# chain for each row.
_LEAST_WATCHED, _MOST_WATCHED = 200, 4000
_WORK = 1 / 8


class Way(NamedTuple):
    """How rows are to be drawn, as a user has asked for; None leaves the choice.

    Attributes
    ----------
    method : str or Langevin
    burn_in, thin, n_chains : int or None
    given : ndarray of shape (n_samples, n_visible) or None
    start : ndarray of shape (n_chains, n_visible) or None
    alike : bool
        Whether the same is given of all rows.
    """

    method: Any
    burn_in: int | None
    thin: int | None
    n_chains: int | None
    given: np.ndarray | None
    start: np.ndarray | None
    alike: bool

    @property
    def is_free(self):
        """Whether nothing is said of the chains."""
        return self.n_chains is None and self.start is None

    @property
    def moves_alone(self):
        """Whether plain chains are asked for, whose start is free."""
        return self.method not in ("tempering", "annealing")


def drawn_rows(fitted, n_samples, way, stream):
    """States of a number of rows, as :func:`drawn` yields them.

    Nothing being asked for: independent rows from the distribution of the machine if
    it can be enumerated; else, where that is less work than a chain for each row, few
    chains, of which rows are taken as far apart as they remember.
    """
    exact = None
    if way.is_free and way.moves_alone:
        exact = drawn_exactly(fitted.model, fitted.params, n_samples, stream, way.given)
    if exact is not None and way.burn_in is None:
        return exact
    if exact is None and _may_be_few(fitted, n_samples, way):
        return _of_few(fitted, n_samples, way, stream)
    return _own(fitted, n_samples, way, stream)


def _started(fitted, n_chains, way, stream):
    given = None if way.given is None else way.given[:n_chains]
    return chains_of(
        fitted, way.method, n_chains, way.burn_in, stream, given, way.start
    )


def _own(fitted, n_samples, way, stream):
    """The first rows of all chains, then their second rows, and so on."""
    n_chains = way.n_chains or n_samples
    chains = _started(fitted, n_chains, way, stream)
    return _every(chains, way.thin or 1, n_samples, n_chains)


def _every(chains, thin, n_samples, n_chains):
    n_draws = -(-n_samples // n_chains)
    states = islice(chains, 0, (n_draws - 1) * thin + 1, thin)
    return np.concatenate(list(states))[:n_samples]


def _may_be_few(fitted, n_samples, way):
    """Whether few chains may do, and take at most half of the sweeps of many.

    Annealed chains are there to be independent; those of a machine that locks units
    seem to have settled where they began.
    """
    if not (way.is_free and way.alike and way.thin is None):
        return False
    if way.method == "annealing" or not can_be_watched(fitted.model):
        return False
    burn_in = _burn_in(way)
    if way.moves_alone and is_locked(fitted.model, fitted.params, burn_in):
        return False
    return 2 * _FEW * (burn_in + _watched(burn_in)) < n_samples * burn_in


def _burn_in(way):
    return default_burn_in(way.method) if way.burn_in is None else way.burn_in


def _watched(burn_in):
    return max(_LEAST_WATCHED, burn_in // 2)


def _of_few(fitted, n_samples, way, stream):
    """Rows of few chains; if these remember for too long, others of one chain each."""
    burn_in = _burn_in(way)
    chains = _started(fitted, _FEW, way, stream)
    most = min(_MOST_WATCHED, int(_WORK * n_samples * burn_in / _FEW))
    watched = _watched(burn_in), most
    thin = thinning.interval(fitted.model, fitted.params, chains, *watched)
    if thin is not None and thin <= burn_in:
        return _every(chains, thin, n_samples, _FEW)
    more = _own(fitted, n_samples - _FEW, way, stream._replace(shard=1))
    return np.concatenate([next(chains), more])
