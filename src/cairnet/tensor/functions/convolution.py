"""Convolution and its transpose over one, two or three spatial axes, channels last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cairnet.base.dtypes import is_complex, is_floating
from cairnet.base.errors import ArgumentError, DTypeError, ShapeError
from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.extent import Size
from cairnet.tensor.functions.arguments import together
from cairnet.tensor.functions.spatial import (
    Pairs,
    explicit_pairs,
    fold_padding,
    per_axis,
    reach_of,
    require_rank,
    resolve_padding,
)
from cairnet.tensor.primitives import CONVOLVE, CONVOLVE_INPUT_GRADIENT
from cairnet.tensor.source import here

__all__ = ["conv1d", "conv2d", "conv2d_transpose", "conv3d"]


def conv2d(
    x: Any,
    w: Any,
    strides: Any = 1,
    padding: Any = "valid",
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    r"""The convolution of images with a bank of filters.

    With stride s, dilation d and p rows (columns) of zeros before the first,

        y[n, i, j, o] = Σ_{a, b, c} x[n, i·s + a·d - p, j·s + b·d - p, c] · w[a, b, c, o]

    that is, a cross-correlation: the filters are not flipped, as everywhere in deep learning.

    Args:
        x: images, [batch, height, width, channels].
        w: filters, [height, width, channels / groups, outputs]. Output channel o reads the
            channels of its group only: o // (outputs / groups).
        strides: step between windows, one number or one an axis.
        padding: "valid" for none; "same" for an output of ⌈extent / stride⌉, with the odd zero
            after, as in TensorFlow and Keras; a number; one number an axis; or one pair
            (before, after) an axis.
        dilation: step between the taps of a window, one number or one an axis.
        groups: into how many groups channels and outputs are split. `groups=channels` is the
            depthwise convolution.

    Returns:
        [batch, height', width', outputs]. Extents of x may be unknown, save the channels.

    Raises:
        ShapeError: ranks or channels do not fit, or a window does not fit into the image.
        DTypeError: the promoted dtype of x and w is not floating.
        ArgumentError: strides, padding, dilation or groups are not whole numbers as described.

    References:
        Dumoulin and Visin: A guide to convolution arithmetic for deep learning.
        arXiv:1603.07285, 2016.

    Example:
        >>> import cairnet as cn
        >>> image = cn.asarray([[0.0, 0, 0, 0], [0, 1, 1, 0], [0, 1, 1, 0]])
        >>> edge = cn.asarray([[-1.0, 1.0]])
        >>> y = cn.conv2d(cn.reshape(image, (1, 3, 4, 1)), cn.reshape(edge, (1, 2, 1, 1)))
        >>> y.numpy()[0, :, :, 0]
        array([[ 0.,  0.,  0.],
               [ 1.,  0., -1.],
               [ 1.,  0., -1.]], dtype=float32)
    """
    layouts = ("[batch, height, width, channels]", "[height, width, channels / groups, outputs]")
    return _convolve("conv2d", 2, layouts, x, w, strides, padding, dilation, groups)


def conv1d(
    x: Any,
    w: Any,
    strides: Any = 1,
    padding: Any = "valid",
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """The convolution of sequences: `conv2d` with one spatial axis.

    Args:
        x: [batch, length, channels].
        w: [taps, channels / groups, outputs].
        strides: as in `conv2d`.
        padding: as in `conv2d`.
        dilation: as in `conv2d`.
        groups: as in `conv2d`.

    Returns:
        [batch, length', outputs].

    Example:
        >>> import cairnet as cn
        >>> x = cn.reshape(cn.asarray([1.0, 2.0, 4.0, 8.0]), (1, 4, 1))
        >>> difference = cn.reshape(cn.asarray([-1.0, 1.0]), (2, 1, 1))
        >>> cn.conv1d(x, difference).numpy().ravel()
        array([1., 2., 4.], dtype=float32)
    """
    layouts = ("[batch, length, channels]", "[taps, channels / groups, outputs]")
    return _convolve("conv1d", 1, layouts, x, w, strides, padding, dilation, groups)


def conv3d(
    x: Any,
    w: Any,
    strides: Any = 1,
    padding: Any = "valid",
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """The convolution of volumes: `conv2d` with three spatial axes.

    Args:
        x: [batch, depth, height, width, channels].
        w: [depth, height, width, channels / groups, outputs].
        strides: as in `conv2d`.
        padding: as in `conv2d`.
        dilation: as in `conv2d`.
        groups: as in `conv2d`.

    Returns:
        [batch, depth', height', width', outputs].

    Example:
        >>> import cairnet as cn
        >>> y = cn.conv3d(cn.ones((1, 2, 2, 2, 3)), cn.ones((2, 2, 2, 3, 1)))
        >>> float(cn.reshape(y, ()))
        24.0
    """
    layouts = (
        "[batch, depth, height, width, channels]",
        "[depth, height, width, channels / groups, outputs]",
    )
    return _convolve("conv3d", 3, layouts, x, w, strides, padding, dilation, groups)


def conv2d_transpose(
    x: Any,
    w: Any,
    strides: Any = 1,
    padding: Any = "valid",
    dilation: Any = 1,
    groups: int = 1,
    output_padding: Any = None,
) -> Tensor:
    r"""The transposed convolution: every input pixel lays down a weighted copy of a filter.

        y[n, i·s + a·d - p, j·s + b·d - p, o] += x[n, i, j, c] · w[a, b, o, c]

    It is the gradient of `conv2d` with respect to its images, taken forwards, and turns small
    images into large ones.

    Args:
        x: [batch, height, width, channels].
        w: filters, [height, width, outputs / groups, channels], the layout of Keras.
        strides: how far apart the copies lie, one number or one an axis.
        padding: what the corresponding convolution would pad, and so what is cropped here:
            "valid", "same", or numbers as in `conv2d`.
        dilation: step between the taps of a filter, one number or one an axis.
        groups: into how many groups channels and outputs are split.
        output_padding: extra rows (columns) at the far end, fewer than the stride: one number,
            one an axis, or None for the extents that Keras chooses, below.

    Returns:
        [batch, height', width', outputs]. With r = (k - 1)·d + 1 the reach of a filter, an axis
        of n elements becomes

        - n·s for "same" and n·s + max(r - s, 0) for "valid", where output_padding is None;
        - (n - 1)·s + r - 2·⌊r / 2⌋ + output_padding for "same" with output padding;
        - (n - 1)·s + r - before - after + output_padding otherwise (None counts as 0).

    Raises:
        ShapeError: ranks or channels do not fit, or more is cropped than there is.
        DTypeError: the promoted dtype of x and w is not floating.
        ArgumentError: an argument is not a whole number as described.

    References:
        Zeiler, Krishnan, Taylor, Fergus: Deconvolutional networks. CVPR 2010.

    Example:
        >>> import cairnet as cn
        >>> x = cn.reshape(cn.asarray([[1.0, 2.0]]), (1, 1, 2, 1))
        >>> y = cn.conv2d_transpose(x, cn.ones((2, 2, 1, 1)), strides=2)
        >>> y.numpy()[0, :, :, 0]
        array([[1., 1., 2., 2.],
               [1., 1., 2., 2.]], dtype=float32)
    """
    name = "conv2d_transpose"
    x, w = together(name, x, w)
    require_rank(name, "x", x, 4, "[batch, height, width, channels]")
    require_rank(name, "w", w, 4, "[height, width, outputs / groups, channels]")
    taps = _known_taps(name, w)
    strides = per_axis(name, "strides", strides, 2)
    dilation = per_axis(name, "dilation", dilation, 2)
    _check_groups(name, groups)
    if not isinstance(x.extents[-1], int) or x.extents[-1] != w.extents[-1]:
        raise ShapeError(
            f"{name}, at {here()}: x {x.shape} has {x.shape[-1]} channels, filters {w.shape} are "
            f"for {w.shape[-1]}; expected filters [height, width, outputs / groups, channels]"
        )
    if x.extents[-1] % groups:
        raise ShapeError(f"{name}, at {here()}: {x.shape[-1]} channels do not split in {groups}")
    reach = reach_of(taps, dilation)
    space, pairs = _transposed_space(name, x.extents[1:-1], reach, strides, padding, output_padding)
    return apply(
        CONVOLVE_INPUT_GRADIENT,
        x,
        w,
        space=space,
        strides=strides,
        padding=pairs,
        dilation=dilation,
        groups=groups,
    )


def _convolve(
    name: str,
    count: int,
    layouts: tuple[str, str],
    x: Any,
    w: Any,
    strides: Any,
    padding: Any,
    dilation: Any,
    groups: int,
) -> Tensor:
    x, w = together(name, x, w)
    require_rank(name, "x", x, count + 2, layouts[0])
    require_rank(name, "w", w, count + 2, layouts[1])
    taps = _known_taps(name, w)
    strides = per_axis(name, "strides", strides, count)
    dilation = per_axis(name, "dilation", dilation, count)
    _check_groups(name, groups)
    _check_channels(name, x, w, groups)
    reach = reach_of(taps, dilation)
    pairs = resolve_padding(name, padding, x.extents[1:-1], reach, strides)
    padded, known = fold_padding(x, pairs, 0)
    for axis, (size, (before, after), span) in enumerate(
        zip(padded.extents[1:-1], known, reach, strict=True)
    ):
        room = size + (before + after)
        if isinstance(room, int) and room < span:
            raise ShapeError(
                f"{name}, at {here()}: a window that reaches over {span} does not fit into "
                f"{size} + padding {before} + {after} along spatial axis {axis} of x {x.shape}; "
                'pad more, for instance with padding="same"'
            )
    return apply(
        CONVOLVE, padded, w, strides=strides, padding=known, dilation=dilation, groups=groups
    )


def _known_taps(name: str, w: Tensor) -> tuple[int, ...]:
    if is_complex(w.dtype):
        raise DTypeError(
            f"{name}, at {here()}: expected floating images and filters, got {w.dtype.name}; "
            "convolve the real and imaginary parts, and put them together with cn.complex"
        )
    if not is_floating(w.dtype):
        raise DTypeError(
            f"{name}, at {here()}: expected floating images and filters, got {w.dtype.name}; "
            "convert them with cn.astype(x, 'float32')"
        )
    known = tuple(size for size in w.extents if isinstance(size, int))
    if len(known) != w.ndim:
        raise ShapeError(f"{name}, at {here()}: filters of unknown extents, {w.shape}")
    if 0 in known[:-2]:
        raise ShapeError(f"{name}, at {here()}: filters without taps, {w.shape}")
    return known[:-2]


def _check_groups(name: str, groups: Any) -> None:
    if not isinstance(groups, int) or groups < 1:
        raise ArgumentError(
            f"{name}, at {here()}: groups must be a whole number, 1 or more, got {groups!r}"
        )


def _check_channels(name: str, x: Tensor, w: Tensor, groups: int) -> None:
    channels, inner, outputs = x.extents[-1], w.extents[-2], w.extents[-1]
    if channels != inner * groups or outputs % groups:
        wanted = "channels" if groups == 1 else f"channels / {groups}"
        raise ShapeError(
            f"{name}, at {here()}: x {x.shape} has {x.shape[-1]} channels, filters {w.shape} with "
            f"groups={groups} are for {inner * groups}; expected filters [..., {wanted}, outputs]"
            + (f" with outputs a multiple of {groups}" if groups > 1 else "")
        )


def _transposed_space(
    name: str,
    space: Sequence[Size],
    reach: Sequence[int],
    strides: Sequence[int],
    padding: Any,
    output_padding: Any,
) -> tuple[tuple[Size, ...], Pairs]:
    """The extents of a transposed convolution, and the padding of the convolution it transposes."""
    extra = _output_padding(name, output_padding, strides)
    full = [(n - 1) * s + r for n, s, r in zip(space, strides, reach, strict=True)]
    if isinstance(padding, str):
        # Called for its refusal of unknown names.
        resolve_padding(name, padding, space, reach, strides)
        crops = [
            _named_crop(padding, r, s, e) for r, s, e in zip(reach, strides, extra, strict=True)
        ]
        sizes = tuple(size - sum(crop) for size, crop in zip(full, crops, strict=True))
        # A negative crop lies after the last copy: rows that the convolution would not read.
        pairs = tuple((before, max(after, 0)) for before, after in crops)
    else:
        pairs = explicit_pairs(name, padding, len(space))
        sizes = tuple(
            size - sum(pair) + (e or 0) for size, pair, e in zip(full, pairs, extra, strict=True)
        )
    for axis, size in enumerate(sizes):
        if isinstance(size, int) and size < 0 and space[axis] != 0:
            raise ShapeError(
                f"{name}, at {here()}: padding {padding!r} crops more than the {full[axis]} rows "
                f"there are along spatial axis {axis}"
            )
    return sizes, pairs


def _named_crop(padding: str, reach: int, stride: int, extra: int | None) -> tuple[int, int]:
    """What is cropped before and after the (n - 1)·s + r rows of one axis."""
    if padding == "valid":
        return 0, min(reach - stride, 0) if extra is None else -extra
    total = reach - stride if extra is None else 2 * (reach // 2) - extra
    before = max(total, 0) // 2
    return before, total - before


def _output_padding(
    name: str, output_padding: Any, strides: Sequence[int]
) -> tuple[int | None, ...]:
    if output_padding is None:
        return (None,) * len(strides)
    extra = per_axis(name, "output_padding", output_padding, len(strides), least=0)
    if any(e >= s for e, s in zip(extra, strides, strict=True)):
        raise ArgumentError(
            f"{name}, at {here()}: output_padding must be less than the strides "
            f"{tuple(strides)}, got {output_padding!r}"
        )
    return extra
