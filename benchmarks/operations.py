"""How many floating-point operations a training step needs: products and convolutions only.

A multiplication and an addition are two. A training step of a layer computes its output, the
gradient of its weights, and, except for the first layer, the gradient of its input, each of which
costs the same. Everything else in a step (activations, pooling, the loss, the update) is left
out, so the rates on the page are slightly too low rather than too high.
"""

from __future__ import annotations

__all__ = ["convolution", "dense", "recurrent"]


def dense(batch: int, inputs: int, outputs: int, first: bool = False) -> int:
    """A dense layer's share of a training step.

    >>> dense(10, 784, 30, first=True)
    940800
    """
    return _passes(first) * 2 * batch * inputs * outputs


def recurrent(batch: int, steps: int, units: int, gates: int) -> int:
    """A recurrent layer's share of a training step, whose inputs are characters.

    The row of the kernel that belongs to a character is looked up, which costs no operation. The
    first step has no state before it.

    Args:
        batch: sequences in a step.
        steps: of each sequence.
        units: of the layer.
        gates: blocks of so many columns in the recurrent kernel.

    >>> recurrent(256, 40, 128, 4)
    3925868544
    """
    return dense(batch * (steps - 1), units, gates * units)


def convolution(
    batch: int,
    size: int,
    kernel: int,
    channels: int,
    filters: int,
    padding: str | int,
    first: bool = False,
    stride: int = 1,
) -> int:
    """A square convolution's share of a training step; taps outside the image are not counted.

    Args:
        batch: images in a step.
        size: height and width of the image.
        kernel: height and width of the kernel.
        channels: channels of the image.
        filters: channels of the result.
        padding: "same" or "valid", or rows and columns of zeros on each side.
        first: whether the gradient of the image is not needed.
        stride: steps from window to window.

    >>> convolution(1, 3, 3, 1, 1, "valid", first=True)  # nine taps, forward and weights
    36
    >>> convolution(1, 3, 3, 1, 1, "same", first=True)  # (2 + 3 + 2) taps along each axis
    196
    >>> convolution(1, 4, 3, 1, 1, 1, first=True, stride=2)  # (2 + 3) taps along each axis
    100
    """
    taps = _taps(size, kernel, padding, stride) ** 2
    return _passes(first) * 2 * batch * taps * channels * filters


def _passes(first: bool) -> int:
    return 2 if first else 3


def _taps(size: int, kernel: int, padding: str | int, stride: int) -> int:
    """How many taps along one axis meet the image, over all positions of the kernel."""
    around = kernel - 1 if padding == "same" else 0 if isinstance(padding, str) else 2 * padding
    before = around // 2
    positions = range(-before, size + around - before - kernel + 1, stride)
    return sum(0 <= position + tap < size for position in positions for tap in range(kernel))
