"""Chains of the hidden layers of a belief network, given what is known below."""

import itertools
import math

import numpy as np
import pytest
from belief_cases import BELIEF, milder, some_rows
from judges import chi_square

from skboltz.models import BeliefNetwork
from skboltz.sampling import Alike, BeliefSweeps, Purpose, Stream, belief_chains

PLAIN = [case for case in BELIEF if not case.n_labels]
BITS = [case for case in PLAIN if case.oracle.log_variance is None]
LABELLED = next(case for case in BELIEF if case.n_labels)
N_CHAINS = 4000
MISSING = [[], [0], [0, 1]]


def name_of(case):
    return case.name.replace(" ", "-")


def a_row(case, missing):
    v = some_rows(case)[0][0].copy()
    v[missing] = np.nan
    return v


def law_of(case, v, beta=1.0):
    """Every (h1, .., h_L-1), and P(h) P(known v | h1)^beta of each, summing to 1."""
    oracle, log_p = case.oracle, []
    nothing = tuple(0.0 for _ in v)  # what is missing has no part: any value will do
    for path in oracle.hidden_states():
        prior = oracle.log_joint((nothing, *path))
        prior -= oracle.log_conditional(0, nothing, path[0])
        log_p.append(prior + beta * oracle.log_known(v, path[0]))
    p = np.exp(np.array(log_p) - max(log_p))
    return oracle.hidden_states(), p / p.sum()


def started(case, v, seed, beta=1.0):
    """Chains exactly in the law of the hidden layers given a row, and their law."""
    states, p = law_of(case, v, beta)
    drawn = np.random.default_rng(seed).choice(len(states), N_CHAINS, p=p)
    layers = zip(*[states[n] for n in drawn], strict=True)
    *directed, top = (np.array(layer, dtype=float) for layer in layers)
    chains = belief_chains.BeliefChains(
        directed, top, Stream((seed, 1), Purpose.SAMPLE)
    )
    given = belief_chains.given_of(case.net, case.params, np.tile(v, (N_CHAINS, 1)))
    return chains, given, p


def counts_of(case, chains):
    """How many chains are in each state of all hidden layers."""
    numbers = {path: n for n, path in enumerate(case.oracle.hidden_states())}
    layers = [*chains.directed, chains.top]
    rows = zip(*[map(tuple, layer.tolist()) for layer in layers], strict=True)
    return np.bincount([numbers[row] for row in rows], minlength=len(numbers))


def moved(case, v, n_sweeps=3, beta=1.0, sweeps=None, seed=0):
    """By how much chains that started in the law have left it after sweeps."""
    chains, given, p = started(case, v, seed, beta)
    sweeps = BeliefSweeps(case.net, case.params) if sweeps is None else sweeps
    later = sweeps.run(chains, given, np.full(n_sweeps, beta))
    same = np.mean([(a == b).all() for a, b in zip(later.top, chains.top, strict=True)])
    assert same < 0.95  # they do move
    return chi_square(counts_of(case, later), p)


@pytest.mark.parametrize("missing", MISSING, ids=str)
@pytest.mark.parametrize("case", PLAIN, ids=name_of)
def test_chains_stay_in_the_law_of_hidden_units_given_what_is_known(case, missing):
    assert moved(case, a_row(case, missing)) < 1


@pytest.mark.parametrize("case", PLAIN, ids=name_of)
def test_chains_stay_in_the_law_of_a_likelihood_that_counts_by_half(case):
    assert moved(case, a_row(case, [1]), beta=0.5) < 1


class ByRecognition:
    """Broken sweeps: a pass up, which has another law."""

    def __init__(self, case):
        self.sweeps = BeliefSweeps(case.net, case.params)

    def run(self, chains, given, betas):
        return self.sweeps.recognised(given, chains.stream)


class WithoutPrior(BeliefSweeps):
    """Broken sweeps: the layer above counts for nothing."""

    def _layer(self, place, h, below, prior, beta, stream):
        return super()._layer(place, h, below, 0 * prior, beta, stream)


@pytest.mark.parametrize("case", PLAIN, ids=name_of)
def test_a_pass_up_has_another_law(case):
    assert moved(case, a_row(case, []), sweeps=ByRecognition(case)) > 1


@pytest.mark.parametrize("case", PLAIN, ids=name_of)
def test_chains_without_the_layer_above_leave_the_law(case):
    broken = WithoutPrior(case.net, case.params)
    assert moved(case, a_row(case, [1]), sweeps=broken) > 1


def test_chains_that_take_missing_features_for_values_leave_the_law():
    case = BITS[1]
    v = a_row(case, [0, 1])
    chains, given, p = started(case, v, 0)
    wrong = given._replace(visible=np.nan_to_num(given.visible))
    later = BeliefSweeps(case.net, case.params).run(chains, wrong, np.ones(3))
    assert chi_square(counts_of(case, later), p) > 1


@pytest.mark.parametrize("case", BITS, ids=name_of)
def test_any_start_ends_in_the_law(case):
    """Both starts, after many sweeps; parameters are milder than those of the cases."""
    mild = milder(case, 0.5)
    v = a_row(mild, [0])
    _, given, p = started(mild, v, 0)
    sweeps = BeliefSweeps(mild.net, mild.params)
    for number, chains in enumerate(
        (
            sweeps.recognised(given, Stream((7, 1), Purpose.SAMPLE)),
            sweeps.dreamt(given, 5, Stream((7, 2), Purpose.SAMPLE)),
        )
    ):
        if number == 0:  # dreams may end near the law by themselves
            assert chi_square(counts_of(mild, chains), p) > 1
        chains = sweeps.run(chains, given, np.ones(60))
        assert chi_square(counts_of(mild, chains), p) < 1, number


def test_labels_are_drawn_or_held():
    """Chains of a network with labels, started in the law of (h, labels) given v."""
    case = LABELLED
    oracle, v = case.oracle, a_row(case, [])
    labels = list(itertools.product(oracle.values[-2], repeat=case.n_labels))
    paths = list(itertools.product(oracle.hidden_states(), labels))
    p = np.array([math.exp(oracle.log_joint((v, *h), y)) for h, y in paths])
    for held in (None, labels[1]):
        own = p * [held is None or y == held for _, y in paths]
        own = own / own.sum()
        drawn = np.random.default_rng(1).choice(len(paths), N_CHAINS, p=own)
        *directed, last = (
            np.array(layer, float)
            for layer in zip(*[paths[n][0] for n in drawn], strict=True)
        )
        top = np.hstack([last, [paths[n][1] for n in drawn]])
        stream = Stream((3, 1), Purpose.SAMPLE)
        chains = belief_chains.BeliefChains(directed, top, stream)
        known = None if held is None else np.tile(np.array(held, float), (N_CHAINS, 1))
        rows = np.tile(v, (N_CHAINS, 1))
        given = belief_chains.given_of(case.net, case.params, rows, known)
        later = BeliefSweeps(case.net, case.params).run(chains, given, np.ones(3))
        n = last.shape[1]
        numbers = {(*map(tuple, h), y): k for k, (h, y) in enumerate(paths)}
        layers = [*later.directed, later.top[:, :n], later.top[:, n:]]
        rows = zip(*[map(tuple, layer.tolist()) for layer in layers], strict=True)
        counts = np.bincount([numbers[row] for row in rows], minlength=len(paths))
        assert chi_square(counts[own > 0], own[own > 0]) < 1
        assert held is not None or counts.astype(bool).sum() > len(labels)


def test_missing_features_are_drawn_given_the_lowest_layer():
    case = BITS[0]
    v = a_row(case, [0, 2])
    chains, given, _ = started(case, v, 2)
    drawn, _ = BeliefSweeps(case.net, case.params).visible(chains, given)
    assert (drawn[:, 1] == v[1]).all()
    weights, bias = case.oracle.generative[0]
    h = chains.top
    mean = 1 / (1 + np.exp(-(np.array(bias) + h @ np.array(weights))))
    error = (drawn - mean)[:, [0, 2]].mean(axis=0) * np.sqrt(N_CHAINS)
    assert (abs(error) < 6 * 0.5).all()
    assert (abs((drawn - 1 + mean)[:, [0, 2]].mean(axis=0)) > 0.05).any()


def test_no_row_depends_on_another():
    case = BITS[1]
    v, _ = some_rows(case, 6)
    v[1, 0] = v[2, 1:] = np.nan
    sweeps = BeliefSweeps(case.net, case.params)

    def tops(rows, stream):
        given = belief_chains.given_of(case.net, case.params, rows)
        chains = sweeps.recognised(given, stream)
        return sweeps.run(chains, given, np.ones(4)).top

    stream = Stream((7, 1), Purpose.SAMPLE)
    whole = tops(v, Alike(stream, 1))
    alone = np.concatenate([tops(v[[i]], Alike(stream, 1)) for i in range(6)])
    np.testing.assert_array_equal(whole, alone)
    alone = np.concatenate([tops(v[[i]], stream) for i in range(6)])
    assert (tops(v, stream) != alone).any()  # noise of each row its own


def test_a_guess_keeps_what_is_known():
    case = BITS[1]
    v, _ = some_rows(case, 6)
    v[1, 0] = v[2, 1:] = v[3] = np.nan
    guess = belief_chains.settled(case.net, case.params, v)
    np.testing.assert_array_equal(guess[~np.isnan(v)], v[~np.isnan(v)])
    assert ((0 < guess[np.isnan(v)]) & (guess[np.isnan(v)] < 1)).all()


def test_a_guess_of_nothing_leaves_whole_rows_as_they_are():
    case = BITS[1]
    v, _ = some_rows(case, 3)
    assert belief_chains.settled(case.net, case.params, v) is v
    net = BeliefNetwork((), case.net.top)
    assert np.isnan(belief_chains.settled(net, case.params, v * np.nan)).all()
