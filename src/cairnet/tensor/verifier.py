"""Checking that a graph is well formed: what every pass may rely on, and must leave behind.

A graph is well formed if it has no cycle, and if every node

- has tensors as inputs and hashable parameters;
- has the dtype and the extents that its primitive's shape rule gives for its inputs (formulas may
  differ where the extent is unknown; the numbers may not);
- has extents that are not negative;
- is an `Input` or a `Variable`, the latter with an array of its shape and dtype, if that is what
  its primitive says;

and if the same holds for the step of every scan.
"""

from __future__ import annotations

from collections.abc import Iterable

from cairnet.base.errors import CairnetError, GraphError
from cairnet.tensor.core import INPUT, VARIABLE, Input, Tensor, Variable, topological_order
from cairnet.tensor.primitives.loops import Body

__all__ = ["verify"]


def verify(outputs: Iterable[Tensor]) -> None:
    """Refuse a graph that is not well formed.

    Args:
        outputs: the tensors whose graph is checked.

    Raises:
        GraphError: a node breaks a rule; the message names the node, the rule, the layers and the
            user's line that made it.

    Example:
        >>> import cairnet as cn
        >>> verify([cn.exp(cn.input((3,)))])
    """
    _verify(list(outputs), set())


def _verify(outputs: list[Tensor], bodies: set[Body]) -> None:
    _verify_inputs(outputs)
    done: set[int] = set()
    for tensor in topological_order(outputs):
        for item in tensor.inputs:
            if id(item) not in done:
                raise _broken(tensor, f"it depends on itself, through {_describe(item)}")
        done.add(id(tensor))
        _verify_parameters(tensor)
        if tensor.primitive in (INPUT, VARIABLE):
            _verify_leaf(tensor)
        else:
            _verify_signature(tensor)
        for value in tensor.parameters.values():
            if isinstance(value, Body) and value not in bodies:
                bodies.add(value)
                _verify([*value.inputs, *value.outputs], bodies)


def _verify_inputs(outputs: list[Tensor]) -> None:
    for output in outputs:
        if not isinstance(output, Tensor):
            raise GraphError(f"a graph ends in tensors, not in {type(output).__name__}")
    stack, seen = list(outputs), set(map(id, outputs))
    while stack:
        tensor = stack.pop()
        for item in tensor.inputs:
            if not isinstance(item, Tensor):
                raise _broken(tensor, f"one of its inputs is a {type(item).__name__}")
            if id(item) not in seen:
                seen.add(id(item))
                stack.append(item)


def _verify_parameters(tensor: Tensor) -> None:
    for name, value in tensor.parameters.items():
        try:
            hash(value)
        except TypeError:
            raise _broken(
                tensor, f"its parameter {name} is a {type(value).__name__}, which cannot be hashed"
            ) from None


def _verify_leaf(tensor: Tensor) -> None:
    if tensor.inputs:
        raise _broken(tensor, f"it has {len(tensor.inputs)} inputs, and should have none")
    wanted = Input if tensor.primitive is INPUT else Variable
    if not isinstance(tensor, wanted):
        raise _broken(tensor, f"it is a {type(tensor).__name__}, and should be a {wanted.__name__}")
    if isinstance(tensor, Variable) and (
        tensor.data.shape != tensor.extents or tensor.data.dtype != tensor.dtype
    ):
        raise _broken(tensor, f"its array is {tensor.data.dtype.name}{list(tensor.data.shape)}")


def _verify_signature(tensor: Tensor) -> None:
    try:
        extents, dtype = tensor.primitive.infer(*tensor.inputs, **tensor.parameters)
    except CairnetError as error:
        raise _broken(tensor, f"its shape rule refuses its inputs: {error}") from error
    except TypeError as error:
        raise _broken(tensor, f"it has the wrong inputs or parameters: {error}") from error
    if dtype != tensor.dtype:
        raise _broken(tensor, f"its shape rule gives dtype {dtype.name}")
    fits = len(extents) == tensor.ndim and all(
        own == wanted or not (isinstance(own, int) and isinstance(wanted, int))
        for own, wanted in zip(tensor.extents, extents, strict=True)
    )
    if not fits:
        raise _broken(tensor, f"its shape rule gives the extents {extents}")
    for axis, size in enumerate(tensor.extents):
        if isinstance(size, int) and size < 0:
            raise _broken(tensor, f"its axis {axis} has the extent {size}")


def _describe(tensor: Tensor) -> str:
    name = getattr(tensor, "name", "")
    called = f"{tensor.primitive.name} {name!r}" if name else tensor.primitive.name
    inside = f" in {tensor.path}" if tensor.path else ""
    return f"{called} {tensor.describe()}{inside}, made at {tensor.source}"


def _broken(tensor: Tensor, rule: str) -> GraphError:
    return GraphError(f"broken graph: {_describe(tensor)}: {rule}")
