"""What a user waits for: the import, the first fit, the first fit of a later process.

    OPENBLAS_NUM_THREADS=1 python benchmarks/bench_start.py

And what a fit does besides its epochs, by the time of one, and what it holds in memory
beside X.
"""

import os
import subprocess
import sys
import tempfile

from timing import machine, report

IMPORT = """
import time, sklearn.base, sklearn.callback, sklearn.utils.validation, scipy.special
start = time.perf_counter()
import skboltz
print(time.perf_counter() - start)
"""

FIRST_FIT = """
import time, numpy as np, skboltz
X = (np.random.default_rng(0).random((1000, 64)) < 0.3).astype(np.float32)
start = time.perf_counter()
skboltz.BernoulliRBM(16, n_iter=1, momentum=0.5, l2=1e-4).fit(X)
print(time.perf_counter() - start)
"""

WITHOUT_EPOCHS = """
import time, numpy as np, skboltz
from statistics import median
X = (np.random.default_rng(0).random((5000, 784)) < 0.13).astype(np.float32)
def seconds(n_iter):
    rbm = skboltz.BernoulliRBM(500, method="cd", batch_size=100, n_iter=n_iter)
    start = time.process_time()
    rbm.fit(X)
    return time.process_time() - start
seconds(1)
without, one = np.array([(seconds(0), seconds(1)) for _ in range(15)]).T
print(median(without) / median(one - without))
"""

MEMORY = """
import resource, numpy as np, skboltz
X = np.ones((60_000, 784), np.float32)  # every page touched, nothing freed
X[::3, ::5] = 0
skboltz.BernoulliRBM(500, batch_size=100, n_iter=1).fit(X[:200])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
skboltz.BernoulliRBM(500, batch_size=100, n_iter=2).fit(X)
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print((after - before) / 1024)
"""


def run(script, **environment):
    environment = {**os.environ, **environment}
    out = subprocess.run(
        [sys.executable, "-c", script],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return round(float(out.stdout.split()[-1]), 3)


def main():
    report(**machine())
    imports = sorted(run(IMPORT) for _ in range(5))
    report(what="import beyond scikit-learn's own", seconds=imports[2])
    with tempfile.TemporaryDirectory() as cache:
        for what in ("first fit, nothing compiled", "first fit of a later process"):
            seconds = run(FIRST_FIT, NUMBA_CACHE_DIR=cache, SKBOLTZ_KERNELS="numba")
            report(what=what, seconds=seconds)
    seconds = run(FIRST_FIT, SKBOLTZ_KERNELS="numpy")
    report(what="first fit without Numba", seconds=seconds)
    report(what="fit of 5000x784 without epochs", by_one_epoch=run(WITHOUT_EPOCHS))
    share = run(WITHOUT_EPOCHS.replace("fit(X)", "fit(X if n_iter else X[:5])"))
    report(what="the same of 5 rows, by an epoch of 5000", by_one_epoch=share)
    report(what="memory of fit beside 188 MB of X", megabytes=run(MEMORY))


if __name__ == "__main__":
    main()
