"""What users met who had rows, or columns, without any known value.

A member of parliament who was never there has voted on nothing.  The answer for such a
row is known: log P = 0, the prior means, and no part in a fit.  But one such row among
435 was refused, and with it all the others: cross-validation of an imputer and a
classifier gave nan in every fold.  A column that one fold happens to know nothing of
stopped that fold too, where scikit-learn's imputers leave the column out.  Columns of
Booleans with nulls, as polars reads them from a file, were called "no numbers", and an
imputer with a seed gave other values each time, because the machine in it had none.
"""

import itertools
import pickle

import numpy as np
import pytest
from oracles import BipartiteOracle, GaussianOracle, PairwiseOracle
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold, cross_val_score
from sklearn.pipeline import make_pipeline

from skboltz import (
    BernoulliRBM,
    BoltzmannClassifier,
    BoltzmannMachine,
    DeepBeliefNetwork,
    DenseAssociativeMemory,
    EnergyImputer,
    GaussianBernoulliRBM,
    HopfieldMemory,
)
from skboltz.callbacks import EpochCallback
from skboltz.sampling import DYNAMICS

NAN = np.nan
RNG = np.random.default_rng(0)
WHOLE = (RNG.random((40, 5)) < 0.6).astype(float)
WHOLE[:, 1] = WHOLE[:, 0]
PARTLY = np.where(RNG.random(WHOLE.shape) < 0.2, NAN, WHOLE)
PARTLY[:, 4] = WHOLE[:, 4]
REAL = PARTLY * 3 - 1 + 0.3 * RNG.normal(size=PARTLY.shape)
PLACES = [0, 7, 20, 40]
EMPTY = np.full((4, 5), NAN)
ANSWERS = RNG.integers(0, 2, 40)


def beside(X):
    """The same rows in the same order, with four empty ones among them."""
    return np.insert(X, PLACES, NAN, axis=0)


def is_empty(X):
    return np.isnan(X).all(axis=1)


def small(kind, **params):
    params = {"n_iter": 3, "random_state": 0} | params
    if kind is BoltzmannMachine:
        return kind(3, **params)
    if kind is DeepBeliefNetwork:
        layer = BernoulliRBM(n_iter=params.pop("n_iter"), method="cd")
        return kind((4, 3), layers=layer, **params)
    return kind(3, **params)


def data_of(kind):
    return REAL if kind is GaussianBernoulliRBM else PARTLY


MACHINES = [BernoulliRBM, GaussianBernoulliRBM, BoltzmannMachine]
LEARNERS = [*MACHINES, DeepBeliefNetwork]
by_kind = pytest.mark.parametrize("kind", MACHINES)


# Answers --------------------------------------------------------------------


@by_kind
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nothing_known_has_the_probability_one(kind, dtype):
    X = data_of(kind).astype(dtype)
    machine = small(kind).fit(X)
    scores = machine.score_samples(beside(X))
    empty = is_empty(beside(X))
    assert (scores[empty] == 0.0).all()
    np.testing.assert_array_equal(scores[~empty], machine.score_samples(X))
    found = machine.free_energy(beside(X))
    np.testing.assert_array_equal(found[~empty], machine.free_energy(X))
    expected = -np.asarray(machine.log_partition().value, dtype)
    assert found.dtype == dtype and (found[empty] == expected).all()


def test_it_has_where_log_z_is_estimated(monkeypatch):
    """The log Z of free_energy is the one that score_samples takes."""
    monkeypatch.setattr("skboltz.likelihood._exact.TRACTABLE_TERMS", 0)
    machine, row = small(BernoulliRBM).fit(PARTLY), WHOLE[:1]
    assert machine.log_partition().method == "bridge"
    assert (machine.score_samples(EMPTY) == 0.0).all()
    gap = machine.free_energy(EMPTY[:1]) - machine.free_energy(row)
    assert np.isclose(gap[0], machine.score_samples(row)[0], atol=1e-12)


def prior_means(machine):
    """E[v] and E[h], by enumeration."""
    n = machine.n_features_in_
    if isinstance(machine, BoltzmannMachine):
        oracle = PairwiseOracle(machine.coupling_, machine.intercept_, (0.0, 1.0))
        mean, _ = oracle.moments([NAN] * oracle.n_units)
        return mean[:n], mean[n:]
    layers = machine.components_, machine.intercept_visible_
    if isinstance(machine, GaussianBernoulliRBM):
        biases = machine.log_variance_, machine.intercept_hidden_
        mean, _, hidden, _ = GaussianOracle(*layers, *biases, (0.0, 1.0)).moments()
        return machine.mean_ + machine.scale_ * mean, hidden
    units = (0.0, 1.0), (0.0, 1.0)
    return BipartiteOracle(*layers, machine.intercept_hidden_, *units).moments()[:2]


@by_kind
def test_nothing_known_gives_the_prior_means(kind):
    X = data_of(kind)
    machine, empty = small(kind).fit(X), is_empty(beside(X))
    visible, hidden = prior_means(machine)
    for found, alone, expected in (
        (machine.transform(beside(X)), machine.transform(X), hidden),
        (machine.impute(beside(X)), machine.impute(X), visible),
    ):
        np.testing.assert_array_equal(found[~empty], alone)
        np.testing.assert_allclose(found[empty], [expected] * 4, atol=1e-10)


@by_kind
def test_nothing_given_is_drawn_freely(kind):
    machine = small(kind).fit(data_of(kind))
    free = machine.sample(4, burn_in=20, random_state=0)
    given = machine.sample(given=EMPTY, burn_in=20, random_state=0)
    np.testing.assert_array_equal(given, free)
    drawn = machine.impute(EMPTY, strategy="sample", random_state=0)
    np.testing.assert_array_equal(drawn, machine.sample(4, random_state=0))


def test_the_mode_of_nothing_known_is_the_nearer_value_of_each_prior_mean():
    machine = small(BernoulliRBM).fit(PARTLY)
    mode = machine.impute(EMPTY, strategy="mode")
    np.testing.assert_array_equal(mode, [prior_means(machine)[0] > 0.5] * 4)


def test_the_class_of_a_row_of_which_nothing_is_known_is_that_of_the_prior():
    machine = BoltzmannMachine(3, n_iter=3, hidden_hidden=False, random_state=0)
    classifier = BoltzmannClassifier(machine, generative_share=1).fit(PARTLY, ANSWERS)
    fitted = classifier.estimator_
    oracle = PairwiseOracle(fitted.coupling_, fitted.intercept_, (0.0, 1.0))
    proba = classifier.predict_proba(beside(PARTLY))
    empty = is_empty(beside(PARTLY))
    expected = oracle.class_proba([NAN] * 7, 5, 2)
    np.testing.assert_allclose(proba[empty], [expected] * 4, atol=1e-10)
    alone = classifier.predict_proba(PARTLY)
    np.testing.assert_allclose(proba[~empty], alone, rtol=1e-12)


def test_a_deep_network_gives_what_its_rows_give_on_average():
    network = small(DeepBeliefNetwork).fit(PARTLY)
    states = np.array(list(itertools.product([0.0, 1.0], repeat=5)))
    means = np.exp(network.score_samples(states)) @ network.transform(states)
    found, empty = network.transform(beside(PARTLY)), is_empty(beside(PARTLY))
    np.testing.assert_allclose(found[empty], [means] * 4, atol=1e-10)
    np.testing.assert_array_equal(found[~empty], network.transform(PARTLY))


# Learning -------------------------------------------------------------------


def learnt(estimator):
    """Every array that a fit leaves."""
    machines = [estimator, *getattr(estimator, "layers_", [])]
    arrays = [
        value.tobytes()
        for machine in machines
        for name, value in sorted(vars(machine).items())
        if isinstance(value, np.ndarray) and name != "feature_names_in_"
    ]
    assert arrays or machines[1:]
    return arrays


WEIGHT = RNG.integers(1, 4, 40).astype(float)


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize("kind", LEARNERS)
@pytest.mark.parametrize("weight", [None, WEIGHT])
def test_rows_of_which_nothing_is_known_have_no_part_in_a_fit(kind, method, weight):
    X, others = data_of(kind), None
    if weight is not None:  # those of the empty rows do not count either
        others = np.insert(weight, PLACES, [9.0, 0.0, 1e6, 2.0])
    one, other = small(kind), small(kind)
    for _ in range(2 if method == "partial_fit" else 1):
        getattr(one, method)(X, sample_weight=weight)
        getattr(other, method)(beside(X), sample_weight=others)
    assert learnt(one) == learnt(other)


@pytest.mark.parametrize("method", ["cd", "exact", "tempered", "fpcd"])
def test_batches_do_not_count_them_either(method):
    one, other = (
        small(BernoulliRBM, method=method, batch_size=20, warm_start=True)
        for _ in range(2)
    )
    for _ in range(2):
        one.fit(PARTLY)
        other.fit(beside(PARTLY))
    assert learnt(one) == learnt(other)


def test_whole_rows_beside_empty_ones_are_whole():
    """A solver that takes no gaps is not stopped by a row that it need not look at."""
    one, other = (BoltzmannMachine(0, method="moments") for _ in range(2))
    assert learnt(one.fit(WHOLE)) == learnt(other.fit(beside(WHOLE)))


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_a_classifier_learns_nothing_from_them(method):
    machine = BoltzmannMachine(3, n_iter=3, hidden_hidden=False, random_state=0)
    one, other = (BoltzmannClassifier(machine, generative_share=1) for _ in range(2))
    known = {"classes": [0, 1]} if method == "partial_fit" else {}
    getattr(one, method)(PARTLY, ANSWERS, sample_weight=WEIGHT, **known)
    more = np.insert(ANSWERS, PLACES, 1), np.insert(WEIGHT, PLACES, 5)
    getattr(other, method)(beside(PARTLY), more[0], sample_weight=more[1], **known)
    assert learnt(one.estimator_) == learnt(other.estimator_)


def test_callbacks_see_labels_beside_their_rows():
    seen = []

    class Watch(EpochCallback):
        def on_fit_task_end(self, estimator, context, *, X=None, y=None):
            seen.append((X, y))

    machine = small(BernoulliRBM, n_iter=1).set_callbacks(Watch())
    machine.fit(beside(PARTLY), np.insert(ANSWERS, PLACES, 5))
    for rows, labels in seen:
        np.testing.assert_array_equal(rows, PARTLY)
        np.testing.assert_array_equal(labels, ANSWERS)
    assert seen


def test_labels_that_are_ignored_may_be_anything():
    for y in ("all", [1.0], 3):
        assert small(BernoulliRBM, n_iter=1).fit(beside(PARTLY), y).n_iter_ == 1


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize("kind", [*LEARNERS, HopfieldMemory, DenseAssociativeMemory])
def test_there_must_be_a_row_to_learn_from(kind, method):
    memory = kind in (HopfieldMemory, DenseAssociativeMemory)
    estimator = kind() if memory else small(kind)
    with pytest.raises(ValueError, match="no known value in any of its 4 rows"):
        getattr(estimator, method)(EMPTY)


def test_there_must_be_a_row_to_learn_from_that_weighs_anything():
    weight = np.insert(np.zeros(40), PLACES, 1.0)
    with pytest.raises(ValueError, match="weights are all zero|weight.*zero"):
        small(BernoulliRBM).fit(beside(PARTLY), sample_weight=weight)


# Memories -------------------------------------------------------------------

SPINS = RNG.choice([-1.0, 1.0], (3, 12))
NO_CUE = np.full((1, 12), NAN)


@pytest.mark.parametrize("kind", [HopfieldMemory, DenseAssociativeMemory])
def test_memories_of_which_nothing_is_known_are_not_stored(kind):
    labels = np.array(["a", "b", "c"])
    one = kind().fit(SPINS, labels)
    rows = np.insert(SPINS, [0, 2], NAN, axis=0)
    other = kind().fit(rows, np.insert(labels, [0, 2], "d"))
    np.testing.assert_array_equal(other.memories_, one.memories_)
    np.testing.assert_array_equal(other.labels_, labels)
    other = kind().fit(SPINS[:2]).partial_fit(np.vstack([NO_CUE, SPINS[2:]]))
    np.testing.assert_array_equal(other.memories_, one.memories_)


@pytest.mark.parametrize(
    "memory",
    [
        *(HopfieldMemory(dynamics=dynamics) for dynamics in DYNAMICS),
        HopfieldMemory(fit_intercept=True),
        DenseAssociativeMemory(),
        DenseAssociativeMemory("polynomial"),
    ],
)
def test_no_cue_is_stopped_by_one_that_says_nothing(memory):
    memory.fit(SPINS)
    cues = SPINS.copy()
    cues[:, 6:] = NAN
    both = np.insert(cues, 1, NAN, axis=0)
    for ask in (memory.transform, memory.predict, lambda X: memory.recall(X).patterns):
        np.testing.assert_array_equal(np.delete(ask(both), 1, axis=0), ask(cues))


def test_without_a_cue_a_hopfield_network_starts_at_its_biases():
    """All of them +1 where there is none: Hebb's rule of one memory then has it or
    its opposite, whichever agrees with +1 in more units."""
    pattern = np.array([[1.0, 1.0, 1.0, 1.0, -1.0]])
    for memory in (pattern, -pattern):
        found = HopfieldMemory().fit(memory).transform(NO_CUE[:, :5])
        np.testing.assert_array_equal(found, pattern)


def test_without_a_cue_a_dense_memory_starts_at_the_mean_of_the_patterns():
    X = np.array([[0.0, 2.0], [4.0, 0.0], [2.0, 1.0]])
    memory = DenseAssociativeMemory(beta=1e-3).fit(X)
    start = memory.recall(NO_CUE[:, :2]).trajectory[0]
    np.testing.assert_allclose(start, [X.mean(axis=0)])
    np.testing.assert_allclose(memory.transform(NO_CUE[:, :2]), [[2, 1]], atol=0.01)


# Features -------------------------------------------------------------------


def blind(X, feature=2):
    """The same rows, nothing being known of one feature."""
    rows = X.copy()
    rows[:, feature] = NAN
    return rows


MAKES = {
    "plain": lambda: small(BernoulliRBM, gradient="plain", momentum=0.5, l1=1e-3),
    "centered": lambda: small(BernoulliRBM, gradient="centered", method="cd"),
    "exact": lambda: small(BernoulliRBM, method="exact", l2=0.1),
    "fpcd": lambda: small(BernoulliRBM, method="fpcd"),
    "gaussian": lambda: small(GaussianBernoulliRBM),
    "raw": lambda: small(GaussianBernoulliRBM, standardize=False, max_step=0.1),
    "pairs": lambda: small(BoltzmannMachine),
    "spins": lambda: small(BoltzmannMachine, values=(-1, 1), gradient="plain"),
    "no hidden units": lambda: BoltzmannMachine(0, n_iter=3, random_state=0),
    "annealed": lambda: small(BoltzmannMachine, method="annealing"),
    "signs of slopes": lambda: small(BernoulliRBM, gradient="sign", momentum=0.5),
    "signs": lambda: small(BoltzmannMachine, gradient="sign", momentum=0.5),
}
by_make = pytest.mark.parametrize("make", MAKES.values(), ids=MAKES)
blindly = pytest.mark.filterwarnings("ignore:X has no known value of 1 feature")


def data_for(machine):
    if isinstance(machine, BoltzmannMachine):
        low, high = machine.values
        return low + (high - low) * PARTLY
    return data_of(type(machine))


@by_make
def test_a_feature_of_which_nothing_is_known_learns_nothing(make):
    """It stays a coin, or standard normal, on its own; all else learns."""
    machine = make()
    X = data_for(machine)
    with pytest.warns(UserWarning, match="no known value of 1 feature.*feature 2"):
        machine.fit(blind(X))
    params = machine._params()
    assert not params.weights[:, 2].any()
    assert params.weights[:, [0, 1, 3, 4]].any(axis=0).all()
    assert [part[2] for part in params[1]] == [0.0] * len(params[1])
    row = np.nan_to_num(X[:1])
    gap = machine.score_samples(row) - machine.score_samples(blind(row))
    middle, own = np.mean(getattr(machine, "values", (0, 1))), -np.log(2)
    if isinstance(machine, GaussianBernoulliRBM):
        middle, own = 0.0, -0.5 * (row[0, 2] ** 2 + np.log(2 * np.pi))
    assert np.isclose(machine.impute(EMPTY[:1])[0, 2], middle, atol=1e-6)
    assert np.isclose(gap[0], own, atol=1e-5)


@blindly
@by_make
def test_a_fit_that_goes_on_leaves_it_alone_too(make):
    whole, part = (make().set_params(schedule="constant") for _ in range(2))
    whole.set_params(n_iter=4)
    part.set_params(n_iter=2)
    X = blind(data_for(whole))
    whole.fit(X)
    part.set_params(warm_start=True).fit(X)
    part = pickle.loads(pickle.dumps(part)).fit(X)
    assert learnt(part) == learnt(whole)


@blindly
def test_it_learns_as_soon_as_something_is_known_of_it():
    machine = BernoulliRBM(8, learning_rate=0.5, random_state=0)
    machine.partial_fit(blind(WHOLE, 1))
    for _ in range(200):
        machine.partial_fit(WHOLE)
    asked = blind(WHOLE, 1)
    assert (machine.impute(asked, strategy="mode") == WHOLE).mean() > 0.95


@blindly
def test_a_feature_known_only_where_rows_weigh_nothing_is_not_known():
    weight = np.where(np.isnan(PARTLY[:, 2]), 1.0, 0.0)
    machine = small(BernoulliRBM).fit(PARTLY, sample_weight=weight)
    assert not machine.components_[:, 2].any()


@blindly
def test_a_given_standard_deviation_is_obeyed_there_too():
    machine = small(GaussianBernoulliRBM, sigma=0.5, standardize=False)
    assert np.allclose(machine.fit(blind(REAL)).sigma_, 0.5)


@blindly
def test_a_deep_network_takes_such_a_feature():
    network = small(DeepBeliefNetwork).fit(blind(PARTLY))
    assert np.isfinite(network.transform(blind(PARTLY))).all()


def test_the_feature_is_called_by_its_name():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(blind(PARTLY), columns=list("abcde"))
    with pytest.warns(UserWarning, match="1 feature.*'c'"):
        small(BernoulliRBM).fit(frame)


# Tables ---------------------------------------------------------------------


def votes():
    """A table like that of the House of Representatives: yes, no, or nothing."""
    rng = np.random.default_rng(3)
    party = rng.integers(0, 2, 120)
    on_line = rng.random((120, 16)) < 0.85
    X = np.where(on_line, party[:, None], 1 - party[:, None]).astype(float)
    X[rng.random(X.shape) < 0.15] = NAN
    X[5] = NAN  # who was never there
    X[24:, 3] = NAN  # on which only the first fifth voted
    return X, party


def test_a_table_of_votes_is_learnt_from_in_every_fold():
    """The first fold of five learns from rows of which none knows the fourth vote."""
    X, party = votes()
    machine = BernoulliRBM(8, n_iter=20, learning_rate=0.1)
    model = make_pipeline(EnergyImputer(machine, random_state=0), LogisticRegression())
    folds = KFold(5)
    assert np.isnan(X[next(folds.split(X))[0], 3]).all()
    with pytest.warns(UserWarning, match="no known value of 1 feature"):
        scores = cross_val_score(model, X, party, cv=folds, error_score="raise")
    assert np.isfinite(scores).all() and scores.mean() > 0.9


FLAGS = {"a": [False, True, True, None, False], "b": [True, False, None, True, False]}
EXPECTED = np.array([[0, 1], [1, 0], [1, NAN], [NAN, 1], [0, 0]])


def polars_frame(**dtypes):
    pl = pytest.importorskip("polars")
    return pl.DataFrame(
        {k: pl.Series(v).cast(dtypes.get(k, pl.Boolean)) for k, v in FLAGS.items()}
    )


def pandas_frame(dtype):
    pd = pytest.importorskip("pandas")
    return pd.DataFrame(FLAGS).astype(dtype)


def arrow_table():
    return pytest.importorskip("pyarrow").table(FLAGS)


def with_a_column(kind):
    pl = pytest.importorskip("polars")
    return polars_frame(b=getattr(pl, kind))


FRAMES = {
    "polars Boolean": polars_frame,
    "polars Int8 beside": lambda: with_a_column("Int8"),
    "polars Float32 beside": lambda: with_a_column("Float32"),
    "pandas boolean": lambda: pandas_frame("boolean"),
    "pandas Int64": lambda: pandas_frame("Int64"),
    "pandas Float32": lambda: pandas_frame("Float32"),
    "pandas Float64": lambda: pandas_frame("Float64"),
    "pandas mixed": lambda: pandas_frame({"a": "boolean", "b": "Int64"}),
    "pandas object": lambda: pandas_frame(object),
    "arrow": arrow_table,
}


@pytest.mark.parametrize("make", FRAMES.values(), ids=FRAMES)
def test_nulls_are_gaps_in_frames_of_every_kind(make):
    frame = make()
    one, other = (BernoulliRBM(2, n_iter=2, random_state=0) for _ in range(2))
    one.fit(frame)
    assert list(one.feature_names_in_) == ["a", "b"]
    assert learnt(one) == learnt(other.fit(EXPECTED.astype(one.components_.dtype)))
    for name in ("transform", "score_samples", "impute"):
        np.testing.assert_array_equal(
            getattr(one, name)(frame), getattr(other, name)(EXPECTED)
        )
    given = {"burn_in": 3, "random_state": 0}
    np.testing.assert_array_equal(
        one.sample(given=frame, **given), other.sample(given=EXPECTED, **given)
    )
    imputer = EnergyImputer(BernoulliRBM(2, n_iter=2, random_state=0)).fit(frame)
    np.testing.assert_allclose(imputer.transform(frame), one.impute(EXPECTED), 1e-6)
    memory = HopfieldMemory().fit(frame)
    assert set(np.unique(memory.memories_)) <= {0, 1}


def test_a_row_of_polars_may_have_nulls_too():
    pl = pytest.importorskip("polars")
    machine = BernoulliRBM(2, n_iter=2, random_state=0).fit(EXPECTED)
    drawn = machine.sample(given=pl.Series([True, None]), burn_in=2, random_state=0)
    assert drawn[0, 0] == 1.0


def test_text_of_polars_is_no_number():
    pl = pytest.importorskip("polars")
    frame = pl.DataFrame({"a": [True, None], "b": ["yes", "no"]})
    with pytest.raises((TypeError, ValueError), match="no number.*encode"):
        BernoulliRBM(2).fit(frame)
