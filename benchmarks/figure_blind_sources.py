"""Two mixed Laplace sources: a Gaussian-binary machine beside ICA, all exact.

    python benchmarks/figure_blind_sources.py --runs 5
    python benchmarks/figure_blind_sources.py --runs 5 --schedule constant

The protocol of PyDeep's examples/GRBM_2D.py (Melchior, Wang & Wiskott 2017, "Gaussian-
binary restricted Boltzmann machines for modeling natural image statistics", PLOS ONE
12): 100,000 samples of two Laplace sources (location 1, scale 1), mixed by a matrix of
uniform numbers between -1/2 and 1/2, ZCA-whitened with all of them; the first half
trains, the second tests; 4 hidden units, CD-1, rate 1, batches of 1000, 50 epochs.  A
run's seed determines sources and matrix in PyDeep's order of draws: seed 42 is the
published run (test: machine -2.73621, ICA -2.73579; train: -2.74118, -2.74150).

What differs: the rate falls to 0 (`--schedule constant`: as there), visible biases
are learnt, where PyDeep holds them at 0, the log-variance is learnt and not sigma (at
sigma = 0.75 its rate of 0.4 is about PyDeep's 0.1), an epoch takes all training rows
(PyDeep's batches begin at rows 0, 1, 2, ... of a shuffle: its epoch sees 1049 rows),
the start is the estimator's own, and the best of `--starts` by the training rows
counts: about one in five ends with two units for one direction of a source.

ICA's likelihood is that of PyDeep's `ICA.log_likelihood` (pydeep/preprocessing.py): for
whitened x and an orthogonal W,

    log p(x) = sum_i log(1/2 sech^2(w_i x)) + log |det W|,

independent logistic sources of scale 1/2, whose variance, pi^2 / 12 = 0.82, is not even
that of the data.  `ica_laplace_test` has the same rotation with the sources' true
density, Laplace of unit variance; `true_test` is the mean of the true log density of
the mixture, and `true_expected` what that is on average, minus the entropy.  A machine
that is as good as the first ICA is 0.04 nats behind the truth.  `best_test` comes from
going on uphill (L-BFGS on the training rows, exact) from the machine that was learnt.

Amari distance (Bach & Jordan 2002, "Kernel independent component analysis"): 0 where
the vectors are those of the mixture but for order and scale, at most 1 for two of them;
of the machine, the least of all pairs of weight vectors.  (PyDeep takes the mean of the
data off the mixing vectors, which adds about 0.006 to its figures: published .029
for the machine, .006 for ICA, are .024 and .0005 here.)
"""

import argparse
import time
from itertools import combinations, product

import numpy as np
from scipy.optimize import minimize
from scipy.special import logsumexp
from sklearn.decomposition import FastICA
from threadpoolctl import threadpool_limits
from timing import machine, report

from skboltz import GaussianBernoulliRBM


def mixture(n_rows, seed):
    """Whitened rows, their sources, and what each source adds to a row."""
    rng = np.random.RandomState(seed)
    sources = np.column_stack([rng.laplace(1.0, 1.0, n_rows) for _ in range(2)])
    mixing = rng.rand(2, 2) - 0.5
    rows = sources @ mixing.T
    variances, directions = np.linalg.eigh(np.cov(rows, rowvar=False))
    whitening = (directions / np.sqrt(variances)) @ directions.T
    return (rows - rows.mean(axis=0)) @ whitening, sources, mixing.T @ whitening


def rotation(rows):
    """An orthogonal unmixing matrix; the rows are white."""
    ica = FastICA(whiten=False, tol=1e-8, max_iter=1000, random_state=0).fit(rows)
    left, _, right = np.linalg.svd(ica.components_)
    return left @ right


def logistic(sources):
    """Mean log density of independent sources 1/2 sech^2."""
    return (np.log(0.5) - 2 * np.log(np.cosh(sources))).sum(axis=1).mean()


def laplace(sources, scale):
    """Mean log density of independent Laplace sources around 0."""
    return (-np.abs(sources) / scale - np.log(2 * scale)).sum(axis=1).mean()


def amari(first, second):
    """Amari distance of two square matrices whose rows are vectors."""
    ratios = np.abs(first @ np.linalg.inv(second))
    sums = (ratios / ratios.max(axis=0)).sum() + (ratios.T / ratios.max(axis=1)).sum()
    return sums / (2 * len(ratios)) - 1


class Density:
    """The machine's density, written down once more in NumPy."""

    def __init__(self, n_hidden, n_visible):
        self.states = np.array(list(product((0.0, 1.0), repeat=n_hidden)))
        self.bounds = np.cumsum([n_hidden * n_visible, n_hidden, n_visible])

    def parts(self, packed):
        """Weights, hidden biases, visible biases, variances."""
        weights, hidden, visible, log_variance = np.split(packed, self.bounds)
        return weights.reshape(len(hidden), -1), hidden, visible, np.exp(log_variance)

    def log_joint(self, packed):
        """log Z P(h) for all hidden states."""
        weights, hidden, visible, variance = self.parts(packed)
        mean = visible + self.states @ weights
        squares = (mean**2 - visible**2) / variance + np.log(2 * np.pi * variance)
        return self.states @ hidden + squares.sum(axis=1) / 2

    def log_likelihood(self, packed, rows):
        weights, hidden, visible, variance = self.parts(packed)
        field = (rows / variance) @ weights.T + hidden
        energy = ((rows - visible) ** 2 / variance).sum(axis=1) / 2
        log_z = logsumexp(self.log_joint(packed))
        return (np.logaddexp(0, field).sum(axis=1) - energy).mean() - log_z

    def improved(self, packed, rows):
        """Parameters of a maximum of the likelihood nearby."""
        return minimize(lambda p: -self.log_likelihood(p, rows), packed).x


def packed(rbm):
    """All parameters of a machine that learnt the features as they are."""
    arrays = (
        rbm.components_,
        rbm.intercept_hidden_,
        rbm.intercept_visible_,
        rbm.log_variance_,
    )
    return np.concatenate([array.ravel() for array in arrays]).astype(np.float64)


def rounded(value, digits=5):
    return np.round(np.asarray(value, dtype=np.float64), digits).tolist()


def learnt(options, seed, train):
    """The machine of the best score on the training rows, of some starts."""
    fitted = [
        fit(options, 1000 * start + seed, train) for start in range(options.starts)
    ]
    return max(fitted, key=lambda rbm: rbm.score(train))


def fit(options, seed, train):
    return GaussianBernoulliRBM(
        options.hidden,
        method=options.method,
        k=options.k,
        learning_rate=options.rate,
        variance_learning_rate=options.variance_rate,
        schedule=options.schedule,
        momentum=options.momentum,
        batch_size=options.batch,
        n_iter=options.epochs,
        gradient="plain" if options.plain else "centered",
        initial_share=options.share,
        standardize=False,
        random_state=seed,
    ).fit(train)


def run(options, seed):
    rows, sources, vectors = mixture(options.rows, seed)
    half = len(rows) // 2
    train, test = rows[:half], rows[half:]
    unmixing, volume = rotation(train), np.log(np.abs(np.linalg.det(vectors)))
    start = time.perf_counter()
    rbm = learnt(options, seed, train)
    seconds = time.perf_counter() - start
    density = Density(options.hidden, 2)
    log_joint = density.log_joint(packed(rbm))
    best = density.improved(packed(rbm), train)
    log_z = {
        method: rbm.log_partition(method=method, betas=1000, n_chains=100)
        for method in ("exact", "ais", "reverse_ais")
    }
    exact = log_z["exact"].value
    if abs(logsumexp(log_joint) - exact) > 1e-4:
        raise AssertionError(f"log Z is {logsumexp(log_joint)}, not {exact}.")
    found = {
        "train": rbm.score(train),
        "test": rbm.score(test),
        "ica_train": logistic(train @ unmixing.T),
        "ica_test": logistic(test @ unmixing.T),
        "gap": rbm.score(test) - logistic(test @ unmixing.T),
        "best_train": density.log_likelihood(best, train),
        "best_test": density.log_likelihood(best, test),
        "ica_laplace_test": laplace(test @ unmixing.T, np.sqrt(0.5)),
        "true_test": laplace(sources[half:] - 1, 1.0) - volume,
        "true_expected": -2 * (1 + np.log(2)) - volume,
        "log_z": exact,
        "ais_off": log_z["ais"].value - exact,
        "ais_error": log_z["ais"].standard_error,
        "reverse_ais_off": log_z["reverse_ais"].value - exact,
        "reverse_ais_error": log_z["reverse_ais"].standard_error,
        "amari": min(
            amari(vectors, rbm.components_[list(pair)].astype(np.float64))
            for pair in combinations(range(options.hidden), 2)
        ),
        "amari_ica": amari(vectors, unmixing),
    }
    found = {name: rounded(value) for name, value in found.items()}
    single = density.states.sum(axis=1) <= 1
    shares = np.exp(log_joint - logsumexp(log_joint))
    report(
        seed=seed,
        **found,
        sigma=rounded(rbm.sigma_, 3),
        visible=rounded(rbm.intercept_visible_, 3),
        lengths=rounded(np.linalg.norm(rbm.components_, axis=1), 3),
        shares=rounded(shares[single], 4),  # P(h): none, then the last unit, ...
        shares_of_more=rounded(shares[~single].sum(), 4),
        seconds=round(seconds, 1),
    )
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--hidden", type=int, default=4)
    parser.add_argument("--method", default="cd")
    parser.add_argument("--k", type=int, default=1)
    parser.add_argument("--rate", type=float, default=1.0)
    parser.add_argument("--variance-rate", type=float, default=0.4)
    parser.add_argument("--schedule", default="linear")
    parser.add_argument("--momentum", type=float, default=0.0)
    parser.add_argument("--batch", type=int, default=1000)
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--plain", action="store_true")  # not the centered gradient
    parser.add_argument("--share", type=float, default=0.1)
    parser.add_argument("--starts", type=int, default=3)
    options = parser.parse_args()
    report(**machine(), **vars(options))
    with threadpool_limits(1):
        found = [
            run(options, seed)
            for seed in range(options.seed, options.seed + options.runs)
        ]
    gaps = [values["gap"] for values in found]
    offs = [
        [abs(values[name]) for values in found]
        for name in ("ais_off", "reverse_ais_off")
    ]
    report(
        runs=len(found),
        least_gap=min(gaps),
        mean_gap=rounded(np.mean(gaps)),
        most_ais_off=max(offs[0]),
        most_reverse_ais_off=max(offs[1]),
    )


if __name__ == "__main__":
    main()
