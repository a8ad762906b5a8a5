"""Features drawn from a classifier that has learnt them together with the labels."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ..questions._shown import check_shown
from ..shared._labels import class_codes, joined, one_hot
from ..shared._validation import check_count
from ._deep_samples import DeepSamples


class ClassSamples(DeepSamples):
    """`sample`, with labels clamped at the top of the network."""

    def sample(
        self,
        n_samples=None,
        *,
        y=None,
        method="gibbs",
        burn_in=None,
        thin=None,
        n_chains=None,
        start=None,
        visible="states",
        random_state=None,
    ):
        """Features drawn from the network, with labels clamped if they are given.

        Chains of Gibbs sweeps in the top layer, then one pass down; not to be had
        with `fine_tuning="backprop"`, which learns no distribution of the features.

        Parameters
        ----------
        n_samples : int, default=None
            Number of rows; None means one, or one for each label.
        y : array-like of shape (n_samples,) or label, default=None
            Labels that are clamped while the other units are drawn, in a chain for
            each row.
        method, burn_in, thin, n_chains
            Of the chains of the top layer, see :meth:`BernoulliRBM.sample`; with `y`,
            `method` is "gibbs" and `n_chains` is left out. With one `random_state`,
            a smaller `burn_in` is the beginning of the same chains.
        start : array-like of shape (n_chains, n_features), default=None
            Features whose hidden units, drawn on the way up, are where chains start;
            by default, units start by their biases.
        visible : {"states", "means"}, default="states"
            Whether features are drawn given the lowest hidden layer, or are their
            means.
        random_state : int, RandomState instance or None, default=None

        Returns
        -------
        ndarray of shape (n_samples, n_features)
        """
        check_is_fitted(self)
        stage = self._stage()
        if not stage.labels_on_top:
            raise ValueError(
                'sample() needs fine_tuning="up-down" or "none": by backpropagation '
                "the network learns the classes of features, not their distribution."
            )
        self._is_of_stage()
        check_shown(visible)
        given, n_rows = None, n_samples
        if y is not None:
            _check_clamped(method, n_chains)
            codes, n_rows = self._clamped_codes(y, n_samples)
            given = self._given_labels(codes)
        chains = {"method": method, "burn_in": burn_in, "thin": thin}
        chains |= {"n_chains": n_chains, "given": given}
        return self._drawn(n_rows, start, visible, random_state, **chains)

    def _top_start(self, states):
        """Labels are neutral."""
        n_classes = len(self.classes_)
        return joined(states, np.full((len(states), n_classes), 1 / n_classes))

    def _given_labels(self, codes):
        """Visible units of the top layer of which the labels alone are known."""
        top = self.layers_[-1]
        given = np.full((len(codes), top.n_features_in_), np.nan, self._dtype)
        given[:, -top.n_classes :] = one_hot(codes, top.n_classes, self._dtype)
        return given

    def _clamped_codes(self, y, n_samples):
        """Numbers of the labels to clamp, and how many rows there are."""
        if n_samples is not None:
            n_samples = check_count(n_samples, "n_samples", 1)
        y = np.atleast_1d(np.asarray(y))
        if len(y) == 1 and n_samples:
            y = np.repeat(y, n_samples)
        if y.ndim != 1 or not len(y) or (n_samples or len(y)) != len(y):
            raise ValueError(
                f"y has the shape {y.shape}, but n_samples is {n_samples}; pass one "
                f"label, or one for each sample."
            )
        return class_codes(self.classes_, y), len(y)


def _check_clamped(method, n_chains):
    """Refuse chains that cannot hold a label."""
    if method != "gibbs":
        raise ValueError(f'y needs method="gibbs", found {method!r}.')
    if n_chains is not None:
        raise ValueError(
            f"n_chains is {n_chains}, but each label of y needs a chain of its own; "
            f"leave n_chains out."
        )
