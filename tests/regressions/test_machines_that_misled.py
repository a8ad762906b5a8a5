"""Machines that misled those who used them.

A user gave spins of -1 and 1 to a machine of zeros and ones: couplings of 2e34 came
back, "log-likelihoods" of +72, and the advice to scale by MinMaxScaler. Another set
`gradient="sign"` with a penalty, which was added after the sign had been taken: steps
of any size, some of them the wrong way. With NumPy 2.0.0 a training that went on with
another `sigma` ended in an AttributeError of NumPy, where the reason was known.

A callback on the machine inside a classifier never saw an epoch. A machine that had
learnt a column twice drew zeros alone, where the mean was 0.185, and said nothing.
Warnings asked for parameters that nobody has, and errors named a class that nobody
knows.

Then warnings were given where nothing was wrong: of units of 1000 or 1001 no machine
was said to fit best, independent units that were rare "followed from others", and 1
and 1 - 1e-16 were two rows whose probabilities were added. Rows with a gap were drawn
from a small machine as if it were a large one, by chains that stayed where they
began.
"""

import inspect
import itertools
import re
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from sklearn.preprocessing import MinMaxScaler

import skboltz
from skboltz import (
    BernoulliRBM,
    BoltzmannClassifier,
    BoltzmannMachine,
    DataRangeWarning,
    DBNClassifier,
    DeepBeliefNetwork,
    EnergyImputer,
    GaussianBernoulliRBM,
    HopfieldMemory,
    UnreliableEstimateWarning,
    learning,
    sampling,
)
from skboltz.callbacks import EarlyStopping, EpochCallback
from skboltz.estimators.questions._total import warn_of_total
from skboltz.models import Bipartite, BipartiteParams, PairwiseParams
from skboltz.sampling import Purpose, Stream
from skboltz.units import (
    BERNOULLI,
    GAUSSIAN,
    SPIN,
    Bias,
    CategoricalUnit,
    Columns,
    GaussianParams,
    TwoValuedUnit,
)

# Penalties belong to the gradient whose sign is taken ------------------------------


def signed_step(X, J, b, rate, l1, l2):
    """Signs of the slopes of log P less the penalties, every state visited."""
    states = [(s, t) for s in (0, 1) for t in (0, 1)]
    weight = [np.exp(b[0] * s + b[1] * t + J * s * t) for s, t in states]
    model = [w / sum(weight) for w in weight]
    pair = np.mean([s * t for s, t in X]) - sum(
        p * s * t for p, (s, t) in zip(model, states, strict=True)
    )
    units = [
        np.mean([row[i] for row in X])
        - sum(p * state[i] for p, state in zip(model, states, strict=True))
        for i in (0, 1)
    ]
    slope = pair - l1 * np.sign(J) - l2 * J
    return rate * np.sign(slope), rate * np.sign(units), pair


PAIRS = np.array([[0, 0]] * 5 + [[0, 1]] * 2 + [[1, 0]] * 2 + [[1, 1]] * 7, float)


@pytest.mark.parametrize("momentum", [0.0, 0.5])
@pytest.mark.parametrize("l1, l2", [(0.0, 1.0), (0.5, 0.0), (0.0, 0.01), (0.2, 0.2)])
def test_the_sign_is_of_the_slope_with_its_penalties(l1, l2, momentum):
    J, b, rate = 0.5, np.array([0.1, -0.2]), 0.01
    machine = BoltzmannMachine.from_params([[0, J], [J, 0]], b).set_params(
        method="exact", gradient="sign", learning_rate=rate, l1=l1, l2=l2,
        momentum=momentum,
    )  # fmt: skip
    pair, units, slope = signed_step(PAIRS, J, b, rate, l1, l2)
    assert 0 < slope < 0.5  # the strong penalties win, the weak one does not
    machine.partial_fit(PAIRS)
    assert machine.coupling_[0, 1] - J == pytest.approx(pair, abs=1e-12)
    np.testing.assert_allclose(machine.intercept_ - b, units, atol=1e-12)
    # The second step has the speed of the first one beside its own.
    J2, b2 = machine.coupling_[0, 1], machine.intercept_.copy()
    again, units_again, _ = signed_step(PAIRS, J2, b2, rate, l1, l2)
    machine.partial_fit(PAIRS)
    found = machine.coupling_[0, 1] - J2, machine.intercept_ - b2
    assert found[0] == pytest.approx(again + momentum * pair, abs=1e-12)
    np.testing.assert_allclose(found[1], units_again + momentum * units, atol=1e-12)


@pytest.mark.parametrize("gradient", ["plain", "centered", "sign"])
def test_no_penalty_moves_a_coupling_that_is_not_allowed(gradient):
    J = np.array([[0, 0.5, 0.3], [0.5, 0, 0.2], [0.3, 0.2, 0]])
    mask = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    machine = BoltzmannMachine.from_params(J).set_params(
        mask=mask, method="exact", gradient=gradient, l1=0.1, l2=1.0
    )
    machine.partial_fit(np.array([[0, 0, 1], [1, 0, 1], [1, 1, 0]], float))
    np.testing.assert_array_equal(machine.coupling_ != J, mask == 1)


# Text beside numbers ---------------------------------------------------------------


def equal_as_of_numpy_2_0_0(one, two):
    """What np.array_equal did in NumPy 2.0.0, 2.0.1 and 2.1.0."""
    one, two = np.asarray(one), np.asarray(two)
    if one.shape == two.shape == () and (one.dtype.kind == "U") != (
        two.dtype.kind == "U"
    ):
        raise AttributeError("'bool' object has no attribute 'all'")
    return one.shape == two.shape and bool((one == two).all())


@pytest.mark.parametrize("before, after", [("learned", 0.3), (0.3, "learned")])
def test_another_sigma_is_refused_by_any_numpy(before, after, monkeypatch):
    X = np.random.default_rng(0).normal(size=(20, 2))
    rbm = GaussianBernoulliRBM(2, n_iter=1, sigma=before, warm_start=True).fit(X)
    monkeypatch.setattr(np, "array_equal", equal_as_of_numpy_2_0_0)
    with pytest.raises(ValueError, match=r"sigma is .*; set it back, or begin anew"):
        rbm.set_params(sigma=after).fit(X)
    rbm.set_params(sigma=before).fit(X)
    assert rbm.n_iter_ == 2
    rbm.set_params(sigma=after, warm_start=False).fit(X)
    assert rbm.n_iter_ == 1


# Callbacks of machines inside others -----------------------------------------------


class Log(EpochCallback):
    """Note the epochs that a machine has done; stop after so many."""

    def __init__(self, stop=None):
        self.stop, self.epochs = stop, []

    def on_epoch_end(self, model, X):
        self.epochs.append((model.n_iter_, np.shape(X)))
        return model.n_iter_ == self.stop


nan = np.nan
BITS = (np.random.default_rng(1).random((40, 4)) < 0.4).astype(float)
LABELS = np.arange(40) % 2


def small(**params):
    defaults = {"hidden_hidden": False, "n_iter": 3, "random_state": 0}
    return BoltzmannMachine(2, **defaults | params)


def test_callbacks_of_the_machine_in_a_classifier_see_its_epochs():
    log, bare = Log(), BoltzmannClassifier(small()).fit(BITS, LABELS)
    classifier = BoltzmannClassifier(small().set_callbacks(log)).fit(BITS, LABELS)
    assert log.epochs == [(1, (40, 6)), (2, (40, 6)), (3, (40, 6))]
    np.testing.assert_array_equal(
        classifier.estimator_.coupling_, bare.estimator_.coupling_
    )
    stopped = BoltzmannClassifier(small(n_iter=9).set_callbacks(Log(stop=2)))
    assert clone(stopped).fit(BITS, LABELS).estimator_.n_iter_ == 2
    imputer = EnergyImputer(small().set_callbacks(Log(stop=1))).fit(BITS)
    assert imputer.estimator_.n_iter_ == 1


def test_held_out_rows_of_a_classifier_have_the_classes_too():
    stop = EarlyStopping(BITS[:9])
    classifier = BoltzmannClassifier(small().set_callbacks(stop), generative_share=1)
    with pytest.raises(ValueError, match="6 features .* a column for each class after"):
        classifier.fit(BITS, LABELS)
    stop.X_validation = np.hstack([BITS, np.eye(2)[LABELS]])[:9]
    classifier.fit(BITS, LABELS)
    assert stop.best_estimator_.n_iter_ == stop.best_epoch_ >= 1


def test_the_machine_in_a_classifier_gives_what_set_output_asks_for():
    machine = small().set_output(transform="pandas")
    fitted = BoltzmannClassifier(machine).fit(BITS, LABELS).estimator_
    rows = np.hstack([BITS, np.eye(2)[LABELS]])
    assert list(fitted.transform(rows).columns) == list(fitted.get_feature_names_out())


def test_a_machine_without_epochs_says_which_methods_have_some():
    machine = BoltzmannMachine(0, method="moments").set_callbacks(Log())
    with pytest.warns(UserWarning, match='method="moments" solves for all'):
        machine.fit(BITS)
    log = Log()
    machine.set_params(method="pcd", n_iter=1).set_callbacks(log).fit(BITS)
    assert len(log.epochs) == 1


def test_a_machine_in_a_classifier_has_the_name_that_users_know():
    machine = BoltzmannMachine(0, method="moments", l2=0.1).set_callbacks(Log())
    classifier = BoltzmannClassifier(machine, generative_share=1)
    with pytest.warns(UserWarning, match="saw no epoch of BoltzmannMachine"):
        classifier.fit(BITS, LABELS)
    with pytest.raises(ValueError, match="but BoltzmannMachine is expecting 6 feat"):
        classifier.estimator_.sample(given=BITS)


# Values that are not those of the units --------------------------------------------


def advised(record, category=DataRangeWarning):
    """What the one warning of this kind says is to be passed or set."""
    messages = (str(w.message) for w in record if w.category is category)
    (message,) = (text for text in messages if "distinct rows sum to" not in text)
    return message


def followed(message, X):
    """The expression of X that a warning asks for."""
    return eval(re.search(r"Pass (.*?)(, or .*)?\.$", message)[1], {"X": X})


CODINGS = {
    "spins": (-1, 1),
    "counts from one": (1, 2),
    "bytes": (0, 255),
    "fractions": (-0.3, 1.7),
}


def coded(low, high, rows=BITS):
    return low + (high - low) * rows


DISCRETE = {
    "moments": BoltzmannMachine(0, method="moments"),
    "pseudo-likelihood": BoltzmannMachine(0, method="pseudo-likelihood"),
    "pcd": BoltzmannMachine(1, n_iter=2, random_state=0),
    "rbm": BernoulliRBM(2, n_iter=2, random_state=0),
    "deep": DeepBeliefNetwork((2,), layers=BernoulliRBM(n_iter=2), random_state=0),
}


TOLD = [
    (name, kind)
    for name, kinds in (
        ("moments", ("float", "float32", "sparse")),
        ("pseudo-likelihood", ("float", "float32", "sparse")),
        ("pcd", ("float", "float32", "gaps", "sparse")),
        ("rbm", ("float", "float32", "gaps", "sparse")),
        ("deep", ("float", "float32", "sparse")),
    )
    for kind in kinds
]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("coding", CODINGS.values(), ids=CODINGS)
@pytest.mark.parametrize("name, kind", TOLD)
def test_two_other_values_are_told_what_to_pass(name, coding, kind):
    machine, X, given = clone(DISCRETE[name]), coded(*coding), BITS
    if kind == "float32":
        X, given = X.astype(np.float32), BITS.astype(np.float32)
    if kind == "gaps":
        gaps = np.eye(4)[np.arange(40) % 4] == 1
        X, given = np.where(gaps, np.nan, X), np.where(gaps, np.nan, BITS)
    if kind == "sparse" and 0 in coding:
        X = sparse.csr_array(X)
    with pytest.warns(DataRangeWarning) as record:
        machine.fit(X)
    right = followed(advised(record), X)
    with warnings.catch_warnings():
        warnings.simplefilter("error", DataRangeWarning)
        one = clone(machine).fit(right)
    two = clone(machine).fit(given)
    np.testing.assert_allclose(one.score(right), two.score(given), rtol=1e-5)
    # Whoever asks a machine that has learnt is told as well.
    with pytest.warns(DataRangeWarning) as record:
        two.score_samples(X)
    again = followed(advised(record), X)
    np.testing.assert_allclose(two.score(again), two.score(given), rtol=1e-5)


def test_spins_are_told_to_set_values_and_bits_to_set_others():
    spins = 2 * BITS - 1
    for values, X in (((-1, 1), spins), ((0, 1), BITS)):
        wrong = BoltzmannMachine(
            0, values=(0, 1) if values[0] else (-1, 1), method="pseudo-likelihood"
        )
        with warnings.catch_warnings(record=True) as record:
            warnings.simplefilter("always")
            wrong.fit(X)
        message = advised(record)
        assert f"set values={values}" in message and "MinMaxScaler" not in message
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            machine = clone(wrong).set_params(values=values).fit(X)
        assert -4 * np.log(2) < machine.score(X) < 0
        assert abs(machine.coupling_).max() < 2
    # Scaled to the range of spins, zeros and ones are both values that count.
    with pytest.warns(DataRangeWarning, match="2 \\* X - 1") as record:
        machine.with_values((-1, 1)).score(BITS)
    found = machine.with_values((-1, 1)).score(followed(advised(record), BITS))
    assert found == pytest.approx(machine.score(BITS), abs=1e-12)


def test_an_rbm_says_which_machine_takes_spins():
    spins = 2 * BITS - 1
    with pytest.warns(DataRangeWarning, match=r"BoltzmannMachine\(values=\(-1, 1\)\)"):
        BernoulliRBM(2, n_iter=1).fit(spins)
    partly = spins.copy()
    partly[::3, 0] = np.nan
    with pytest.warns(DataRangeWarning, match=r"BoltzmannMachine\(values=\(-1, 1\)\)"):
        EnergyImputer(random_state=0).fit(partly)
    imputer = EnergyImputer(small(values=(-1, 1)), strategy="mode")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert set(np.unique(imputer.fit_transform(partly))) == {-1, 1}


@pytest.mark.parametrize("coding", CODINGS.values(), ids=CODINGS)
def test_an_imputer_of_other_values(coding):
    X = coded(*coding)
    X[::3, 0] = np.nan
    rbm = BernoulliRBM(2, n_iter=2, random_state=0)
    with pytest.warns(DataRangeWarning) as record:
        EnergyImputer(rbm).fit(X)
    right = followed(advised(record), X)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        filled = EnergyImputer(rbm).fit_transform(right)
    assert 0 <= filled.min() and filled.max() <= 1


@pytest.mark.parametrize("labels_on_top", [False, True])
@pytest.mark.parametrize("coding", [(-1, 1), (1, 2)])
def test_a_classifier_speaks_of_its_features_alone(coding, labels_on_top):
    """The columns of the classes have the values of the units."""
    X = coded(*coding)
    if labels_on_top:
        rbm = BernoulliRBM(n_iter=1)
        classifier = DBNClassifier((2,), layers=rbm, n_iter=1, fine_tuning="up-down")
    else:
        classifier = BoltzmannClassifier(small())
    with warnings.catch_warnings(record=True) as record:
        warnings.simplefilter("always")
        classifier.fit(X, LABELS)
    message = advised(record)
    assert "Labelled" not in message
    assert set(np.unique(followed(message, X))) == {0, 1}
    if coding == (-1, 1) and not labels_on_top:
        assert "set values=(-1, 1)" in message
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            BoltzmannClassifier(small(values=(-1, 1))).fit(X, LABELS)
    with pytest.warns(DataRangeWarning) as record:
        classifier.predict(X)
    assert set(np.unique(followed(advised(record), X))) == {0, 1}
    assert classifier.partial_fit(BITS, LABELS, classes=[0, 1]) is classifier


def test_grey_values_of_spins_are_scaled_to_their_range():
    grey = np.random.default_rng(0).integers(0, 256, (40, 3))
    machine = small(values=(-1, 1))
    with pytest.warns(DataRangeWarning, match="MinMaxScaler") as record:
        machine.fit(grey)
    scaler = re.search(r"MinMaxScaler\(.*?\)(?=;)", advised(record))[0]
    scaled = eval(scaler, {"MinMaxScaler": MinMaxScaler}).fit_transform(grey)
    assert scaled.min() == -1 and scaled.max() == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error", DataRangeWarning)
        machine.fit(scaled)
    with pytest.warns(DataRangeWarning, match="as the rows that fit was given"):
        machine.transform(grey)


@pytest.mark.parametrize("X", [[["True", "False"]], [["yes", "no"]], [["-1", "1"]]])
def test_words_are_refused(X):
    with pytest.raises(ValueError, match="encode"):
        BernoulliRBM(2).fit(X)
    with pytest.raises(ValueError, match="encode"):
        BoltzmannMachine(2).fit(X)


@pytest.mark.parametrize("values, X", [((0, 1), BITS), ((-1, 1), 2 * BITS - 1)])
def test_values_of_the_units_and_between_do_not_warn(values, X):
    machine = small(values=values)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        machine.fit(0.9 * X).fit(X)
        # One row may have one value only.
        for row in (X[:1], np.ones((1, 4)), np.full((1, 4), values[0])):
            machine.transform(row)


# Machines that no finite couplings fit best -----------------------------------------


def no_maximum(rows, **params):
    """What a fit warns of, and the machine."""
    with warnings.catch_warnings(record=True) as record:
        warnings.simplefilter("always")
        machine = BoltzmannMachine(0, **params).fit(rows)
    return advised(record, ConvergenceWarning), machine


SOLVERS = ["moments", "pseudo-likelihood"]


@pytest.mark.parametrize("method", SOLVERS)
@pytest.mark.parametrize("l2", [0.0, 0.1])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_values_out_of_range_leave_couplings_finite(method, l2, dtype):
    """They are no constant units, which the warning named before."""
    normal = np.random.default_rng(0).normal(size=(40, 4))
    for rows in (2 * BITS - 1, BITS + 1, normal):
        with pytest.warns(DataRangeWarning):
            message, machine = no_maximum_and_range(rows.astype(dtype), method, l2)
        assert "Bring X into the range" in message
        assert abs(machine.coupling_).max() <= 1e4 * (1 + 1e-6)
        assert abs(machine.intercept_).max() <= 1e4 * (1 + 1e-6)


def no_maximum_and_range(rows, method, l2):
    with warnings.catch_warnings(record=True) as record:
        warnings.simplefilter("always")
        machine = BoltzmannMachine(0, method=method, l2=l2).fit(rows)
    for warning in record:
        if warning.category is DataRangeWarning:
            warnings.warn(warning.message, stacklevel=1)
    return advised(record, ConvergenceWarning), machine


WIDE = (np.random.default_rng(3).random((45, 100)) < 0.5).astype(float)
RULES = {
    "doubled": lambda x: x[:, 0],
    "reversed": lambda x: 1 - x[:, 0],
    "both": lambda x: x[:, 0] * x[:, 1],
    "majority": lambda x: x[:, :3].sum(axis=1) >= 2,
}


@pytest.mark.parametrize("method", SOLVERS)
@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_unit_that_follows_from_others_warns(rule, method):
    rows = np.column_stack([BITS[:, :3], rule(BITS)]).astype(float)
    message, machine = no_maximum(rows, method=method)
    assert "set l2 > 0" in message
    assert abs(machine.coupling_).max() < 100
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        machine = BoltzmannMachine(0, method=method, l2=0.01).fit(rows)
    assert abs(machine.coupling_).max() < 10


def test_rows_too_few_for_their_features_warn():
    """No pair misses a state, but every unit can be told from all the others."""
    for one, other in ((WIDE, WIDE), (WIDE, 1 - WIDE), (1 - WIDE, 1 - WIDE)):
        both = one.T @ other + np.eye(100)
        assert both.min() > 0
    message, machine = no_maximum(WIDE, method="pseudo-likelihood")
    assert "follow from others" in message and abs(machine.coupling_).max() < 25
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        BoltzmannMachine(0, method="pseudo-likelihood", l2=0.01).fit(WIDE)


@pytest.mark.parametrize("method", SOLVERS)
def test_a_unit_that_never_changes_is_to_be_dropped(method):
    rows = np.column_stack([BITS[:, :3], np.ones(40)])
    message, machine = no_maximum(rows, method=method)
    assert "1 units never change" in message and "drop them" in message
    assert abs(machine.intercept_).max() < 50
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        BoltzmannMachine(0, method=method).fit(rows[:, :3])


SLOW = (np.random.default_rng(3).random((70, 40)) < 0.5).astype(float)


@pytest.mark.parametrize("method", SOLVERS)
@pytest.mark.parametrize("values", [(0, 1), (-1, 1)])
def test_strong_couplings_of_ample_rows_do_not_warn(method, values):
    """Odds of 1 to 400, all of them seen."""
    rows = np.repeat([[0, 0], [1, 1], [0, 1], [1, 0]], [400, 400, 1, 1], axis=0)
    rows = values[0] + (values[1] - values[0]) * rows
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        machine = BoltzmannMachine(0, values=values, method=method).fit(rows)
    odds = machine.coupling_[0, 1] * (values[1] - values[0]) ** 2
    assert odds == pytest.approx(2 * np.log(400), abs=1e-3)


def test_an_early_end_names_a_parameter_that_there_is():
    rows, pairs = BITS, learning.all_pairs(4)
    with pytest.warns(ConvergenceWarning) as record:
        learning.fit_pseudo_likelihood(BERNOULLI, rows, pairs, max_iter=1)
    message = advised(record, ConvergenceWarning)
    name = re.search(r"max_iter of skboltz\.learning\.(\w+)", message)[1]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        getattr(learning, name)(BERNOULLI, rows, pairs, max_iter=500)
    # A machine has no max_iter, but the other remedy.
    with pytest.warns(ConvergenceWarning, match="Set l2 > 0"):
        BoltzmannMachine(0, method="pseudo-likelihood").fit(SLOW)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        BoltzmannMachine(0, method="pseudo-likelihood", l2=0.01).fit(SLOW)


# Advice names what there is ---------------------------------------------------------


def offered(message, name):
    """The object that a warning asks for as a parameter of this name."""
    text = re.search(rf"{name}=(\w+\(.*?\))[., ]", message)[1]
    return eval(text, vars(learning) | vars(sampling))


SPINS = np.random.default_rng(4).choice([-1, 1], (9, 12))


@pytest.mark.filterwarnings("ignore::skboltz.CapacityWarning")
@pytest.mark.parametrize(
    "rule",
    [
        learning.Perceptron(margin=0.8, max_iter=2),
        learning.MinimalOverlap(target=0.3, max_iter=2),
        learning.EnergyDescent(learning_rate=0.05, n_iter=1),
    ],
)
def test_a_rule_that_ended_early_says_which_rule_to_take(rule):
    with pytest.warns(ConvergenceWarning) as record:
        HopfieldMemory(rule).fit(SPINS[:5])
    better = offered(advised(record, ConvergenceWarning), "rule")
    assert type(better) is type(rule) and repr(better) != repr(rule)
    for _ in range(4):  # ten times as long each, as far as it takes
        with warnings.catch_warnings(record=True) as record:
            warnings.simplefilter("always", ConvergenceWarning)
            memory = HopfieldMemory(better).fit(SPINS[:5])
        if not record:
            break
        better = offered(advised(record, ConvergenceWarning), "rule")
    assert not record and memory.is_fixed_point(SPINS[:5]).all()


@pytest.mark.filterwarnings("ignore::skboltz.CapacityWarning")
@pytest.mark.parametrize(
    "dynamics",
    [
        sampling.Asynchronous(1),
        sampling.Synchronous(1),
        sampling.GradedResponse(gain=3.0, max_iter=2),
    ],
)
def test_a_recall_that_ended_early_says_which_dynamics_to_take(dynamics):
    memory = HopfieldMemory(dynamics=dynamics).fit(SPINS[:3])
    for _ in range(4):
        with warnings.catch_warnings(record=True) as record:
            warnings.simplefilter("always")
            memory.transform(SPINS[3:])
        if not record:
            break
        better = offered(advised(record, ConvergenceWarning), "dynamics")
        assert type(better) is type(dynamics)
        assert better.max_iter == 10 * memory.dynamics.max_iter
        memory.set_params(dynamics=better)
    assert memory.dynamics.max_iter > dynamics.max_iter and not record


ESTIMATORS = [
    getattr(skboltz, name)
    for name in skboltz.__all__
    if isinstance(getattr(skboltz, name), type)
    and issubclass(getattr(skboltz, name), BaseEstimator)
]


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_an_unknown_parameter_names_the_class_that_has_it_not(kind):
    with pytest.raises(TypeError, match=f"^{kind.__name__}.__init__.*'rate'"):
        kind(rate=1)
    with pytest.raises(ValueError, match=f"'rate' for estimator {kind.__name__}"):
        kind().set_params(rate=1)
    names = [name for name in inspect.signature(kind).parameters]
    assert sorted(names) == sorted(kind().get_params(deep=False))
    same = clone(kind())
    assert repr(same) == repr(kind()) == f"{kind.__name__}()"


INSIDE = [
    (DBNClassifier(random_state=0), "layers"),
    (DeepBeliefNetwork(), "layers"),
    (BoltzmannClassifier(random_state=3), "estimator"),
    (EnergyImputer(random_state=3), "estimator"),
]


@pytest.mark.parametrize("outside, name", INSIDE, ids=lambda x: type(x).__name__)
def test_a_parameter_of_none_says_what_to_pass(outside, name):
    key = f"{name}__learning_rate"
    with pytest.raises(ValueError, match=f"{key} cannot be set, as {name}=None") as e:
        clone(outside).set_params(**{key: 0.5})
    text = re.search(rf"too: {name}=(.*) is what None stands for", str(e.value))[1]
    inside = eval(text, vars(skboltz))
    both = clone(outside).set_params(**{name: inside, key: 0.5})
    assert both.get_params()[key] == 0.5
    assert both.set_params(**{key: 0.25}).get_params()[key] == 0.25


def test_a_list_of_layers_has_no_parameters():
    dbn = DBNClassifier((2, 2), layers=[BernoulliRBM(), BernoulliRBM()])
    with pytest.raises(ValueError, match="layers__k cannot be set, as layers=.Bern"):
        dbn.set_params(layers__k=2)
    with pytest.raises(ValueError, match="rule__max_iter cannot be set, as rule='heb"):
        HopfieldMemory().set_params(rule__max_iter=2)
    with pytest.raises(ValueError, match="Invalid parameter 'rules'"):
        HopfieldMemory().set_params(rules__max_iter=2)


def test_a_search_over_a_parameter_of_none_says_so():
    search = GridSearchCV(DBNClassifier(), {"layers__k": [1, 2]})
    with pytest.raises(ValueError, match="layers__k cannot be set, as layers=None"):
        search.fit(BITS, LABELS)


# Units that hold each other ---------------------------------------------------------

N_DRAWN = 3000
DOUBLED = np.column_stack([BITS[:, :3], BITS[:, 0]])


def all_states(n, low=0, high=1):
    return np.array(list(itertools.product((low, high), repeat=n)), float)


def probabilities(machine, states):
    """Of all states of the features, by the scores, which are tested elsewhere."""
    proba = np.exp(machine.score_samples(states))
    assert proba.sum() == pytest.approx(1, abs=1e-6)
    return proba


def deviations(rows, states, proba):
    """How often each state came, in standard deviations from how often it should."""
    found = (rows[:, None] == states).all(axis=2).mean(axis=0)
    return (found - proba) / np.sqrt(np.maximum(proba * (1 - proba), 1e-9) / len(rows))


def locked_rbm():
    """Two features that one hidden unit holds together: P(both) is near 0.45."""
    rbm = BernoulliRBM(2, n_iter=0, random_state=0).fit(BITS)
    rbm.components_ = np.array([[45.0, 45.0, 0.0, 0.0], [0.5, 0.0, 1.0, -1.0]])
    rbm.intercept_visible_ = np.array([-22.6, -22.6, 0.1, 0.2])
    rbm.intercept_hidden_ = np.array([-45.0, 0.3])
    return rbm


def doubled(method, **params):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return BoltzmannMachine(0, method=method, **params).fit(DOUBLED)


LOCKED = {
    "moments": lambda: doubled("moments"),
    "pseudo-likelihood": lambda: doubled("pseudo-likelihood"),
    "weights": locked_rbm,
}


@pytest.mark.parametrize("name", LOCKED)
def test_units_that_hold_each_other_are_drawn_as_they_are(name, monkeypatch):
    machine, states = LOCKED[name](), all_states(4)
    proba = probabilities(machine, states)
    mean = proba @ states
    # 5 standard deviations of a mean of independent rows.
    room = 5 * np.sqrt(mean * (1 - mean) / N_DRAWN)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rows = machine.sample(N_DRAWN, burn_in=50, random_state=0)
    assert (abs(rows.mean(axis=0) - mean) < room).all()
    assert abs(deviations(rows, states, proba)).max() < 5
    # As if there were too many states: chains stay where biases alone have put them.
    monkeypatch.setattr(sampling.exact_start, "MOST_TERMS", 0)
    with pytest.warns(ConvergenceWarning, match="hold two units together") as record:
        rows = machine.sample(N_DRAWN, burn_in=50, random_state=0)
    assert (abs(rows.mean(axis=0) - mean) > room).any()
    assert {w.filename for w in record} == {__file__}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rows = machine.sample(N_DRAWN, method="tempering", burn_in=100, random_state=0)
        assert (abs(rows.mean(axis=0) - mean) < room).all()
        # A start that was asked for is taken.
        starts = np.repeat(states, 100, axis=0)
        held = machine.sample(1600, start=starts, burn_in=2, random_state=0)
        assert (held[:, [0, -1]].mean(axis=0) > 0.25).all()


@pytest.mark.parametrize("method", SOLVERS)
def test_a_penalty_lets_go_of_units_that_hold_each_other(method, monkeypatch):
    """The other remedy of the warning."""
    machine, states = doubled(method, l2=0.1), all_states(4)
    mean = probabilities(machine, states) @ states
    monkeypatch.setattr(sampling.exact_start, "MOST_TERMS", 0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rows = machine.sample(N_DRAWN, burn_in=50, random_state=0)
    room = 5 * np.sqrt(mean * (1 - mean) / N_DRAWN)
    assert (abs(rows.mean(axis=0) - mean) < room).all()


ALIKE = np.tile(np.where(np.eye(40, 4), BITS, DOUBLED), (5, 1))  # nearly doubled
FAST = {"n_iter": 60, "learning_rate": 0.3, "random_state": 0}
SMALL = {
    "few hidden": lambda: BernoulliRBM(2, **FAST),
    "many hidden": lambda: BernoulliRBM(
        7, n_iter=60, learning_rate=0.3, random_state=0
    ),
    "spins": lambda: small(values=(-1, 1), hidden_hidden=True, n_iter=30),
    "bits": lambda: small(n_iter=30),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", SMALL)
def test_chains_of_small_machines_begin_in_their_distribution(name, dtype):
    """No sweep is needed, and none leads away."""
    low = -1 if name == "spins" else 0
    machine = SMALL[name]().fit((low + (1 - low) * ALIKE).astype(dtype))
    states = all_states(4, low)
    proba = probabilities(machine, states.astype(dtype))
    for burn_in in (0, 3):
        rows = machine.sample(N_DRAWN, burn_in=burn_in, random_state=burn_in)
        assert rows.dtype == dtype
        # 16 states, twice: a normal deviate beyond 5 has the odds of 6e-7.
        assert abs(deviations(rows, states, proba)).max() < 5
    # The control: the independent units where chains began before.
    share = proba @ states
    independent = low + (1 - low) * (
        np.random.default_rng(0).random((N_DRAWN, 4)) < (share - low) / (1 - low)
    )
    assert abs(deviations(independent, states, proba)).max() > 5


def test_what_is_given_is_kept_and_the_rest_is_drawn_as_it_is():
    """Both of the doubled columns are missing, where another is known."""
    machine, states = doubled("moments"), all_states(4)
    proba = probabilities(machine, states)
    for known in (0.0, 1.0):
        rows = machine.sample(
            N_DRAWN, given=[np.nan, known, np.nan, np.nan], burn_in=50, random_state=1
        )
        assert (rows[:, 1] == known).all()
        given = proba * (states[:, 1] == known)
        assert abs(deviations(rows, states, given / given.sum())).max() < 5
    mixed = np.where(np.eye(4, dtype=bool)[np.arange(40) % 4], np.nan, DOUBLED)
    filled = machine.sample(given=mixed, random_state=0)
    np.testing.assert_array_equal(filled[~np.isnan(mixed)], mixed[~np.isnan(mixed)])
    np.testing.assert_array_equal(filled[:, 0], filled[:, 3])


def test_components_that_lie_apart_are_drawn_as_often_as_they_should_be():
    """Clusters at -1 and 1, a fifth of the rows in the second: far apart for chains."""
    rng = np.random.default_rng(0)
    centre = np.where(np.arange(1000) % 5, -1.0, 1.0)[:, None]
    X = centre + 0.05 * rng.normal(size=(1000, 2))
    rbm = GaussianBernoulliRBM(
        1, method="exact", learning_rate=0.1, n_iter=60, batch_size=200, random_state=0
    ).fit(X)
    share = (rbm.sample(N_DRAWN, burn_in=50, random_state=0)[:, 0] > 0).mean()
    assert abs(share - 0.2) < 0.05


def test_starts_are_of_states_that_can_be_counted():
    """A label of 30 columns has 30, not 2^30; real units have more than any number."""
    bias = np.arange(30) % 3 + 0.0
    above = Bias(np.zeros(40))
    params = BipartiteParams(np.zeros((40, 30)), Bias(bias), above)
    model = Bipartite(CategoricalUnit(), BERNOULLI)
    stream = Stream((1, 2), Purpose.CHAINS)
    found = sampling.exact_start.of_layers(model, params, stream, N_DRAWN).visible
    proba = np.exp(bias) / np.exp(bias).sum()
    assert abs(deviations(found, np.eye(30), proba)).max() < 5
    real = GaussianParams(np.zeros(2), np.zeros(2))
    params = BipartiteParams(np.full((2, 2), 0.1), real, real)
    model = Bipartite(GAUSSIAN, GAUSSIAN)
    assert sampling.exact_start.of_layers(model, params, stream, 3) is None


def test_noise_of_a_sample_depends_on_no_other_row():
    machine = SMALL["bits"]().fit(BITS)
    few, more = (machine.sample(n, random_state=5) for n in (3, 9))
    assert few.shape == (3, 4) and more.shape == (9, 4)
    np.testing.assert_array_equal(machine.sample(3, random_state=5), few)


# Scores that no probabilities can be ------------------------------------------------


def loop_total(machine, rows):
    """The sum of exp(-F(v)) / Z of distinct rows, by loops over all states."""
    W, b, c = machine.components_, machine.intercept_visible_, machine.intercept_hidden_

    def weight(v):
        total = 0.0
        for h in itertools.product((0, 1), repeat=len(c)):
            pull = sum(
                h[j] * W[j, i] * v[i] for j in range(len(c)) for i in range(len(b))
            )
            total += np.exp(pull + np.dot(b, v) + np.dot(c, h))
        return total

    z = sum(weight(v) for v in itertools.product((0, 1), repeat=len(b)))
    return sum(weight(v) for v in {tuple(row) for row in rows.tolist()}) / z


def of_total(record):
    """The sum that a warning tells, and how many rows it is of."""
    for warning in record:
        found = re.search(
            r"of (\d+) distinct rows sum to (\S+), m", str(warning.message)
        )
        if found:
            return int(found[1]), float(found[2])
    return None


GREY = np.round(np.random.default_rng(5).uniform(0.3, 0.7, (60, 3)), 1)
TRUE_RBM = BernoulliRBM(2, n_iter=30, learning_rate=0.3, random_state=0)


@pytest.mark.parametrize("kind", ["dense", "sparse", "gaps", "frame"])
@pytest.mark.parametrize("beyond", [False, True])
def test_probabilities_that_sum_to_more_than_one_warn(beyond, kind):
    rbm = clone(TRUE_RBM).fit(BITS[:, :3])
    X = np.vstack([GREY, GREY[:20]])
    X = 2 * X if beyond else X
    expected = loop_total(rbm, X)
    assert expected > 1.2
    given = {"sparse": sparse.csr_array, "frame": pd.DataFrame}.get(kind, np.array)(X)
    if kind == "gaps":  # which do not count, as they overlap
        given = np.vstack([X, np.full((5, 3), 0.5)])
        given[-5:, 0] = given[-1] = np.nan
    with pytest.warns(DataRangeWarning) as record:
        scores = rbm.score_samples(given)
    n_rows, total = of_total(record)
    assert n_rows == len(np.unique(X, axis=0)) < len(X)
    assert total == pytest.approx(expected, rel=5e-3)  # three digits
    assert kind != "gaps" or scores[-1] == 0.0  # of nothing known
    alone = rbm.score_samples(X[:1])  # the numbers stay as they are
    assert scores[0] == pytest.approx(alone[0], abs=1e-6)
    # The remedy, followed.
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rbm.score_samples((X > 0.5).astype(float))


@pytest.mark.parametrize(
    "machine",
    [TRUE_RBM, BoltzmannMachine(0, method="moments"), small()],
    ids=["rbm", "moments", "machine"],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int8])
def test_all_states_many_times_do_not_warn(machine, dtype):
    machine = clone(machine).fit(BITS[:, :3].astype(dtype))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scores = machine.score_samples(np.tile(all_states(3), (9, 1)).astype(dtype))
        machine.score_samples(GREY[:2])
    assert np.exp(scores).sum() == pytest.approx(9, rel=1e-4)


def test_scores_of_a_machine_and_a_network_are_looked_at_too():
    between = np.random.default_rng(6).uniform(0.2, 0.8, (200, 4))
    for model in (
        small(values=(-1, 1)),
        DeepBeliefNetwork((2, 2), layers=BernoulliRBM(n_iter=2), random_state=0),
    ):
        low = -1 if hasattr(model, "values") else 0
        model = clone(model).fit(low + (1 - low) * BITS)
        with pytest.warns(DataRangeWarning) as record:
            model.score_samples(low + (1 - low) * between)
        assert of_total(record)[1] > 1
        assert record[0].filename == __file__
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            model.score_samples(low + (1 - low) * np.tile(all_states(4), (3, 1)))


def test_densities_are_not_looked_at():
    X = np.random.default_rng(0).normal(size=(50, 2)) * 1e-3
    rbm = GaussianBernoulliRBM(2, n_iter=2, random_state=0).fit(X)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.exp(rbm.score_samples(X)).sum() > 1


def test_an_estimate_of_log_z_that_is_too_low_is_found_out():
    """Beyond three standard errors, and never for one that is exact."""
    unit, rows = BERNOULLI, all_states(3)
    scores = np.log(np.full(8, 1 / 8)) + 0.2

    def told(error):
        with warnings.catch_warnings(record=True) as record:
            warnings.simplefilter("always")
            warn_of_total(unit, rows, scores, np.float64, error)
        return [w.category for w in record]

    assert told(0.1) == told(0.07) == []
    assert told(0.06) == told(1e-3) == [UnreliableEstimateWarning]
    assert told(None) == told(0.0) == []


@pytest.mark.parametrize("low", [0.0, -1e-17])
def test_rounding_makes_no_other_row(low):
    """Fifteen "distinct" rows summed to 1.87, as 1 and 1 - 1e-16 were two values."""
    rows = all_states(3, low)
    rbm = BernoulliRBM(2, n_iter=5, random_state=0).fit(all_states(3))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rbm.score_samples(np.vstack([rows, all_states(3) * (1 - 1e-16)]))
    # Beyond rounding they are other rows, and greys are told apart by as much.
    with pytest.warns(DataRangeWarning, match="of 15 distinct rows"):
        rbm.score_samples(np.vstack([rows, all_states(3) * (1 - 1e-13)]))
    with pytest.warns(DataRangeWarning) as record:
        rbm.score_samples(np.vstack([GREY, GREY * (1 + 1e-15)]))
    assert of_total(record)[0] == len(np.unique(GREY, axis=0))


def test_rounding_is_of_the_size_of_the_values():
    machine = BoltzmannMachine(0, method="moments").fit(BITS[:, :3])
    machine = machine.with_values((1000, 1001))
    rows = all_states(3, 1000, 1001)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        machine.score_samples(np.vstack([rows, np.nextafter(rows, 2000)]))


# Values far from 0 ------------------------------------------------------------------

FAR = [(0, 1), (-1, 1), (1, 2), (1000, 1001), (-1001, -1000), (1e4, 1e4 + 1), (99, 103)]
STRONG_J, STRONG_B = 5 * (1 - np.eye(4)), np.full(4, -7.5)


def strong_distribution():
    """Four units of zeros and ones, by loops."""
    weight = [
        np.exp(
            sum(STRONG_B[i] * s[i] for i in range(4))
            + sum(STRONG_J[i, j] * s[i] * s[j] for i in range(4) for j in range(i))
        )
        for s in itertools.product((0, 1), repeat=4)
    ]
    return all_states(4), np.array(weight) / sum(weight)


@pytest.mark.parametrize("values", FAR)
@pytest.mark.parametrize("l2", [0.0, 0.01])
def test_couplings_depend_on_no_place_of_the_values(values, l2):
    """What a bias holds is -low sum_j J_ij above all: that is no strong machine."""
    states, p = strong_distribution()
    low, span = values[0], values[1] - values[0]
    unit, pairs = TwoValuedUnit(*map(float, values)), learning.all_pairs(4)
    rows, scaled = low + span * states, l2 * span**4  # of the same penalty
    both = [
        p @ (rows[:, i] * rows[:, j]) for i, j in itertools.combinations(range(4), 2)
    ]
    moments = np.concatenate([rows.T @ p, both])
    bits = learning.fit_moments(
        BERNOULLI, learning.data_moments(states, pairs, p), pairs, l2=l2
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fits = [
            (learning.fit_moments(unit, moments, pairs, l2=scaled), bits),
            (
                learning.fit_pseudo_likelihood(
                    unit, rows, pairs, weight=p, l2=scaled, tol=1e-8
                ),
                learning.fit_pseudo_likelihood(
                    BERNOULLI, states, pairs, weight=p, l2=l2, tol=1e-8
                ),
            ),
        ]
    for found, expected in fits:
        J = found.params.coupling * span**2
        np.testing.assert_allclose(J, expected.params.coupling, atol=1e-3)
        if not l2:
            np.testing.assert_allclose(J, STRONG_J, atol=1e-3)
        b = found.params.units.bias * span + low / span * J.sum(axis=1)
        np.testing.assert_allclose(b, expected.params.units.bias, rtol=1e-3)


@pytest.mark.parametrize("method", SOLVERS)
@pytest.mark.parametrize("values", [(1000, 1001), (-1001, -1000)])
@pytest.mark.parametrize("dtype", [np.float64, np.int32])
def test_machines_with_values_far_from_0(method, values, dtype):
    rows = (values[0] + BITS).astype(dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        far = BoltzmannMachine(0, values=values, method=method).fit(rows)
        near = BoltzmannMachine(0, method=method).fit(BITS)
    np.testing.assert_allclose(far.coupling_, near.coupling_, atol=1e-3)
    # Rows beyond them are told as ever.
    with pytest.warns(ConvergenceWarning, match="No machine fits best"):
        with pytest.warns(DataRangeWarning):
            far.fit(values[0] + 2 * BITS - 1)


# Units that are rare ----------------------------------------------------------------


@pytest.mark.parametrize("shares", [(5e-7, 0.5, 0.4), (1e-5, 1e-5, 0.5), (1e-5,) * 3])
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("method", SOLVERS)
def test_rare_units_on_their_own_follow_from_none(shares, turned, method):
    states, shares = all_states(3), np.array(shares)
    shares = 1 - shares if turned else shares
    weight = np.prod(np.where(states == 1, shares, 1 - shares), axis=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        machine = BoltzmannMachine(0, method=method)
        machine.fit(states, sample_weight=weight)
    assert np.isfinite(machine.coupling_).all()


@pytest.mark.parametrize("share", [1e-3, 0.03, 0.3])
@pytest.mark.parametrize("rule", [RULES["doubled"], RULES["majority"], RULES["both"]])
def test_rare_units_that_follow_from_others_warn(share, rule):
    states = all_states(3)
    weight = np.prod(np.where(states == 1, share, 1 - share), axis=1)
    rows, pairs = np.column_stack([states, rule(states)]), learning.all_pairs(4)
    with pytest.warns(ConvergenceWarning, match="set l2 > 0"):
        learning.fit_pseudo_likelihood(
            BERNOULLI, rows.astype(float), pairs, weight=weight
        )


# Draws at the ends ------------------------------------------------------------------


class Ends(Stream):
    """A stream whose uniform numbers are the largest there are."""

    def generator(self):
        return self

    def random(self, n):
        return np.full(n, 1 - 2.0**-53)


@pytest.mark.parametrize("held", [0, 3])
def test_the_largest_number_draws_a_state_that_can_be(held):
    """Sums of many probabilities ended below 1, and the state beyond was drawn."""
    for seed in range(20):
        bias = np.random.default_rng(seed).normal(size=12)
        params = PairwiseParams(np.zeros((12, 12)), Bias(bias))
        known = np.where(np.arange(12) < 12 - held, nan, 0.0)[None]
        known = np.vstack([known, np.full(12, nan)])
        stream = Ends((1, 2), Purpose.CHAINS)
        chains = sampling.pairwise_chains.init(BERNOULLI, params, known, stream)
        found = sampling.exact_start.of_pairs(BERNOULLI, chains)
        assert (found.visible[0, 12 - held :] == 0).all()
        assert found.visible.max() == 1


# Layers of several kinds of units ---------------------------------------------------


def test_the_strongest_coupling_between_units_of_several_ranges():
    hidden = Columns(((BERNOULLI, 2), (SPIN, 1)))
    visible = Columns(((SPIN, 1), (BERNOULLI, 3)))
    weights = np.array([[1.0, 3.0, 0, 0], [0, 0, -3.5, 0], [0.5, 0, 0, -2.0]])
    expected = max(
        abs(weights[j, i]) * (1 if j < 2 else 2) * (2 if i < 1 else 1)
        for j in range(3)
        for i in range(4)
    )
    params = BipartiteParams(weights, Bias(np.zeros(4)), Bias(np.zeros(3)))
    assert Bipartite(visible, hidden).strongest(params) == expected == 4.0
    real = GaussianParams(np.zeros(4), np.zeros(4))
    params = BipartiteParams(weights, real, Bias(np.zeros(3)))
    assert Bipartite(GAUSSIAN, hidden).strongest(params) == 0.0


# Rows of which something is known, beside units that hold each other -----------------


def drawn_given(machine, states, proba, known, burn_in):
    """Deviations of rows that complete each of the known ones, from loops."""
    given = np.repeat(known, N_DRAWN, axis=0)
    order = np.random.default_rng(0).permutation(len(given))
    rows = np.empty((len(given), 4))
    rows[order] = machine.sample(given=given[order], burn_in=burn_in, random_state=1)
    for k, row in enumerate(known):
        own = rows[k * N_DRAWN : (k + 1) * N_DRAWN]
        agrees = ((states == row) | np.isnan(row)).all(axis=1)
        yield deviations(own, states, proba * agrees / (proba @ agrees))


SOME_KNOWN = np.array(
    [
        [nan, nan, 1, nan],
        [nan, nan, 0, nan],
        [nan, nan, nan, 0],
        [nan, nan, nan, nan],
        [1, nan, 0, 1],
    ]
)
WITH_GAPS = {"weights": locked_rbm, "many hidden": SMALL["many hidden"]}


@pytest.mark.parametrize("burn_in", [0, 20])
@pytest.mark.parametrize("name", WITH_GAPS)
def test_rows_with_gaps_of_small_machines_begin_in_their_distribution(
    name, burn_in, monkeypatch
):
    machine, states = WITH_GAPS[name](), all_states(4)
    if name != "weights":
        machine = machine.fit(ALIKE)
    proba = probabilities(machine, states)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for found in drawn_given(machine, states, proba, SOME_KNOWN, burn_in):
            assert abs(found).max() < 5
    if name == "weights":  # the control
        monkeypatch.setattr(sampling.exact_start, "MOST_TERMS", 0)
        with pytest.warns(ConvergenceWarning, match="hold two units together"):
            found = drawn_given(machine, states, proba, SOME_KNOWN, burn_in)
            assert max(abs(z).max() for z in found) > 5


@pytest.mark.parametrize("n_hidden", [1, 6])
def test_labels_of_which_some_classes_are_ruled_out_begin_as_they_are(n_hidden):
    """Two spins beside a label of three classes, one of them known not to be."""
    rng = np.random.default_rng(2)
    unit = Columns(((SPIN, 2), (CategoricalUnit(), 3)))
    model, W = Bipartite(unit, BERNOULLI), rng.normal(0, 2, (n_hidden, 5))
    b, c = rng.normal(size=5), rng.normal(size=n_hidden)
    params = BipartiteParams(W, Bias(b), Bias(c))
    states = sampling.states(unit, 5)
    weight = np.array(
        [
            sum(
                np.exp(np.dot(b, v) + np.dot(c, h) + np.dot(h, W @ v))
                for h in itertools.product((0, 1), repeat=n_hidden)
            )
            for v in states
        ]
    )
    stream = Stream((3, 4), Purpose.CHAINS)
    for row in ([1, nan, nan, 0, nan], [0.5, nan, 0, nan, nan], [nan, nan, 0, 1, 0]):
        given = np.repeat([row], N_DRAWN, axis=0)
        chains = sampling.exact_start.of_given(model, params, stream, given)
        values = np.array(row, float)
        if row[0] == 0.5:  # no state: what it pulls at is there all the same
            own = np.array([[0.5, *v[1:]] for v in states if v[0] == 1])
            alike = np.array(
                [
                    sum(
                        np.exp(np.dot(b, v) + np.dot(c, h) + np.dot(h, W @ v))
                        for h in itertools.product((0, 1), repeat=n_hidden)
                    )
                    for v in own
                ]
            )
        else:
            own, alike = states, weight
        alike = alike * ((own == values) | np.isnan(values)).all(axis=1)
        found = deviations(chains.visible, own, alike / alike.sum())
        assert abs(found).max() < 5
        assert chains.hidden.shape == (N_DRAWN, n_hidden)


def test_real_features_beside_known_ones_begin_as_they_are():
    """Two features, either both near -1 or both near 1, as the known one says."""
    X = np.where(np.arange(1000) % 5, -1.0, 1.0)[:, None]
    X = X + 0.5 * np.random.default_rng(0).normal(size=(1000, 2))
    rbm = GaussianBernoulliRBM(
        1, method="exact", learning_rate=0.1, n_iter=60, batch_size=200, random_state=0
    ).fit(X)
    for known in (-0.5, 0.0, 0.5):
        given = np.tile([known, nan], (N_DRAWN, 1))
        mean = rbm.impute(given[:1])[0, 1]
        found = rbm.sample(given=given, burn_in=0, random_state=0)[:, 1]
        assert abs(found.mean() - mean) < 5 * found.std() / np.sqrt(N_DRAWN)
