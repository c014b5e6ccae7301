"""The reference interpreter: a loop over the primitives' NumPy meanings.

It is the definition of correct, and what runs when a user asks a small graph for its value
without compiling a function.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import numpy as np

from cairnet.base.errors import GraphError, IndexRangeError, ShapeError
from cairnet.tensor import extent
from cairnet.tensor.core import Input, Tensor, Variable, topological_order
from cairnet.tensor.extent import Extent
from cairnet.tensor.primitive import computation_of

#: The values of all outputs of each joint computation that one evaluation has met.
_Joint = dict[Hashable, Sequence[np.ndarray]]

__all__ = ["bind_extents", "evaluate", "evaluate_parameters", "value_of"]


def evaluate(
    outputs: Sequence[Tensor],
    feeds: Mapping[Tensor, np.ndarray],
    bindings: Mapping[Extent, int] | None = None,
    observe: Callable[[Tensor, np.ndarray], None] | None = None,
) -> list[np.ndarray]:
    """Interpret the graph below `outputs`.

    Args:
        outputs: the tensors wanted.
        feeds: the value of every input (and, where given, of any other tensor).
        bindings: sizes of the unknown extents; default: read off the feeds.
        observe: called with every node and its value, in order of computation.

    Returns:
        One array for each output.
    """
    sizes = dict(bind_extents(feeds) if bindings is None else bindings)
    values: dict[Tensor, np.ndarray] = {tensor: np.asarray(v) for tensor, v in feeds.items()}
    joint: _Joint = {}
    with np.errstate(all="ignore"):
        for tensor in topological_order(outputs, stop=lambda t: t in values or t.value is not None):
            if tensor not in values:
                values[tensor] = _compute(tensor, values, sizes, joint)
            if observe is not None:
                observe(tensor, values[tensor])
    return [values[output] for output in outputs]


def value_of(tensor: Tensor) -> np.ndarray:
    """The value of a tensor that depends on no input; closed tensors remember theirs."""
    if tensor.value is not None:
        return tensor.value
    value = evaluate([tensor], {})[0]
    if tensor.closed:
        value = value.copy() if value.base is not None else value
        value.flags.writeable = False
        tensor.value = value
    return value


def bind_extents(feeds: Mapping[Tensor, np.ndarray]) -> dict[Extent, int]:
    """Read the sizes of unknown extents off the arrays that are fed to inputs."""
    sizes: dict[Extent, int] = {}
    for tensor, array in feeds.items():
        for axis, (size, given) in enumerate(zip(tensor.extents, array.shape, strict=True)):
            if not isinstance(size, Extent):
                continue
            if sizes.setdefault(size, given) != given:
                raise ShapeError(
                    f"axis {axis} of {tensor.describe()} has extent {given}, where another "
                    f"input with the same unknown extent has {sizes[size]}"
                )
    return sizes


def _compute(
    tensor: Tensor,
    values: Mapping[Tensor, np.ndarray],
    sizes: Mapping[Extent, int],
    joint: _Joint,
) -> np.ndarray:
    if tensor.value is not None:
        return tensor.value
    if isinstance(tensor, Variable):
        return tensor.data
    if isinstance(tensor, Input):
        raise GraphError(
            f"input {tensor.name!r} ({tensor.describe()}, made at {tensor.source}) has no value; "
            "compile a function of it: cn.function([input], output)"
        )
    parameters = evaluate_parameters(tensor.parameters, sizes)
    expected = extent.evaluate(tensor.extents, sizes)
    for unknown in extent.symbols_of((expected, *parameters.values())):
        raise GraphError(
            f"{tensor.primitive.name}, written at {tensor.source}: the extent {unknown} of an "
            "input is not known; compile a function of that input: cn.function([input], output)"
        )
    arrays = [values[item] for item in tensor.inputs]
    try:
        result = _meaning(tensor, arrays, parameters, joint)
    except IndexError as error:
        raise IndexRangeError(
            f"{tensor.primitive.name}, written at {tensor.source}: {error}"
        ) from None
    if result.shape != expected:
        raise ShapeError(
            f"{tensor.primitive.name}, written at {tensor.source}: unknown extents that meet must "
            f"be equal; the result has shape {result.shape} where {expected} was expected"
        )
    return result


def _meaning(
    tensor: Tensor, arrays: list[np.ndarray], parameters: dict[str, Any], joint: _Joint
) -> np.ndarray:
    if not tensor.primitive.joint:
        return np.asarray(tensor.primitive.meaning(*arrays, **parameters), dtype=tensor.dtype)
    position = parameters.pop("output")
    computation = computation_of(tensor)
    if computation not in joint:
        joint[computation] = tensor.primitive.meanings(*arrays, **parameters)
    return np.asarray(joint[computation][position], dtype=tensor.dtype)


def evaluate_parameters(
    parameters: Mapping[str, Any], sizes: Mapping[Extent, int]
) -> dict[str, Any]:
    """The parameters with every extent among them replaced by its number."""
    return {name: extent.evaluate(value, sizes) for name, value in parameters.items()}
