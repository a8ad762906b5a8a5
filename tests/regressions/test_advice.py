"""What an error or a warning advises leads to the right result when it is followed.

Users followed advice and got a wrong answer, an error of another kind, or the same
warning again.  Each case is a situation in which something is said, what of it is the
advice, and the action that takes it: it must work, not hear the same again, and have
the right result.  A room adds a dictionary of its own to `CASES`.
"""

import warnings
from pathlib import Path
from tempfile import mkdtemp

import matplotlib
import numpy as np
import pytest
from advice import Advice, follow

from skboltz import (
    BernoulliRBM,
    BoltzmannMachine,
    DBNClassifier,
    DeepBeliefNetwork,
    DenseAssociativeMemory,
    GaussianBernoulliRBM,
    HopfieldMemory,
    capacity_curve,
)
from skboltz.callbacks import Checkpoint, EarlyStopping, LikelihoodMonitor
from skboltz.learning import Perceptron
from skboltz.models import from_convention, to_convention
from skboltz.plotting import (
    CapacityDisplay,
    ChainDisplay,
    FiltersDisplay,
    RecallDisplay,
    SamplesDisplay,
    TrainingDisplay,
)
from skboltz.sampling import (
    Asynchronous,
    GradedResponse,
    Synchronous,
    effective_sample_size,
    minimize_energy,
)
from skboltz.theory import polynomial_capacity, separation

matplotlib.use("Agg")


SPINS = np.random.default_rng(0).choice([-1.0, 1.0], (4, 30))
BITS = (SPINS + 1) / 2
REAL = np.random.default_rng(1).normal(size=(6, 5))
ROWS = np.random.default_rng(2).integers(0, 2, (20, 6)).astype(float)
CLASSES = np.arange(20) % 2
GAPS = SPINS.copy()
GAPS[:, :4] = np.nan
TRACES = np.random.default_rng(3).normal(size=(2, 50))
LAYER = BernoulliRBM(n_iter=2, method="cd", batch_size=10)


def hopfield(*args, **params):
    return HopfieldMemory("pseudo-inverse", *args, **params)


def exponential(X=SPINS, y=None):
    return DenseAssociativeMemory("exponential").fit(X, y)


def recalls(X):
    """Whether a memory recalls these rows."""
    return lambda memory: (memory.transform(X) == X).all()


def grey(values):
    """Levels between two values, that a threshold of 0.9 cuts back to memories."""
    low, high = values
    return low + (high - low) * (0.86 * BITS + 0.05)


def many(rule, dynamics):
    """Recall from many cues by a rule that makes many memories stable."""
    rng = np.random.default_rng(5)
    memory = HopfieldMemory(rule, dynamics=dynamics, random_state=0)
    memory.fit(rng.choice([-1.0, 1.0], (15, 20)))
    return memory.transform(rng.choice([-1.0, 1.0], (200, 20)))


# Memories ---------------------------------------------------------------------------

MEMORIES = {
    "another threshold of bits": Advice(
        lambda: hopfield().fit(BITS).transform(grey((0, 1))),
        r"np.where\(X > threshold, 1, 0\)",
        lambda: hopfield().fit(BITS).transform(np.where(grey((0, 1)) > 0.9, 1, 0)),
        lambda found: (found == BITS).all(),
    ),
    "another threshold of spins": Advice(
        lambda: exponential().transform(grey((-1, 1))),
        r"np.where\(X > threshold, 1, -1\)",
        lambda: exponential().transform(np.where(grey((-1, 1)) > 0.8, 1, -1)),
        lambda found: (found == SPINS).all(),
    ),
    "another threshold beside gaps": Advice(
        lambda: hopfield().fit(SPINS).transform(0.5 * GAPS),
        r"np.where\(np.isnan\(X\), X, np.where\(X > threshold, 1, -1\)\)",
        lambda: (
            hopfield()
            .fit(SPINS)
            .transform(np.where(np.isnan(GAPS), GAPS, np.where(GAPS > 0.2, 1, -1)))
        ),
        lambda found: (found == SPINS).all(),
    ),
    "the energy of a row with gaps": Advice(
        lambda: hopfield().fit(SPINS).energy(GAPS),
        "fill the gaps first, by transform",
        lambda: (lambda m: m.energy(m.transform(GAPS)) - m.energy(SPINS))(
            hopfield().fit(SPINS)
        ),
        lambda found: (found == 0).all(),
    ),
    "the energy of a row with gaps in a dense memory": Advice(
        lambda: exponential().energy(GAPS),
        "fill the gaps first, by transform",
        lambda: exponential().energy(exponential().transform(GAPS)),
        lambda found: np.isfinite(found).all(),
    ),
    "nothing left": Advice(
        lambda: hopfield().fit(SPINS).forget(SPINS),
        "make a new estimator instead",
        lambda: hopfield(),
        lambda memory: not hasattr(memory, "memories_"),
    ),
    "labels for some": Advice(
        lambda: hopfield().fit(SPINS[:2], ["a", "b"]).partial_fit(SPINS[2:]),
        "y must be given for all",
        lambda: (
            hopfield().fit(SPINS[:2], ["a", "b"]).partial_fit(SPINS[2:], ["c", "d"])
        ),
        lambda memory: memory.predict(SPINS).tolist() == list("abcd"),
    ),
    "changed couplings and partial_fit": Advice(
        lambda: HopfieldMemory.from_params(np.zeros((30, 30))).partial_fit(SPINS),
        "Store all memories by fit",
        lambda: (
            HopfieldMemory.from_params(np.zeros((30, 30)))
            .set_params(rule="pseudo-inverse")
            .fit(SPINS)
        ),
        recalls(SPINS),
    ),
    "recall that has no time": Advice(
        lambda: hopfield(dynamics=GradedResponse(max_iter=1)).fit(SPINS).recall(SPINS),
        "raise max_iter, by dynamics=",
        lambda: hopfield(dynamics=GradedResponse()).fit(SPINS).recall(SPINS),
        lambda found: (found.patterns == SPINS).all(),
    ),
    "a sweep too few": Advice(
        lambda: (
            hopfield(dynamics=Asynchronous(1)).fit(SPINS).transform(-SPINS[:, ::-1])
        ),
        "raise max_iter, by dynamics=",
        lambda: hopfield().fit(SPINS).transform(-SPINS[:, ::-1]),
    ),
    "couplings without symmetry": Advice(
        lambda: many(Perceptron(symmetric=False), Synchronous(max_iter=3)),
        "With couplings that are not symmetric a row may never end",
        lambda: many(Perceptron(), Synchronous()),
    ),
    "steps of spins": Advice(
        lambda: (
            DenseAssociativeMemory("polynomial", degree=3, max_iter=2)
            .fit(SPINS)
            .transform(np.random.default_rng(0).choice([-1, 1], (50, 30)))
        ),
        r"raise max_iter\.$",
        lambda: (
            DenseAssociativeMemory("polynomial", degree=3, max_iter=50)
            .fit(SPINS)
            .transform(np.random.default_rng(0).choice([-1, 1], (50, 30)))
        ),
    ),
    "steps of real patterns": Advice(
        lambda: DenseAssociativeMemory(max_iter=2, tol=0).fit(REAL).transform(REAL + 1),
        "raise max_iter, or tol",
        lambda: (
            DenseAssociativeMemory(max_iter=2, tol=10.0).fit(REAL).transform(REAL + 1)
        ),
    ),
    "a degree too large": Advice(
        lambda: DenseAssociativeMemory("rectified", degree=999).fit(SPINS),
        "Lower it to at most 205,",
        lambda: DenseAssociativeMemory("rectified", degree=205).fit(SPINS),
        recalls(SPINS),
    ),
    "the largest degree there is": Advice(
        lambda: DenseAssociativeMemory("rectified", degree=206).fit(SPINS),
        'take interaction="exponential"',
        exponential,
        recalls(SPINS),
    ),
    "squares that overflow": Advice(
        lambda: DenseAssociativeMemory().fit(REAL * 1e200),
        "Scale it down",
        lambda: DenseAssociativeMemory().fit(REAL * 1e100),
        lambda memory: (memory.predict(REAL * 1e100) == np.arange(6)).all(),
    ),
    "squares that vanish": Advice(
        lambda: DenseAssociativeMemory().fit(REAL * 1e-200),
        "Scale it up",
        lambda: DenseAssociativeMemory().fit(REAL * 1e-100),
        lambda memory: (memory.predict(REAL * 1e-100) == np.arange(6)).all(),
    ),
    "similarities that overflow": Advice(
        lambda: (
            DenseAssociativeMemory(beta=1e10).fit(REAL * 1e150).predict(REAL * 1e150)
        ),
        "Scale both down",
        lambda: DenseAssociativeMemory(beta=1e10).fit(REAL).predict(REAL),
        lambda found: found.tolist() == list(range(6)),
    ),
    "gaps in all memories": Advice(
        lambda: exponential(GAPS),
        "at least one memory must be complete",
        lambda: exponential(np.vstack([SPINS[:1], GAPS[1:]])),
    ),
}

# Sampling, models and data sets -----------------------------------------------------

FULL = np.random.default_rng(0).normal(size=(4, 4))
np.fill_diagonal(FULL, 0)


def gaussian(**params):
    X = np.random.default_rng(0).normal(size=(50, 4)) * [1, 2, 3, 4]
    return GaussianBernoulliRBM(3, n_iter=2, random_state=0, **params).fit(X)._params()


# Of couplings see test_given_couplings.py.
SAMPLING = {
    "couplings by rounding": Advice(
        lambda: minimize_energy(FULL + FULL.T * (1 + 1e-15)),
        r"pass \(coupling \+ coupling.T\) / 2",
        lambda: minimize_energy(FULL + FULL.T, random_state=0),
    ),
    "a single chain": Advice(
        lambda: effective_sample_size(TRACES[0]),
        r"give a single chain as np.atleast_2d\(traces\)",
        lambda: effective_sample_size(np.atleast_2d(TRACES[0].tolist())),
        lambda found: 10 < found < 200,
    ),
    "states in place of scalars": Advice(
        lambda: effective_sample_size(TRACES[None]),
        "record one scalar per chain and sweep",
        lambda: effective_sample_size(TRACES),
        np.isfinite,
    ),
    "chains too short": Advice(
        lambda: effective_sample_size(TRACES[:, :3]),
        "record longer chains, one column per sweep",
        lambda: effective_sample_size(TRACES[:, :4]),
    ),
    "chains that diverged": Advice(
        lambda: effective_sample_size(np.vstack([TRACES, [np.nan] * 50])),
        "drop the chains that hold them",
        lambda: effective_sample_size(TRACES),
        np.isfinite,
    ),
    "a load of nothing": Advice(
        lambda: capacity_curve(hopfield(), 7, [0.01]),
        "take loads of at least 0.142857",
        lambda: capacity_curve(hopfield(), 7, [0.142857], random_state=0),
        lambda curve: curve.loads[0] == 1 / 7,
    ),
    "variances that differ": Advice(
        lambda: to_convention(gaussian(), "lee"),
        'take "natural"',
        lambda: from_convention(to_convention(gaussian(), "natural"), "natural"),
        lambda params: np.allclose(params.weights, gaussian().weights, atol=1e-6),
    ),
    "one variance": Advice(
        lambda: to_convention(gaussian(), "lee"),
        "fit with one sigma",
        lambda: from_convention(to_convention(gaussian(sigma=0.7), "lee"), "lee"),
        lambda params: np.allclose(
            params.weights, gaussian(sigma=0.7).weights, atol=1e-6
        ),
    ),
    "a capacity beyond numbers": Advice(
        lambda: polynomial_capacity(10**9, 50),
        "degree must be smaller",
        lambda: polynomial_capacity(10**9, 20),
        np.isfinite,
    ),
    "a pattern in place of rows": Advice(
        lambda: separation(REAL[0]),
        "must hold rows of patterns",
        lambda: separation(REAL),
    ),
}

# Callbacks --------------------------------------------------------------------------


def dbn(fine_tuning="none", layers=LAYER, kind=DeepBeliefNetwork):
    return kind((4, 3), layers=layers, fine_tuning=fine_tuning, n_iter=2)


class Bounded(DeepBeliefNetwork):
    """A network that somebody else has made, without a pseudo-likelihood."""

    @property
    def pseudo_log_likelihood(self):
        raise AttributeError


def watched(callback, model, y=None):
    """A callback that has seen a fit."""
    model.set_callbacks(callback).fit(ROWS, y)
    return callback


def in_first_layer(callback):
    """The same, set where the layers learn."""
    dbn(layers=[BernoulliRBM(n_iter=2).set_callbacks(callback), LAYER]).fit(ROWS)
    return callback


CALLBACKS = {
    "stop layers": Advice(
        lambda: watched(EarlyStopping(ROWS), dbn()),
        "set the callback on the first machine of a list `layers`",
        lambda: in_first_layer(EarlyStopping(ROWS)),
        lambda stop: stop.best_epoch_ > 0,
    ),
    "watch layers": Advice(
        lambda: watched(LikelihoodMonitor(ROWS), dbn()),
        '`fine_tuning` other than "none"',
        lambda: watched(
            LikelihoodMonitor(ROWS, metrics="log_likelihood"), dbn("up-down")
        ),
        lambda monitor: monitor.history_["epoch"] == [1, 2],
    ),
    "a solver has no epochs": Advice(
        lambda: watched(
            LikelihoodMonitor(ROWS), BoltzmannMachine(0, method="moments", l2=0.1)
        ),
        'take one that learns in epochs, such as "pcd"',
        lambda: watched(
            LikelihoodMonitor(ROWS), BoltzmannMachine(0, method="pcd", n_iter=2)
        ),
        lambda monitor: monitor.history_["epoch"] == [1, 2],
    ),
    "a score that a network has not": Advice(
        lambda: watched(EarlyStopping(ROWS), dbn("up-down", kind=Bounded)),
        "take 'log_likelihood' or a callable",
        lambda: watched(
            EarlyStopping(ROWS, score="log_likelihood"), dbn("up-down", kind=Bounded)
        ),
        lambda stop: np.isfinite(stop.best_score_),
    ),
    "a metric that a network has not": Advice(
        lambda: watched(
            LikelihoodMonitor(ROWS, metrics=["pseudo_log_likelihood"]),
            dbn("up-down", kind=Bounded),
        ),
        "take 'log_likelihood' or 'free_energy_gap'",
        lambda: watched(
            LikelihoodMonitor(ROWS, metrics=["log_likelihood", "free_energy_gap"]),
            dbn("up-down"),
        ),
        lambda monitor: (
            len(monitor.history_["log_likelihood"]) == 2
            and np.isfinite(monitor.history_["free_energy_gap"]).all()
        ),
    ),
    "a score that a classifier has not": Advice(
        lambda: watched(
            EarlyStopping(ROWS, score="log_likelihood"),
            dbn("backprop", kind=DBNClassifier),
            CLASSES,
        ),
        "Instead, take a callable",
        lambda: watched(
            EarlyStopping(ROWS, score=lambda model, X: model.score(X, CLASSES)),
            dbn("backprop", kind=DBNClassifier),
            CLASSES,
        ),
        lambda stop: 0 <= stop.best_score_ <= 1,
    ),
    "no metric of a classifier": Advice(
        lambda: watched(
            LikelihoodMonitor(ROWS), dbn("backprop", kind=DBNClassifier), CLASSES
        ),
        "Instead, set the callback on the first machine of a list `layers`",
        lambda: in_first_layer(LikelihoodMonitor(ROWS)),
        lambda monitor: len(monitor.history_["free_energy_gap"]) == 2,
    ),
    "gaps and pseudo-likelihood": Advice(
        lambda: watched(
            EarlyStopping(np.where(np.eye(20, 6), np.nan, ROWS)),
            BernoulliRBM(2, n_iter=2),
        ),
        'choose "log_likelihood"',
        lambda: watched(
            EarlyStopping(
                np.where(np.eye(20, 6), np.nan, ROWS), score="log_likelihood"
            ),
            BernoulliRBM(2, n_iter=2),
        ),
        lambda stop: np.isfinite(stop.best_score_),
    ),
    "a folder as path": Advice(
        lambda: watched(Checkpoint(mkdtemp()), BernoulliRBM(2, n_iter=1)),
        "name a file in it",
        lambda: watched(
            Checkpoint(Path(mkdtemp()) / "rbm.pkl"), BernoulliRBM(2, n_iter=1)
        ),
        lambda checkpoint: checkpoint.path.exists(),
    ),
}

# Displays ---------------------------------------------------------------------------


def figure():
    from matplotlib import pyplot

    pyplot.close("all")
    return pyplot.figure()


def quietly(function, *args):
    """A fit so short that it warns of how little it has learnt."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(*args)


def machine(n_hidden=3, **params):
    return BoltzmannMachine(n_hidden, n_iter=2, random_state=0, **params).fit(ROWS)


PLOTTING = {
    "filters without hidden units": Advice(
        lambda: FiltersDisplay.from_estimator(machine(0)),
        r"FiltersDisplay\(coupling_, image_shape\).plot\(\)",
        lambda: FiltersDisplay(machine(0).coupling_, (2, 3)).plot(),
        lambda display: display.image_.get_array().shape == (5, 11),
    ),
    "filters of a memory": Advice(
        lambda: FiltersDisplay.from_estimator(exponential()),
        r"FiltersDisplay\(rows, image_shape\).plot\(\)",
        lambda: FiltersDisplay(exponential().memories_, (5, 6)).plot(),
        lambda display: np.nanmax(display.image_.get_array()) == 1,
    ),
    "a shape that does not fit": Advice(
        lambda: FiltersDisplay.from_estimator(machine(), image_shape=6),
        r"must be \(rows, columns\), whose product is 6 features",
        lambda: FiltersDisplay.from_estimator(machine(), image_shape=(3, 2)),
    ),
    "a training without fine-tuning": Advice(
        lambda: TrainingDisplay.from_estimator(dbn().fit(ROWS)),
        r"from_estimator\(network.layers_\[0\]\)",
        lambda: TrainingDisplay.from_estimator(dbn().fit(ROWS).layers_[0]),
        lambda display: len(display.lines_[0].get_xdata()) == 2,
    ),
    "a training of a solver": Advice(
        lambda: TrainingDisplay.from_estimator(machine(0, method="moments", l2=0.1)),
        "the method solves for all rows at once",
        lambda: TrainingDisplay.from_estimator(machine(0)),
        lambda display: len(display.lines_[0].get_xdata()) == 2,
    ),
    "a training of a memory": Advice(
        lambda: TrainingDisplay.from_estimator(exponential()),
        "pass one as history, a dict of lists with 'epoch' among them",
        lambda: TrainingDisplay.from_estimator(
            exponential(), history={"epoch": [1, 2], "gap": [2.0, 1.0]}
        ),
        lambda display: display.lines_[0].get_ydata().tolist() == [2, 1],
    ),
    "a metric not recorded": Advice(
        lambda: TrainingDisplay.from_estimator(machine(), metrics="elbo"),
        "choose among .*'moment_gap'",
        lambda: TrainingDisplay.from_estimator(machine(), metrics="moment_gap"),
    ),
    "several cues": Advice(
        lambda: RecallDisplay.from_estimator(exponential(), SPINS),
        "pass one row",
        lambda: RecallDisplay.from_estimator(exponential(), SPINS[0]),
    ),
    "one axes for two": Advice(
        lambda: ChainDisplay.from_traces(TRACES, ax=figure().subplots()),
        r"make them by plt.subplots\(1, 2\)",
        lambda: ChainDisplay.from_traces(TRACES, ax=figure().subplots(1, 2)),
    ),
    "one axes for images and energy": Advice(
        lambda: RecallDisplay.from_estimator(
            exponential(), SPINS[0], ax=figure().subplots()
        ),
        r"make them by plt.subplots\(2, 1\)",
        lambda: RecallDisplay.from_estimator(
            exponential(), SPINS[0], ax=figure().subplots(2, 1)
        ),
    ),
    "a capacity of no memory": Advice(
        lambda: CapacityDisplay.from_estimator(BernoulliRBM(2, n_iter=1), 30, [0.1]),
        "its transform must return a state for each",
        lambda: CapacityDisplay.from_estimator(hopfield(), 30, [0.1]),
        lambda display: display.curve.perfect.mean() == 1,
    ),
    "samples of a network that learnt classes": Advice(
        lambda: SamplesDisplay.from_estimator(
            dbn("backprop", kind=DBNClassifier).fit(ROWS, CLASSES)
        ),
        'needs fine_tuning="up-down"',
        lambda: SamplesDisplay.from_estimator(
            quietly(dbn("up-down", kind=DBNClassifier).fit, ROWS, CLASSES)
        ),
    ),
}

CASES = {**MEMORIES, **SAMPLING, **CALLBACKS, **PLOTTING}


@pytest.mark.parametrize("name", CASES)
def test_the_advice_leads_to_the_right_result(name):
    follow(CASES[name])
