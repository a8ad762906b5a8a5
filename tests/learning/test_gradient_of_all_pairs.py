"""Steps of every pair of layers against differences of the exact log-likelihood."""

import numpy as np
import pytest
from model_cases import by_name
from oracles import finite_difference
from pair_cases import PAIRS

from skboltz.learning import CenteredGradient, Enumeration, Gradient, Offsets
from skboltz.learning._sums import Block, Sums
from skboltz.learning.two_phase._positive import data_phase
from skboltz.sampling import Purpose, Stream

STREAM = Stream((3, 4), Purpose.CHAINS)
all_pairs = pytest.mark.parametrize(**by_name(PAIRS))


def offsets_of(case):
    """Near the means of the rows, but not these."""
    hidden = case.oracle.hidden_mean(case.rows).mean(axis=0)
    return Offsets(case.rows.mean(axis=0) + 0.3, hidden - 0.2)


def slopes(case, arrays, as_params):
    """Finite differences of the mean log-likelihood by each array."""

    def with_array(i):
        return lambda array: (
            case.oracle_of(as_params([*arrays[:i], array, *arrays[i + 1 :]]))
            .log_likelihood(case.rows)
            .mean()
        )

    return [finite_difference(with_array(i), array) for i, array in enumerate(arrays)]


def exact_sums(case):
    """Sums of weight 1 of a machine neither layer of which can be enumerated."""
    below, above, product = case.oracle.sums()
    return Sums(
        (Block(None, product),),
        type(case.params.hidden)(*above),
        type(case.params.visible)(*below),
        1.0,
    )


def step_of(case, gradient):
    """The step of both exact phases at a rate of 1."""
    data = data_phase(case.model, case.params, case.rows)
    sizes = case.params.weights.shape[::-1]
    units = case.model.visible_unit, case.model.hidden_unit
    if min(u.n_states(n) for u, n in zip(units, sizes, strict=True)) == np.inf:
        negative = exact_sums(case)
    else:
        negative, _ = Enumeration().step(case.model, case.params, STREAM, data)
    phases = data.sums, negative, 1.0, offsets_of(case)
    step = gradient.step(case.model, case.params, *phases)
    # What is left to do, but for the halving of steps that lead too far.
    gradient.finish(Free(case.model), case.params, step, offsets_of(case), 1.0)
    return step.arrays()


class Free:
    """A model whose sums have an end whatever the weights are said to be."""

    may_diverge = False

    def __init__(self, model):
        self.visible_unit, self.hidden_unit = model.visible_unit, model.hidden_unit


def assert_close(case, found, expected):
    """What is no parameter of a column, and is 0, stays 0."""
    for i, (a, b) in enumerate(zip(found, expected, strict=True)):
        a = np.where(absent(case)[i], 0, a)
        b = np.where(absent(case)[i], 0, b)
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-7, err_msg=f"array {i}")


def absent(case):
    """Where an array holds a parameter that the unit there has not."""
    masks = [np.zeros(1, bool)]
    for law, params in zip(case.laws, case.params[1:], strict=True):
        gaussian = {c for g in law for c in g.columns if len(g.points) == 601}
        masks.append(np.zeros(len(params.bias), bool))
        for array in params[1:]:
            masks.append(np.array([i not in gaussian for i in range(len(array))]))
    return masks


@all_pairs
def test_the_plain_step_is_the_slope_of_the_log_likelihood(case):
    expected = slopes(case, case.params.arrays(), case.with_arrays)
    found = step_of(case, Gradient())
    assert_close(case, found, expected)
    for array, mask in zip(found, absent(case), strict=True):
        assert not array[np.broadcast_to(mask, array.shape)].any()


def offset_statistics(case, params):
    """Offsets of the values, as statistics: divided by variances that may move."""
    offsets = offsets_of(case)
    return [
        own / np.exp(params_of_layer[1]) if len(params_of_layer) > 1 else own
        for own, params_of_layer in zip(offsets, params[1:], strict=True)
    ]


def with_biases(case, params, sign):
    """Plain parameters from centered ones (sign -1), or the other way round (+1).

    E has -(psi - l)'W(phi - m): the biases of the plain machine are b = b' - W'l and
    c = c' - W m.
    """
    below, above = offset_statistics(case, params)
    w = params.weights
    return params._replace(
        visible=params.visible._replace(bias=params.visible.bias + sign * above @ w),
        hidden=params.hidden._replace(bias=params.hidden.bias + sign * w @ below),
    )


@all_pairs
def test_the_centered_step_is_the_slope_in_centered_parameters(case):
    def plain(arrays):
        return with_biases(case, case.with_arrays(arrays), -1)

    centered = with_biases(case, case.params, +1).arrays()
    slope = slopes(case, centered, plain)
    slope = [
        np.where(mask, 0, array)
        for array, mask in zip(slope, absent(case), strict=True)
    ]
    # What a small step along it does to the parameters of the plain machine.
    ends = [
        plain([a + h * s for a, s in zip(centered, slope, strict=True)]).arrays()
        for h in (1e-5, -1e-5)
    ]
    expected = [(up - down) / 2e-5 for up, down in zip(*ends, strict=True)]
    assert_close(case, step_of(case, CenteredGradient()), expected)
