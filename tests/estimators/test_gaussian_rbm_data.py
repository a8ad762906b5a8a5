"""GaussianBernoulliRBM: densities and samples against its mixture, and bad input."""

import itertools
from copy import deepcopy

import numpy as np
import pytest
from judges import ALPHA
from oracles import GaussianOracle, gaussian_grid
from scipy import sparse
from scipy.special import logsumexp, ndtr
from scipy.stats import kstest, norm

from skboltz import (
    DataRangeWarning,
    DivergenceError,
    EnumerationTooLargeError,
    GaussianBernoulliRBM,
)
from skboltz.sampling import Langevin

RNG = np.random.default_rng(0)
X = np.repeat([[-1.0, -1, 1], [1, 1, -1]], 30, axis=0) + 0.4 * RNG.normal(size=(60, 3))
NAN = np.nan


def make(**params):
    defaults = {"n_components": 3, "n_iter": 5, "batch_size": 40, "random_state": 0}
    return GaussianBernoulliRBM(**defaults | params)


# The mixture that the fitted attributes say ----------------------------------------


def mixture(rbm):
    """log weights, means and deviations of 2^n Gaussians in units of the features."""
    h = np.array(list(itertools.product([0, 1], repeat=len(rbm.components_))), float)
    b, s = rbm.intercept_visible_, np.exp(rbm.log_variance_ / 2)
    means = b + h @ rbm.components_
    weights = h @ rbm.intercept_hidden_ + ((means**2 - b**2) / (2 * s**2)).sum(axis=1)
    if rbm.scale_ is not None:
        means, s = rbm.mean_ + rbm.scale_ * means, rbm.scale_ * s
    return weights - logsumexp(weights), means, s


def log_density(rbm, X):
    """Of each row; a missing feature is left out of every Gaussian."""
    weights, means, s = mixture(rbm)
    terms = np.nan_to_num(norm.logpdf(np.asarray(X, float)[:, None], means, s))
    return logsumexp(weights + terms.sum(axis=2), axis=1)


def machine(n_features, standardize=True, n_components=3):
    """A fitted machine with parameters of its own: components 1 to 3 s apart."""
    rng = np.random.default_rng([n_features, n_components])
    rows = rng.normal(50, [0.1, 7, 300, 1][:n_features], size=(50, n_features))
    rbm = make(n_components=n_components, n_iter=0, standardize=standardize).fit(rows)
    unit = 1 if standardize else rbm.sigma_
    rbm.log_variance_ = np.log(rng.uniform(0.5, 0.9, n_features) * unit**2)
    rbm.components_ = rng.normal(size=(n_components, n_features)) * unit
    rbm.intercept_visible_ = -rbm.components_.sum(axis=0) / 2
    rbm.intercept_hidden_ = np.zeros(n_components)
    return rbm, rows


CASES = [(n, standardize) for n in (1, 2) for standardize in (True, False)]


def grids(rbm):
    """Points and gaps of the trapezoidal rule along every feature."""
    _, means, s = mixture(rbm)
    return [
        gaussian_grid(m, deviation**2) for m, deviation in zip(means.T, s, strict=True)
    ]


@pytest.mark.parametrize("n_features, standardize", CASES)
def test_densities_integrate_to_one(n_features, standardize):
    rbm, _ = machine(n_features, standardize)
    axes, gaps = zip(*grids(rbm), strict=True)
    points = np.array(list(itertools.product(*axes)))
    assert abs(np.exp(rbm.score_samples(points)).sum() * np.prod(gaps) - 1) < 1e-9


@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize("known", [0, 1])
def test_densities_of_the_known_features_integrate_to_one(known, standardize):
    rbm, _ = machine(2, standardize)
    points, gap = grids(rbm)[known]
    rows = np.full((len(points), 2), NAN)
    rows[:, known] = points
    assert abs(np.exp(rbm.score_samples(rows)).sum() * gap - 1) < 1e-9
    wrong = np.exp(rbm.score_samples(np.nan_to_num(rows, nan=50.0))).sum() * gap
    assert abs(wrong - 1) > 0.01


@pytest.mark.parametrize("standardize", [True, False])
def test_scores_are_those_of_the_mixture(standardize):
    for rbm, rows in (machine(4, standardize), (make().fit(X), X)):
        expected = log_density(rbm, rows)
        np.testing.assert_allclose(rbm.score_samples(rows), expected, atol=1e-8)
        assert np.isclose(rbm.score(rows), expected.mean())
        gaps = np.where(RNG.random(rows.shape) < 0.4, NAN, rows)
        gaps[:, 0] = rows[:, 0]
        expected = log_density(rbm, gaps)
        np.testing.assert_allclose(rbm.score_samples(gaps), expected, atol=1e-8)
        assert np.isclose(rbm.log_partition().value, log_z(rbm), atol=1e-8)
        changed = deepcopy(rbm)
        changed.log_variance_ = rbm.log_variance_ + 0.01
        assert abs(log_density(changed, gaps) - expected).max() > 1e-3


def log_z(rbm):
    """log of the integral of exp(-F) over the features: from one row's density."""
    row = mixture(rbm)[1][:1]
    return -rbm.free_energy(row)[0] - log_density(rbm, row)[0]


def test_features_and_pseudo_likelihoods_are_those_of_the_oracle():
    rbm, rows = machine(3)
    z = (rows[:4] - rbm.mean_) / rbm.scale_
    names = "components_", "intercept_visible_", "log_variance_", "intercept_hidden_"
    oracle = GaussianOracle(*(getattr(rbm, name) for name in names), (0, 1))
    means = [oracle.hidden_mean(row) for row in z.tolist()]
    np.testing.assert_allclose(rbm.transform(rows[:4]), means, atol=1e-9)
    gaps, z[:, 1] = rows[:4].copy(), NAN
    gaps[:, 1] = NAN
    means = [oracle.hidden_mean(row) for row in z.tolist()]
    np.testing.assert_allclose(rbm.transform(gaps), means, atol=1e-9)
    means = np.array([oracle.visible_mean(row) for row in z.tolist()])
    filled = rbm.mean_ + rbm.scale_ * means
    np.testing.assert_allclose(rbm.impute(gaps), filled, rtol=1e-9)
    z = (rows[:2] - rbm.mean_) / rbm.scale_
    pll = [
        sum(oracle.log_conditional(tuple(row), i) for i in range(3))
        for row in z.tolist()
    ]
    pll = np.array(pll) - np.log(rbm.scale_).sum()
    np.testing.assert_allclose(rbm.pseudo_log_likelihood(rows[:2]), pll, atol=1e-8)


# Samples ---------------------------------------------------------------------------


def follows(rbm, rows, free=None, given=None):
    """Whether independent rows may come from the mixture, each feature and product."""
    log_weights, means, s = mixture(rbm)
    if given is not None:
        terms = np.nan_to_num(norm.logpdf(given, means, s)).sum(axis=1)
        log_weights = log_weights + terms - logsumexp(log_weights + terms)
    weights = np.exp(log_weights)
    free = range(rows.shape[1]) if free is None else free
    good = []
    for i in free:
        cdf = lambda x, i=i: ndtr((x[:, None] - means[:, i]) / s[i]) @ weights  # noqa: E731
        good.append(kstest(rows[:, i], cdf).pvalue > ALPHA)
        good.append(
            abs(z_value(rows[:, i], weights @ means[:, i])) < norm.isf(ALPHA / 2)
        )
        for j in free:
            a, b = weights @ means[:, i], weights @ means[:, j]
            expected = weights @ ((means[:, i] - a) * (means[:, j] - b))
            expected += s[i] ** 2 if i == j else 0
            z = z_value((rows[:, i] - a) * (rows[:, j] - b), expected)
            good.append(abs(z) < norm.isf(ALPHA / 2))
    return all(good)


def z_value(values, expected):
    return (values.mean() - expected) / (values.std() / np.sqrt(len(values)))


SAMPLERS = {
    "gibbs": {"method": "gibbs", "burn_in": 20},
    "tempering": {"method": "tempering", "burn_in": 20},
    "annealing": {"method": "annealing", "burn_in": 80},
    "langevin": {"method": Langevin(3, 0.9), "burn_in": 20},
}


@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize("name", SAMPLERS)
def test_samples_follow_the_mixture(name, standardize):
    rbm, _ = machine(3, standardize)
    n = 3000 if name == "tempering" else 6000
    rows = rbm.sample(n, **SAMPLERS[name], random_state=0)
    assert follows(rbm, rows)
    wider = deepcopy(rbm)
    wider.log_variance_ = rbm.log_variance_ + np.log(1.2)
    assert not follows(wider, rows)
    skewed = deepcopy(rbm)
    skewed.intercept_hidden_ = rbm.intercept_hidden_ + 0.4
    assert not follows(skewed, rows)


def test_unadjusted_langevin_steps_widen_the_law():
    """By 1 / (1 - e/4) in variance: the judge must see a third."""
    rbm, _ = machine(3)
    options = {"burn_in": 40, "random_state": 0}
    assert not follows(rbm, rbm.sample(6000, method=Langevin(3, 1.0, False), **options))
    assert follows(rbm, rbm.sample(6000, method=Langevin(3, 1.0), **options))


@pytest.mark.parametrize("method", ["gibbs", Langevin(3, 0.9)])
def test_samples_given_a_feature_are_conditional(method):
    rbm, rows = machine(3)
    given = np.array([rows[:, 0].max(), NAN, NAN])
    options = {"method": method, "burn_in": 40, "random_state": 0}
    drawn = rbm.sample(6000, given=given, **options)
    assert (drawn[:, 0] == given[0]).all()
    assert follows(rbm, drawn, (1, 2), given)
    assert not follows(rbm, rbm.sample(6000, **options), (1, 2), given)


def test_a_chain_starts_where_it_is_told():
    rbm = make().fit(X)
    rows = rbm.sample(60, start=X, burn_in=0)
    np.testing.assert_allclose(rows, X, rtol=1e-12)


@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize("method", ["ais", "reverse_ais", "bridge"])
def test_estimates_of_log_z_hold_their_error_bars(method, standardize):
    rbm, _ = machine(3, standardize, n_components=5)
    exact = rbm.log_partition(method="exact").value
    assert np.isclose(exact, log_z(rbm), atol=1e-8)
    found = rbm.log_partition(method=method, betas=100, n_sweeps=20)
    assert found.method == method and 0 < found.standard_error < 0.1
    assert abs(found.value - exact) < 5 * found.standard_error
    other = deepcopy(rbm)
    other.intercept_hidden_ = rbm.intercept_hidden_ + 0.5
    wrong = other.log_partition(method="exact").value
    assert abs(found.value - wrong) > 5 * found.standard_error


# Bad input -------------------------------------------------------------------------


def with_value(value):
    rows = X.copy()
    rows[3, 2] = value
    return rows


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda r: r.fit(np.empty((0, 3))), "0 sample"),
        (lambda r: r.fit(np.empty((3, 0))), "0 feature"),
        (lambda r: r.fit(X[0]), "1D array"),
        (lambda r: r.fit([["a", "b"]]), "numeric"),
        (lambda r: r.fit(X + 1j), "Complex"),
        (lambda r: r.fit(np.full((3, 2), NAN)), "no known value in any of its 3 rows"),
        (lambda r: r.fit(sparse.csr_array(with_value(NAN))), "sparse and has NaN"),
        (lambda r: r.fit(X, sample_weight=np.zeros(60)), "weight"),
        (lambda r: r.fit(X, sample_weight=-np.ones(60)), "sample_weight"),
        (lambda r: r.fit(X).transform(X[:, :2]), "2 features"),
        (lambda r: r.fit(X).gibbs([[1.0, 2.0]]), "2 features.*expecting 3"),
        (lambda r: r.fit(X).inverse_transform(X[:, :2]), "n_components = 3"),
        (lambda r: r.fit(X).pseudo_log_likelihood(with_value(NAN)), "impute"),
        (lambda r: r.fit(X).impute(X, strategy="mode"), 'take "mean"'),
        (lambda r: r.fit(X).impute(X, strategy="median"), "strategy must be"),
        (lambda r: r.fit(X).sample(2, method="hmc"), "method must be one of"),
        (lambda r: r.fit(X).sample(2, method=Langevin), "method must be one of"),
        (lambda r: r.fit(X).sample(2, given=X[0], method="tempering"), "given needs"),
    ],
)
def test_errors_name_what_is_wrong(call, message):
    with pytest.raises(ValueError, match=message):
        call(make())


BAD = {
    "sigma": [
        0,
        -1.0,
        NAN,
        np.inf,
        [1.0, 2.0],
        [1, 0, 1],
        np.ones((1, 3)),
        "auto",
        None,
    ]
    + [["a", "b", "c"], [[1.0], [1.0, 2.0], 3.0]],
    "variance_bounds": [(1,), (2, 1), (0, 1), (-1, 1), (1, np.inf), (NAN, 1), "ab", 5]
    + [None, ("a", "b"), np.ones((2, 2)), (1, 2, 3)],
    "initial_share": [0, -1, np.inf, NAN, "equal"],
    "max_step": [0, -1, "short"],
    "variance_learning_rate": [0, -1.0],
    "standardize": ["yes", 2],
    "sampler": ["hmc", Langevin, 3],
    "n_components": [0, 2.5],
    "method": ["tap"],
}


@pytest.mark.parametrize("name, value", [(k, v) for k, vs in BAD.items() for v in vs])
def test_bad_parameters_are_named(name, value):
    with pytest.raises(ValueError, match=name):
        make(**{name: value}).fit(X)


@pytest.mark.parametrize("method", ["exact", "tempered", "fpcd"])
def test_a_sampler_says_which_methods_it_suits(method):
    with pytest.raises(ValueError, match=f'needs method="cd".*found "{method}"'):
        make(method=method, sampler=Langevin(2)).fit(X)


def test_sums_out_of_reach_say_what_else_there_is():
    with pytest.raises(EnumerationTooLargeError, match=r'method="pcd".*at most'):
        make(n_components=40, method="exact").fit(X)
    with pytest.raises(EnumerationTooLargeError, match="bridge"):
        make(n_components=40, n_iter=0).fit(X).log_partition(method="exact")


@pytest.mark.parametrize("shape", [(1, 3), (60, 1), (1, 1)])
@pytest.mark.parametrize("method", ["pcd", "cd", "exact", "tempered", "fpcd"])
def test_one_row_and_one_feature(shape, method):
    rows = X[: shape[0], : shape[1]]
    rbm = make(method=method).fit(rows)
    assert np.isfinite(rbm.score(rows)) and rbm.sample(2).shape == (2, shape[1])


def test_no_value_is_out_of_range(recwarn):
    make().fit(1e6 * X).score(X)
    assert not [w for w in recwarn if issubclass(w.category, DataRangeWarning)]


LARGE = {
    "int64 near 2^62": (X * 2**60).astype(np.int64) + 2**61,
    "all of int64": np.array([[-(2**63), 0], [2**63 - 1, 5]] * 20),
    "all of uint64": np.array([[2**64 - 1, 0], [0, 2**63]] * 20, dtype=np.uint64),
    "uint8": np.clip(60 * X + 128, 0, 255).astype(np.uint8),
    "float32 near 1e38": (3e37 * X).astype(np.float32),
    "denormal float32": (1e-40 * X).astype(np.float32),
    "1e150": 1e150 * X,
    "1e-150": 1e-150 * X,
    "1e9 + X": 1e9 + X,
}


@pytest.mark.parametrize("name", LARGE)
def test_values_of_any_size_are_standardized(name):
    """As if they had been before, in double precision."""
    rows = LARGE[name]
    values = rows.astype(np.float64)
    mean = values.mean(axis=0)
    scale = (values - mean).std(axis=0)
    z = ((values - mean) / scale).astype(make().fit(rows).components_.dtype)
    rbm, reference = make().fit(rows), make().fit(z)
    tolerance = 1e-4 if z.dtype == np.float32 else 1e-5
    np.testing.assert_allclose(rbm.components_, reference.components_, atol=tolerance)
    expected = reference.score(z) - np.log(scale).sum()
    assert abs(rbm.score(rows) - expected) < 10 * tolerance
    assert np.isfinite(rbm.sample(5, burn_in=5)).all()


@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid value")
@pytest.mark.parametrize("standardize", [True, False])
def test_values_whose_squares_overflow_are_refused(standardize):
    rbm = make(standardize=standardize)
    with pytest.raises((ValueError, DivergenceError), match="scale X"):
        rbm.fit(1e300 * X)
    for name in ("components_", "log_variance_", "scale_"):
        value = getattr(rbm, name, None)
        assert value is None or np.isfinite(value).all()
