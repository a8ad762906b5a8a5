"""What scikit-learn asks of its own BernoulliRBM, asked of this one.

Its test file needs no more than another import. What was changed is what differs on
purpose: scores are likelihoods, numbers come from other noise, integers are learnt in
float32, and private methods have other names.
"""

import io
import pickle
import re
from contextlib import redirect_stdout

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_digits

from skboltz import BernoulliRBM, GaussianBernoulliRBM

DIGITS = load_digits().data / 16
LINE = re.compile(  # as scikit-learn's own test has it
    r"\[BernoulliRBM\] Iteration 1,"
    r" pseudo-likelihood = -?(\d)+(\.\d+)?,"
    r" time = (\d|\.)+s"
)
SPARSE = [
    getattr(sparse, f"{kind}_{container}")
    for kind in ("csc", "csr", "lil")
    for container in ("matrix", "array")
]

sparse_containers = pytest.mark.parametrize("container", SPARSE, ids=repr)


def make(**params):
    return BernoulliRBM(
        **{"n_components": 16, "n_iter": 5, "random_state": 42} | params
    )


# Learning --------------------------------------------------------------------------


def score_of_upstream(rbm, X):
    """What its score_samples estimates from one random site of each row, by all sites.

    A grey value v turns to 1 - v there; `pseudo_log_likelihood` takes it for a share.
    """
    total, here = 0.0, rbm.free_energy(X)
    for i in range(X.shape[1]):
        flipped = X.copy()
        flipped[:, i] = 1 - X[:, i]
        total -= np.logaddexp(0, here - rbm.free_energy(flipped)).mean()
    return total


def test_fit_reaches_the_score_of_upstream():
    """-21 to the nearest number in its own test."""
    X = DIGITS.copy()
    rbm = make(n_components=64, n_iter=7, random_state=9).fit(X)
    assert score_of_upstream(rbm, X) > -20.5
    np.testing.assert_array_equal(X, DIGITS)  # and left it alone


def test_partial_fit_comes_close():
    """The first 20 rows alone say where the biases start."""
    X = DIGITS.copy()
    rbm = BernoulliRBM(64, batch_size=20, random_state=9)
    for _ in range(7):
        for batch in np.array_split(X, -(-len(X) // 20)):
            rbm.partial_fit(batch)
    assert score_of_upstream(rbm, X) > -22
    np.testing.assert_array_equal(X, DIGITS)


@sparse_containers
def test_sparse_rows_make_the_same_machine(container):
    X = DIGITS[:100]
    for method in ("fit", "partial_fit"):
        dense, other = (
            getattr(make(n_iter=1), method)(rows) for rows in (X, container(X))
        )
        np.testing.assert_array_equal(dense.components_, other.components_)
        found = other.score_samples(container(X))
        np.testing.assert_allclose(dense.score_samples(X), found, rtol=1e-10)


@sparse_containers
def test_a_few_sparse_rows_will_do(container):
    BernoulliRBM().fit(container(DIGITS[:4]))


def test_a_coin_is_learnt_and_recreated():
    X = np.array([[0.0], [1.0]])
    rbm = make(n_components=2, batch_size=2, n_iter=42).fit(X)
    found = rbm.gibbs(np.repeat(X, 500, axis=0))
    assert abs(found.mean() - 0.5) < 4 * 0.5 / 1000**0.5
    assert set(found.ravel()) == {0.0, 1.0}


def test_scores_of_constant_features_are_not_clipped():
    X = np.vstack([np.zeros(1000), np.ones(1000)])
    rbm = make(n_components=10, batch_size=2, n_iter=10).fit(X)
    assert (rbm.pseudo_log_likelihood(X) < -300).all()
    with (
        np.errstate(under="ignore"),
        pytest.warns(UserWarning, match="from 0 to 99900"),
    ):
        assert np.isfinite(rbm.pseudo_log_likelihood([np.arange(1000) * 100])).all()


# Precision -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given, kept",
    [(np.float32, np.float32), (np.float64, np.float64), (int, np.float32)],
)
def test_types_of_features(given, kept):
    assert make().fit_transform(DIGITS[:100].astype(given)).dtype == kept


def test_both_precisions_learn_as_much_from_other_noise():
    """The noise of float32 and float64 differs: so do machines, and not in quality."""
    machines = [make(n_iter=20).fit(DIGITS.astype(d)) for d in (np.float32, np.float64)]
    assert abs(machines[0].components_ - machines[1].components_).max() > 1e-3
    scores = [rbm.pseudo_log_likelihood(DIGITS).mean() for rbm in machines]
    assert abs(scores[0] - scores[1]) < 0.5


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_names_of_features(method):
    rbm = BernoulliRBM(n_components=10)
    getattr(rbm, method)(DIGITS)
    expected = [f"bernoullirbm{i}" for i in range(10)]
    np.testing.assert_array_equal(rbm.get_feature_names_out(), expected)


# Gibbs -----------------------------------------------------------------------------


def test_gibbs_gives_finite_states_and_others_the_next_time():
    rbm = make(n_components=42, batch_size=40).fit(DIGITS)
    first, second = rbm.gibbs(DIGITS), rbm.gibbs(DIGITS)
    assert np.isfinite(first).all()
    assert (first != second).any(axis=1).all()


def sweeps(rbm, n=3):
    return [rbm.gibbs(DIGITS[:20]) for _ in range(n)]


@pytest.mark.parametrize("kind", [BernoulliRBM, GaussianBernoulliRBM])
def test_equal_fits_give_equal_sequences(kind):
    """They did not: gibbs took fresh noise in spite of the seed of the machine."""
    first, second = (
        kind(4, n_iter=1, random_state=3).fit(DIGITS[:50]) for _ in range(2)
    )
    np.testing.assert_array_equal(sweeps(first), sweeps(second))
    third = kind(4, n_iter=1, random_state=4).fit(DIGITS[:50])
    assert (sweeps(third, 1)[0] != sweeps(first.fit(DIGITS[:50]), 1)[0]).any()


def test_a_sequence_goes_on_and_begins_anew_by_fit():
    rbm = make(n_iter=1).fit(DIGITS[:50])
    whole = sweeps(rbm, 4)
    np.testing.assert_array_equal(sweeps(rbm.fit(DIGITS[:50]), 4), whole)
    rbm.fit(DIGITS[:50])
    np.testing.assert_array_equal(sweeps(rbm, 2), whole[:2])
    later = pickle.loads(pickle.dumps(rbm))
    np.testing.assert_array_equal(sweeps(later, 2), whole[2:])
    # A seed of its own neither sees the sequence nor moves it.
    np.testing.assert_array_equal(
        *(rbm.gibbs(DIGITS[:20], random_state=0) for _ in range(2))
    )
    np.testing.assert_array_equal(sweeps(rbm, 2), whole[2:])


def test_without_a_seed_nothing_is_repeated():
    rbm = make(random_state=None, n_iter=1).fit(DIGITS[:50])
    twin = pickle.loads(pickle.dumps(rbm))
    assert (sweeps(rbm, 1)[0] != sweeps(twin, 1)[0]).any()


# What it says of itself ------------------------------------------------------------


def lines_of(rbm, X):
    out = io.StringIO()
    with redirect_stdout(out):
        rbm.fit(X)
    return out.getvalue().splitlines()


@pytest.mark.parametrize("container", [np.asarray, *SPARSE])
def test_readers_of_logs_find_what_they_look_for(container):
    X = container([[0.0], [1.0]])
    lines = lines_of(make(n_components=2, batch_size=2, n_iter=1, verbose=True), X)
    assert len(lines) == 1 and LINE.match(lines[0])


@pytest.mark.parametrize("type_", [np.float64, np.float32, np.uint8])
def test_the_line_has_the_pseudo_likelihood_of_the_first_rows(type_):
    X = (DIGITS > 0.5).astype(type_)
    rbm = make(n_iter=2, verbose=1)
    found = re.findall(r"pseudo-likelihood = (\S+),", lines_of(rbm, X)[-1])
    expected = rbm.pseudo_log_likelihood(X[:100]).mean()
    assert found == [f"{expected:.2f}"]


def test_rows_with_gaps_do_not_count_in_the_line():
    X = DIGITS[:200].copy()
    X[::2, 3] = np.nan
    rbm = make(n_iter=1, verbose=1)
    found = re.findall(r"pseudo-likelihood = (\S+),", lines_of(rbm, X)[-1])
    assert found == [f"{rbm.pseudo_log_likelihood(X[1:100:2]).mean():.2f}"]
    X[1::2, 3] = np.nan
    X[150:, 3] = 0
    assert "pseudo-likelihood = nan, " in lines_of(rbm, X)[0]


def test_to_say_it_changes_nothing():
    quiet, told = make(n_iter=2), make(n_iter=2, verbose=1)
    lines = lines_of(told, DIGITS)
    assert lines[1].startswith("[BernoulliRBM] Iteration 2, ")
    assert re.search(", learning rate 0.1, moment gap .*, weight norm ", lines[1])
    np.testing.assert_array_equal(quiet.fit(DIGITS).components_, told.components_)
