"""Fixtures and settings that the tests share."""

import os
import random
import sys
from pathlib import Path

import pytest
from hypothesis import settings

# A first example may compile a function, and machines that test are busy: no deadline. The same
# commit draws the same examples; `HYPOTHESIS_PROFILE=explore pytest` draws new ones.
settings.register_profile("repeatable", deadline=None, derandomize=True, print_blob=True)
settings.register_profile("explore", deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder of real data (`mnist/*.gz` and more) that CAIRNET_DATA names."""
    name = os.environ.get("CAIRNET_DATA")
    if not name:
        pytest.skip("CAIRNET_DATA names no folder of data")
    folder = Path(name).resolve()
    if not folder.is_dir():
        pytest.fail(f"CAIRNET_DATA is {name!r}, which is not a folder")
    return folder


@pytest.fixture(autouse=True)
def same_draws_of_peers() -> None:
    """What PyTorch and Keras draw is the same in every run, whatever other tests have drawn.

    Numbers that two libraries compute differ in their last bits, and now and then a class is
    chosen by those: weights that nobody can draw again would make such a failure one.
    """
    # Keras seeds its layers from Python's generator.
    random.seed(0)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(0)
