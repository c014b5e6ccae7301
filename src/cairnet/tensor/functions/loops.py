"""`scan`: the loop of the graph."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from cairnet.base.errors import ArgumentError, GraphError, ShapeError
from cairnet.tensor.core import Input, Tensor, topological_order
from cairnet.tensor.extent import Extent, Size
from cairnet.tensor.functions.arguments import as_tensor
from cairnet.tensor.functions.loop_options import checked_count, in_chunks, truncated
from cairnet.tensor.functions.structures import leaves, map_structure, same_structure
from cairnet.tensor.primitives import BROADCAST, RESHAPE, TRANSPOSE, WATCH
from cairnet.tensor.primitives.loops import Body, scan_node
from cairnet.tensor.source import here, scope
from cairnet.tensor.substitution import substitute

__all__ = ["scan"]

Named = list[tuple[str, Tensor]]


def scan(
    step: Callable[..., Any],
    sequences: Any,
    initial_state: Any,
    non_sequences: Sequence[Any] = (),
    length: int | Extent | None = None,
    reverse: bool = False,
    *,
    truncate: int | None = None,
    checkpoint_every: int | None = None,
) -> tuple[Any, Any]:
    """Run a step over the elements of sequences, carrying a state from one to the next.

    What it computes, as a Python loop over the first axis:

        state = initial_state
        for t in range(length):
            outputs[t], state = step(sequences[t], state, *non_sequences)
        return outputs, state

    The step is called once, with placeholders, and its graph is run for every element. Tensors of
    the surrounding graph (weights, say) may be used inside it as they are; what does not change
    from step to step is computed once, before the loop. The result can be differentiated: its
    gradient is back-propagation through time, which is again a scan.

    Sequences, state and outputs are each a tensor, or any nest of tuples, lists and dicts of
    tensors; None stands for none.

    Args:
        step: `step(items, state, *non_sequences)` gives the pair (outputs, new state). It receives
            nests like `sequences` and `initial_state`; the new state must have the nesting,
            shapes and dtypes of the old.
        sequences: tensors whose first axis is walked, all of one length. None for a loop that
            only counts; then `length` must be given.
        initial_state: the state before the first step.
        non_sequences: further arguments, handed to every step as they are.
        length: the number of steps; default: that of the sequences. It may be an unknown extent.
        reverse: walk from the last element to the first. Output t still belongs to element t.
        truncate: cut the gradient through the state wherever so many steps are done, while the
            values go on: truncated back-propagation through time. Default: nowhere.
        checkpoint_every: store the states before every so many steps for the gradient, not what
            every single step computed, and go through these steps once more on the way back. With
            √length, a gradient over `length` steps needs memory for 2·√length of them, and the
            time of one more pass forward. Default: everything is stored.

    Returns:
        The outputs of all steps, stacked along a new first axis, and the state after the last.
        With no steps the outputs are empty and the state is the initial one.

    Raises:
        ShapeError: sequences of different lengths, or a new state of another shape or dtype.
        ArgumentError: the step does not give a pair, or there is nothing that says how long, or
            `truncate` or `checkpoint_every` is no whole number, 1 or more.
        GraphError: the step contains `cn.watch`.

    Source:
        R. Williams, J. Peng: An efficient gradient-based algorithm for on-line training of
        recurrent network trajectories. Neural Computation 2 (4), 1990, for `truncate`. T. Chen,
        B. Xu, C. Zhang, C. Guestrin: Training deep nets with sublinear memory cost. arXiv
        1604.06174, 2016, for `checkpoint_every`.

    Example:
        >>> import cairnet as cn
        >>> x = cn.asarray([1.0, 2.0, 3.0])
        >>> sums, last = cn.scan(lambda item, total: (total + item, total + item), x, 0.0)
        >>> sums.numpy(), float(last)
        (array([1., 3., 6.], dtype=float32), 6.0)
    """
    cut_every = checked_count("truncate", truncate)
    store_every = checked_count("checkpoint_every", checkpoint_every)
    if cut_every is not None:
        step, begin = truncated(step, initial_state, cut_every)
        outputs, (_, state) = scan(
            step,
            sequences,
            begin,
            non_sequences,
            length,
            reverse,
            checkpoint_every=checkpoint_every,
        )
        return outputs, state
    carried = _tensors("initial_state", initial_state)
    walked = _tensors("sequences", sequences)
    count = _length(walked, length)
    carries = [Input(t.extents, t.dtype, name) for name, t in carried]
    items = [Input(t.extents[1:], t.dtype, name) for name, t in walked]
    with scope("scan"):
        result = step(
            _nest(sequences, items),
            _nest(initial_state, carries),
            *(_argument(value) for value in non_sequences),
        )
    outputs, new_state = _pair(result)
    given = _tensors("outputs", outputs)
    new = _new_carries(initial_state, new_state, carries)
    roots = [*new, *(tensor for _, tensor in given)]
    inputs, body = _closed_body(carries, items, roots)
    arguments = [*(t for _, t in carried), *(t for _, t in walked), *inputs]
    if store_every is None or (isinstance(count, int) and count <= store_every):
        nodes = [scan_node(arguments, body, i, count, reverse) for i in range(len(roots))]
    else:
        nodes = in_chunks(arguments, body, count, reverse, store_every)
    return _nest(outputs, nodes[len(new) :]), _nest(initial_state, nodes[: len(new)])


def _tensors(name: str, structure: Any) -> Named:
    return [(place, as_tensor(leaf)) for place, leaf in leaves(structure, name)]


def _argument(value: Any) -> Any:
    return map_structure(as_tensor, value)


def _nest(structure: Any, tensors: Sequence[Tensor]) -> Any:
    rest: Iterator[Tensor] = iter(tensors)
    return map_structure(lambda _: next(rest), structure)


def _length(walked: Named, length: int | Extent | None) -> Size:
    if length is not None and not isinstance(length, int | np.integer | Extent):
        raise ArgumentError(
            f"scan, at {here()}: length must be a whole number or an unknown extent, got {length!r}"
        )
    if isinstance(length, int | np.integer) and length < 0:
        raise ArgumentError(f"scan, at {here()}: length must be 0 or more, got {length}")
    sizes: list[tuple[str, Size]] = [] if length is None else [("length", _whole(length))]
    for name, tensor in walked:
        if tensor.ndim == 0:
            raise ShapeError(
                f"scan, at {here()}: {name} is a scalar; a sequence needs a first axis to walk "
                "along. What every step reads whole goes into non_sequences"
            )
        sizes.append((name, tensor.extents[0]))
    if not sizes:
        raise ArgumentError(
            f"scan, at {here()}: no sequences and no length: nothing says how many steps to run; "
            "pass length=..."
        )
    known = [(name, size) for name, size in sizes if isinstance(size, int)]
    for name, size in known[1:]:
        if size != known[0][1]:
            raise ShapeError(
                f"scan, at {here()}: {known[0][0]} asks for {known[0][1]} steps, {name} for {size}"
            )
    return known[0][1] if known else sizes[0][1]


def _whole(length: int | Extent) -> Size:
    return length if isinstance(length, Extent) else int(length)


def _pair(result: Any) -> tuple[Any, Any]:
    if not isinstance(result, tuple) or len(result) != 2:
        count = f" of {len(result)}" if isinstance(result, tuple) else ""
        came = "one tensor" if isinstance(result, Tensor) else type(result).__name__ + count
        raise ArgumentError(
            f"scan, at {here()}: step must give a pair (outputs, new state), with None for no "
            f"outputs, got {came}"
        )
    return result


def _new_carries(initial_state: Any, new_state: Any, carries: Sequence[Input]) -> list[Tensor]:
    """The new state leaf by leaf, each of the dtype and shape of the old."""
    if not same_structure(initial_state, new_state):
        before = [name for name, _ in leaves(initial_state, "state")]
        after = [name for name, _ in leaves(new_state, "state")]
        raise ArgumentError(
            f"scan, at {here()}: the new state must be nested like initial_state, "
            f"{', '.join(before) or 'empty'}; got {', '.join(after) or 'empty'}"
        )
    result = []
    for carry, (_, leaf) in zip(carries, leaves(new_state, "state"), strict=True):
        weak = isinstance(leaf, bool | int | float)
        tensor = as_tensor(np.asarray(leaf, carry.dtype)) if weak else as_tensor(leaf)
        if tensor.dtype != carry.dtype or _differ(tensor.extents, carry.extents):
            raise ShapeError(
                f"scan, at {here()}: {carry.name} is {carry.describe()}, but step makes "
                f"{tensor.describe()} of it (at {tensor.source}); a state keeps its shape and "
                "dtype"
            )
        result.append(tensor)
    return result


def _differ(first: Sequence[Size], second: Sequence[Size]) -> bool:
    return len(first) != len(second) or any(
        isinstance(a, int) and isinstance(b, int) and a != b
        for a, b in zip(first, second, strict=True)
    )


def _closed_body(
    carries: list[Input], items: list[Input], roots: Sequence[Tensor]
) -> tuple[list[Tensor], Body]:
    """The captured tensors of a step, and the step with placeholders in their place."""
    captured = _captured({*carries, *items}, roots)
    places = {
        tensor: Input(tensor.extents, tensor.dtype, getattr(tensor, "name", "") or "captured")
        for tensor in captured
    }
    body = Body(
        [*carries, *items, *places.values()],
        substitute(roots, places),
        carries=len(carries),
        sequences=len(items),
    )
    return captured, body


def _captured(own: set[Tensor], roots: Sequence[Tensor]) -> list[Tensor]:
    """What a step reads from outside: the tensors next to it that no step changes."""
    order = topological_order(roots, stop=lambda tensor: tensor in own)
    varying = set(own)
    for tensor in order:
        if any(item in varying for item in tensor.inputs):
            varying.add(tensor)
            if tensor.primitive is WATCH:
                raise GraphError(
                    f"cn.watch inside the step of a scan (at {tensor.source}): give the tensor out "
                    "as an output of the step, and watch the stacked outputs"
                )
    found: dict[Tensor, None] = {}
    stack = [item for tensor in reversed(order) if tensor in varying for item in tensor.inputs]
    stack.extend(reversed(roots))
    seen: set[Tensor] = set()
    while stack:
        tensor = stack.pop()
        if tensor in varying or tensor.closed or tensor in seen:
            continue
        seen.add(tensor)
        if tensor.primitive in (BROADCAST, RESHAPE, TRANSPOSE):
            # A different view of a tensor is cheaper to read through than to store.
            stack.extend(tensor.inputs)
        else:
            found[tensor] = None
    return list(found)
