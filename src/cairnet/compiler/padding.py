"""Padding made explicit where taps in the border cannot be left out.

    convolve(x, w, padding)                 → convolve(pad(x), w)
    convolve_weight_gradient(x, g, padding) → convolve_weight_gradient(pad(x), g)

Taps outside an image are mostly left out by the bounds of loops (see `bounds`), where a padded copy
would multiply zeros: almost twice the work for a 5×5 kernel on 14×14 positions. But a weight
gradient that looks at the windows of a pooling, g, finds its place in the image as a sum over two
loops, and none of them can be cut short alone. Then a copy is made, once for both passes.
"""

from __future__ import annotations

from collections.abc import Sequence

from cairnet.tensor.core import Tensor, apply_for, topological_order
from cairnet.tensor.primitives import CONVOLVE, CONVOLVE_WEIGHT_GRADIENT, PAD, WINDOW_PUT

__all__ = ["pad_convolutions"]


def pad_convolutions(outputs: Sequence[Tensor]) -> list[Tensor]:
    """The same outputs, with padded convolutions reading padded tensors."""
    order = topological_order(outputs)
    pooled = {
        (tensor.inputs[0], tensor.parameters["padding"])
        for tensor in order
        if tensor.primitive is CONVOLVE_WEIGHT_GRADIENT and tensor.inputs[1].primitive is WINDOW_PUT
    }
    result: dict[Tensor, Tensor] = {}
    padded: dict[tuple[object, ...], Tensor] = {}
    for tensor in order:
        inputs = tuple(result[item] for item in tensor.inputs)
        parameters = tensor.parameters
        convolution = tensor.primitive in (CONVOLVE, CONVOLVE_WEIGHT_GRADIENT)
        if (
            convolution
            and any(low or high for low, high in parameters["padding"])
            and (tensor.inputs[0], parameters["padding"]) in pooled
        ):
            key = (inputs[0], parameters["padding"])
            if key not in padded:
                padded[key] = _pad(tensor, *key)
            inputs = (padded[key], inputs[1])
            parameters = {**parameters, "padding": ((0, 0),) * len(parameters["padding"])}
        if parameters is tensor.parameters and _same(inputs, tensor.inputs):
            result[tensor] = tensor
        else:
            result[tensor] = apply_for(tensor, tensor.primitive, *inputs, **parameters)
    return [result[output] for output in outputs]


def _pad(at: Tensor, x: Tensor, padding: Sequence[tuple[int, int]]) -> Tensor:
    low = (0, *(pair[0] for pair in padding), 0)
    high = (0, *(pair[1] for pair in padding), 0)
    return apply_for(at, PAD, x, low=low, high=high, interior=(0,) * x.ndim, value=0)


def _same(first: Sequence[Tensor], second: Sequence[Tensor]) -> bool:
    return all(one is other for one, other in zip(first, second, strict=True))
