"""DBNClassifier: what scikit-learn's checks do not see."""

import pickle

import joblib
import numpy as np
import pytest
import sklearn
from scipy import sparse
from sklearn.base import clone
from sklearn.callback import ProgressBar
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.utils.estimator_checks import (
    check_sample_weight_equivalence_on_dense_data,
)

from skboltz import (
    BernoulliRBM,
    DBNClassifier,
    DeepBeliefNetwork,
    DivergenceError,
    GaussianBernoulliRBM,
)
from skboltz.callbacks import (
    Checkpoint,
    EarlyStopping,
    EpochCallback,
    LikelihoodMonitor,
)

RNG = np.random.default_rng(0)
X = (RNG.random((60, 6)) < 0.4).astype(float)
X[:, 1] = X[:, 0]
Y = np.where(X[:, 0] > 0, "on", "off")
Y[X[:, 2] > X[:, 3]] = "up"
LABELS = ["off", "on", "up"]
RBM = BernoulliRBM(n_iter=2, method="cd", learning_rate=0.3)
TUNINGS = ["backprop", "up-down", "none"]
TUNED = TUNINGS[:2]
LEARNS = {
    "backprop": {"n_iter": 40, "learning_rate": 1.0},
    "up-down": {
        "hidden_layer_sizes": (16,),
        "layers": clone(RBM).set_params(n_iter=20),
        "n_iter": 30,
        "learning_rate": 0.1,
    },
    "none": {"layers": clone(RBM).set_params(n_iter=60)},
}


def make(**params):
    usual = {"hidden_layer_sizes": (5, 4), "layers": RBM, "n_iter": 2}
    return DBNClassifier(**usual | {"random_state": 0} | params)


def fit(**params):
    return make(**params).fit(X, Y)


def fitted_arrays(dbn):
    for name in ("weights_", "intercepts_"):
        yield from getattr(dbn, name, [])
        yield from getattr(dbn, f"recognition_{name}", [])
    for layer in dbn.layers_:
        yield from (layer.components_, layer.intercept_hidden_)
        yield layer.intercept_visible_


def assert_same_bits(a, b):
    for x, y in zip(fitted_arrays(a), fitted_arrays(b), strict=True):
        assert x.dtype == y.dtype and x.tobytes() == y.tobytes()


def differ(a, b):
    pairs = zip(fitted_arrays(a), fitted_arrays(b), strict=True)
    return any((x != y).any() for x, y in pairs)


class Log(EpochCallback):
    """Notes what it sees, and stops or interrupts after an epoch if it is to."""

    def __init__(self, stop=None, interrupt=None):
        self.stop, self.interrupt, self.seen, self.shapes = stop, interrupt, [], []

    def on_epoch_end(self, model, X):
        self.seen.append((model.n_iter_, X.shape[1]))
        self.shapes.append(X.shape)
        if model.n_iter_ == self.interrupt:
            raise KeyboardInterrupt
        return model.n_iter_ == self.stop


# What it learns ------------------------------------------------------------------


@pytest.mark.parametrize("tuning", TUNINGS)
def test_it_learns_the_classes(tuning):
    """The most frequent class is less than half of the rows."""
    sizes = {"hidden_layer_sizes": (16, 16)}
    dbn = fit(fine_tuning=tuning, **sizes | LEARNS[tuning])
    assert dbn.score(X, Y) > (0.6 if tuning == "none" else 0.9)
    assert set(dbn.predict(X)) <= set(LABELS)


@pytest.mark.parametrize(
    "params",
    [
        {"solver": "adam", "learning_rate": 0.05},
        {"solver": "lbfgs", "n_iter": 40},
        {"dropout": 0.2, "input_dropout": 0.1, "max_norm": 4.0, "batch_size": 10},
        {"pretrain": False, "batch_size": 10},
        {"train_on": "samples"},
        {"schedule": "linear", "l2": 1e-4},
    ],
    ids=str,
)
def test_every_way_of_backpropagation_learns(params):
    usual = {"n_iter": 40, "learning_rate": 1.0, "hidden_layer_sizes": (16, 16)}
    assert fit(**usual | params).score(X, Y) > 0.9


def test_the_network_is_that_of_its_attributes():
    dbn, h = fit(n_iter=9), X
    for weights, bias in zip(dbn.weights_, dbn.intercepts_, strict=True):
        field = h @ weights.T + bias
        h = 1 / (1 + np.exp(-field))
    p = np.exp(field) / np.exp(field).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(dbn.predict_proba(X), p)
    np.testing.assert_allclose(dbn.predict_log_proba(X), np.log(p))
    assert (dbn.predict(X) == dbn.classes_[p.argmax(axis=1)]).all()
    assert [w.shape for w in dbn.weights_] == [(5, 6), (4, 5), (3, 4)]


def test_probabilities_of_the_labels_are_those_of_the_joint_model():
    """With one layer P(y | x) is the free energy of the machine with labels."""
    dbn = fit(hidden_layer_sizes=(4,), fine_tuning="up-down", n_iter=20)
    top = dbn.layers_[0]
    logs = [
        -top.free_energy(np.hstack([X, np.tile(np.eye(3)[k], (60, 1))]))
        for k in range(3)
    ]
    p = np.exp(np.stack(logs, axis=1))
    np.testing.assert_allclose(
        dbn.predict_proba(X), p / p.sum(axis=1, keepdims=True), rtol=1e-8
    )


def test_labels_inferred_by_gibbs_are_near_the_exact_ones():
    """Means over 200 sweeps, correlated: a few times sqrt(1/4 / 200) = 0.035."""
    exact = fit(fine_tuning="up-down", **LEARNS["up-down"])
    sampled = clone(exact).set_params(label_inference="gibbs").fit(X, Y)
    assert_same_bits(exact, sampled)
    p, q = exact.predict_proba(X), sampled.predict_proba(X)
    assert 0 < abs(p - q).max() < 0.2
    assert abs(p - 1 / 3).max() > 0.4


@pytest.mark.parametrize(
    "params",
    [
        {"fine_tuning": "backprop"},
        {"fine_tuning": "up-down"},
        {"fine_tuning": "up-down", "label_inference": "gibbs"},
    ],
    ids=str,
)
@pytest.mark.parametrize("method", ["predict_proba", "transform"])
def test_a_row_does_not_depend_on_its_company(params, method):
    dbn, many = fit(**params), np.tile(X, (5, 1))
    whole = getattr(dbn, method)(many)
    alone = np.concatenate([getattr(dbn, method)(row[None]) for row in X[:3]])
    np.testing.assert_allclose(whole[:3], alone, rtol=1e-10)
    backwards = getattr(dbn, method)(many[::-1])[::-1]
    np.testing.assert_allclose(whole, backwards, rtol=1e-10)


def test_layers_learn_as_those_of_a_network_without_labels():
    ours, theirs = fit(), DeepBeliefNetwork((5, 4), layers=RBM, random_state=0).fit(X)
    for a, b in zip(ours.layers_, theirs.layers_, strict=True):
        assert a.components_.shape == b.components_.shape and a.n_iter_ == b.n_iter_
    layers = [clone(RBM).set_params(random_state=i) for i in range(2)]
    ours = make(layers=layers).fit(X, Y)
    theirs = DeepBeliefNetwork((5, 4), layers=layers).fit(X)
    for a, b in zip(ours.layers_, theirs.layers_, strict=True):
        assert a.components_.tobytes() == b.components_.tobytes()


def test_layers_trained_without_labels_are_started_from():
    network = DeepBeliefNetwork((5, 4), layers=RBM, random_state=3).fit(X)
    before = pickle.dumps(network)
    layers = [FrozenEstimator(layer) for layer in network.layers_]
    dbn = make(layers=layers, n_iter=0).fit(X[:9], Y[:9])
    for a, b in zip(dbn.layers_, network.layers_, strict=True):
        assert a.components_.tobytes() == b.components_.tobytes()
    np.testing.assert_array_equal(dbn.predict_proba(X), np.full((60, 3), 1 / 3))
    dbn.set_params(n_iter=5).fit(X, Y).partial_fit(X, Y)
    assert pickle.dumps(network) == before
    grid = {"learning_rate": [0.001, 0.01]}
    search = GridSearchCV(dbn, grid, cv=2, error_score="raise").fit(X, Y)
    assert search.best_estimator_.layers[0].estimator is network.layers_[0]
    assert pickle.dumps(network) == before


@pytest.mark.parametrize("tuning", ["up-down", "none"])
def test_a_frozen_layer_may_lie_below_the_labels_but_not_with_them(tuning):
    first = BernoulliRBM(5, n_iter=3, random_state=1).fit(X)
    second = BernoulliRBM(4, n_iter=3).fit(first.transform(X))
    before = pickle.dumps(first)
    fit(layers=[FrozenEstimator(first), RBM], fine_tuning=tuning).partial_fit(X, Y)
    assert pickle.dumps(first) == before
    with pytest.raises(ValueError, match="labels join.*that is not frozen"):
        fit(layers=[RBM, FrozenEstimator(second)], fine_tuning=tuning)
    with pytest.raises(ValueError, match="labels join the inputs of the top layer"):
        layers = GaussianBernoulliRBM(n_iter=1)
        fit(hidden_layer_sizes=4, layers=layers, fine_tuning=tuning)


@pytest.mark.parametrize("tuning", TUNINGS)
def test_real_features_are_for_a_gaussian_first_layer(tuning):
    layers = [GaussianBernoulliRBM(n_iter=5), clone(RBM).set_params(n_iter=40)]
    rows = 3 * X - 7
    params = LEARNS[tuning] | {"hidden_layer_sizes": (16, 16), "layers": layers}
    dbn = make(fine_tuning=tuning, **params).fit(rows, Y)
    assert dbn.score(rows, Y) > 0.5
    assert dbn.predict_proba(sparse.csr_array(rows)).shape == (60, 3)


# What it is told of classes --------------------------------------------------------


@pytest.mark.parametrize("tuning", TUNINGS)
@pytest.mark.parametrize(
    "y",
    [
        np.arange(60) % 3,
        np.arange(60) % 2 == 0,
        (np.arange(60) % 2) - 1.0,
        np.array(["a", "bc"] * 30, dtype=object),
        list("ab" * 30),
    ],
    ids=["int", "bool", "float", "object", "list"],
)
def test_labels_may_be_of_any_kind(tuning, y):
    dbn = make(fine_tuning=tuning, n_iter=1).fit(X, y)
    np.testing.assert_array_equal(dbn.classes_, np.unique(y))
    found = dbn.predict(X)
    assert found.dtype == dbn.classes_.dtype and set(found) <= set(dbn.classes_)


@pytest.mark.parametrize("tuning", TUNINGS)
def test_one_class_is_certain(tuning):
    dbn = make(fine_tuning=tuning).fit(X, ["only"] * 60)
    np.testing.assert_array_equal(dbn.predict_proba(X), np.ones((60, 1)))
    assert set(dbn.predict(X)) == {"only"}


@pytest.mark.parametrize("tuning", TUNINGS)
def test_a_class_may_have_one_row(tuning):
    y = np.r_[["rare"], Y[1:]]
    assert "rare" in make(fine_tuning=tuning).fit(X, y).classes_
    if tuning == "none":  # which has no epochs to stop
        assert (
            "rare" in make(fine_tuning=tuning, early_stopping=True).fit(X, y).classes_
        )
        return
    with pytest.raises(ValueError, match="early_stopping=True.*fraction=0.1"):
        make(fine_tuning=tuning, early_stopping=True).fit(X, y)


@pytest.mark.parametrize("tuning", TUNINGS)
@pytest.mark.parametrize(
    "y, message",
    [
        (None, "requires y to be passed"),
        ([np.nan] * 60, "y contains NaN"),
        (RNG.random(60), "Unknown label type"),
        (np.c_[Y, Y], "1d array"),
        (Y[:5], "inconsistent numbers of samples"),
        ([None] * 60, "Unknown label type"),
    ],
    ids=["none", "nan", "continuous", "2-D", "short", "objects"],
)
def test_labels_that_are_none_are_refused(tuning, y, message):
    with pytest.raises(ValueError, match=message):
        make(fine_tuning=tuning).fit(X, y)


@pytest.mark.parametrize("tuning", TUNINGS)
def test_labels_in_parts(tuning):
    dbn = make(fine_tuning=tuning)
    with pytest.raises(ValueError, match="classes must be given in the first call"):
        dbn.partial_fit(X, Y)
    with pytest.raises(ValueError, match=r"label 'up'.*classes \['off', 'on'\]"):
        clone(dbn).partial_fit(X, Y, classes=["on", "off"])
    with pytest.raises(ValueError, match="Unknown label type"):
        clone(dbn).partial_fit(X, X[:, 0], classes=[0, 0.5, 1])
    few = Y != "up"
    assert dbn.partial_fit(X[few], Y[few], classes=LABELS[::-1]) is dbn
    np.testing.assert_array_equal(dbn.classes_, LABELS)
    dbn.partial_fit(X, Y).partial_fit(X, Y, classes=LABELS)
    for new in ("new", 3):
        with pytest.raises(ValueError, match=f"label {new!r}"):
            dbn.partial_fit(X[:1], [new])
    with pytest.raises(ValueError, match=r"classes is \['a', 'b'\], but was \['off'"):
        dbn.partial_fit(X, Y, classes=["b", "a"])
    assert dbn.predict_proba(X).shape == (60, 3)


@pytest.mark.parametrize(
    "name, params",
    [
        ("early_stopping", {"early_stopping": True}),
        ("class_weight", {"class_weight": "balanced"}),
        ("solver", {"solver": "lbfgs"}),
    ],
)
def test_what_needs_all_rows_is_not_learnt_in_parts(name, params):
    dbn = make(**params)
    assert not hasattr(dbn, "partial_fit") and hasattr(make(), "partial_fit")
    with pytest.raises(AttributeError) as error:
        dbn.partial_fit(X, Y, classes=LABELS)
    assert f"{name}=" in str(error.value.__cause__)


# Weights ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "weight, message",
    [
        (np.zeros(60), "weight"),
        (-np.ones(60), "sample_weight"),
        (np.ones(6), "sample_weight"),
        (np.full(60, np.nan), "sample_weight"),
    ],
)
@pytest.mark.parametrize("tuning", TUNINGS)
def test_weights_that_are_none_are_refused(tuning, weight, message):
    with pytest.raises(ValueError, match=message):
        make(fine_tuning=tuning).fit(X, Y, sample_weight=weight)


@pytest.mark.parametrize("pretrain", [True, False])
def test_a_weight_says_how_often_a_row_counts(pretrain):
    """Rows of weight 0 are as good as absent where every row is in one batch."""
    layers = BernoulliRBM(method="exact", batch_size=100, n_iter=5)
    weight = (np.arange(60) < 40) * 2.0
    params = {"layers": layers, "pretrain": pretrain, "solver": "lbfgs", "n_iter": 9}
    weighted = make(**params).fit(X, Y, sample_weight=weight)
    few = make(**params).fit(np.tile(X[:40], (2, 1)), np.tile(Y[:40], 2))
    p, q = weighted.predict_proba(X), few.predict_proba(X)
    np.testing.assert_allclose(p, q, atol=1e-3)
    assert abs(p - fit(**params).predict_proba(X)).max() > 0.05


def test_weights_count_in_layers_with_labels():
    """Few epochs: rounding errors grow until nothing is the same."""
    layers = BernoulliRBM(method="exact", batch_size=1000, n_iter=5)
    check_sample_weight_equivalence_on_dense_data(
        "DBNClassifier", make(layers=layers, fine_tuning="none")
    )


@pytest.mark.parametrize("tuning", TUNINGS)
def test_weights_of_classes_move_predictions(tuning):
    params = {"fine_tuning": tuning, **LEARNS[tuning]}
    heavy = fit(class_weight={"up": 50.0, "on": 1.0, "off": 1.0}, **params)
    assert (heavy.predict(X) == "up").mean() > (fit(**params).predict(X) == "up").mean()
    ones = fit(class_weight=dict.fromkeys(LABELS, 1.0), fine_tuning=tuning)
    plain = fit(fine_tuning=tuning)
    for a, b in zip(fitted_arrays(ones), fitted_arrays(plain), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9)


@pytest.mark.parametrize("tuning", TUNINGS)
def test_balanced_classes_weigh_the_same(tuning):
    weights = {label: 60 / 3 / (Y == label).sum() for label in LABELS}
    balanced = fit(fine_tuning=tuning, class_weight="balanced")
    assert_same_bits(balanced, fit(fine_tuning=tuning, class_weight=weights))
    assert differ(balanced, fit(fine_tuning=tuning))


@pytest.mark.parametrize("tuning", TUNINGS)
def test_weights_of_classes_that_a_part_has_not(tuning):
    dbn = make(fine_tuning=tuning, class_weight={"on": 2.0})
    for label in LABELS:
        dbn.partial_fit(X[label == Y], Y[label == Y], classes=LABELS)
    assert np.isfinite(dbn.predict_log_proba(X)).all()


@pytest.mark.parametrize(
    "weights, message",
    [
        ({"on": -1.0}, "class_weight must have finite numbers >= 0"),
        ({"on": np.nan}, "class_weight must have finite numbers >= 0"),
        ({"on": np.inf}, "class_weight must have finite numbers >= 0"),
        ({"on": "heavy"}, "class_weight must have finite numbers >= 0"),
        ({"what": 2.0}, "not in class_weight"),
        (dict.fromkeys(LABELS, 0), "class_weight leave no row any weight"),
        ("even", "'class_weight' parameter"),
    ],
)
@pytest.mark.parametrize("tuning", TUNINGS)
def test_weights_of_classes_that_are_none_are_named(tuning, weights, message):
    with pytest.raises(ValueError, match=message):
        fit(fine_tuning=tuning, class_weight=weights)


# Early stopping -------------------------------------------------------------------


def best_epoch(history):
    """The first of the highest accuracy, and then of losses that fall by 0.01."""
    return epochs_of(history)[0]


def epochs_of(history):
    """The best epoch, and the last one that brought a better accuracy or loss."""
    best, lowest, last = (-1.0, 0.0, 0), np.inf, 0
    columns = (history[f"validation_{name}"] for name in ("score", "loss"))
    for epoch, (score, loss) in enumerate(zip(*columns, strict=True), 1):
        if score > best[0] or (score == best[0] and loss < best[1] - 0.01):
            best, last = (score, loss, epoch), epoch
        if loss < lowest - 0.01:
            lowest, last = loss, epoch
    return best[2], last


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
@pytest.mark.parametrize("tuning", TUNED)
def test_early_stopping_goes_back_to_the_best_epoch(tuning, solver):
    if (tuning, solver) == ("up-down", "lbfgs"):
        with pytest.raises(ValueError, match="smooth objective"):
            fit(fine_tuning=tuning, solver=solver)
        return
    params = {"fine_tuning": tuning, "solver": solver, "early_stopping": True}
    params |= {"hidden_layer_sizes": (16,), "validation_fraction": 0.5}
    params |= {"learning_rate": 0.3 if solver == "sgd" else 0.1}
    rows, y = np.repeat(np.kron(np.eye(3), [1, 1]), 8, axis=0), np.repeat(LABELS, 8)
    stopped = make(**params, n_iter=99, n_iter_no_change=3).fit(rows, y)
    scores = stopped.history_["fine_tuning"]["validation_score"]
    best, last = epochs_of(stopped.history_["fine_tuning"])
    assert stopped.n_iter_ == len(scores) == last + 3
    assert scores[best - 1] == max(scores)
    assert tuning == "up-down" or best > 1  # else there was nothing to go back to
    params["n_iter_no_change"] = 99
    exactly = make(**params, n_iter=best).fit(rows, y)
    assert_same_bits(stopped, exactly)
    assert differ(stopped, make(**params, n_iter=0).fit(rows, y))
    without = params | {"early_stopping": False}
    assert differ(stopped, make(**without, n_iter=best).fit(rows, y))


@pytest.mark.parametrize("tuning", TUNED)
def test_a_stopped_training_may_go_on(tuning):
    params = {"fine_tuning": tuning, "early_stopping": True, "n_iter_no_change": 3}
    dbn = fit(**params, n_iter=60, warm_start=True)
    done, best = dbn.n_iter_, pickle.loads(pickle.dumps(dbn))
    dbn.fit(X, Y)
    assert dbn.n_iter_ >= done + 3  # not at once again
    if best_epoch(dbn.history_["fine_tuning"]) <= done:
        assert_same_bits(dbn, best)
    n_iter = dbn.n_iter_
    dbn.set_params(early_stopping=False).partial_fit(X, Y)
    scores = dbn.history_["fine_tuning"]["validation_score"]
    assert len(scores) == dbn.n_iter_ == n_iter + 1 and np.isnan(scores[-1])
    later = fit(fine_tuning=tuning, warm_start=True).set_params(early_stopping=True)
    scores = later.fit(X, Y).history_["fine_tuning"]["validation_score"]
    assert np.isnan(scores[:2]).all() and len(scores) == 4 and scores[-1] <= 1


def test_held_out_rows_are_not_learnt_from():
    seen = Log()
    fit(layers=clone(RBM).set_callbacks(seen), early_stopping=True, n_iter=1)
    assert {n_rows for n_rows, _ in seen.shapes} == {54}
    stop = Log()
    make(early_stopping=True, n_iter=1).set_callbacks(stop).fit(X, Y)
    assert stop.shapes == [(54, 6)]
    with pytest.raises(ValueError, match="rows held out have sample_weight 0"):
        make(early_stopping=True).fit(X, Y, sample_weight=np.eye(60)[0])


@pytest.mark.parametrize("fraction, n_rows", [(0.999, 60), (0.1, 4)])
def test_too_few_rows_to_hold_out(fraction, n_rows):
    dbn = make(early_stopping=True, validation_fraction=fraction)
    with pytest.raises(ValueError, match=f"fraction={fraction}.*too few rows"):
        dbn.fit(X[:n_rows], Y[:n_rows])


# Going on -------------------------------------------------------------------------


@pytest.mark.parametrize("solver, method", [("adam", "pcd"), ("sgd", "cd")])
@pytest.mark.parametrize("tuning", TUNINGS)
def test_fit_pickle_and_go_on_is_never_having_stopped(tuning, solver, method):
    params = {"fine_tuning": tuning, "solver": solver, "method": method}
    params |= {"dropout": 0.2, "input_dropout": 0.1, "train_on": "samples"}
    whole = fit(**params).partial_fit(X, Y)
    half = pickle.loads(pickle.dumps(fit(**params)))
    assert_same_bits(half.partial_fit(X, Y), whole)
    assert half.predict_proba(X).tobytes() == whole.predict_proba(X).tobytes()
    if tuning != "none":
        assert_same_bits(whole, fit(n_iter=3, **params))
        again = pickle.loads(pickle.dumps(fit(warm_start=True, **params)))
        assert_same_bits(again.set_params(n_iter=1).fit(X, Y), whole)
        assert again.n_iter_ == 3 == len(again.history_["fine_tuning"]["epoch"])


@pytest.mark.parametrize(
    "params, rate",
    [
        ({"solver": "sgd"}, 0.3),
        ({"solver": "adam"}, 0.003),
        ({"fine_tuning": "up-down"}, 0.1),
        ({"fine_tuning": "up-down", "solver": "adam"}, 0.01),
        ({"fine_tuning": "up-down", "method": "pcd"}, 0.03),
        ({"fine_tuning": "up-down", "method": "pcd", "solver": "adam"}, 0.003),
        ({"fine_tuning": "up-down", "learning_rate": 0.2}, 0.2),
    ],
    ids=str,
)
def test_rates_are_those_of_the_docstring_unless_given(params, rate):
    assert fit(**params).history_["fine_tuning"]["learning_rate"] == [rate, rate]


def test_the_negative_phase_may_change_on_the_way():
    dbn = fit(fine_tuning="up-down", warm_start=True)
    for changed in ({"method": "pcd"}, {"batch_size": 7, "k": 3}, {"method": "cd"}):
        unchanged = pickle.loads(pickle.dumps(dbn)).fit(X, Y)
        assert differ(dbn.set_params(**changed).fit(X, Y), unchanged)
        assert np.isfinite(dbn.predict_log_proba(X)).all()
        if dbn.method == "pcd":
            chains = dbn._fine_tuning_state.carried.negative
            assert len(chains.visible) == dbn.batch_size
    assert dbn.n_iter_ == 8


def test_a_solver_may_change_on_the_way():
    dbn = fit(warm_start=True).set_params(solver="sgd").fit(X, Y)
    dbn.set_params(solver="lbfgs").fit(X, Y)
    assert dbn.n_iter_ == 6 and np.isfinite(dbn.predict_log_proba(X)).all()


@pytest.mark.parametrize("before, after", [TUNED, TUNED[::-1], ("none", "backprop")])
def test_another_fine_tuning_says_that_it_begins_anew(before, after):
    dbn = fit(fine_tuning=before, warm_start=True).set_params(fine_tuning=after)
    message = f'fine_tuning is "{after}", but the network was made with .*"{before}"'
    for call in (
        lambda: dbn.predict(X),
        lambda: dbn.transform(X),
        lambda: dbn.partial_fit(X, Y),
        lambda: dbn.fit(X, Y),
    ):
        with pytest.raises(ValueError, match=message):
            call()
    fresh = dbn.set_params(warm_start=False).fit(X, Y)
    assert_same_bits(fresh, fit(fine_tuning=after))
    assert hasattr(fresh, "weights_") == (after == "backprop")
    assert hasattr(fresh, "recognition_weights_") == (after != "backprop")


def test_what_was_trained_layer_by_layer_may_be_fine_tuned_later():
    later = fit(fine_tuning="none").set_params(fine_tuning="up-down").partial_fit(X, Y)
    assert_same_bits(later, fit(fine_tuning="up-down", n_iter=1))


def test_a_warm_start_refuses_other_sizes_and_features_and_labels():
    dbn = fit(warm_start=True)
    with pytest.raises(ValueError, match=r"\(5, 3\).*\(5, 4\).*warm_start"):
        dbn.set_params(hidden_layer_sizes=(5, 3)).fit(X, Y)
    dbn.set_params(hidden_layer_sizes=(5, 4))
    with pytest.raises(ValueError, match="3 features"):
        dbn.fit(X[:, :3], Y)
    with pytest.raises(ValueError, match="label 'new'"):
        dbn.fit(X, ["new"] * 60)


# Samples ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def generator():
    """Three patterns, one for each label."""
    rows = np.repeat(np.kron(np.eye(3), [1.0, 1.0]), 20, axis=0)
    layers = clone(RBM).set_params(n_iter=60)
    params = {"hidden_layer_sizes": (12, 12), "layers": layers, "n_iter": 30}
    dbn = make(fine_tuning="up-down", learning_rate=0.005, **params)
    return dbn.fit(rows, np.repeat(LABELS, 20))


@pytest.mark.parametrize("label", LABELS)
def test_a_clamped_label_draws_its_features(generator, label):
    rows = generator.sample(200, y=label, burn_in=20, random_state=0)
    expected = np.kron(np.eye(3)[LABELS.index(label)], [1, 1])
    assert rows.shape == (200, 6) and set(np.unique(rows)) <= {0, 1}
    assert abs(rows.mean(axis=0) - expected).max() < 0.35
    assert (generator.predict(rows) == label).mean() > 0.8


def test_samples_have_shapes_and_a_seed(generator):
    draw = generator.sample
    assert draw().shape == (1, 6) and draw(3, burn_in=1).shape == (3, 6)
    rows = draw(y=["up", "on"], burn_in=3, random_state=0)
    np.testing.assert_array_equal(
        rows, draw(2, y=["up", "on"], burn_in=3, random_state=0)
    )
    many = [draw(50, y="on", burn_in=3, random_state=seed) for seed in (0, 1)]
    assert (many[0] != many[1]).any()
    means = draw(4, visible="means", burn_in=3, random_state=0)
    assert ((means > 0) & (means < 1)).all()
    start = np.kron(np.eye(3), [1.0, 1.0])
    for given in (start, sparse.csr_array(start)):
        near = draw(3, start=given, burn_in=0, visible="means", random_state=0)
        assert (near.argmax(axis=1) // 2 == [0, 1, 2]).sum() >= 2
    assert draw(y=LABELS, start=start, burn_in=2).shape == (3, 6)


def test_chains_give_several_rows_each(generator):
    assert generator.sample(5, n_chains=2, burn_in=3, thin=4).shape == (5, 6)
    draw = fit(hidden_layer_sizes=(4,), fine_tuning="up-down").sample
    rows = draw(40, n_chains=20, burn_in=3, thin=4, random_state=0)
    for burn_in, part in [(3, rows[:20]), (7, rows[20:])]:
        np.testing.assert_array_equal(part, draw(20, burn_in=burn_in, random_state=0))


@pytest.mark.parametrize("method", ["gibbs", "tempering", "annealing"])
def test_every_kind_of_chain_finds_all_classes(generator, method):
    rows = generator.sample(300, method=method, burn_in=100, random_state=0)
    assert smallest_class(generator, rows) > 40
    if method == "gibbs":
        held = generator.sample(300, y="on", burn_in=100, random_state=0)
        assert smallest_class(generator, held) < 40


def smallest_class(generator, rows):
    """Number of rows of the class that has the fewest."""
    predicted = generator.predict(rows)
    return min(np.sum(predicted == label) for label in LABELS)


def test_one_layer_draws_too():
    dbn = fit(hidden_layer_sizes=(4,), fine_tuning="up-down")
    for visible in ("states", "means"):
        assert dbn.sample(3, y="on", burn_in=2, visible=visible).shape == (3, 6)


@pytest.mark.parametrize(
    "params, message",
    [
        ({"n_samples": 0}, "n_samples must be an integer >= 1"),
        ({"n_samples": 2.5}, "n_samples must be an integer >= 1"),
        ({"n_samples": 3, "y": ["on", "off"]}, "y has the shape"),
        ({"y": [["on", "off"]]}, "y has the shape"),
        ({"y": []}, "y has the shape"),
        ({"y": "new"}, r"label 'new'.*\['off', 'on', 'up'\]"),
        ({"y": 3}, "label 3"),
        ({"y": np.nan}, "label nan"),
        ({"y": [None]}, "cannot be compared"),
        ({"burn_in": -1}, "burn_in must be"),
        ({"thin": 0}, "thin must be"),
        ({"method": "none"}, "method must be one of"),
        ({"y": "on", "method": "tempering"}, "y needs method=.gibbs., found"),
        ({"y": "on", "n_samples": 2, "n_chains": 1}, "n_chains is 1, but each label"),
        ({"start": X[:1], "method": "tempering"}, "start needs method=.gibbs."),
        ({"visible": "mean"}, "visible must be.*'mean'"),
        ({"start": X[:2], "n_samples": 3}, "start has 2 rows"),
        ({"start": X[:1, :3]}, "start has 3 features"),
        ({"start": X[:1] * np.nan}, "start contains NaN"),
        ({"random_state": "a"}, "random_state must be"),
    ],
    ids=str,
)
def test_samples_that_cannot_be_had(generator, params, message):
    with pytest.raises(ValueError, match=message):
        generator.sample(**params)


def test_backpropagation_learns_nothing_to_sample_from():
    with pytest.raises(ValueError, match=r"sample\(\) needs fine_tuning="):
        fit().sample(y="on")


# Types of X -------------------------------------------------------------------------


@pytest.mark.parametrize("tuning", TUNINGS)
@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64, np.float16])
def test_small_types_are_learnt_in_float32(tuning, dtype):
    params = {"fine_tuning": tuning, "class_weight": {"on": 2.0}, "dropout": 0.1}
    weight = np.linspace(1, 2, 60)
    reference = make(**params).fit(X.astype(np.float32), Y, sample_weight=weight)
    dbn = make(**params).fit(X.astype(dtype), Y, sample_weight=weight)
    assert_same_bits(dbn, reference)
    assert all(array.dtype == np.float32 for array in fitted_arrays(dbn))
    assert dbn.transform(X.astype(dtype)).dtype == np.float32
    if dtype is not np.float16:
        counts = sparse.csr_array(X.astype(dtype))
        assert_same_bits(make(**params).fit(counts, Y, weight), reference)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_float32_stays_float32(solver):
    dbn = make(solver=solver).fit(X.astype(np.float32), Y)
    assert all(array.dtype == np.float32 for array in fitted_arrays(dbn))
    assert dbn.predict_proba(X).dtype == np.float32


@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
@pytest.mark.parametrize("tuning", TUNINGS)
@pytest.mark.parametrize("huge", [1e30, 3e38])
def test_huge_values_never_give_nan(tuning, huge):
    small = make(fine_tuning=tuning).fit(X.astype(np.float32), Y)
    rows = ((X - 0.5) * huge).astype(np.float32)
    assert np.isfinite(small.predict_proba(rows)).all()


# Bad input ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda d: d.fit(np.empty((0, 3)), []), "0 sample"),
        (lambda d: d.fit(np.empty((60, 0)), Y), "0 feature"),
        (lambda d: d.fit(X[0], Y), "1D array"),
        (lambda d: d.fit(np.full((60, 2), "a"), Y), "numeric"),
        (lambda d: d.fit(X + 1j, Y), "Complex"),
        (lambda d: d.fit(np.where(X > 0, np.inf, 0), Y), "infinity"),
        (lambda d: d.fit(np.where(X > 0, np.nan, 0), Y), "NaN, which DBNClassifier"),
        (lambda d: d.fit(X, Y).predict(X[:, :2]), "2 features"),
        (lambda d: d.fit(X, Y).predict(X * np.nan), "NaN"),
        (lambda d: d.fit(X, Y).transform(X[0]), "1D array"),
    ],
)
def test_errors_name_what_is_wrong(call, message):
    with pytest.raises(ValueError, match=message):
        call(make(layers=BernoulliRBM(n_iter=0)))


@pytest.mark.parametrize(
    "params, message",
    [
        ({"solver": "lbfgs", "fine_tuning": "up-down"}, "smooth objective"),
        ({"solver": "lbfgs", "dropout": 0.5}, "dropout"),
        ({"solver": "lbfgs", "input_dropout": 0.5}, "dropout"),
        ({"solver": "lbfgs", "max_norm": 1.0}, "max_norm"),
        ({"fine_tuning": "none", "pretrain": False}, "nothing to be learnt"),
        ({"hidden_layer_sizes": ()}, "hidden_layer_sizes must be"),
        ({"hidden_layer_sizes": (4, 0)}, "hidden_layer_sizes must be"),
        ({"layers": []}, "layers has 0 machines"),
    ],
    ids=str,
)
def test_parameters_that_contradict_each_other(params, message):
    with pytest.raises(ValueError, match=message):
        fit(**params)


@pytest.mark.parametrize(
    "name, value",
    [
        ("hidden_layer_sizes", 0),
        ("pretrain", "yes"),
        ("fine_tuning", None),
        ("solver", "lbgfs"),
        ("dropout", 1.0),
        ("input_dropout", -0.1),
        ("max_norm", 0),
        ("early_stopping", "yes"),
        ("validation_fraction", 0.0),
        ("validation_fraction", 5),
        ("n_iter_no_change", 0),
        ("label_inference", "exact"),
        ("train_on", "states"),
    ],
)
def test_bad_parameters_are_named(name, value):
    with pytest.raises(ValueError, match=f"'{name}' parameter of DBNClassifier"):
        fit(**{name: value})


@pytest.mark.parametrize("n_iter", [0, 1])
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_no_epoch_and_one_are_fits_too(solver, n_iter):
    dbn = fit(solver=solver, n_iter=n_iter)
    assert dbn.n_iter_ == n_iter == len(dbn.history_["fine_tuning"]["loss"])
    assert dbn.predict(X).shape == (60,)


@pytest.mark.parametrize("tuning", TUNED)
def test_a_divergence_keeps_the_last_good_state(tuning):
    dbn = make(fine_tuning=tuning, solver="sgd", learning_rate=1e3, l2=1e3, n_iter=300)
    with pytest.raises(DivergenceError, match="Lower `learning_rate`"):
        dbn.fit(X, Y)
    assert 0 < dbn.n_iter_ < 300
    assert all(np.isfinite(array).all() for array in fitted_arrays(dbn))
    assert dbn.predict(X).shape == (60,)


# Callbacks, pipelines, searches ------------------------------------------------------


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_callbacks_see_epochs_of_what_they_are_set_on(solver):
    tuning, layer = Log(), Log()
    dbn = make(layers=clone(RBM).set_callbacks(layer), solver=solver)
    dbn.set_callbacks(tuning, ProgressBar()).fit(X, Y)
    assert tuning.seen == [(1, 6), (2, 6)]
    assert layer.seen == [(1, 6), (2, 6), (1, 5), (2, 5)]
    assert_same_bits(dbn, fit(solver=solver))
    stopped = make(n_iter=9, solver=solver).set_callbacks(Log(stop=3)).fit(X, Y)
    assert_same_bits(stopped, fit(n_iter=3, solver=solver))


def test_labels_beside_the_top_layer_are_seen_by_its_callbacks():
    layer = Log()
    fit(layers=clone(RBM).set_callbacks(layer), fine_tuning="none")
    assert layer.seen == [(1, 6), (2, 6), (1, 8), (2, 8)]


@pytest.mark.parametrize("tuning", TUNED)
def test_callbacks_of_this_package_work(tuning, tmp_path):
    stop = EarlyStopping(
        X, score=lambda model, rows: model.score(rows, Y), n_iter_no_change=9
    )
    path = tmp_path / "dbn.joblib"
    layers = clone(RBM).set_callbacks(EarlyStopping(X, score=lambda model, X: 0.0))
    dbn = make(layers=[layers, RBM], fine_tuning=tuning)
    dbn.set_callbacks(stop, Checkpoint(path)).fit(X, Y)
    assert stop.best_score_ == stop.best_estimator_.score(X, Y)
    saved = joblib.load(path)
    assert_same_bits(saved, dbn)
    assert not hasattr(saved.layers_[0], "_skl_callbacks")
    bare = clone(dbn).set_callbacks()
    bare.layers = [RBM, RBM]
    assert_same_bits(saved.partial_fit(X, Y), bare.fit(X, Y).partial_fit(X, Y))


@pytest.mark.parametrize(
    "callback, message",
    [
        (EarlyStopping(X), "score is 'pseudo_log_likelihood', but DBNClassifier"),
        (EarlyStopping(X, score="log_likelihood"), "score is 'log_likelihood', but"),
        (LikelihoodMonitor(X), "metrics is 'free_energy_gap', but DBNClassifier"),
    ],
)
def test_a_score_that_a_classifier_has_not_is_refused(callback, message):
    dbn = make().set_callbacks(callback)
    with pytest.raises(ValueError, match=message):
        dbn.fit(X, Y)
    assert dbn.n_iter_ == 0


def test_a_callback_without_an_epoch_to_see_says_where_to_set_it():
    with pytest.warns(UserWarning, match="saw no epoch of DBN.*of a list `layers`"):
        make(fine_tuning="none").set_callbacks(Log()).fit(X, Y)


@pytest.mark.parametrize("tuning", TUNINGS)
@pytest.mark.parametrize("number", [0, 1])
def test_an_interrupted_pretraining_leaves_layers_to_take_out(tuning, number):
    layers = [clone(RBM).set_params(n_iter=5) for _ in range(2)]
    layers[number].set_callbacks(Log(interrupt=3))
    dbn = make(layers=layers, fine_tuning=tuning)
    with pytest.raises(KeyboardInterrupt):
        dbn.fit(X, Y)
    assert [layer.n_iter_ for layer in dbn.layers_] == [[3], [5, 3]][number]
    with pytest.raises(NotFittedError):
        dbn.predict(X)
    first = FrozenEstimator(dbn.layers_[0])
    assert fit(layers=[first, RBM], fine_tuning=tuning).predict(X).shape == (60,)
    dbn.set_params(layers=RBM, warm_start=True, n_iter=1)
    twin = pickle.loads(pickle.dumps(dbn)).partial_fit(X, Y, classes=LABELS)
    assert_same_bits(twin, fit(fine_tuning=tuning, n_iter=1))
    assert_same_bits(dbn.fit(X, Y), twin)


@pytest.mark.parametrize(
    "params",
    [
        {"fine_tuning": "backprop"},
        {"fine_tuning": "up-down"},
        {"solver": "lbfgs"},
        {"early_stopping": True},
    ],
    ids=str,
)
def test_an_interrupted_fine_tuning_leaves_the_last_finished_epoch(params):
    dbn = make(n_iter=9, **params).set_callbacks(Log(interrupt=2))
    with pytest.raises(KeyboardInterrupt):
        dbn.fit(X, Y)
    assert dbn.n_iter_ == 2 == len(dbn.history_["fine_tuning"]["epoch"])
    if not dbn.early_stopping:
        assert_same_bits(dbn, fit(n_iter=2, **params))
    assert dbn.predict(X).shape == (60,)


def test_a_pipeline_in_a_grid_search():
    pipe = make_pipeline(MinMaxScaler(), make(n_iter=1))
    grid = {
        "dbnclassifier__hidden_layer_sizes": [(4,), (5, 3)],
        "dbnclassifier__layers__k": [1, 2],
        "dbnclassifier__layers__n_iter": [1],
    }
    search = GridSearchCV(pipe, grid, cv=2, error_score="raise").fit(3 * X - 7, Y)
    best = search.best_estimator_[-1]
    assert search.best_params_ == {
        "dbnclassifier__hidden_layer_sizes": best.hidden_layer_sizes,
        "dbnclassifier__layers__k": best.layers_[-1].k,
        "dbnclassifier__layers__n_iter": best.layers_[0].n_iter_,
    }


@pytest.mark.parametrize("tuning", TUNINGS)
def test_frames_come_out_and_do_not_get_between_the_layers(tuning):
    pd = pytest.importorskip("pandas")
    plain = fit(fine_tuning=tuning)
    with sklearn.config_context(transform_output="pandas"):
        dbn = fit(fine_tuning=tuning)
        frame = dbn.transform(X)
    assert_same_bits(dbn, plain)
    names = [f"dbnclassifier{j}" for j in range(4)]
    assert list(frame.columns) == names == list(dbn.get_feature_names_out())
    np.testing.assert_array_equal(frame, plain.transform(X))
    layers = clone(RBM).set_output(transform="pandas")
    assert_same_bits(fit(layers=layers, fine_tuning=tuning), plain)
    named = pd.DataFrame(X, columns=list("abcdef"))
    dbn = make(fine_tuning=tuning).fit(named, pd.Series(Y))
    assert_same_bits(dbn, plain)
    assert list(dbn.feature_names_in_) == list("abcdef")


@pytest.mark.parametrize("tuning", TUNINGS)
def test_the_history_has_a_row_an_epoch(tuning):
    dbn = fit(fine_tuning=tuning)
    own = {
        "backprop": {"loss", "accuracy"},
        "up-down": {"reconstruction", "weight_norm"},
        "none": {"reconstruction", "weight_norm"},
    }
    history = dbn.history_["fine_tuning"]
    assert set(history) == {"epoch", "learning_rate", "seconds"} | own[tuning]
    n_epochs = 0 if tuning == "none" else 2
    assert {len(values) for values in history.values()} == {n_epochs}
    assert history["epoch"] == [1, 2][:n_epochs] and dbn.n_iter_ == n_epochs
    assert [h["epoch"] for h in dbn.history_["pretraining"]] == [[1, 2], [1, 2]]


def test_verbose_writes_a_line_an_epoch(capsys):
    fit(layers=None, verbose=1)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 62 and lines[0].startswith("[BernoulliRBM] Iteration 1, ")
    assert lines[61].startswith("[DBNClassifier] epoch 2, learning rate ")
