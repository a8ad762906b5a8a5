"""Rows with many gaps: what chains make of them, against sums over all states.

    python benchmarks/figure_gaps.py

Machines of 20 to 64 hidden units, learnt from clusters of points, from digits and from
clusters of bits; 15 to 30 rows each, of which so much is missing that sums take more
than 10^6 terms, and still few enough to be made here (a minute or two for digits).
Beside the estimates stands what was done before: a chain of 50 + 200 sweeps for the
means, annealing alone for the free energy.
"""

import argparse
import time
import warnings

import numpy as np
from scipy.special import logsumexp
from sklearn.datasets import load_digits
from threadpoolctl import threadpool_limits
from timing import machine, report

from skboltz import BernoulliRBM, GaussianBernoulliRBM
from skboltz.likelihood import _abreast, _marginal, _posterior, _sampled_posterior
from skboltz.sampling import Purpose, Stream, conditional_gibbs
from skboltz.units import GAUSSIAN


def with_gaps(rows, n_missing, columns, seed):
    rng, rows = np.random.default_rng(seed), rows.astype(np.float64)
    for row in rows:
        row[rng.permutation(columns)[:n_missing]] = np.nan
    return rows


def points(apart, n_hidden=20, n_features=10, n_clusters=6):
    """Clusters whose centres are about `apart` deviations of a feature apart."""
    rng = np.random.default_rng(0)
    size = apart / 2 / np.sqrt(2 * n_features)
    centres = rng.normal(0, size, (n_clusters, n_features))
    X = centres[rng.integers(n_clusters, size=600)]
    X = X + rng.normal(0, 0.5, X.shape)
    settings = {"n_iter": 100, "learning_rate": 0.02, "batch_size": 20}
    rbm = GaussianBernoulliRBM(
        n_hidden, schedule="linear", random_state=0, **settings
    ).fit(X)
    rows = with_gaps(X[:30], 7, np.arange(n_features), 1)
    return rbm, rbm._fitted().rows.values(rows).astype(np.float64)


def digits(block):
    X = (load_digits().data > 7).astype(np.float32)
    rbm = BernoulliRBM(64, n_iter=100, schedule="linear", random_state=0).fit(X[:1500])
    varying = np.flatnonzero((X.mean(axis=0) > 0.15) & (X.mean(axis=0) < 0.85))
    if block:
        rows = X[1500:1515].astype(np.float64)
        rows[:, varying[10:30]] = np.nan
        return rbm, rows
    return rbm, with_gaps(X[1515:1530], 19, varying, 2)


def bits():
    rng = np.random.default_rng(2)
    centres = rng.random((16, 40)) < 0.5
    X = centres[rng.integers(16, size=2000)] ^ (rng.random((2000, 40)) < 0.03)
    settings = {"n_iter": 150, "learning_rate": 0.3}
    rbm = BernoulliRBM(40, schedule="linear", random_state=0, **settings).fit(X)
    return rbm, with_gaps(X[:15], 18, np.arange(40), 3)


BEDS = {
    "points in clusters, 6 s.d. apart": lambda: points(12.0),
    "12 s.d.": lambda: points(24.0),
    "30 s.d.": lambda: points(60.0),
    "digits, a block": lambda: digits(True),
    "digits, scattered": lambda: digits(False),
    "bits in clusters": bits,
}


def sums(model, params, rows):
    """Log weights and means by sums, however long."""
    limit, _posterior.EXACT_TERMS = _posterior.EXACT_TERMS, np.inf
    try:
        parts = list(_marginal._exact(model, params, rows, []))
    finally:
        _posterior.EXACT_TERMS = limit
    log_weight, visible = np.empty(len(rows)), rows.copy()
    for rest, found in parts:
        log_weight[rest.rows] = found.log_weight
        places = np.ix_(rest.rows, rest.columns)
        visible[places] = np.where(rest.missing, found.visible, visible[places])
    return log_weight, visible


def before(model, unsummed, rows):
    """A chain of each row, and its annealing without a look at what was visited."""
    stream = Stream((0, 0), Purpose.SAMPLE)
    walk = conditional_gibbs.walk(
        model, unsummed.params, rows, np.nan_to_num(rows), stream
    )
    sweeps = [next(walk).visible_mean for _ in range(250)][50:]
    whole = _abreast.whole(model, unsummed.params)
    side = _abreast.abreast(whole, unsummed.rests)
    chains = _sampled_posterior._annealed(side)
    log_weight = np.array([led.log_weight for led in chains])
    rests = map(_abreast.left_by, unsummed.rests)
    bases = [_sampled_posterior.log_base(rest) for rest in rests]
    estimate = logsumexp(log_weight, axis=1) - np.log(log_weight.shape[1]) + bases
    return estimate, conditional_gibbs.filled(rows, np.mean(sweeps, axis=0))


def off(model, params, rows, visible, exact):
    """Largest error of a mean in each row, in deviations of its unit."""
    deviation = 0.5
    if model.visible_unit == GAUSSIAN:
        deviation = np.exp(0.5 * params.visible.log_variance)
    return (abs(visible - exact) / deviation).max(axis=1)


def judge(name, rbm, rows):
    model, params, left = rbm._model, rbm._params(), []
    log_weight, exact = sums(model, params, rows)
    list(_marginal._exact(model, params, rows, left))
    unsummed = _marginal._unsummed(model, params, left)
    order = np.concatenate([rest.rows for rest in left])
    log_weight, exact, rows = log_weight[order], exact[order], rows[order]
    start = time.perf_counter()
    weighed = _sampled_posterior.weighed(unsummed)
    middle = time.perf_counter()
    found, _, doubted = _sampled_posterior.means(unsummed)
    end = time.perf_counter()
    visible = rows.copy()
    for row, rest, mean in zip(visible, unsummed.rests, found, strict=True):
        row[rest.columns] = mean
    old_weight, old_visible = before(model, unsummed, rows)
    nats, old_nats = abs(weighed.log_weight - log_weight), abs(old_weight - log_weight)
    mean = off(model, params, rows, visible, exact)
    old_mean = off(model, params, rows, old_visible, exact)
    report(
        name=name,
        rows=len(rows),
        nats_before=[round(np.median(old_nats), 2), round(old_nats.max(), 2)],
        nats=[round(np.median(nats), 2), round(nats.max(), 2)],
        doubted=int(weighed.doubtful.sum()),
        beyond_half_a_nat_in_silence=int(((nats > 0.5) & ~weighed.doubtful).sum()),
        means_before=[round(np.median(old_mean), 2), round(old_mean.max(), 2)],
        means=[round(np.median(mean), 2), round(mean.max(), 2)],
        beyond_half_a_deviation_before=int((old_mean > 0.5).sum()),
        beyond_half_a_deviation_in_silence=int(((mean > 0.5) & ~doubted).sum()),
        ms_a_row=[
            round(1000 * (middle - start) / len(rows), 1),
            round(1000 * (end - middle) / len(rows), 1),
        ],
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    report(**machine(), threads=options.threads)
    with threadpool_limits(options.threads), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, bed in BEDS.items():
            judge(name, *bed())


if __name__ == "__main__":
    main()
