"""Which tensors get memory, and which are computed again wherever they are read.

A *heavy* node (a contraction, a reduction, a window, a scatter, …) always gets memory: it is the
heart of a nest of its own. An elementwise or movement node is written into the expression of
whoever reads it, unless that would repeat costly work:

- a contraction reads each element of its operands many times;
- a repeated value (under a stretching broadcast) would be computed once for each copy;
- a value with several readers would be computed by each.

What a pooling puts back where it found its maxima is mostly zeros. Where the windows lie side by
side and nobody but the weight gradients of convolutions reads it, it gets no memory: they look at
the windows themselves.

Storing one tensor too many costs little, since fusion joins the nest that makes it with the nest
that reads it, and drops memory that nobody reads any more.
"""

from __future__ import annotations

from collections.abc import Sequence

from cairnet.compiler.costs import COSTLY, SLOW
from cairnet.tensor.core import CONSTANT, INPUT, VARIABLE, Tensor, topological_order

__all__ = ["HEAVY", "is_leaf", "stored_tensors"]

HEAVY = frozenset(
    {
        "sum",
        "product",
        "max",
        "min",
        "argmax",
        "argmin",
        "cumulative_sum",
        "cumulative_product",
        "dot",
        "convolve",
        "convolve_input_gradient",
        "convolve_weight_gradient",
        "window_sum",
        "window_argmax",
        "window_take",
        "window_put",
        "scatter_add",
        "argsort",
        "concatenate",
        "scan",
        "cholesky",
        "complex_matrices",
        "determinant",
        "eigh",
        "pinv",
        "qr",
        "solve",
        "solve_triangular",
        "svd",
    }
)
_CONTRACTIONS = frozenset(
    {"dot", "convolve", "convolve_input_gradient", "convolve_weight_gradient"}
)
_WINDOWS = frozenset({"window_sum", "window_argmax", "window_take", "window_put"})
#: Above this many operations a value that is read twice is stored rather than computed twice.
_REPEAT_LIMIT = 6
#: An index of rows that costs more is stored: wrapping negative ones around takes three operations.
_INDEX_LIMIT = 3
#: And above this many one that a broadcast repeats.
_REPEATED_LIMIT = 2
#: No expression grows beyond this many operations, so that no single kernel grows without end.
_EXPRESSION_LIMIT = 400


def is_leaf(tensor: Tensor) -> bool:
    """Whether the tensor's memory exists before the program runs."""
    return tensor.primitive in (INPUT, VARIABLE) or (
        tensor.primitive is CONSTANT and tensor.size != 1
    )


def is_heavy(tensor: Tensor) -> bool:
    """Whether the node is the heart of a nest."""
    if tensor.primitive.name == "pad":
        return any(tensor.parameters["interior"])
    return tensor.primitive.name in HEAVY


def stored_tensors(outputs: Sequence[Tensor]) -> set[Tensor]:
    """The tensors below `outputs` (themselves included) that get memory of their own."""
    order = topological_order(outputs)
    readers: dict[Tensor, set[Tensor]] = {tensor: set() for tensor in order}
    for tensor in order:
        for item in tensor.inputs:
            readers[item].add(tensor)
    stored = {t for t in outputs if not is_leaf(t)}
    stored |= {t for t in order if is_heavy(t) and not _is_put_side_by_side(t, readers[t])}
    cost: dict[Tensor, int] = {}
    for tensor in order:
        cost[tensor] = _inline_cost(tensor, cost, stored)
        if tensor in stored or is_leaf(tensor) or tensor.primitive is CONSTANT:
            continue
        if _is_worth_storing(tensor, cost[tensor], readers) or _ends_a_nest(
            tensor, stored, readers
        ):
            stored.add(tensor)
    return stored


def _is_put_side_by_side(tensor: Tensor, readers: set[Tensor]) -> bool:
    """Whether weight gradients alone read what windows put back that fill the space exactly."""
    if tensor.primitive.name != "window_put" or not readers:
        return False
    p = tensor.parameters
    side_by_side = all(
        size == step and (size == 1 or gap == 1) and pair == (0, 0) and extent == step * count
        for size, step, gap, pair, extent, count in zip(
            p["window"],
            p["strides"],
            p["dilation"],
            p["padding"],
            tensor.extents,
            tensor.inputs[0].extents,
            strict=True,
        )
    )
    return (
        side_by_side
        and p["window"][0] == p["window"][-1] == 1
        and all(
            reader.primitive.name == "convolve_weight_gradient" and reader.inputs[0] is not tensor
            for reader in readers
        )
    )


def _ends_a_nest(tensor: Tensor, stored: set[Tensor], readers: dict[Tensor, set[Tensor]]) -> bool:
    """Whether this is the last elementwise step on a heavy node, and others read its result.

    The nest of the heavy node writes its result in any case. Writing what the steps make of it,
    and not the raw result, costs nothing and spares every reader the steps.
    """
    if not tensor.primitive.elementwise:
        return False
    below = tensor
    while below.primitive.elementwise:
        same = [item for item in below.inputs if item.extents == tensor.extents]
        own = [item for item in same if not is_leaf(item) and item.primitive is not CONSTANT]
        own = [item for item in own if not (item.primitive.movement and not is_heavy(item))]
        if len(own) != 1 or len(readers[own[0]]) != 1:
            return False
        below = own[0]
    if not is_heavy(below):
        return False
    return any(
        not reader.primitive.elementwise or reader.extents != tensor.extents
        for reader in readers[tensor]
    )


def _is_one_number(tensor: Tensor) -> bool:
    """Whether it is worked out in front of all loops, however often it is repeated inside."""
    return all(size == 1 for size in tensor.extents)


def _inline_cost(tensor: Tensor, cost: dict[Tensor, int], stored: set[Tensor]) -> int:
    """How many operations one element costs if the tensor is not stored."""
    if is_leaf(tensor) or tensor.primitive is CONSTANT or is_heavy(tensor):
        return 0
    if tensor.primitive.name == "gather":
        return 0  # its operand and its index are stored
    below = sum(0 if item in stored else cost[item] for item in tensor.inputs)
    if tensor.primitive.movement or tensor.primitive.name in ("iota", "size"):
        return 0 if below <= _REPEAT_LIMIT and all(map(_is_one_number, tensor.inputs)) else below
    if not tensor.primitive.elementwise:
        return below
    name = tensor.primitive.name
    return below + (12 if name in COSTLY else 3 if name in SLOW else 1)


def _is_worth_storing(tensor: Tensor, cost: int, readers: dict[Tensor, set[Tensor]]) -> bool:
    if tensor.primitive.name == "pad":
        return any(reader.primitive.name in _CONTRACTIONS for reader in readers[tensor])
    if cost == 0:
        return False
    if any(
        reader.primitive.name in ("gather", "scatter_add")
        and any(item is tensor for item in reader.inputs[1:])
        for reader in readers[tensor]
    ):
        # It is worked out once for a row of elements, or for each of them where rows lie scattered.
        return cost > _INDEX_LIMIT
    if cost > _EXPRESSION_LIMIT:
        return True
    uses = _uses(tensor, readers)
    if any(reader.primitive.name in _CONTRACTIONS for reader, _ in uses):
        return tensor.primitive.name != "cast" or cost > 1
    if any(reader.primitive.name in _WINDOWS for reader, _ in uses) and cost > 2:
        return True
    limit = _REPEAT_LIMIT if _is_one_number(tensor) else _REPEATED_LIMIT
    if any(repeated for _, repeated in uses) and cost > limit:
        return True
    return len({reader for reader, _ in uses}) > 1 and cost > _REPEAT_LIMIT


def _uses(tensor: Tensor, readers: dict[Tensor, set[Tensor]]) -> list[tuple[Tensor, bool]]:
    """Who reads the tensor, seen through what only moves or puts, and whether it is repeated."""
    found: list[tuple[Tensor, bool]] = []
    pending = [(reader, False) for reader in readers[tensor]]
    seen: set[Tensor] = set()
    while pending:
        reader, repeated = pending.pop()
        if reader in seen:
            continue
        seen.add(reader)
        if reader.primitive.movement and not is_heavy(reader):
            grows = reader.primitive.name == "broadcast" and reader.extents != tensor.extents
            pending.extend((further, repeated or grows) for further in readers[reader])
            if not readers[reader]:
                found.append((reader, repeated or grows))
        elif _is_put_side_by_side(reader, readers[reader]):
            pending.extend((further, repeated) for further in readers[reader])
        else:
            found.append((reader, repeated))
    return found
