"""What a call gives, as arrays of the right dtype and the sizes of the unknown extents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cairnet.base.errors import ArgumentError, DTypeError, ShapeError
from cairnet.tensor.core import Input, Tensor
from cairnet.tensor.extent import Extent, evaluate, is_symbol

__all__ = ["Shapes", "Signature"]

Shapes = tuple[tuple[int, ...], ...]


class Signature:
    """The inputs of a function, which the arguments of every call are compared with.

    Args:
        name: of the function, for errors.
        inputs: its placeholders.
    """

    def __init__(self, name: str, inputs: Sequence[Input]) -> None:
        self.name = name
        self.inputs = tuple(inputs)
        self._dtypes = tuple(tensor.dtype for tensor in inputs)

    def shapes(self, arguments: Sequence[Any]) -> Shapes | None:
        """The shapes of arguments that can be used as they are; None if one cannot.

        What is known of an earlier call with these shapes is then true of this one.
        """
        if len(arguments) != len(self._dtypes):
            return None
        shapes = []
        for array, dtype in zip(arguments, self._dtypes, strict=True):
            if type(array) is not np.ndarray:
                return None
            if array.dtype is not dtype and array.dtype != dtype:
                return None
            flags = array.flags
            if not (flags.carray or (flags.c_contiguous and flags.aligned)):
                return None
            shapes.append(array.shape)
        return tuple(shapes)

    def accept(
        self, arguments: Sequence[Any], steps: int | None, whole: int = 0
    ) -> tuple[list[np.ndarray], dict[Extent, int]]:
        """The arguments as contiguous arrays of the inputs' dtypes, and the sizes they show.

        Args:
            arguments: arrays, numbers, nested lists or tensors, one for each input.
            steps: the length of a leading axis that arguments have; None for no such axis.
            whole: how many arguments, the last ones, have none, since all steps are given them.

        Raises:
            ArgumentError: too few or too many.
            ShapeError, DTypeError: one does not fit its input.
        """
        if len(arguments) != len(self.inputs):
            names = ", ".join(tensor.name for tensor in self.inputs)
            raise ArgumentError(
                f"{self.name}: expected {len(self.inputs)} arguments ({names}), "
                f"got {len(arguments)}"
            )
        arrays = [_as_array(*pair) for pair in zip(self.inputs, arguments, strict=True)]
        split = len(arrays) - whole
        shapes = [
            _shape_of_a_step(tensor, array, steps if position < split else None)
            for position, (tensor, array) in enumerate(zip(self.inputs, arrays, strict=True))
        ]
        bindings: dict[Extent, int] = {}
        for tensor, shape in zip(self.inputs, shapes, strict=True):
            _bind(tensor, shape, bindings)
        for tensor, shape in zip(self.inputs, shapes, strict=True):
            _check_formulas(tensor, shape, bindings)
        return [_as_dtype(*pair) for pair in zip(self.inputs, arrays, strict=True)], bindings


def _as_array(tensor: Input, argument: Any) -> np.ndarray:
    array = argument.numpy() if isinstance(argument, Tensor) else argument
    if isinstance(array, np.ndarray):
        return array
    try:
        return np.asarray(array)
    except ValueError as error:
        raise ShapeError(f"input {tensor.name!r}: {error}") from None


def _shape_of_a_step(tensor: Input, array: np.ndarray, steps: int | None) -> tuple[int, ...]:
    if steps is None:
        return array.shape
    if not array.shape or array.shape[0] != steps:
        raise ShapeError(
            f"input {tensor.name!r}: expected a leading axis of {steps} steps, "
            f"got shape {array.shape}"
        )
    return array.shape[1:]


def _bind(tensor: Input, shape: tuple[int, ...], bindings: dict[Extent, int]) -> None:
    """Compare a shape with known extents, and learn the unknown ones."""
    if len(shape) != len(tensor.extents):
        raise ShapeError(
            f"input {tensor.name!r}: expected rank {tensor.ndim}, shape {tensor.shape}, "
            f"got shape {shape}"
        )
    for axis, (size, given) in enumerate(zip(tensor.extents, shape, strict=True)):
        if not isinstance(size, Extent):
            _compare(tensor, axis, size, shape)
        elif is_symbol(size):
            _compare(tensor, axis, bindings.setdefault(size, given), shape)


def _check_formulas(tensor: Input, shape: tuple[int, ...], bindings: dict[Extent, int]) -> None:
    """Compare a shape with extents that are formulas in those of other axes."""
    for axis, size in enumerate(tensor.extents):
        if isinstance(size, Extent) and not is_symbol(size):
            _compare(tensor, axis, evaluate(size, bindings), shape)


def _compare(tensor: Input, axis: int, expected: int, shape: tuple[int, ...]) -> None:
    if shape[axis] != expected:
        raise ShapeError(
            f"input {tensor.name!r}: expected {expected} along axis {axis} "
            f"(shape {tensor.shape}), got shape {shape}"
        )


def _as_dtype(tensor: Input, array: np.ndarray) -> np.ndarray:
    if array.dtype != tensor.dtype:
        if not np.can_cast(array.dtype, tensor.dtype, casting="same_kind") and array.size:
            raise DTypeError(
                f"input {tensor.name!r}: expected dtype {tensor.dtype.name}, "
                f"got {array.dtype.name}; convert it with array.astype('{tensor.dtype.name}')"
            )
        array = array.astype(tensor.dtype)
    return np.require(array, requirements=("C", "A"))
