"""EnergyImputer by what scikit-learn asks of its own imputers.

Adapted from sklearn/impute/tests of scikit-learn 1.9 (BSD-3-Clause): test_common.py,
and what holds for an imputer of numbers of any kind in test_impute.py and test_knn.py.
Left out is what asks for another imputer: values filled in by neighbours, medians or
rounds of regressions, with their parameters (`n_neighbors`, `fill_value`, `max_iter`,
`copy`), and `inverse_transform`; text and sparse matrices, which EnergyImputer refuses;
tables of missing values alone, of which it has nothing to learn.
"""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline, make_union

from skboltz import BernoulliRBM, DBNClassifier, EnergyImputer, GaussianBernoulliRBM

NAN = np.nan
pytestmark = [
    pytest.mark.filterwarnings("ignore::skboltz.DataRangeWarning"),
    pytest.mark.filterwarnings("ignore:X has no known value of 1 feature"),
]


def make(**params):
    machine = GaussianBernoulliRBM(2, n_iter=2, random_state=0)
    return EnergyImputer(machine, **params)


def binary(**params):
    return EnergyImputer(BernoulliRBM(2, n_iter=2, random_state=0), **params)


by_kind = pytest.mark.parametrize("kind", [make, binary])


def five(marker):
    return np.array(
        [
            [marker, 1, 5, marker, 1],
            [2, marker, 1, marker, 2],
            [6, 3, marker, marker, 3],
            [1, 2, 9, marker, 4],
        ]
    )


# test_common.py ---------------------------------------------------------------


@by_kind
def test_a_missing_value_in_rows_to_transform_alone(kind):
    imputer = kind(add_indicator=True).fit([[1], [2]])
    filled = imputer.transform([[3], [NAN]])
    assert np.isfinite(filled).all() and filled[0, 0] == 3


@by_kind
@pytest.mark.parametrize("marker", [NAN, -1, 0])
def test_indicators_follow_the_features(kind, marker):
    X = five(marker)
    imputer = kind(missing_values=marker, add_indicator=True)
    filled = imputer.fit_transform(X)
    expected = [[1, 0, 0, 1], [0, 1, 0, 1], [0, 0, 1, 1], [0, 0, 0, 1]]
    np.testing.assert_array_equal(filled[:, -4:], expected)
    np.testing.assert_array_equal(imputer.indicator_.features_, [0, 1, 2, 3])
    imputer.set_params(add_indicator=False)
    np.testing.assert_allclose(filled[:, :-4], imputer.fit_transform(X))


@pytest.mark.parametrize("add_indicator", [True, False])
def test_integers_of_pandas_with_na(add_indicator):
    pd = pytest.importorskip("pandas")
    imputer = make(add_indicator=add_indicator)
    frame = pd.DataFrame(five(NAN), dtype="Int16", columns=list("abcde"))
    expected = imputer.fit_transform(five(NAN))
    np.testing.assert_allclose(imputer.fit_transform(frame), expected)


@pytest.mark.parametrize("add_indicator", [True, False])
def test_names_of_features_out(add_indicator):
    pd = pytest.importorskip("pandas")
    X = np.insert(five(NAN), 3, [3, 4, NAN, 8], axis=1)
    frame = pd.DataFrame(X, columns=list("abcdef"))
    names = make(add_indicator=add_indicator).fit(frame).get_feature_names_out()
    indicators = [f"missingindicator_{name}" for name in "abcde"][: 5 * add_indicator]
    assert list(names) == [*"abcdf", *indicators]


@by_kind
@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("method", ["fit_transform", "transform"])
def test_features_of_which_nothing_is_known(kind, keep, method):
    X = np.array([[NAN, 1], [NAN, 2], [NAN, 3]])
    imputer = kind(keep_empty_features=keep).fit(X)
    filled = getattr(imputer, method)(X)
    assert filled.shape == (3, 1 + keep)
    np.testing.assert_array_equal(filled[:, -1], [1, 2, 3])
    assert not keep or (filled[:, 0] == 0).all()


@by_kind
@pytest.mark.parametrize("value", [NAN, 1])
def test_an_indicator_is_there_whether_or_not_it_has_something_to_say(kind, value):
    train, test = np.array([[0, NAN], [1, 2]]), np.array([[0, value], [1, 2]])
    filled = kind(add_indicator=True).fit(train).transform(test)
    alone = kind().fit(train).transform(test)
    assert filled.shape == (2, 3) and alone.shape == (2, 2)
    np.testing.assert_allclose(filled[:, :-1], alone)
    np.testing.assert_array_equal(filled[:, -1], [np.isnan(value), 0])


# test_impute.py ---------------------------------------------------------------


@by_kind
def test_rows_of_which_nothing_is_known_keep_their_place(kind):
    X = np.random.default_rng(0).normal(size=(10, 2))
    X[::2] = NAN
    filled = kind().fit_transform(X)
    assert filled.shape == (10, 2) and np.isfinite(filled).all()
    np.testing.assert_array_equal(filled[1::2], X[1::2])
    np.testing.assert_array_equal(filled[::2], filled[[0] * 5])


def test_a_warning_names_the_features_that_are_left_out():
    pd = pytest.importorskip("pandas")
    X = [[NAN, NAN, 1, NAN], [4, NAN, 2, 10]]
    frame = pd.DataFrame(X, columns=list("abcd"))
    with pytest.warns(UserWarning, match="1 feature, the first being 'b'.*keep_empty"):
        imputer = make().fit(frame)
    assert list(imputer.feature_names_in_) == list("abcd")


def test_the_remedy_of_the_warning_works(recwarn):
    X = np.array([[NAN, 1.0, 0.0], [NAN, 0.0, 1.0], [NAN, 1.0, NAN]])
    assert binary(keep_empty_features=True).fit_transform(X).shape == X.shape
    assert not [w for w in recwarn if "no known value" in str(w.message)]


def test_an_imputer_in_a_grid_search():
    rng = np.random.default_rng(0)
    X = (rng.random((60, 5)) < 0.5).astype(float)
    y = X[:, 0].copy()
    X[rng.random(X.shape) < 0.1] = NAN
    model = make_pipeline(binary(), LogisticRegression())
    grid = {
        "energyimputer__strategy": ["mean", "mode", "sample"],
        "energyimputer__estimator__n_components": [1, 2],
    }
    search = GridSearchCV(model, grid, error_score="raise", cv=2).fit(X, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


@by_kind
def test_rows_are_copied(kind):
    partly = five(NAN)[:, [0, 1, 2, 4]]
    for X in (partly, np.nan_to_num(partly)):
        before = X.copy()
        filled = kind().fit(X).transform(X)
        filled[:] = -7
        np.testing.assert_array_equal(X, before)


def test_nothing_missing_is_nothing_filled():
    X = np.random.default_rng(0).random((50, 5))
    np.testing.assert_array_equal(make().fit_transform(X), X)


def test_a_value_missing_that_never_was_before():
    rng = np.random.default_rng(0)
    train, test = rng.random((50, 4)), rng.random((50, 4))
    test[0, 0] = NAN
    filled = make().fit(train).transform(test)
    assert abs(filled[0, 0] - train[:, 0].mean()) < 0.3
    filled[0, 0] = NAN
    np.testing.assert_array_equal(filled, test)


def test_samples_differ_and_means_do_not():
    X = (np.random.default_rng(0).random((40, 6)) < 0.5).astype(float)
    X[:, :3] = np.where(np.random.default_rng(1).random((40, 3)) < 0.5, NAN, X[:, :3])
    for strategy, same in (("sample", False), ("mean", True)):
        imputer = binary(strategy=strategy, random_state=np.random.RandomState(0))
        imputer.fit(X)
        assert (imputer.transform(X) == imputer.transform(X)).all() is np.bool_(same)


@pytest.mark.parametrize("seed_of_imputer", [None, 1, np.random.RandomState(1)])
@pytest.mark.parametrize("seed", [None, 1, np.random.RandomState(1)])
def test_the_estimator_that_was_given_is_left_alone(seed_of_imputer, seed):
    machine = BernoulliRBM(2, n_iter=1, random_state=seed)
    EnergyImputer(machine, random_state=seed_of_imputer).fit(np.eye(3))
    assert machine.random_state is seed and not hasattr(machine, "components_")


def test_text_for_a_marker_is_refused():
    with pytest.raises(ValueError, match="'missing_values' parameter"):
        make(missing_values="NaN").fit(np.eye(3))


def test_what_is_not_the_marker_is_refused_where_it_is_no_number():
    with pytest.raises(ValueError, match="Input X contains NaN"):
        make(missing_values=0).fit([[NAN, 0, 5], [1, 2, 3]])
    with pytest.raises(ValueError, match="Input X contains NaN"):
        make(missing_values=-1).fit([[1, 0], [1, 2]]).transform([[NAN, 1]])


def test_without_indicators_there_is_none():
    assert make().fit(np.array([[1, 1], [1, 1]])).indicator_ is None


def test_na_and_none_are_markers_too():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"a": pd.Series([1, None, 3], dtype="Int64"), "b": [1, 2, 3]})
    expected = make().fit_transform(frame)
    assert expected.dtype == np.float64 and np.isfinite(expected).all()
    for marker in (pd.NA, None, float("nan")):
        found = clone(make(missing_values=marker)).fit_transform(frame)
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("fitted", [np.float32, np.float64, np.float16, np.int64])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_the_type_of_the_rows_stays(fitted, dtype):
    X = np.array([[1.2, 3.4, 5.0], [2.0, 1.2, 1.3], [4.2, 2, 1]])
    rows = np.where(np.eye(3), NAN, X / 3).astype(dtype)
    filled = make(add_indicator=True).fit(X.astype(fitted)).transform(rows)
    assert filled.dtype == dtype
    known = ~np.isnan(rows)
    np.testing.assert_array_equal(filled[known], rows[known])  # to the last bit


@pytest.mark.parametrize("dtype", [bool, np.int8, np.int64])
def test_integers_become_floats_that_hold_them(dtype):
    X = np.array([[1, 0], [0, 1], [1, 1]], dtype)
    filled = binary().fit_transform(X)
    assert filled.dtype == np.result_type(dtype, np.float32)
    np.testing.assert_array_equal(filled, X)
    large = np.array([[2**24 + 1, 0], [3, 1]])
    np.testing.assert_array_equal(make().fit_transform(large), large)


def test_keeping_empty_features_changes_nothing_where_there_are_none():
    X = np.array([[NAN, 0, 1], [2, NAN, 3], [4, 5, NAN]])
    kept, dropped = (
        make(keep_empty_features=keep).fit_transform(X) for keep in (True, False)
    )
    np.testing.assert_array_equal(kept, dropped)


@pytest.mark.parametrize(
    "test",
    [
        [[1, 2, 3, 4], [5, 6, 7, 8]],
        [[NAN, 2, 3, 4], [NAN, 6, 7, 8]],
        [[1, 2, 3, NAN], [5, 6, 7, NAN]],
        [[1, NAN, NAN, NAN], [NAN, NAN, NAN, NAN]],
    ],
)
def test_features_that_were_empty_need_not_stay_so(test):
    train = [[NAN, NAN, 0, 1], [NAN, 2, NAN, 3], [NAN, 4, 5, NAN]]
    dropped, kept = (make(keep_empty_features=keep) for keep in (False, True))
    one, other = dropped.fit_transform(train), kept.fit_transform(train)
    np.testing.assert_array_equal(one, other[:, 1:])
    assert (other[:, 0] == 0).all()
    one, other = dropped.transform(test), kept.transform(test)
    np.testing.assert_array_equal(one, other[:, 1:])
    expected = np.nan_to_num(np.array(test, float)[:, 0])  # what is known stays
    np.testing.assert_array_equal(other[:, 0], expected)
    assert list(kept.get_feature_names_out()) == ["x0", "x1", "x2", "x3"]


def test_side_by_side_with_an_indicator():
    from sklearn.impute import MissingIndicator

    X = np.array([[NAN, 1.0], [1.0, NAN]])
    union = make_union(binary(), MissingIndicator())
    expected = binary(add_indicator=True).fit_transform(X)
    np.testing.assert_array_equal(union.fit_transform(X), expected)


def test_nothing_but_missing_values_is_an_error():
    for X, marker in ((np.zeros((9, 3)), 0), (np.full((9, 3), NAN), NAN)):
        with pytest.raises(ValueError, match="no known value in any of its 9 rows"):
            make(missing_values=marker).fit(X)


# test_knn.py ------------------------------------------------------------------


@pytest.mark.parametrize("marker", [NAN, -1])
def test_infinity_is_refused(marker):
    X = np.array([[np.inf, 1, 2, marker], [2, 1, 2, 3], [marker, 6, 0, 5]])
    with pytest.raises(ValueError, match="Input X contains (infinity|NaN)"):
        make(missing_values=marker).fit(X)
    imputer = make(missing_values=marker).fit(np.where(np.isinf(X), 0, X))
    with pytest.raises(ValueError, match="Input X contains (infinity|NaN)"):
        imputer.transform(X)


@pytest.mark.parametrize("marker", [NAN, -1])
def test_features_of_nothing_are_left_out_of_whole_rows_too(marker):
    X = np.array(
        [[1, 1, marker, 1, 1.0], [2, 3, marker, 2, marker], [3, 4, marker, 3, 3]]
    )
    imputer = make(missing_values=marker).fit(X)
    assert imputer.transform(X).shape == (3, 4)
    rows = np.arange(10).reshape(2, 5)
    np.testing.assert_array_equal(imputer.transform(rows), rows[:, [0, 1, 3, 4]])


@pytest.mark.parametrize("marker", [0, -1, 99])
def test_any_marker_gives_the_same(marker):
    X = np.array(
        [[1, NAN, 1, 1, 1.0], [2, 2, 2, 2, 2], [3, 3, 3, 3, NAN], [6, 6, NAN, 6, 6]]
    )
    marked = np.where(np.isnan(X), marker, X)
    for rows in (marked, marked.astype(int)):
        found = make(missing_values=marker).fit_transform(rows)
        np.testing.assert_array_equal(found, make().fit_transform(X))


@pytest.mark.parametrize("marker", [NAN, -1])
def test_rows_that_know_nothing_in_common_are_filled(marker):
    train = np.array([[marker, 1, 1], [2, marker, 2], [3, 3, marker]])
    test = [[marker, 0, marker], [0, marker, marker], [marker, marker, 0]]
    filled = make(missing_values=marker).fit(train).transform(test)
    assert np.isfinite(filled).all()
    np.testing.assert_array_equal(filled[[0, 1, 2], [1, 0, 2]], 0)


@pytest.mark.parametrize("marker, allowed", [(-1, False), (NAN, True), (None, True)])
def test_tags(marker, allowed):
    tags = make(missing_values=marker).__sklearn_tags__()
    assert tags.input_tags.allow_nan is allowed and not tags.input_tags.sparse


# What else a user of scikit-learn's imputers does -----------------------------------


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frames_come_back_as_frames(library):
    frames = pytest.importorskip(library)
    frame = frames.DataFrame({"a": [1.0, None, 0.0], "b": [1.0, 0.0, None]})
    imputer = binary(add_indicator=True).set_output(transform=library)
    filled = imputer.fit_transform(frame)
    assert isinstance(filled, frames.DataFrame)
    names = ["a", "b", "missingindicator_a", "missingindicator_b"]
    assert list(filled.columns) == names
    np.testing.assert_array_equal(np.asarray(filled)[:, 2:], [[0, 0], [1, 0], [0, 1]])


def test_a_pickle_fills_the_same():
    imputer = make(add_indicator=True).fit(five(NAN))
    again = pickle.loads(pickle.dumps(imputer))
    np.testing.assert_array_equal(
        again.transform(five(NAN)), imputer.transform(five(NAN))
    )
    assert list(again.get_feature_names_out()) == list(imputer.get_feature_names_out())


HALF = np.where(np.random.default_rng(0).random((30, 4)) < 0.3, NAN, 1.0)
HALF[::2] = 1 - HALF[::2]


def test_a_seed_reaches_the_machine():
    """As in a DBNClassifier: what has no seed gets one, what has one keeps it."""

    def fitted(seed, own=None):
        machine = BernoulliRBM(3, n_iter=2, random_state=own)
        return EnergyImputer(machine, random_state=seed).fit(HALF)

    filled = [fitted(seed).transform(HALF) for seed in (0, 0, 1)]
    np.testing.assert_array_equal(filled[0], filled[1])
    assert (filled[0] != filled[2]).any()
    assert fitted(0, own=7).estimator_.random_state == 7
    own = [fitted(seed, own=7).transform(HALF) for seed in (0, 1, None)]
    np.testing.assert_array_equal(own[0], own[1])
    np.testing.assert_array_equal(own[0], own[2])


def test_a_seed_reaches_machines_inside_the_machine():
    machine = make_pipeline(BernoulliRBM(2), DBNClassifier((2,), random_state=5))
    seeded = EnergyImputer(machine, random_state=0)._new_estimator().get_params()
    assert isinstance(seeded["bernoullirbm__random_state"], int)
    assert seeded["dbnclassifier__random_state"] == 5
    assert machine.get_params()["bernoullirbm__random_state"] is None
