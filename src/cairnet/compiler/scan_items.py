"""Scans over one-hot vectors become scans over their labels.

    scan(step, one_hot(labels), …) -> scan(step of one_hot(label), labels, …)

A step then sees that its item is one-hot, and a product with it becomes the reading of a row, the
gradient of that the adding to a row. The vectors themselves are nowhere stored. It applies to loops
that back-propagation makes as much as to those of a recurrent layer, after `join_scans`: all
outputs of a loop must change alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cairnet.base.dtypes import int64
from cairnet.compiler.rewrite.building import broadcast, cast, reshape
from cairnet.compiler.rewrite.selection import OneHot, one_hot
from cairnet.tensor.core import Input, Tensor, apply_for, topological_order
from cairnet.tensor.primitives import ELEMENTWISE, IOTA
from cairnet.tensor.primitives.loops import SCAN, Body
from cairnet.tensor.substitution import substitute

__all__ = ["walk_labels"]


def walk_labels(wanted: Sequence[Tensor]) -> list[Tensor]:
    """The same tensors, with scans over labels where they were over one-hot vectors."""
    order = topological_order(wanted)
    if not any(tensor.primitive is SCAN for tensor in order):
        return list(wanted)
    result: dict[Tensor, Tensor] = {}
    changed: dict[tuple[object, ...], tuple[list[Tensor], Body]] = {}
    hot: dict[Tensor, OneHot | None] = {}
    for tensor in order:
        inputs = [result[item] for item in tensor.inputs]
        parameters = dict(tensor.parameters)
        if tensor.primitive is SCAN:
            key = (parameters["body"], *map(id, tensor.inputs))
            if key not in changed:
                for item in inputs:
                    if item not in hot:
                        hot[item] = one_hot(item, tensor)
                changed[key] = _over_labels(tensor, inputs, parameters["body"], hot)
            inputs, body = changed[key]
            parameters = {**parameters, "body": body, "sizes": _sizes(parameters, body)}
        same = all(new is old for new, old in zip(inputs, tensor.inputs, strict=True))
        result[tensor] = (
            tensor if same else apply_for(tensor, tensor.primitive, *inputs, **parameters)
        )
    return [result[tensor] for tensor in wanted]


def _sizes(parameters: Mapping[str, Any], body: Body) -> tuple[Any, ...]:
    """The sizes of the symbols of a body, as those of the one that it replaces were known."""
    known = dict(zip(parameters["body"].symbols, parameters["sizes"], strict=True))
    return tuple(known.get(symbol, symbol) for symbol in body.symbols)


def _over_labels(
    scan: Tensor, inputs: list[Tensor], body: Body, found: Mapping[Tensor, OneHot | None]
) -> tuple[list[Tensor], Body]:
    """The inputs and the body of a scan, with labels in place of the one-hot vectors found."""
    given, placeholders = list(inputs), list(body.inputs)
    places: dict[Tensor, Tensor] = {}
    for position in range(body.carries, body.carries + body.sequences):
        hot = found[inputs[position]]
        if hot is None or hot.axis == 0:
            continue
        item = body.inputs[position]
        extents = [size for axis, size in enumerate(item.extents) if axis != hot.axis - 1]
        label = Input(tuple(extents), hot.labels.dtype, item.name)
        given[position], placeholders[position] = hot.labels, label
        places[item] = _vector(scan, label, item, hot)
    if not places:
        return inputs, body
    outputs = substitute(body.outputs, places)
    return given, Body(placeholders, outputs, body.carries, body.sequences)


def _vector(at: Tensor, label: Input, item: Input, hot: OneHot) -> Tensor:
    """The one-hot vectors of the labels of one step."""
    axis = hot.axis - 1
    own = [1 if place == axis else size for place, size in enumerate(item.extents)]
    column = [hot.depth if place == axis else 1 for place in range(item.ndim)]
    numbers = cast(at, apply_for(at, IOTA, size=hot.depth, dtype=int64), label.dtype)
    hit = apply_for(
        at,
        ELEMENTWISE["equal"],
        broadcast(at, reshape(at, label, own), item.extents),
        broadcast(at, reshape(at, numbers, column), item.extents),
    )
    return cast(at, hit, item.dtype)
