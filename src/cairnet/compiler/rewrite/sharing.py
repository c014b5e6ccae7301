"""Common subexpressions: two nodes that compute the same thing become one (hash-consing).

before -> after: f(a), f(a) -> one node used twice.

Two nodes are the same when they apply one primitive to identical inputs with equal parameters;
constants are compared by their bytes, so that -0.0 is not 0.0 (large ones by identity: a data set
is not read for this). Since inputs are shared before
their users are looked at, comparing identities is enough to find equal graphs of any depth.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cairnet.tensor.core import INPUT, VARIABLE, Literal, Tensor
from cairnet.tensor.primitives import ELEMENTWISE, WATCH

__all__ = ["COMMUTATIVE", "Shared"]

#: Elementwise primitives for which the order of the two inputs does not matter, to the bit.
#: (maximum and minimum are not among them: of 0.0 and -0.0 they may return the first.)
COMMUTATIVE = frozenset(
    ELEMENTWISE[name]
    for name in ("add", "multiply", "bitwise_and", "bitwise_or", "bitwise_xor", "equal")
)
#: Nodes that stand for themselves: two inputs are two inputs, two watches report twice.
_NEVER_SHARED = frozenset({INPUT, VARIABLE, WATCH})


#: Constants of more bytes than this are the same only if they are the same object.
_MOST_BYTES = 2**20


class Shared:
    """The nodes built so far, each findable by what it computes."""

    def __init__(self) -> None:
        self._nodes: dict[tuple[Any, ...], Tensor] = {}

    def find(self, node: Tensor, inputs: tuple[Tensor, ...]) -> Tensor:
        """The node that applies `node`'s primitive and parameters to `inputs`.

        The first one asked for is kept and returned ever after; its source and path are those of
        the node it was first built for.
        """
        if node.primitive in _NEVER_SHARED:
            return node if same_inputs(node, inputs) else rebuilt(node, inputs)
        key = _key(node, inputs)
        found = self._nodes.get(key)
        if found is None:
            found = node if same_inputs(node, inputs) else rebuilt(node, inputs)
            self._nodes[key] = found
        return found


def same_inputs(node: Tensor, inputs: tuple[Tensor, ...]) -> bool:
    """Whether the node's inputs are these very tensors."""
    return all(old is new for old, new in zip(node.inputs, inputs, strict=True))


def rebuilt(
    node: Tensor, inputs: tuple[Tensor, ...], parameters: Mapping[str, Any] | None = None
) -> Tensor:
    """The node with other inputs or parameters, of the same extents and dtype as before."""
    return Tensor(
        node.primitive,
        inputs,
        node.parameters if parameters is None else parameters,
        node.extents,
        node.dtype,
        node.source,
        node.path,
    )


def _key(node: Tensor, inputs: tuple[Tensor, ...]) -> tuple[Any, ...]:
    places = [id(item) for item in inputs]
    if node.primitive in COMMUTATIVE:
        # Where unknown extents meet, the result takes those of its first input.
        return (node.primitive, *sorted(places), node.extents)
    if not node.parameters:
        return (node.primitive, *places)
    named = tuple((name, _exactly(value)) for name, value in sorted(node.parameters.items()))
    return (node.primitive, *places, named)


def _exactly(value: Any) -> Any:
    """A float by its digits, since Python takes 0.0 for -0.0; a large array by its identity."""
    if isinstance(value, float):
        return "float", value.hex()
    if isinstance(value, Literal) and value.array.nbytes > _MOST_BYTES:
        return "array", id(value)
    return value
