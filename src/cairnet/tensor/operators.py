"""What Python's operators mean on tensors: each is one function of `cairnet.tensor.functions`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cairnet.base.errors import ArgumentError, ShapeError
from cairnet.tensor.extent import Extent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cairnet.tensor.core import Tensor

__all__ = ["Operators"]


class Operators:
    """Arithmetic, comparison and indexing; `Tensor` inherits them.

    `x += y` binds the name `x` to the new tensor `x + y`, as Python does for everything
    immutable; nobody else who holds the old `x` sees a change.
    """

    __slots__ = ()

    extents: tuple[Any, ...]

    def __add__(self, other: Any) -> Tensor:
        return _call("add", self, other)

    def __radd__(self, other: Any) -> Tensor:
        return _call("add", other, self)

    def __sub__(self, other: Any) -> Tensor:
        return _call("subtract", self, other)

    def __rsub__(self, other: Any) -> Tensor:
        return _call("subtract", other, self)

    def __mul__(self, other: Any) -> Tensor:
        return _call("multiply", self, other)

    def __rmul__(self, other: Any) -> Tensor:
        return _call("multiply", other, self)

    def __truediv__(self, other: Any) -> Tensor:
        return _call("divide", self, other)

    def __rtruediv__(self, other: Any) -> Tensor:
        return _call("divide", other, self)

    def __floordiv__(self, other: Any) -> Tensor:
        return _call("floor_divide", self, other)

    def __rfloordiv__(self, other: Any) -> Tensor:
        return _call("floor_divide", other, self)

    def __mod__(self, other: Any) -> Tensor:
        return _call("remainder", self, other)

    def __rmod__(self, other: Any) -> Tensor:
        return _call("remainder", other, self)

    def __pow__(self, other: Any) -> Tensor:
        return _call("pow", self, other)

    def __rpow__(self, other: Any) -> Tensor:
        return _call("pow", other, self)

    def __matmul__(self, other: Any) -> Tensor:
        return _call("matmul", self, other)

    def __rmatmul__(self, other: Any) -> Tensor:
        return _call("matmul", other, self)

    def __neg__(self) -> Tensor:
        return _call("negative", self)

    def __pos__(self) -> Tensor:
        return _call("positive", self)

    def __abs__(self) -> Tensor:
        return _call("abs", self)

    def __and__(self, other: Any) -> Tensor:
        return _call("bitwise_and", self, other)

    def __rand__(self, other: Any) -> Tensor:
        return _call("bitwise_and", other, self)

    def __or__(self, other: Any) -> Tensor:
        return _call("bitwise_or", self, other)

    def __ror__(self, other: Any) -> Tensor:
        return _call("bitwise_or", other, self)

    def __xor__(self, other: Any) -> Tensor:
        return _call("bitwise_xor", self, other)

    def __rxor__(self, other: Any) -> Tensor:
        return _call("bitwise_xor", other, self)

    def __lshift__(self, other: Any) -> Tensor:
        return _call("bitwise_left_shift", self, other)

    def __rlshift__(self, other: Any) -> Tensor:
        return _call("bitwise_left_shift", other, self)

    def __rshift__(self, other: Any) -> Tensor:
        return _call("bitwise_right_shift", self, other)

    def __rrshift__(self, other: Any) -> Tensor:
        return _call("bitwise_right_shift", other, self)

    def __invert__(self) -> Tensor:
        return _call("bitwise_invert", self)

    def __eq__(self, other: object) -> Tensor:  # type: ignore[override]
        return _call("equal", self, other)

    def __ne__(self, other: object) -> Tensor:  # type: ignore[override]
        return _call("not_equal", self, other)

    def __lt__(self, other: Any) -> Tensor:
        return _call("less", self, other)

    def __le__(self, other: Any) -> Tensor:
        return _call("less_equal", self, other)

    def __gt__(self, other: Any) -> Tensor:
        return _call("greater", self, other)

    def __ge__(self, other: Any) -> Tensor:
        return _call("greater_equal", self, other)

    def __hash__(self) -> int:
        return id(self)

    def __getitem__(self, key: Any, /) -> Tensor:
        from cairnet.tensor.functions import getitem

        return getitem(self, key)

    def __setitem__(self, key: Any, value: Any, /) -> None:
        raise ArgumentError(
            "tensors are immutable expressions: x[...] = y cannot change one. Choose between old "
            "and new elements with cn.where(mask, y, x), put pieces together with cn.concat, or "
            "give a cn.Variable a whole new value with .assign or a function's updates="
        )

    def __len__(self) -> int:
        if not self.extents:
            raise ShapeError("len() of a tensor without axes; its shape is ()")
        if not isinstance(self.extents[0], int):
            raise ShapeError(
                "len() of a tensor whose first extent is known only when the function runs; "
                "cn.sum(cn.ones_like(x[:, 0])) counts there"
            )
        return self.extents[0]

    def __iter__(self) -> Iterator[Tensor]:
        if not self.extents:
            raise ShapeError("a tensor without axes has nothing to iterate over; its shape is ()")
        if not isinstance(self.extents[0], int):
            raise ShapeError(
                "iterating needs to know how many elements there are when the graph is built, and "
                "the first extent of this tensor is known only when the function runs; write the "
                "loop as one operation on the whole tensor, or use cn.scan"
            )
        return (self[i] for i in range(self.extents[0]))

    @property
    def T(self) -> Tensor:
        """The transpose of a matrix (rank 2 only)."""
        if len(self.extents) != 2:
            raise ShapeError(
                f"x.T transposes matrices; this tensor has {len(self.extents)} axes. Use x.mT for "
                "the last two axes or cn.permute_dims for any order"
            )
        return _call("matrix_transpose", self)

    @property
    def mT(self) -> Tensor:
        """The last two axes exchanged."""
        return _call("matrix_transpose", self)


# What may stand beside a tensor; Python asks every other class what it makes of the operation.
_OPERANDS = (Operators, Extent, np.ndarray, np.generic, bool, int, float, complex, list, tuple)


def _call(name: str, *operands: Any) -> Any:
    from cairnet.tensor import functions

    if all(isinstance(operand, _OPERANDS) for operand in operands):
        return getattr(functions, name)(*operands)
    return NotImplemented
