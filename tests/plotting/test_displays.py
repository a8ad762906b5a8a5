"""Displays draw what they are given, where they are told."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from skboltz import BernoulliRBM, DBNClassifier
from skboltz.plotting import FiltersDisplay, SamplesDisplay, TrainingDisplay


@pytest.fixture(scope="module")
def rbm():
    X = (np.random.default_rng(0).random((40, 12)) < 0.3).astype(float)
    return BernoulliRBM(5, n_iter=3, random_state=0).fit(X)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def drawn(display):
    return np.ma.filled(display.image_.get_array(), np.nan)


def test_filters_are_drawn_by_norm_and_pixel_by_pixel(rbm):
    display = FiltersDisplay.from_estimator(rbm, image_shape=(3, 4), n_filters=3)
    norms = np.linalg.norm(rbm.components_, axis=1)
    first, second, third = rbm.components_[np.argsort(-norms)[:3]].reshape(3, 3, 4)
    gap = np.full((3, 1), np.nan)
    upper = np.hstack([first, gap, second])
    lower = np.hstack([third, gap, np.full((3, 4), np.nan)])
    expected = np.vstack([upper, np.full((1, 9), np.nan), lower])
    np.testing.assert_array_equal(drawn(display), expected)
    low, high = display.image_.get_clim()
    assert low == -high


def test_samples_are_those_of_the_estimator(rbm):
    display = SamplesDisplay.from_estimator(
        rbm, 2, image_shape=(3, 4), random_state=1, sample_params={"burn_in": 5}
    )
    expected = rbm.sample(2, burn_in=5, random_state=1)
    np.testing.assert_array_equal(display.samples, expected)
    np.testing.assert_array_equal(drawn(display)[:, :4], expected[0].reshape(3, 4))
    assert display.image_.get_clim() == (0, 1)


def test_training_curves_are_shares_of_their_largest_value(rbm):
    display = TrainingDisplay.from_estimator(rbm)
    for line, name in zip(display.lines_, display.metrics, strict=True):
        values = np.array(rbm.history_[name])
        np.testing.assert_allclose(line.get_ydata(), values / abs(values).max())
        np.testing.assert_array_equal(line.get_xdata(), [1, 2, 3])


def test_of_a_deep_network_the_fine_tuning_is_drawn():
    X, y = np.eye(4), np.arange(4)
    dbn = DBNClassifier((3,), pretrain=False, n_iter=2, random_state=0).fit(X, y)
    display = TrainingDisplay.from_estimator(dbn)
    assert display.metrics == ["loss", "accuracy"]
    np.testing.assert_array_equal(display.lines_[1].get_xdata(), [1, 2])
    with pytest.raises(ValueError, match="no epochs to draw"):
        TrainingDisplay.from_estimator(dbn.layers_[0])  # which has learnt nothing
    filters = FiltersDisplay.from_estimator(dbn)
    assert len(filters.filters) == 3


def test_a_given_history_is_drawn_instead(rbm):
    history = {"epoch": [1, 2], "gap": [-4.0, 2.0], "other": [1.0, 2.0]}
    display = TrainingDisplay.from_estimator(
        rbm, metrics=["gap", "other"], history=history
    )
    np.testing.assert_allclose(display.lines_[0].get_ydata(), [-1, 0.5])


def test_likelihoods_are_drawn_in_nats(rbm):
    names = ["log_likelihood", "log_likelihood_validation"]
    history = {"epoch": [1, 2], names[0]: [-9.0, -7.0], names[1]: [-9.5, -8.0]}
    display = TrainingDisplay.from_estimator(rbm, metrics=names, history=history)
    for line, name in zip(display.lines_, names, strict=True):
        np.testing.assert_array_equal(line.get_ydata(), history[name])
    assert display.ax_.get_ylabel() == "nats"


@pytest.mark.parametrize(
    "draw",
    [
        lambda rbm, ax: FiltersDisplay.from_estimator(rbm, ax=ax),
        lambda rbm, ax: SamplesDisplay.from_estimator(rbm, 4, ax=ax),
        lambda rbm, ax: TrainingDisplay.from_estimator(rbm, ax=ax),
    ],
)
def test_a_given_axes_is_used(rbm, draw):
    figure, ax = plt.subplots()
    display = draw(rbm, ax)
    assert display.ax_ is ax and display.figure_ is figure


def test_without_a_square_an_image_is_a_row(rbm):
    display = FiltersDisplay.from_estimator(rbm, n_filters=1)
    assert drawn(display).shape == (1, 12)


def test_errors_say_what_to_do(rbm):
    with pytest.raises(ValueError, match="image_shape is .* 12 features"):
        FiltersDisplay.from_estimator(rbm, image_shape=(5, 5))
    with pytest.raises(ValueError, match="'nonsense'.*choose among .*moment_gap"):
        TrainingDisplay.from_estimator(rbm, metrics=["nonsense"])
    for display in (FiltersDisplay, SamplesDisplay, TrainingDisplay):
        with pytest.raises(NotFittedError):
            display.from_estimator(BernoulliRBM())
