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
    EnergyImputer,
    GaussianBernoulliRBM,
    HopfieldMemory,
)
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
REAL = GaussianBernoulliRBM(n_iter=5, batch_size=20, learning_rate=0.1)
BINARY = BernoulliRBM(method="cd", batch_size=20, learning_rate=0.5, momentum=0.5)
SMALL_STEPS = {"learning_rate": 0.01, "batch_size": 40}

ESTIMATORS = [
    BernoulliRBM(n_iter=5),
    BernoulliRBM(n_iter=5, method="cd", k=2, momentum=0.5, centered=False, l2=1e-3),
    BernoulliRBM(4, n_iter=2, method="exact", batch_size=10_000),
    EnergyImputer(BernoulliRBM(4, n_iter=2, method="exact", batch_size=10_000)),
    GaussianBernoulliRBM(16, n_iter=5, batch_size=5),
    GaussianBernoulliRBM(4, n_iter=2, method="exact", batch_size=10_000),
    GaussianBernoulliRBM(
        4, n_iter=5, method="cd", sigma=1.0, standardize=False, sampler=Langevin(3)
    ),
    GaussianBernoulliRBM(4, n_iter=5, batch_size=5, momentum=0.5, max_step=0.1),
    EnergyImputer(GaussianBernoulliRBM(4, n_iter=2, method="exact", batch_size=10_000)),
    HopfieldMemory(),
    HopfieldMemory(fit_bias=True, dynamics="synchronous"),
    HopfieldMemory("pseudo-inverse", dynamics="stochastic"),
    HopfieldMemory("storkey", n_hidden=3, dynamics="continuous"),
    BoltzmannMachine(n_iter=5),
    BoltzmannMachine(0, method="moments"),
    BoltzmannMachine(0, method="pseudo-likelihood", l2=0.1),
    BoltzmannMachine(
        4, visible_visible=False, method="exact", batch_size=10_000, n_iter=2
    ),
    BoltzmannMachine(3, method="annealing", n_iter=2),
    BoltzmannMachine(3, method="mean-field", n_iter=5),
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

REASON = (
    "mini-batches and chains: a row of weight 2 is not two rows in other batches; "
    "scikit-learn's own estimators by stochastic gradient are excused alike"
)
ORDER = (
    "Storkey's rule depends on the order of the memories, and the check shuffles them"
)
WIDE = (
    "too many features to enumerate: test_boltzmann_machine.py has a check of its own"
)
CHECKS = (
    "check_sample_weight_equivalence_on_dense_data",
    "check_sample_weight_equivalence_on_sparse_data",
)


def expected(estimator):
    """Full batches and exact sums are not excused."""
    if isinstance(estimator, DeepBeliefNetwork | DBNClassifier):
        return expected_of_stacks(estimator)
    if isinstance(estimator, HopfieldMemory):
        return {CHECKS[0]: ORDER} if estimator.rule == "storkey" else {}
    if isinstance(estimator, BoltzmannMachine | BoltzmannClassifier):
        return expected_of_machines(getattr(estimator, "method", None))
    machine = getattr(estimator, "estimator", estimator)
    return {} if machine.method == "exact" else dict.fromkeys(CHECKS, REASON)


def expected_of_machines(method):
    """The rows of the checks are one batch, and hidden units are summed exactly."""
    if method == "annealing":
        return dict.fromkeys(CHECKS, "a chain for each row: two rows are two chains")
    wide = (*CHECKS, "check_all_zero_sample_weights_error")
    return dict.fromkeys(wide, WIDE) if method == "moments" else {}


def expected_of_stacks(network):
    """Nor are those of the layers, if nothing follows, or of what follows alone."""
    layers = network.layers if isinstance(network.layers, list) else [network.layers]
    if not getattr(network, "pretrain", True):
        whole = network.solver == "lbfgs"
    else:
        whole = all(layer.method == "exact" for layer in layers)
        whole = whole and network.fine_tuning == "none"
    return {} if whole else dict.fromkeys(CHECKS, REASON)


@parametrize_with_checks(ESTIMATORS, expected_failed_checks=expected)
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
        BoltzmannMachine(n_iter=5),
        DeepBeliefNetwork((5, 4), layers=LAYER),
        DBNClassifier((5, 4), layers=LAYER, n_iter=1),
    ],
    ids=lambda e: type(e).__name__,
)
@pytest.mark.parametrize("name", MORE_CHECKS)
def test_estimators_by_the_internal_checks(estimator, name):
    getattr(estimator_checks, name)(type(estimator).__name__, estimator)
