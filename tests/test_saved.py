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
# BernoulliRBM(3), before estimators said by which version they were saved.
BEFORE = (
    "eJxVUMtKA1EM7UPaobQK/oE73QzoDwjddFHswh+43JnGmUvvY0gyFQuCLgtx5XWhf+LfeaeI1LMI"
    "OSHJOcnLycdbv3eAXNCmCJZ3ORAbpzkg5bVGF7xpXa6wcFGmc0AfWmvN/fwuvser1/gcL2XqVRlc"
    "Ezx4prgcysyCRm98pVAzxMXt92eHL5kUmstakdlBXE5k5JVhwC4dbwGLQKnckylqvw5OEXfTKxk5"
    "4DqsowybMsX+Ji77kiXRWhtPqWHsFba+om7R+YMmVv8NrCRzwSV3rYuL3i8ko7KGdWshSlYGn9Q8"
    "RxnY66Oegb05YmfUaCTDT4o1VsBp8eyvVAbio1OzMukBwjruZdK5UFWr8cAe01u745ATOyXtGgtq"
    "a8gUycu+LfIfTK6YpA=="
)


def rbm():
    return BernoulliRBM(4, n_iter=2, random_state=0).fit(X)


def test_there_are_estimators():
    assert len(ESTIMATORS) >= 8
    assert all(issubclass(cls, _saved.Estimator) for cls in ESTIMATORS)


def test_what_was_saved_before_versions_were_noted_says_so():
    with pytest.raises(pickle.UnpicklingError, match="did not say its number"):
        pickle.loads(zlib.decompress(b64decode(BEFORE)))


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
