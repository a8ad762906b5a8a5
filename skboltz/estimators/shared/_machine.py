"""What every question to a fitted machine needs: parameters and checked rows."""

import numpy as np
from scipy import sparse
from sklearn.utils import gen_batches

from ...sampling import clamping
from ._range import warn_of_range
from ._validation import as_rows, check_data

# Rows whose arrays of hidden units stay in the cache together.
_CHUNK = 256


class Rows:
    """Rows in parts: a subclass has `_dtype`, the precision of its parameters."""

    _scaling = None  # from features to values of the visible units, if not the same

    def _chunks(self, X):
        """Rows of X in chunks, as dense values of the visible units."""
        for rows in gen_batches(X.shape[0], _CHUNK):
            part = X[rows]
            part = part.toarray() if sparse.issparse(part) else part
            yield rows, self._encoded(part)

    def _encoded(self, part):
        """Features as values of the visible units, in the model's precision."""
        if self._scaling is None:
            return part.astype(self._dtype, copy=False)
        return self._scaling.forward(part, self._dtype)

    def _decoded(self, v):
        """Values of the visible units as features."""
        return v if self._scaling is None else self._scaling.backward(v)

    def _unit_values(self, X):
        """All rows of X as values of the visible units."""
        return self._by_row(lambda v: v, X)

    def _restored(self, X, values):
        """`values` as features, but for what X holds, which stays to the last bit."""
        rows = self._decoded(values)
        return clamping.filled(X, rows).astype(rows.dtype, copy=False)

    def _by_row(self, function, X):
        return np.concatenate([function(v) for _, v in self._chunks(X)])


class Machine(Rows):
    """A fitted estimator of a distribution of visible units, hidden ones summed out.

    A family of models provides `_model`, what they are; `_visible_unit`;
    `_params()`; and what its bases ask for: `_free_energies(v)`,
    `_marginal_free_energies(v)` and `_conditional_means(v)` of rows with NaN,
    `_pseudo_log_likelihoods(v)`, `_sampler(...)`, see
    `_chains.py`, and `_shown(states, visible, given, stream)`, the rows of a sample.
    """

    @property
    def _dtype(self):
        """The precision of the parameters."""
        return self._params().weights.dtype

    def _check(self, X, complete_for=None, name="X"):
        """Rows to be asked about; warns of values that no visible unit takes."""
        X = check_data(self, X, complete_for=complete_for, name=name)
        warn_of_range(self, X, self._visible_unit)
        return X

    def _visible_states(self, X, complete_for, name="X"):
        """Rows as dense floats without gaps; a single row may come as a vector."""
        return self._unit_values(self._check(as_rows(X, name), complete_for, name))

    def _data_means(self):
        """Means of the training data for the base of an annealing, if known."""
        state = getattr(self, "_training_state", None)
        if state is None:
            return None
        return self._visible_unit.interior(state.offsets.visible.astype(np.float64))

    def _training_chains(self):
        """States of the persistent chains, if there are any."""
        state = getattr(self, "_training_state", None)
        return getattr(getattr(state, "negative", None), "visible", None)
