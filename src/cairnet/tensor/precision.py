"""A graph in another precision: float32 has become float64, and complex64 complex128."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cairnet.base.dtypes import complex64, complex128, float32, float64
from cairnet.tensor.core import (
    CONSTANT,
    Input,
    Literal,
    Tensor,
    Variable,
    apply_for,
    topological_order,
)
from cairnet.tensor.primitives.loops import SCAN, Body

__all__ = ["in_float64"]

_WIDE = {float32: float64, complex64: complex128}


def in_float64(outputs: Sequence[Tensor]) -> tuple[list[Tensor], dict[Tensor, Input]]:
    """The outputs computed in float64 and complex128 throughout.

    Args:
        outputs: any tensors.

    Returns:
        The outputs in float64, and the placeholder that stands for each input and variable of the
        given graph (in its own dtype where that is neither float32 nor complex64).
    """
    places: dict[Tensor, Input] = {}
    result: dict[Tensor, Tensor] = {}
    for tensor in topological_order(outputs):
        if isinstance(tensor, Input | Variable):
            places[tensor] = Input(tensor.extents, _wide(tensor.dtype), tensor.name)
            result[tensor] = places[tensor]
        else:
            result[tensor] = _converted(tensor, [result[item] for item in tensor.inputs])
    return [result[output] for output in outputs], places


def _converted(tensor: Tensor, inputs: Sequence[Tensor]) -> Tensor:
    if tensor.primitive is CONSTANT:
        array = tensor.parameters["value"].array
        return apply_for(tensor, CONSTANT, value=Literal(array.astype(_wide(array.dtype))))
    parameters = {name: _parameter(value) for name, value in tensor.parameters.items()}
    if tensor.primitive is SCAN:
        parameters["sizes"] = parameters["body"].symbols
    return apply_for(tensor, tensor.primitive, *inputs, **parameters)


def _parameter(value: Any) -> Any:
    if isinstance(value, np.dtype):
        return _wide(value)
    if isinstance(value, Body):
        return _body(value)
    return value


def _body(body: Body) -> Body:
    converted, places = in_float64([*body.inputs, *body.outputs])
    return Body(
        [places[item] for item in body.inputs],
        converted[len(body.inputs) :],
        body.carries,
        body.sequences,
    )


def _wide(dtype: np.dtype[Any]) -> np.dtype[Any]:
    return _WIDE.get(dtype, dtype)
