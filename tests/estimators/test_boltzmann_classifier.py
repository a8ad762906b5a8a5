"""The classifier: probabilities by clamping, what it learns, what it refuses."""

import pickle

import joblib
import numpy as np
import pytest
from oracles import PairwiseOracle, finite_difference
from sklearn.base import clone
from sklearn.callback import ProgressBar
from sklearn.model_selection import GridSearchCV

from skboltz import BoltzmannClassifier, BoltzmannMachine, EnumerationTooLargeError
from skboltz.callbacks import (
    Checkpoint,
    EarlyStopping,
    EpochCallback,
    LikelihoodMonitor,
)
from skboltz.likelihood import _partly_known as of_rows

NAN = np.nan
VALUES = {"bits": (0, 1), "spins": (-1, 1), "lopsided": (-0.5, 2.0)}
EACH_VALUES = pytest.mark.parametrize("values", VALUES.values(), ids=VALUES)
RNG = np.random.default_rng(0)
BITS = (RNG.random((60, 3)) < 0.5).astype(float)
CODES = BITS[:, 0].astype(int) + BITS[:, 1].astype(int)
LABELS = np.array(["few", "more", "two"])[CODES]
SHARES = pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
EQUAL = (BITS[:, 0] == BITS[:, 1]).astype(int)


def at(values, rows):
    return values[0] + (values[1] - values[0]) * rows


def machine_of(n_hidden=3, **options):
    return BoltzmannMachine(n_hidden, **{"n_iter": 2, "random_state": 0, **options})


def fitted(values=(0, 1), hidden_hidden=True, scale=1.0, **options):
    """Three features, three classes and three hidden units, of known parameters."""
    machine = machine_of(values=values, hidden_hidden=hidden_hidden)
    options = {"generative_share": 1} | options
    classifier = BoltzmannClassifier(machine, **options).fit(at(values, BITS), LABELS)
    span = values[1] - values[0]
    rng = np.random.default_rng(int(hidden_hidden))
    upper = np.triu(rng.normal(size=(9, 9)), 1) * 2 * scale / span**2
    if not hidden_hidden:
        upper[6:, 6:] = 0
    inner = classifier.estimator_
    inner.coupling_ = upper + upper.T
    inner.intercept_ = scale * rng.normal(size=9) / span
    return classifier, PairwiseOracle(inner.coupling_, inner.intercept_, values)


def questions(values):
    low, high = values
    middle = low + 0.3 * (high - low)
    return np.vstack(
        [
            at(values, BITS[:6]),
            [[low, NAN, high], [NAN, NAN, high], [middle, low, high], [NAN, high, low]],
        ]
    )


def enumerated(oracle, rows):
    return np.array([oracle.class_proba([*row, 0, 0, 0], 3, 3) for row in rows])


# Prediction -------------------------------------------------------------------------


@EACH_VALUES
@pytest.mark.parametrize("hidden_hidden", [True, False])
def test_probabilities_are_enumerated_by_clamping(values, hidden_hidden):
    classifier, oracle = fitted(values, hidden_hidden)
    rows = questions(values)
    proba = classifier.predict_proba(rows)
    np.testing.assert_allclose(proba, enumerated(oracle, rows), atol=1e-12)
    np.testing.assert_allclose(proba.sum(axis=1), 1, atol=1e-12)
    np.testing.assert_allclose(classifier.predict_log_proba(rows), np.log(proba))
    labels = classifier.classes_[proba.argmax(axis=1)]
    np.testing.assert_array_equal(classifier.predict(rows), labels)
    # The machine inside scores features and class together.
    codes = np.eye(3)[proba.argmax(axis=1)]
    joined = np.hstack([rows, at(values, codes)])
    expected = [oracle.log_likelihood(row) for row in joined]
    found = classifier.estimator_.score_samples(joined)
    np.testing.assert_allclose(found, expected, atol=1e-10)


@EACH_VALUES
@pytest.mark.parametrize("broken", [False, True])
def test_beyond_enumeration_probabilities_are_near(values, broken, monkeypatch):
    """Averages over 200 dependent sweeps: within 0.1, the same for every batch."""
    classifier, oracle = fitted(values, scale=0.7)
    rows = questions(values)
    expected = enumerated(oracle, rows)
    monkeypatch.setattr(of_rows, "EXACT_TERMS", 0)
    if broken:  # biases of the first class forgotten
        bias = classifier.estimator_.intercept_.copy()
        bias[3:6] += np.array([1.5, -1.5, 0]) / (values[1] - values[0])
        classifier.estimator_.intercept_ = bias
    found = classifier.predict_proba(rows)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-12)
    assert (abs(found - expected).max() < 0.1) != broken
    if broken:
        return
    some = [0, 6, 9]
    alone = np.vstack([classifier.predict_proba(rows[[i]]) for i in some])
    np.testing.assert_allclose(found[some], alone, atol=1e-12)


def test_a_row_does_not_depend_on_the_gaps_of_others():
    """A mate with so many gaps that it must be sampled: the whole row stays exact."""
    X = (np.random.default_rng(0).random((60, 40)) < 0.5).astype(float)
    y = X[:, 0].astype(int)
    machine = machine_of(3, hidden_hidden=False, n_iter=20)
    classifier = BoltzmannClassifier(machine, generative_share=1).fit(X, y)
    mates = X[:2].copy()
    mates[1, :36] = NAN
    together, alone = classifier.predict_proba(mates), classifier.predict_proba(X[:1])
    np.testing.assert_allclose(together[:1], alone, rtol=1e-12)


# Learning ---------------------------------------------------------------------------


@SHARES
def test_it_learns_what_no_linear_classifier_can(share):
    machine = machine_of(
        8, hidden_hidden=False, learning_rate=1.0, momentum=0.9, n_iter=300,
        gradient="plain",
    )  # fmt: skip
    classifier = BoltzmannClassifier(machine, generative_share=share)
    if share == 1:  # the likelihood of features and class at its best
        machine.set_params(method="exact", visible_visible=False)
    assert classifier.fit(BITS, EQUAL).score(BITS, EQUAL) > 0.95


@EACH_VALUES
@pytest.mark.parametrize("share", [0.0, 1.0])
def test_a_step_is_uphill_on_what_is_to_be_learnt(values, share):
    """One full batch at a small rate moves the biases by rate times the slope."""
    rows = at(values, BITS)
    machine = machine_of(
        2, values=values, method="exact", gradient="plain", n_iter=0, batch_size=100,
        learning_rate=1e-3, schedule="constant",
    )  # fmt: skip
    classifier = BoltzmannClassifier(machine, generative_share=share).fit(rows, LABELS)
    coupling, before = (
        a.copy()
        for a in (classifier.estimator_.coupling_, classifier.estimator_.intercept_)
    )
    classifier.partial_fit(rows, LABELS)
    joined = np.hstack([rows, at(values, np.eye(3)[CODES])])
    distinct, counts = np.unique(joined, axis=0, return_counts=True)

    def aim(bias):
        oracle = PairwiseOracle(coupling, bias, values)
        total = 0.0
        for row, count in zip(distinct.tolist(), counts, strict=True):
            if share:
                total += count * oracle.log_likelihood(row)
            else:
                is_high = int(np.argmax(row[3:]))
                total += count * np.log(oracle.class_proba(row, 3, 3)[is_high])
        return total / counts.sum()

    slope = finite_difference(aim, before)
    found = (classifier.estimator_.intercept_ - before) / 1e-3
    np.testing.assert_allclose(found, slope, atol=1e-7)


@SHARES
def test_partial_fit_with_classes(share):
    machine = machine_of(2, n_iter=2, schedule="constant", batch_size=30)
    classifier = BoltzmannClassifier(machine, generative_share=share)
    with pytest.raises(ValueError, match="classes must be given"):
        classifier.partial_fit(BITS, LABELS)
    few = LABELS != "two"
    classifier.partial_fit(BITS[few], LABELS[few], classes=["two", "few", "more"])
    assert list(classifier.classes_) == ["few", "more", "two"]
    classifier.partial_fit(BITS, LABELS)
    assert classifier.predict_proba(BITS).shape == (60, 3)
    with pytest.raises(ValueError, match="'many'"):
        classifier.partial_fit(BITS, np.where(few, LABELS, "many"))
    # fit is as many epochs as partial_fit.
    whole = BoltzmannClassifier(machine, generative_share=share).fit(BITS, LABELS)
    steps = BoltzmannClassifier(machine, generative_share=share)
    for _ in range(2):
        steps.partial_fit(BITS, LABELS, classes=["few", "more", "two"])
    np.testing.assert_array_equal(
        whole.estimator_.coupling_, steps.estimator_.coupling_
    )


@pytest.mark.parametrize("values", [(-1, 1), (-0.5, 2.0)])
@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64])
def test_small_types_learn_in_single_precision_whatever_the_values(values, dtype):
    classifier = BoltzmannClassifier(machine_of(2, values=values))
    classifier.fit(BITS.astype(dtype), LABELS)
    assert classifier.estimator_.coupling_.dtype == np.float32
    same = BoltzmannClassifier(machine_of(2, values=values))
    same.fit(BITS.astype(np.float32), LABELS)
    np.testing.assert_array_equal(
        classifier.estimator_.coupling_, same.estimator_.coupling_
    )


@SHARES
def test_a_weight_of_two_is_two_rows(share):
    weight = np.random.default_rng(0).integers(0, 3, 60)
    options = {"batch_size": 500, "method": "exact"}
    one = BoltzmannClassifier(machine_of(2, **options), generative_share=share)
    two = BoltzmannClassifier(machine_of(2, **options), generative_share=share)
    one.fit(BITS, LABELS, sample_weight=weight)
    two.fit(np.repeat(BITS, weight, axis=0), np.repeat(LABELS, weight))
    np.testing.assert_allclose(
        one.predict_proba(BITS), two.predict_proba(BITS), atol=1e-10
    )


@SHARES
def test_one_class_is_certain(share):
    classifier = BoltzmannClassifier(machine_of(2), generative_share=share)
    classifier.fit(BITS, np.full(60, "same"))
    np.testing.assert_allclose(classifier.predict_proba(BITS), 1)
    assert set(classifier.predict(BITS)) == {"same"}


@SHARES
def test_without_hidden_units_it_is_a_logistic_regression(share):
    machine = machine_of(0, n_iter=50, learning_rate=0.5, visible_visible=True)
    classifier = BoltzmannClassifier(machine, generative_share=share).fit(BITS, CODES)
    inner = classifier.estimator_
    field = BITS @ inner.coupling_[:3, 3:] + inner.intercept_[3:]
    expected = np.exp(field) / np.exp(field).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(classifier.predict_proba(BITS), expected, atol=1e-10)


@pytest.mark.parametrize("method", ["moments", "pseudo-likelihood"])
def test_solvers_learn_jointly(method):
    machine = machine_of(0, method=method, l2=0.01)
    classifier = BoltzmannClassifier(machine, generative_share=1).fit(BITS, CODES)
    assert classifier.score(BITS, CODES) > 0.7
    with pytest.raises(ValueError, match="needs generative_share=1"):
        BoltzmannClassifier(machine).fit(BITS, CODES)


def test_the_class_alone_needs_no_sum_over_the_features():
    """Forty features, given: P(y | x) sums over classes and few hidden units."""
    X = (np.random.default_rng(0).random((30, 40)) < 0.5).astype(float)
    machine = machine_of(3, hidden_hidden=False, method="exact")
    classifier = BoltzmannClassifier(machine).fit(X, X[:, 0].astype(int))
    assert np.isfinite(classifier.predict_proba(X)).all()


# Missing values, refusals -----------------------------------------------------------


def test_gaps_are_learnt_jointly_alone():
    partly = np.where(np.random.default_rng(0).random(BITS.shape) < 0.2, NAN, BITS)
    partly[np.isnan(partly).all(axis=1), 0] = 1.0
    classifier = BoltzmannClassifier(machine_of(2), generative_share=1)
    classifier.fit(partly, LABELS)
    assert np.isfinite(classifier.predict_proba(partly)).all()
    for share in (0, 0.5):
        with pytest.raises(ValueError, match="NaN.*generative_share=1"):
            BoltzmannClassifier(machine_of(2), generative_share=share).fit(
                partly, LABELS
            )
        whole = BoltzmannClassifier(machine_of(2), generative_share=share)
        with pytest.raises(ValueError, match="NaN.*generative_share=1"):
            whole.fit(BITS, LABELS).predict(partly)


@pytest.mark.parametrize(
    "y, message",
    [
        (None, "y"),
        (np.linspace(0, 1, 60), "continuous|label type"),
        (CODES[:30], "inconsistent"),
        (np.where(CODES == 0, NAN, CODES), "NaN"),
    ],
)
def test_labels_that_are_none_are_refused(y, message):
    with pytest.raises(ValueError, match=message):
        BoltzmannClassifier(machine_of(2)).fit(BITS, y)


def test_hidden_units_beyond_enumeration_are_refused_while_learning():
    with pytest.raises(EnumerationTooLargeError, match="hidden_hidden=False"):
        BoltzmannClassifier(machine_of(40)).fit(BITS, LABELS)
    joint = BoltzmannClassifier(machine_of(40, n_iter=1), generative_share=1)
    proba = joint.fit(BITS, LABELS).predict_proba(BITS[:3])
    np.testing.assert_allclose(proba.sum(axis=1), 1)


def test_what_counts_is_what_a_mask_couples():
    mask = np.ones((46, 46)) - np.eye(46)
    mask[6:, 6:] = 0
    BoltzmannClassifier(machine_of(40, n_iter=1, mask=mask)).fit(BITS, LABELS)


def test_noise_in_clamping_leaves_the_biases_of_features_alone():
    """Features are clamped in both phases: nothing is to be learnt of them alone."""
    machine = machine_of(
        2, method="annealing", clamping_noise=(0.4, 0.1), n_iter=3, n_average=1,
        betas=(1.0, 1.0), gradient="plain",
    )  # fmt: skip
    start = BoltzmannClassifier(machine_of(2, n_iter=0)).fit(BITS, LABELS)
    classifier = BoltzmannClassifier(machine).fit(BITS, LABELS)
    before, after = (c.estimator_.intercept_[:3] for c in (start, classifier))
    np.testing.assert_allclose(after, before, atol=1e-12)


def test_noise_in_clamping_leaves_the_sum_of_class_biases_alone():
    """One class is high in any code: a shift of all their biases changes nothing."""
    machine = machine_of(
        2, method="annealing", clamping_noise=(0.4, 0.1), n_iter=3, n_average=1,
        betas=(1.0, 1.0), gradient="plain",
    )  # fmt: skip
    start = BoltzmannClassifier(machine_of(2, n_iter=0)).fit(BITS, LABELS)
    classifier = BoltzmannClassifier(machine).fit(BITS, LABELS)
    before, after = (c.estimator_.intercept_[3:6].sum() for c in (start, classifier))
    assert abs(after - before) < 1e-12


def test_the_machine_given_is_left_alone():
    machine = machine_of(2)
    classifier = BoltzmannClassifier(machine).fit(BITS, LABELS)
    assert not hasattr(machine, "coupling_") and classifier.estimator is machine
    assert isinstance(classifier.estimator_, BoltzmannMachine)
    rows = classifier.estimator_.sample(5, burn_in=2, random_state=0)
    assert rows.shape == (5, 6)
    other = classifier.estimator_.with_values((-1, 1))
    joined = np.hstack([BITS, np.eye(3)[CODES]])
    np.testing.assert_allclose(
        other.score_samples(2 * joined - 1), classifier.estimator_.score_samples(joined)
    )


def test_the_default_machine_takes_the_random_state():
    one, two, other = (
        BoltzmannClassifier(random_state=seed).set_params().fit(BITS[:10], LABELS[:10])
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(one.estimator_.coupling_, two.estimator_.coupling_)
    assert (one.estimator_.coupling_ != other.estimator_.coupling_).any()


def test_a_grid_search_reaches_the_machine():
    search = GridSearchCV(
        BoltzmannClassifier(machine_of(2, hidden_hidden=False)),
        {"estimator__n_hidden": [0, 2], "generative_share": [0, 1]},
        cv=2,
    ).fit(BITS, LABELS)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_classes_that_nothing_reaches_are_refused():
    machine = machine_of(0, visible_visible=False)
    with pytest.raises(ValueError, match="visible_visible=True"):
        BoltzmannClassifier(machine).fit(BITS, LABELS)
    BoltzmannClassifier(machine_of(2, visible_visible=False)).fit(BITS, LABELS)


# Callbacks --------------------------------------------------------------------------


class Log(EpochCallback):
    """Note what a model is after each epoch; stop after so many."""

    def __init__(self, stop=None):
        self.stop, self.seen = stop, []

    def on_epoch_end(self, model, X):
        answers = hasattr(model, "predict") and model.predict(BITS[:2]).shape
        self.seen.append((model.n_iter_, X.shape, answers))
        return model.n_iter_ == self.stop


def learnt(classifier):
    inner = classifier.estimator_
    return inner.coupling_.tobytes(), inner.intercept_.tobytes(), inner.n_iter_


def test_callbacks_see_the_epochs_of_the_machine_inside(capsys):
    log, inside = Log(), Log()
    machine = machine_of(schedule="constant")
    bare = BoltzmannClassifier(machine).fit(BITS, LABELS)
    classifier = BoltzmannClassifier(clone(machine).set_callbacks(inside))
    classifier.set_callbacks(log, ProgressBar()).fit(BITS, LABELS)
    assert "100%" in capsys.readouterr().out
    assert log.seen == [(1, (60, 3), (2,)), (2, (60, 3), (2,))]
    assert inside.seen == [(1, (60, 6), False), (2, (60, 6), False)]
    assert classifier.n_iter_ == 2 and learnt(classifier) == learnt(bare)
    assert vars(classifier.estimator_)["_skl_callbacks"] == [inside]
    pickle.loads(pickle.dumps(classifier.set_callbacks()))
    classifier.partial_fit(BITS, LABELS)
    assert len(log.seen) == 2 and classifier.n_iter_ == 3
    machine.set_params(n_iter=9)
    stopped = BoltzmannClassifier(machine).set_callbacks(Log(stop=2))
    assert learnt(stopped.fit(BITS, LABELS)) == learnt(bare)
    assert "_skl_callbacks" not in vars(stopped.estimator_)


def test_early_stopping_and_checkpoints_of_a_classifier(tmp_path):
    accuracy = [0.1, 0.3, 0.2, 0.2, 0.9]
    stop = EarlyStopping(
        BITS[:5], score=lambda model, X: accuracy[model.n_iter_ - 1], n_iter_no_change=2
    )
    path = tmp_path / "classifier.joblib"
    machine = machine_of(n_iter=9)
    classifier = BoltzmannClassifier(machine).set_callbacks(stop, Checkpoint(path))
    classifier.fit(BITS, LABELS)
    assert classifier.n_iter_ == 4 and stop.best_epoch_ == stop.best_estimator_.n_iter_
    best = BoltzmannClassifier(machine_of(n_iter=9)).set_callbacks(Log(stop=2))
    assert learnt(stop.best_estimator_) == learnt(best.fit(BITS, LABELS))
    np.testing.assert_array_equal(
        joblib.load(path).predict_proba(BITS), classifier.predict_proba(BITS)
    )


def test_scores_that_a_classifier_does_not_have():
    for callback, said in (
        (EarlyStopping(BITS), "take a callable, or set the callback on `estimator`"),
        (LikelihoodMonitor(BITS), "Instead, set the callback on `estimator`"),
    ):
        classifier = BoltzmannClassifier(machine_of(), generative_share=1)
        with pytest.raises(ValueError, match=said):
            classifier.set_callbacks(callback).fit(BITS, LABELS)
        callback.X_validation = np.hstack([BITS, np.eye(3)[CODES]])
        machine = machine_of().set_callbacks(callback)
        BoltzmannClassifier(machine, generative_share=1).fit(BITS, LABELS)


def test_a_machine_without_epochs_is_told_of():
    machine = machine_of(0, method="moments", l2=0.1)
    classifier = BoltzmannClassifier(machine, generative_share=1)
    with pytest.warns(UserWarning, match='no epoch of Boltz.*Classifier.*method="mom'):
        classifier.set_callbacks(Log()).fit(BITS, LABELS)
