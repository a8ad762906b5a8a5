"""What an estimator has because those around it have it."""

import joblib
import numpy as np
import pytest
from sklearn.base import BaseEstimator

from skboltz import (
    BernoulliRBM,
    BoltzmannClassifier,
    BoltzmannMachine,
    DenseAssociativeMemory,
    EnergyImputer,
    HopfieldMemory,
)
from skboltz.callbacks import Checkpoint, EpochCallback, LikelihoodMonitor

X = np.tile([[0.0, 0.0, 1.0], [1.0, 1.0, 0.0]], (10, 1))
GAPS = np.where(np.eye(20, 3) > 0, np.nan, X)
RBM = BernoulliRBM(2, n_iter=4, random_state=0)


class Log(EpochCallback):
    """Whom it saw, and what that made of a gap; it stops after some epochs."""

    def __init__(self, stop=99):
        self.stop, self.seen = stop, []

    def on_epoch_end(self, model, X):
        self.seen.append((type(model).__name__, model.n_iter_, X.shape))
        if hasattr(model, "estimator_"):
            assert np.isfinite(model.transform(GAPS)).all()
        return model.n_iter_ == self.stop


def test_a_classifier_has_the_history_of_its_machine():
    machine = BoltzmannMachine(2, hidden_hidden=False, n_iter=3, random_state=0)
    classifier = BoltzmannClassifier(machine).fit(X, X[:, 0])
    assert classifier.history_ is classifier.estimator_.history_
    assert classifier.partial_fit(X, X[:, 0]).history_["epoch"] == [1, 2, 3, 4]


@pytest.mark.parametrize("kind", [HopfieldMemory, DenseAssociativeMemory])
def test_memories_with_labels_have_log_probabilities(kind):
    rows = np.array([[1, 1, 1, 1.0], [1, -1, 1, -1], [1, 1, -1, -1]])
    memory = kind().fit(rows, ["a", "b", "b"])
    with np.errstate(divide="ignore"):
        expected = np.log(memory.predict_proba(rows))
    np.testing.assert_array_equal(memory.predict_log_proba(rows), expected)
    assert not hasattr(kind().fit(rows), "predict_log_proba")


def test_callbacks_of_an_imputer_see_the_epochs_of_its_machine(tmp_path):
    inside, outside = Log(), Log(stop=3)
    rbm = BernoulliRBM(2, n_iter=9, random_state=0).set_callbacks(inside)
    path = tmp_path / "imputer-{epoch}.joblib"
    imputer = EnergyImputer(rbm).set_callbacks(outside, Checkpoint(path)).fit(GAPS)
    assert outside.seen == [("EnergyImputer", n, (20, 3)) for n in (1, 2, 3)]
    assert inside.seen == [("BernoulliRBM", n, (20, 3)) for n in (1, 2, 3)]
    assert imputer.n_iter_ == imputer.estimator_.n_iter_ == 3
    assert vars(imputer.estimator_)["_skl_callbacks"] == [inside]
    saved = joblib.load(tmp_path / "imputer-3.joblib")
    np.testing.assert_array_equal(saved.transform(GAPS), imputer.transform(GAPS))
    alone = EnergyImputer(BernoulliRBM(2, n_iter=3, random_state=0)).fit(GAPS)
    np.testing.assert_array_equal(alone.transform(GAPS), imputer.transform(GAPS))
    assert "_skl_callbacks" not in vars(alone.estimator_)


def test_a_score_that_an_imputer_has_not_is_set_on_its_machine():
    monitor = LikelihoodMonitor(X, metrics="log_likelihood")
    with pytest.raises(ValueError, match="set the callback on `estimator`"):
        EnergyImputer(RBM).set_callbacks(monitor).fit(GAPS)
    monitor = LikelihoodMonitor(X, metrics="log_likelihood")
    EnergyImputer(BernoulliRBM(2, n_iter=4).set_callbacks(monitor)).fit(GAPS)
    assert monitor.history_["epoch"] == [1, 2, 3, 4]


class Halves(BaseEstimator):
    """A machine of somebody else, without epochs and callbacks."""

    def fit(self, X, y=None, sample_weight=None):
        return self

    def impute(self, X, strategy, random_state):
        return np.where(np.isnan(X), 0.5, X)


def test_a_machine_without_epochs_has_none_to_tell_of():
    imputer = EnergyImputer(Halves()).fit(GAPS)
    assert (imputer.transform(GAPS)[np.isnan(GAPS)] == 0.5).all()
    assert not hasattr(imputer, "n_iter_")
    with pytest.warns(UserWarning, match="saw no epoch of EnergyImputer"):
        EnergyImputer(Halves()).set_callbacks(Log()).fit(GAPS)
