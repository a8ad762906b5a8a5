"""Other ways to write the energy, each by loops as its authors have it."""

import itertools
import math

import numpy as np
import pytest
from oracles import gaussian_energy

from skboltz.models import (
    CONVENTIONS,
    BipartiteParams,
    from_convention,
    to_convention,
)
from skboltz.units import Bias, GaussianParams

RNG = np.random.default_rng(0)
WEIGHTS, B, C = RNG.normal(size=(3, 2)), RNG.normal(size=2), RNG.normal(size=3)
POINTS = RNG.normal(size=(4, 2))


def params(name):
    z = np.full(2, 0.7) if name == "lee" else np.array([0.7, -0.4])
    return BipartiteParams(WEIGHTS, GaussianParams(B, z), Bias(C))


def salakhutdinov(w, b, c, s, v, h):
    energy = sum((v[i] - b[i]) ** 2 / (2 * s[i] ** 2) for i in range(len(v)))
    for j, i in itertools.product(range(len(h)), range(len(v))):
        energy -= h[j] * w[j][i] * v[i] / s[i]
    return energy - sum(c[j] * h[j] for j in range(len(h)))


def lee(w, b, c, s, v, h):
    energy = sum(x**2 for x in v) / 2
    energy -= sum(b[i] * v[i] for i in range(len(v)))
    energy -= sum(c[j] * h[j] for j in range(len(h)))
    for j, i in itertools.product(range(len(h)), range(len(v))):
        energy -= h[j] * w[j][i] * v[i]
    return energy / s[0] ** 2


def natural(w, b, c, g, v, h):
    energy = sum(g[i] * v[i] ** 2 / 2 - b[i] * v[i] for i in range(len(v)))
    for j, i in itertools.product(range(len(h)), range(len(v))):
        energy -= h[j] * w[j][i] * v[i]
    return energy - sum(c[j] * h[j] for j in range(len(h)))


ENERGIES = {"salakhutdinov": salakhutdinov, "lee": lee, "natural": natural}


def differences(name, arrays):
    """Energies of theirs less those of ours, over points and hidden states."""
    ours = params(name)
    z = ours.visible.log_variance
    return [
        ENERGIES[name](*arrays, v, h) - gaussian_energy(WEIGHTS, B, z, C, v, h)
        for v in POINTS
        for h in itertools.product((0, 1), repeat=3)
    ]


@pytest.mark.parametrize("name", CONVENTIONS)
def test_energies_differ_by_a_constant(name):
    found = differences(name, to_convention(params(name), name))
    assert np.ptp(found) < 1e-12
    # A bias that is forgotten is no constant.
    theirs = to_convention(params(name), name)
    assert np.ptp(differences(name, theirs._replace(intercept_hidden=0 * C))) > 0.1


@pytest.mark.parametrize("name", CONVENTIONS)
def test_the_way_back_is_the_way_there(name):
    back = from_convention(to_convention(params(name), name), name)
    for found, expected in zip(back.arrays(), params(name).arrays(), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-14)


def test_lee_has_one_variance():
    with pytest.raises(ValueError, match="one variance for all"):
        to_convention(params("natural"), "lee")


@pytest.mark.parametrize("convert", [to_convention, from_convention])
def test_unknown_names_are_refused(convert):
    with pytest.raises(ValueError, match="name must be one of"):
        convert(params("natural"), "krizhevsky")


def test_the_natural_convention_has_no_constant():
    """(v - b)^2 / (2 s^2) has one, b^2 / (2 s^2), that the other leaves out."""
    z = params("natural").visible.log_variance
    constant = sum(-(b**2) / (2 * math.exp(x)) for b, x in zip(B, z, strict=True))
    found = differences("natural", to_convention(params("natural"), "natural"))
    np.testing.assert_allclose(found, constant, atol=1e-12)
