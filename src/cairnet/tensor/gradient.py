"""Reverse mode on the graph: `grad` builds the graph of the derivatives.

From the cost backwards, every node hands each of its inputs a cotangent: the derivative of the
cost with respect to that input, as its primitive's `vjp` states. A tensor that is used several
times adds up what it is handed. The result is again a graph, so it can be differentiated again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cairnet.base.dtypes import is_floating
from cairnet.base.errors import ArgumentError, DTypeError, GradientError, ShapeError
from cairnet.tensor.core import Tensor, topological_order
from cairnet.tensor.primitives.movement import filled
from cairnet.tensor.source import scope

__all__ = ["grad"]


def grad(cost: Tensor, wrt: Any, *, disconnected: str = "raise") -> Any:
    r"""The derivative of a scalar with respect to tensors: ∂cost/∂w for every w in `wrt`.

    Args:
        cost: a scalar of floating dtype.
        wrt: a tensor, or a list or tuple of tensors (variables, inputs or anything between).
        disconnected: what to do for a tensor that the cost does not depend on: "raise", or
            "zero" for a gradient of zeros.

    Returns:
        A tensor of the shape and dtype of `wrt`, or a list of them. Building it runs nothing.

    Raises:
        ShapeError: the cost is not a scalar.
        DTypeError: the cost or a tensor in `wrt` is not floating: its gradient is undefined.
        GradientError: a tensor is disconnected from the cost, and `disconnected` is "raise".

    Example:
        >>> import cairnet as cn
        >>> x = cn.input((), name="x")
        >>> second = cn.grad(cn.grad(x**3, x), x)
        >>> float(cn.function([x], second)(2.0))
        12.0
    """
    if disconnected not in ("raise", "zero"):
        raise ArgumentError(f'disconnected must be "raise" or "zero", got {disconnected!r}')
    targets = [wrt] if isinstance(wrt, Tensor) else list(wrt)
    _check(cost, targets)
    cotangents = _propagate(cost, targets)
    gradients = []
    for target in targets:
        found = cotangents.get(target)
        if found is None and disconnected == "raise":
            raise GradientError(
                f"the cost (made at {cost.source}) does not depend on {_name(target)} in a "
                'differentiable way; pass disconnected="zero" to get zeros'
            )
        gradients.append(filled(0, target) if found is None else found)
    return gradients[0] if isinstance(wrt, Tensor) else gradients


def _check(cost: Tensor, targets: Sequence[Tensor]) -> None:
    if not isinstance(cost, Tensor):
        raise ArgumentError(f"cost: expected a tensor, got {type(cost).__name__}")
    if cost.ndim != 0:
        raise ShapeError(
            f"cost: expected a scalar, got shape {cost.shape} (made at {cost.source}); "
            "reduce it first, for instance with cn.sum or cn.mean"
        )
    for tensor in (cost, *targets):
        if not isinstance(tensor, Tensor):
            raise ArgumentError(f"wrt: expected tensors, got {type(tensor).__name__}")
        if not is_floating(tensor.dtype):
            raise DTypeError(
                f"the gradient of {_name(tensor)} is undefined: its dtype is {tensor.dtype.name}, "
                "and only floating dtypes have derivatives"
            )


def _propagate(cost: Tensor, targets: Sequence[Tensor]) -> dict[Tensor, Tensor]:
    order = topological_order([cost])
    wanted = set(targets)
    # Only nodes on a path from a target to the cost need a cotangent.
    active: set[Tensor] = set()
    for tensor in order:
        if tensor in wanted or any(item in active for item in tensor.inputs):
            active.add(tensor)
    cotangents: dict[Tensor, Tensor] = {cost: filled(1, cost)} if cost in active else {}
    for tensor in reversed(order):
        cotangent = cotangents.get(tensor)
        if cotangent is None or not any(item in active for item in tensor.inputs):
            continue
        if not tensor.primitive.differentiable:
            continue
        with scope(f"{tensor.path}/gradient" if tensor.path else "gradient"):
            shares = tensor.primitive.vjp(cotangent, tensor, *tensor.inputs, **tensor.parameters)
        for item, share in zip(tensor.inputs, shares, strict=True):
            if share is None or item not in active or not is_floating(item.dtype):
                continue
            cotangents[item] = cotangents[item] + share if item in cotangents else share
    return cotangents


def _name(tensor: Tensor) -> str:
    name = getattr(tensor, "name", None)
    made = f"made at {tensor.source}"
    return f"{name!r} ({tensor.describe()}, {made})" if name else f"{tensor.describe()} ({made})"
