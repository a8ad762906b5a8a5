"""A Boltzmann machine restricted by its switches is an RBM, and works as one."""

import pickle

import numpy as np
import pytest
from judges import comes_from
from oracles import PairwiseOracle

from skboltz import BernoulliRBM, BoltzmannClassifier, BoltzmannMachine, learning
from skboltz.estimators.pairwise import _boltzmann_machine
from skboltz.learning.pairwise._free_phases import FreeStates
from skboltz.models import Bipartite, Pairwise, is_layered

NAN = np.nan
VALUES = {"bits": (0, 1), "spins": (-1, 1), "lopsided": (-0.5, 2.0)}
EACH_VALUES = pytest.mark.parametrize("values", VALUES.values(), ids=VALUES)
RNG = np.random.default_rng(0)
BITS = (RNG.random((60, 4)) < [0.3, 0.5, 0.6, 0.4]).astype(float)
BITS[:, 1] = np.where(RNG.random(60) < 0.7, BITS[:, 0], BITS[:, 1])
MASK = np.ones((7, 7)) - np.eye(7)
MASK[0, 5] = MASK[5, 0] = 0
MASKS = pytest.mark.parametrize("mask", [None, MASK], ids=["whole", "masked"])
EACH_METHOD = pytest.mark.parametrize("method", ["pcd", "exact", "mean-field", "tap"])


def machine(**options):
    options = {"n_hidden": 3, "n_iter": 4, "schedule": "constant"} | options
    options = {"visible_visible": False, "hidden_hidden": False} | options
    options = {"batch_size": 20, "momentum": 0.3} | options
    return BoltzmannMachine(random_state=0, **options)


def given(values=(0, 1), scale=1.0):
    """A machine of four visible and three hidden units."""
    rng, span = np.random.default_rng(2), values[1] - values[0]
    coupling = np.zeros((7, 7))
    coupling[4:, :4] = rng.normal(size=(3, 4)) * 2 * scale / span**2
    coupling += coupling.T
    intercept = scale * rng.normal(size=7) / span
    return BoltzmannMachine.from_params(
        coupling, intercept, n_features=4, values=values
    )


# Learning -----------------------------------------------------------------------------


@EACH_METHOD
def test_no_units_are_swept_one_by_one(method, monkeypatch):
    def refuse(*args):
        raise AssertionError("a phase of pairs")

    for phase in (learning.Inferred, learning.FreeChains, learning.FreeEnumeration):
        monkeypatch.setattr(phase, "step", refuse)
    fitted = machine(method=method).fit(BITS)
    norm = np.sqrt((fitted.coupling_**2).sum())
    np.testing.assert_allclose(fitted.history_["weight_norm"][-1], norm)
    assert is_layered(fitted.coupling_, 4)
    with pytest.raises(AssertionError):
        machine(method=method, visible_visible=True).fit(BITS)


def test_the_exact_gradient_is_that_of_a_bernoulli_rbm():
    options = {"method": "exact", "gradient": "plain", "batch_size": 60}
    own = machine(n_iter=0, momentum=0.0, **options).fit(BITS)
    J, b = own.coupling_, own.intercept_
    rbm = BernoulliRBM.from_params(J[4:, :4], b[4:], b[:4], **options)
    for _ in range(20):
        own.partial_fit(BITS)
        rbm.partial_fit(BITS)
    np.testing.assert_allclose(own.coupling_[4:, :4], rbm.components_, atol=1e-12)
    np.testing.assert_allclose(own.intercept_[:4], rbm.intercept_visible_, atol=1e-12)
    assert abs(rbm.components_ - J[4:, :4]).max() > 0.01


@EACH_METHOD
@MASKS
def test_it_resumes_bit_for_bit(method, mask):
    options = {"method": method, "mask": mask, "warm_start": True}
    once = machine(**options).fit(BITS)
    parts = machine(**options).set_params(n_iter=1).fit(BITS)
    for _ in range(3):
        parts = pickle.loads(pickle.dumps(parts)).fit(BITS)
    np.testing.assert_array_equal(once.coupling_, parts.coupling_)
    np.testing.assert_array_equal(once.intercept_, parts.intercept_)
    again = machine(**options, visible_visible=True).fit(BITS)
    again.set_params(visible_visible=False, warm_start=False).fit(BITS)
    np.testing.assert_array_equal(once.coupling_, again.coupling_)  # fit forgets


@MASKS
def test_gaps_come_and_go(mask):
    """What a training remembers goes from one form to the other."""
    fitted = machine(mask=mask).fit(BITS)
    partly = BITS.copy()
    partly[0, 1] = NAN
    for rows in (partly, BITS, partly):
        before = fitted._training_state.negative
        after = fitted.partial_fit(rows)._training_state.negative
        assert isinstance(after, FreeStates) and after.stream.key == before.stream.key
        assert after.stream.step > before.stream.step
    np.testing.assert_array_equal(fitted.coupling_, fitted.coupling_.T)


def test_given_couplings_inside_a_layer_count():
    J = given().coupling_.copy()
    J[0, 1] = J[1, 0] = 0.5
    learner = BoltzmannMachine.from_params(
        J, n_features=4, visible_visible=False, hidden_hidden=False, method="exact"
    ).partial_fit(BITS)
    assert learner.coupling_[0, 1] == 0.5 and learner.coupling_[0, 5] != J[0, 5]


@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
@EACH_VALUES
def test_a_classifier_by_two_layers_learns(share, values, monkeypatch):
    def refuse(*args):
        raise AssertionError("a phase of pairs")

    low, high = values
    y = (BITS[:, 0] == BITS[:, 1]).astype(int)
    inner = machine(n_hidden=8, n_iter=150, values=values, method="exact")
    monkeypatch.setattr(learning.Inferred, "step", refuse)
    classifier = BoltzmannClassifier(inner, generative_share=share)
    classifier.fit(low + (high - low) * BITS, y)
    assert classifier.score(low + (high - low) * BITS, y) > 0.9  # the larger class: 0.8


# Answers ------------------------------------------------------------------------------


def answers(asked, values):
    o, x = values
    m = o + 0.3 * (x - o)
    rows = np.array([[o, x, x, o], [x, x, o, o], [m, o, x, x]])
    partly = np.array([[o, NAN, x, NAN], [NAN, NAN, NAN, x], [m, NAN, x, o]])
    return {
        "scores": asked.score_samples(rows),
        "scores of gaps": asked.score_samples(partly),
        "free energies": asked.free_energy(partly),
        "features": asked.transform(rows),
        "features of gaps": asked.transform(partly),
        "filled": asked.impute(partly),
        "conditionals": asked.conditional_proba(rows),
        "pseudo-likelihoods": asked.pseudo_log_likelihood(rows),
        "backwards": asked.inverse_transform(np.array([[o, x, m]])),
        "log Z": [asked.log_partition().value],
        "energies": asked.energy(np.array([[o, x, x, o, x, x, o]])),
    }


@EACH_VALUES
def test_answers_are_those_of_the_pairs(values, monkeypatch):
    asked = given(values)
    assert isinstance(asked._fitted().model, Bipartite)
    found = answers(asked, values)
    monkeypatch.setattr(_boltzmann_machine, "fastest", lambda fitted: fitted)
    assert isinstance(asked._fitted().model, Pairwise)
    for name, expected in answers(asked, values).items():
        np.testing.assert_allclose(found[name], expected, atol=1e-10, err_msg=name)


@EACH_VALUES
@pytest.mark.parametrize("method", ["gibbs", "tempering", "annealing"])
def test_samples_are_of_the_machine(values, method):
    asked = given(values)
    oracle = PairwiseOracle(asked.coupling_, asked.intercept_, values)
    drawn = asked.sample(2000, method=method, burn_in=30, random_state=0)
    law = np.array(oracle.visible_marginal(4))
    assert comes_from(drawn, law, *values)
    assert not comes_from(drawn, law[::-1], *values)


def test_masked_machines_keep_their_short_sums():
    """Thirty pairs, each of a visible and a hidden unit: no sum over 2^30 states."""
    n = 30
    coupling = np.zeros((2 * n, 2 * n))
    coupling[range(n, 2 * n), range(n)] = coupling[range(n), range(n, 2 * n)] = 1.0
    coupling[n, :n] = coupling[:n, n] = 1.0  # and one that ties them together
    asked = BoltzmannMachine.from_params(coupling, n_features=n)
    assert isinstance(asked._fitted().model, Pairwise)
    star = BoltzmannMachine.from_params(coupling[: n + 1, : n + 1], n_features=n)
    assert isinstance(star._fitted().model, Bipartite)
    assert star.log_partition().method == "exact"
