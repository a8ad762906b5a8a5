"""What an estimate of log Z costs: no more sweeps than it says, and says so before."""

import re

import numpy as np
import pytest

from skboltz import BernoulliRBM
from skboltz.likelihood import Effort, _estimate
from skboltz.likelihood._cost import n_sweeps
from skboltz.sampling import annealing, tempering
from skboltz.sampling._paths import BipartitePath
from skboltz.units import BERNOULLI, SPIN

EFFORT = Effort(betas=30, n_chains=60, n_sweeps=7)


def rare(n_features=400, rate=0.001):
    """Features of which hardly any is on, and hidden units that raise a few."""
    rng = np.random.default_rng(0)
    weights = np.where(rng.random((6, n_features)) < 0.05, 2.0, 0.0)
    rbm = BernoulliRBM(6, n_iter=0, random_state=0)
    rbm.fit((rng.random((2000, n_features)) < rate).astype(float))
    rbm.components_ = weights
    rbm.intercept_visible_ = np.full(n_features, np.log(rate / (1 - rate)))
    rbm.intercept_hidden_ = np.full(6, -1.0)
    return rbm


def exact_log_z(rbm):
    b, c = rbm.intercept_visible_, rbm.intercept_hidden_
    terms = []
    for number in range(2 ** len(c)):
        h = [number >> j & 1 for j in range(len(c))]
        field = b + sum(x * row for x, row in zip(h, rbm.components_, strict=True))
        terms.append(np.dot(c, h) + np.log1p(np.exp(field)).sum())
    return np.log(np.sum(np.exp(terms)))


@pytest.mark.parametrize("unit", [BERNOULLI, SPIN])
@pytest.mark.parametrize("n_units", [3, 100, 20_000])
def test_a_base_turns_at_most_one_unit_more_than_the_data(unit, n_units):
    for share in (0.0, 1.0):
        mean = unit.low + unit.span * np.full(n_units, share)
        moved = abs(unit.interior(mean) - mean) / unit.span
        assert (moved > 0).all() and moved.sum() <= 1 + 1e-9
        assert moved.max() <= 0.01 + 1e-12
    middle = np.full(n_units, (unit.low + unit.high) / 2)
    np.testing.assert_allclose(unit.interior(middle), middle)


def test_rare_features_take_few_temperatures(monkeypatch):
    rbm, placed = rare(), []
    tuned = tempering.tuned_ladder

    def seen(*args):
        placed.append(tuned(*args))
        return placed[-1]

    monkeypatch.setattr(tempering, "tuned_ladder", seen)
    effort = {"betas": 100, "n_sweeps": 20}
    found = rbm.log_partition(method="bridge", **effort)
    assert abs(found.value - exact_log_z(rbm)) < 5 * found.standard_error + 1e-6
    assert len(placed[0][0]) <= 4
    # The control: a base that turns a hundredth of the features on.
    hundredth = lambda self, mean: 0.01 + 0.98 * mean  # noqa: E731
    monkeypatch.setattr(type(BERNOULLI), "interior", hundredth)
    rbm.log_partition(method="bridge", random_state=1, **effort)
    assert len(placed[1][0]) > len(placed[0][0])


@pytest.mark.parametrize("method", ["bridge", "ais", "reverse_ais"])
def test_sweeps_are_as_many_as_it_says(method, monkeypatch):
    """All but those that place rungs, and that lead replicas up to them."""
    rbm, counted, sweep = rare(30), [], BipartitePath.sweep
    rungs = np.linspace(0, 1, 5)

    def counting(self, point, states, stream, mean=None):
        counted.append(len(states.visible))
        return sweep(self, point, states, stream, mean)

    monkeypatch.setattr(tempering, "tuned_ladder", lambda path, stream: (rungs, stream))
    monkeypatch.setattr(BipartitePath, "sweep", counting)
    fitted = rbm._fitted()
    _estimate.estimate_log_partition(
        fitted.model, fitted.params, method=method, effort=EFFORT
    )
    led = 0 if method == "ais" else (len(rungs) - 1) * (60 + 30)
    assert sum(counted) == sum(n_sweeps(EFFORT, method, len(rungs))) + led


def test_a_verbose_machine_says_what_it_does(capsys):
    rbm = rare(30)
    effort = {"method": "bridge", "betas": 20, "n_sweeps": 5, "n_chains": 60}
    rbm.log_partition(**effort, random_state=5)
    assert capsys.readouterr().out == ""
    rbm.verbose = 1
    rbm.log_partition(**effort, random_state=6)
    lines = capsys.readouterr().out.splitlines()
    assert all(line.startswith("[BernoulliRBM] log Z: ") for line in lines)
    assert "2400 sweeps" in lines[0] and "6 x 30 weights" in lines[0]
    n_rungs, left = map(int, re.findall(r"(\d+) (?:temperatures|sweeps)", lines[2]))
    assert left == 2400 + 90 * 5 * n_rungs
    assert [line.split(" (")[0].split(": ")[1] for line in lines[3:]] == [
        "chains led up",
        "chains tempered, and led down",
    ]
    rbm.log_partition(**effort, random_state=6)  # remembered
    rbm.log_partition()  # exact
    assert capsys.readouterr().out == ""


def test_steps_of_tempering_leave_what_they_are_given():
    rbm = rare(12)
    fitted = rbm._fitted()
    path = annealing.base_path(fitted.model, fitted.params)
    betas = np.linspace(0, 1, 4)
    stream = _estimate.Stream((1, 2), _estimate.Purpose.SAMPLE)
    first = tempering.init(path, stream, betas, 9)
    before = [np.copy(array) for array in (first.visible, first.input, first.label)]
    one = tempering.step(path, betas, tempering.step(path, betas, first))
    both = tempering.run(path, betas, first, 2)
    for name in ("visible", "input", "label", "heading", "swaps", "tries"):
        np.testing.assert_array_equal(getattr(one, name), getattr(both, name))
    assert (one.label != first.label).any()
    for array, copy in zip(
        (first.visible, first.input, first.label), before, strict=True
    ):
        np.testing.assert_array_equal(array, copy)
    np.testing.assert_allclose(both.input, path.input(both.visible))
