"""The arguments that layers are made with: checked when the layer is made, errors name them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cairnet.base.errors import ArgumentError, ShapeError, UnknownNameError

__all__ = [
    "check_images",
    "check_padding",
    "check_sequences",
    "edges",
    "fraction",
    "nonnegative",
    "number",
    "pair",
    "positive",
    "whole",
]


def whole(name: str, value: Any, least: int) -> int:
    """A whole number that is not too small, or an error that names the argument.

    >>> whole("cropping", 0, least=0)
    0
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise ArgumentError(f"{name}: expected a whole number, {least} or more, got {value!r}")
    return int(value)


def positive(name: str, value: Any) -> int:
    """A whole number, 1 or more, or an error that names the argument.

    >>> positive("units", 3)
    3
    """
    return whole(name, value, 1)


def pair(name: str, value: Any, least: int = 1) -> tuple[int, int]:
    """Two whole numbers, `least` or more; one number stands for two equal ones.

    >>> pair("strides", 2), pair("strides", (1, 2))
    ((2, 2), (1, 2))
    """
    if isinstance(value, int | np.integer):
        value = (value, value)
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise ArgumentError(f"{name}: expected a whole number or a pair of them, got {value!r}")
    return whole(name, value[0], least), whole(name, value[1], least)


def edges(name: str, value: Any) -> tuple[tuple[int, int], tuple[int, int]]:
    """Rows above and below, columns left and right, from any of the forms that Keras takes.

    >>> edges("padding", 1), edges("padding", (1, 2)), edges("padding", ((1, 0), (2, 3)))
    (((1, 1), (1, 1)), ((1, 1), (2, 2)), ((1, 0), (2, 3)))
    """
    if isinstance(value, int | np.integer) and not isinstance(value, bool):
        value = (value, value)
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise ArgumentError(
            f"{name}: expected a whole number, a pair (height, width), or two pairs "
            f"((top, bottom), (left, right)), got {value!r}"
        )
    return pair(f"{name}[0]", value[0], least=0), pair(f"{name}[1]", value[1], least=0)


def number(name: str, value: Any) -> float:
    """A finite number, or an error that names the argument.

    >>> number("alpha", 1)
    1.0
    """
    real = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if not real or not np.isfinite(value):
        raise ArgumentError(f"{name}: expected a finite number, got {value!r}")
    return float(value)


def nonnegative(name: str, value: Any) -> float:
    """A finite number, 0 or more, or an error that names the argument.

    >>> nonnegative("stddev", 0.1)
    0.1
    """
    if number(name, value) < 0:
        raise ArgumentError(f"{name}: expected a number, 0 or more, got {value!r}")
    return float(value)


def fraction(name: str, value: Any) -> float:
    """A number from 0 to 1, or an error that names the argument.

    >>> fraction("rate", 0.5)
    0.5
    """
    if not 0 <= number(name, value) <= 1:
        raise ArgumentError(f"{name}: expected a number from 0 to 1, got {value!r}")
    return float(value)


def check_padding(padding: Any, *more: str) -> str:
    """The padding in lower case, or an error that says which there are.

    >>> check_padding("SAME"), check_padding("causal", "causal")
    ('same', 'causal')
    """
    known = ("valid", "same", *more)
    if not isinstance(padding, str) or padding.lower() not in known:
        raise UnknownNameError("padding", padding, known)
    return padding.lower()


def check_images(input_shape: Sequence[int | None]) -> None:
    """Refuse an input that is not a batch of images.

    >>> check_images((None, 28, 28, 1))
    """
    if len(input_shape) == 4:
        return
    hint = ""
    if len(input_shape) == 3:
        hint = "; images of one channel need it as a last axis of extent 1: x[..., np.newaxis]"
    raise ShapeError(
        f"expected a shape (batch, height, width, channels), got {tuple(input_shape)}{hint}"
    )


def check_sequences(input_shape: Sequence[int | None]) -> None:
    """Refuse an input that is not a batch of sequences.

    >>> check_sequences((None, 20, 3))
    """
    if len(input_shape) == 3:
        return
    hint = ""
    if len(input_shape) == 2:
        hint = "; sequences of one feature need it as a last axis of extent 1: x[..., np.newaxis]"
    raise ShapeError(f"expected a shape (batch, time, features), got {tuple(input_shape)}{hint}")
