"""What machines, their learning and their likelihoods advise is right when followed.

Users followed advice that named parameters of other classes, methods that were not
there, and remedies that lead to the same words again.  The table goes on from that of
test_advice.py.
"""

import numpy as np
import pytest
from advice import Advice, follow
from scipy import sparse
from sklearn.frozen import FrozenEstimator

from skboltz import (
    BernoulliRBM,
    BoltzmannClassifier,
    BoltzmannMachine,
    DBNClassifier,
    DeepBeliefNetwork,
    EnergyImputer,
    GaussianBernoulliRBM,
    HopfieldMemory,
)
from skboltz.learning import EnergyDescent, MinimalOverlap, Perceptron
from skboltz.metrics import mmd, moment_errors, sample_quality
from skboltz.sampling import Langevin

X = np.random.default_rng(0).integers(0, 2, (40, 6)).astype(float)
GAPS = np.where(np.eye(40, 6), np.nan, X)
UNKNOWN = np.c_[X, np.full(40, np.nan)]
INFINITE = np.where(np.eye(40, 6), np.inf, X)
WIDE = np.random.default_rng(1).integers(0, 2, (20, 40)).astype(float)
REAL = np.random.default_rng(2).normal(size=(60, 4)) * [1, 2, 3, 4]
CLASSES = np.arange(40) % 2
FULL = np.random.default_rng(3).normal(size=(8, 8))
np.fill_diagonal(FULL, 0)


def rbm(n_components=3, n_iter=1, **params):
    return BernoulliRBM(n_components, n_iter=n_iter, random_state=0, **params)


def gaussian(n_components=3, n_iter=1, **params):
    return GaussianBernoulliRBM(n_components, n_iter=n_iter, random_state=0, **params)


def machine(n_hidden=0, n_iter=1, **params):
    return BoltzmannMachine(n_hidden, n_iter=n_iter, random_state=0, **params)


def finite(values):
    return np.isfinite(values).all()


def fitted(*names):
    """Whether an estimator has these finite arrays."""
    return lambda model: all(finite(getattr(model, name)) for name in names)


is_machine = fitted("coupling_", "intercept_")
is_rbm = fitted("components_", "intercept_visible_", "intercept_hidden_")


# Data -------------------------------------------------------------------------------

DATA = {
    "gaps and pseudo-likelihood": Advice(
        lambda: rbm().fit(X).pseudo_log_likelihood(GAPS),
        r"by impute\(X\)",
        lambda: (lambda m: m.pseudo_log_likelihood(m.impute(GAPS)))(rbm().fit(X)),
        finite,
    ),
    "what takes gaps": Advice(
        lambda: rbm().fit(X).reconstruct(GAPS),
        "; free_energy, score_samples, transform take NaN",
        lambda: [
            getattr(rbm().fit(X), name)(GAPS).sum()
            for name in ("free_energy", "score_samples", "transform")
        ],
        finite,
    ),
    "what takes gaps without hidden units": Advice(
        lambda: machine().fit(X).pseudo_log_likelihood(GAPS),
        "; free_energy, score_samples take NaN",
        lambda: [
            getattr(machine().fit(X), name)(GAPS).sum()
            for name in ("free_energy", "score_samples")
        ],
        finite,
    ),
    "gaps before a classifier": Advice(
        lambda: classifier().fit(GAPS, CLASSES),
        "by EnergyImputer for example",
        lambda: classifier(n_iter=100).fit(
            EnergyImputer(rbm()).fit_transform(GAPS), CLASSES
        ),
        lambda model: model.score(X, CLASSES) > 0.5,
    ),
    "infinity by NaN": Advice(
        lambda: rbm().fit(INFINITE),
        "or by NaN where the value is missing",
        lambda: rbm().fit(np.where(np.isinf(INFINITE), np.nan, INFINITE)),
        is_rbm,
    ),
    "infinity of sparse rows, which hold no NaN": Advice(
        lambda: rbm().fit(sparse.csr_array(INFINITE)),
        r"replace it by a finite number\.",
        lambda: rbm().fit(sparse.csr_array(np.where(np.isinf(INFINITE), 1, X))),
        is_rbm,
    ),
    "infinity where a solver knows no NaN": Advice(
        lambda: machine(method="moments", l2=0.1).fit(INFINITE),
        r"replace it by a finite number\.",
        lambda: machine(method="moments", l2=0.1).fit(X),
        is_machine,
    ),
    "sparse gaps": Advice(
        lambda: rbm().fit(sparse.csr_array(GAPS)),
        "in a dense X",
        lambda: rbm().fit(GAPS),
        is_rbm,
    ),
    "features without a value": Advice(
        lambda: rbm().fit(UNKNOWN),
        "drop them, or",
        lambda: rbm().fit(UNKNOWN[:, :6]),
        is_rbm,
    ),
    "rows that know them": Advice(
        lambda: gaussian().fit(UNKNOWN),
        "add rows that know them",
        lambda: gaussian().fit(np.vstack([UNKNOWN, np.eye(7)])),
        is_rbm,
    ),
    "features left out": Advice(
        lambda: EnergyImputer(rbm()).fit(UNKNOWN),
        "keep_empty_features=True fills them with 0",
        lambda: EnergyImputer(rbm(), keep_empty_features=True).fit_transform(UNKNOWN),
        lambda found: found.shape == (40, 7) and (found[:, 6] == 0).all(),
    ),
    "squares that overflow": Advice(
        lambda: gaussian().fit(REAL * 1e200),
        "scale X down",
        lambda: gaussian().fit(REAL * 1e100),
        is_rbm,
    ),
    "a Generator": Advice(
        lambda: rbm().fit(X).sample(random_state=np.random.default_rng(0)),
        r"pass rng.integers\(2\*\*32\)",
        lambda: (
            rbm().fit(X).sample(random_state=np.random.default_rng(0).integers(2**32))
        ),
        finite,
    ),
}

# Machines ---------------------------------------------------------------------------

UPPER = np.triu(np.ones((6, 6)), 1)
ALONE = np.zeros((8, 8))
ALONE[:6, :6] = UPPER + UPPER.T


def coupled(n_hidden, **params):
    return machine(n_hidden, 0, hidden_hidden=True, **params).fit(X)


def chain(n):
    return np.eye(n, k=1) + np.eye(n, k=-1)


MACHINES = {
    "other hidden units go back": Advice(
        lambda: rbm(warm_start=True).fit(X).set_params(n_components=4).fit(X),
        "n_components is 4, .* 3 hidden units; set it back",
        lambda: rbm(warm_start=True).fit(X).set_params(n_components=3).fit(X),
        lambda model: model.n_iter_ == 2,
    ),
    "other hidden units begin anew": Advice(
        lambda: rbm().partial_fit(X).set_params(n_components=4).partial_fit(X),
        "begin anew by fit with warm_start=False",
        lambda: rbm().partial_fit(X).set_params(n_components=4).fit(X),
        lambda model: model.components_.shape == (4, 6),
    ),
    "an exact sum of fewer units": Advice(
        lambda: rbm(60, method="exact").fit(np.tile(X, 10)),
        "n_components of at most 20",
        lambda: rbm(20, 0, method="exact").fit(np.tile(X, 10)),
        is_rbm,
    ),
    "no exact sum": Advice(
        lambda: gaussian(60, method="exact").fit(REAL),
        'Use method="pcd"',
        lambda: gaussian(60, method="pcd").fit(REAL),
        is_rbm,
    ),
    "an exact sum of fewer couplings": Advice(
        lambda: machine(method="exact").fit(WIDE),
        "fewer units, or fewer couplings",
        lambda: machine(method="exact", mask=chain(40)).fit(WIDE),
        is_machine,
    ),
    "pcd for a sum": Advice(
        lambda: machine(method="exact").fit(WIDE),
        'Use method="pcd"',
        lambda: machine(method="pcd").fit(WIDE),
        is_machine,
    ),
    "moments of a chain, whose states are as many": Advice(
        lambda: machine(method="moments", mask=chain(40)).fit(WIDE),
        r'method="pseudo-likelihood", or fewer units\.',
        lambda: machine(method="pseudo-likelihood", mask=chain(40), l2=0.1).fit(WIDE),
        is_machine,
    ),
    "the exact log Z of fewer units": Advice(
        lambda: rbm(60, 0).fit(WIDE).log_partition(method="exact"),
        "at most 20 units have to be enumerated",
        lambda: rbm(16, 0).fit(WIDE).log_partition(method="exact").value,
        finite,
    ),
    "an estimate for the exact log Z": Advice(
        lambda: rbm(60, 0).fit(WIDE).log_partition(method="exact"),
        'Use method="bridge" for an estimate with an error bar, or a machine',
        lambda: rbm(60, 0).fit(WIDE).log_partition(method="bridge", betas=100),
        lambda found: abs(found.value - 100 * np.log(2)) < 1,
    ),
    "coupled hidden units that are fewer": Advice(
        lambda: coupled(40).pseudo_log_likelihood(X),
        "hidden_hidden=False or fewer units",
        lambda: (
            coupled(8).pseudo_log_likelihood(X)
            + machine(40, 0, hidden_hidden=False).fit(X).pseudo_log_likelihood(X)
        ),
        finite,
    ),
    "a score of coupled hidden units": Advice(
        lambda: coupled(40).conditional_proba(X),
        "Use score_samples",
        lambda: coupled(40).score_samples(X[:1]),
        finite,
    ),
    "a mask of one side": Advice(
        lambda: machine(mask=UPPER).fit(X),
        r"take abs\(mask\) \+ abs\(mask.T\)",
        lambda: machine(mask=abs(UPPER) + abs(UPPER.T)).fit(X),
        lambda model: np.count_nonzero(model.coupling_) == 30,
    ),
    "a mask with a diagonal": Advice(
        lambda: machine(mask=np.ones((6, 6))).fit(X),
        "set its diagonal to 0",
        lambda: machine(mask=1 - np.eye(6)).fit(X),
        is_machine,
    ),
    "hidden units that are joined": Advice(
        lambda: machine(2, visible_hidden=False).fit(X),
        "Set visible_hidden=True",
        lambda: machine(2, visible_hidden=True).fit(X),
        is_machine,
    ),
    "hidden units that a mask leaves alone": Advice(
        lambda: machine(2, mask=ALONE).fit(X),
        "allow them couplings in `mask`",
        lambda: machine(2, mask=1 - np.eye(8)).fit(X),
        is_machine,
    ),
    "fewer hidden units": Advice(
        lambda: machine(2, mask=ALONE).fit(X),
        "or lower n_hidden",
        lambda: machine(0, mask=ALONE[:6, :6]).fit(X),
        is_machine,
    ),
    "other values are converted": Advice(
        lambda: machine(warm_start=True).fit(X).set_params(values=(-1, 1)).fit(X),
        "convert it by with_values",
        lambda: machine(warm_start=True).fit(X).with_values((-1, 1)).fit(2 * X - 1),
        lambda model: model.n_iter_ == 2,
    ),
    "no means of hidden units": Advice(
        lambda: machine().fit(X).transform(X),
        "set n_hidden > 0",
        lambda: machine(2).fit(X).transform(X),
        finite,
    ),
    "a solver of parts": Advice(
        lambda: machine(method="moments").partial_fit(X),
        "partial_fit needs one of .*'tap'",
        lambda: [
            machine(method=method).partial_fit(X).coupling_.sum()
            for method in ("annealing", "exact", "mean-field", "pcd", "tap")
        ],
        finite,
    ),
    "a solver of hidden units": Advice(
        lambda: machine(2, method="moments").fit(X),
        "Use one of .*'pcd'",
        lambda: machine(2, method="pcd").fit(X),
        is_machine,
    ),
    "couplings that are 0": Advice(
        lambda: machine(method="moments", l1=0.1).fit(X),
        'use method="pseudo-likelihood" for couplings that are exactly 0',
        lambda: machine(method="pseudo-likelihood", l1=0.1).fit(X),
        lambda model: (model.coupling_[np.triu_indices(6, 1)] == 0).any(),
    ),
    "a solver of gaps": Advice(
        lambda: machine(method="pseudo-likelihood").fit(GAPS),
        'Use method="pcd", or "exact"',
        lambda: machine(method="exact").fit(GAPS),
        is_machine,
    ),
    "a sampler of Gaussian units": Advice(
        lambda: gaussian(sampler=Langevin(), method="tempered").fit(REAL),
        'needs method="cd", "pcd" or "restart"',
        lambda: gaussian(sampler=Langevin(), method="restart").fit(REAL),
        is_rbm,
    ),
    "what a training began with": Advice(
        lambda: gaussian(warm_start=True).fit(REAL).set_params(sigma=1.0).fit(REAL),
        "set it back, or begin anew by fit with warm_start=False",
        lambda: gaussian().fit(REAL).set_params(sigma=1.0, warm_start=False).fit(REAL),
        lambda model: np.allclose(model.log_variance_, 0),
    ),
    "no mode of real features": Advice(
        lambda: gaussian().fit(REAL).impute(REAL, strategy="mode"),
        'take "mean"',
        lambda: gaussian().fit(REAL).impute(np.where(np.eye(60, 4), np.nan, REAL)),
        finite,
    ),
}

# Samples ----------------------------------------------------------------------------

SAMPLES = {
    "given by Gibbs sweeps": Advice(
        lambda: rbm().fit(X).sample(given=GAPS[:2], method="tempering"),
        'given needs method="gibbs"',
        lambda: rbm().fit(X).sample(given=GAPS[:2], method="gibbs", burn_in=9),
        lambda rows: (rows == X[:2])[~np.isnan(GAPS[:2])].all(),
    ),
    "a row given for each sample": Advice(
        lambda: rbm().fit(X).sample(5, given=GAPS[:2]),
        "pass one row",
        lambda: rbm().fit(X).sample(5, given=GAPS[0], burn_in=9),
        lambda rows: rows.shape == (5, 6) and (rows[:, 1:] == X[0, 1:]).all(),
    ),
    "a chain for each row given": Advice(
        lambda: rbm().fit(X).sample(given=GAPS[:2], n_chains=3),
        "leave n_chains out",
        lambda: rbm().fit(X).sample(given=GAPS[:2], burn_in=9),
        lambda rows: rows.shape == (2, 6),
    ),
    "a start for each chain": Advice(
        lambda: rbm().fit(X).sample(4, start=X[:2]),
        "there are 4 chains; each needs one",
        lambda: rbm().fit(X).sample(4, start=X[:2], n_chains=2, burn_in=9),
        lambda rows: rows.shape == (4, 6),
    ),
}

# Networks ---------------------------------------------------------------------------

LAYER = BernoulliRBM(n_iter=2)
# One that a single layer can tell: the first feature is the class.
TOLD = np.c_[CLASSES, X]


def classifier(fine_tuning="backprop", layers=LAYER, sizes=(4, 3), n_iter=2, **params):
    return DBNClassifier(
        sizes,
        layers=layers,
        fine_tuning=fine_tuning,
        n_iter=n_iter,
        random_state=0,
        **params,
    )


def network(sizes=(4, 3), layers=LAYER, **params):
    return DeepBeliefNetwork(sizes, layers=layers, n_iter=2, random_state=0, **params)


def joint(n_hidden, share=0.5, **params):
    return BoltzmannClassifier(machine(n_hidden, **params), generative_share=share)


def frozen(n_components, data=X):
    return FrozenEstimator(rbm(n_components).fit(data))


def top():
    """The top of a network, which learns labels."""
    return classifier("none").fit(X, CLASSES).layers_[-1]


def trained(rate=0.1, n_iter=100):
    return BernoulliRBM(n_iter=n_iter, learning_rate=rate, random_state=0)


def tells(model):
    return model.score(TOLD, CLASSES) == 1


is_network = fitted("recognition_weights_") and (lambda model: len(model.layers_))

NETWORKS = {
    "other layers go back": Advice(
        lambda: (
            network(warm_start=True).fit(X).set_params(hidden_layer_sizes=(4, 2)).fit(X)
        ),
        r"layers of \(4, 3\) units; set it back",
        lambda: network(warm_start=True).fit(X).fit(X),
        lambda model: model.layers_[0].n_iter_ == 4,
    ),
    "other layers begin anew": Advice(
        lambda: (
            network()
            .partial_fit(X)
            .set_params(hidden_layer_sizes=(4, 2))
            .partial_fit(X)
        ),
        "begin anew by fit with warm_start=False",
        lambda: network().partial_fit(X).set_params(hidden_layer_sizes=(4, 2)).fit(X),
        lambda model: model.transform(X).shape == (40, 2),
    ),
    "layers that were tuned": Advice(
        lambda: (
            network(fine_tuning="up-down", warm_start=True)
            .fit(X)
            .set_params(fine_tuning="none")
            .fit(X)
        ),
        "would undo; set it back",
        lambda: network(fine_tuning="up-down", warm_start=True).fit(X).fit(X),
        lambda model: model.n_iter_ == 4,
    ),
    "another fine-tuning": Advice(
        lambda: (
            classifier()
            .partial_fit(X, CLASSES, classes=[0, 1])
            .set_params(fine_tuning="up-down")
            .partial_fit(X, CLASSES)
        ),
        'made with "backprop"; set it back, or begin anew by fit',
        lambda: (
            classifier()
            .partial_fit(X, CLASSES, classes=[0, 1])
            .set_params(fine_tuning="up-down")
            .fit(X, CLASSES)
        ),
    ),
    "all rows at once": Advice(
        lambda: classifier(early_stopping=True).partial_fit(X, CLASSES, classes=[0, 1]),
        "set it otherwise",
        lambda: classifier(early_stopping=False).partial_fit(
            X, CLASSES, classes=[0, 1]
        ),
    ),
    "all rows of a solver": Advice(
        lambda: classifier(solver="lbfgs").partial_fit(X, CLASSES, classes=[0, 1]),
        "or call fit",
        lambda: classifier(solver="lbfgs", n_iter=50).fit(TOLD, CLASSES),
        tells,
    ),
    "classes in the first call": Advice(
        lambda: classifier().partial_fit(X, CLASSES),
        "classes must be given in the first call",
        lambda: classifier().partial_fit(X, CLASSES, classes=[0, 1]),
    ),
    "a class not told of": Advice(
        lambda: (
            classifier()
            .partial_fit(X, CLASSES, classes=[0, 1])
            .partial_fit(X, CLASSES + 1)
        ),
        "the first partial_fit, must be told of all",
        lambda: (
            classifier()
            .partial_fit(X, CLASSES, classes=[0, 1, 2])
            .partial_fit(X, CLASSES + 1)
        ),
        lambda model: model.predict_proba(X).shape == (40, 3),
    ),
    "L-BFGS and up-down": Advice(
        lambda: classifier("up-down", solver="lbfgs").fit(X, CLASSES),
        'choose "adam" or "sgd"',
        lambda: [
            classifier("up-down", solver=solver).fit(X, CLASSES).n_iter_
            for solver in ("adam", "sgd")
        ],
    ),
    "L-BFGS and dropout": Advice(
        lambda: classifier(solver="lbfgs", dropout=0.1).fit(X, CLASSES),
        "or dropout=0",
        lambda: classifier(solver="lbfgs", n_iter=50).fit(TOLD, CLASSES),
        tells,
    ),
    "L-BFGS and bounds": Advice(
        lambda: classifier(solver="lbfgs", max_norm=1.0).fit(X, CLASSES),
        "or max_norm=None",
        lambda: classifier(solver="lbfgs", max_norm=None, n_iter=50).fit(TOLD, CLASSES),
        tells,
    ),
    "a class of one row": Advice(
        lambda: classifier(early_stopping=True).fit(X[:6], [0, 0, 0, 0, 0, 1]),
        r"Set early_stopping=False\.",
        lambda: classifier(early_stopping=False).fit(X[:6], [0, 0, 0, 0, 0, 1]),
    ),
    "classes of few rows": Advice(
        lambda: classifier(early_stopping=True).fit(X[:9], np.arange(9) % 3),
        "Set early_stopping=False, or another fraction",
        lambda: classifier(early_stopping=True, validation_fraction=0.4).fit(
            X[:9], np.arange(9) % 3
        ),
    ),
    "rows held out that weigh nothing": Advice(
        lambda: classifier(early_stopping=True).fit(
            TOLD, CLASSES, sample_weight=np.arange(40) < 12
        ),
        "sample_weight 0. Leave such rows out",
        lambda: classifier(early_stopping=True).fit(TOLD[:12], CLASSES[:12]),
    ),
    "too many machines": Advice(
        lambda: network(layers=[LAYER] * 3).fit(X),
        "give one for each, or fewer, of which the last serves for all above",
        lambda: network(layers=[LAYER]).fit(X),
        is_network,
    ),
    "a Gaussian machine for all": Advice(
        lambda: network(layers=gaussian()).fit(REAL),
        r"such as \[GaussianBernoulliRBM\(\), BernoulliRBM\(\)\]",
        lambda: network(layers=[gaussian(), rbm()]).fit(REAL),
        is_network,
    ),
    "a machine of another kind": Advice(
        lambda: network(layers=machine(3)).fit(X),
        "layers must be skboltz.BernoulliRBM or .*, or either in a FrozenEstimator",
        lambda: network(layers=[frozen(4), LAYER]).fit(X),
        is_network,
    ),
    "a frozen machine of other sizes": Advice(
        lambda: network((5, 3), [frozen(4), LAYER]).fit(X),
        "make hidden_layer_sizes and the data fit the machine",
        lambda: network((4, 3), [frozen(4), LAYER]).fit(X),
        is_network,
    ),
    "a frozen top for labels": Advice(
        lambda: classifier("up-down", [LAYER, frozen(3, X[:, :4])]).fit(X, CLASSES),
        r"Put BernoulliRBM\(\) there",
        lambda: classifier("up-down", [LAYER, BernoulliRBM(n_iter=1)]).fit(X, CLASSES),
    ),
    "a frozen top for none": Advice(
        lambda: classifier("none", [LAYER, frozen(3, X[:, :4])]).fit(X, CLASSES),
        'or use fine_tuning="backprop"',
        lambda: classifier("backprop", [LAYER, frozen(3, X[:, :4])]).fit(X, CLASSES),
    ),
    "classes that only layers learn": Advice(
        lambda: classifier("none").fit(TOLD, CLASSES),
        r"\(`n_iter` of `layers`\), or a larger `learning_rate` of `layers`\.",
        lambda: classifier("none", trained(n_iter=600), 2).fit(TOLD, CLASSES),
        tells,
    ),
    "classes that take more epochs": Advice(
        lambda: classifier().fit(TOLD, CLASSES),
        "`n_iter` of the network and of `layers`",
        lambda: classifier(layers=trained(), n_iter=300).fit(TOLD, CLASSES),
        tells,
    ),
    "a rate of layers too large": Advice(
        lambda: classifier("none", trained(30.0, 10)).fit(X, CLASSES),
        "Lower `learning_rate` of `layers`, or",
        lambda: classifier("none", trained(0.1, 10)).fit(X, CLASSES),
    ),
    "a rate of the network too large": Advice(
        lambda: classifier(learning_rate=100.0, solver="sgd").fit(X, CLASSES),
        "Lower `learning_rate` of the network",
        lambda: classifier(learning_rate=0.1, solver="sgd").fit(X, CLASSES),
    ),
    "samples by backpropagation": Advice(
        lambda: classifier().fit(X, CLASSES).sample(),
        'sample\\(\\) needs fine_tuning="up-down" or "none"',
        lambda: classifier("none").fit(X, CLASSES).sample(3, burn_in=9),
        lambda rows: rows.shape == (3, 6),
    ),
    "labels by Gibbs sweeps": Advice(
        lambda: classifier("none").fit(X, CLASSES).sample(y=[0], method="annealing"),
        'y needs method="gibbs"',
        lambda: classifier("none").fit(X, CLASSES).sample(y=[0], burn_in=9),
        lambda rows: rows.shape == (1, 6),
    ),
    "a chain for each label": Advice(
        lambda: classifier("none").fit(X, CLASSES).sample(y=[0, 1], n_chains=1),
        "leave n_chains out",
        lambda: classifier("none").fit(X, CLASSES).sample(y=[0, 1], burn_in=9),
        lambda rows: rows.shape == (2, 6),
    ),
    "a label for each sample": Advice(
        lambda: classifier("none").fit(X, CLASSES).sample(3, y=[0, 1]),
        "pass one label",
        lambda: classifier("none").fit(X, CLASSES).sample(3, y=0, burn_in=9),
        lambda rows: rows.shape == (3, 6),
    ),
    "no pseudo-likelihood of labels": Advice(
        lambda: top().pseudo_log_likelihood(np.eye(6)),
        "Take score_samples, a likelihood",
        lambda: top().score_samples(np.eye(6)[4:]),
        finite,
    ),
    "coupled hidden units of a classifier": Advice(
        lambda: joint(40, hidden_hidden=True).fit(X, CLASSES),
        "Set hidden_hidden=False in `estimator`, fewer hidden units",
        lambda: [
            joint(40, hidden_hidden=False).fit(X, CLASSES).score(X, CLASSES),
            joint(3, hidden_hidden=True).fit(X, CLASSES).score(X, CLASSES),
        ],
        finite,
    ),
    "classes without couplings": Advice(
        lambda: joint(0, visible_visible=False).fit(X, CLASSES),
        "set visible_visible=True in `estimator`, add hidden units",
        lambda: [
            joint(0, visible_visible=True).fit(X, CLASSES).score(X, CLASSES),
            joint(2, visible_visible=False).fit(X, CLASSES).score(X, CLASSES),
        ],
        finite,
    ),
    "a joint method": Advice(
        lambda: joint(0, 0.5, method="moments").fit(X, CLASSES),
        "it needs generative_share=1",
        lambda: joint(0, 1.0, method="moments", l2=0.1).fit(X, CLASSES),
        lambda model: model.score(X, CLASSES) > 0.5,
    ),
    "gaps of a classifier": Advice(
        lambda: joint(2, 0.5).fit(GAPS, CLASSES),
        "by EnergyImputer for example",
        lambda: joint(2, 0.5).fit(EnergyImputer(rbm()).fit_transform(GAPS), CLASSES),
    ),
    "all classes in the first call": Advice(
        lambda: (
            joint(2).partial_fit(X, CLASSES, classes=[0, 1]).partial_fit(X, CLASSES + 1)
        ),
        "the first partial_fit, must be told of all",
        lambda: (
            joint(2)
            .partial_fit(X, CLASSES, classes=[0, 1, 2])
            .partial_fit(X, CLASSES + 1)
        ),
        lambda model: model.predict_proba(X).shape == (40, 3),
    ),
}


# Learning ---------------------------------------------------------------------------

MANY = np.random.default_rng(1).choice([-1.0, 1.0], (18, 20))
PATTERNS = np.random.default_rng(0).choice([-1.0, 1.0], (26, 20))


def stored(rule, patterns=PATTERNS, **params):
    return HopfieldMemory(rule, random_state=0, **params).fit(patterns)


def holds(patterns):
    return lambda memory: memory.is_fixed_point(patterns).all()


LEARNING = {
    "a rate times a penalty": Advice(
        lambda: rbm(n_iter=30, learning_rate=1.0, l2=1e3).fit(X),
        r"Lower `learning_rate` \(its product with a penalty must stay below 1\)",
        lambda: rbm(n_iter=30, learning_rate=5e-4, l2=1e3).fit(X),
        is_rbm,
    ),
    "values far out of the range": Advice(
        lambda: rbm(n_iter=30).fit(1e200 * X),
        "where X is far beyond the range of the units, scale X to it",
        lambda: rbm(n_iter=30).fit(X),
        is_rbm,
    ),
    "a rate times a penalty of a fine-tuning": Advice(
        lambda: classifier(n_iter=30, learning_rate=1.0, l2=1e3, solver="sgd").fit(
            X, CLASSES
        ),
        "The training diverged.* Lower `learning_rate`",
        lambda: classifier(n_iter=30, learning_rate=5e-4, l2=1e3, solver="sgd").fit(
            X, CLASSES
        ),
    ),
    "a rate that a layer has": Advice(
        lambda: network(layers=rbm(n_iter=30, learning_rate=1.0, l2=1e3)).fit(X),
        "In layer 1, whose parameters are those of a machine of `layers`",
        lambda: network(layers=rbm(n_iter=30, learning_rate=5e-4, l2=1e3)).fit(X),
        is_network,
    ),
    "a rate that held": Advice(
        lambda: rbm(n_iter=5, learning_rate=100.0, rate_guard=True).fit(X),
        "it held at a learning rate of 6.25, .* Lower `learning_rate`",
        lambda: rbm(n_iter=5, learning_rate=6.25, rate_guard=True).fit(X),
        is_rbm,
    ),
    "a lower rate of real features": Advice(
        lambda: gaussian(8, 10, learning_rate=3.0).fit(REAL),
        "Lower `learning_rate`, or set rate_guard=True",
        lambda: gaussian(8, 100, learning_rate=0.03).fit(REAL),
        lambda model: model.score(REAL) > gaussian(8, 0).fit(REAL).score(REAL),
    ),
    "a guard of real features": Advice(
        lambda: gaussian(8, 10, learning_rate=3.0).fit(REAL),
        "prefers other states to the data",
        lambda: gaussian(8, 10, learning_rate=3.0, rate_guard=True).fit(REAL),
        is_rbm,
    ),
    "more iterations of a perceptron": Advice(
        lambda: stored(Perceptron(max_iter=300)),
        r"Take rule=Perceptron\(margin=0.0, symmetric=True, max_iter=3000\)",
        lambda: stored(Perceptron(max_iter=3000)),
        holds(PATTERNS),
    ),
    "a perceptron without symmetry": Advice(
        lambda: stored(Perceptron(max_iter=300)),
        r" \(or one with symmetric=False\), or store",
        lambda: stored(Perceptron(symmetric=False, max_iter=300)),
        holds(PATTERNS),
    ),
    "a smaller margin": Advice(
        lambda: stored(Perceptron(margin=1.5), PATTERNS[:9]),
        r" \(or one with a smaller margin or symmetric=False\), or store",
        lambda: stored(Perceptron(margin=0.5), PATTERNS[:9]),
        lambda memory: (memory.stability() > 0.5).all(),
    ),
    "a smaller target": Advice(
        lambda: stored(MinimalOverlap(max_iter=10), PATTERNS[:3]),
        r" \(or one with a smaller target or symmetric=False\), or store",
        lambda: stored(MinimalOverlap(target=1.0, max_iter=10), PATTERNS[:3]),
        holds(PATTERNS[:3]),
    ),
    "nothing less to ask for": Advice(
        lambda: stored(Perceptron(symmetric=False, max_iter=2)),
        r"max_iter=20\), or store fewer memories",
        lambda: stored(Perceptron(symmetric=False, max_iter=2), PATTERNS[:3]),
        holds(PATTERNS[:3]),
    ),
    "smaller steps of a descent": Advice(
        lambda: stored(EnergyDescent(), MANY),
        r"Take rule=EnergyDescent\(.*learning_rate=0.01, n_iter=1000\), or store",
        lambda: stored(EnergyDescent(learning_rate=0.01, n_iter=1000), MANY),
        holds(MANY),
    ),
    "fewer memories of a descent": Advice(
        lambda: stored(EnergyDescent(), MANY),
        "or store fewer memories",
        lambda: stored(EnergyDescent(), MANY[:10]),
        holds(MANY[:10]),
    ),
    "starts that never end": Advice(
        lambda: HopfieldMemory.from_params(FULL).spurious_states(20, random_state=0),
        r"is_fixed_point\(states\) tells which states are",
        lambda: (lambda memory: memory.is_fixed_point(memory.transform(np.eye(8))))(
            HopfieldMemory.from_params(FULL + FULL.T)
        ),
        np.all,
    ),
}

# Likelihoods ------------------------------------------------------------------------


def hard(strength=0.6):
    """A machine of 2^40 states in each layer."""
    model = rbm(40, 0).fit(WIDE)
    model.components_ = np.random.default_rng(0).normal(0, strength, (40, 40))
    model.intercept_visible_ = np.zeros(40)
    return model


def log_z(model, **effort):
    effort = {"betas": 100, "n_chains": 100, "n_sweeps": 10, **effort}
    return model.log_partition(method="bridge", **effort)


def ones(n=6):
    return np.ones((n, 2))


ROWS = np.random.default_rng(4).normal(size=(12, 2))

LIKELIHOODS = {
    "more inverse temperatures": Advice(
        lambda: log_z(hard(), betas=8, n_chains=200),
        r"\(effective sample size\): take more inverse temperatures, by betas of log_p",
        lambda: log_z(hard(), betas=100),
        lambda found: found.effective_sample_size > 15,
    ),
    "directions that disagree": Advice(
        lambda: log_z(hard(1.0), betas=2, n_chains=200),
        "likely between them; take more inverse temperatures, by betas",
        lambda: log_z(hard(1.0), betas=300),
        lambda found: abs(found.forward - found.reverse) < 1,
    ),
    "more chains": Advice(
        lambda: log_z(hard(), n_chains=4, betas=1000),
        r"\(effective sample size\): raise n_chains of log_partition",
        lambda: log_z(hard(), n_chains=60),
        lambda found: found.effective_sample_size > 9,
    ),
    "chains that can tell": Advice(
        lambda: log_z(rbm(3, 0).fit(X), n_chains=20),
        "take n_chains=60 or more",
        lambda: log_z(rbm(3, 0).fit(X), n_chains=60),
        lambda found: abs(found.value - rbm(3, 0).fit(X).log_partition().value) < 0.1,
    ),
    "the bandwidth left out": Advice(
        lambda: mmd(ROWS, ROWS, bandwidth=-1),
        "leave it None",
        lambda: mmd(ROWS, ROWS).bandwidth,
        lambda found: found > 0,
    ),
    "a bandwidth of equal rows": Advice(
        lambda: mmd(ROWS, ones()),
        "pass a positive bandwidth",
        lambda: mmd(ROWS, ones(), bandwidth=1.0).squared.value,
        lambda found: found > 0,
    ),
    "more rows held out": Advice(
        lambda: sample_quality(ROWS[:6], ROWS[6:11]),
        "give 6 rows or more, or a reference",
        lambda: [
            sample_quality(ROWS[:6], ROWS[6:12]),
            sample_quality(ROWS[:6], ROWS[6:11], reference=ROWS[:6]),
        ],
    ),
    "one feature as a column": Advice(
        lambda: moment_errors(ROWS[:, 0], ROWS[:, 1], order=1),
        r"for one feature use reshape\(-1, 1\)",
        lambda: moment_errors(
            ROWS[:, 0].reshape(-1, 1), ROWS[:, 1].reshape(-1, 1), order=1
        ),
        lambda found: np.isclose(
            found.rms.value, abs(ROWS[:, 0].mean() - ROWS[:, 1].mean())
        ),
    ),
    "rows without gaps": Advice(
        lambda: moment_errors(GAPS, X, order=2),
        "impute or drop such rows first",
        lambda: moment_errors(rbm().fit(X).impute(GAPS), X, order=2).rms.value,
        finite,
    ),
}

CASES = {**DATA, **MACHINES, **SAMPLES, **NETWORKS, **LEARNING, **LIKELIHOODS}


@pytest.mark.parametrize("name", CASES)
def test_the_advice_leads_to_the_right_result(name):
    follow(CASES[name])
