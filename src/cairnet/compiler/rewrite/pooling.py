"""The gradient of a max pooling: what can be done before elements are put back among zeros."""

from __future__ import annotations

from cairnet.compiler.rewrite.building import call, full
from cairnet.compiler.rewrite.matching import is_number, number_of
from cairnet.compiler.rewrite.rule import Keeps, rule
from cairnet.tensor.core import Tensor, apply_for
from cairnet.tensor.primitives import ELEMENTWISE, SUM, WINDOW_ARGMAX, WINDOW_PUT, WINDOW_TAKE

__all__ = ["mask_before_put", "sum_of_put"]

EQUAL, WHERE = ELEMENTWISE["equal"], ELEMENTWISE["where"]


@rule("mask before put", WHERE, keeps=Keeps.VALUE)
def mask_before_put(node: Tensor) -> Tensor | None:
    """where(c = y, 0, window_put(g, p)) -> window_put(where(c = window_take(y, p), 0, g), p)

    What lands on an element comes from windows that point at it, so each of them can look at the
    mask where it points. This is the gradient of a rectifier before a max pooling: the taken
    elements are the result of the pooling, which is there already.

    Only for a c that is one number.
    """
    condition, zero, put = node.inputs
    if put.primitive is not WINDOW_PUT or condition.primitive is not EQUAL:
        return None
    if not is_number(zero, 0):
        return None
    g, position = put.inputs
    geometry = {name: value for name, value in put.parameters.items() if name != "shape"}
    for asked, y in (condition.inputs, condition.inputs[::-1]):
        value = number_of(asked)
        if value is None:
            continue
        taken = apply_for(node, WINDOW_TAKE, y, position, **geometry)
        hit = call(node, "equal", full(node, value, taken), taken)
        masked = call(node, "where", hit, full(node, 0, g), g)
        return apply_for(put, WINDOW_PUT, masked, position, **put.parameters)
    return None


@rule("sum of what is put back", SUM, keeps=Keeps.ROUNDING)
def sum_of_put(node: Tensor) -> Tensor | None:
    """sum(window_put(g, window_argmax(x))) -> sum(g), since every element is put somewhere.

    Over all axes along which windows slide; others may be summed too. Not for windows that may
    lie beyond the edge with all of their taps, since then nothing is put.
    """
    put = node.inputs[0]
    if put.primitive is not WINDOW_PUT:
        return None
    g, position = put.inputs
    p = put.parameters
    geometry = {name: value for name, value in p.items() if name != "shape"}
    found = position.primitive is WINDOW_ARGMAX and position.parameters == geometry
    if not found or position.inputs[0].extents != put.extents:
        return None
    for axis, (size, step, pair, gap) in enumerate(
        zip(p["window"], p["strides"], p["padding"], p["dilation"], strict=True)
    ):
        slides = size != 1 or step != 1
        if slides and axis not in node.parameters["axes"]:
            return None
        if any(pair) and (gap != 1 or max(pair) >= size):
            return None
    return apply_for(node, SUM, g, axes=node.parameters["axes"])
