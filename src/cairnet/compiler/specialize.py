"""A copy of a graph in which some unknown extents have become numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cairnet.tensor.core import Input, Tensor, Variable, topological_order
from cairnet.tensor.extent import Extent, evaluate

__all__ = ["specialize"]


def specialize(
    inputs: Sequence[Input], outputs: Sequence[Tensor], sizes: Mapping[Extent, int]
) -> tuple[list[Input], list[Tensor]]:
    """Replace extents by numbers everywhere; the placeholders are new, the variables are not.

    Args:
        inputs: the placeholders of the graph.
        outputs: its results.
        sizes: the numbers; extents that are not mentioned stay unknown.

    Returns:
        The new placeholders, in the same order, and the new results.
    """
    placeholders = [_placeholder(item, sizes) for item in inputs]
    copies: dict[Tensor, Tensor] = dict(zip(inputs, placeholders, strict=True))
    for tensor in topological_order(outputs, stop=lambda t: t in copies):
        if tensor not in copies:
            copies[tensor] = _copy(tensor, copies, sizes)
    return placeholders, [copies[item] for item in outputs]


def _placeholder(tensor: Input, sizes: Mapping[Extent, int]) -> Input:
    copy = Input(evaluate(tensor.extents, sizes), tensor.dtype, tensor.name)
    copy.source, copy.path = tensor.source, tensor.path
    return copy


def _copy(tensor: Tensor, copies: Mapping[Tensor, Tensor], sizes: Mapping[Extent, int]) -> Tensor:
    if isinstance(tensor, Variable):
        return tensor
    return Tensor(
        tensor.primitive,
        tuple(copies[item] for item in tensor.inputs),
        {name: evaluate(value, sizes) for name, value in tensor.parameters.items()},
        evaluate(tensor.extents, sizes),
        tensor.dtype,
        tensor.source,
        tensor.path,
    )
