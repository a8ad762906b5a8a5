"""Entries that are absent: units that are no part of the machine of a row.

The machine of a row has the visible units that its mask names, and shares their
parameters with those of all other rows (Salakhutdinov, Mnih & Hinton 2007, "Restricted
Boltzmann machines for collaborative filtering", ICML).  A value of 0 adds nothing to
the fields of the hidden units, whatever the unit.
"""

from dataclasses import replace

import numpy as np

_INSTEAD = {
    "positive": "HiddenMeans",
    "negative": "ContrastiveDivergence, or Enumeration for a small machine",
    "gradient": "Gradient, which has no means of units that are the same in all rows",
}


def check_takes_mask(learner):
    """Refuse parts of a learner that know nothing of the mask of a batch."""
    for role, instead in _INSTEAD.items():
        part = getattr(learner, role)
        if not getattr(part, "takes_mask", False):
            raise ValueError(
                f"The data have a mask of absent entries, by which every row has a "
                f"machine of its own, but {type(part).__name__} works on a single one "
                f"for all. Set {role} to {instead}; or let mask be None, with NaN for "
                f"values that exist and are not known."
            )


def drawn_present(draw, mask):
    """A way to draw visible states that leaves what is absent at 0."""
    if mask is None:
        return draw
    known = np.where(mask, np.nan, 0.0)

    def draw_present(model, params, hidden, stream, visible=None):
        # Of a group with absent columns, another one is on.
        unit = model.visible_unit.given(known)
        held = replace(model, visible_unit=unit)
        drawn, stream = draw(held, params, hidden, stream, visible)
        return np.where(mask, drawn, 0), stream

    return draw_present


def patterns(mask):
    """Distinct rows of a mask, each with the numbers of the rows that are alike."""
    distinct, which = np.unique(mask, axis=0, return_inverse=True)
    which = which.ravel()
    for number, columns in enumerate(distinct):
        yield columns, np.flatnonzero(which == number)
