"""A new user stored patterns in Hopfield memories, and met these."""

import numpy as np
import pandas as pd
import pytest

from skboltz import HopfieldMemory
from skboltz.learning import EnergyDescent, Hebb, MinimalOverlap, Perceptron, Unlearning
from skboltz.sampling import Asynchronous, GradedResponse, Stochastic, Synchronous

X = np.random.default_rng(0).choice([-1, 1], (6, 60))


@pytest.mark.parametrize("dtype", [bool, np.uint8])
def test_a_cue_whose_type_has_no_minus_one(dtype):
    """Boolean cues to a memory of -1 and +1 recalled True throughout; uint8 crashed."""
    memory = HopfieldMemory("pseudo-inverse").fit(X)
    with pytest.warns(UserWarning, match="other than -1 and 1"):
        recalled = memory.transform((X > 0).astype(dtype))
    assert recalled.dtype == np.int8
    np.testing.assert_array_equal(recalled, X)


@pytest.mark.parametrize("missing", [None, pd.NA])
def test_none_and_na_are_missing(missing):
    """None in a list of cues crashed in the text of a warning, pandas.NA in float()."""
    memory = HopfieldMemory("pseudo-inverse").fit(X)
    cues = X.astype(object)
    cues[:, :10] = missing
    np.testing.assert_array_equal(memory.transform(cues.tolist()), X)
    np.testing.assert_array_equal(memory.transform(pd.DataFrame(cues)), X)


def test_the_scale_of_weights_does_not_matter():
    """Weights of 100 each made stabilities of minimal overlap 7 times smaller."""
    kappa = [
        HopfieldMemory(rule).fit(X, sample_weight=np.full(6, weight)).stability()
        for weight in (0.01, 1.0, 100.0)
        for rule in (MinimalOverlap(), Perceptron(), Hebb())
    ]
    for one, other in zip(kappa[:3] * 2, kappa[3:], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9)


def test_values_can_be_said():
    """Rows of +1 alone were taken for {0, 1}, and -1 in later rows for 0."""
    memory = HopfieldMemory(values=(-1, 1)).partial_fit(np.ones((1, 60)))
    memory.partial_fit(X)
    np.testing.assert_array_equal(memory.memories_[1:], X)


def test_spurious_states_are_minima_whatever_the_dynamics():
    """By synchronous recall some were one state of a cycle of two, unmarked."""
    memory = HopfieldMemory(dynamics="synchronous", random_state=0).fit(X)
    found = memory.spurious_states(300, random_state=0)
    assert memory.is_fixed_point(found.states).all()


def test_a_feature_without_any_value_is_refused():
    """It silently became +1 in all memories."""
    gappy = X.astype(float)
    gappy[:, 3] = np.nan
    with pytest.raises(ValueError, match="feature 3"):
        HopfieldMemory().fit(gappy)


@pytest.mark.parametrize(
    "part, options",
    [
        (Perceptron, {"symmetric": "no"}),
        (Perceptron, {"max_iter": 2.5}),
        (MinimalOverlap, {"target": np.inf}),
        (EnergyDescent, {"n_steps": -1}),
        (EnergyDescent, {"n_iter": 0}),
        (Unlearning, {"n_dreams": 2.5}),
        (GradedResponse, {"gain": np.inf}),
        (Asynchronous, {"max_iter": 2.5}),
        (Synchronous, {"max_iter": 1.5}),
        (Stochastic, {"betas": ()}),
    ],
)
def test_parts_check_their_parameters(part, options):
    """They were accepted, or failed much later without their names."""
    with pytest.raises(ValueError, match=f"{next(iter(options))} must be"):
        part(**options)


def test_few_temperatures_are_all_averaged():
    """Two temperatures were refused in the name of n_average, which no one had set."""
    assert Stochastic((3.0, 5.0)).averaged == 2


def test_one_blas_thread_for_a_small_rule():
    """A perceptron of 100 units took up to 33 s on two threads, 0.7 s on one."""
    seen = []

    class Spy(Hebb):
        def learn(self, *args):
            from threadpoolctl import threadpool_info

            pools = threadpool_info()
            seen.extend(p["num_threads"] for p in pools if p["user_api"] == "blas")
            return super().learn(*args)

    HopfieldMemory(Spy()).fit(X)
    assert seen and set(seen) == {1}
