"""The couplings of a memory: as recall takes them, and as they are published."""

import numpy as np

from ... import sampling
from ...utils import require


class Couplings:
    """A network, and its couplings as arrays that may be changed.

    Recall needs couplings whose sums are exact, in units of a scale; what is published
    are J and b themselves.  The arrays are made when they are first asked for, and
    from then on compared with what they were before every use, so that a change in
    them holds, and costs nothing where nobody has seen them.

    Parameters
    ----------
    network : SpinNetwork
    learnt : bool, default=True
        Whether a rule has learnt it.
    """

    def __init__(self, network, learnt=True):
        self._network = network
        self._learnt = learnt
        self._shown = self._seen = None

    @classmethod
    def given(cls, coupling, intercept, scale=1.0):
        """Couplings from elsewhere, published as they are.

        Those that are whole multiples of the scale keep their exact sums.
        """
        couplings = cls(_network(coupling, intercept, scale), learnt=False)
        couplings._show(coupling, intercept)
        return couplings

    def replaced(self, coupling=None, intercept=None):
        """These couplings with a copy of another array for one of them."""
        old = self.published
        arrays = (
            before if new is None else np.array(new, dtype=np.float64)
            for before, new in zip(old, (coupling, intercept), strict=True)
        )
        coupling, intercept = arrays
        _check(coupling, intercept, len(self._network.bias))
        return Couplings.given(coupling, intercept, self._network.scale)

    @property
    def published(self):
        """J and b, in double precision."""
        if self._shown is None:
            scale = self._network.scale
            arrays = self._network.coupling, self._network.bias
            self._show(*(scale * array.astype(np.float64) for array in arrays))
        return self._shown

    @property
    def network(self):
        """The network of the arrays as they are now."""
        if self._changed():
            _check(*self._shown, len(self._network.bias))
            self._network = _network(*self._shown, self._network.scale)
            self._learnt = False
            self._show(*self._shown)
        return self._network

    @property
    def learnt(self):
        """Whether the couplings are still what a rule has learnt."""
        return self._learnt and not self._changed()

    def _show(self, *arrays):
        self._shown, self._seen = arrays, tuple(array.copy() for array in arrays)

    def _changed(self):
        if self._shown is None:
            return False
        pairs = zip(self._shown, self._seen, strict=True)
        return not all(np.array_equal(now, before) for now, before in pairs)


def _network(coupling, intercept, scale):
    """A network in units of the scale, if all of it is whole multiples of that."""
    whole = [np.rint(array / scale) for array in (coupling, intercept)]
    pairs = zip(whole, (coupling, intercept), strict=True)
    if all(np.array_equal(scale * multiple, array) for multiple, array in pairs):
        return sampling.spin_network(*whole, scale)
    return sampling.spin_network(coupling, intercept)


def _check(coupling, intercept, n_units):
    """Refuse what no network can have."""
    shape = (n_units, n_units)
    require(coupling.shape == shape, "coupling_", f"of shape {shape}", coupling.shape)
    good = intercept.shape == shape[:1]
    require(good, "intercept_", f"of shape {shape[:1]}", intercept.shape)
    for name, array in (("coupling_", coupling), ("intercept_", intercept)):
        if not np.isfinite(array).all():
            raise ValueError(f"{name} must be finite, found NaN or infinity.")
    if coupling.diagonal().any():
        raise ValueError(
            "coupling_ has a diagonal, but no unit is coupled to itself: set it to 0, "
            "for example by np.fill_diagonal. For spins it is no more than a "
            "constant of the energy."
        )
    sampling.check_pairs(coupling, "intercept_", called="coupling_")
