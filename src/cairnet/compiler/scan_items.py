"""What a loop reads, put into the form in which its steps read it best.

    scan(step, one_hot(labels), …) -> scan(step of one_hot(label), labels, …)

A step then sees that its item is one-hot, and a product with it becomes the reading of a row, the
gradient of that the adding to a row. The vectors themselves are nowhere stored.

    scan(step of dot(x, w) over the last axes of both, …, w) -> scan(step of dot(x, wᵀ), …, wᵀ)

A product of many rows runs along the rows of its second factor. Back-propagation asks for the
other way, and a matrix that all steps read is turned once, before the loop.

Both apply to loops that back-propagation makes as much as to those of a recurrent layer, after
`join_scans`: all outputs of a loop must change alike.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cairnet.base.dtypes import int64
from cairnet.compiler.rewrite.building import broadcast, cast, reshape, transpose
from cairnet.compiler.rewrite.selection import OneHot, one_hot
from cairnet.tensor.core import Input, Tensor, apply_for, topological_order
from cairnet.tensor.extent import evaluate
from cairnet.tensor.primitives import DOT, ELEMENTWISE, IOTA
from cairnet.tensor.primitives.loops import SCAN, Body
from cairnet.tensor.substitution import substitute

__all__ = ["suit_scans"]

#: A product of fewer rows reads a matrix once, in whatever direction.
_MANY_ROWS = 8

#: From a scan, its inputs and its body to other inputs and another body. What is made on the way
#: is kept in the dict, for further scans.
Change = Callable[[Tensor, list[Tensor], Body, dict[Tensor, Any]], tuple[list[Tensor], Body]]


def suit_scans(wanted: Sequence[Tensor]) -> list[Tensor]:
    """The same tensors, with scans over labels for one-hot vectors, and with matrices turned."""
    if not any(tensor.primitive is SCAN for tensor in topological_order(wanted)):
        return list(wanted)
    return _changed(_changed(wanted, _over_labels), _with_turned_matrices)


def _changed(wanted: Sequence[Tensor], change: Change) -> list[Tensor]:
    """The tensors with every scan over other inputs and with another body."""
    result: dict[Tensor, Tensor] = {}
    changed: dict[tuple[object, ...], tuple[list[Tensor], Body]] = {}
    made: dict[Tensor, Any] = {}
    for tensor in topological_order(wanted):
        inputs = [result[item] for item in tensor.inputs]
        parameters = dict(tensor.parameters)
        if tensor.primitive is SCAN:
            key = (parameters["body"], *map(id, tensor.inputs))
            if key not in changed:
                changed[key] = change(tensor, inputs, parameters["body"], made)
            inputs, body = changed[key]
            parameters = {**parameters, "body": body, "sizes": _sizes(parameters, body)}
        same = len(inputs) == len(tensor.inputs) and all(map(operator.is_, inputs, tensor.inputs))
        result[tensor] = (
            tensor if same else apply_for(tensor, tensor.primitive, *inputs, **parameters)
        )
    return [result[tensor] for tensor in wanted]


def _sizes(parameters: Mapping[str, Any], body: Body) -> tuple[Any, ...]:
    """The sizes of the symbols of a body, as those of the one that it replaces were known."""
    known = dict(zip(parameters["body"].symbols, parameters["sizes"], strict=True))
    return tuple(known.get(symbol, symbol) for symbol in body.symbols)


def _over_labels(
    scan: Tensor, inputs: list[Tensor], body: Body, found: dict[Tensor, Any]
) -> tuple[list[Tensor], Body]:
    """The inputs and the body of a scan, with labels in place of one-hot vectors."""
    given, placeholders = list(inputs), list(body.inputs)
    places: dict[Tensor, Tensor] = {}
    for position in range(body.carries, body.carries + body.sequences):
        if inputs[position] not in found:
            found[inputs[position]] = one_hot(inputs[position], scan)
        hot: OneHot | None = found[inputs[position]]
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


def _with_turned_matrices(
    scan: Tensor, inputs: list[Tensor], body: Body, made: dict[Tensor, Any]
) -> tuple[list[Tensor], Body]:
    """The inputs and the body of a scan whose products read matrices along their rows."""
    first = body.carries + body.sequences
    captured: dict[Tensor, Tensor] = dict(zip(body.inputs[first:], inputs[first:], strict=True))
    turned: dict[Tensor, Input] = {}
    places: dict[Tensor, Tensor] = {}
    for node in topological_order(body.outputs):
        if node.primitive is not DOT or node.parameters["contract"][1] != (1,):
            continue
        x, matrix = node.inputs
        if matrix not in captured or matrix.ndim != 2 or node.parameters["batch"] != ((), ()):
            continue
        if _has_few_rows(node, scan):
            continue
        if matrix not in turned:
            name = getattr(matrix, "name", "")
            turned[matrix] = Input(matrix.extents[::-1], matrix.dtype, name)
        (factor,) = substitute([x], places)
        contract = (node.parameters["contract"][0], (0,))
        places[node] = apply_for(
            node, DOT, factor, turned[matrix], contract=contract, batch=((), ())
        )
    if not turned:
        return inputs, body
    given = list(inputs)
    for matrix in turned:
        whole = captured[matrix]
        if whole not in made:
            made[whole] = transpose(scan, whole, (1, 0))
        given.append(made[whole])
    outputs = substitute(body.outputs, places)
    return given, Body((*body.inputs, *turned.values()), outputs, body.carries, body.sequences)


def _has_few_rows(product: Tensor, scan: Tensor) -> bool:
    """Whether a product has so few rows that turning the matrix costs more than it spares."""
    known = dict(zip(scan.parameters["body"].symbols, scan.parameters["sizes"], strict=True))
    rows = evaluate(product.extents[:-1], known)
    return all(isinstance(size, int) for size in rows) and math.prod(rows) < _MANY_ROWS
