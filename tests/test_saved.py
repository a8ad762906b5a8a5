"""Estimators that another version has saved say so as soon as they are loaded."""

import copy
import io
import pickle
import zlib
from base64 import b64decode

import joblib
import numpy as np
import pytest
from sklearn.base import BaseEstimator

import skboltz
from skboltz import BernoulliRBM, _saved
from skboltz.datasets import make_bars_and_stripes

PUBLIC = [getattr(skboltz, name) for name in skboltz.__all__]
ESTIMATORS = [
    thing
    for thing in PUBLIC
    if isinstance(thing, type) and issubclass(thing, BaseEstimator)
]
X, _ = make_bars_and_stripes(3)
# BernoulliRBM(3), before estimators said by which version they were saved, from where
# its class was then.
BEFORE = zlib.decompress(
    b64decode(
        "eNpVT8tKA0EQzEOSJSQKXvwFvQT0B4Rccgjm4A8Ms7vt7pB5LN29EQOC4inQN8eD/ol/52wQiXVoupruqu"
        "qXk4+3fu8AuaBNHizv5kBsnOaANFeYuyjTBaAPrbXmfnEX3+PVa3yOlzL1qgiuCR48U1wNZWZBoze+UqgZ"
        "4vL2+7PDl0xyzUWtyOwgriYy8sowYNeOt4B5oDTuyRS1L4NTxN31WkYOuA5llGFTpNrfxFVfsmRaa+MpLY"
        "y9wtZX1AmdP2hi9T/AWjIXXErXurjs/UIyKmooWwtRsiL45OY5ysBeH+0M7M0RO6NGIxl+UqyxAk7Cs79R"
        "EYiPXs2K5AcIZdzLpEuhqlbjgT1qPDyHnNgpaddYUFtDJk9Z9m0+/wH9npSS"
    )
)


def rbm():
    return BernoulliRBM(4, n_iter=2, random_state=0).fit(X)


def test_there_are_estimators():
    assert len(ESTIMATORS) >= 8
    assert all(issubclass(cls, _saved.Estimator) for cls in ESTIMATORS)


def test_what_was_saved_where_a_class_was_before_says_so():
    with pytest.raises(ModuleNotFoundError, match="fit it again here.*from_params"):
        pickle.loads(BEFORE)
    with pytest.raises(ModuleNotFoundError, match="^No module named 'skboltz.other'$"):
        pickle.loads(b"cskboltz.other\nthing\n.")


def test_what_was_saved_before_versions_were_noted_says_so():
    was, now = (  # the name behind its length
        bytes([len(name)]) + name.encode()
        for name in ("skboltz.estimators._rbm", BernoulliRBM.__module__)
    )
    assert was in BEFORE[11:]
    saved = BEFORE[:2] + BEFORE[11:].replace(was, now)  # no frame, whose length changes
    with pytest.raises(pickle.UnpicklingError, match="did not say its number"):
        pickle.loads(saved)


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_another_format_is_refused(cls, monkeypatch):
    saved = pickle.dumps(cls())
    assert pickle.loads(saved).get_params().keys() == cls().get_params().keys()
    monkeypatch.setattr(_saved, "FORMAT", _saved.FORMAT + 1)
    monkeypatch.setattr(_saved, "__version__", "9.8.7")
    with pytest.raises(pickle.UnpicklingError, match="attributes than those of 9.8.7"):
        pickle.loads(saved)
    later = pickle.dumps(cls())
    monkeypatch.undo()
    with pytest.raises(pickle.UnpicklingError, match=r"another skboltz \(9.8.7\)"):
        pickle.loads(later)


def test_the_format_is_looked_at_before_classes_that_may_be_gone(monkeypatch):
    monkeypatch.setattr(_saved, "FORMAT", _saved.FORMAT + 1)
    saved = pickle.dumps(rbm(), protocol=0)
    monkeypatch.undo()
    gone = saved.replace(b"skboltz.learning", b"skboltz.unlearnt")
    gone = gone.replace(b"_rbm\nBernoulliRBM", b"_rbm\nBernoulliRBN")
    assert gone.count(b"unlearnt") and gone.count(b"BernoulliRBN")
    with pytest.raises(pickle.UnpicklingError, match="another skboltz"):
        pickle.loads(gone)


def through_joblib(model):
    file = io.BytesIO()
    joblib.dump(model, file)
    file.seek(0)
    return joblib.load(file)


WAYS = {
    "pickle": lambda model: pickle.loads(pickle.dumps(model)),
    "joblib": through_joblib,
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_what_this_version_has_saved_is_whole(way):
    model = rbm()
    again = way(model)
    assert vars(again).keys() == vars(model).keys()
    expected = model.partial_fit(X).components_
    np.testing.assert_array_equal(again.partial_fit(X).components_, expected)


def test_the_advice_is_followed():
    model = rbm()
    kept = model.components_, model.intercept_hidden_, model.intercept_visible_
    again = BernoulliRBM.from_params(*kept)
    np.testing.assert_array_equal(again.score_samples(X), model.score_samples(X))
