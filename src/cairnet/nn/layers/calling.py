"""What a layer is called with: inputs in their places, options by name."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from cairnet.base.errors import UnknownNameError
from cairnet.tensor.functions.arguments import as_tensor, holds_tensors

__all__ = ["check_options", "converted_options", "split_arguments"]

_Parameters = Mapping[str, inspect.Parameter]


def check_options(layer: str, parameters: _Parameters, options: Mapping[str, Any]) -> None:
    """Refuse an option that `call` does not take.

    Raises:
        UnknownNameError: there is one; the nearest that is known is offered.
    """
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
        return
    for name in options:
        if name not in parameters:
            raise UnknownNameError(f"argument to layer {layer!r}", name, parameters)


def split_arguments(
    parameters: _Parameters, inputs: Sequence[Any], options: Mapping[str, Any]
) -> tuple[list[Any], dict[str, Any]]:
    """Inputs in their places, options by name, however they were given.

    An input is what `call` must be given; an option is what has a default.
    """
    values, named = list(inputs), dict(options)
    for place, (name, parameter) in enumerate(parameters.items()):
        if parameter.kind is parameter.VAR_POSITIONAL:
            return values, named
        required = parameter.default is parameter.empty
        if required and place == len(values) and name in named:
            values.append(named.pop(name))
        elif not required and place < len(values) and name not in named:
            named.update(zip(list(parameters)[place:], values[place:], strict=False))
            return values[:place], named
    return values, named


def converted_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options with arrays as tensors; lists of tensors or arrays stay lists."""
    return {name: _converted(value) for name, value in options.items()}


def _converted(value: Any) -> Any:
    if isinstance(value, list | tuple):
        arrays = any(isinstance(item, np.ndarray) for item in value)
        if arrays or holds_tensors(value):
            return [_converted(item) for item in value]
        return value
    return as_tensor(value) if isinstance(value, np.ndarray) else value
