"""Parts of the training of an RBM, by the names of its parameters."""

from ... import learning

_MOST_CHAINS = 1000  # unless asked for: batches may be as long as the data

GRADIENTS = {
    "plain": learning.Gradient,
    "centered": learning.CenteredGradient,
    "sign": learning.SignedGradient,
}


def _n_chains(rbm):
    return rbm.n_chains or min(rbm.batch_size, _MOST_CHAINS)


def _fast(rbm):
    rate = rbm.fast_learning_rate or rbm.learning_rate
    return learning.FastPersistentContrastiveDivergence(rbm.k, _n_chains(rbm), rate)


def _tempered(rbm):
    n = _n_chains(rbm)
    return learning.TemperedContrastiveDivergence(rbm.k, n, rbm.n_rungs)


PHASES = {
    "cd": lambda rbm: learning.ContrastiveDivergence(rbm.k, rbm._draw()),
    "pcd": lambda rbm: learning.PersistentContrastiveDivergence(
        rbm.k, _n_chains(rbm), rbm._draw()
    ),
    "fpcd": _fast,
    "tempered": _tempered,
    "restart": lambda rbm: learning.RandomRestart(rbm.k, _n_chains(rbm), rbm._draw()),
    "exact": lambda rbm: learning.Enumeration(),
}
