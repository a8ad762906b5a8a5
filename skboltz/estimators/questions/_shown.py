"""What a sample shows of drawn states: their visible units, or means beside them."""

from functools import singledispatch

from ...models import Bipartite, Pairwise
from ...sampling import Purpose, conditional_gibbs, gibbs


def check_shown(visible):
    """Refuse what is no way to give the features of a sample."""
    if visible not in ("states", "means"):
        raise ValueError(f'visible must be "states" or "means", found {visible!r}.')


def shown(fitted, states, visible, given, stream):
    """Visible units of drawn states, or their means beside them."""
    if visible == "states":
        return visible_part(fitted.model, fitted.params, states)
    return means_beside(fitted.model, fitted.params, states, given, stream)


@singledispatch
def visible_part(model, params, states):
    """The visible units of drawn states, which may be states of others as well."""
    return states


@visible_part.register
def _(model: Pairwise, params, states):
    return states[:, : model.n_visible]


@singledispatch
def means_beside(model, params, states, given, stream):
    """Means of the visible units beside states, which have the same mean.

    Parameters
    ----------
    model : Bipartite or Pairwise
        Another kind of model registers a function of its own.
    params : BipartiteParams or PairwiseParams
    states : ndarray of shape (n_rows, n_visible) or (n_rows, n_units)
        As :func:`drawn` yields them.
    given : ndarray of shape (n_rows, n_visible) or None
        What is known of each row; NaN is not.
    stream : Stream
        Of the sample; what is drawn here has noise of its own.

    Returns
    -------
    ndarray of shape (n_rows, n_visible)
    """
    raise TypeError(f"no means are known of a {type(model).__name__}.")


@means_beside.register
def _(model: Bipartite, params, states, given, stream):
    """E[v | h], h drawn given the states."""
    if given is not None:  # labels of which some are known rule out others
        model, _ = conditional_gibbs.held(model, given)
    own = stream._replace(purpose=Purpose.MEANS)
    hidden = gibbs.from_visible(model, params, states, own).hidden
    return model.visible_unit.mean(params.visible, model.visible_field(params, hidden))


@means_beside.register
def _(model: Pairwise, params, states, given, stream):
    """E[v_i | all other units]."""
    mean = model.unit.mean(params.units, model.field(params, states))
    return mean[:, : model.n_visible]
