"""Every visible unit given all the others, by sums or integrals over its values."""

from typing import NamedTuple

import numpy as np

from ..models import Bipartite
from ..sampling import in_float64
from ..units import Unit

_BLOCK_ELEMENTS = 2**20


class _Site(NamedTuple):
    """Visible columns that vary together, all others being given.

    Attributes
    ----------
    unit : Unit
    params : NamedTuple
        Of these columns.
    weights : ndarray of shape (n_hidden, n_site_columns)
    model : Bipartite
    hidden : NamedTuple
        Parameters of the hidden units.
    """

    unit: Unit
    params: tuple
    weights: np.ndarray
    model: Bipartite
    hidden: tuple


def of_each_site(model, params, v):
    """sum_i log P(v_i | all other visible units), shape (n_samples,).

    P(x | the others) is proportional to exp(-base energy of x) times the sum over the
    hidden states, which for every x is a product. Of real units it is a density.
    """
    double = in_float64(params)
    size = max(1, _BLOCK_ELEMENTS // (64 * len(params.weights)))
    parts = [v[start : start + size] for start in range(0, len(v), size)]
    return np.concatenate([_of_block(model, double, part) for part in parts])


def _of_block(model, params, v):
    v = v.astype(np.float64)
    field, total = model.hidden_field(params, v), np.zeros(len(v))
    for columns, unit in model.visible_unit.sites(v.shape[1]):
        own = type(params.visible)(*(array[columns] for array in params.visible))
        own = unit.parameters(*own[: len(unit.parameters._fields)])
        site = _Site(unit, own, params.weights[:, columns], model, params.hidden)
        total += _of_site(site, field, v[:, columns])
    return total


def _of_site(site, field, x):
    """log P of values x of a site, all else being what it is."""
    points, weight = site.unit.points(site.params, *_field_range(site, field, x))
    own = _log_weight(site, field, x, x)
    rest = np.stack([_log_weight(site, field, x, point) for point in points])
    largest = rest.max(axis=0)
    share = (weight / weight[0])[:, None] * np.exp(rest - largest)
    return own - largest - np.log(weight[0] * share.sum(axis=0))


def _log_weight(site, field, old, new):
    """-F of rows but for what does not change, if a site goes from old to new."""
    change = site.unit.statistic_step(site.params, new, old)
    moved = field + change @ site.weights.T
    marginal = site.model.hidden_unit.log_partition(site.hidden, moved).sum(axis=1)
    return marginal - site.unit.energies(site.params, new).sum(axis=-1)


def _field_range(site, field, x):
    """Limits of the field of a site that all hidden states of weight keep to.

    Those of bounded hidden units do not ask what the site is.  Where they do, values of
    the site are followed to hidden ones and back: each round reaches beyond the last
    one by the factor `ratio`, and the sum of all rounds is known after one.
    """
    unit, weights = site.unit, site.weights
    statistic = unit.statistic(site.params, x)
    without = field - statistic @ weights.T
    start = statistic.min(axis=0), statistic.max(axis=0)
    low, high = _round(site, without, *start)
    spread = site.model.hidden_unit.spread(site.hidden)
    ratio = ((weights * spread[:, None] * unit.spread(site.params)) ** 2).sum()
    if ratio == 0:
        return low, high
    if ratio >= 1:
        raise ValueError(
            "The couplings of a visible unit to the hidden ones are so strong that its "
            "density given the others cannot be normalised: see is_normalisable."
        )
    once = unit.reach(site.params, low, high)
    more = ratio / (1 - ratio)
    least = once[0] - more * np.maximum(start[0] - once[0], 0)
    return _round(
        site, without, least, once[1] + more * np.maximum(once[1] - start[1], 0)
    )


def _round(site, without, least, largest):
    """From limits of the statistic of a site to those of its field."""
    hidden, weights = site.model.hidden_unit, site.weights
    below, above = np.sort([weights * least, weights * largest], axis=0).sum(axis=2)
    limits = without.min(axis=0) + below, without.max(axis=0) + above
    ends = (end[:, None] * weights for end in hidden.reach(site.hidden, *limits))
    return site.params.bias + np.sort(list(ends), axis=0).sum(axis=1)
