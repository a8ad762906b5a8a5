"""What the first users met.

A user trained at ever larger learning rates: the machines became useless, and
`moment_gap`, offered as the sign of it, became smaller.  Averaged over an epoch before
it was squared, the difference of the means is the distance that the biases moved,
divided by the rate.  Other users set a callback on a Pipeline, where it saw nothing;
scored pixels from 0 to 255 by a machine that had learnt from 0 to 1, and got
"log-likelihoods" of +47 without a word; asked for batches as long as the data, and got
as many chains; resumed a training, and lost the best machine of the first part.
"""

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from skboltz import BernoulliRBM, DataRangeWarning, DivergenceError
from skboltz.callbacks import Checkpoint, EarlyStopping, LikelihoodMonitor

RNG = np.random.default_rng(0)
X = (RNG.random((60, 6)) < 0.4).astype(float)
HELD_OUT = (RNG.random((30, 6)) < 0.4).astype(float)


def make(**params):
    return BernoulliRBM(4, **{"n_iter": 4, "random_state": 0} | params)


def test_the_moment_gap_grows_with_a_rate_that_is_too_high():
    digits = (load_digits().data > 7).astype(float)
    gaps = [
        make(learning_rate=rate).fit(digits).history_["moment_gap"][-1]
        for rate in (0.1, 5.0, 100.0)
    ]
    assert gaps[0] < 0.8 * gaps[1] and gaps[0] < 0.8 * gaps[2]


@pytest.mark.parametrize("callback", [LikelihoodMonitor, EarlyStopping])
def test_a_callback_that_sees_nothing_says_where_it_belongs(callback):
    model = make_pipeline(make(), LogisticRegression())
    with pytest.warns(UserWarning, match=f"{callback.__name__} saw no epoch of Pip"):
        model.set_callbacks(callback(HELD_OUT)).fit(X, np.arange(60) % 2)


METHODS = (
    "transform",
    "free_energy",
    "score_samples",
    "score",
    "pseudo_log_likelihood",
    "reconstruct",
    "gibbs",
)


@pytest.mark.parametrize("method", METHODS)
def test_values_out_of_range_warn_after_fit_too(method):
    rbm = make().fit(X)
    with pytest.warns(DataRangeWarning, match="from 0 to 16"):
        getattr(rbm, method)(16 * X)


def test_the_range_counts_zeros_that_are_not_stored():
    with pytest.warns(DataRangeWarning, match="from 0 to 2"):
        make().fit(sparse.csr_array(2 * X))


def test_a_hair_out_of_range_is_shown():
    with pytest.warns(DataRangeWarning, match=r"1\.000000001"):
        make().fit(X * (1 + 1e-9))


def test_batches_as_long_as_the_data_do_not_ask_for_as_many_chains():
    rbm = make(batch_size=10**9).fit(X)
    assert rbm.h_samples_.shape == (1000, 4)


def test_a_resumed_training_keeps_its_best():
    scores = [1.0, 9.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]
    stop = EarlyStopping(
        HELD_OUT, score=lambda model, _: scores[model.n_iter_ - 1], n_iter_no_change=3
    )
    monitor = LikelihoodMonitor(HELD_OUT)
    rbm = make(warm_start=True).set_callbacks(stop, monitor).fit(X)
    best = stop.best_estimator_
    rbm.fit(X)
    assert rbm.n_iter_ == 7  # three more without improvement, from where it resumed
    assert stop.best_epoch_ == 2 and stop.best_estimator_ is best
    assert monitor.history_["epoch"] == [1, 2, 3, 4, 5, 6, 7]
    rbm.set_params(warm_start=False).fit(X)
    assert stop.best_epoch_ == 2 and monitor.history_["epoch"] == [1, 2, 3, 4]


def test_gibbs_checks_names_and_takes_sparse_rows():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(X, columns=list("abcdef"))
    rbm = make().fit(frame)
    with pytest.raises(ValueError, match="feature names"):
        rbm.gibbs(frame[list("fedcba")])
    rbm = make().fit(X)
    dense = rbm.gibbs(X, random_state=0)
    np.testing.assert_array_equal(rbm.gibbs(sparse.csr_array(X), random_state=0), dense)


@pytest.mark.parametrize("factor", [-1.0, np.nan, np.inf, "x"])
def test_a_schedule_of_nonsense_is_named(factor):
    with pytest.raises(ValueError, match=r"schedule\(0\) returned"):
        make(schedule=lambda progress: factor).fit(X)


def test_weights_whose_norm_overflows_have_diverged():
    with pytest.raises(DivergenceError, match="learning_rate"):
        make(learning_rate=1e300).fit(X)


@pytest.mark.parametrize(
    "callback, name",
    [
        (lambda path: Checkpoint(None), "path"),
        (lambda path: Checkpoint(path / "x", every=0), "every"),
        (lambda path: Checkpoint(path), "folder"),
        (lambda path: LikelihoodMonitor(HELD_OUT, every=1.5), "every"),
        (lambda path: LikelihoodMonitor(HELD_OUT, max_rows=-1), "max_rows"),
        (lambda path: LikelihoodMonitor(HELD_OUT[:, :3]), "X_validation .*3"),
        (lambda path: LikelihoodMonitor(np.full((2, 6), np.inf)), "X_validation"),
        (lambda path: EarlyStopping(HELD_OUT, n_iter_no_change=0), "n_iter_no_change"),
        (lambda path: EarlyStopping(HELD_OUT, tol=-1), "tol"),
        (lambda path: EarlyStopping(HELD_OUT, score=lambda *_: np.nan), "NaN"),
        (lambda path: EarlyStopping(HELD_OUT[:0]), "X_validation"),
    ],
)
def test_callbacks_name_what_is_wrong_with_them(callback, name, tmp_path):
    with pytest.raises(ValueError, match=name):
        make().set_callbacks(callback(tmp_path)).fit(X)
