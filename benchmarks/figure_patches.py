r"""Natural image patches: likelihoods beside simpler densities, and the filters.

    python benchmarks/figure_patches.py --epochs 200 --picture filters.png
    python benchmarks/figure_patches.py --method pcd --schedule linear --max-step 100 \
        --betas 5000 --chains 200

The protocol of PyDeep's examples/GRBM_natural_images.py (Melchior, Wang & Wiskott 2017,
"Gaussian-binary restricted Boltzmann machines for modeling natural image statistics",
PLOS ONE 12): 40,000 patches of 14 x 14, less their means, ZCA-whitened, 196 hidden
units, CD-1, batches of 100, 200 epochs, rate 0.1, of sigma 0.01, components of
one hidden unit that begin with the share 0.01.  Published: train -268.341, test
-270.828 by AIS and -270.827 by reverse AIS, of 30,000 test patches.

What differs: the patches, from other pictures (see `natural_patches`; the published
figures are to be compared only as what each gains on the normal density, 7.3
nats there); whitening by the training patches alone; visible biases are learnt;
the log-variance is learnt and not sigma (`--variance-rate`, 0.04 is about PyDeep's
0.01 at sigma = 1); PyDeep cuts the step of a weight vector to 0.01 of the length of the
longest training patch, here `--max-step` is a share of the longest weight vector; the
start is the estimator's own.

Log-likelihoods are in nats per patch, of the whitened patches, each with the standard
error of its log Z.  Baselines on the same patches: the standard normal density, which
is what whitening alone leads to; one Gaussian; mixtures of Gaussians, diagonal and
round (one variance each); ICA, a rotation by FastICA, with PyDeep's density of the
sources (1/2 sech^2, see `figure_blind_sources`) and with that of Laplace of unit
variance.

A filter counts as local if its energy, blurred by a Gaussian of one pixel, takes up no
more than 0.4 of the patch: the squared sum by the sum of squares and by the number of
pixels, which is 1 where it is the same everywhere.  It counts as oriented if its power
spectrum lies along an axis, |sum P(f) exp(2i angle(f))| / sum P(f) of at least 0.5: 1
for a grating, 0 for a round spot.  Of 2000 filters of white noise none is either
(least area 0.69, largest orientation 0.31); of ICA's about three quarters are both.
"""

import argparse
import time
import warnings

import matplotlib.pyplot as plt
import numpy as np
from natural_patches import make_natural_patches
from scipy.ndimage import gaussian_filter
from sklearn.decomposition import FastICA
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture
from threadpoolctl import threadpool_limits
from timing import machine, report

from skboltz import GaussianBernoulliRBM, UnreliableEstimateWarning
from skboltz.plotting import FiltersDisplay

LOCAL, ORIENTED = 0.4, 0.5  # at most, at least


def areas(filters, size):
    """Share of the patch that the blurred energy of each filter takes up."""
    energy = filters.reshape(-1, size, size) ** 2
    energy = gaussian_filter(energy, (0, 1, 1), mode="constant")
    sums, squares = energy.sum(axis=(1, 2)), (energy**2).sum(axis=(1, 2))
    return sums**2 / squares / size**2


def orientations(filters, size):
    """How much the power spectrum of each filter lies along one axis, 0 to 1."""
    planes = filters.reshape(-1, size, size)
    planes = planes - planes.mean(axis=(1, 2), keepdims=True)
    shape = (4 * size, 4 * size)
    power = np.abs(np.fft.fft2(planes, shape)) ** 2
    across, along = np.meshgrid(*(np.fft.fftfreq(n) for n in shape), indexing="ij")
    power *= (
        np.hypot(across, along) <= 0.5
    )  # the corners of the square favour diagonals
    turns = np.exp(2j * np.arctan2(across, along))
    return np.abs((power * turns).sum(axis=(1, 2))) / power.sum(axis=(1, 2))


def shapes(filters, size):
    """Shares of local and oriented filters, and the medians of what decides."""
    area, orientation = areas(filters, size), orientations(filters, size)
    local, oriented = area <= LOCAL, orientation >= ORIENTED
    return {
        "local": round(float(local.mean()), 3),
        "oriented": round(float(oriented.mean()), 3),
        "both": round(float((local & oriented).mean()), 3),
        "median_area": round(float(np.median(area)), 3),
        "median_orientation": round(float(np.median(orientation)), 3),
    }


def rotation(rows, seed, n_iter=100):
    """ICA's orthogonal matrix; the rows are white."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        ica = FastICA(whiten=False, max_iter=n_iter, tol=1e-4, random_state=seed)
        ica.fit(rows)
    left, _, right = np.linalg.svd(ica.components_)
    return left @ right


def logistic(sources):
    """Log density of independent sources 1/2 sech^2."""
    sizes = np.abs(sources)
    density = np.log(2) - 2 * sizes - 2 * np.log1p(np.exp(-2 * sizes))
    return float(density.sum(axis=1).mean())


def laplace(sources):
    """Log density of independent Laplace sources of unit variance."""
    return float((-np.sqrt(2) * np.abs(sources) - np.log(2) / 2).sum(axis=1).mean())


def mixture(covariance_type, n_components):
    """Score of a mixture of Gaussians on rows."""

    def scores(train, tests, seed):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            found = GaussianMixture(
                n_components,
                covariance_type=covariance_type,
                random_state=seed,
                init_params="random_from_data",
            ).fit(train)
        return [found.score(rows) for rows in tests]

    return scores


def normal(train, tests, seed):
    constant = train.shape[1] * np.log(2 * np.pi) / 2
    return [-(rows**2).sum(axis=1).mean() / 2 - constant for rows in tests]


BASELINES = {
    "normal": normal,
    "gaussian": mixture("full", 1),
    "mixture of 10, diagonal": mixture("diag", 10),
    "mixture of 50, diagonal": mixture("diag", 50),
    "mixture of 10, round": mixture("spherical", 10),
}


def baselines(options, patches):
    tests = patches.train, patches.test
    for name, scores in BASELINES.items():
        start = time.perf_counter()
        train, test = scores(patches.train, tests, options.seed)
        report(
            baseline=name,
            train=round(float(train), 3),
            test=round(float(test), 3),
            minutes=round((time.perf_counter() - start) / 60, 2),
        )


def ica(options, patches):
    start = time.perf_counter()
    unmixing = rotation(patches.train, options.seed)
    minutes = round((time.perf_counter() - start) / 60, 2)
    filters = shapes(unmixing, options.size)
    for name, density in {"sech^2": logistic, "Laplace": laplace}.items():
        train, test = (density(rows @ unmixing.T) for rows in patches[:2])
        report(
            baseline=f"ICA, {name}",
            train=round(train, 3),
            test=round(test, 3),
            minutes=minutes,
            **filters,
        )


def learnt(options, train):
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
        max_step=options.max_step,
        gradient="plain" if options.plain else "centered",
        initial_share=options.share,
        l1=options.l1,
        l2=options.l2,
        standardize=False,
        random_state=options.seed,
    ).fit(train)


def likelihoods(options, rbm, patches):
    """By AIS and by reverse AIS: train, test, and their standard error."""
    free = [rbm.free_energy(rows).mean(dtype=np.float64) for rows in patches[:2]]
    found = {}
    for method in ("ais", "reverse_ais"):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", UnreliableEstimateWarning)
            log_z = rbm.log_partition(
                method=method, betas=options.betas, n_chains=options.chains
            )
        for name, energy in zip(("train", "test"), free, strict=True):
            found[f"{name}_{method}"] = round(float(-energy - log_z.value), 3)
        found[f"error_{method}"] = round(log_z.standard_error, 3)
        found[f"warned_{method}"] = bool(caught)
    return found


def draw(filters, size, path):
    """A picture of the filters, each by its own largest weight."""
    scaled = filters / np.abs(filters).max(axis=1, keepdims=True)
    figure, ax = plt.subplots(figsize=(9, 9), layout="constrained")
    FiltersDisplay(scaled, image_shape=(size, size)).plot(ax=ax)
    figure.savefig(path, dpi=100)


def main():
    options = parsed()
    report(**machine(), **vars(options))
    with threadpool_limits(options.threads):
        figure(options)


def figure(options):
    patches = make_natural_patches(
        options.train,
        options.test,
        size=options.size,
        intensity=options.intensity,
        seed=options.seed,
    )
    if options.baselines == "all":
        baselines(options, patches)
    if options.baselines != "none":
        ica(options, patches)
    train = patches.train.astype(np.float32)
    start = time.perf_counter()
    rbm = learnt(options, train)
    minutes = (time.perf_counter() - start) / 60
    lengths = np.linalg.norm(rbm.components_, axis=1)
    report(
        epochs=rbm.n_iter_,
        minutes=round(minutes, 2),
        **likelihoods(options, rbm, patches),
        sigma=extent(rbm.sigma_),
        lengths=extent(lengths),
        hidden_mean=round(float(rbm.transform(patches.test).mean()), 4),
        **shapes(rbm.components_.astype(np.float64), options.size),
    )
    if options.picture:
        draw(rbm.components_[np.argsort(-lengths)], options.size, options.picture)


def extent(values):
    return np.round(np.quantile(values, [0, 0.5, 1]).astype(float), 3).tolist()


def parsed():
    parser = argparse.ArgumentParser()
    parser.add_argument("--train", type=int, default=40_000)
    parser.add_argument("--test", type=int, default=10_000)
    parser.add_argument("--size", type=int, default=14)
    parser.add_argument("--intensity", choices=["linear", "log"], default="linear")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--hidden", type=int, default=196)
    parser.add_argument("--method", default="cd")
    parser.add_argument("--k", type=int, default=1)
    parser.add_argument("--rate", type=float, default=0.1)
    parser.add_argument("--variance-rate", type=float, default=0.04)
    parser.add_argument("--schedule", default="constant")
    parser.add_argument("--momentum", type=float, default=0.0)
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument("--epochs", type=int, default=200)
    parser.add_argument("--max-step", type=float, default=0.01)
    parser.add_argument("--plain", action="store_true")  # not the centered gradient
    parser.add_argument("--share", type=float, default=0.01)
    parser.add_argument("--l1", type=float, default=0.0)
    parser.add_argument("--l2", type=float, default=0.0)
    parser.add_argument("--betas", type=int, default=1000)
    parser.add_argument("--chains", type=int, default=100)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--baselines", choices=["all", "ica", "none"], default="all")
    parser.add_argument("--picture")
    return parser.parse_args()


if __name__ == "__main__":
    main()
