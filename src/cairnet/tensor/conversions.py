"""What a tensor becomes outside the graph: a NumPy array, a Python number, text, a DLPack capsule.

Each of these asks for the value, which is interpreted there and then.
"""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from cairnet.base.errors import ArgumentError, CairnetError, GraphError

if TYPE_CHECKING:
    from cairnet.tensor.core import Tensor

__all__ = ["Conversions", "check_device"]

DEVICE = "cpu"


def check_device(device: Any) -> None:
    """Refuse any device but the one there is.

    Raises:
        ArgumentError: the device is neither None nor "cpu".
    """
    if device is not None and device != DEVICE:
        raise ArgumentError(f"device: expected None or {DEVICE!r}, got {device!r}")


class Conversions:
    """Protocols of Python, NumPy and the array API standard; `Tensor` inherits them."""

    __slots__ = ()

    def numpy(self) -> np.ndarray:
        """The value as a NumPy array."""
        raise TypeError(f"{type(self).__name__} has no value")

    def item(self) -> bool | int | float | complex:
        """The value of a tensor of one element, as a Python number.

        Example:
            >>> import cairnet as cn
            >>> cn.sum(cn.asarray([1.5, 2.0])).item()
            3.5
        """
        value = self.numpy()
        if value.size != 1:
            raise ArgumentError(f"item: expected one element, got shape {value.shape}")
        result: bool | int | float | complex = value.item()
        return result

    def tolist(self) -> Any:
        """The value as nested lists of Python numbers.

        Example:
            >>> import cairnet as cn
            >>> cn.eye(2, dtype="int32").tolist()
            [[1, 0], [0, 1]]
        """
        return self.numpy().tolist()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.numpy(), dtype=dtype, copy=copy)

    def __bool__(self) -> bool:
        try:
            return bool(self.numpy())
        except GraphError as error:
            raise GraphError(
                f"whether a tensor is true must be known where Python asks for it, and {error}. "
                "To choose between expressions write cn.where(condition, x, y)"
            ) from None

    def __float__(self) -> float:
        return float(_real(self.numpy()))

    def __int__(self) -> int:
        return int(_real(self.numpy()))

    def __index__(self) -> int:
        return self.numpy().__index__()

    def __complex__(self) -> complex:
        return complex(self.numpy())

    def __format__(self, specification: str) -> str:
        return format(self.item(), specification) if specification else str(self)

    def __repr__(self) -> str:
        return _representation(self)  # type: ignore[arg-type]

    @property
    def device(self) -> str:
        """Where the value lies: "cpu"."""
        return DEVICE

    def to_device(self, device: str, /, *, stream: Any = None) -> Tensor:
        """The tensor on a device; "cpu" is the only one."""
        check_device(device)
        if stream is not None:
            raise ArgumentError(f"to_device: {DEVICE!r} has no streams, got stream={stream!r}")
        return self  # type: ignore[return-value]

    def __array_namespace__(self, /, *, api_version: str | None = None) -> ModuleType:
        from cairnet.tensor import array_api

        if api_version is not None and api_version not in array_api.SUPPORTED_VERSIONS:
            known = ", ".join(array_api.SUPPORTED_VERSIONS)
            raise ArgumentError(f"api_version: expected one of {known}, got {api_version!r}")
        return array_api

    def __dlpack__(
        self,
        *,
        stream: Any = None,
        max_version: tuple[int, int] | None = None,
        dl_device: tuple[int, int] | None = None,
        copy: bool | None = None,
    ) -> Any:
        # The value is evaluated into memory that the receiver alone holds, so that writing to
        # it cannot change this tensor. That is no second copy, whatever `copy` says.
        return np.array(self.numpy()).__dlpack__(
            stream=stream, max_version=max_version, dl_device=dl_device
        )

    def __dlpack_device__(self) -> tuple[int, int]:
        return np.empty(0).__dlpack_device__()


def _real(value: np.ndarray) -> np.ndarray:
    """The value, unless it is complex, which NumPy would cut down to its real part."""
    if value.dtype.kind == "c":
        raise TypeError(
            f"a {value.dtype.name} tensor is no real number; take cn.real(x), cn.imag(x), "
            "cn.abs(x), or complex(x)"
        )
    return value


def _representation(tensor: Tensor) -> str:
    """The value as NumPy prints it, or the expression where inputs are still missing."""
    from cairnet.tensor.core import Input, Variable, topological_order
    from cairnet.tensor.extent import symbols_of

    if isinstance(tensor, Input):
        return f"<Input {tensor.name!r} {tensor.describe()}>"
    kind = "Variable" if isinstance(tensor, Variable) else "Tensor"
    expression = (
        f"<Tensor {tensor.describe()} from {tensor.primitive.name}, made at {tensor.source}>"
    )
    for below in topological_order([tensor]):
        unknown = symbols_of((below.extents, *below.parameters.values()))
        if isinstance(below, Input) or any(unknown):
            return expression
    try:
        value = tensor.numpy()
    except CairnetError:
        # A debugger that prints a broken tensor must see something.
        return expression
    parts = [np.array2string(value, separator=", ", prefix=f"{kind}(")]
    if value.size == 0:
        parts = ["[]", f"shape={value.shape}"]
    parts.append(f"dtype={tensor.dtype.name}")
    if isinstance(tensor, Variable):
        parts.append(f"name={tensor.name!r}")
    return f"{kind}({', '.join(parts)})"
