"""Promises about names and docstrings, and about what None stands for."""

import inspect
import re

import pandas as pd
from contract.rows import promise, public_methods, published
from sklearn.utils import get_tags


def sections(doc):
    """The sections of a numpydoc docstring by their titles."""
    parts = re.split(r"^(\w[\w ]+)\n-{3,}\n", inspect.cleandoc(doc), flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def entries(section):
    """Names that a section describes, in their order."""
    lines = re.findall(r"^(\*{0,2}\w[\w, *]*?)(?: ?:.*)?$", section, flags=re.M)
    return [name.strip().lstrip("*") for line in lines for name in line.split(",")]


def signature_of(method):
    return [name for name in inspect.signature(method).parameters if name != "self"]


def own_methods(estimator):
    """Public methods that are defined in the package."""
    for name in public_methods(estimator):
        method = getattr(type(estimator), name)
        if method.__module__.startswith("skboltz"):
            yield name, method


@promise()
def docstrings_match_signatures(row):
    """Every parameter of the class and of each method, in the order it has there."""
    kind = type(row.fitted)
    found = entries(sections(kind.__doc__)["Parameters"])
    assert found == signature_of(kind), kind
    for name, method in own_methods(row.fitted):
        doc = inspect.getdoc(method)
        assert doc and doc.splitlines()[0].endswith("."), name
        parts = sections(doc)
        assert entries(parts.get("Parameters", "")) == signature_of(method), name
        assert parts.get("Returns", "").strip(), name


@promise()
def attributes_are_documented(row):
    """Every fitted attribute, that of frames included, has its words."""
    documented = entries(sections(type(row.fitted).__doc__)["Attributes"])
    frame = pd.DataFrame(
        row.data.X, columns=[f"x{i}" for i in range(row.data.X.shape[1])]
    )
    found = set(published(row.fit(frame)))
    assert found <= set(documented), found - set(documented)
    assert {"n_features_in_", "feature_names_in_"} <= found


# What None stands for: an attribute in which the choice is seen, or that it is none.
CHOICES = {
    "estimator": "estimator_",
    "fast_learning_rate": "history_",
    "layers": "layers_",
    "learning_rate": "history_",
    "variance_learning_rate": "history_",
    "values": "values_",
}
# What None stands for as the docstring says it, in terms of other parameters.
FOLLOWS = {"n_chains": "None means `batch_size`"}
MEANS_NONE = {
    "class_weight",
    "clamping_noise",
    "mask",
    "max_norm",
    "max_step",
    "random_state",
    "sparsity_target",
    "unlearning",
}


@promise()
def a_choice_is_published(row):
    """A parameter that is None is chosen, and what was chosen can be read."""
    doc = sections(type(row.fitted).__doc__)["Parameters"]
    for name, parameter in inspect.signature(type(row.fitted)).parameters.items():
        if parameter.default is not None or name in MEANS_NONE:
            continue
        if name in FOLLOWS:
            words = " ".join(
                doc.split(f"\n{name} : ", 1)[1].split("\n\n", 1)[0].split()
            )
            assert FOLLOWS[name] in words, name
        else:
            assert hasattr(row.fitted, CHOICES[name]), name
    for name, parameter in inspect.signature(type(row.fitted)).parameters.items():
        if parameter.default is None and name != "random_state":
            assert "None" in doc.split(name, 1)[1][:900], name


@promise()
def families_have_their_methods(row):
    """A density, a transformer, a classifier, what learns in epochs: each has all."""
    kind = get_tags(row.make()).estimator_type
    if kind == "density_estimator":
        assert row.has("score_samples", "score", "free_energy", "log_partition")
        assert row.has("pseudo_log_likelihood", "sample", "impute")
    if kind == "classifier":
        assert row.has("predict", "predict_proba", "predict_log_proba", "classes_")
    if kind is None:  # a memory, an imputer
        assert row.has("transform")
    if row.has("transform"):
        assert row.has("fit_transform", "get_feature_names_out", "set_output")
    if row.epochs is not None:
        assert row.has("n_iter_", "history_", "set_callbacks", "partial_fit")
    assert row.has("n_features_in_")
