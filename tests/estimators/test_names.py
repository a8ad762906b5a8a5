"""One name for one thing: what cousins share has the same names and defaults."""

import inspect

import pytest

import skboltz

ESTIMATORS = [
    kind
    for kind in vars(skboltz).values()
    if inspect.isclass(kind) and hasattr(kind, "get_params")
]


def parameters_of(function):
    """Names, kinds and defaults, without self."""
    _, *found = inspect.signature(function).parameters.values()
    return [(p.name, p.kind, p.default) for p in found]


@pytest.mark.parametrize(
    "kind", [kind for kind in ESTIMATORS if hasattr(kind, "log_partition")]
)
def test_log_partition_has_the_same_arguments_in_every_class(kind):
    assert parameters_of(kind.log_partition) == parameters_of(
        skboltz.BernoulliRBM.log_partition
    )
    assert parameters_of(kind.log_partition)[1][0] == "betas"


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_no_public_method_but_set_params_hides_its_arguments(kind):
    for name, method in inspect.getmembers(kind, inspect.isfunction):
        hidden = [p for p in parameters_of(method) if p[1] == p[1].VAR_KEYWORD]
        if not name.startswith("_") and name not in ("set_params", "fit_transform"):
            assert not hidden, name


@pytest.mark.parametrize(
    "kind", [kind for kind in ESTIMATORS if hasattr(kind, "sample")]
)
def test_every_sample_gives_states_or_means(kind):
    assert ("visible", "states") in [(p[0], p[2]) for p in parameters_of(kind.sample)]
