"""Couplings of a known machine from samples of it: the inverse Ising problem.

    python benchmarks/figure_inverse_ising.py --units 100 --rows 100000
    python benchmarks/figure_inverse_ising.py --units 15 --rows 10000 --seeds 10 --exact

Spins with couplings of standard deviation `scale / sqrt(units)` and fields of 0.1.  The
rows come from 1000 chains by sequential Gibbs sampling, 50 sweeps to begin with and 5
between rows of one chain.
"""

import argparse
import time

import numpy as np
from threadpoolctl import threadpool_limits
from timing import machine, report

from skboltz.learning import all_pairs, fit_moments, fit_pseudo_likelihood
from skboltz.sampling import Purpose, Stream, sequential
from skboltz.units import SPIN


def spin_glass(n, scale, rng):
    upper = np.triu(rng.normal(0, scale / n**0.5, (n, n)), 1)
    return upper + upper.T, rng.normal(0, 0.1, n)


def sampled(coupling, bias, n_rows, seed):
    n, n_chains = len(bias), min(1000, n_rows)
    stream = Stream((seed, 0), Purpose.SAMPLE)
    arrays = coupling.astype(np.float32), bias.astype(np.float32)
    state = np.where(np.random.default_rng(seed).random((n, n_chains)) < 0.5, -1, 1)
    state, rows = state.astype(np.float32), []
    for sweep in range(1, 46 + 5 * -(-n_rows // n_chains)):
        noise, stream = stream.draw(state.shape, np.float32)
        sequential.sweep(*arrays, state, noise / 2, -1, 1)
        if sweep >= 50 and sweep % 5 == 0:
            rows.append(state.T.copy())
    return np.concatenate(rows)[:n_rows]


def timed_error(fit, truth, pairs):
    start = time.perf_counter()
    found = fit()
    seconds = time.perf_counter() - start
    difference = (found.params.coupling - truth)[pairs.i, pairs.j]
    return {
        "rms_error": float(np.sqrt(np.mean(difference**2))),
        "n_iter": found.n_iter,
        "gradient": found.gradient,
        "seconds": round(seconds, 2),
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--units", type=int, default=100)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--scale", type=float, default=0.5)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--exact", action="store_true")
    options = parser.parse_args()
    report(**machine(), **vars(options))
    pairs = all_pairs(options.units)
    for seed in range(options.seeds):
        rng = np.random.default_rng(seed)
        coupling, bias = spin_glass(options.units, options.scale, rng)
        with threadpool_limits(options.threads):
            X = sampled(coupling, bias, options.rows, seed)
            fits = {"pseudo": lambda X=X: fit_pseudo_likelihood(SPIN, X, pairs)}
            if options.exact:
                moments = pairs.features(X.astype(float)).mean(axis=0)
                fits["exact"] = lambda m=moments: fit_moments(SPIN, m, pairs)
            rms = float(np.sqrt(np.mean(coupling[pairs.i, pairs.j] ** 2)))
            for name, fit in fits.items():
                figures = timed_error(fit, coupling, pairs)
                report(seed=seed, name=name, rms_coupling=rms, **figures)


if __name__ == "__main__":
    main()
