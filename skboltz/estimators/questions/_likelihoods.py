"""Likelihoods by a fitted machine, in nats."""

import numpy as np

from ... import likelihood
from ...sampling import random_key
from ...utils import check_betas, has_missing
from ..shared._validation import (
    check_count,
    check_jobs,
    check_method,
    check_seed,
    empty_rows,
)
from ._log_z import log_partition, warn_of
from ._total import warn_of_total


def free_energy(fitted, X, missing):
    """F of every row; of those without any known value -log Z."""
    empty = empty_rows(X) if missing else None
    if empty is None:
        return _known_free_energy(fitted, X, missing)
    log_z, _ = trusted_log_z(fitted)
    free_energy = np.full(len(X), -log_z, fitted.dtype)
    if not empty.all():
        free_energy[~empty] = _known_free_energy(fitted, X[~empty], missing)
    return free_energy


def _known_free_energy(fitted, X, missing):
    """F of rows of which something is known."""
    model, params, rows = fitted.model, fitted.params, fitted.rows

    def of_whole(v):
        return likelihood.visible_free_energy(model, params, v)

    if not (missing and has_missing(X)):  # only empty rows may have had NaN
        return rows.by_chunk(of_whole, X)
    holes = np.isnan(X).any(axis=1)
    free_energy = np.empty(len(X), fitted.dtype)
    if not holes.all():
        free_energy[~holes] = rows.by_chunk(of_whole, X[~holes])
    # What is missing is summed out: the volume of its units does not count.
    volume = np.isnan(X[holes]) @ rows.log_volume(X.shape[1])
    found = likelihood.marginal_free_energy(model, params, rows.values(X[holes]))
    free_energy[holes] = found - volume
    return free_energy


def find_log_z(fitted, method, betas, n_chains, n_sweeps, random_state=0, n_jobs=None):
    """log Z and the reasons to doubt it, of checked arguments."""
    check_method(method)
    effort = likelihood.Effort(
        check_betas(betas, first=0, last=1),
        check_count(n_chains, "n_chains", 2),
        check_count(n_sweeps, "n_sweeps", 0),
    )
    n_jobs, key = check_jobs(n_jobs), random_key(check_seed(random_state))
    mean, states = fitted.base_means(), fitted.chains
    volume = fitted.rows.log_volume(fitted.params.weights.shape[1]).sum()
    arguments = (method, effort, mean, states, key, n_jobs, float(volume))
    return log_partition(fitted.model, fitted.params, *arguments, write=fitted.write)


def trusted_log_z(fitted):
    """The log Z of scores, of doubtful estimates the highest, and its error."""
    estimate, reasons = find_log_z(fitted, "auto", *likelihood.Effort())
    warn_of(reasons)
    value = estimate.upper() if reasons else estimate.value
    return value, estimate.standard_error


def score_samples(fitted, X, missing):
    """log P of every row; 0 where nothing is known of it."""
    known, rows = slice(None), X
    empty = empty_rows(X) if missing else None
    if empty is not None:
        known, rows = ~empty, X[~empty]
    scores = np.zeros(X.shape[0])
    log_z, error = trusted_log_z(fitted)
    if rows.shape[0]:
        free_energy = _known_free_energy(fitted, rows, missing)
        scores[known] = -free_energy.astype(np.float64) - log_z
        unit, precision = fitted.model.visible_unit, free_energy.dtype
        warn_of_total(unit, rows, scores[known], precision, error)
    return scores


def pseudo_log_likelihood(fitted, X):
    """sum_i log P(v_i | all other visible units) of every row without gaps."""

    def of_rows(v):
        return likelihood.pseudo_log_likelihood(fitted.model, fitted.params, v)

    volume = fitted.rows.log_volume(X.shape[1]).sum()
    return fitted.rows.by_chunk(of_rows, X) - volume
