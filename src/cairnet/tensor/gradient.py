"""Reverse mode on the graph: `grad` builds the graph of the derivatives.

From the cost backwards, every node hands each of its inputs a cotangent: the derivative of the
cost with respect to that input, as its primitive's `vjp` states. A tensor that is used several
times adds up what it is handed. The result is again a graph, so it can be differentiated again.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from cairnet.base.dtypes import is_complex, is_differentiable
from cairnet.base.errors import ArgumentError, DTypeError, GradientError, ShapeError
from cairnet.tensor.core import Tensor, apply, topological_order
from cairnet.tensor.primitive import families
from cairnet.tensor.primitives.elementwise import conjugate
from cairnet.tensor.primitives.movement import RESHAPE, filled
from cairnet.tensor.source import scope

__all__ = ["grad", "pull_back"]


def grad(cost: Tensor, wrt: Any, *, disconnected: str = "raise") -> Any:
    r"""The derivative of a scalar with respect to tensors: ∂cost/∂w for every w in `wrt`.

    The gradient by complex numbers z = x + iy is ∂cost/∂x + i·∂cost/∂y, so that, as with real
    ones, `z - rate * gradient` leads downhill. PyTorch has the same convention; in JAX the
    gradient is the conjugate of this one.

    Args:
        cost: a scalar of real floating dtype.
        wrt: a tensor, or a list or tuple of tensors (variables, inputs or anything between).
        disconnected: what to do for a tensor that the cost does not depend on: "raise", or
            "zero" for a gradient of zeros.

    Returns:
        A tensor of the shape and dtype of `wrt`, or a list of them. Building it runs nothing.

    Raises:
        ShapeError: the cost is not a scalar.
        DTypeError: the cost is not a real floating number, or a tensor in `wrt` is neither of
            floating nor of complex dtype: its gradient is undefined.
        GradientError: a tensor is disconnected from the cost, and `disconnected` is "raise".

    Example:
        >>> import cairnet as cn
        >>> x = cn.input((), name="x")
        >>> second = cn.grad(cn.grad(x**3, x), x)
        >>> float(cn.function([x], second)(2.0))
        12.0

        A complex number is led to the solution of z² = -1 by the slope of |z² + 1|²:

        >>> z = cn.Variable(0.3 + 0.5j)
        >>> slope = cn.grad(cn.abs(z**2 + 1) ** 2, z)
        >>> step = cn.function([], updates={z: z - 0.1 * slope})
        >>> for _ in range(50):
        ...     step()
        >>> abs(complex(z) - 1j) < 1e-3
        True
    """
    if disconnected not in ("raise", "zero"):
        raise ArgumentError(f'disconnected must be "raise" or "zero", got {disconnected!r}')
    targets = [wrt] if isinstance(wrt, Tensor) else list(wrt)
    _check(cost, targets)
    gradients = []
    for target, found in zip(targets, pull_back([cost], [filled(1, cost)], targets), strict=True):
        if found is None and disconnected == "raise":
            raise GradientError(
                f"the cost (made at {cost.source}) does not depend on {_name(target)} in a "
                'differentiable way; pass disconnected="zero" to get zeros'
            )
        gradients.append(filled(0, target) if found is None else conjugate(found))
    return gradients[0] if isinstance(wrt, Tensor) else gradients


def _check(cost: Tensor, targets: Sequence[Tensor]) -> None:
    if not isinstance(cost, Tensor):
        raise ArgumentError(f"cost: expected a tensor, got {type(cost).__name__}")
    if cost.ndim != 0:
        raise ShapeError(
            f"cost: expected a scalar, got shape {cost.shape} (made at {cost.source}); "
            "reduce it first, for instance with cn.sum or cn.mean"
        )
    if is_complex(cost.dtype):
        raise DTypeError(
            f"cost: expected a real number, got {cost.dtype.name} (made at {cost.source}), and no "
            "complex number is lower than another; take cn.real(cost) or cn.abs(cost)"
        )
    for tensor in (cost, *targets):
        if not isinstance(tensor, Tensor):
            raise ArgumentError(f"wrt: expected tensors, got {type(tensor).__name__}")
        if not is_differentiable(tensor.dtype):
            raise DTypeError(
                f"the gradient of {_name(tensor)} is undefined: its dtype is {tensor.dtype.name}, "
                "and only floating dtypes have derivatives"
            )


def pull_back(
    outputs: Sequence[Tensor], cotangents: Sequence[Tensor], targets: Sequence[Tensor]
) -> list[Tensor | None]:
    """The vector-Jacobian product of a graph: cotangents of outputs become those of targets.

    Args:
        outputs: tensors of any shape.
        cotangents: one for each output, of its shape and dtype; complex ones are paired without
            conjugation (see `cairnet.tensor.primitives.elementwise`).
        targets: tensors whose cotangents are wanted.

    Returns:
        One tensor for each target; None where no output depends on it in a differentiable way.
    """
    order = topological_order(outputs)
    active = _active(order, targets)
    joint = families(order)
    totals: dict[Tensor, Tensor] = {}
    for output, cotangent in zip(outputs, cotangents, strict=True):
        _add(totals, output, cotangent)
    for tensor in reversed(order):
        if not tensor.primitive.differentiable or not any(i in active for i in tensor.inputs):
            continue
        shares = _shares(tensor, totals, active, joint)
        for item, share in zip(tensor.inputs, shares, strict=True):
            if share is not None and item in active and is_differentiable(item.dtype):
                _add(totals, item, share)
    return [totals.get(target) for target in targets]


def _active(order: Sequence[Tensor], targets: Sequence[Tensor]) -> set[Tensor]:
    """The nodes on a path from a target to an output: the only ones that need a cotangent."""
    active = set(targets)
    for tensor in order:
        if any(item in active for item in tensor.inputs):
            active.add(tensor)
    return active


def _shares(
    tensor: Tensor,
    totals: Mapping[Tensor, Tensor],
    active: Container[Tensor],
    joint: Mapping[Tensor, Sequence[Tensor]],
) -> Sequence[Tensor | None]:
    """What a node hands to each of its inputs."""
    nothing = [None] * len(tensor.inputs)
    parameters = dict(tensor.parameters)
    with _gradient_scope(tensor):
        if not tensor.primitive.joint:
            if tensor not in totals:
                return nothing
            return tensor.primitive.vjp(totals[tensor], tensor, *tensor.inputs, **parameters)
        family = joint.get(tensor, ())
        given: dict[int, Tensor | None] = {}
        for member in family:
            # A gradient rule may have built an output again that was there already.
            output, cotangent = member.parameters["output"], totals.get(member)
            known = given.get(output)
            given[output] = cotangent if known is None else _plus(known, cotangent)
        if all(cotangent is None for cotangent in given.values()):
            return nothing
        del parameters["output"]
        wanted = [item in active for item in tensor.inputs]
        return tensor.primitive.joint_vjp(given, wanted, *tensor.inputs, **parameters)


def _plus(first: Tensor, second: Tensor | None) -> Tensor:
    return first if second is None else first + second


def _gradient_scope(tensor: Tensor) -> AbstractContextManager[None]:
    return scope(f"{tensor.path}/gradient" if tensor.path else "gradient")


def _add(totals: dict[Tensor, Tensor], tensor: Tensor, cotangent: Tensor) -> None:
    if cotangent.extents != tensor.extents:
        # Where unknown extents met known ones, a rule may have computed with the unknown: the
        # cotangent must not know less about its extents than the tensor does.
        with _gradient_scope(tensor):
            cotangent = apply(RESHAPE, cotangent, shape=tensor.extents)
    if tensor not in totals:
        totals[tensor] = cotangent
        return
    with _gradient_scope(tensor):
        totals[tensor] = totals[tensor] + cotangent


def _name(tensor: Tensor) -> str:
    name = getattr(tensor, "name", None)
    made = f"made at {tensor.source}"
    return f"{name!r} ({tensor.describe()}, {made})" if name else f"{tensor.describe()} ({made})"
