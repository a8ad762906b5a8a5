"""One thread of BLAS against two, by the size of a product.

    python benchmarks/bench_threads.py

`free` is the time with one thread by that with two, the package's own limit lifted: it
shows where the limit in `skboltz/utils/_threads.py` belongs. `as_shipped` is the
same with the limit in force: it must not fall below 1.
"""

import numpy as np
from threadpoolctl import threadpool_limits
from timing import interleave, machine, ratio, report

from skboltz import BernoulliRBM
from skboltz.utils import _threads

CASES = [(10, 64), (10, 500), (100, 16), (100, 64), (100, 128), (100, 500), (500, 500)]


def main():
    report(**machine())
    X = (np.random.default_rng(0).random((20_000, 784)) < 0.13).astype(np.float32)
    shipped = _threads.SMALL_PRODUCT
    for batch_size, n_hidden in CASES:
        rows = X[: max(2000, 30 * batch_size)]

        def fit(n_threads, limit, rows=rows, b=batch_size, m=n_hidden):
            def run():
                _threads.SMALL_PRODUCT = limit
                with threadpool_limits(n_threads, user_api="blas"):
                    BernoulliRBM(m, batch_size=b, n_iter=1, random_state=0).fit(rows)

            return run

        functions = {
            "1": fit(1, 0),
            "2, free": fit(2, 0),
            "2, as shipped": fit(2, shipped),
        }
        seconds = interleave(functions, 11)
        report(
            batch_size=batch_size,
            n_hidden=n_hidden,
            multiply_adds=batch_size * n_hidden * 784,
            free=ratio(seconds, "1", "2, free"),
            as_shipped=ratio(seconds, "1", "2, as shipped"),
        )


if __name__ == "__main__":
    main()
