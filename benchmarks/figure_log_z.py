"""How often the error bar of log Z holds: machines whose log Z can be enumerated.

    python benchmarks/figure_log_z.py --seeds 100

For each machine and method: the share of seeds whose 95 % interval contains the exact
value, the share that warned, the share of either, and what the estimates were off.
Three machines are easy, two learnt digits, one learnt bars and stripes, two hide their
weight behind a first-order transition.
"""

import argparse
import time

import numpy as np
from sklearn.datasets import load_digits
from threadpoolctl import threadpool_limits
from timing import machine, report

from skboltz import BernoulliRBM
from skboltz.datasets import make_bars_and_stripes
from skboltz.likelihood import (
    Effort,
    estimate_log_partition,
    exact_log_partition,
)
from skboltz.models import Bipartite, BipartiteParams
from skboltz.units import BERNOULLI, SPIN, Bias

BITS = Bipartite(BERNOULLI, BERNOULLI)


def drawn(unit, n_hidden, n_visible, scale, bias):
    rng = np.random.default_rng(0)
    params = BipartiteParams(
        rng.normal(0, scale, (n_hidden, n_visible)),
        Bias(rng.normal(0, bias, n_visible)),
        Bias(rng.normal(0, bias, n_hidden)),
    )
    return Bipartite(unit, unit), params, None


def learnt(X, **params):
    rbm = BernoulliRBM(random_state=0, **params).fit(X)
    mean = BERNOULLI.interior(X.mean(axis=0))
    return BITS, rbm._params(), mean


def first_order(excess):
    """One hidden unit turns a hundred visible ones on, and weighs e^excess more."""
    rng = np.random.default_rng(0)
    weights = np.vstack([np.full(100, 3.0), rng.normal(0, 0.3, (3, 100))])
    off, on = 100 * np.log1p(np.exp(-1.5)), 100 * np.log1p(np.exp(1.5))
    hidden = Bias(np.array([off - on + excess, 0.0, 0.0, 0.0]))
    return BITS, BipartiteParams(weights, Bias(np.full(100, -1.5)), hidden), None


def machines():
    bars, _ = make_bars_and_stripes(4)
    digits = (load_digits().data > 7).astype(np.float32)
    return {
        "weak 20-10": drawn(BERNOULLI, 10, 20, 0.3, 0.5),
        "strong 20-10": drawn(BERNOULLI, 10, 20, 2.0, 1.0),
        "spins 20-8": drawn(SPIN, 8, 20, 0.4, 0.3),
        "bars and stripes 16-12": learnt(
            bars, n_components=12, method="exact", gradient="centered",
            learning_rate=0.5, batch_size=30, n_iter=2000,
        ),
        "digits 64-16, PCD": learnt(
            digits, n_components=16, learning_rate=0.05, n_iter=30, n_chains=100
        ),
        "digits 64-16, CD": learnt(
            digits, n_components=16, method="cd", learning_rate=0.1, n_iter=30
        ),
        "one dominant hidden state 100-4": first_order(30.0),
        "two modes of equal weight 100-4": first_order(0.0),
    }  # fmt: skip


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--methods", nargs="+", default=["bridge", "ais"])
    options = parser.parse_args()
    report(**machine(), **vars(options), **Effort()._asdict())
    for name, (model, params, mean) in machines().items():
        exact = exact_log_partition(model, params).value
        for method in options.methods:
            report(
                name=name,
                method=method,
                **judged(model, params, mean, exact, method, options.seeds),
            )


def judged(model, params, mean, exact, method, n_seeds):
    start, results = time.perf_counter(), []
    for seed in range(n_seeds):
        estimate, reasons = estimate_log_partition(
            model, params, method=method, visible_mean=mean, key=(seed, 77)
        )
        low, high = estimate.interval()
        inside = low <= exact <= high
        results.append(
            (inside, bool(reasons), inside or bool(reasons), estimate.value - exact)
        )
    inside, warned, either, off = np.array(results, dtype=float).T
    return {
        "exact": round(exact, 3),
        "inside": round(inside.mean(), 2),
        "warned": round(warned.mean(), 2),
        "inside_or_warned": round(either.mean(), 2),
        "mean_off": round(off.mean(), 4),
        "rms_off": round(float(np.sqrt((off**2).mean())), 4),
        "seconds": round((time.perf_counter() - start) / n_seeds, 2),
    }


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
