"""Markers that change no value: they have done their work, or do it elsewhere."""

from __future__ import annotations

from cairnet.compiler.rewrite.rule import rule
from cairnet.tensor.core import Tensor
from cairnet.tensor.primitives import STOP_GRADIENT, WATCH

__all__: list[str] = []


@rule("stop_gradient has done its work", STOP_GRADIENT)
def after_differentiation(node: Tensor) -> Tensor | None:
    """stop_gradient(x) -> x: gradients have been taken by now."""
    return node.inputs[0]


@rule("watch is looked through", WATCH)
def watched_elsewhere(node: Tensor) -> Tensor | None:
    """watch(x) -> x, but for a watch that is an output: that one stays.

    So log(watch(softmax(x))) is rewritten as log(softmax(x)) is: watching changes no bit.
    """
    return node.inputs[0]
