"""Samples and scores against what they cannot do without.

    python benchmarks/bench_sample.py --threads 1 [--wide 20000]

10,000 rows of small machines, and of those beyond enumeration, by those of 100 chains
of 1000 sweeps and one more for each of their rows; and how many independent rows both
are worth.  Sweeps of `sample` and of parallel tempering (10 temperatures), 784 visible
and 500 hidden units, 100 chains, float32, by their matrix products.  With --wide, the
first score of a machine of so many rare features and 64 hidden units, by the products
of its sweeps alone.
"""

import argparse
import time

import numpy as np
from scipy import sparse
from threadpoolctl import threadpool_limits
from timing import interleave, machine, ratio, report

from skboltz import BernoulliRBM, GaussianBernoulliRBM, config_context
from skboltz.likelihood import Effort
from skboltz.likelihood._cost import n_sweeps
from skboltz.sampling import (
    Purpose,
    Stream,
    annealing,
    effective_sample_size,
    tempering,
)

N_ROWS, N_CHAINS, N_RUNGS = 10_000, 100, 10


def bits(n_visible, n_hidden, strength, dtype=np.float64):
    """Weights at random; every unit about as often on as off."""
    weights = np.random.default_rng(1).normal(0, strength, (n_hidden, n_visible))
    biases = -weights.sum(axis=1) / 2, -weights.sum(axis=0) / 2
    return BernoulliRBM.from_params(
        *(array.astype(dtype) for array in (weights, *biases))
    )


def reals(n_visible, n_hidden, strength):
    weights = np.random.default_rng(1).normal(0, strength, (n_hidden, n_visible))
    return GaussianBernoulliRBM.from_params(weights, -weights.sum(axis=1) / 2)


def worth(rows):
    """Share of independent rows, by the feature that remembers longest."""
    traces = rows.reshape(-1, N_CHAINS, rows.shape[1]).transpose(2, 1, 0)
    return round(min(effective_sample_size(one) / one.size for one in traces), 2)


def rows_of_machines(rounds):
    """The default by 100 chains, for machines within and beyond enumeration."""
    machines = {
        "6 + 6 bits": bits(6, 6, 1.0),
        "6 reals + 6 bits": reals(6, 6, 0.5),
        "30 + 30 bits, fast": bits(30, 30, 0.3),
        "30 + 30 bits, slow": bits(30, 30, 0.7),
        "30 + 30 bits, too slow to tell": bits(30, 30, 1.3),
    }
    few = {"n_chains": N_CHAINS, "burn_in": 1000}
    for name, rbm in machines.items():
        functions = {
            "chosen": lambda rbm=rbm: rbm.sample(N_ROWS, random_state=0),
            "100 chains": lambda rbm=rbm: rbm.sample(N_ROWS, random_state=0, **few),
        }
        seconds = interleave(functions, rounds)
        report(
            name=name,
            to_100_chains=ratio(seconds, "chosen", "100 chains"),
            worth=worth(functions["chosen"]()),
            worth_of_100_chains=worth(functions["100 chains"]()),
        )


def sweeps(rounds):
    """Sweeps by their products."""
    rbm = bits(784, 500, 0.05, np.float32)
    model, params = rbm._model, rbm._params()
    path, betas = annealing.base_path(model, params), np.linspace(0, 1, N_RUNGS)
    first = tempering.init(path, Stream((1, 2), Purpose.SAMPLE), betas, N_CHAINS)
    v = first.visible[-1]
    h = (first.input[-1] > 0).astype(np.float32)

    def products():
        for _ in range(30):
            v @ params.weights.T
            h @ params.weights

    functions = {"products": products}
    for kernels in ("numba", "numpy"):

        def plain(kernels=kernels):
            with config_context(kernels=kernels):
                rbm.sample(N_CHAINS, n_chains=N_CHAINS, burn_in=30, random_state=0)

        def tempered(kernels=kernels):
            with config_context(kernels=kernels):
                tempering.run(path, betas, first, 3)

        functions |= {f"sample, {kernels}": plain, f"tempering, {kernels}": tempered}
    for function in functions.values():
        function()
    seconds = interleave(functions, rounds)
    for name in functions:
        report(name=name, to_products=ratio(seconds, name, "products"))


def wide(n):
    """The first score of rare features, and the second."""
    rng = np.random.default_rng(0)
    n_known = rng.poisson(n / 1000, n)
    rows = np.repeat(np.arange(n), n_known)
    topic, part = rng.integers(0, 20, n)[rows], n // 20
    own = topic * part + rng.integers(0, part, len(rows))
    columns = np.where(rng.random(len(rows)) < 0.6, own, rng.integers(0, n, len(rows)))
    X = sparse.csr_array((np.ones(len(rows), np.float32), (rows, columns)), (n, n))
    X.sum_duplicates()
    X.data[:] = 1
    rbm = BernoulliRBM(64, n_iter=1, random_state=0).fit(X)
    params, lines = rbm._params(), []
    v, h = rng.random((50, n), np.float32), rng.random((50, 64), np.float32)

    def products(n_done=40):
        start = time.process_time()
        for _ in range(n_done):
            v @ params.weights.T
            h @ params.weights
        return (time.process_time() - start) / n_done / len(v)

    products()
    pace, times = products(), []
    rbm._fitted = _heard(rbm, lines)
    for _ in range(2):
        start = time.process_time()
        rbm.score(X)
        times.append(time.process_time() - start)
    n_rungs = next(int(line.split()[2]) for line in lines if "to temper at" in line)
    n_all = sum(n_sweeps(Effort(), "bridge", n_rungs)) + tempering.tuning_sweeps(
        n_rungs
    )
    report(
        name=f"score, {n} features",
        to_products=round(times[0] / (pace * n_all), 2),
        seconds=[round(t, 1) for t in times],
        temperatures=n_rungs,
        sweeps=n_all,
    )


def _heard(rbm, lines):
    fitted = rbm._fitted()
    return lambda: fitted._replace(write=lines.append)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--wide", type=int, default=0)
    options = parser.parse_args()
    report(**machine(), **vars(options))
    with threadpool_limits(options.threads):
        sweeps(options.rounds)
        rows_of_machines(3)
        if options.wide:
            wide(options.wide)


if __name__ == "__main__":
    main()
