"""What every layer refuses, and in which words: wrong inputs, and wrong arguments."""

from dataclasses import dataclass
from typing import Any

import cairnet as cn


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
