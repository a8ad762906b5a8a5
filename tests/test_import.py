"""What `import skboltz` gives, in an interpreter that has imported nothing else."""

import subprocess
import sys

import pytest

import skboltz

pytestmark = pytest.mark.no_kernel

ROOMS = (
    "callbacks",
    "datasets",
    "learning",
    "likelihood",
    "metrics",
    "models",
    "plotting",
    "sampling",
    "theory",
    "units",
)


def run(code):
    """What a fresh interpreter prints, one item a line."""
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return shown.stdout.split()


def test_every_public_room_is_there_at_once():
    code = (
        f"import skboltz\nfor room in {ROOMS}: print(getattr(skboltz, room).__name__)"
    )
    assert run(code) == [f"skboltz.{room}" for room in ROOMS]


def test_what_only_some_need_is_not_imported_before_it_is_asked_for():
    wanted = ["skboltz.callbacks", "skboltz.datasets", "skboltz.plotting"]
    code = (
        "import sys, skboltz\n"
        "dir(skboltz), hasattr(skboltz, 'nothing')\n"
        "from skboltz import *\n"
        f"print(*(name in sys.modules for name in {wanted}))\n"
        "skboltz.plotting.FiltersDisplay\n"
        f"print(*(name in sys.modules for name in {[*wanted, 'matplotlib']}))\n"
    )
    assert run(code) == ["False"] * 5 + ["True", "False"]


def test_completion_offers_what_is_public():
    assert dir(skboltz) == sorted([*skboltz.__all__, *ROOMS])


def test_other_names_are_missing():
    with pytest.raises(AttributeError, match="'skboltz' has no attribute 'plottings'"):
        skboltz.plottings  # noqa: B018
