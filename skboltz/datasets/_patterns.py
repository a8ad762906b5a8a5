"""Patterns with probabilities: what the generators of this package share."""

from numbers import Integral

import numpy as np
from sklearn.utils import check_random_state


def check_size(value, name, least, most=None):
    """An integer within limits, or a ValueError that names it."""
    limits = f"at least {least}" if most is None else f"from {least} to {most}"
    inside = isinstance(value, Integral) and value >= least
    if not inside or (most is not None and value > most):
        raise ValueError(f"{name} must be an integer {limits}, found {value!r}.")
    return int(value)


def all_bits(n_bits):
    """Every state of n_bits bits, counting upwards, the first bit most significant."""
    numbers = np.arange(2**n_bits)[:, None]
    return (numbers >> np.arange(n_bits)[::-1] & 1).astype(np.float32)


def entropy_of_rows(X):
    """Entropy in nats of a row picked at random, repeated rows counted together."""
    _, counts = np.unique(X, axis=0, return_counts=True)
    share = counts / len(X)
    return float(-(share * np.log(share)).sum())


def all_or_drawn(patterns, n_samples, random_state):
    """All patterns, or rows drawn among them; and the entropy of such a draw."""
    entropy = entropy_of_rows(patterns)
    if n_samples is None:
        return patterns, entropy
    n_samples = check_size(n_samples, "n_samples", 1)
    rows = check_random_state(random_state).randint(len(patterns), size=n_samples)
    return patterns[rows], entropy
