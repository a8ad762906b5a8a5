"""Machines of weights that come from elsewhere: questions, training, refusals."""

import inspect
import pickle
import re

import numpy as np
import pytest
from oracles import (
    BeliefOracle,
    BipartiteOracle,
    GaussianOracle,
    PairwiseOracle,
    finite_difference,
    mean_log_likelihood,
)
from sklearn.frozen import FrozenEstimator

import skboltz
from skboltz import (
    BernoulliRBM,
    BoltzmannClassifier,
    BoltzmannMachine,
    DBNClassifier,
    DeepBeliefNetwork,
    DenseAssociativeMemory,
    EnergyImputer,
    GaussianBernoulliRBM,
    HopfieldMemory,
)

RNG = np.random.default_rng(0)
BITS = (RNG.random((30, 4)) < 0.4).astype(float)
REALS = RNG.normal(1, 2, (30, 4))
LABELS = np.where(BITS[:, 0] > 0, "on", "off")
W, C, B = RNG.normal(size=(3, 4)), RNG.normal(size=3), RNG.normal(size=4)
J = np.triu(RNG.normal(size=(6, 6)), 1)
J, H = J + J.T, RNG.normal(size=6)
Z, MEAN, SCALE = RNG.normal(0, 0.3, 4), RNG.normal(size=4), np.array([0.5, 1, 2, 3.0])


def bernoulli(**params):
    return BernoulliRBM.from_params(W, C, B, **params)


def gaussian(**params):
    shape = {"log_variance": Z, "mean": MEAN, "scale": SCALE}
    return GaussianBernoulliRBM.from_params(W, C, B, **shape, **params)


def pairwise(**params):
    return BoltzmannMachine.from_params(J, H, n_features=4, **params)


def layers():
    top = np.random.default_rng(1).normal(size=(2, 3))
    return [bernoulli(), BernoulliRBM.from_params(top, [0.1, -0.2], C)]


def belief(**params):
    return DeepBeliefNetwork.from_params(layers(), **params)


def classifier(**params):
    return DBNClassifier.from_params(layers(), ["off", "on"], **params)


def joint_layers():
    top = np.random.default_rng(2).normal(size=(2, 3 + 2))
    return [bernoulli(), BernoulliRBM.from_params(top, None, [*C, 0.3, -0.3])]


def joint(**params):
    params = {"fine_tuning": "up-down", **params}
    return DBNClassifier.from_params(joint_layers(), ["off", "on"], **params)


def by_machine(**params):
    return BoltzmannClassifier.from_params(pairwise(), ["off", "on"], **params)


DENSITIES = {"bernoulli": bernoulli, "gaussian": gaussian, "pairwise": pairwise}
NETWORKS = {"belief": belief, "classifier": classifier, "joint": joint}
LEARNERS = {**DENSITIES, **NETWORKS}


def rows(name):
    return REALS if name == "gaussian" else BITS


def labels(name):
    return {"y": LABELS} if name in ("classifier", "joint") else {}


def answers(name, machine):
    """What does not depend on chance."""
    methods = ["transform", "score_samples", "predict_proba"]
    X = rows(name)
    if isinstance(machine, DBNClassifier):
        methods.remove("score_samples")
    found = [getattr(machine, m)(X) for m in methods if hasattr(machine, m)]
    assert len(found) >= 2
    return found


# Questions ----------------------------------------------------------------------


def oracle(name):
    """log P of a row by explicit loops."""
    if name == "bernoulli":
        return BipartiteOracle(W, B, C, (0, 1), (0, 1)).log_likelihood
    if name == "pairwise":
        return PairwiseOracle(J, H, (0, 1)).log_likelihood
    density = GaussianOracle(W, B, Z, C, (0, 1)).log_density

    def of_features(x):
        return density((np.array(x) - MEAN) / SCALE) - np.log(SCALE).sum()

    return of_features


@pytest.mark.parametrize("name", DENSITIES)
def test_scores_are_those_of_the_weights(name):
    machine, log_likelihood = DENSITIES[name](), oracle(name)
    X = rows(name)[:5]
    expected = [log_likelihood(tuple(row)) for row in X.tolist()]
    np.testing.assert_allclose(machine.score_samples(X), expected, rtol=1e-9)
    free_energy = -machine.log_partition(method="exact").value - np.array(expected)
    np.testing.assert_allclose(machine.free_energy(X), free_energy, rtol=1e-9)


@pytest.mark.parametrize("name", DENSITIES)
def test_all_else_can_be_asked(name):
    machine, X = DENSITIES[name](), rows(name)[:5].copy()
    assert machine.transform(X).shape == (5, len(machine.get_feature_names_out()))
    for method in ("gibbs", "tempering", "annealing"):
        options = {"burn_in": 5, "random_state": 0}
        assert machine.sample(3, method=method, **options).shape == (3, 4)
    assert np.isfinite(machine.pseudo_log_likelihood(X)).all()
    bridge = machine.log_partition(betas=300, method="bridge")
    exact = machine.log_partition(method="exact").value
    assert abs(bridge.value - exact) < 5 * bridge.standard_error + 1e-9
    X[0, 1] = np.nan
    assert np.isfinite(machine.impute(X)).all()


def test_a_belief_network_is_that_of_its_layers():
    machines = layers()
    up = [(W, C)]
    top = machines[1]
    biases = top.intercept_visible_, top.intercept_hidden_
    values = [(0, 1)] * 3
    exact = BeliefOracle([(W, B)], up, (top.components_, *biases), values)
    expected = [exact.bound(tuple(row)) for row in BITS[:3].tolist()]
    found = belief().lower_bound(BITS[:3], n_samples=4000)
    np.testing.assert_allclose(found, expected, atol=0.1)


def test_recognition_that_is_given_leads_up():
    other = 2 * W
    dbn = belief(recognition_weights=[other], recognition_intercepts=[C])
    hidden = 1 / (1 + np.exp(-BITS @ other.T - C))
    expected = layers()[1].transform(hidden)
    np.testing.assert_allclose(dbn.transform(BITS), expected, rtol=1e-9)
    with pytest.raises(ValueError, match=re.escape("recognition_weights[0] has shape")):
        belief(recognition_weights=[W[:2]])
    with pytest.raises(ValueError, match="recognition_weights has 2 arrays, but 1"):
        belief(recognition_weights=[W, W])


def test_a_classifier_begins_with_the_features_of_its_layers():
    """As long weights as those of units that have learnt something are kept."""
    below, above = BernoulliRBM.from_params(3 * W, C, B), layers()[1]
    above.components_ = 3 * above.components_
    dbn = DBNClassifier.from_params([below, above], ["off", "on"])
    expected = above.transform(below.transform(BITS))
    np.testing.assert_allclose(dbn.transform(BITS), expected, rtol=1e-9)
    np.testing.assert_allclose(dbn.predict_proba(BITS), 0.5)


def test_the_classes_of_a_joint_network_are_those_of_its_top():
    dbn, top = joint(fine_tuning="none"), joint_layers()[1]
    h = bernoulli().transform(BITS)
    energies = [
        top.free_energy(np.hstack([h, np.tile(code, (len(h), 1))]))
        for code in np.eye(2)
    ]
    odds = np.exp(energies[1] - energies[0])
    np.testing.assert_allclose(dbn.predict_proba(BITS)[:, 0], odds / (1 + odds))
    assert dbn.sample(y=["on"], burn_in=5, random_state=0).shape == (1, 4)


def test_the_classes_of_a_machine_are_its_last_units():
    exact, found = PairwiseOracle(J, H, (0, 1)), by_machine()
    expected = [exact.class_proba([*row, 0, 0], 2, 2) for row in BITS[:4, :2]]
    np.testing.assert_allclose(found.predict_proba(BITS[:4, :2]), expected, rtol=1e-9)
    assert found.partial_fit(BITS[:, :2], LABELS).estimator_.n_iter_ == 1
    with pytest.raises(ValueError, match="estimator has 4 visible units"):
        BoltzmannClassifier.from_params(pairwise(), list("abcd"))


def test_none_stands_for_zeros():
    rbm = BernoulliRBM.from_params(W)
    assert not rbm.intercept_hidden_.any() and not rbm.intercept_visible_.any()
    rbm = GaussianBernoulliRBM.from_params(W)
    np.testing.assert_array_equal(rbm.sigma_, np.ones(4))
    assert not rbm.mean_.any() and not rbm.log_variance_.any()


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_sigma_that_is_given_is_that_of_the_machine_and_stays():
    rbm = GaussianBernoulliRBM.from_params(W, sigma=0.5, warm_start=True, n_iter=1)
    np.testing.assert_allclose(rbm.sigma_, 0.5)
    np.testing.assert_allclose(rbm.fit(REALS).sigma_, 0.5)
    with pytest.raises(ValueError, match="log_variance and sigma are both given"):
        GaussianBernoulliRBM.from_params(W, sigma=0.5, log_variance=Z)


# Training -----------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("name", LEARNERS)
def test_training_goes_on_from_the_weights(name):
    """Steps that are next to nothing leave next to what was given."""
    machine = LEARNERS[name](warm_start=True, n_iter=2, random_state=0)
    parts = machine.layers_ if hasattr(machine, "layers_") else [machine]
    for part in parts:
        part.set_params(learning_rate=1e-9, n_iter=2)
    machine.set_params(learning_rate=1e-9)
    assert machine.n_iter_ == 0
    before = answers(name, machine)
    machine.fit(rows(name), **labels(name)).partial_fit(rows(name), **labels(name))
    assert machine.n_iter_ == 3 or parts[0].n_iter_ == 3
    for now, then in zip(answers(name, machine), before, strict=True):
        np.testing.assert_allclose(now, then, atol=1e-5)


@pytest.mark.parametrize("name", LEARNERS)
def test_training_is_a_function_of_the_seed(name):
    X, more = rows(name), labels(name)

    def after(seed):
        machine = LEARNERS[name](random_state=seed)
        for layer in getattr(machine, "layers_", []):
            layer.set_params(random_state=seed)
        return answers(name, machine.partial_fit(X, **more))

    for one, same, other in zip(after(0), after(0), after(1), strict=True):
        np.testing.assert_array_equal(one, same)
        assert (one != other).any()


@pytest.mark.parametrize("name", LEARNERS)
@pytest.mark.parametrize("begun", [False, True])
def test_a_pickle_goes_on_as_if_it_had_never_stopped(name, begun):
    X, more = rows(name), labels(name)
    machine = LEARNERS[name](random_state=0)
    for layer in getattr(machine, "layers_", []):
        layer.set_params(random_state=0)
    if begun:
        machine.partial_fit(X, **more)
    loaded = pickle.loads(pickle.dumps(machine))
    pair = (answers(name, m.partial_fit(X, **more)) for m in (machine, loaded))
    for one, other in zip(*pair, strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_first_step_is_the_gradient_of_the_likelihood():
    rate, X = 1e-3, [tuple(row) for row in BITS.tolist()]
    rbm = bernoulli(method="exact", learning_rate=rate, batch_size=100)
    rbm.partial_fit(BITS)

    def slope(place):
        def of(array):
            arrays = [W, B, C]
            arrays[place] = array
            return mean_log_likelihood(*arrays, (0, 1), (0, 1), X)

        return finite_difference(of, [W, B, C][place])

    names = ("components_", "intercept_visible_", "intercept_hidden_")
    for place, (name, old) in enumerate(zip(names, (W, B, C), strict=True)):
        step = (getattr(rbm, name) - old) / rate
        np.testing.assert_allclose(step, slope(place), atol=1e-8)


def test_centered_offsets_begin_with_the_first_rows():
    """With offsets at the means of a batch that is all data, db is as it was."""
    machine = pairwise(method="exact", batch_size=100, learning_rate=1e-3)
    plain = pairwise(
        method="exact", batch_size=100, learning_rate=1e-3, gradient="plain"
    )
    machine.partial_fit(BITS)
    plain.partial_fit(BITS)
    offsets = machine._training_state.offsets
    np.testing.assert_allclose(offsets.visible, BITS.mean(axis=0))
    assert (machine.coupling_ != plain.coupling_).any()


def test_offsets_of_real_features_are_in_units_of_the_scale():
    rbm = gaussian(batch_size=100, learning_rate=1e-6).partial_fit(REALS)
    offsets = rbm._training_state.offsets.visible
    np.testing.assert_allclose(offsets, (REALS.mean(axis=0) - MEAN) / SCALE)


@pytest.mark.parametrize("name", DENSITIES)
def test_it_learns(name):
    X = rows(name)
    machine = DENSITIES[name](learning_rate=0.05, n_iter=60, warm_start=True)
    machine.set_params(random_state=0)
    before = machine.score(X)
    assert machine.fit(X).score(X) > before + 0.3
    assert machine.n_iter_ == len(machine.history_["epoch"]) == 60


def test_a_fit_from_scratch_forgets_the_weights():
    rbm = bernoulli(n_iter=2, random_state=0).fit(BITS)
    fresh = BernoulliRBM(3, n_iter=2, random_state=0).fit(BITS)
    np.testing.assert_array_equal(rbm.components_, fresh.components_)


def test_the_bounds_of_variances_are_in_units_of_those_given():
    rbm = gaussian(learning_rate=1e-9, variance_bounds=(2.0, 3.0)).partial_fit(REALS)
    np.testing.assert_allclose(rbm.log_variance_, Z + np.log(2), atol=1e-6)
    few = gaussian(learning_rate=1e-9).partial_fit(REALS[:2] * 1e-3)
    np.testing.assert_allclose(few.log_variance_, Z, atol=1e-6)


def test_a_feature_that_nothing_is_known_of_is_left_alone():
    weights = W.copy()
    weights[:, 2] = 0
    gaps = BITS.copy()
    gaps[:, 2] = np.nan
    rbm = BernoulliRBM.from_params(weights, C, [0, 0, 0.5, 0], random_state=0)
    with pytest.warns(UserWarning, match="no known value of 1 feature"):
        rbm.partial_fit(gaps)
    assert not rbm.components_[:, 2].any() and rbm.intercept_visible_[2] == 0.5


# Arrays ---------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_precision_is_that_of_the_weights(dtype):
    made = {
        "bernoulli": BernoulliRBM.from_params(W.astype(dtype), C),
        "gaussian": GaussianBernoulliRBM.from_params(W.astype(dtype), C),
        "pairwise": BoltzmannMachine.from_params(J.astype(dtype), H, n_features=4),
    }
    for name, machine in made.items():
        X = rows(name).astype(dtype)
        assert machine.transform(X).dtype == dtype
        machine.partial_fit(X)
        names = ("components_", "coupling_", "intercept_", "intercept_hidden_")
        found = [getattr(machine, n).dtype for n in names if hasattr(machine, n)]
        assert found == [dtype, dtype]
        assert machine.transform(X).dtype == dtype


def test_the_bits_are_those_of_the_machine_that_the_weights_are_from():
    X = RNG.random((200, 30))
    rbm = BernoulliRBM(20, n_iter=2, random_state=0).fit(X)
    rbm.components_ = np.asfortranarray(rbm.components_)
    kept = rbm.components_, rbm.intercept_hidden_, rbm.intercept_visible_
    again = BernoulliRBM.from_params(*kept)
    np.testing.assert_array_equal(again.transform(X), rbm.transform(X))
    dbn = DeepBeliefNetwork.from_params([rbm])
    np.testing.assert_array_equal(dbn.transform(X), rbm.transform(X))


@pytest.mark.parametrize("name", LEARNERS)
def test_arrays_are_copies_and_training_leaves_those_given_alone(name):
    arrays = W, C, B, J, H, Z, MEAN, SCALE
    kept = [array.copy() for array in arrays]
    machine = LEARNERS[name](random_state=0)
    before = answers(name, machine)
    try:
        for array in arrays:
            array += 1
        for now, then in zip(answers(name, machine), before, strict=True):
            np.testing.assert_array_equal(now, then)
    finally:
        for array, old in zip(arrays, kept, strict=True):
            array[...] = old
    machine.partial_fit(rows(name), **labels(name))
    for array, old in zip(arrays, kept, strict=True):
        np.testing.assert_array_equal(array, old)


def test_layers_are_copies():
    machines = layers()
    dbn = DeepBeliefNetwork.from_params(machines, random_state=0).partial_fit(BITS)
    assert (dbn.layers_[0].components_ != W).any()
    np.testing.assert_array_equal(machines[0].components_, W)
    assert machines[0].n_iter_ == 0


def test_lists_and_whole_numbers_are_weights_too():
    rbm = BernoulliRBM.from_params([[1, 0], [0, 2]], [0, 1])
    assert rbm.components_.dtype == np.float64 and rbm.get_params()["n_components"] == 2


# Refusals -------------------------------------------------------------------------

NAN = np.where(np.arange(12).reshape(3, 4) == 6, np.nan, W)
WRONG = [
    (lambda: BernoulliRBM.from_params(C), "components has shape (3,)"),
    (lambda: BernoulliRBM.from_params(np.empty((0, 4))), "components has shape (0, 4)"),
    (lambda: BernoulliRBM.from_params([["a"]]), "components must hold real numbers"),
    (lambda: BernoulliRBM.from_params(W, B), "intercept_hidden has shape (4,)"),
    (lambda: BernoulliRBM.from_params(W, C, C), "intercept_visible has shape (3,)"),
    (lambda: BernoulliRBM.from_params(NAN), "1 places, the first being [1, 2]"),
    (lambda: BernoulliRBM.from_params(W, [0, 0, np.inf]), "intercept_hidden must be"),
    (lambda: BernoulliRBM.from_params(W, k=0), "The 'k' parameter"),
    (
        lambda: GaussianBernoulliRBM.from_params(W, log_variance=C),
        "log_variance has shape (3,)",
    ),
    (
        lambda: GaussianBernoulliRBM.from_params(W, scale=np.zeros(4)),
        "scale must be 4 finite numbers above 0",
    ),
    (lambda: GaussianBernoulliRBM.from_params(W, mean=C), "mean must be 4 finite"),
    (lambda: GaussianBernoulliRBM.from_params(W, sigma=-1.0), "sigma must be"),
    (lambda: BoltzmannMachine.from_params(W), "coupling must be a square matrix"),
    (lambda: BoltzmannMachine.from_params(np.triu(J)), "coupling is not symmetric"),
    (lambda: BoltzmannMachine.from_params(J, B), "intercept must be 6 finite"),
    (lambda: BoltzmannMachine.from_params(J, n_features=7), "n_features must be"),
    (lambda: DeepBeliefNetwork.from_params([]), "at least one fitted machine"),
    (
        lambda: DeepBeliefNetwork.from_params([bernoulli(), bernoulli()]),
        "layers[1] is a machine of 4 features, but layers[0] has 3 hidden units",
    ),
    (lambda: DeepBeliefNetwork.from_params([pairwise()]), "layers must be"),
    (
        lambda: DeepBeliefNetwork.from_params([bernoulli(), gaussian()]),
        "whose inputs are binary",
    ),
    (
        lambda: DBNClassifier.from_params(layers(), ["on", "off"]),
        "classes must be at least two different labels in order",
    ),
    (lambda: DBNClassifier.from_params(layers(), ["on"]), "classes must be at least"),
    (
        lambda: DBNClassifier.from_params(
            layers(), ["off", "on"], fine_tuning="up-down"
        ),
        "whose last 2 features are the classes, beside the 3",
    ),
    (
        lambda: DBNClassifier.from_params(layers(), ["off", "on"], weights=[W]),
        "weights has 1 arrays, but 3 are needed",
    ),
    (
        lambda: DBNClassifier.from_params(
            layers(), ["off", "on"], recognition_weights=[W]
        ),
        "there is no such thing in a network with this fine_tuning",
    ),
]


@pytest.mark.parametrize("make, message", WRONG, ids=[message for _, message in WRONG])
def test_what_does_not_go_together_is_refused(make, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        make()


CHANGES = [
    (bernoulli, "components_", W[:, :3], "intercept_visible_ has shape (4,)"),
    (bernoulli, "components_", C, "components_ has shape (3,)"),
    (bernoulli, "intercept_hidden_", B, "intercept_hidden_ has shape (4,)"),
    (bernoulli, "n_features_in_", 5, "components_ is of 4 features, but n_features"),
    (gaussian, "log_variance_", C, "log_variance_ has shape (3,)"),
    (pairwise, "coupling_", J[:5], "coupling_ has shape (5, 6)"),
    (pairwise, "coupling_", J[:3, :3], "coupling_ is of 3 units, but n_features_in_"),
    (pairwise, "intercept_", H[:5], "intercept_ has shape (5,)"),
]


@pytest.mark.parametrize("make, name, value, message", CHANGES)
def test_attributes_that_do_not_go_together_are_refused(make, name, value, message):
    machine = make()
    setattr(machine, name, value)
    n_features = machine.n_features_in_
    X = np.zeros((3, n_features))
    for ask in (machine.score_samples, machine.transform, lambda X: machine.sample()):
        with pytest.raises(ValueError, match=re.escape(message)):
            ask(X)


@pytest.mark.parametrize("make", DENSITIES.values(), ids=DENSITIES)
def test_weights_that_are_not_finite_are_not_learnt_from(make):
    machine = make()
    name = "coupling_" if hasattr(machine, "coupling_") else "components_"
    getattr(machine, name)[0, 1] = np.nan
    if name == "coupling_":
        machine.coupling_[1, 0] = np.nan
    with pytest.raises(ValueError, match=f"{name} "):
        machine.partial_fit(BITS)


@pytest.mark.parametrize("name", DENSITIES)
def test_attributes_that_were_set_are_the_machine(name):
    """A fresh estimator with the attributes of a fitted one answers as that."""
    machine = DENSITIES[name]()
    kind, kept = type(machine), machine.get_params()
    other = kind(**kept)
    for attribute, value in vars(machine).items():
        if attribute.endswith("_") and not attribute.startswith("_"):
            if attribute not in ("n_iter_", "history_"):
                setattr(other, attribute, value)
    for one, same in zip(answers(name, machine), answers(name, other), strict=True):
        np.testing.assert_array_equal(one, same)
    assert other.partial_fit(rows(name)).n_iter_ == 1


# Names ----------------------------------------------------------------------------

MADE = {
    BernoulliRBM: bernoulli,
    GaussianBernoulliRBM: gaussian,
    BoltzmannMachine: pairwise,
    BoltzmannClassifier: by_machine,
    DeepBeliefNetwork: belief,
    DBNClassifier: classifier,
    HopfieldMemory: lambda: HopfieldMemory.from_params(J, H, n_features=4),
    DenseAssociativeMemory: lambda: DenseAssociativeMemory.from_params(REALS),
}
NO_WEIGHTS = {"EnergyImputer"}  # its weights are those of the machine inside


def test_every_machine_has_from_params():
    with_fit = {
        name for name in skboltz.__all__ if hasattr(getattr(skboltz, name), "fit")
    }
    assert {cls.__name__ for cls in MADE} == with_fit - NO_WEIGHTS


@pytest.mark.parametrize("cls", MADE, ids=lambda cls: cls.__name__)
def test_arguments_are_called_like_the_attributes(cls):
    made, parameters = MADE[cls](), inspect.signature(cls).parameters
    for name, argument in inspect.signature(cls.from_params).parameters.items():
        if argument.kind is argument.VAR_KEYWORD or name in ("n_features", "values"):
            continue
        if name.startswith("recognition") and cls is DBNClassifier:
            continue  # of another fine_tuning
        assert hasattr(made, f"{name}_"), name
    assert isinstance(made, cls) and parameters


def test_an_imputer_fills_gaps_by_a_machine_that_is_frozen():
    rng = np.random.default_rng(0)
    rbm = BernoulliRBM.from_params(rng.normal(size=(3, 4)))
    X = rng.integers(0, 2, (10, 4)).astype(float)
    X[0, 1] = np.nan
    imputer = EnergyImputer(FrozenEstimator(rbm)).fit(X)
    np.testing.assert_array_equal(imputer.transform(X), rbm.impute(X))
