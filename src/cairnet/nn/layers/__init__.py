"""Layers, with the names and arguments of Keras 3; images have their channels last.

A layer is a callable from Tensor to Tensor that makes its variables at the first call.
"""

from cairnet.nn.layers.activation import Activation
from cairnet.nn.layers.base import Layer
from cairnet.nn.layers.convolution import Conv2D
from cairnet.nn.layers.dense import Dense
from cairnet.nn.layers.inputs import Input, InputLayer
from cairnet.nn.layers.pooling import MaxPooling2D
from cairnet.nn.layers.shaping import Flatten

__all__ = [
    "Activation",
    "Conv2D",
    "Dense",
    "Flatten",
    "Input",
    "InputLayer",
    "Layer",
    "MaxPooling2D",
]
