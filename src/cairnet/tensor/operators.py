"""What Python's operators mean on tensors: each is one function of `cairnet.tensor.functions`."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from cairnet.tensor.core import Tensor

__all__ = ["Operators"]


def _functions() -> ModuleType:
    from cairnet.tensor import functions

    return functions


class Operators:
    """Arithmetic, comparison, indexing and conversion; `Tensor` inherits them."""

    __slots__ = ()

    def numpy(self) -> np.ndarray:
        """The value as a NumPy array."""
        raise TypeError(f"{type(self).__name__} has no value")

    def __add__(self, other: Any) -> Tensor:
        return _functions().add(self, other)

    def __radd__(self, other: Any) -> Tensor:
        return _functions().add(other, self)

    def __sub__(self, other: Any) -> Tensor:
        return _functions().subtract(self, other)

    def __rsub__(self, other: Any) -> Tensor:
        return _functions().subtract(other, self)

    def __mul__(self, other: Any) -> Tensor:
        return _functions().multiply(self, other)

    def __rmul__(self, other: Any) -> Tensor:
        return _functions().multiply(other, self)

    def __truediv__(self, other: Any) -> Tensor:
        return _functions().divide(self, other)

    def __rtruediv__(self, other: Any) -> Tensor:
        return _functions().divide(other, self)

    def __floordiv__(self, other: Any) -> Tensor:
        return _functions().floor_divide(self, other)

    def __rfloordiv__(self, other: Any) -> Tensor:
        return _functions().floor_divide(other, self)

    def __mod__(self, other: Any) -> Tensor:
        return _functions().remainder(self, other)

    def __rmod__(self, other: Any) -> Tensor:
        return _functions().remainder(other, self)

    def __pow__(self, other: Any) -> Tensor:
        return _functions().pow(self, other)

    def __rpow__(self, other: Any) -> Tensor:
        return _functions().pow(other, self)

    def __matmul__(self, other: Any) -> Tensor:
        return _functions().matmul(self, other)

    def __rmatmul__(self, other: Any) -> Tensor:
        return _functions().matmul(other, self)

    def __neg__(self) -> Tensor:
        return _functions().negative(self)

    def __pos__(self) -> Tensor:
        return _functions().positive(self)

    def __abs__(self) -> Tensor:
        return _functions().abs(self)

    def __and__(self, other: Any) -> Tensor:
        return _functions().bitwise_and(self, other)

    def __rand__(self, other: Any) -> Tensor:
        return _functions().bitwise_and(other, self)

    def __or__(self, other: Any) -> Tensor:
        return _functions().bitwise_or(self, other)

    def __ror__(self, other: Any) -> Tensor:
        return _functions().bitwise_or(other, self)

    def __xor__(self, other: Any) -> Tensor:
        return _functions().bitwise_xor(self, other)

    def __rxor__(self, other: Any) -> Tensor:
        return _functions().bitwise_xor(other, self)

    def __lshift__(self, other: Any) -> Tensor:
        return _functions().bitwise_left_shift(self, other)

    def __rlshift__(self, other: Any) -> Tensor:
        return _functions().bitwise_left_shift(other, self)

    def __rshift__(self, other: Any) -> Tensor:
        return _functions().bitwise_right_shift(self, other)

    def __rrshift__(self, other: Any) -> Tensor:
        return _functions().bitwise_right_shift(other, self)

    def __invert__(self) -> Tensor:
        return _functions().bitwise_invert(self)

    def __eq__(self, other: object) -> Tensor:  # type: ignore[override]
        return _functions().equal(self, other)

    def __ne__(self, other: object) -> Tensor:  # type: ignore[override]
        return _functions().not_equal(self, other)

    def __lt__(self, other: Any) -> Tensor:
        return _functions().less(self, other)

    def __le__(self, other: Any) -> Tensor:
        return _functions().less_equal(self, other)

    def __gt__(self, other: Any) -> Tensor:
        return _functions().greater(self, other)

    def __ge__(self, other: Any) -> Tensor:
        return _functions().greater_equal(self, other)

    def __hash__(self) -> int:
        return id(self)

    def __getitem__(self, key: Any) -> Tensor:
        return _functions().getitem(self, key)

    @property
    def T(self) -> Tensor:
        """The transpose of a matrix (rank 2 only)."""
        return _functions().matrix_transpose_of_rank_2(self)

    @property
    def mT(self) -> Tensor:
        """The last two axes exchanged."""
        return _functions().matrix_transpose(self)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        value = self.numpy()
        return value if dtype is None else value.astype(dtype)

    def __bool__(self) -> bool:
        return bool(self.numpy())

    def __float__(self) -> float:
        return float(self.numpy())

    def __int__(self) -> int:
        return int(self.numpy())

    def __index__(self) -> int:
        return self.numpy().__index__()

    def __complex__(self) -> complex:
        return complex(self.numpy())
