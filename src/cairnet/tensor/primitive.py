"""The contract of a primitive: shape rule, gradient rule and NumPy meaning, side by side.

A primitive is one operation of the graph. It is an instance of a subclass of `Primitive`,
registered under its name, and states

- `infer(*inputs, **parameters)`: the extents and the dtype of its result, or an error;
- `meaning(*arrays, **parameters)`: its value in NumPy. This line is the definition of correct;
- `vjp(cotangent, output, *inputs, **parameters)`: the vector-Jacobian product, one cotangent per
  input, built from other primitives, so that gradients have gradients. `None` means that the
  input has no derivative (an index, a condition): nothing flows that way.

Parameters are hashable; extents among them are formulas until the symbols are bound.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from cairnet.base.errors import GradientError

if TYPE_CHECKING:
    from cairnet.tensor.core import Tensor
    from cairnet.tensor.extent import Size

__all__ = ["Primitive", "all_primitives", "computation_of", "families", "register"]

P = TypeVar("P", bound="Primitive")
_registry: dict[str, Primitive] = {}


class Primitive:
    """One operation; subclasses give `name` and the three rules.

    Attributes:
        name: what the primitive is called in printed graphs.
        elementwise: whether element i of the result depends on element i of the inputs alone.
        movement: whether the result only rearranges, repeats or leaves out elements.
        differentiable: False where every derivative is undefined or zero (comparisons, indices).
        joint: whether nodes that differ in the parameter `output` alone are the outputs of one
            computation. Then `meanings` gives all the values at once, and in place of `vjp` there
            is `joint_vjp(cotangents, wanted, *inputs, **parameters)`, both without `output`:
            `cotangents` maps positions of outputs to their cotangents (or None), `wanted` says
            for each input whether its own is needed.
    """

    name: str = ""
    elementwise: bool = False
    movement: bool = False
    differentiable: bool = True
    joint: bool = False

    # Declared as callables of any signature: every primitive names its own parameters.
    infer: Callable[..., tuple[tuple[Size, ...], np.dtype[Any]]]
    meaning: Callable[..., Any]
    vjp: Callable[..., Sequence[Tensor | None]]
    meanings: Callable[..., Sequence[Any]]
    joint_vjp: Callable[..., Sequence[Tensor | None]]

    def __repr__(self) -> str:
        return self.name


def computation_of(tensor: Tensor) -> Hashable:
    """What the nodes of one joint computation have in common: all but the parameter `output`."""
    shared = ((name, value) for name, value in tensor.parameters.items() if name != "output")
    return tensor.primitive, tuple(map(id, tensor.inputs)), tuple(sorted(shared, key=_by_name))


def families(order: Sequence[Tensor]) -> dict[Tensor, list[Tensor]]:
    """The outputs of each joint computation, under the first of them in the order.

    Whatever uses any of them comes after that first one: walking backwards, all their cotangents
    are complete when it is reached.
    """
    first: dict[Hashable, Tensor] = {}
    found: dict[Tensor, list[Tensor]] = {}
    for tensor in order:
        if tensor.primitive.joint:
            leader = first.setdefault(computation_of(tensor), tensor)
            found.setdefault(leader, []).append(tensor)
    return found


def _by_name(parameter: tuple[str, Any]) -> str:
    return parameter[0]


def register(primitive: P) -> P:
    """Enter a primitive in the table, under its name."""
    if not primitive.name or primitive.name in _registry:
        raise GradientError(f"primitive {primitive!r} needs a name of its own")
    _registry[primitive.name] = primitive
    return primitive


def all_primitives() -> dict[str, Primitive]:
    """Every registered primitive by name."""
    return dict(_registry)
