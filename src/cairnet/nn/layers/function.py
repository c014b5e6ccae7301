"""Lambda: a plain function as a layer."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from cairnet.base.errors import ArgumentError
from cairnet.base.registry import Registry
from cairnet.nn.layers.base import Layer, registry
from cairnet.tensor import functions
from cairnet.tensor.core import Tensor
from cairnet.tensor.functions.arguments import as_tensor

__all__ = ["Lambda"]

_Function = Callable[..., Any]

#: What a saved function's name stands for: the graph functions that Cairnet offers.
_registry: Registry[_Function] = Registry("function")
for _name in functions.__all__:
    _value = getattr(functions, _name)
    if inspect.isfunction(_value):
        _registry.add(_value)
del _name, _value


@registry.add
class Lambda(Layer):
    """A function from tensor to tensor as a layer, y = function(x, **arguments).

    A `Sequential` takes plain functions in the place of layers, and makes this of them.

    Args:
        function: of a tensor; or the name of one of Cairnet's graph functions. Of a list of
            tensors, where the layer is called with one. If it has a parameter `training`, it is
            told whether the graph is for training.
        arguments: further arguments by name, such as numbers, strings and tuples.
        name: see `Layer`; default: the function's name.

    Shapes:
        what the function makes of its input.

    Raises:
        ArgumentError: something that cannot be called.
        UnknownNameError: no graph function has this name.

    Notes:
        Saved is the name of the function, never its code. A function of one's own must have been
        made with `def`, and is given back to `cn.load_model` in `custom_objects`.

    Source:
        Arguments as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> cn.layers.Lambda(lambda x: x**2)([1.0, 3.0]).numpy()
        array([1., 9.], dtype=float32)
        >>> cn.layers.Lambda(cn.clip, arguments={"max": 1.0})([0.5, 3.0]).numpy()
        array([0.5, 1. ], dtype=float32)
    """

    def __init__(
        self,
        function: _Function | str,
        arguments: Mapping[str, Any] | None = None,
        *,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        self.function = _registry.get(function)
        if arguments is not None and not isinstance(arguments, Mapping):
            raise ArgumentError(f"arguments: expected a dict by name, got {arguments!r}")
        self.arguments = None if arguments is None else dict(arguments)
        own_name = getattr(self.function, "__name__", "")
        if name is None and own_name.isidentifier():
            self.name = own_name
        self._told = _takes_training(self.function)

    def _converted(self, value: Any) -> Any:
        several = isinstance(value, list | tuple) and any(isinstance(x, Tensor) for x in value)
        return [as_tensor(item) for item in value] if several else as_tensor(value)

    def call(self, x: Any, training: bool = False) -> Tensor:
        """The graph of the output."""
        said = {"training": training} if self._told else {}
        return as_tensor(self.function(x, **(self.arguments or {}), **said))


def _takes_training(function: _Function) -> bool:
    try:
        return "training" in inspect.signature(function).parameters
    except (TypeError, ValueError):
        return False
