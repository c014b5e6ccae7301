"""Which layer made a tensor, and from what: the record that a functional model follows backwards.

`y = Dense(3)(x)` leaves a tensor y whose graph is the layer's arithmetic, from which one cannot see
that it was one layer, nor what the layer would do in training. So the tensor carries a note of the
call. The note also says which steps of a sequence count: the mask, see `cairnet.nn.masks`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from cairnet.tensor.core import Tensor

if TYPE_CHECKING:
    from cairnet.nn.layers.base import Layer

__all__ = ["Call", "Position", "call_of", "note_call", "tensors_in"]

#: The indices and keys that lead to a tensor in what a layer gave; none for a single tensor.
Position = tuple[int | str, ...]


@dataclass(frozen=True, eq=False)
class Call:
    """One application of a layer.

    Attributes:
        layer: what was called.
        inputs: what it was called with; a list where the layer takes several tensors.
        training: what the caller said; None for nothing.
        options: what else was said, by name: tensors (as `initial_state`), nests of them, or plain
            values.
        position: where the tensor stands in what the layer gave.
        mask: which steps of the tensor count; None for all.
    """

    layer: Layer
    inputs: tuple[Any, ...]
    training: bool | None
    options: Mapping[str, Any] = field(default_factory=dict)
    position: Position = ()
    mask: Tensor | None = None

    def tensors(self) -> list[Tensor]:
        """All tensors that the layer was given."""
        return [*tensors_in(self.inputs), *tensors_in(self.options)]


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


def note_call(output: Any, call: Call, masks: Iterator[Tensor | None]) -> None:
    """Note on every tensor in an output (one, or a nest of them) where it is from.

    Whoever is called later notes later, so that of a layer of layers the outer one stands; a mask
    that an inner layer has noted stays, unless the outer one says another.

    Args:
        output: what the layer gave.
        call: how it was called.
        masks: those of the tensors, in their order; where they end, there are none.
    """
    if isinstance(output, Tensor):
        before = call_of(output)
        mask = next(masks, None)
        if mask is None and before is not None:
            mask = before.mask
        output.origin = replace(call, mask=mask)
        return
    items = output.items() if isinstance(output, Mapping) else enumerate(output)
    for key, item in items:
        note_call(item, replace(call, position=(*call.position, key)), masks)


def tensors_in(value: Any) -> Iterator[Tensor]:
    """The tensors in nested lists, tuples and dicts, in order."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from tensors_in(item)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from tensors_in(item)
