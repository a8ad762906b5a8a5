"""The rules of the house, read off the source. Each has a negative control."""

import ast
import importlib
import inspect
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "skboltz"

LEVELS = {
    0: ["units", "datasets", "utils", "_config", "_exceptions", "_sklearn", "_version"],
    1: ["theory"],
    2: ["models", "kernels"],
    3: ["sampling", "metrics"],
    4: ["likelihood"],
    5: ["learning"],
    6: ["estimators", "callbacks"],
    7: ["plotting"],
}
LEVEL = {room: level for level, rooms in LEVELS.items() for room in rooms}
FILES = sorted(PACKAGE.rglob("*.py"))
OWN_STATE = {
    "BitGenerator",
    "Generator",
    "Philox",
    "RandomState",
    "SeedSequence",
    "default_rng",
}


def room_of(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(tree, path):
    """(line, absolute dotted name) of everything a module imports."""
    package = ("skboltz", *path.relative_to(PACKAGE).parts[:-1])
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) + 1 - node.level] if node.level else ()
            stem = ".".join([*base, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{stem}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Call) and node.args:
            called = ast.unparse(node.func).rpartition(".")[2]
            if called in ("import_module", "__import__"):
                yield node.lineno, str(getattr(node.args[0], "value", ""))


def dotted(tree):
    """(line, dotted name) of every attribute read off a plain name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.lineno, ast.unparse(node)


def upward_imports(tree, path):
    room = room_of(path)
    if room == "__init__":
        return []
    found = []
    for line, name in imported(tree, path):
        parts = name.split(".")
        if parts[0] != "skboltz" or parts[1:2] == [room]:
            continue
        if len(parts) == 1:  # the whole package, all rooms above included
            found.append(f"{line}: {room} imports {name}")
            continue
        target = LEVEL.get(parts[1])
        private = parts[1].startswith("_")  # files of level 0 serve all
        if target is None or (target >= LEVEL[room] and not private):
            found.append(f"{line}: {room} imports {name}")
    return found


def numba_outside_kernels(tree, path):
    if room_of(path) == "kernels":
        return []
    roots = ("numba", "llvmlite")
    return [n for _, n in imported(tree, path) if n.split(".")[0] in roots]


def private_scikit_learn(tree, path):
    if path == PACKAGE / "_sklearn.py":
        return []
    names = (name.split(".") for _, name in [*imported(tree, path), *dotted(tree)])
    private = re.compile("_(?!_)")  # sklearn.__version__ is public
    return [n for n in names if n[0] == "sklearn" and any(map(private.match, n))]


def global_generator(tree, path):
    uses = [(line, name) for line, name in dotted(tree) if name.count(".") > 1]
    found = []
    for line, name in [*imported(tree, path), *uses]:
        # Importing the module itself would hide what is taken from it: a violation.
        head, module, function, *_ = [*name.split("."), None, None]
        if head in ("np", "numpy") and module == "random" and function not in OWN_STATE:
            found.append(f"{line}: {name}")
    return found


def prints(tree, path):
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    return [c.lineno for c in calls if getattr(c.func, "id", None) == "print"]


def code_lines(node):
    """Lines of a node, those of docstrings not counted."""
    n = node.end_lineno - getattr(node, "lineno", 1) + 1
    for part in ast.walk(node):
        if isinstance(part, ast.Module | ast.ClassDef | ast.FunctionDef):
            doc = ast.get_docstring(part, clean=False)
            n -= len(doc.splitlines()) if doc else 0
    return n


def counted_frames(tree, path):
    """Warnings of which a file says itself where they point to."""
    if path == PACKAGE / "utils" / "_warn.py":
        return []
    names = [*imported(tree, path), *dotted(tree)]
    return [line for line, name in names if name == "warnings.warn"]


def long_functions(tree, path):
    functions = (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef))
    return [f"{f.name}: {code_lines(f)}" for f in functions if code_lines(f) > 60]


def long_files(tree, path):
    tree.end_lineno = max((n.end_lineno for n in tree.body), default=0)
    return [code_lines(tree)] if code_lines(tree) > 400 else []


def is_idle(statement):
    """Whether a statement does nothing: pass, continue or a bare constant."""
    value = getattr(statement, "value", None)
    return isinstance(statement, ast.Pass | ast.Continue) or (
        isinstance(statement, ast.Expr) and isinstance(value, ast.Constant)
    )


def swallowed_errors(tree, path):
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler):
            caught = ast.walk(node.type or ast.Pass())
            names = {getattr(name, "id", None) for name in caught}
            broad = names & {"Exception", "BaseException"}
            if node.type is None or (broad and all(map(is_idle, node.body))):
                found.append(node.lineno)
    return found


LEARNING = PACKAGE / "learning" / "_x.py"
CONTROLS = [
    (upward_imports, "from ..estimators import BernoulliRBM", LEARNING),
    (upward_imports, "def f():\n    from ..estimators import x", LEARNING),
    (upward_imports, "from skboltz.plotting import x", PACKAGE / "callbacks" / "_x.py"),
    (upward_imports, "from .. import kernels", PACKAGE / "models" / "_x.py"),
    (upward_imports, "import skboltz", LEARNING),
    (upward_imports, "import_module('skboltz.estimators')", LEARNING),
    (numba_outside_kernels, "import numba", LEARNING),
    (numba_outside_kernels, "importlib.import_module('numba')", LEARNING),
    (numba_outside_kernels, "from numba.core import types", LEARNING),
    (private_scikit_learn, "from sklearn.base import _fit_context", LEARNING),
    (private_scikit_learn, "import sklearn.utils._param_validation", LEARNING),
    (private_scikit_learn, "sklearn.utils._array_api.f()", LEARNING),
    (private_scikit_learn, "from sklearn.x import _y", PACKAGE / "units/_sklearn.py"),
    (global_generator, "np.random.seed(0)", LEARNING),
    (global_generator, "numpy.random.seed(0)", LEARNING),
    (global_generator, "np.random.mtrand.rand()", LEARNING),
    (global_generator, "from numpy.random import rand", LEARNING),
    (global_generator, "from numpy import random", LEARNING),
    (global_generator, "import numpy.random as r", LEARNING),
    (global_generator, "x = np.random.random(3)", LEARNING),
    (prints, "print(1)", LEARNING),
    (counted_frames, "warnings.warn(x, stacklevel=2)", LEARNING),
    (counted_frames, "from warnings import warn", LEARNING),
    (long_functions, "def f():\n" + "    x = 1\n" * 61, LEARNING),
    (long_files, "x = 1\n" * 401, LEARNING),
    (swallowed_errors, "try:\n    x\nexcept Exception:\n    pass", LEARNING),
    (swallowed_errors, "try:\n    x\nexcept:\n    y", LEARNING),
    (swallowed_errors, "try:\n    x\nexcept (E, Exception):\n    ...", LEARNING),
]
ALLOWED = [
    (upward_imports, "from ..sampling import x\nfrom . import _epoch", LEARNING),
    (private_scikit_learn, "sklearn.__version__", LEARNING),
    (global_generator, "np.random.Generator(np.random.Philox(0))", LEARNING),
    (global_generator, "import numpy\nnumpy.random.Generator(x)", LEARNING),
    (global_generator, "from numpy.random import default_rng", LEARNING),
    (counted_frames, "from ..utils import warn\nwarn(x, y)", LEARNING),
    (long_functions, "def f():\n    '''" + "x\n" * 60 + "'''", LEARNING),
    (swallowed_errors, "try:\n    x\nexcept Exception:\n    raise", LEARNING),
]
RULES = sorted({rule for rule, _, _ in CONTROLS}, key=lambda rule: rule.__name__)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_package_keeps_the_rule(rule):
    found = {
        str(path.relative_to(ROOT)): violations
        for path in FILES
        if (violations := rule(ast.parse(path.read_text()), path))
    }
    assert not found


@pytest.mark.parametrize("rule, source, path", CONTROLS)
def test_the_rule_sees_a_violation(rule, source, path):
    assert rule(ast.parse(source), path)


@pytest.mark.parametrize("rule, source, path", ALLOWED)
def test_the_rule_lets_pass_what_is_allowed(rule, source, path):
    assert not rule(ast.parse(source), path)


def test_every_room_has_a_level():
    rooms = {room_of(path) for path in FILES} - {"__init__"}
    assert rooms == set(LEVEL)


# Documentation ------------------------------------------------------------------


def public_names():
    modules = ["skboltz"] + [
        f"skboltz.{path.parent.name}" for path in PACKAGE.glob("*/__init__.py")
    ]
    for name in modules:
        module = importlib.import_module(name)
        for public in module.__all__:
            yield f"{name}.{public}", getattr(module, public)


USER_FACING = ("skboltz", "skboltz.callbacks", "skboltz.datasets", "skboltz.plotting")
DOCUMENTED = [
    pytest.param(thing, id=name)
    for name, thing in public_names()
    if name.rpartition(".")[0] in USER_FACING and name != "skboltz.__version__"
]


@pytest.mark.parametrize("thing", DOCUMENTED)
def test_public_names_have_a_first_sentence_and_an_example(thing):
    doc = inspect.getdoc(thing)
    assert doc.splitlines()[0].endswith(".")
    assert ">>>" in doc


@pytest.mark.parametrize("thing", DOCUMENTED)
def test_every_parameter_is_documented(thing):
    doc = inspect.getdoc(thing)
    skip = {"self", "args", "kwargs", "message"}
    if isinstance(thing, type) and issubclass(thing, BaseException | Warning):
        return
    for name in set(inspect.signature(thing).parameters) - skip:
        assert re.search(
            rf"^(\*\*)?(\w+, )*{name}(, \w+)* ?:|^\*\*{name}", doc, re.M
        ), name


# Text of the repository -----------------------------------------------------------

# Written in parts, so that this file does not match itself. It knows no git: the
# checkout under test may be a plain copy.
MACHINE_PATH = re.compile("/" + "work/|/" + "root/|/" + "tmp/")


def test_no_file_names_a_path_of_some_machine():
    suffixes = {".py", ".md", ".toml", ".cfg", ".rst", ".txt"}
    suffixes |= {".ipynb", ".yml", ".yaml", ".json", ".jsonl", ".csv", ".svg"}
    folders = ("skboltz", "tests", "examples", "benchmarks", "doc")
    files = [p for f in folders for p in (ROOT / f).rglob("*") if p.suffix in suffixes]
    files += [p for p in ROOT.iterdir() if p.suffix in suffixes]
    files += [ROOT / ".ci" / "run", ROOT / "LICENSE"]
    assert not [str(p) for p in files if MACHINE_PATH.search(p.read_text())]
    assert MACHINE_PATH.search("/" + "work/x")
