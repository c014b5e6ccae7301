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
        apart: whether the inputs are arguments of their own, not one list.
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
    apart: bool = False

    @property
    def samples(self) -> list[Shape]:
        return self.sample if isinstance(self.sample, list) else [self.sample]

    def make(self) -> cn.layers.Layer:
        return getattr(cn.layers, self.kind)(**self.arguments)

    def given(self, inputs: Sequence[Any]) -> tuple[Any, ...]:
        """The arguments that the layer takes these inputs in."""
        if self.apart or not isinstance(self.sample, list):
            return tuple(inputs)
        return (list(inputs),)

    def __str__(self) -> str:
        return f"{self.kind} {self.note}".strip()


def _saved(kind: str, **arguments: Any) -> dict[str, Any]:
    """A layer inside another one, in its saved form."""
    return {"class_name": kind, "config": arguments}


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
    Record("Conv1D", {"filters": 4, "kernel_size": 3}, (7, 3), (5, 4)),
    Record(
        "Conv1D",
        {"filters": 4, "kernel_size": 3, "strides": 2, "padding": "same", "activation": "tanh"},
        (8, 3),
        (4, 4),
        note="strides same",
    ),
    Record(
        "Conv1D",
        {"filters": 4, "kernel_size": 3, "dilation_rate": 2, "padding": "causal"},
        (7, 3),
        (7, 4),
        note="causal",
    ),
    Record(
        "Conv1D",
        {"filters": 4, "kernel_size": 2, "strides": 2, "padding": "causal", "groups": 2},
        (7, 4),
        (4, 4),
        note="causal strides groups",
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
    Record("MaxPooling1D", {}, (7, 3), (3, 3)),
    Record("MaxPooling1D", {"pool_size": 3, "padding": "same"}, (7, 3), (3, 3), note="same"),
    Record("MaxPooling1D", {"pool_size": 3, "strides": 2}, (8, 3), (3, 3), note="overlapping"),
    Record("AveragePooling1D", {"pool_size": 3}, (7, 2), (2, 2)),
    Record("AveragePooling1D", {"pool_size": 3, "strides": 1}, (7, 2), (5, 2), note="overlapping"),
    Record(
        "AveragePooling1D",
        {"pool_size": 3, "strides": 2, "padding": "same"},
        (6, 2),
        (3, 2),
        # Keras on PyTorch repeats the border here; its other backends leave it out, as here.
        lambda x: _torch().stack([x[:, 0:3].mean(1), x[:, 2:5].mean(1), x[:, 4:].mean(1)], 1),
        note="same",
    ),
    Record("GlobalAveragePooling1D", {}, (5, 3), (3,), lambda x: x.mean(1)),
    Record(
        "GlobalAveragePooling1D",
        {"keepdims": True},
        (5, 3),
        (1, 3),
        lambda x: x.mean(1, keepdim=True),
        note="keepdims",
    ),
    Record("GlobalMaxPooling1D", {}, (5, 3), (3,)),
    Record("GlobalMaxPooling1D", {"keepdims": True}, (5, 3), (1, 3), note="keepdims"),
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
    Record("Masking", {}, (5, 3), (5, 3)),
    Record("SimpleRNN", {"units": 4}, (5, 3), (4,)),
    Record(
        "SimpleRNN",
        {
            "units": 4,
            "activation": "relu",
            "use_bias": False,
            "return_sequences": True,
            "go_backwards": True,
        },
        (5, 3),
        (5, 4),
        note="backwards",
    ),
    Record("LSTM", {"units": 4}, (5, 3), (4,)),
    Record("LSTM", {"units": 4, "return_sequences": True}, (5, 3), (5, 4), note="sequences"),
    Record("LSTM", {"units": 4, "go_backwards": True}, (5, 3), (4,), note="backwards"),
    Record(
        "LSTM",
        {
            "units": 2,
            "activation": "softsign",
            "recurrent_activation": "tanh",
            "use_bias": False,
            "return_sequences": True,
        },
        (1, 3),
        (1, 2),
        note="one step",
    ),
    Record("GRU", {"units": 4}, (5, 3), (4,)),
    Record("GRU", {"units": 4, "return_sequences": True}, (5, 3), (5, 4), note="sequences"),
    Record("GRU", {"units": 4, "reset_after": False}, (5, 3), (4,), note="reset before"),
    Record(
        "GRU",
        {"units": 4, "use_bias": False, "return_sequences": True, "go_backwards": True},
        (5, 3),
        (5, 4),
        note="backwards",
    ),
    Record("RNN", {"cell": _saved("GRUCell", units=4)}, (5, 3), (4,)),
    Record(
        "RNN",
        {
            "cell": [_saved("LSTMCell", units=4), _saved("SimpleRNNCell", units=2)],
            "return_sequences": True,
        },
        (5, 3),
        (5, 2),
        note="stack",
    ),
    Record(
        "Bidirectional",
        {"layer": _saved("LSTM", units=4, return_sequences=True)},
        (5, 3),
        (5, 8),
    ),
    *(
        Record(
            "Bidirectional",
            {"layer": _saved("GRU", units=4), "merge_mode": mode},
            (5, 3),
            (4,),
            note=mode,
        )
        for mode in ("sum", "mul", "ave")
    ),
    Record(
        "Bidirectional",
        {
            "layer": _saved("SimpleRNN", units=4),
            "backward_layer": _saved("GRU", units=2, go_backwards=True),
        },
        (5, 3),
        (6,),
        note="of two kinds",
    ),
    Record(
        "TimeDistributed",
        {"layer": _saved("Conv2D", filters=2, kernel_size=2)},
        (3, 4, 3, 1),
        (3, 3, 2, 2),
    ),
    Record("Attention", {}, [(4, 3), (5, 3)], (4, 3)),
    Record("Attention", {}, [(4, 3), (5, 2), (5, 3)], (4, 2), note="keys"),
    Record("Attention", {"use_scale": True}, [(4, 3), (5, 3)], (4, 3), note="scaled"),
    Record(
        "Attention",
        {"use_scale": True, "score_mode": "concat"},
        [(4, 3), (5, 3)],
        (4, 3),
        note="concat",
    ),
    Record(
        "MultiHeadAttention",
        {"num_heads": 2, "key_dim": 3},
        [(4, 5), (6, 5)],
        (4, 5),
        apart=True,
    ),
    Record(
        "MultiHeadAttention",
        {"num_heads": 3, "key_dim": 2, "value_dim": 4, "output_shape": 7},
        [(4, 5), (6, 3)],
        (4, 7),
        apart=True,
        note="of other sizes",
    ),
    Record(
        "MultiHeadAttention",
        {"num_heads": 1, "key_dim": 2, "use_bias": False},
        [(4, 5), (6, 3)],
        (4, 5),
        apart=True,
        note="no bias",
    ),
    Record(
        "MultiHeadAttention",
        {"num_heads": 2, "key_dim": 3},
        [(2, 3, 5), (4, 2, 5)],
        (2, 3, 5),
        apart=True,
        note="of images",
    ),
    Record(
        "MultiHeadAttention",
        {"num_heads": 2, "key_dim": 3, "attention_axes": 2},
        [(3, 4, 5), (3, 6, 2)],
        (3, 4, 5),
        apart=True,
        note="along rows",
    ),
    Record(
        "MultiHeadAttention",
        {"num_heads": 1, "key_dim": 2, "attention_axes": (1, 3)},
        [(2, 3, 2, 4), (3, 3, 2, 4)],
        (2, 3, 2, 4),
        apart=True,
        note="along two of three",
    ),
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
    Record("RandomFlip", {"mode": "horizontal"}, (4, 3, 2), (4, 3, 2), _first),
    Record(
        "RandomTranslation",
        {"height_factor": 0.3, "width_factor": (-0.2, 0.4), "fill_mode": "wrap"},
        (4, 3, 2),
        (4, 3, 2),
        _first,
    ),
    Record(
        "RandomRotation", {"factor": 0.2, "fill_mode": "constant"}, (4, 3, 2), (4, 3, 2), _first
    ),
    Record(
        "RandomZoom",
        {"height_factor": 0.2, "interpolation": "nearest"},
        (4, 3, 2),
        (4, 3, 2),
        _first,
    ),
    Record(
        "Rescaling",
        {"scale": 0.5, "offset": -1.0},
        (2, 3),
        (2, 3),
        lambda x: x * 0.5 - 1,
    ),
    Record("InputLayer", {"shape": (2, None), "dtype": "float64"}, (2, 3), (2, 3), _first),
]
