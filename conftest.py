"""What every test and every doctest of the repository runs under.

Set before `cairnet` is first imported, and inherited by the processes that tests start.
"""

import os
import shutil
import signal
import tempfile

import pytest

# Graphs and loops are verified between all passes.
os.environ["CAIRNET_VERIFY"] = "1"

# Tests neither read nor fill the cache of the person who runs them.
os.environ["CAIRNET_CACHE"] = tempfile.mkdtemp(prefix="cairnet-tests-")

# Pictures are drawn without a screen, and Keras runs on PyTorch, the one peer it needs anyway.
os.environ["MPLBACKEND"] = "Agg"
os.environ["KERAS_BACKEND"] = "torch"

# A shell starts its background jobs deaf to Ctrl-C, and their children inherit that; the tests of
# Ctrl-C are to pass there too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_unconfigure() -> None:
    shutil.rmtree(os.environ["CAIRNET_CACHE"], ignore_errors=True)


@pytest.fixture(autouse=True)
def _run_doctests_in_a_folder_of_their_own(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Let an example in a docstring save a file without leaving it in the checkout."""
    if isinstance(request.node, pytest.DoctestItem):
        monkeypatch.chdir(request.getfixturevalue("tmp_path"))
