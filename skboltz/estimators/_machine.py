"""What every question to a fitted machine needs: parameters and checked rows."""

import numpy as np
from scipy import sparse
from sklearn.utils import gen_batches

from ..models import BipartiteParams
from ._log_z import base_rates
from ._validation import (
    as_rows,
    check_data,
    check_known,
    check_layer,
    warn_out_of_range,
)

# Rows whose arrays of hidden units stay in the cache together.
_CHUNK = 256


class Machine:
    """A fitted estimator whose model, the attribute `_model`, is bipartite."""

    def _params(self):
        unit = self._model
        return BipartiteParams(
            self.components_,
            unit.visible_unit.parameters(self.intercept_visible_),
            unit.hidden_unit.parameters(self.intercept_hidden_),
        )

    def _check(self, X, complete_for=None, name="X"):
        """Rows to be asked about; warns of values that no visible unit takes."""
        X = check_data(self, X, complete_for=complete_for, name=name)
        check_known(X)
        warn_out_of_range(self, X, self._model.visible_unit, stacklevel=4)
        return X

    def _visible_states(self, X, complete_for, name="X"):
        """Rows as dense floats without gaps; a single row may come as a vector."""
        X = self._check(as_rows(X, name), complete_for, name)
        return np.concatenate([v for _, v in self._chunks(X)])

    def _chunks(self, X):
        """Rows of X in chunks, as dense floats of the model's precision."""
        dtype = self.components_.dtype
        for rows in gen_batches(X.shape[0], _CHUNK):
            part = X[rows]
            part = part.toarray() if sparse.issparse(part) else part
            yield rows, part.astype(dtype, copy=False)

    def _layer(self, values, name, n_units, units):
        return check_layer(values, name, n_units, units, self.components_.dtype)

    def _visible_mean(self, params, h):
        unit = self._model.visible_unit
        return unit.mean(params.visible, self._model.visible_field(params, h))

    def _data_means(self):
        """Means of the training data for the base of an annealing, if known."""
        state = getattr(self, "_training_state", None)
        if state is None:
            return None
        return base_rates(self._model.visible_unit, state.offsets.visible)
