"""Set before SciPy is imported: the array-API check of scikit-learn then runs.

And the marker `no_kernel`, of files whose tests run no kernel that has two twins: the
run without Numba leaves them out, and the run with it holds them to their word.
"""

import os

import pytest

os.environ.setdefault("SCIPY_ARRAY_API", "1")


def pytest_collection_modifyitems(config, items):
    if not os.environ.get("SKBOLTZ_TEST_WITHOUT_NUMBA"):
        return
    left_out = [item for item in items if item.get_closest_marker("no_kernel")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker("no_kernel")]


@pytest.fixture(autouse=True)
def no_kernel(request):
    """Fail a marked test that runs a kernel after all."""
    if request.node.get_closest_marker("no_kernel") is None:
        yield
        return
    from skboltz import kernels

    def active():
        pytest.fail("a test that is marked no_kernel runs a kernel")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernels, "active", active)
        yield
