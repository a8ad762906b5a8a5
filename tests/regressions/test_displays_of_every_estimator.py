"""Users drew machines of every kind, and met a wrong picture or a wrong error.

A fitted Boltzmann machine was told to be fitted to draw its filters, log-likelihoods
among other metrics were a flat line at -1, and real samples were cut off at 0 and 1.
"""

import matplotlib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from skboltz import (
    BernoulliRBM,
    BoltzmannClassifier,
    BoltzmannMachine,
    DBNClassifier,
    DeepBeliefNetwork,
    DenseAssociativeMemory,
    EnergyImputer,
    GaussianBernoulliRBM,
    HopfieldMemory,
)
from skboltz.plotting import (
    FiltersDisplay,
    RecallDisplay,
    SamplesDisplay,
    TrainingDisplay,
)

matplotlib.use("Agg")
pytestmark = pytest.mark.filterwarnings("ignore")

X = np.random.default_rng(0).integers(0, 2, (20, 6)).astype(float)
Y = np.arange(20) % 2
RBM = BernoulliRBM(3, n_iter=2, method="cd", batch_size=10)
UP_DOWN = {"layers": RBM, "fine_tuning": "up-down", "n_iter": 2}
MACHINES = {
    "rbm": RBM,
    "gaussian": GaussianBernoulliRBM(3, n_iter=2),
    "machine": BoltzmannMachine(3, n_iter=2),
    "spins": BoltzmannMachine(3, n_iter=2, values=(-1, 1)),
    "visible": BoltzmannMachine(0, method="moments", l2=0.1),
    "classifier": BoltzmannClassifier(BoltzmannMachine(3, n_iter=2)),
    "imputer": EnergyImputer(RBM),
    "network": DeepBeliefNetwork((3, 2), layers=RBM),
    "tuned": DeepBeliefNetwork((3, 2), **UP_DOWN),
    "network classifier": DBNClassifier((3, 2), layers=RBM, n_iter=2),
    "hopfield": HopfieldMemory(),
    "hopfield, hidden": HopfieldMemory(n_hidden=3),
    "dense": DenseAssociativeMemory("exponential"),
    "attention": DenseAssociativeMemory(),
}


@pytest.fixture(autouse=True)
def close_figures():
    yield
    matplotlib.pyplot.close("all")


@pytest.fixture(scope="module")
def fitted():
    machines = {}
    for name, machine in MACHINES.items():
        rows = X[:4] if "Memory" in type(machine).__name__ else X
        rows = 2 * rows - 1 if name == "spins" else rows
        labels = [Y[: len(rows)]] if "lassifier" in name else []
        machines[name] = machine.fit(rows, *labels)
    return machines


FILTERS = {
    "rbm": lambda m: m.components_,
    "gaussian": lambda m: m.components_,
    "machine": lambda m: m.coupling_[6:, :6],
    "spins": lambda m: m.coupling_[6:, :6],
    "classifier": lambda m: m.estimator_.coupling_[8:, :6],
    "imputer": lambda m: m.estimator_.components_,
    "network": lambda m: m.layers_[0].components_,
    "tuned": lambda m: m.layers_[0].components_,
    "network classifier": lambda m: m.layers_[0].components_,
    "hopfield, hidden": lambda m: m.coupling_[6:, :6],
}


@pytest.mark.parametrize("name", MACHINES)
def test_filters_of_every_estimator(fitted, name):
    """It said "This BoltzmannMachine instance is not fitted yet", of a fitted one."""
    if name not in FILTERS:
        with pytest.raises(ValueError, match="hidden units"):
            FiltersDisplay.from_estimator(fitted[name])
        return
    display = FiltersDisplay.from_estimator(fitted[name])
    weights = FILTERS[name](fitted[name])
    assert weights.shape == (3, 6)
    order = np.argsort(-np.sqrt((weights**2).sum(axis=1)))
    np.testing.assert_array_equal(display.filters, weights[order])


@pytest.mark.parametrize("display", [FiltersDisplay, TrainingDisplay, SamplesDisplay])
@pytest.mark.parametrize("name", MACHINES)
def test_what_is_not_fitted_is_told_so(display, name):
    with pytest.raises(NotFittedError, match="not fitted yet"):
        display.from_estimator(clone(MACHINES[name]))


@pytest.mark.parametrize("name", MACHINES)
def test_trainings_of_every_estimator(fitted, name):
    """Memories, imputers and classifiers were told to be fitted, too."""
    trained = {"imputer", "classifier", "rbm", "gaussian", "machine", "spins", "tuned"}
    if name in trained or name == "network classifier":
        display = TrainingDisplay.from_estimator(fitted[name])
        assert display.lines_[0].get_xdata().tolist() == [1, 2]
        return
    with pytest.raises(ValueError, match=r"no epochs to draw|keeps no history_"):
        TrainingDisplay.from_estimator(fitted[name])


@pytest.mark.parametrize("name", MACHINES)
def test_samples_of_every_estimator(fitted, name):
    """Real samples below 0 were all black, and above 1 white; so was -1 and 0."""
    if not hasattr(fitted[name], "sample"):
        with pytest.raises(AttributeError, match="no attribute 'sample'"):
            SamplesDisplay.from_estimator(fitted[name])
        return
    if name == "network classifier":
        with pytest.raises(ValueError, match="fine_tuning"):
            SamplesDisplay.from_estimator(fitted[name])
        return
    display = SamplesDisplay.from_estimator(fitted[name], 16, random_state=0)
    low, high = display.image_.get_clim()
    expected = (display.samples.min(), display.samples.max())
    assert (low, high) == (expected if name in ("gaussian", "spins") else (0, 1))


@pytest.mark.parametrize("name", MACHINES)
def test_recalls_of_every_estimator(fitted, name):
    if hasattr(fitted[name], "recall"):
        display = RecallDisplay.from_estimator(fitted[name], X[0])
        np.testing.assert_array_equal(display.memory, fitted[name].memories_[0])
        return
    with pytest.raises(AttributeError, match="no attribute 'recall'"):
        RecallDisplay.from_estimator(fitted[name], X[0])


def test_negative_metrics_among_others_are_not_flat(fitted):
    """-4.13 and -4.12 were drawn at -1 and -0.998."""
    history = {
        "epoch": [1, 2, 3],
        "log_likelihood": [-4.13, -4.12, -4.125],
        "weight_norm": [1.0, 3.0, 4.0],
        "constant": [-2.0, -2.0, -2.0],
    }
    metrics = ["log_likelihood", "weight_norm", "constant"]
    display = TrainingDisplay(history, metrics).plot()
    found = [line.get_ydata() for line in display.lines_]
    np.testing.assert_allclose(found[0], [0, 1, 0.5], atol=1e-9)
    np.testing.assert_allclose(found[1], [0.25, 0.75, 1])
    np.testing.assert_allclose(found[2], [1, 1, 1])
    assert "last -4.12)" in display.lines_[0].get_label()
    assert "range below 0" in display.ax_.get_ylabel()
