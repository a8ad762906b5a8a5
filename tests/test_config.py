"""Settings: scope, nesting, environment, errors."""

import os
import subprocess
import sys
import threading

import pytest

from skboltz import config_context, get_config, set_config


def test_contexts_nest_and_restore_after_an_error():
    outside = get_config()
    with pytest.raises(RuntimeError), config_context(kernels="numpy"):
        with config_context(kernels="auto"):
            assert get_config() == {"kernels": "auto"}
        assert get_config() == {"kernels": "numpy"}
        raise RuntimeError
    assert get_config() == outside


def test_a_setting_stays_in_its_thread(monkeypatch):
    monkeypatch.setenv("SKBOLTZ_KERNELS", "auto")
    seen = []

    def other():
        seen.append(get_config()["kernels"])
        set_config(kernels="auto")

    with config_context(kernels="numpy"):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        assert get_config() == {"kernels": "numpy"}
    assert seen == ["auto"]


def test_a_setting_outranks_the_environment(monkeypatch):
    monkeypatch.setenv("SKBOLTZ_KERNELS", "auto")
    with config_context(kernels="numpy"):
        assert get_config() == {"kernels": "numpy"}


def test_none_changes_nothing():
    before = get_config()
    set_config(kernels=None)
    assert get_config() == before


@pytest.mark.parametrize("value", ["cython", "NUMPY", 3])
def test_bad_values_are_named(value):
    with pytest.raises(ValueError, match=r"kernels must be one of 'auto'.*found"):
        set_config(kernels=value)


@pytest.mark.parametrize("value", ["numpy", "fortran"])
def test_the_environment_sets_the_default(value):
    script = "import skboltz; print(skboltz.get_config()['kernels'])"
    run = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "SKBOLTZ_KERNELS": value},
        capture_output=True,
        text=True,
    )
    if value == "numpy":
        assert run.stdout.strip() == "numpy"
    else:
        assert "SKBOLTZ_KERNELS must be one of" in run.stderr
        assert "found 'fortran'" in run.stderr


def test_numba_asked_for_but_absent_is_an_error_that_says_what_to_do():
    script = (
        "import sys; sys.modules['numba'] = None\n"
        "import importlib.util as u; find = u.find_spec\n"
        "u.find_spec = lambda n, *a: None if n == 'numba' else find(n, *a)\n"
        "import skboltz.kernels as k\n"
        "from skboltz import config_context\n"
        "print(k.active().__name__)\n"
        "with config_context(kernels='numba'): k.active()\n"
    )
    env = {k: v for k, v in os.environ.items() if k != "SKBOLTZ_KERNELS"}
    run = subprocess.run(
        [sys.executable, "-c", script], env=env, capture_output=True, text=True
    )
    assert run.stdout.strip() == "skboltz.kernels._reference"
    assert 'pip install "skboltz[numba]"' in run.stderr
