"""What hidden units are in each memory."""

import numpy as np

from ...sampling import Asynchronous, Purpose, recall, spin_network


def random_fill(spins, n_hidden, stream):
    """Fair coins; further memories leave those of the first as they are."""
    coins = stream.generator().random((len(spins), n_hidden)) < 0.5
    return np.where(coins, 1, -1).astype(np.int8)


def optimised_fill(spins, n_hidden, stream):
    """Hidden units one by one, each such that overlaps between memories shrink.

    With o_mn the overlaps so far, a unit with values h_m in memory m turns
    sum_mn o_mn^2 over m != n into sum_mn (o_mn + h_m h_n)^2: up to constants
    2 h'oh, the energy of a network with the couplings -o, which recall lowers from
    a random start.
    """
    hidden = random_fill(spins, n_hidden, stream)
    overlap = spins.astype(float) @ spins.T
    for unit in range(n_hidden):
        np.fill_diagonal(overlap, 0)
        now = stream._replace(purpose=Purpose.CROSSTALK, shard=unit)
        start, free = hidden[None, :, unit], np.zeros((1, len(spins)), bool)
        crosstalk = spin_network(-overlap, np.zeros(len(spins)))
        lowest = recall.run(Asynchronous(1000), crosstalk, start, free, now)
        hidden[:, unit] = lowest.state[0]
        overlap += np.outer(hidden[:, unit], hidden[:, unit].astype(float))
    return hidden


FILLS = {"random": random_fill, "optimised": optimised_fill}
