"""Every public estimator keeps every promise, and the promises can be broken."""

import warnings

import pytest
from contract.broken import BROKEN, REJECTED, subclass
from estimator_contract import KNOWN_GAPS, PROMISES, ROWS
from kernel_twins import TWINS
from sklearn.base import BaseEstimator

import skboltz

PUBLIC = {
    thing
    for thing in map(skboltz.__dict__.get, skboltz.__all__)
    if isinstance(thing, type) and issubclass(thing, BaseEstimator)
}
BY_NAME = {row.name: row for row in ROWS}


def binds(promise, row):
    """Whether it does; to find out, the row may be fitted."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return promise.binds(row)


def bound():
    """Rows with the promises that bind them; what is broken has to be, for a reason."""
    for row in ROWS:
        for name, promise in PROMISES.items():
            if not binds(promise, row):
                continue
            reason = row.exempt.get(name) or KNOWN_GAPS.get((row.name, name))
            marks = pytest.mark.xfail(reason=reason, strict=True) if reason else ()
            yield pytest.param(row, promise, id=f"{row.name}-{name}", marks=marks)


def kept(row, promise):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        promise(row)


@pytest.mark.parametrize("row, promise", list(bound()))
def test_the_promise_is_kept(row, promise):
    kept(row, promise)


def test_every_public_estimator_is_bound():
    assert {type(row.make()) for row in ROWS} == PUBLIC
    assert len(BY_NAME) == len(ROWS)


def test_what_is_exempt_is_a_promise_that_binds():
    gaps = {(row.name, name) for row in ROWS for name in row.exempt} | set(KNOWN_GAPS)
    assert all(PROMISES[name].binds(BY_NAME[row]) for row, name in gaps)


def test_every_promise_has_a_control_that_it_binds():
    assert set(BROKEN) == set(PROMISES)
    unbound = {"kernels_return_the_same_bits"} if len(TWINS) == 1 else set()
    assert set(BROKEN) - set(CONTROLS) == unbound


CONTROLS = [name for name in BROKEN if binds(PROMISES[name], BY_NAME[BROKEN[name][0]])]


@pytest.mark.parametrize("name", CONTROLS)
def test_a_broken_promise_is_rejected(name):
    row, methods = BROKEN[name]
    with pytest.raises(REJECTED):
        kept(subclass(BY_NAME[row], f"Broken_{name}", **methods), PROMISES[name])


@pytest.mark.parametrize("name", CONTROLS)
def test_a_subclass_that_breaks_nothing_is_not(name):
    row, _ = BROKEN[name]
    kept(subclass(BY_NAME[row], f"Sound_{name}"), PROMISES[name])
