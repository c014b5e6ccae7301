"""Values that decide shapes: they must be known when the graph is built."""

from __future__ import annotations

from typing import Any

import numpy as np

from cairnet.base.errors import ShapeError
from cairnet.tensor.functions.arguments import as_tensor
from cairnet.tensor.source import here

__all__ = ["known_value"]


def known_value(name: str, x: Any, instead: str = "") -> np.ndarray:
    """The value of a closed tensor, for a function whose result's shape depends on it.

    Args:
        name: the function, for the error.
        x: the tensor.
        instead: what to write for a tensor that is not closed, for the error.

    Raises:
        ShapeError: the value depends on an input or a variable.
    """
    tensor = as_tensor(x)
    if not tensor.closed:
        raise ShapeError(
            f"{name}, at {here()}: the shape of the result would depend on the values of "
            f"{tensor.describe()} (made at {tensor.source}), which are known only when the "
            "function runs, and every shape of a graph is settled before"
            + (f"; {instead}" if instead else "")
        )
    return tensor.numpy()
