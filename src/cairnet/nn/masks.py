"""Masks: which steps of padded sequences count.

Sequences of different lengths are padded to make one array. A mask says, with one bool for each
step of each sample, shape (batch, time), which steps are real: True counts, False is skipped. It is
made by `cn.layers.Masking` or by `cn.layers.Embedding(mask_zero=True)`, noted on the tensor, and
handed on from layer to layer: recurrent layers skip the steps, attention does not look at them, and
losses and metrics leave them out. A layer that takes `mask` in `call` is given that of its input.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from cairnet.base.errors import ShapeError
from cairnet.nn.calls import call_of, tensors_in
from cairnet.tensor.core import Tensor
from cairnet.tensor.functions.arguments import as_tensor

if TYPE_CHECKING:
    from cairnet.nn.layers.base import Layer

__all__ = ["check_mask", "mask_of", "masks_of", "noted_masks"]


def mask_of(tensor: Tensor) -> Tensor | None:
    """The mask of a tensor that a layer gave, bool, shape (batch, time); None if all steps count.

    Args:
        tensor: any tensor; one that no layer gave has no mask.

    Returns:
        bool, shape (batch, time), or None.

    Example:
        >>> import cairnet as cn
        >>> y = cn.layers.Embedding(5, 2, mask_zero=True)(cn.asarray([[3, 1, 0], [2, 0, 0]]))
        >>> cn.layers.mask_of(y).numpy()
        array([[ True,  True, False],
               [ True, False, False]])
    """
    call = call_of(tensor)
    return None if call is None else call.mask


def check_mask(name: str, mask: Any, x: Tensor) -> None:
    """Refuse a mask, if there is one, without a flag for each step of x, [batch, time, …].

    Raises:
        ShapeError: another shape than (batch, time).
    """
    if mask is None:
        return
    given, steps = as_tensor(mask).shape, x.shape[:2]
    known = zip(given, steps, strict=False)
    if len(given) != 2 or any(None not in pair and pair[0] != pair[1] for pair in known):
        raise ShapeError(f"{name}: expected a shape (batch, time), here {steps}, got {given}")


def masks_of(given: Any) -> Any:
    """The mask of a tensor, or a list of those of a list of tensors."""
    if isinstance(given, list | tuple):
        return [masks_of(item) for item in given]
    return mask_of(given) if isinstance(given, Tensor) else None


def noted_masks(layer: Layer, given: Any, mask: Any, output: Any) -> Iterator[Tensor | None]:
    """The masks of what a layer gave, in the order of its tensors.

    Args:
        layer: that was called.
        given: its first input.
        mask: of that input.
        output: what the layer gave.

    A layer that does not know of masks loses them, and whoever counts on them is warned.
    """
    if not layer.handles_masks():
        lost = any(True for _ in tensors_in(mask))
        if lost and all(mask_of(tensor) is None for tensor in tensors_in(output)):
            warnings.warn(
                f"layer {layer.name!r} ({type(layer).__name__}, made at {layer.source}) is given a "
                "sequence with a mask and does not hand it on: behind it padding counts like "
                "anything else. A layer of your own says `supports_masking = True` if its output "
                "has the steps of its input, or states `compute_mask`",
                stacklevel=4,
            )
        return iter(())
    found = layer.compute_mask(given, mask)
    return iter(found if isinstance(found, list | tuple) else [found])
