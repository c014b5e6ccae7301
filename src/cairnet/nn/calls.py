"""Which layer made a tensor, and from what: the record that a functional model follows backwards.

`y = Dense(3)(x)` leaves a tensor y whose graph is the layer's arithmetic, from which one cannot see
that it was one layer, nor what the layer would do in training. So the tensor carries a note of the
call.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from cairnet.tensor.core import Tensor

if TYPE_CHECKING:
    from cairnet.nn.layers.base import Layer

__all__ = ["Call", "call_of", "note_call"]


@dataclass(frozen=True, eq=False)
class Call:
    """One application of a layer.

    Attributes:
        layer: what was called.
        inputs: what it was called with; a list where the layer takes several tensors.
        training: what the caller said; None for nothing.
        position: the index or key of the tensor, where the layer gives several; else None.
    """

    layer: Layer
    inputs: tuple[Tensor | list[Tensor], ...]
    training: bool | None
    position: int | str | None = None


def call_of(tensor: Tensor) -> Call | None:
    """The outermost layer call that gave a tensor; None for one that no layer gave.

    >>> import cairnet as cn
    >>> x = cn.Input((3,))
    >>> layer = cn.layers.Dense(2)
    >>> call = call_of(layer(x))
    >>> call.layer is layer, call.inputs[0] is x, call_of(x)
    (True, True, None)
    """
    return tensor.origin if isinstance(tensor.origin, Call) else None


def note_call(output: Any, call: Call) -> None:
    """Note on every tensor in an output (one, or a list, tuple or dict of them) where it is from.

    Whoever is called later notes later, so that of a layer of layers the outer one stands.
    """
    if isinstance(output, Tensor):
        output.origin = call
        return
    items = output.items() if isinstance(output, Mapping) else enumerate(output)
    for position, tensor in items:
        note_call(tensor, replace(call, position=position))
