"""How many threads a product is worth."""

from contextlib import nullcontext
from functools import cache

from threadpoolctl import ThreadpoolController

# Multiply-adds of one product below which a second thread costs more than it
# gives: see benchmarks/bench_threads.py.
SMALL_PRODUCT = 10**7


@cache
def _controller():
    return ThreadpoolController()


def suited_threads(n_multiply_adds):
    """A context in which small products run on one thread of BLAS."""
    if n_multiply_adds >= SMALL_PRODUCT:
        return nullcontext()
    return one_blas_thread()


def one_blas_thread():
    """A context in which products run on one thread of BLAS.

    The bits of a product depend on the number of threads: what must be the same
    for every `n_jobs` runs on one.
    """
    return _controller().limit(limits=1, user_api="blas")
