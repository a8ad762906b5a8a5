"""The contract of scikit-learn, by its own checks."""

import pytest
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import parametrize_with_checks

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
from skboltz.models import Euclidean, Softmax
from skboltz.sampling import Langevin

# The data of these checks lie anywhere, and are renamed on purpose.
pytestmark = pytest.mark.filterwarnings(
    "ignore::skboltz.CapacityWarning",
    "ignore::skboltz.DataRangeWarning",
    "ignore::sklearn.exceptions.ConvergenceWarning",
    "ignore:X does not have valid feature names",
    "ignore:X has feature names",
)

LAYER = BernoulliRBM(n_iter=1, method="cd", batch_size=50)
WHOLE = {"method": "exact", "batch_size": 10_000}  # all rows at once, without chains
REAL = GaussianBernoulliRBM(n_iter=20, batch_size=20, learning_rate=0.1)
BINARY = BernoulliRBM(method="cd", batch_size=20, learning_rate=0.5, momentum=0.5)
SMALL_STEPS = {"learning_rate": 0.01, "batch_size": 40}

ESTIMATORS = [
    BernoulliRBM(n_iter=5),
    BernoulliRBM(n_iter=5, method="cd", k=2, momentum=0.5, gradient="plain", l2=1e-3),
    BernoulliRBM(4, n_iter=2, method="exact", batch_size=10_000),
    BernoulliRBM(4, n_iter=2, method="exact", batch_size=10),
    *(
        BernoulliRBM(4, n_iter=2, method=method, batch_size=10_000)
        for method in ("pcd", "cd", "tempered")
    ),
    BernoulliRBM(4, n_iter=2, sample_visible=True, **WHOLE),
    EnergyImputer(BernoulliRBM(4, n_iter=2, method="exact", batch_size=10_000)),
    GaussianBernoulliRBM(16, n_iter=5, batch_size=5),
    GaussianBernoulliRBM(4, n_iter=2, method="exact", batch_size=10_000),
    GaussianBernoulliRBM(
        4, n_iter=5, method="cd", sigma=1.0, standardize=False, sampler=Langevin(3)
    ),
    GaussianBernoulliRBM(4, n_iter=5, batch_size=5, momentum=0.5, max_step=0.1),
    EnergyImputer(GaussianBernoulliRBM(4, n_iter=2, method="exact", batch_size=10_000)),
    HopfieldMemory(),
    HopfieldMemory(fit_intercept=True, dynamics="synchronous"),
    HopfieldMemory("pseudo-inverse", dynamics="stochastic"),
    HopfieldMemory("storkey", dynamics="continuous"),
    HopfieldMemory(n_hidden=3),
    HopfieldMemory("pseudo-inverse", n_hidden=3, hidden_fill="optimised"),
    HopfieldMemory("minimal-overlap"),
    HopfieldMemory("perceptron"),
    HopfieldMemory("energy-descent"),
    DenseAssociativeMemory(),
    DenseAssociativeMemory(similarity="dot", beta=1.0),
    DenseAssociativeMemory("polynomial"),
    DenseAssociativeMemory("rectified", degree=4),
    DenseAssociativeMemory("exponential"),
    DenseAssociativeMemory(Softmax(0.5, Euclidean())),
    BoltzmannMachine(n_iter=5),
    BoltzmannMachine(0, method="moments"),
    BoltzmannMachine(0, method="pseudo-likelihood", l2=0.1),
    BoltzmannMachine(
        4, visible_visible=False, method="exact", batch_size=10_000, n_iter=2
    ),
    BoltzmannMachine(3, method="annealing", n_iter=2),
    BoltzmannMachine(3, method="mean-field", n_iter=5),
    BoltzmannMachine(3, batch_size=10, n_iter=2),
    EnergyImputer(BoltzmannMachine(3, n_iter=2)),
    BoltzmannMachine(4, values=(-1, 1), hidden_hidden=False, n_iter=5),
    *(
        BoltzmannClassifier(
            BoltzmannMachine(4, hidden_hidden=False, n_iter=5, random_state=0),
            generative_share=share,
        )
        for share in (0, 1)
    ),
    DeepBeliefNetwork((5, 4), layers=LAYER),
    DeepBeliefNetwork((5, 4), layers=BernoulliRBM(n_iter=2, **WHOLE)),
    DeepBeliefNetwork(
        (5, 4), layers=LAYER, fine_tuning="up-down", n_iter=2, batch_size=50
    ),
    DBNClassifier((16, 8), layers=LAYER, solver="adam", n_iter=15, **SMALL_STEPS),
    DBNClassifier(
        (16, 8),
        layers=LAYER,
        batch_size=40,
        n_iter=15,
        dropout=0.1,
        input_dropout=0.05,
        max_norm=20.0,
        class_weight="balanced",
    ),
    DBNClassifier((16, 8), pretrain=False, solver="lbfgs", n_iter=15, l2=1e-3),
    DBNClassifier(
        (16, 16),
        layers=[REAL, BINARY],
        fine_tuning="up-down",
        n_iter=5,
        learning_rate=0.02,
        batch_size=30,
    ),
]

BATCHES = (
    "mini-batches: a row of weight 2 is not two rows in other batches; scikit-learn's "
    "own estimators by stochastic gradient are excused alike"
)
CHAINS = "a chain, or a draw, for each row: two rows are two of them"
ORDER = (
    "Storkey's rule depends on the order of the memories, and the check shuffles them"
)
HIDDEN = "a memory that comes twice has hidden units of its own each time"
WORST = "of equal memories one is the worst, and is reinforced with its own weight"
WIDE = (
    "too many features to enumerate: test_boltzmann_machine.py has a check of its own"
)
ROWS = 100  # more than the checks have
CHECKS = (
    "check_sample_weight_equivalence_on_dense_data",
    "check_sample_weight_equivalence_on_sparse_data",
)


def expected(estimator):
    """The checks that fail, all of them, as README.md has it; no other does."""
    if isinstance(estimator, DenseAssociativeMemory):
        return {}  # it takes no weights
    if isinstance(estimator, HopfieldMemory):
        reason = of_a_memory(estimator)
        return {CHECKS[0]: reason} if reason else {}
    if isinstance(estimator, DeepBeliefNetwork | DBNClassifier):
        reason = of_a_stack(estimator)
    elif isinstance(estimator, BoltzmannMachine | BoltzmannClassifier):
        machine = getattr(estimator, "estimator", estimator)
        if machine.method == "moments":
            return dict.fromkeys((*CHECKS, "check_all_zero_sample_weights_error"), WIDE)
        reason = of_a_machine(machine)
    else:
        reason = of_a_machine(getattr(estimator, "estimator", estimator))
    return dict.fromkeys(CHECKS, reason) if reason else {}


def of_a_memory(memory):
    """Why weights do not count as repeated rows, if they do not."""
    rules = {"storkey": ORDER, "minimal-overlap": WORST}
    return rules.get(memory.rule, HIDDEN if memory.n_hidden else None)


def of_a_machine(machine):
    if machine.method in ("cd", "annealing") or getattr(
        machine, "sample_visible", False
    ):
        return CHAINS
    return BATCHES if machine.batch_size < ROWS else None


def of_a_stack(network):
    """That of the layers, and of what follows."""
    layers = network.layers if isinstance(network.layers, list) else [network.layers]
    if not getattr(network, "pretrain", True):
        return None if network.solver == "lbfgs" else BATCHES
    if network.fine_tuning != "none":
        return BATCHES
    return next(filter(None, map(of_a_machine, layers)), None)


@parametrize_with_checks(ESTIMATORS, expected_failed_checks=expected, xfail_strict=True)
def test_estimators(estimator, check):
    check(estimator)


# scikit-learn runs these on its own estimators only.
MORE_CHECKS = [
    "check_param_validation",
    "check_transformer_get_feature_names_out",
    "check_transformer_get_feature_names_out_pandas",
    "check_get_feature_names_out_error",
    "check_dataframe_column_names_consistency",
    "check_set_output_transform",
    "check_set_output_transform_pandas",
    "check_global_output_transform_pandas",
    "check_set_output_transform_polars",
    "check_global_set_output_transform_polars",
    "check_inplace_ensure_writeable",
]


@pytest.mark.parametrize(
    "estimator",
    [
        ESTIMATORS[0],
        EnergyImputer(BernoulliRBM(4, n_iter=2, method="exact", batch_size=10_000)),
        GaussianBernoulliRBM(16, n_iter=5, batch_size=5),
        HopfieldMemory(),
        DenseAssociativeMemory(),
        DenseAssociativeMemory("polynomial"),
        BoltzmannMachine(n_iter=5),
        DeepBeliefNetwork((5, 4), layers=LAYER),
        DBNClassifier((5, 4), layers=LAYER, n_iter=1),
    ],
    ids=str,
)
@pytest.mark.parametrize("name", MORE_CHECKS)
def test_estimators_by_the_internal_checks(estimator, name):
    getattr(estimator_checks, name)(type(estimator).__name__, estimator)
