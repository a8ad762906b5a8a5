"""Displays of memories: how much they hold, and how they recall."""

import builtins
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgba
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError

from skboltz import CapacityCurve, HopfieldMemory, capacity_curve
from skboltz.plotting import CapacityDisplay, RecallDisplay
from skboltz.theory import retrieval_error, retrieval_overlap

METRICS = ["overlap", "error", "retrieved", "perfect"]


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture
def curve():
    rng = np.random.default_rng(0)
    return CapacityCurve(np.array([0.3, 0.1, 0.2]), *rng.random((4, 3, 5)))


# Capacity -------------------------------------------------------------------------


@pytest.mark.parametrize("metric", METRICS)
def test_the_line_is_the_mean_by_rising_load(curve, metric):
    display = CapacityDisplay.from_curve(curve, metric=metric, name="mine")
    values = getattr(curve, metric)[[1, 2, 0]]
    np.testing.assert_array_equal(display.line_.get_xdata(), [0.1, 0.2, 0.3])
    np.testing.assert_allclose(display.line_.get_ydata(), values.mean(axis=1))
    assert display.line_.get_label() == "mine"
    assert display.ax_.get_xlabel() == "patterns for each unit"
    assert display.ax_.get_ylabel()


def test_labels_tell_the_metrics_apart(curve):
    labels = {
        CapacityDisplay.from_curve(curve, metric=metric).ax_.get_ylabel()
        for metric in METRICS
    }
    assert len(labels) == len(METRICS)


def test_the_spread_is_that_of_the_repeats(curve):
    display = CapacityDisplay.from_curve(curve)
    corners = {tuple(point) for point in display.spread_.get_paths()[0].vertices}
    for load, values in zip(curve.loads, curve.overlap, strict=True):
        assert {(load, values.min()), (load, values.max())} <= corners


def test_one_repeat_has_no_spread(curve):
    single = CapacityCurve(curve.loads, *(values[:, :1] for values in curve[1:]))
    display = CapacityDisplay.from_curve(single)
    assert display.spread_ is None and not display.ax_.collections
    np.testing.assert_allclose(
        display.line_.get_ydata(), curve.overlap[[1, 2, 0], 0], rtol=1e-15
    )


def test_theory_is_a_line_over_the_same_loads(curve):
    display = CapacityDisplay.from_curve(curve, theory=retrieval_overlap)
    x, y = display.theory_line_.get_data()
    assert x[0] == 0.1 and x[-1] == 0.3 and len(x) > 100
    np.testing.assert_array_equal(y, retrieval_overlap(x))
    texts = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert texts == ["theory"]  # the memory has no name
    assert CapacityDisplay.from_curve(curve).theory_line_ is None


def test_without_anything_to_name_there_is_no_legend(curve):
    assert CapacityDisplay.from_curve(curve).ax_.get_legend() is None


def test_several_curves_share_an_axes(curve):
    first = CapacityDisplay.from_curve(curve, name="a", color="red")
    second = CapacityDisplay.from_curve(curve, name="b", ax=first.ax_)
    assert second.ax_ is first.ax_ and second.figure_ is first.figure_
    assert first.line_.get_color() == "red"
    assert second.line_.get_color() != "red"
    texts = [text.get_text() for text in second.ax_.get_legend().get_texts()]
    assert texts == ["a", "b"]
    assert plt.get_fignums() == [first.figure_.number]


def test_from_estimator_measures_what_the_function_does():
    memory = HopfieldMemory(random_state=0)
    display = CapacityDisplay.from_estimator(
        memory,
        50,
        [0.1, 0.3],
        n_repeats=2,
        noise=0.1,
        random_state=1,
        metric="error",
        theory=retrieval_error,
    )
    expected = capacity_curve(
        memory, 50, [0.1, 0.3], n_repeats=2, noise=0.1, random_state=1
    )
    for a, b in zip(display.curve, expected, strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_allclose(display.line_.get_ydata(), expected.error.mean(axis=1))
    assert display.line_.get_label() == "HopfieldMemory"
    display.figure_.canvas.draw()


def test_unknown_metrics_are_refused(curve):
    with pytest.raises(ValueError, match="metric must be one of"):
        CapacityDisplay.from_curve(curve, metric="loads")


# Recall ---------------------------------------------------------------------------


@pytest.fixture
def trajectory():
    signs = np.random.default_rng(0).random((9, 12)) < 0.5
    states = np.where(signs, 1.0, -1.0)
    states[0, 3:7] = np.nan
    return states


@pytest.fixture
def memory():
    patterns = np.random.default_rng(1).choice([-1, 1], size=(3, 64))
    return HopfieldMemory(random_state=0).fit(patterns)


def drawn(image):
    return np.ma.filled(image.get_array().astype(float), np.nan)


def labels(display):
    return [text.get_text() for text in display.axes_[0].get_xticklabels()]


def test_images_are_the_states_and_the_memory(trajectory):
    display = RecallDisplay.from_trajectory(
        trajectory[:4], np.arange(4), memory=trajectory[5], image_shape=(3, 4)
    )
    expected = [*trajectory[:4], trajectory[5]]
    for image, values in zip(display.images_, expected, strict=True):
        np.testing.assert_array_equal(drawn(image), values.reshape(3, 4))
        assert image.get_clim() == (-1, 1)
    assert labels(display) == ["cue", "sweep 1", "sweep 2", "sweep 3", "memory"]
    places = [image.get_extent()[:2] for image in display.images_]
    for (_, right), (left, _) in zip(places[:-1], places[1:], strict=True):
        assert right < left


def test_unknown_entries_have_a_colour_of_their_own(trajectory):
    display = RecallDisplay.from_trajectory(
        trajectory, np.arange(9), image_shape=(3, 4)
    )
    cue = display.images_[0]
    colours = cue.to_rgba(cue.get_array()).reshape(12, 4)
    unknown = np.isnan(trajectory[0])
    np.testing.assert_allclose(colours[unknown], [to_rgba("lightsteelblue")] * 4)
    red, green, blue, _ = colours[~unknown].T
    assert (red == green).all() and (green == blue).all()
    assert plt.get_cmap("gray").get_bad()[-1] == 0  # matplotlib's own is as before


def test_long_trajectories_keep_both_ends(trajectory):
    display = RecallDisplay.from_trajectory(trajectory, np.arange(9), max_states=4)
    assert labels(display) == ["cue", "sweep 3", "sweep 5", "sweep 8"]
    for image, step in zip(display.images_, [0, 3, 5, 8], strict=True):
        np.testing.assert_array_equal(drawn(image).ravel(), trajectory[step])
    np.testing.assert_array_equal(display.line_.get_xdata(), np.arange(9))


def test_the_energy_stands_below_sweep_by_sweep(trajectory):
    energies = -(np.arange(9.0) ** 2)
    display = RecallDisplay.from_trajectory(trajectory, energies)
    np.testing.assert_array_equal(display.line_.get_ydata(), energies)
    images, below = display.axes_
    assert display.line_.axes is below
    assert {image.axes for image in display.images_} == {images}
    assert below.get_ylabel() == "energy" and below.get_xlabel() == "sweep"
    display.figure_.canvas.draw()
    assert below.get_position().y1 < images.get_position().y0


@pytest.mark.parametrize("image_shape, square", [(None, False), ((3, 4), True)])
def test_a_single_row_is_high_enough_to_be_seen(trajectory, image_shape, square):
    display = RecallDisplay.from_trajectory(
        trajectory, np.arange(9), image_shape=image_shape
    )
    display.figure_.canvas.draw()
    _, _, width, height = display.images_[0].get_window_extent().bounds
    assert height > 20
    rows, columns = image_shape or (1, 12)
    assert (abs(width / columns - height / rows) < 1) == square


def test_two_values_of_any_kind_are_black_and_white(trajectory):
    display = RecallDisplay.from_trajectory((trajectory + 1) / 2, np.arange(9))
    assert display.images_[0].get_clim() == (0, 1)
    display = RecallDisplay.from_trajectory(
        trajectory, np.arange(9), vmin=-3, cmap="viridis"
    )
    assert display.images_[0].get_clim() == (-3, 1)
    assert display.images_[0].get_cmap().name == "viridis"


def test_axes_given_are_used_again(trajectory):
    figure, ax = plt.subplots(2, 1)
    display = RecallDisplay.from_trajectory(trajectory, np.arange(9), ax=ax)
    assert display.figure_ is figure and list(display.axes_) == list(ax)
    assert display.plot(ax=tuple(ax)) is display
    assert plt.get_fignums() == [figure.number]
    display = RecallDisplay(trajectory[:2], np.arange(2)).plot()
    assert labels(display) == ["cue", "sweep 1"]
    assert display.figure_.axes == list(display.axes_)


def test_from_estimator_recalls_and_finds_the_memory(memory):
    cue = memory.memories_[1].astype(float)
    cue[20:] = np.nan
    display = RecallDisplay.from_estimator(memory, cue)
    recalled = memory.recall(cue[None])
    np.testing.assert_array_equal(drawn(display.images_[0]).ravel(), cue)
    last, nearest = (drawn(image).ravel() for image in display.images_[-2:])
    np.testing.assert_array_equal(last, recalled.trajectory[-1, 0])
    np.testing.assert_array_equal(nearest, memory.memories_[1])
    np.testing.assert_array_equal(display.line_.get_ydata(), recalled.energies[:, 0])
    assert (np.diff(display.line_.get_ydata()) <= 0).all()
    assert drawn(display.images_[0]).shape == (8, 8)


class Answers(BaseEstimator):
    """Recalls what it is told to, by two steps."""

    def __init__(self, memories=None, state=None):
        self.memories = memories
        self.state = state
        self.memories_ = memories

    def fit(self, X, y=None):
        return self

    def recall(self, X, shift=0.0):
        ends = np.array([X[0] * 0, X[0] * 0, self.state + shift])
        return SimpleNamespace(trajectory=ends[:, None], energies=np.zeros((3, 1)))


def test_the_nearest_of_two_values_agrees_the_most_by_loops():
    rng = np.random.default_rng(2)
    for _ in range(6):
        memories, state = rng.choice([-1, 1], (5, 21)), rng.choice([-1, 1], 21)
        agreeing = [
            sum(a == b for a, b in zip(row, state, strict=True)) for row in memories
        ]
        display = RecallDisplay.from_estimator(Answers(memories, state), np.ones(21))
        expected = memories[agreeing.index(max(agreeing))]
        np.testing.assert_array_equal(display.memory, expected)
        plt.close("all")


def test_the_reverse_of_the_state_is_no_near_memory():
    state = np.array([1, 1, -1, 1])
    memories = np.array([-state, [-1, 1, 1, 1]])
    display = RecallDisplay.from_estimator(Answers(memories, state), np.ones(4))
    np.testing.assert_array_equal(display.memory, memories[1])


def test_the_nearest_of_real_values_is_at_the_least_distance():
    memories = np.array([[0.0, 0.0], [3.0, 4.0], [9.0, 12.0]])  # all dots the same way
    display = RecallDisplay.from_estimator(
        Answers(memories, np.array([2.0, 3.0])), np.ones(2)
    )
    np.testing.assert_array_equal(display.memory, memories[1])
    display = RecallDisplay.from_estimator(
        Answers(memories, np.array([2.0, 3.0])),
        np.ones(2),
        recall_params={"shift": 6.0},
    )
    np.testing.assert_array_equal(display.memory, memories[2])


def test_without_memories_none_is_drawn():
    display = RecallDisplay.from_estimator(Answers(None, np.ones(4)), [[1, 1, 1, -1]])
    assert display.memory is None
    assert labels(display) == ["cue", "sweep 1", "sweep 2"]


# Errors ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"trajectory": np.ones(12)}, r"trajectory has the shape \(12,\)"),
        ({"trajectory": np.ones((0, 12))}, r"trajectory has the shape \(0, 12\)"),
        ({"energies": np.ones(8)}, r"energies has the shape \(8,\).* 9 states"),
        ({"energies": np.ones((9, 1))}, r"energies has the shape \(9, 1\)"),
        ({"memory": np.ones(11)}, r"memory has the shape \(11,\).* 12 features"),
        ({"max_states": 1}, "max_states must be at least 2.*found 1"),
        ({"image_shape": (5, 5)}, r"image_shape is \(5, 5\)"),
        ({"ax": plt.figure}, r"ax has shape .* plt.subplots\(2, 1\)"),
    ],
)
def test_errors_say_what_to_do(trajectory, changes, message):
    arguments = {"trajectory": trajectory, "energies": np.ones(9)} | changes
    with pytest.raises(ValueError, match=message):
        RecallDisplay.from_trajectory(**arguments)


def test_one_cue_at_a_time(memory):
    with pytest.raises(ValueError, match=r"cue has the shape \(2, 64\)"):
        RecallDisplay.from_estimator(memory, np.ones((2, 64)))


def test_a_memory_has_to_be_fitted():
    with pytest.raises(NotFittedError):
        RecallDisplay.from_estimator(HopfieldMemory(), np.ones(64))


@pytest.mark.parametrize(
    "draw",
    [
        lambda curve, states: CapacityDisplay.from_curve(curve),
        lambda curve, states: RecallDisplay.from_trajectory(states, np.ones(9)),
    ],
)
def test_without_matplotlib_the_error_names_the_extra(
    draw, curve, trajectory, monkeypatch
):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=r"skboltz\[plot\]"):
        draw(curve, trajectory)
