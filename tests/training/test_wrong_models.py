"""Twenty wrongly built models, each refused at the line that builds it, and their messages.

A message names the path of the layer and its class, the user's line that made it, the input that
it was given, and what it expected.
"""

import re
from collections.abc import Callable
from typing import Any

import pytest

import cairnet as cn
from cairnet.base.errors import ArgumentError, IndexRangeError, ShapeError

Input, Sequential, layers = cn.Input, cn.Sequential, cn.layers


class Residual(layers.Layer):
    """A layer of the user's own, which forgets that widths must agree."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = layers.Dense(3)

    def call(self, x: cn.Tensor) -> cn.Tensor:
        return x + self.inner(x)


def twice(layer: layers.Layer, first: tuple[int, ...], second: tuple[int, ...]) -> Any:
    """One layer, shared by inputs of two shapes."""
    layer(Input(first))
    return layer(Input(second))


def encoder_on_other_inputs() -> Any:
    x = Input((4,), name="pixels")
    encoder = cn.Model(x, layers.Dense(2)(x), name="encoder")
    return Sequential([Input((5,)), encoder])


Case = tuple[Callable[[], Any], type[Exception], str, str]

WRONG: dict[str, Case] = {
    "a convolution of rows": (
        lambda: Sequential([Input((784,)), layers.Conv2D(6, 5)]),
        ShapeError,
        "layer 'conv2d' (Conv2D, made at HERE) on input float32[None, 784]: ",
        "expected a shape (batch, height, width, channels), got (None, 784)",
    ),
    "images without channels": (
        lambda: Sequential([Input((28, 28)), layers.Conv2D(6, 5)]),
        ShapeError,
        "layer 'conv2d' (Conv2D, made at HERE) on input float32[None, 28, 28]: ",
        "images of one channel need it as a last axis of extent 1: x[..., np.newaxis]",
    ),
    "filters larger than the image": (
        lambda: Sequential([Input((4, 4, 1)), layers.Conv2D(6, 5)]),
        ShapeError,
        "layer 'conv2d' (Conv2D, made at HERE) on input float32[None, 4, 4, 1]: ",
        "a window that reaches over 5 does not fit into 4 + padding 0 + 0",
    ),
    "a second convolution that finds too little left": (
        lambda: Sequential([Input((8, 8, 1)), layers.Conv2D(6, 5), layers.Conv2D(6, 5)]),
        ShapeError,
        "layer 'conv2d_1' (Conv2D, made at HERE) on input float32[None, 4, 4, 6]: ",
        'pad more, for instance with padding="same"',
    ),
    "pooling of rows": (
        lambda: Sequential([Input((784,)), layers.MaxPooling2D()]),
        ShapeError,
        "layer 'max_pooling2d' (MaxPooling2D, made at HERE) on input float32[None, 784]: ",
        "expected a shape (batch, height, width, channels), got (None, 784)",
    ),
    "pooling that leaves nothing": (
        lambda: Sequential([Input((3, 3, 1)), layers.MaxPooling2D(), layers.MaxPooling2D()]),
        ShapeError,
        "layer 'max_pooling2d_1' (MaxPooling2D, made at HERE) on input float32[None, 1, 1, 1]: ",
        "take a smaller pool_size",
    ),
    "a dense layer on single numbers": (
        lambda: Sequential([Input(()), layers.Dense(3)]),
        ShapeError,
        "layer 'dense' (Dense, made at HERE) on input float32[None]: ",
        "expected a shape (batch, …, inputs), got (None,)",
    ),
    "a dense layer on rows of unknown width": (
        lambda: Sequential([Input((None,)), layers.Dense(3)]),
        ShapeError,
        "layer 'dense' (Dense, made at HERE) on input float32[None, None]: ",
        "a weight of shape (None, 3) depends on axis 0, whose extent is not known",
    ),
    "a dense layer behind images of any size": (
        lambda: Sequential(
            [Input((None, None, 1)), layers.Conv2D(2, 3), layers.Flatten(), layers.Dense(3)]
        ),
        ShapeError,
        "layer 'dense' (Dense, made at HERE) on input float32[None, None]: ",
        "give the input a known shape there",
    ),
    "a dense layer shared by two widths": (
        lambda: twice(layers.Dense(3), (4,), (5,)),
        ShapeError,
        "layer 'dense' (Dense, made at HERE) on input float32[None, 5]: ",
        "shapes (None, 5) and (4, 3) do not fit",
    ),
    "a convolution shared by grey and colour": (
        lambda: twice(layers.Conv2D(3, 3), (8, 8, 1), (8, 8, 3)),
        ShapeError,
        "layer 'conv2d' (Conv2D, made at HERE) on input float32[None, 8, 8, 3]: ",
        "x (None, 8, 8, 3) has 3 channels, filters (3, 3, 1, 3) with groups=1 are for 1",
    ),
    "a normalisation shared by two widths": (
        lambda: twice(layers.BatchNormalization(), (8,), (9,)),
        ShapeError,
        "layer 'batch_normalization' (BatchNormalization, made at HERE) on input float32[None, 9]",
        "shapes (None, 9) and (8,) do not broadcast",
    ),
    "a softmax of integers": (
        lambda: Sequential([Input((4,), dtype="int64"), layers.Activation("softmax")]),
        ArgumentError,
        "layer 'activation' (Activation, made at HERE) on input int64[None, 4]: ",
        "expected a floating dtype, got int64; convert first",
    ),
    "a convolution in an inner model": (
        lambda: Sequential(
            [Input((4,)), Sequential([layers.Dense(3), layers.Conv2D(2, 2)], name="block")]
        ),
        ShapeError,
        "layer 'block/conv2d' (Conv2D, made at HERE) on input float32[None, 3]: ",
        "expected a shape (batch, height, width, channels), got (None, 3)",
    ),
    "an inner model for another width": (
        lambda: Sequential([Input((4,)), Sequential([Input((5,)), layers.Dense(2)], name="block")]),
        ShapeError,
        "layer 'block/input' (InputLayer, made at HERE) on input float32[None, 4]: ",
        "expected a shape (batch, 5), got (None, 4)",
    ),
    "an inner model for another dtype": (
        lambda: Sequential(
            [Input((4,), dtype="float64"), Sequential([Input((4,)), layers.Dense(2)], name="in")]
        ),
        ArgumentError,
        "layer 'in/input' (InputLayer, made at HERE) on input float64[None, 4]: ",
        "expected float32, got float64",
    ),
    "a model from tensors on other inputs": (
        encoder_on_other_inputs,
        ShapeError,
        "layer 'encoder' (Model, made at HERE) on input float32[None, 5]: ",
        "input 'pixels': expected float32[None, 4], got float32[None, 5]",
    ),
    "statistics along an axis that is not there": (
        lambda: Sequential([Input((4,)), layers.BatchNormalization(axis=3)]),
        IndexRangeError,
        "layer 'batch_normalization' (BatchNormalization, made at HERE) on input float32[None, 4]",
        "axis 3 is not one of the 2 axes (-2 to 1)",
    ),
    "a sum of different widths": (
        lambda: Sequential([Input((4,)), Residual()]),
        ShapeError,
        "layer 'residual' (Residual, made at HERE) on input float32[None, 4]: ",
        "shapes (None, 4) and (None, 3) do not broadcast",
    ),
    "a list for a layer that takes one tensor": (
        lambda: layers.Dense(2)([Input((3,)), Input((4,))]),
        ShapeError,
        "layer 'dense' (Dense, made at HERE) on input float32[None, 3], float32[None, 4]: ",
        "expected one tensor, got a list of 2; join them first",
    ),
}


def test_there_are_twenty() -> None:
    assert len(WRONG) == 20


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_model_is_refused_when_it_is_built(case: str) -> None:
    make, kind, beginning, reason = WRONG[case]
    with pytest.raises(kind) as caught:
        make()
    message = str(caught.value)
    pattern = re.escape(beginning).replace("HERE", rf"\S*{re.escape('test_wrong_models.py')}:\d+")
    assert re.match(pattern, message), message
    assert reason in message
