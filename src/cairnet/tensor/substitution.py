"""Rebuilding a graph with some of its tensors replaced by others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cairnet.base.errors import ShapeError
from cairnet.tensor.core import Tensor, topological_order
from cairnet.tensor.extent import Extent, Size, evaluate

__all__ = ["substitute"]


def substitute(
    outputs: Sequence[Tensor],
    replacements: Mapping[Tensor, Tensor],
    sizes: Mapping[Extent, Size] | None = None,
) -> list[Tensor]:
    """The same outputs, computed from `replacements[t]` wherever they used t.

    Nodes that depend on nothing that is replaced are shared with the given graph.

    Args:
        outputs: tensors.
        replacements: `{old: new}`.
        sizes: unknown extents to be replaced too, by numbers or other extents.
    """
    for old, new in replacements.items():
        if old.dtype != new.dtype or old.ndim != new.ndim:
            raise ShapeError(
                f"givens: {old.describe()} (made at {old.source}) cannot be replaced by "
                f"{new.describe()}: dtype and rank must agree"
            )
    result: dict[Tensor, Tensor] = dict(replacements)
    for tensor in topological_order(outputs, stop=lambda t: t in result):
        if tensor in result:
            continue
        inputs = tuple(result[item] for item in tensor.inputs)
        parameters = tensor.parameters
        if sizes:
            parameters = {name: evaluate(value, sizes) for name, value in parameters.items()}
        same_inputs = all(new is old for new, old in zip(inputs, tensor.inputs, strict=True))
        if same_inputs and parameters == tensor.parameters:
            result[tensor] = tensor
            continue
        extents, dtype = tensor.primitive.infer(*inputs, **parameters)
        copy = Tensor(tensor.primitive, inputs, parameters, extents, dtype, source=tensor.source)
        copy.path = tensor.path
        result[tensor] = copy
    return [result[output] for output in outputs]
