"""Doors that refused, or let in what they should not.

A user asked the top machine of a classifier what it makes of features without labels:
NaN in its last columns, as in every other machine here.  transform, impute,
free_energy and score_samples raised "parts have 6 columns, found 4".  A machine with
units side by side was cut to the columns that are missing, and its unit was not.

Another put Gaussian units above bits: all slopes lacked the variance of the hidden
units, so that log-variances and weights learnt something else than the likelihood.
"""

import itertools
import math

import numpy as np
import pytest
from learning_parts import recipe
from model_cases import BipartiteCase
from oracles import LabelledOracle, PairOracle, finite_difference, log_sum

from skboltz import BernoulliRBM, DBNClassifier
from skboltz.learning import (
    CenteredGradient,
    ContrastiveDivergence,
    Data,
    Enumeration,
    FastPersistentContrastiveDivergence,
    Gradient,
    Offsets,
    PersistentContrastiveDivergence,
    TemperedContrastiveDivergence,
    epoch,
    initial_params,
)
from skboltz.learning.two_phase import _guesses as guesses
from skboltz.learning.two_phase._positive import data_phase
from skboltz.likelihood import (
    conditional_means,
    exact_log_likelihood,
    exact_log_partition,
    marginal_free_energy,
    pseudo_log_likelihood,
)
from skboltz.models import Bipartite, BipartiteParams
from skboltz.sampling import Purpose, Stream, conditional_gibbs
from skboltz.units import (
    BERNOULLI,
    GAUSSIAN,
    Bias,
    CategoricalUnit,
    Columns,
    GaussianParams,
)

NAN = math.nan

# Labels beside other units ----------------------------------------------------------


def labelled(n_bits, n_classes, n_hidden):
    rng = np.random.default_rng([n_bits, n_classes, n_hidden])
    shapes = (n_hidden, n_bits + n_classes), n_bits + n_classes, n_hidden
    weights, b, c = (rng.normal(size=shape) for shape in shapes)
    parts = ((BERNOULLI, n_bits),) * (n_bits > 0) + ((CategoricalUnit(), n_classes),)
    model = Bipartite(Columns(parts), BERNOULLI)
    params = BipartiteParams(weights, Bias(b), Bias(c))
    return model, params, LabelledOracle(weights, b, c, n_bits)


def agreeing(oracle, row):
    known = [i for i, x in enumerate(row) if not math.isnan(x)]
    return [v for v in oracle.visible_states if all(v[i] == row[i] for i in known)]


def of_what_is_known(oracle, row):
    """F and the means of both layers, by all states that agree with a row."""
    states = agreeing(oracle, row)
    pairs = [(v, h) for v in states for h in oracle.hidden_states]
    log_weight = log_sum(-oracle.energy[pair] for pair in pairs)
    p = np.exp([-oracle.energy[pair] - log_weight for pair in pairs])
    visible, hidden = (np.array(layer) for layer in zip(*pairs, strict=True))
    return -log_weight, p @ visible, p @ hidden


def rows_with_gaps(oracle):
    """Every pattern of gaps that some state of the bits and the label agrees with."""
    rows = itertools.product((0.0, 1.0, NAN), repeat=oracle.n_visible)
    rows = [row for row in rows if any(map(math.isnan, row)) and agreeing(oracle, row)]
    return np.array(rows)


@pytest.mark.parametrize("sizes", [(2, 3, 2), (2, 2, 5), (1, 4, 3)], ids=str)
def test_gaps_beside_and_among_labels_are_summed_out(sizes):
    model, params, oracle = labelled(*sizes)
    rows = rows_with_gaps(oracle)
    energies, visible, hidden = zip(
        *(of_what_is_known(oracle, row) for row in rows.tolist()), strict=True
    )
    found = marginal_free_energy(model, params, rows)
    np.testing.assert_allclose(found, energies, atol=1e-12)
    found = conditional_means(model, params, rows)
    np.testing.assert_allclose(found[0], visible, atol=1e-13)
    np.testing.assert_allclose(found[1], hidden, atol=1e-13)


def test_the_machine_alone_may_have_a_label_and_nothing_else():
    _, params, oracle = labelled(0, 4, 3)
    rows = rows_with_gaps(oracle)
    model = Bipartite(CategoricalUnit(), BERNOULLI)
    expected = [of_what_is_known(oracle, row) for row in rows.tolist()]
    found = marginal_free_energy(model, params, rows)
    np.testing.assert_allclose(found, [e[0] for e in expected], atol=1e-12)
    found = conditional_means(model, params, rows)
    np.testing.assert_allclose(found[0], [e[1] for e in expected], atol=1e-13)


@pytest.fixture(scope="module")
def top():
    """The top machine of a classifier: 4 hidden units of below, 3 labels; 5 above."""
    X = np.repeat([[1, 1, 0, 0], [0, 0, 1, 1], [1, 0, 0, 1]], 20, axis=0)
    y = np.repeat(["a", "b", "c"], 20)
    layers = BernoulliRBM(method="cd", momentum=0.9, n_iter=30)
    dbn = DBNClassifier((4, 5), layers=layers, fine_tuning="up-down", random_state=0)
    return dbn.set_params(n_iter=5).fit(X.astype(np.float64), y).layers_[-1]


@pytest.fixture(scope="module")
def top_oracle(top):
    arrays = top.components_, top.intercept_visible_, top.intercept_hidden_
    return LabelledOracle(*(a.astype(np.float64) for a in arrays), 4)


GAPS = np.array(
    [
        [1, 0, 1, 1, NAN, NAN, NAN],
        [1, NAN, 0, 1, 0, NAN, NAN],
        [NAN, NAN, 0, 1, 0, 1, NAN],
        [NAN, NAN, NAN, NAN, 0, 1, 0],
        [NAN, 1, 0, 0, NAN, 0, NAN],
        [0, 1, 1, 0, NAN, 0, 0],
    ]
)


def test_the_top_of_a_classifier_takes_nan(top, top_oracle):
    found = [of_what_is_known(top_oracle, row) for row in GAPS.tolist()]
    energies, visible, hidden = map(np.array, zip(*found, strict=True))
    np.testing.assert_allclose(top.free_energy(GAPS), energies, rtol=1e-6)
    np.testing.assert_allclose(top.impute(GAPS), visible, atol=1e-6)
    np.testing.assert_allclose(top.transform(GAPS), hidden, atol=1e-6)
    likelihoods = top.score_samples(GAPS)
    np.testing.assert_allclose(likelihoods, -energies - top_oracle.log_z, atol=1e-5)


def test_the_likeliest_label_is_filled_in(top, top_oracle):
    found = top.impute(GAPS, strategy="mode")
    for row, full in zip(GAPS.tolist(), found, strict=True):
        means = of_what_is_known(top_oracle, row)[1]
        np.testing.assert_array_equal(full[:4], means[:4] > 0.5)
        np.testing.assert_array_equal(full[4:], np.arange(3) == means[4:].argmax())


@pytest.mark.parametrize("draw", ["sample", "impute"])
def test_samples_given_some_labels_have_one_label(top, draw):
    given = np.repeat(GAPS, 50, axis=0)
    if draw == "sample":
        drawn = top.sample(given=given, random_state=0)
    else:
        drawn = top.impute(given, strategy="sample", random_state=0)
    known = ~np.isnan(given)
    np.testing.assert_array_equal(drawn[known], given[known])
    np.testing.assert_array_equal(drawn[:, 4:].sum(axis=1), 1)


N = 20_000


def drawn_given(row, chains_of):
    """Visible units of chains that hold a row, and their means by all states."""
    model, params, oracle = labelled(3, 3, 3)
    given = np.tile(np.array(row), (N, 1))
    return chains_of(model, params, given), of_what_is_known(oracle, row)[1]


def of_a_sampler(model, params, given):
    chains = conditional_gibbs.init(
        model, params, given, Stream((1, 2), Purpose.CHAINS)
    )
    return conditional_gibbs.run(model, params, chains, given, 30).visible


def of_a_training(model, params, given):
    """The guesses of a training, which start from the biases and move on."""
    state = guesses.start(model, params, given, Stream((1, 2), Purpose.CHAINS))
    for _ in range(30):
        v, state = guesses.complete(model, params, state, np.arange(N), given)
    return v


def far_off(found, expected):
    """Whether means miss by more than 5 standard errors, which never exceed this."""
    return abs(found.mean(axis=0) - expected).max() > 5 * 0.5 / N**0.5


ways = pytest.mark.parametrize("chains_of", [of_a_sampler, of_a_training])


@ways
@pytest.mark.parametrize(
    "row",
    [(1, NAN, 0, NAN, 0, NAN), (NAN, 0, 1, 0, NAN, 0), (NAN, 1, 0, NAN, 1, NAN)],
)
def test_chains_that_know_a_part_of_a_label_draw_the_rest(row, chains_of):
    found, expected = drawn_given(row, chains_of)
    np.testing.assert_array_equal(found[:, 3:].sum(axis=1), 1)
    assert not far_off(found, expected)


@ways
def test_chains_that_put_zeros_back_into_a_label_are_rejected(chains_of, monkeypatch):
    monkeypatch.setattr(CategoricalUnit, "given", lambda self, x: self)
    assert far_off(*drawn_given((1, NAN, 0, NAN, 0, NAN), chains_of))


def test_the_averaged_means_know_a_part_of_a_label():
    """Where there are too many states: 50 + 5000 sweeps of one chain."""
    model, params, oracle = labelled(3, 3, 3)
    row = (1, NAN, 0, NAN, 0, NAN)
    given, stream = np.array([row]), Stream((0, 0), Purpose.SAMPLE)
    walk = conditional_gibbs.walk(model, params, given, np.nan_to_num(given), stream)
    visible, hidden = np.zeros((1, 6)), np.zeros((1, 3))
    for sweep in itertools.islice(walk, 50, 5050):
        visible += conditional_gibbs.filled(given, sweep.visible_mean) / 5000
        hidden += sweep.hidden_mean / 5000
    _, of_visible, of_hidden = of_what_is_known(oracle, row)
    # Neighbours in the chain are correlated: about 1 in 5 sweeps counts.
    margin = 5 * 0.5 / 1000**0.5
    assert abs(visible[0] - of_visible).max() < margin
    assert abs(hidden[0] - of_hidden).max() < margin
    assert visible[0, 4] == 0 and math.isclose(visible[0, 3:].sum(), 1)


def test_a_label_alone_has_no_pseudo_likelihood():
    """It was integrated over like a real feature: a number without a meaning."""
    _, params, _ = labelled(0, 4, 3)
    with pytest.raises(ValueError, match="no pseudo-likelihood of labels"):
        model = Bipartite(CategoricalUnit(), BERNOULLI)
        pseudo_log_likelihood(model, params, np.eye(4))


# Gaussian hidden units --------------------------------------------------------------


@pytest.mark.parametrize("kind", [Gradient, CenteredGradient])
def test_weights_below_gaussian_units_learn_at_their_size(kind):
    """The step was 0.3018 where the slope is 0.1509: the variance 2 was forgotten."""
    rng = np.random.default_rng(0)
    weights, b, c = rng.normal(size=(1, 3)), rng.normal(size=3), rng.normal(size=1)
    above, rows = GaussianParams(c, np.log([2.0])), np.array([[1.0, 0, 1], [0, 1, 1]])
    model = Bipartite(BERNOULLI, GAUSSIAN)
    params = BipartiteParams(weights, Bias(b), above)
    data = data_phase(model, params, rows)
    stream = Stream((1, 2), Purpose.CHAINS)
    negative, _ = Enumeration().step(model, params, stream, data)
    nothing = Offsets(np.zeros(3), np.zeros(1))  # centered at 0 is plain
    gradient = kind()
    step = gradient.step(model, params, data.sums, negative, 1.0, nothing)
    gradient.finish(model, params, step, nothing, 1.0)

    def log_likelihood(i, array):
        arrays = [weights, [b], above]
        arrays[i] = array
        oracle = PairOracle(*arrays, (0.0, 1.0), None)
        return sum(oracle.log_likelihood(row) for row in rows) / 2

    expected = finite_difference(lambda w: log_likelihood(0, w), weights)
    np.testing.assert_allclose(step.weights, expected, rtol=1e-6)
    expected = finite_difference(lambda z: log_likelihood(2, (c, z)), above[1])
    np.testing.assert_allclose(step.hidden.log_variance, expected, rtol=1e-6)


@pytest.mark.parametrize("name", ["CD", "PCD", "fast", "exact", "tempered"])
@pytest.mark.parametrize("centered", [False, True])
def test_machines_with_gaussian_hidden_units_learn(name, centered):
    """Two patterns, by every negative phase; independent bits reach -3 log 2."""
    negative = {
        "CD": ContrastiveDivergence(1),
        "PCD": PersistentContrastiveDivergence(1, 50),
        "fast": FastPersistentContrastiveDivergence(1, 50, 0.02),
        "exact": Enumeration(),
        "tempered": TemperedContrastiveDivergence(1, 50, 3),
    }[name]
    states = np.array(list(itertools.product((0.0, 1.0), repeat=3)))
    X = np.repeat(states, [2, 14, 2, 2, 2, 2, 14, 2], axis=0)
    model, mean = Bipartite(BERNOULLI, GAUSSIAN), X.mean(axis=0)
    stream = Stream((1, 2), Purpose.WEIGHTS)
    params = initial_params(model, stream, mean, len(X), 1, np.float64)
    parts = recipe(BipartiteCase("", model, params, None), negative, centered=centered)
    state = parts.init(params, mean, (1, 2))
    for _ in range(400):
        state, _ = epoch(parts, state, Data(X, None), 0.1)
    log_z = exact_log_partition(model, state.params)
    reached = exact_log_likelihood(model, state.params, X, log_z).mean()
    share = np.unique(X, axis=0, return_counts=True)[1] / 40
    assert -1.9 < reached <= share @ np.log(share) + 1e-12
