r"""Regularizers: penalties that are added to the cost, so that weights or activities stay small.

A regularizer is a callable from a tensor to a scalar. Layers take it for their weights
(`kernel_regularizer`, `bias_regularizer`) and for their output (`activity_regularizer`), by name,
as an object, or as a function of one's own. A model adds the penalties to its loss, in training and
in evaluation.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np

from cairnet.base.errors import ArgumentError
from cairnet.base.registry import Configurable, Registry
from cairnet.tensor.core import Tensor
from cairnet.tensor.functions import abs as absolute
from cairnet.tensor.functions import square
from cairnet.tensor.functions import sum as total
from cairnet.tensor.functions.arguments import floating

__all__ = ["L1", "L1L2", "L2", "Regularizer", "get", "l1", "l1_l2", "l2"]

_Penalty = Callable[[Tensor], Tensor]
_registry: Registry[_Penalty] = Registry("regularizer")


class Regularizer(Configurable, ABC):
    """Base of the regularizers: a callable from a tensor to a scalar.

    Example:
        >>> import cairnet as cn
        >>> class SumToOne(cn.regularizers.Regularizer):
        ...     def __call__(self, x):
        ...         return cn.square(cn.sum(x) - 1.0)
        >>> float(SumToOne()(cn.asarray([1.0, 2.0])))
        4.0
    """

    @abstractmethod
    def __call__(self, x: Any) -> Tensor:
        """The penalty, a scalar of the dtype of x."""


@_registry.add
class L1L2(Regularizer):
    """The elastic net, l1 · Σ|x| + l2 · Σx².

    Args:
        l1: weight of the sum of magnitudes, 0 or more.
        l2: weight of the sum of squares, 0 or more.

    Shapes:
        a weight of any shape; the penalty is a scalar.

    Raises:
        ArgumentError: a weight is negative, infinite or no number.

    Source:
        H. Zou, T. Hastie: Regularization and variable selection via the elastic net. Journal of
        the Royal Statistical Society B 67 (2), 2005. No half before the squares, as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> float(cn.regularizers.L1L2(l1=1.0, l2=0.5)(cn.asarray([-1.0, 2.0])))
        5.5
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        self.l1 = _weight("l1", l1)
        self.l2 = _weight("l2", l2)

    def __call__(self, x: Any) -> Tensor:
        """The penalty, a scalar of the dtype of x."""
        tensor = floating("regularizers.L1L2", x)
        return self.l1 * total(absolute(tensor)) + self.l2 * total(square(tensor))


@_registry.add
class L1(Regularizer):
    """The lasso, l1 · Σ|x|, which draws weights to exactly zero.

    Args:
        l1: weight of the sum of magnitudes, 0 or more.

    Shapes:
        a weight of any shape; the penalty is a scalar.

    Raises:
        ArgumentError: the weight is negative, infinite or no number.

    Source:
        R. Tibshirani: Regression shrinkage and selection via the lasso. Journal of the Royal
        Statistical Society B 58 (1), 1996.

    Example:
        >>> import cairnet as cn
        >>> float(cn.regularizers.L1(0.5)(cn.asarray([-1.0, 3.0])))
        2.0
    """

    def __init__(self, l1: float = 0.01) -> None:
        self.l1 = _weight("l1", l1)

    def __call__(self, x: Any) -> Tensor:
        """The penalty, a scalar of the dtype of x."""
        return self.l1 * total(absolute(floating("regularizers.L1", x)))


@_registry.add
class L2(Regularizer):
    """Weight decay, l2 · Σx², whose gradient draws every weight towards zero in proportion.

    Args:
        l2: weight of the sum of squares, 0 or more. The textbooks' (λ/2n)·Σx² is l2 = λ/2n.

    Shapes:
        a weight of any shape; the penalty is a scalar.

    Raises:
        ArgumentError: the weight is negative, infinite or no number.

    Source:
        A. Krogh, J. Hertz: A simple weight decay can improve generalization. NIPS 1991.

    Example:
        >>> import cairnet as cn
        >>> float(cn.regularizers.L2(0.5)(cn.asarray([-1.0, 3.0])))
        5.0
    """

    def __init__(self, l2: float = 0.01) -> None:
        self.l2 = _weight("l2", l2)

    def __call__(self, x: Any) -> Tensor:
        """The penalty, a scalar of the dtype of x."""
        return self.l2 * total(square(floating("regularizers.L2", x)))


#: Keras's other names for the same classes.
l1, l2, l1_l2 = L1, L2, L1L2
_registry.alias("l1_l2", L1L2)


def get(regularizer: Any) -> _Penalty | None:
    """The regularizer of a name, as "l2" or "L2"; functions and objects as they are, None as None.

    Args:
        regularizer: a name, a regularizer, a function of a tensor, or None.

    Raises:
        UnknownNameError: no regularizer has this name; the nearest one that has is offered.

    Example:
        >>> import cairnet as cn
        >>> cn.regularizers.get("l2").l2
        0.01
    """
    return None if regularizer is None else _registry.get(regularizer)


def _weight(name: str, value: Any) -> float:
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if not number or not 0 <= value < float("inf"):
        raise ArgumentError(f"{name}: expected a finite number, 0 or more, got {value!r}")
    return float(value)
