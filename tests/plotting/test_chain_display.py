"""The display of chains draws the traces and their autocorrelation."""

import builtins

import matplotlib.pyplot as plt
import numpy as np
import pytest

from skboltz.plotting import ChainDisplay
from skboltz.sampling._diagnostics import autocorrelation, autocorrelation_time

pytestmark = pytest.mark.no_kernel


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture
def traces():
    return np.random.default_rng(0).standard_normal((3, 50)).cumsum(axis=1)


def test_every_chain_is_a_line_over_the_sweeps(traces):
    display = ChainDisplay.from_traces(traces, name="free energy")
    assert len(display.lines_) == 3
    for line, trace in zip(display.lines_, traces, strict=True):
        assert line.axes is display.axes_[0]
        np.testing.assert_array_equal(line.get_xdata(), np.arange(1, 51))
        np.testing.assert_array_equal(line.get_ydata(), trace)
    assert display.axes_[0].get_ylabel() == "free energy"
    assert display.axes_[0].get_xlabel() == "sweep"
    assert "sweeps" in display.axes_[1].get_xlabel()


def test_the_autocorrelation_stands_beside_with_its_time_marked(traces):
    display = ChainDisplay.from_traces(traces)
    line, tau = display.autocorrelation_line_, autocorrelation_time(traces)
    assert line.axes is display.axes_[1]
    np.testing.assert_array_equal(line.get_xdata(), np.arange(50))
    np.testing.assert_array_equal(line.get_ydata(), autocorrelation(traces))
    np.testing.assert_array_equal(display.autocorrelation, autocorrelation(traces))
    assert display.autocorrelation_time_ == tau
    assert display.autocorrelation_time_line_.axes is display.axes_[1]
    assert set(display.autocorrelation_time_line_.get_xdata()) == {tau}
    (text,) = display.axes_[1].get_legend().get_texts()
    assert f"{tau:.3g} sweeps" in text.get_text()


@pytest.mark.parametrize("n_steps", [4, 5000])
def test_the_time_is_in_view_and_long_noise_is_not(n_steps):
    traces = np.random.default_rng(0).standard_normal((2, n_steps))
    display = ChainDisplay.from_traces(traces)
    low, high = display.axes_[1].get_xlim()
    assert low == 0 and display.autocorrelation_time_ < high <= min(n_steps, 25)


def test_what_was_given_is_drawn(traces):
    display = ChainDisplay(traces, np.zeros(50), "mean of the spins").plot(color="red")
    np.testing.assert_array_equal(display.autocorrelation_line_.get_ydata(), 0)
    assert {line.get_color() for line in display.lines_} == {"red"}


def test_given_axes_are_used(traces):
    figure, axes = plt.subplots(1, 2)
    display = ChainDisplay.from_traces(traces, ax=axes)
    assert display.figure_ is figure
    assert list(display.axes_) == list(axes)
    again = display.plot(ax=tuple(axes))
    assert again is display and plt.get_fignums() == [figure.number]


def test_new_axes_are_two_on_one_figure(traces):
    display = ChainDisplay.from_traces(traces)
    assert display.figure_.axes == list(display.axes_)
    assert plt.get_fignums() == [display.figure_.number]
    display.figure_.canvas.draw()


def test_constant_traces_have_no_time_to_mark():
    display = ChainDisplay.from_traces(np.ones((2, 6)))
    assert display.autocorrelation_time_ == np.inf
    assert display.autocorrelation_time_line_ is None
    assert display.axes_[1].get_legend() is None
    display.figure_.canvas.draw()


def test_errors_say_what_to_do(traces):
    with pytest.raises(ValueError, match=r"traces has shape \(50,\)"):
        ChainDisplay.from_traces(traces[0])
    for ax in (plt.subplots()[1], plt.subplots(1, 3)[1], plt.subplots(2, 2)[1]):
        with pytest.raises(ValueError, match=r"ax has shape .* plt.subplots\(1, 2\)"):
            ChainDisplay.from_traces(traces, ax=ax)


def test_without_matplotlib_the_error_names_the_extra(traces, monkeypatch):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=r"skboltz\[plot\]"):
        ChainDisplay.from_traces(traces)
