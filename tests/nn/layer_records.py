"""What is known of every layer: shapes, the peer that it must agree with, what it refuses.

The tests of layers go through this table, and one of them fails for a public layer that is missing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import cairnet as cn

Shape = tuple[int | None, ...]


@dataclass(frozen=True)
class Record:
    """A layer with some arguments.

    Attributes:
        kind: the name of the class.
        arguments: what it is made with.
        sample: the shape of one sample that goes in; a list of them for layers that merge.
        output: the shape of one sample that comes out.
        peer: a function of PyTorch tensors, the input (or list of inputs) and then the weights;
            None for Keras's layer of the same name and arguments, where that computes in float64
            (on PyTorch many of its operations round to float32).
        classes: if not 0, the input consists of whole numbers below this.
        note: what is special about it.
    """

    kind: str
    arguments: dict[str, Any]
    sample: Any
    output: Shape
    peer: Callable[..., Any] | None = None
    classes: int = 0
    note: str = ""
    batch: int = 3

    @property
    def samples(self) -> list[Shape]:
        return self.sample if isinstance(self.sample, list) else [self.sample]

    def make(self) -> cn.layers.Layer:
        return getattr(cn.layers, self.kind)(**self.arguments)

    def given(self, inputs: Sequence[Any]) -> Any:
        """Inputs in the form that the layer takes them in."""
        return list(inputs) if isinstance(self.sample, list) else inputs[0]

    def __str__(self) -> str:
        return f"{self.kind} {self.note}".strip()


def _torch() -> Any:
    import torch

    return torch


def _dense(x: Any, kernel: Any, bias: Any = 0) -> Any:
    return x @ kernel + bias


def _lp_pool(p: float, size: tuple[int, int], strides: tuple[int, int]) -> Any:
    def peer(x: Any) -> Any:
        functional = _torch().nn.functional
        # PyTorch's own lp_pool2d leaves out the sign of odd powers; the sum of powers says all.
        powers = (x.abs() ** p).permute(0, 3, 1, 2)
        sums = functional.avg_pool2d(powers, size, strides) * (size[0] * size[1])
        return (sums ** (1 / p)).permute(0, 2, 3, 1)

    return peer


def _local_response(alpha: float, k: float, beta: float, n: int) -> Any:
    def peer(x: Any) -> Any:
        y = _torch().nn.functional.local_response_norm(
            x.permute(0, 3, 1, 2), n, alpha=alpha * n, beta=beta, k=k
        )
        return y.permute(0, 2, 3, 1)

    return peer


def _bilinear(size: tuple[int, int]) -> Any:
    def peer(x: Any) -> Any:
        y = _torch().nn.functional.interpolate(
            x.permute(0, 3, 1, 2), scale_factor=size, mode="bilinear", align_corners=False
        )
        return y.permute(0, 2, 3, 1)

    return peer


def _average_same(size: int, strides: int) -> Any:
    def peer(x: Any) -> Any:
        functional = _torch().nn.functional
        x = x.permute(0, 3, 1, 2)
        total = [max((-(-n // strides) - 1) * strides + size - n, 0) for n in x.shape[2:]]
        (top, left) = (amount // 2 for amount in total)
        pads = (left, total[1] - left, top, total[0] - top)
        sums, counts = (
            functional.avg_pool2d(functional.pad(y, pads), size, strides)
            for y in (x, _torch().ones_like(x))
        )
        return (sums / counts).permute(0, 2, 3, 1)

    return peer


def _normalized(axes: tuple[int, ...], epsilon: float) -> Any:
    """Layer normalization without weights."""

    def peer(x: Any) -> Any:
        spread = x.var(axes, correction=0, keepdim=True)
        return (x - x.mean(axes, keepdim=True)) / (spread + epsilon).sqrt()

    return peer


def _by_moving_averages(x: Any, gamma: Any, beta: Any, mean: Any, variance: Any) -> Any:
    return (x - mean) / (variance + 1e-3).sqrt() * gamma + beta


def _reduced(name: str) -> Any:
    def peer(inputs: Any) -> Any:
        result = inputs[0]
        for x in inputs[1:]:
            result = getattr(_torch(), name)(result, x)
        return result

    return peer


def _products(formula: str, *, ones: bool = False, normalized: bool = False) -> Any:
    def peer(inputs: Any) -> Any:
        if normalized:
            inputs = [x / x.norm(dim=-1, keepdim=True) for x in inputs]
        more = [_torch().ones_like(inputs[0][:, :1])] if ones else []
        return _torch().einsum(formula, *inputs, *more)

    return peer


def _first(x: Any) -> Any:
    return x


RECORDS = [
    Record("Dense", {"units": 4}, (5,), (4,), _dense),
    Record("Dense", {"units": 4, "use_bias": False}, (2, 5), (2, 4), _dense, note="no bias"),
    Record(
        "Dense",
        {"units": 4, "activation": "relu"},
        (5,),
        (4,),
        lambda x, kernel, bias: _torch().relu(_dense(x, kernel, bias)),
        note="relu",
    ),
    Record(
        "Dense",
        {"units": 4, "activation": "softmax"},
        (2, 5),
        (2, 4),
        lambda x, kernel, bias: _torch().softmax(_dense(x, kernel, bias), dim=-1),
        note="softmax",
    ),
    Record("Conv2D", {"filters": 4, "kernel_size": 3}, (7, 6, 3), (5, 4, 4)),
    Record(
        "Conv2D",
        {"filters": 4, "kernel_size": 4, "padding": "same"},
        (7, 6, 3),
        (7, 6, 4),
        note="same",
    ),
    Record(
        "Conv2D",
        {"filters": 4, "kernel_size": (3, 2), "strides": (2, 3), "padding": "valid"},
        (9, 8, 3),
        (4, 3, 4),
        note="strides",
    ),
    Record(
        "Conv2D",
        {"filters": 2, "kernel_size": 5, "strides": 2, "padding": "same", "activation": "sigmoid"},
        (9, 8, 3),
        (5, 4, 2),
        note="strides same",
    ),
    Record(
        "Conv2D",
        {"filters": 2, "kernel_size": 3, "dilation_rate": 2, "use_bias": False},
        (9, 8, 3),
        (5, 4, 2),
        note="dilated",
    ),
    Record(
        "Conv2D", {"filters": 4, "kernel_size": 3, "groups": 2}, (7, 6, 4), (5, 4, 4), note="groups"
    ),
    Record("DepthwiseConv2D", {"kernel_size": 3}, (7, 6, 3), (5, 4, 3)),
    Record(
        "DepthwiseConv2D",
        {"kernel_size": (3, 2), "depth_multiplier": 3, "padding": "same", "activation": "tanh"},
        (7, 6, 3),
        (7, 6, 9),
        note="multiplied",
    ),
    Record(
        "DepthwiseConv2D",
        {"kernel_size": 3, "strides": 2, "padding": "same", "use_bias": False},
        (9, 8, 2),
        (5, 4, 2),
        note="strides",
    ),
    Record("Conv2DTranspose", {"filters": 4, "kernel_size": 3}, (5, 4, 3), (7, 6, 4)),
    Record(
        "Conv2DTranspose",
        {"filters": 2, "kernel_size": 3, "strides": 2, "padding": "same", "activation": "elu"},
        (5, 4, 3),
        (10, 8, 2),
        note="same",
    ),
    Record(
        "Conv2DTranspose",
        {"filters": 2, "kernel_size": (4, 2), "strides": (2, 3), "use_bias": False},
        (3, 4, 3),
        (8, 12, 2),
        note="strides",
    ),
    Record(
        "Conv2DTranspose",
        {
            "filters": 2,
            "kernel_size": 3,
            "strides": 2,
            "padding": "same",
            "output_padding": (1, 0),
        },
        (3, 4, 3),
        (6, 7, 2),
        note="output padding",
    ),
    Record("MaxPooling2D", {}, (7, 6, 3), (3, 3, 3)),
    Record("MaxPooling2D", {"pool_size": 3, "padding": "same"}, (7, 6, 3), (3, 2, 3), note="same"),
    Record("MaxPooling2D", {"pool_size": (3, 2), "strides": 1}, (7, 6, 3), (5, 5, 3), note="1"),
    Record("AveragePooling2D", {"pool_size": (2, 3)}, (7, 6, 3), (3, 2, 3)),
    Record(
        "AveragePooling2D",
        {"pool_size": 3, "strides": 2, "padding": "same"},
        (7, 6, 3),
        (4, 3, 3),
        # Keras on PyTorch repeats the border here; its other backends leave it out, as here.
        _average_same(3, 2),
        note="same",
    ),
    Record("LpPooling2D", {}, (7, 6, 3), (3, 3, 3), _lp_pool(2, (2, 2), (2, 2))),
    Record(
        "LpPooling2D",
        {"pool_size": (3, 2), "p": 3, "strides": 1},
        (7, 6, 3),
        (5, 5, 3),
        _lp_pool(3, (3, 2), (1, 1)),
        note="cubes",
    ),
    Record("GlobalAveragePooling2D", {}, (5, 4, 3), (3,), lambda x: x.mean((1, 2))),
    Record(
        "GlobalAveragePooling2D",
        {"keepdims": True},
        (5, 4, 3),
        (1, 1, 3),
        lambda x: x.mean((1, 2), keepdim=True),
        note="keepdims",
    ),
    Record("GlobalMaxPooling2D", {}, (5, 4, 3), (3,)),
    Record("GlobalMaxPooling2D", {"keepdims": True}, (5, 4, 3), (1, 1, 3), note="keepdims"),
    Record("UpSampling2D", {}, (3, 2, 2), (6, 4, 2)),
    Record("UpSampling2D", {"size": (1, 3)}, (3, 2, 2), (3, 6, 2), note="across"),
    Record(
        "UpSampling2D",
        {"size": (2, 3), "interpolation": "bilinear"},
        (3, 5, 2),
        (6, 15, 2),
        _bilinear((2, 3)),
        note="bilinear",
    ),
    Record(
        "UpSampling2D",
        {"size": 4, "interpolation": "bilinear"},
        (1, 2, 1),
        (4, 8, 1),
        _bilinear((4, 4)),
        note="bilinear of one row",
    ),
    Record("ZeroPadding2D", {}, (3, 2, 2), (5, 4, 2)),
    Record("ZeroPadding2D", {"padding": ((0, 1), (3, 2))}, (3, 2, 2), (4, 7, 2), note="uneven"),
    Record("Cropping2D", {"cropping": (1, 2)}, (5, 6, 2), (3, 2, 2)),
    Record("Cropping2D", {"cropping": ((0, 1), (3, 2))}, (3, 6, 2), (2, 1, 2), note="uneven"),
    Record("Flatten", {}, (2, 3, 4), (24,)),
    Record("Reshape", {"target_shape": (4, 6)}, (2, 3, 4), (4, 6)),
    Record("Reshape", {"target_shape": (-1, 2, 1)}, (2, 3, 4), (12, 2, 1), note="open"),
    Record("Permute", {"dims": (3, 1, 2)}, (2, 3, 4), (4, 2, 3)),
    Record("RepeatVector", {"n": 3}, (5,), (3, 5)),
    Record("Activation", {"activation": "elu"}, (2, 3), (2, 3)),
    Record("ReLU", {}, (2, 3), (2, 3)),
    Record(
        "ReLU",
        {"max_value": 1.0, "negative_slope": 0.1, "threshold": 0.2},
        (4, 5),
        (4, 5),
        note="with all settings",
    ),
    Record("LeakyReLU", {}, (2, 3), (2, 3)),
    Record("ELU", {"alpha": 0.7}, (2, 3), (2, 3)),
    Record("Softmax", {}, (2, 3), (2, 3)),
    Record("Softmax", {"axis": (1, 2)}, (2, 3), (2, 3), note="two axes"),
    Record("PReLU", {}, (5, 4, 3), (5, 4, 3)),
    Record("PReLU", {"shared_axes": (1, 2)}, (5, 4, 3), (5, 4, 3), note="shared"),
    Record("BatchNormalization", {}, (5,), (5,), _by_moving_averages),
    Record(
        "BatchNormalization",
        {"axis": 1, "epsilon": 1e-3},
        (3, 2, 4),
        (3, 2, 4),
        lambda x, *weights: _by_moving_averages(x, *(w[:, None, None] for w in weights)),
        note="other axis",
    ),
    Record(
        "BatchNormalization",
        {"center": False, "scale": False, "epsilon": 0.1},
        (3, 2, 4),
        (3, 2, 4),
        lambda x, mean, variance: (x - mean) / (variance + 0.1).sqrt(),
        note="bare",
    ),
    Record(
        "LayerNormalization",
        {},
        (3, 4),
        (3, 4),
        lambda x, gamma, beta: _normalized((-1,), 1e-3)(x) * gamma + beta,
    ),
    Record(
        "LayerNormalization",
        {"axis": (1, 3), "epsilon": 0.1},
        (3, 2, 4),
        (3, 2, 4),
        lambda x, gamma, beta: _normalized((1, 3), 0.1)(x) * gamma[:, None, :] + beta[:, None, :],
        note="two axes",
    ),
    Record(
        "LayerNormalization",
        {"center": False, "scale": False},
        (5,),
        (5,),
        _normalized((-1,), 1e-3),
        note="bare",
    ),
    Record(
        "LocalResponseNormalization",
        {},
        (2, 3, 7),
        (2, 3, 7),
        _local_response(1e-4, 2, 0.75, 5),
    ),
    Record(
        "LocalResponseNormalization",
        {"alpha": 0.5, "k": 1.0, "beta": 0.6, "n": 3},
        (2, 3, 2),
        (2, 3, 2),
        _local_response(0.5, 1, 0.6, 3),
        note="strong",
    ),
    Record("Add", {}, [(2, 3), (2, 3), (2, 3)], (2, 3)),
    Record("Add", {}, [(1, 3), (2, 3), (2, 1)], (2, 3), note="stretched"),
    Record("Add", {}, [(4, 5, 3), (3,)], (4, 5, 3), note="of two ranks"),
    Record("Subtract", {}, [(2, 3), (2, 3)], (2, 3)),
    Record("Multiply", {}, [(2, 3), (2, 3), (2, 3)], (2, 3)),
    Record("Average", {}, [(2, 3), (2, 3), (2, 3)], (2, 3)),
    Record("Maximum", {}, [(2, 3), (2, 3), (2, 3)], (2, 3), _reduced("maximum")),
    Record("Minimum", {}, [(2, 3), (2, 3), (2, 3)], (2, 3), _reduced("minimum")),
    Record("Concatenate", {}, [(2, 3), (2, 1), (2, 4)], (2, 8)),
    Record("Concatenate", {"axis": 1}, [(2, 3), (1, 3)], (3, 3), note="axis 1"),
    Record("Dot", {"axes": 1}, [(4,), (4,)], (1,), _products("bk,bk,bo->bo", ones=True)),
    Record("Dot", {"axes": -1}, [(2, 4), (3, 4)], (2, 3), _products("bik,bjk->bij"), note="-1"),
    Record(
        "Dot",
        {"axes": (2, 1)},
        [(2, 4), (4, 3, 5)],
        (2, 3, 5),
        _products("bik,bkjl->bijl"),
        note="pair",
    ),
    Record(
        "Dot",
        {"axes": 1, "normalize": True},
        [(4,), (4,)],
        (1,),
        _products("bk,bk,bo->bo", ones=True, normalized=True),
        note="normalized",
    ),
    Record(
        "Dot",
        {"axes": (2, 1)},
        [(3, 4), (4,)],
        (3,),
        _products("bik,bk->bi"),
        note="matrix and vector",
    ),
    Record("Embedding", {"input_dim": 7, "output_dim": 3}, (5,), (5, 3), classes=7),
    Record("Lambda", {"function": cn.tanh}, (2, 3), (2, 3), lambda x: x.tanh()),
    Record(
        "Lambda",
        {"function": "sum", "arguments": {"axis": -1}},
        (2, 3),
        (2,),
        lambda x: x.sum(-1),
        note="by name",
    ),
    # What these do in training has tests of its own.
    Record("Dropout", {"rate": 0.5}, (2, 3), (2, 3), _first),
    Record("Dropout", {"rate": 0.5, "noise_shape": (None, 1, None)}, (2, 3), (2, 3), _first),
    Record("SpatialDropout2D", {"rate": 0.5}, (4, 3, 2), (4, 3, 2), _first),
    Record("GaussianNoise", {"stddev": 0.5}, (2, 3), (2, 3), _first),
    Record("GaussianDropout", {"rate": 0.5}, (2, 3), (2, 3), _first),
    Record("InputLayer", {"shape": (2, None), "dtype": "float64"}, (2, 3), (2, 3), _first),
]


@dataclass(frozen=True)
class Refusal:
    """An input that a layer refuses, with words of the message."""

    kind: str
    arguments: dict[str, Any]
    shape: Any
    words: str
    dtype: str = "float32"


IMAGES = "expected a shape (batch, height, width, channels), got (None, 28, 28); images of one"
LIST = "expected a list of tensors such as [a, b], got one tensor"

REFUSED_INPUTS = [
    Refusal("Dense", {"units": 3}, (), "expected a shape (batch, …, inputs), got ()"),
    Refusal("Dense", {"units": 3}, (None, None), "whose extent is not known"),
    Refusal("Conv2D", {"filters": 3, "kernel_size": 3}, (None, 28, 28), IMAGES),
    Refusal("Conv2D", {"filters": 3, "kernel_size": 9}, (None, 8, 8, 1), "does not fit into 8"),
    Refusal(
        "Conv2D",
        {"filters": 4, "kernel_size": 3, "groups": 2},
        (None, 8, 8, 3),
        "multiple of groups=2, got 3",
    ),
    Refusal("DepthwiseConv2D", {"kernel_size": 3}, (None, 28, 28), IMAGES),
    Refusal("DepthwiseConv2D", {"kernel_size": 3}, (None, 8, 8, None), "extent is not known"),
    Refusal("DepthwiseConv2D", {"kernel_size": 9}, (None, 8, 8, 1), "does not fit into 8"),
    Refusal("Conv2DTranspose", {"filters": 3, "kernel_size": 3}, (None, 28, 28), IMAGES),
    Refusal("MaxPooling2D", {}, (None, 28, 28), IMAGES),
    Refusal("MaxPooling2D", {"pool_size": 4}, (None, 3, 3, 1), "does not fit into 3"),
    Refusal("AveragePooling2D", {}, (None, 28, 28), IMAGES),
    Refusal("AveragePooling2D", {}, (None, 4, 4, 1), "floating dtype, got int32", "int32"),
    Refusal("LpPooling2D", {}, (None, 28, 28), IMAGES),
    Refusal("GlobalAveragePooling2D", {}, (None, 28, 28), IMAGES),
    Refusal("GlobalMaxPooling2D", {}, (None, 28, 28), IMAGES),
    Refusal("UpSampling2D", {}, (None, 28, 28), IMAGES),
    Refusal(
        "UpSampling2D",
        {"interpolation": "bilinear"},
        (None, 4, 4, 1),
        "expected a floating dtype, got uint8",
        "uint8",
    ),
    Refusal("ZeroPadding2D", {}, (None, 28, 28), IMAGES),
    Refusal("Cropping2D", {}, (None, 28, 28), IMAGES),
    Refusal(
        "Cropping2D", {"cropping": 2}, (None, 9, 4, 1), "above what is cut away, ((2, 2), (2, 2))"
    ),
    Refusal("Flatten", {}, (), "expected a shape (batch, …), got a scalar"),
    Refusal("Reshape", {"target_shape": (2,)}, (), "expected a shape (batch, …), got a scalar"),
    Refusal(
        "Reshape",
        {"target_shape": (4, -1)},
        (None, 2, 5),
        "samples whose 10 elements fit target_shape=(4, -1), got (None, 2, 5)",
    ),
    Refusal("Reshape", {"target_shape": (4, 2)}, (None, 9), "whose 9 elements fit"),
    Refusal("Permute", {"dims": (2, 1)}, (None, 9), "expected 2 axes behind the batch"),
    Refusal("RepeatVector", {"n": 2}, (None, 9, 3), "(batch, features), got (None, 9, 3)"),
    Refusal("Activation", {"activation": "tanh"}, (None, 3), "expected floating dtype", "int64"),
    Refusal("ReLU", {}, (None, 3), "expected a floating dtype, got int64", "int64"),
    Refusal("LeakyReLU", {}, (None, 3), "expected a floating dtype, got int64", "int64"),
    Refusal("ELU", {}, (None, 3), "expected a floating dtype, got int64", "int64"),
    Refusal("Softmax", {"axis": 2}, (None, 3), "axis 2 is not one of the 2 axes"),
    Refusal("PReLU", {}, (None,), "expected an axis beside the batch"),
    Refusal("PReLU", {"shared_axes": 2}, (None, 3), "all of shared_axes=(2,), got (None, 3)"),
    Refusal("PReLU", {}, (None, None, 3), "whose extent is not known"),
    Refusal("BatchNormalization", {}, (None,), "expected a shape (batch, …, channels)"),
    Refusal("BatchNormalization", {"axis": 0}, (None, 3), "beside the batch for the channels"),
    Refusal("BatchNormalization", {"axis": 2}, (None, 3), "axis 2 is not one of the 2 axes"),
    Refusal("BatchNormalization", {}, (None, 3), "expected a floating dtype, got int64", "int64"),
    Refusal("LayerNormalization", {"axis": 0}, (None, 3), "beside the batch for the features"),
    Refusal("LayerNormalization", {}, (None, None), "whose extent is not known"),
    Refusal("LocalResponseNormalization", {}, (None, 28, 28), IMAGES),
    Refusal("Add", {}, (None, 3), LIST),
    Refusal("Add", {}, [], "expected at least one tensor, got an empty list"),
    Refusal("Add", {}, [(None, 3), (None, 4)], "axis -1 is 3 in one and 4 in another"),
    Refusal(
        "Add", {}, [(2, 3), (4, 3)], "the same number of samples, got shapes (2, 3) and (4, 3)"
    ),
    Refusal("Add", {}, [(2, 3), ()], "a batch of samples in each, got shapes (2, 3) and ()"),
    Refusal("Subtract", {}, [(None, 3)] * 3, "expected a list of two tensors, got 3"),
    Refusal("Multiply", {}, (None, 3), LIST),
    Refusal("Average", {}, [(None, 3)], "expected a floating dtype, got int64", "int64"),
    Refusal("Maximum", {}, [(None, 2), (None, 4)], "axis -1 is 2 in one and 4 in another"),
    Refusal("Minimum", {}, (None, 3), LIST),
    Refusal("Concatenate", {}, (None, 3), LIST),
    Refusal("Concatenate", {}, [], "expected at least one tensor, got an empty list"),
    Refusal(
        "Concatenate",
        {},
        [(None, 2, 3), (None, 4, 3)],
        "(None, 2, 3), (None, 4, 3) do not fit together",
    ),
    Refusal("Dot", {"axes": 1}, [(None, 3)], "expected a list of two tensors, got 1"),
    Refusal("Dot", {"axes": 1}, [(None, 3), (None, 4)], "got 3 on axis 1 of (None, 3) and 4 on"),
    Refusal("Dot", {"axes": 0}, [(None, 3), (None, 3)], "axes beside the batch, got axes=0"),
    Refusal("Embedding", {"input_dim": 3, "output_dim": 2}, (None,), "got bool", "bool"),
    Refusal("Lambda", {"function": cn.tanh}, (None, 3), "expected floating dtype", "int64"),
    Refusal(
        "Dropout",
        {"rate": 0.5, "noise_shape": (None, 1)},
        (None, 3, 4),
        "for each axis of (None, 3, 4), got (None, 1)",
    ),
    Refusal("Dropout", {"rate": 0.5}, (None, 3), "expected a floating dtype, got int64", "int64"),
    Refusal("SpatialDropout2D", {"rate": 0.5}, (None, 28, 28), IMAGES),
    Refusal("GaussianNoise", {"stddev": 0.5}, (None, 3), "a floating dtype, got int64", "int64"),
    Refusal("GaussianDropout", {"rate": 0.5}, (None, 3), "a floating dtype, got int64", "int64"),
    Refusal("InputLayer", {"shape": (4,)}, (None, 5), "expected a shape (batch, 4), got"),
    Refusal("InputLayer", {"shape": (4,)}, (None, 4), "expected float32, got int64", "int64"),
]

REFUSED_ARGUMENTS: list[tuple[str, dict[str, Any], str]] = [
    ("Dense", {"units": 0}, "units: expected a whole number, 1 or more, got 0"),
    ("Dense", {"units": 2.5}, "units: .* got 2.5"),
    ("Dense", {"units": True}, "units: .* got True"),
    ("Dense", {"units": 1, "activation": "rleu"}, "did you mean 'relu'"),
    ("Dense", {"units": 1, "activation": 7}, "activation: expected a name"),
    ("Dense", {"units": 1, "kernel_initializer": "he_norm"}, "did you mean 'he_normal'"),
    ("Dense", {"units": 1, "kernel_regularizer": "l3"}, "unknown regularizer 'l3'"),
    ("Dense", {"units": 1, "bias_constraint": "nonneg"}, "did you mean 'non_neg'"),
    ("Dense", {"units": 1, "name": "a/b"}, "name: expected a word without"),
    ("Conv2D", {"filters": 3, "kernel_size": (3, 3, 3)}, "kernel_size: .* pair"),
    ("Conv2D", {"filters": 3, "kernel_size": 3, "strides": 0}, "strides: .* got 0"),
    ("Conv2D", {"filters": 3, "kernel_size": 3, "padding": "sam"}, "mean 'same'"),
    ("Conv2D", {"filters": 3, "kernel_size": 3, "groups": 2}, "multiple of groups=2, got 3"),
    ("DepthwiseConv2D", {"kernel_size": 3, "depth_multiplier": 0}, "depth_multiplier: .* got 0"),
    ("Conv2DTranspose", {"filters": 0, "kernel_size": 3}, "filters: .* got 0"),
    (
        "Conv2DTranspose",
        {"filters": 1, "kernel_size": 3, "strides": 2, "output_padding": 2},
        r"output_padding: expected numbers below the strides \(2, 2\), got 2",
    ),
    ("MaxPooling2D", {"pool_size": -2}, "pool_size: .* got -2"),
    ("AveragePooling2D", {"padding": "full"}, "unknown padding 'full'"),
    ("LpPooling2D", {"p": 0.5}, "p: expected a number, 1 or more, got 0.5"),
    ("UpSampling2D", {"size": 1.5}, "size: .* got 1.5"),
    ("UpSampling2D", {"interpolation": "bilinea"}, "did you mean 'bilinear'"),
    ("ZeroPadding2D", {"padding": -1}, r"padding\[0\]: expected a whole number, 0 or more, got -1"),
    ("ZeroPadding2D", {"padding": (1, 2, 3)}, "padding: expected a whole number, a pair"),
    ("Cropping2D", {"cropping": "1"}, "cropping: expected a whole number, a pair"),
    ("Reshape", {"target_shape": (-1, -1)}, "one of which may be -1"),
    ("Reshape", {"target_shape": 4}, "target_shape: expected a tuple of whole numbers"),
    ("Permute", {"dims": (0, 1)}, "dims: expected each of 1, 2, … once"),
    ("RepeatVector", {"n": 0}, "n: expected a whole number, 1 or more, got 0"),
    ("Activation", {"activation": "sofmax"}, "did you mean 'softmax'"),
    ("ReLU", {"max_value": -1}, "max_value: expected a number, 0 or more, got -1"),
    ("LeakyReLU", {"negative_slope": "a"}, "negative_slope: expected a finite number, got 'a'"),
    ("ELU", {"alpha": -1}, "alpha: .* got -1"),
    ("Softmax", {"axis": "last"}, "axis: expected a whole number or several, got 'last'"),
    ("PReLU", {"shared_axes": 0}, "shared_axes: expected whole numbers, 1 or more, got 0"),
    ("BatchNormalization", {"momentum": 1.5}, "momentum: expected a number from 0 to 1, got 1.5"),
    ("BatchNormalization", {"epsilon": -1}, "epsilon: expected a number, 0 or more, got -1"),
    ("BatchNormalization", {"axis": (1, 2)}, "axis: expected a whole number"),
    ("LayerNormalization", {"axis": ()}, "axis: expected a whole number or several"),
    ("LocalResponseNormalization", {"n": 4}, "n: expected an odd number, got 4"),
    ("LocalResponseNormalization", {"k": 0}, "k: expected a number above 0, got 0"),
    ("Concatenate", {"axis": None}, "axis: expected a whole number, got None"),
    ("Dot", {"axes": (1, 2, 3)}, "axes: expected a whole number or a pair"),
    ("Embedding", {"input_dim": 0, "output_dim": 3}, "input_dim: .* got 0"),
    ("Lambda", {"function": "sofmax"}, "did you mean 'softmax'"),
    ("Lambda", {"function": cn.tanh, "arguments": [1]}, r"expected a dict by name, got \[1\]"),
    ("Dropout", {"rate": 1.5}, "rate: expected a number from 0 to 1, got 1.5"),
    ("Dropout", {"rate": 0.5, "seed": -1}, "seed: expected a whole number, 0 or more, got -1"),
    ("Dropout", {"rate": 0.5, "noise_shape": 3}, "noise_shape: expected a tuple with None"),
    ("SpatialDropout2D", {"rate": -0.5}, "rate: .* got -0.5"),
    ("GaussianNoise", {"stddev": -1}, "stddev: expected a number, 0 or more, got -1"),
    ("GaussianDropout", {"rate": 1}, "rate: expected a number from 0 to below 1, got 1"),
]
