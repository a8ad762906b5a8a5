"""Streams of noise: pure functions of a key and a count."""

from enum import IntEnum
from typing import NamedTuple

import numpy as np

from .. import kernels


class Purpose(IntEnum):
    """What a stream is for; streams of different purposes never overlap."""

    WEIGHTS = 0
    CHAINS = 1
    DATA = 2
    SHUFFLE = 3
    SAMPLE = 4
    LADDER = 5
    FORWARD = 6
    REVERSE = 7
    VALLEYS = 8
    DREAMS = 9
    CROSSTALK = 10
    RECOGNITION = 11
    MEANS = 12


class Stream(NamedTuple):
    """A place in an endless sequence of noise.

    Attributes
    ----------
    key : tuple of two int
        Two 64-bit words, from the random state of the user.
    purpose : int
    step : int
        How many arrays have been drawn.  Array number `step` depends on nothing
        but these four.
    shard : int
        Which of several streams of one purpose.

    Examples
    --------
    >>> import numpy as np
    >>> from skboltz.sampling import Purpose, Stream
    >>> stream = Stream(key=(3, 4), purpose=Purpose.CHAINS)
    >>> first, later = stream.draw((2,), np.float64)
    >>> again, _ = stream.draw((2,), np.float64)
    >>> bool((first == again).all()), later.step
    (True, 1)
    """

    key: tuple
    purpose: int
    step: int = 0
    shard: int = 0

    def draw(self, shape, dtype, kind="logistic"):
        """Standard noise of a shape, and the stream after it.

        Its `kind` is "uniform", "logistic", "normal", "exponential" or "odds": what the
        units to be drawn say of themselves by their attribute `noise`.
        """
        noise = kernels.noise(kind, self.place, shape, dtype)
        return noise, self._replace(step=self.step + 1)

    def sample(self, unit, params, input, mean=None):
        """Values of units given their input, and the stream after it.

        The input may be overwritten; a mean that is known need not be found again.
        """
        values = kernels.draw(unit, params, input, self.place, mean)
        return values, self._replace(step=self.step + 1)

    @property
    def place(self):
        """The four words that the next noise is a function of."""
        return *self.key, int(self.purpose) << 32 | self.shard, self.step

    def draw_alike(self, shape, dtype, kind="logistic"):
        """As :meth:`draw`, with the same noise in every row.

        What is made of a row then depends on no other, nor on its place among them.
        """
        row, later = self.draw((1, shape[1]), dtype, kind)
        # In full, as kernels may overwrite it.
        return np.repeat(row, shape[0], axis=0), later

    def generator(self):
        """NumPy's generator at this place, for what is not hot; use it once."""
        counter = [0, self.step, self.purpose, self.shard]
        counter = np.array(counter, dtype=np.uint64)
        key = np.array(self.key, dtype=np.uint64)
        return np.random.Generator(np.random.Philox(key=key, counter=counter))


class Alike(NamedTuple):
    """A stream whose noise repeats: what is drawn for several chains of many rows.

    Chains number 0 to `n_chains` - 1 of a row see the same noise as those of every
    other, so that what becomes of a row depends on nothing but itself.

    Examples
    --------
    >>> import numpy as np
    >>> from skboltz.sampling import Alike, Purpose, Stream
    >>> noise, _ = Alike(Stream((3, 4), Purpose.SAMPLE), 2).draw((6, 5), np.float64)
    >>> bool((noise[:2] == noise[2:4]).all()), bool((noise[0] == noise[1]).any())
    (True, False)
    """

    stream: Stream
    n_chains: int

    def draw(self, shape, dtype, kind="logistic"):
        """Noise for chains, those of each row after one another."""
        own = self.n_chains, *shape[1:]
        noise, later = self.stream.draw(own, dtype, kind)
        noise = np.tile(noise, (shape[0] // self.n_chains, 1))
        return noise, self._replace(stream=later)

    def sample(self, unit, params, input, mean=None):
        """As :meth:`Stream.sample`."""
        noise, later = self.draw(input.shape, input.dtype, unit.noise)
        return kernels.sample(unit, params, input, noise, mean), later


def random_key(random_state):
    """A key drawn from a `numpy.random.RandomState`.

    Parameters
    ----------
    random_state : RandomState

    Examples
    --------
    >>> import numpy as np
    >>> from skboltz.sampling import random_key
    >>> random_key(np.random.RandomState(0)) == random_key(np.random.RandomState(0))
    True
    """
    words = random_state.randint(0, 2**64, size=2, dtype=np.uint64)
    return int(words[0]), int(words[1])
