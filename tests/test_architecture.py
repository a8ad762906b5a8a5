"""The rules of the house, read off the source. Each has a negative control."""

import ast
import importlib
import inspect
import re
from pathlib import Path

import pytest

from skboltz import units

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "skboltz"

PRIVATE = ["_config", "_exceptions", "_saved", "_sklearn", "_version"]
LEVELS = {
    0: ["units", "datasets", "utils", *PRIVATE],
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
    "SFC64",
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


# What only some kinds of units have, or what says which kind one is.
OF_SOME_KINDS = {"span", "kernel", "enumerable", "scaled"}
KINDS = {
    name
    for name, thing in vars(units).items()
    if name in units.__all__
    and (isinstance(thing, type) or type(thing).__module__.startswith("skboltz."))
}


def last_name(node):
    """The name itself, or the last part of a dotted one."""
    return getattr(node, "attr", getattr(node, "id", None))


def is_unit(node):
    return re.search(r"(^|_)unit$", last_name(node) or "") is not None


def names_a_kind(node):
    """Whether a node is a class of units or such a unit, or is made of some."""
    match node:
        case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Set(elts=parts):
            return any(map(names_a_kind, parts))
        case ast.BinOp(left=left, right=right):  # classes joined by |
            return names_a_kind(left) or names_a_kind(right)
        case ast.Call(func=made, args=args) if (last_name(made) or "")[:1].isupper():
            return any(map(names_a_kind, [made, *args]))
    return last_name(node) in KINDS


def asks_for_the_kind(call):
    """Whether a call tests the class of a unit, or whether it has an attribute."""
    function, first, *rest = [last_name(call.func), *call.args, None]
    if function in ("isinstance", "issubclass"):
        return is_unit(first) or names_a_kind(rest[0])
    if function == "hasattr" or (function == "getattr" and len(call.args) == 3):
        return is_unit(first) or getattr(rest[0], "value", None) in OF_SOME_KINDS
    return function == "type" and is_unit(first)


def dispatches(function):
    """Whether a function is registered for a class of units."""
    registered = [last_name(d) == "register" for d in function.decorator_list]
    arguments = [*function.args.posonlyargs, *function.args.args]
    annotations = [a.annotation for a in arguments[:1] if a.annotation is not None]
    return any(registered) and any(map(names_a_kind, annotations))


def branches_on_the_kind_of_a_unit(tree, path):
    if room_of(path) == "units":
        return []
    found = []
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr=attr):
                asks = attr in OF_SOME_KINDS
            case ast.Call():
                asks = asks_for_the_kind(node)
            case ast.Compare(left=left, comparators=others):
                asks = any(map(names_a_kind, [left, *others]))
            case ast.Dict(keys=keys):
                asks = any(map(names_a_kind, keys))
            case ast.MatchClass(cls=kind) | ast.MatchValue(value=kind):
                asks = names_a_kind(kind)
            case ast.FunctionDef():
                asks = dispatches(node)
            case _:
                asks = False
        if asks:
            found.append(f"{node.lineno}: {ast.unparse(node).splitlines()[0]}")
    return found


# Rules that some files still break. A file that no longer does has to leave the list.
NOT_YET = {}
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
    (branches_on_the_kind_of_a_unit, "x = model.visible_unit.span", LEARNING),
    (branches_on_the_kind_of_a_unit, "if upper.scaled:\n    x", LEARNING),
    (branches_on_the_kind_of_a_unit, "kernel = unit.kernel", PACKAGE / "kernels/_x.py"),
    (branches_on_the_kind_of_a_unit, "hasattr(unit, 'given')", LEARNING),
    (branches_on_the_kind_of_a_unit, "getattr(self._visible_unit, x, None)", LEARNING),
    (branches_on_the_kind_of_a_unit, "getattr(upper, 'scaled', False)", LEARNING),
    (branches_on_the_kind_of_a_unit, "isinstance(x, units.GaussianUnit)", LEARNING),
    (branches_on_the_kind_of_a_unit, "isinstance(x, (int, Columns))", LEARNING),
    (branches_on_the_kind_of_a_unit, "isinstance(x, int | Columns)", LEARNING),
    (branches_on_the_kind_of_a_unit, "isinstance(model.unit, kind)", LEARNING),
    (branches_on_the_kind_of_a_unit, "isinstance(x, GaussianParams)", LEARNING),
    (branches_on_the_kind_of_a_unit, "type(x) is CategoricalUnit", LEARNING),
    (branches_on_the_kind_of_a_unit, "type(model.unit).__name__ == 'x'", LEARNING),
    (branches_on_the_kind_of_a_unit, "lower is GAUSSIAN", LEARNING),
    (branches_on_the_kind_of_a_unit, "lower in (units.SPIN, BERNOULLI)", LEARNING),
    (branches_on_the_kind_of_a_unit, "model == Bipartite(SPIN, SPIN)", LEARNING),
    (branches_on_the_kind_of_a_unit, "f = {TwoValuedUnit: g}[k]", LEARNING),
    (
        branches_on_the_kind_of_a_unit,
        "match x:\n    case GaussianUnit():\n        y",
        LEARNING,
    ),
    (
        branches_on_the_kind_of_a_unit,
        "@f.register\ndef _(unit: GaussianUnit, x):\n    y",
        LEARNING,
    ),
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
    (branches_on_the_kind_of_a_unit, "unit = TwoValuedUnit(low, high)", LEARNING),
    (branches_on_the_kind_of_a_unit, "unit.high - unit.low > 1", LEARNING),
    (branches_on_the_kind_of_a_unit, "kernels.mean(BERNOULLI, x) > 0", LEARNING),
    (branches_on_the_kind_of_a_unit, "def f(span):\n    span < 1", LEARNING),
    (branches_on_the_kind_of_a_unit, "hasattr(estimator, 'transform')", LEARNING),
    (branches_on_the_kind_of_a_unit, "class A:\n    unit: Columns", LEARNING),
    (
        branches_on_the_kind_of_a_unit,
        "@f.register\ndef _(model: Bipartite, unit: GaussianUnit):\n    y",
        LEARNING,
    ),
    (branches_on_the_kind_of_a_unit, "x.scaled", PACKAGE / "units" / "_x.py"),
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
    not_yet = NOT_YET.get(rule, set())
    assert not {path: found[path] for path in set(found) - not_yet}
    assert not not_yet - set(found), "mended: take it off the list"


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


# Rooms for users: all of their names stand in the reference. Of the other rooms it has
# what guides and messages send users to; the rest serves those who write new parts.
USER_FACING = ("", "callbacks", "datasets", "metrics", "plotting", "theory")
REFERENCE = re.findall(r"^   ([\w.]+)$", (ROOT / "doc" / "api.md").read_text(), re.M)


def split(name):
    """A room, and what it has by a name such as `room.thing` or `thing`."""
    room, _, last = name.rpartition(".")
    return importlib.import_module(f"skboltz.{room}".rstrip(".")), last


def thing_of(name):
    room, last = split(name)
    return getattr(room, last)


def public_names(room):
    names = split(f"{room}.x")[0].__all__
    return {f"{room}.{name}".lstrip(".") for name in names} - {"__version__"}


USED = sorted(set().union(*map(public_names, USER_FACING)))


def without_reference(room, reference):
    """Public names of a room that the reference does not list."""
    return public_names(room) - set(reference)


@pytest.mark.parametrize("room", USER_FACING)
def test_the_reference_lists_every_name_of_a_room_for_users(room):
    assert not without_reference(room, REFERENCE)
    some = min(public_names(room))
    assert without_reference(room, set(REFERENCE) - {some}) == {some}


def test_the_reference_lists_each_name_once_and_what_is_public():
    assert len(set(REFERENCE)) == len(REFERENCE)
    assert not [n for n in REFERENCE if split(n)[1] not in split(n)[0].__all__]


def test_names_that_moved_are_found_where_they_were():
    from skboltz import likelihood, metrics, models, theory

    for old, new in ((models, theory), (likelihood, metrics)):
        assert all(getattr(old, name) is getattr(new, name) for name in new.__all__)


def is_result(thing):
    """Whether something is a tuple with names: whoever returns it shows an example."""
    return isinstance(thing, type) and issubclass(thing, tuple)


@pytest.mark.parametrize("name", sorted({*REFERENCE, *USED}))
def test_public_names_have_a_first_sentence(name):
    assert inspect.getdoc(thing_of(name)).splitlines()[0].endswith(".")


@pytest.mark.parametrize("name", [n for n in USED if not is_result(thing_of(n))])
def test_what_users_call_has_an_example(name):
    assert ">>>" in inspect.getdoc(thing_of(name))


@pytest.mark.parametrize("name", sorted({*REFERENCE, *USED}))
def test_every_parameter_is_documented(name):
    thing = thing_of(name)
    doc = inspect.getdoc(thing)
    skip = {"self", "args", "kwargs", "message"}
    if isinstance(thing, type) and issubclass(thing, BaseException | Warning):
        return
    for parameter in set(inspect.signature(thing).parameters) - skip:
        assert re.search(
            rf"^(\*\*)?(\w+, )*{parameter}(, \w+)* ?:|^\*\*{parameter}", doc, re.M
        ), parameter


# Scripts that no test runs --------------------------------------------------------


def gone(tree):
    """Names that a script imports from the package, and that are not there."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "")[:7] == "skboltz":
            room = importlib.import_module(node.module)
            found += [a.name for a in node.names if not hasattr(room, a.name)]
    return found


def test_scripts_import_what_there_is():
    paths = [p for f in ("benchmarks", "examples") for p in (ROOT / f).glob("*.py")]
    missing = {path.name: gone(ast.parse(path.read_text())) for path in paths}
    assert paths and not {name: names for name, names in missing.items() if names}
    assert gone(ast.parse("from skboltz.units import SPIN, SideBySide")) == [
        "SideBySide"
    ]


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
