"""The counter-based generator Philox4x64-10, by NumPy.

Salmon, Moraes, Dror & Shaw (2011), "Parallel random numbers: as easy as 1, 2, 3".
"""

import threading

import numpy as np

_EMPTY = np.zeros(4, dtype=np.uint64)
_local = threading.local()

LANES = 32  # counter values worked on side by side


def philox_words(key, counter, n_words):
    """The words of the blocks counter + 1, counter + 2, ... under a key.

    Parameters
    ----------
    key : pair of int
        Two 64-bit words.
    counter : sequence of 4 int
        Four 64-bit words, the least significant first.
    n_words : int

    Returns
    -------
    ndarray of shape (n_words,), uint64

    Notes
    -----
    NumPy's generator steps its counter before it makes a block: that is why the
    first block belongs to counter + 1.
    """
    generator = _generator()
    generator.state = {
        "bit_generator": "Philox",
        "state": {
            "key": np.array(key, dtype=np.uint64),
            "counter": np.array(counter, dtype=np.uint64),
        },
        "buffer": _EMPTY,
        "buffer_pos": len(_EMPTY),
        "has_uint32": 0,
        "uinteger": 0,
    }
    return generator.random_raw(n_words)


def _generator():
    """A generator of this thread, to be placed: a new one takes twenty times as long.

    It would ask the operating system for a seed first, whatever its key.
    """
    if not hasattr(_local, "generator"):
        _local.generator = np.random.Philox(0)
    return _local.generator


def philox_lanes(key, counter, n_words):
    """At least n_words words, those of LANES blocks at a time lane by lane.

    The compiled twin computes word 0 of LANES blocks side by side, then word 1, ...;
    so it need not sort them.
    """
    size = 4 * LANES
    words = philox_words(key, counter, -(-n_words // size) * size)
    return words.reshape(-1, LANES, 4).swapaxes(1, 2).reshape(-1)
