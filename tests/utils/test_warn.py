"""Every warning names the line outside of the package that asked for it."""

import inspect
import warnings
from functools import singledispatch
from threading import Thread

import numpy as np
import pytest
from joblib import Parallel, delayed, parallel_config
from sklearn.base import BaseEstimator, clone
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import skboltz
from skboltz import (
    BernoulliRBM,
    BoltzmannClassifier,
    BoltzmannMachine,
    DataRangeWarning,
    DBNClassifier,
    DeepBeliefNetwork,
    DenseAssociativeMemory,
    EnergyImputer,
    GaussianBernoulliRBM,
    HopfieldMemory,
    learning,
    utils,
)
from skboltz.callbacks import LikelihoodMonitor
from skboltz.sampling import Synchronous
from skboltz.units import BERNOULLI

BITS = (np.random.default_rng(0).random((40, 4)) < 0.5).astype(float)
OUTSIDE = np.where(BITS > 0, 1.5, 0.25)  # memories still take them for BITS
LABELS = np.arange(40) % 2
UNKNOWN = np.where(np.arange(4) == 2, np.nan, BITS)


def caught(ask):
    """What is warned of, whatever has been before."""
    with warnings.catch_warnings(record=True) as record:
        warnings.simplefilter("always")
        ask()
    return record


# Values out of range, everywhere ----------------------------------------------------

LAYERS = BernoulliRBM(n_iter=1)
ASKED = {
    "BernoulliRBM": BernoulliRBM(2, n_iter=1),
    "BoltzmannMachine": BoltzmannMachine(2, n_iter=1),
    "BoltzmannClassifier": BoltzmannClassifier(BoltzmannMachine(2, n_iter=1)),
    "DBNClassifier": DBNClassifier((2,), layers=LAYERS, n_iter=1, random_state=0),
    "DeepBeliefNetwork": DeepBeliefNetwork((2, 2), layers=LAYERS),
    "DenseAssociativeMemory": DenseAssociativeMemory("polynomial"),
    "EnergyImputer": EnergyImputer(BernoulliRBM(2, n_iter=1)),
    "HopfieldMemory": HopfieldMemory(),
}
WITHOUT_RANGE = {"CapacityCurve", "GaussianBernoulliRBM"}
OF_ROWS = {"X", "given"}
OF_HIDDEN = "inverse_transform"  # whose X are values of hidden units


def methods_of_rows():
    for name, estimator in ASKED.items():
        kind = type(estimator)
        for method in dir(kind):
            function = getattr(kind, method)
            if method.startswith("_") or method == OF_HIDDEN or not callable(function):
                continue
            if OF_ROWS & set(inspect.signature(function).parameters):
                yield name, method


def test_all_estimators_are_asked():
    public = (getattr(skboltz, name) for name in skboltz.__all__)
    estimators = {
        kind.__name__
        for kind in public
        if inspect.isclass(kind) and issubclass(kind, BaseEstimator)
    }
    assert estimators - WITHOUT_RANGE == set(ASKED)


@pytest.mark.parametrize("name, method", list(methods_of_rows()))
def test_values_out_of_range_name_who_gave_them(name, method):
    estimator = clone(ASKED[name])
    if not method.startswith(("fit", "partial_fit")):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            estimator.fit(BITS, LABELS)
    function = getattr(estimator, method)
    X = OUTSIDE[:1] if method == "forget" else OUTSIDE  # some must be left
    values = {"X": X, "given": X, "y": LABELS, "classes": [0, 1]}
    takes = set(inspect.signature(function).parameters) & set(values)
    record = caught(lambda: function(**{key: values[key] for key in takes}))
    assert DataRangeWarning in {warning.category for warning in record}
    assert {warning.filename for warning in record} == {__file__}


def test_tables_do_not_stand_between():
    machine = clone(ASKED["BernoulliRBM"]).fit(BITS).set_output(transform="pandas")
    (warning,) = caught(lambda: machine.transform(OUTSIDE))
    assert warning.filename == __file__


# Other warnings ---------------------------------------------------------------------


def of_a_callback():
    machine = BoltzmannMachine(0, method="moments", l2=0.1)
    machine.set_callbacks(LikelihoodMonitor(BITS)).fit(BITS)


def of_a_rate():
    digits = (load_digits().data[:200] > 7).astype(float)
    settings = {"learning_rate": 1e3, "rate_guard": True, "random_state": 0}
    BernoulliRBM(8, n_iter=2, **settings).fit(digits)


def of_a_runaway():
    settings = {"learning_rate": 3.0, "n_iter": 10, "random_state": 0}
    rows = np.random.default_rng(2).normal(size=(60, 4)) * [1, 2, 3, 4]
    GaussianBernoulliRBM(8, **settings).fit(rows)


def few_chains():
    machine = BernoulliRBM(3, n_iter=0).fit(np.eye(4))
    machine.log_partition(method="bridge", n_chains=20, n_sweeps=1, betas=20)


def one_way():
    """Couplings of one direction, with which recall need not end."""
    rule = learning.Perceptron(symmetric=False)
    patterns = np.random.default_rng(5).choice([-1, 1], (30, 20))
    return HopfieldMemory(rule, dynamics=Synchronous(max_iter=1)).fit(patterns)


def restless():
    coupling = np.random.default_rng(3).normal(size=(8, 8))
    np.fill_diagonal(coupling, 0)
    return HopfieldMemory.from_params(coupling)


def short():
    memory = DenseAssociativeMemory("polynomial", max_iter=2, degree=2)
    return memory.fit(np.random.default_rng(0).integers(0, 2, (60, 64)))


CUES = np.random.default_rng(6).choice([-1, 1], (200, 20))
WIDE = np.random.default_rng(1).integers(0, 2, (40, 64))
OTHERS = {
    "a callback that sees no epoch": (of_a_callback, "saw no epoch"),
    "a rate too high": (of_a_rate, "diverged and was undone"),
    "a machine that ran away": (of_a_runaway, "prefers other states"),
    "no known value, a machine": (
        lambda: BernoulliRBM(2, n_iter=1).fit(UNKNOWN),
        "no known value",
    ),
    "no known value, a Gaussian machine": (
        lambda: GaussianBernoulliRBM(2, n_iter=1).fit(UNKNOWN),
        "no known value",
    ),
    "no known value, an imputer": (
        lambda: EnergyImputer(BernoulliRBM(2, n_iter=1)).fit(UNKNOWN),
        "no known value",
    ),
    "no finite machine": (
        lambda: BoltzmannMachine(0, method="moments").fit(BITS * [1, 1, 1, 0]),
        "units never change",
    ),
    "no finite machine, a function": (
        lambda: learning.fit_pseudo_likelihood(
            BERNOULLI, BITS, learning.all_pairs(4), max_iter=1
        ),
        "has ended with a gradient",
    ),
    "classes not told": (
        lambda: clone(ASKED["DBNClassifier"]).fit(BITS, LABELS),
        "not told apart yet",
    ),
    "log Z": (few_chains, "not to be trusted"),
    "too many memories": (lambda: HopfieldMemory().fit(BITS), "are stable"),
    "too many memories, one by one": (
        lambda: HopfieldMemory().partial_fit(BITS),
        "are stable",
    ),
    "too many dense memories": (
        lambda: DenseAssociativeMemory("polynomial").fit(BITS),
        "are stable",
    ),
    "a rule that has not ended": (
        lambda: HopfieldMemory(learning.Perceptron(max_iter=1)).fit(CUES[:15]),
        "within 1 iterations",
    ),
    "a descent that has not ended": (
        lambda: HopfieldMemory(learning.EnergyDescent(n_iter=1)).fit(CUES[:15]),
        "within 1 updates",
    ),
    "a rule that has not ended, of a curve": (
        lambda: skboltz.capacity_curve(
            HopfieldMemory(learning.Perceptron(max_iter=1)), 20, [1.0], random_state=0
        ),
        "within 1 iterations",
    ),
    "a recall": (lambda: one_way().recall(CUES), "had not ended when recall did"),
    "an answer": (lambda: one_way().predict(CUES), "had not ended when recall did"),
    "states that still move": (
        lambda: restless().spurious_states(20, random_state=0),
        "still moved at the end",
    ),
    "a dense recall": (lambda: short().recall(WIDE), "after 2 steps"),
    "a dense answer": (lambda: short().predict(WIDE), "after 2 steps"),
    "rows of memories with gaps": (
        lambda: short().fit(np.vstack([WIDE, np.where(WIDE[:9], np.nan, 0)])),
        "of 9 rows had not converged",
    ),
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_warnings_name_who_asked(name):
    ask, said = OTHERS[name]
    record = caught(ask)
    assert any(said in str(warning.message) for warning in record)
    assert {warning.filename for warning in record} == {__file__}


# Who is outside ---------------------------------------------------------------------


def say():
    utils.warn("said", UserWarning)


@pytest.mark.parametrize(
    "name",
    [
        "__main__",
        None,
        5,
        "skboltz_tests",
        "sklearn_extra.x",
        "joblibs",
        "mine.sklearn",
    ],
)
def test_what_only_sounds_like_the_package_is_outside(name):
    scope = {"warn": utils.warn, "__name__": name}
    if name is None:  # as exec(code, {}) runs it
        del scope["__name__"]
    exec(compile("def f():\n    warn('said', UserWarning)", "<here>", "exec"), scope)
    (warning,) = caught(scope["f"])
    assert (warning.filename, warning.lineno) == ("<here>", 2)


@pytest.mark.parametrize("name", ["skboltz", "skboltz.x._y", "sklearn.z", "joblib.w"])
def test_what_is_of_the_package_and_around_it_is_inside(name):
    scope = {"warn": utils.warn, "__name__": name}
    exec(compile("def f():\n    warn('said', UserWarning)", "<there>", "exec"), scope)
    (warning,) = caught(lambda: scope["f"]())
    assert warning.filename == __file__


def test_what_chooses_among_functions_of_the_package_is_inside():
    scope = {"warn": utils.warn, "__name__": "skboltz.x"}
    exec("def f(x):\n    warn('said', UserWarning)", scope)
    choose = singledispatch(scope["f"])
    (warning,) = caught(lambda: choose(1))
    assert warning.filename == __file__


def test_a_thread_in_which_nobody_asked_is_warned_all_the_same():
    machine = clone(ASKED["BernoulliRBM"]).fit(BITS)

    def in_a_thread():
        thread = Thread(target=machine.free_energy, args=(OUTSIDE,))
        thread.start()
        thread.join()

    def in_threads_of_joblib():
        with parallel_config(backend="threading"):
            calls = (delayed(machine.free_energy)(OUTSIDE) for _ in range(2))
            Parallel(n_jobs=2)(calls)

    for ask, n_warnings in ((in_a_thread, 1), (in_threads_of_joblib, 2)):
        record = caught(ask)
        assert [w.category for w in record] == [DataRangeWarning] * n_warnings


def test_no_frame_is_above_the_outermost(monkeypatch):
    """Where all is inside, as in a thread of the package, the first call is named."""
    monkeypatch.setattr(utils._warn, "_is_inside", lambda frame: True)
    (warning,) = caught(say)
    assert warning.filename != "sys" and warning.lineno > 0


def test_what_scikit_learn_calls_names_who_called_it():
    machine = BernoulliRBM(2, n_iter=1)
    pipeline = make_pipeline(FunctionTransformer(), machine)
    asked = (
        lambda: pipeline.fit(OUTSIDE),
        lambda: pipeline.fit_transform(OUTSIDE),
        lambda: cross_val_score(machine, OUTSIDE, cv=2),
        lambda: GridSearchCV(machine, {"l2": [0, 0.1]}, cv=2).fit(OUTSIDE),
    )
    for ask in asked:
        record = caught(ask)
        assert record
        assert {warning.filename for warning in record} == {__file__}


def test_no_frame_is_looked_at_without_a_warning(monkeypatch):
    machine = clone(ASKED["BernoulliRBM"])
    monkeypatch.setattr(utils._warn, "sys", None)
    with pytest.raises(AttributeError, match="_getframe"):
        machine.fit(OUTSIDE)
    machine.fit(BITS).score_samples(BITS)
