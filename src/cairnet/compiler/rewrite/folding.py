"""Constants: what is known when the graph is built is computed then, once.

Numbers stay small: a constant whose elements are all the same is written as a repeated scalar,
and a repeated scalar is never written out.
"""

from __future__ import annotations

import numpy as np

from cairnet.compiler.rewrite.building import broadcast, number
from cairnet.compiler.rewrite.matching import constant_array
from cairnet.compiler.rewrite.rule import Keeps, rule
from cairnet.tensor.core import CONSTANT, Literal, Tensor, apply_for
from cairnet.tensor.extent import symbols_of
from cairnet.tensor.primitive import all_primitives
from cairnet.tensor.primitives import IOTA, SIZE

__all__: list[str] = []

#: A folded result may always have this many elements, and never more than the other number.
_SMALL, _LARGE = 4096, 2**20
#: Broadcasts and counters are smaller unfolded, random numbers are many, the rest have no value
#: of their own.
_NOT_FOLDED = frozenset(
    {"constant", "input", "variable", "broadcast", "iota", "watch", "threefry", "scan"}
)
_FOLDED = tuple(
    primitive for name, primitive in all_primitives().items() if name not in _NOT_FOLDED
)


@rule("known size", SIZE)
def known_size(node: Tensor) -> Tensor | None:
    """size(n) -> a constant, where n is a number."""
    size = node.parameters["size"]
    return number(node, size, node.dtype) if isinstance(size, int) else None


@rule("counter of one", IOTA)
def counter_of_one(node: Tensor) -> Tensor | None:
    """iota(1) -> [0]."""
    if node.extents != (1,):
        return None
    return broadcast(node, number(node, 0, node.dtype), (1,))


@rule("repeated constant", CONSTANT)
def repeated_constant(node: Tensor) -> Tensor | None:
    """[c, c, …, c] -> broadcast(c), so that rules know the number and programs read no memory."""
    array = constant_array(node)
    if array is None or array.ndim == 0 or array.size == 0:
        return None
    flat = array.reshape(-1)
    if flat[0] != flat[-1] or not (flat == flat[0]).all():
        return None
    if array.dtype.kind == "f" and (np.signbit(flat) != np.signbit(flat[0])).any():
        return None
    return broadcast(node, number(node, flat[0], node.dtype), node.extents)


@rule("constant folding", *_FOLDED, keeps=Keeps.ROUNDING)
def constant_folding(node: Tensor) -> Tensor | None:
    """f(constants) -> a constant: the meaning of f in NumPy.

    Only where the result has at most 4096 elements, or takes no more memory than the constants it
    comes from and has at most 2²⁰ elements. Broadcasts, counters and random numbers stay as they
    are.
    """
    if not node.inputs or any(item.primitive is not CONSTANT for item in node.inputs):
        return None
    if next(symbols_of(tuple(node.parameters.values())), None) is not None:
        return None
    size = node.size
    arrays = [item.parameters["value"].array for item in node.inputs]
    if size is None or max(array.size for array in arrays) > _LARGE:
        return None
    memory = sum(array.nbytes for array in arrays)
    if size > _SMALL and (size > _LARGE or size * node.dtype.itemsize > memory):
        return None
    with np.errstate(all="ignore"):
        try:
            value = node.primitive.meaning(*arrays, **node.parameters)
        except (ValueError, IndexError):
            # An integer to a negative power, an index out of range: left for the program to
            # refuse when it runs.
            return None
    array = np.asarray(value, node.dtype)
    if array.shape != node.extents:
        return None
    return apply_for(node, CONSTANT, value=Literal(array))
