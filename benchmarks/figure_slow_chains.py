"""Missing values of two real layers: how far off answers are near the edge.

A pair of standard Gaussian units with the weight w, one of them missing in a row, has
its answers in closed form.  A sweep of block Gibbs keeps w^2 of where a chain stood:
printed are the worst errors over biases and both signs, and how many questions warned.
"""

import warnings
from itertools import product

import numpy as np

from skboltz.likelihood import conditional_means, marginal_free_energy
from skboltz.models import Bipartite, BipartiteParams
from skboltz.units import STANDARD_GAUSSIAN, Bias


def errors(weight, bias):
    """In standard deviations, of the mean; in nats, of the free energy; warnings."""
    model = Bipartite(STANDARD_GAUSSIAN, STANDARD_GAUSSIAN)
    weights, own = np.array([[weight, 0.01]]), Bias(np.array([bias, 0.3]))
    params = BipartiteParams(weights, own, Bias(np.array([0.2])))
    row, pull = np.array([[np.nan, 1.0]]), np.array([bias, 0.21])
    covariance = np.linalg.inv([[1, -weight], [-weight, 1]])
    mean, known = covariance @ pull, 0.5 - 0.3
    log_z = pull @ mean / 2 + np.log(2 * np.pi) - np.log(1 - weight**2) / 2
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        found, _ = conditional_means(model, params, row)
        energy = marginal_free_energy(model, params, row)[0]
    off = abs(found[0, 0] - mean[0]) / np.sqrt(covariance[0, 0])
    return off, abs(energy - (known - log_z)), len(warned)


if __name__ == "__main__":
    print("| w | kept by a sweep | mean, s.d. | free energy, nats | warnings of 20 |")
    print("|---|---|---|---|---|")
    for w in (0.5, 0.7, 0.8, 0.85, 0.9, 0.95, 0.99):
        pairs = product((w, -w), (-2.0, -1.0, 0.0, 1.0, 2.0))
        found = np.array([errors(*pair) for pair in pairs])
        off, energy = found[:, :2].max(axis=0)
        warned = int(found[:, 2].sum())
        print(f"| {w} | {w * w:.2f} | {off:.2f} | {energy:.2f} | {warned} |")
