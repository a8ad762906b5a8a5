"""Every promise that the estimators share, once, over all of them.

A new estimator is a row of ROWS, and then all of tests/contract/ binds it. A promise
that an estimator breaks on purpose stands in its row with the reason; one that it
should keep, and does not yet, in KNOWN_GAPS. Either has to be broken indeed.
"""

from functools import partial

import numpy as np
from contract import answers, documents, tables, training
from contract.rows import PROMISES, Data, Row

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

__all__ = [
    "KNOWN_GAPS",
    "PROMISES",
    "ROWS",
    "answers",
    "documents",
    "tables",
    "training",
]

# Data ---------------------------------------------------------------------------------

_RNG = np.random.default_rng(0)
_BITS = (_RNG.random((30, 5)) < 0.45).astype(float)
_BITS[:, 1] = np.where(_RNG.random(30) < 0.8, _BITS[:, 0], 1 - _BITS[:, 0])
_CLASSES = np.array(["more", "few", "none"])[(_BITS[:, 0] + _BITS[:, 2]).astype(int)]
_REALS = _RNG.normal([1, -2, 0, 3, 0], [1, 2, 1, 0.5, 1], (30, 5))
_REALS[::2, 0] += 4
_PATTERNS = np.where(_RNG.random((4, 12)) < 0.5, -1.0, 1.0)
_CUES = np.tile(_PATTERNS, (3, 1))
_CUES[np.arange(12), np.arange(12)] *= -1

BITS = Data(_BITS, None, _BITS[:14], (0, 1))
SPINS = Data(2 * _BITS - 1, None, 2 * _BITS[:14] - 1, (-1, 1))
REALS = Data(_REALS, None, _REALS[:14], None)
LABELLED = Data(_BITS, _CLASSES, _BITS[:14], (0, 1))
LABELLED_REALS = Data(_REALS, _CLASSES, _REALS[:14], None)
PATTERNS = Data(_PATTERNS, None, _CUES, (-1, 1))
NAMED_PATTERNS = Data(_PATTERNS, np.array(["a", "b", "b", "c"]), _CUES, (-1, 1))
REAL_PATTERNS = Data(
    _RNG.normal(size=(4, 12)),
    np.array(["a", "b", "b", "c"]),
    _RNG.normal(size=(12, 12)),
    None,
)

# Estimators ---------------------------------------------------------------------------

IN_EPOCHS = {"n_iter": 3, "batch_size": 8, "random_state": 0}
WHOLE = {"method": "exact", "batch_size": 1000}
MACHINE = {**IN_EPOCHS, "schedule": "constant", "learning_rate": 0.02}
PULLED = {"momentum": 0.5, "l1": 1e-3, "sparsity_target": 0.1}
rbm = partial(BernoulliRBM, 3, **IN_EPOCHS)
real = partial(GaussianBernoulliRBM, 3, **IN_EPOCHS)
machine = partial(BoltzmannMachine, n_hidden=2, **MACHINE)
layer = partial(BernoulliRBM, n_iter=2, method="cd", batch_size=8)


def stack(kind, **params):
    usual = {"layers": layer(), "train_on": "samples"} | IN_EPOCHS
    return kind((4, 3), **usual | params)


network, classifier = (
    partial(stack, kind) for kind in (DeepBeliefNetwork, DBNClassifier)
)


def labelled(share, **params):
    """A classifier by a machine of features and class together."""
    inside = machine(**{"hidden_hidden": False} | params)
    return BoltzmannClassifier(inside, generative_share=share, random_state=0)


def imputer(make):
    return EnergyImputer(make(), random_state=0)


INSIDE = "estimator__n_iter"
IN_LAYERS = "layers__n_iter"

# What is not kept on purpose ----------------------------------------------------------

BATCHES = {"a_weight_is_a_repetition": "a row of weight 2 is not two rows in batches"}
CHAINS = {"a_weight_is_a_repetition": "a chain for each row: two rows are two of them"}
ONE_BY_ONE = BATCHES | dict.fromkeys(
    (
        "partial_fit_is_an_epoch",
        "fit_pickle_resume_is_never_having_stopped",
        "with_gaps_it_resumes_alike",
    ),
    "a layer learns from those below as they are: two passes of all are not two each",
)
WATCHED_INSIDE = dict.fromkeys(
    ("callbacks_see_each_epoch", "an_interrupt_leaves_the_last_epoch"),
    "epochs without fine-tuning are those of the layers: callbacks are set there",
)
MANY_AT_ONCE = {
    "sparse_is_never_dense_as_a_whole": "means are taken of 2^20 values at a time, "
    "which are more than there are; test_gaussian_rbm.py has more"
}
NOT_YET = {
    "a_divergence_names_the_rate": "without all of its layers it cannot classify"
}
WHOLE_ROWS = {
    "nothing_known_gives_prior_means": "the up-down algorithm learns from whole rows, "
    "so that transform may take no others"
}
SOLVED = {
    "small_types_are_learnt_in_float32": "solvers of integers keep double precision"
}
EXACT_SUMS = dict.fromkeys(
    ("precision_is_kept", "small_types_are_learnt_in_float32"),
    "couplings are such that sums of them are exact in double precision",
)
OWN_UNITS = {
    "a_weight_is_a_repetition": "of a memory that comes twice each has hidden units"
}
THE_DATA = dict.fromkeys(
    ("small_types_are_learnt_in_float32", "it_stays_unchanged_by_copies_of_x"),
    "the memories are X itself, of any size, and documented to be",
)
ALL_ROWS = {
    "a_divergence_names_the_rate": "L-BFGS searches for its steps: no rate",
    "families_have_their_methods": "L-BFGS needs all rows at once: no partial_fit",
}
NO_MODEL = {"sample": "needs fine_tuning"}

# Estimators, one after the other ------------------------------------------------------


ROWS = [
    Row("BernoulliRBM", rbm, BITS, "n_iter", BATCHES),
    Row("BernoulliRBM cd", partial(rbm, method="cd", **PULLED), BITS, "n_iter", CHAINS),
    *(
        Row(
            f"BernoulliRBM {method}",
            partial(rbm, method=method, momentum=0.5),
            BITS,
            "n_iter",
            BATCHES,
        )
        for method in ("tempered", "fpcd", "restart")
    ),
    Row("BernoulliRBM exact", partial(rbm, **WHOLE), BITS, "n_iter"),
    Row("GaussianBernoulliRBM", real, REALS, "n_iter", BATCHES | MANY_AT_ONCE),
    Row(
        "GaussianBernoulliRBM cd",
        partial(real, method="cd", max_step=0.1, **PULLED),
        REALS,
        "n_iter",
        CHAINS | MANY_AT_ONCE,
    ),
    Row(
        "GaussianBernoulliRBM exact",
        partial(real, **WHOLE),
        REALS,
        "n_iter",
        MANY_AT_ONCE,
    ),
    Row("BoltzmannMachine", machine, BITS, "n_iter", BATCHES),
    Row(
        "BoltzmannMachine visible",
        partial(machine, n_hidden=0, momentum=0.5),
        BITS,
        "n_iter",
        BATCHES,
    ),
    *(
        Row(
            f"BoltzmannMachine {method}",
            partial(machine, method=method, values=(-1, 1)),
            SPINS,
            "n_iter",
            CHAINS if method == "annealing" else BATCHES,
        )
        for method in ("annealing", "mean-field", "tap")
    ),
    Row("BoltzmannMachine exact", partial(machine, **WHOLE), BITS, "n_iter"),
    *(
        Row(
            f"BoltzmannMachine {method}",
            partial(BoltzmannMachine, 0, method=method, l2=0.05, random_state=0),
            BITS,
            exempt=SOLVED,
        )
        for method in ("moments", "pseudo-likelihood")
    ),
    Row("BoltzmannClassifier", partial(labelled, 0), LABELLED, INSIDE, BATCHES),
    Row("BoltzmannClassifier mixed", partial(labelled, 0.4), LABELLED, INSIDE, BATCHES),
    Row("BoltzmannClassifier joint", partial(labelled, 1), LABELLED, INSIDE, BATCHES),
    Row("BoltzmannClassifier exact", partial(labelled, 1, **WHOLE), LABELLED, INSIDE),
    Row(
        "DeepBeliefNetwork",
        network,
        BITS,
        IN_LAYERS,
        ONE_BY_ONE | WATCHED_INSIDE,
    ),
    Row(
        "DeepBeliefNetwork up-down",
        partial(network, fine_tuning="up-down", solver="adam", method="pcd"),
        BITS,
        "n_iter",
        BATCHES | WHOLE_ROWS,
    ),
    Row(
        "DBNClassifier",
        partial(classifier, dropout=0.2, input_dropout=0.1),
        LABELLED,
        "n_iter",
        BATCHES,
        NO_MODEL,
    ),
    Row(
        "DBNClassifier lbfgs",
        partial(classifier, solver="lbfgs", pretrain=False),
        LABELLED,
        "n_iter",
        ALL_ROWS,
        NO_MODEL,
    ),
    Row(
        "DBNClassifier up-down",
        partial(classifier, fine_tuning="up-down", solver="adam", method="pcd"),
        LABELLED,
        "n_iter",
        BATCHES,
    ),
    Row(
        "DBNClassifier none",
        partial(classifier, fine_tuning="none"),
        LABELLED,
        IN_LAYERS,
        {k: v for k, v in ONE_BY_ONE.items() if "gaps" not in k}
        | WATCHED_INSIDE
        | NOT_YET,
    ),
    Row(
        "HopfieldMemory",
        partial(HopfieldMemory, random_state=0),
        PATTERNS,
        exempt=EXACT_SUMS,
    ),
    Row(
        "HopfieldMemory stochastic",
        partial(
            HopfieldMemory,
            "pseudo-inverse",
            dynamics="stochastic",
            n_hidden=3,
            fit_intercept=True,
            random_state=0,
        ),
        NAMED_PATTERNS,
        exempt=EXACT_SUMS | OWN_UNITS,
    ),
    Row(
        "DenseAssociativeMemory",
        partial(DenseAssociativeMemory, random_state=0),
        REAL_PATTERNS,
        exempt=THE_DATA,
    ),
    Row(
        "DenseAssociativeMemory polynomial",
        partial(DenseAssociativeMemory, "polynomial", random_state=0),
        NAMED_PATTERNS,
        exempt=THE_DATA,
    ),
    Row(
        "DenseAssociativeMemory exponential",
        partial(DenseAssociativeMemory, "exponential", random_state=0),
        PATTERNS,
        exempt=THE_DATA,
    ),
    *(
        Row(f"EnergyImputer {name}", partial(imputer, make), data)
        for name, make, data in [
            ("of bits", rbm, BITS),
            ("exact", partial(rbm, **WHOLE), BITS),
            ("of reals", real, REALS),
        ]
    ),
]

# What should be kept, and is not yet --------------------------------------------------

KNOWN_GAPS = {
    ("DBNClassifier lbfgs", "fit_pickle_resume_is_never_having_stopped"): (
        "L-BFGS forgets the curvature of the loss when it stops"
    ),
}
