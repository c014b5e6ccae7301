"""Layers, with the names and arguments of Keras 3; images have their channels last.

A layer is a callable from Tensor to Tensor that makes its variables at the first call.
"""

from cairnet.nn.effects import Effects, add_loss, add_update, latest
from cairnet.nn.layers.activation import Activation
from cairnet.nn.layers.base import Layer
from cairnet.nn.layers.batch_normalization import BatchNormalization
from cairnet.nn.layers.convolution import Conv2D
from cairnet.nn.layers.dense import Dense
from cairnet.nn.layers.dropout import Dropout, SpatialDropout2D
from cairnet.nn.layers.inputs import Input, InputLayer
from cairnet.nn.layers.layer_normalization import LayerNormalization
from cairnet.nn.layers.noise import GaussianDropout, GaussianNoise
from cairnet.nn.layers.pooling import MaxPooling2D
from cairnet.nn.layers.random_keys import RandomKeys
from cairnet.nn.layers.shaping import Flatten

__all__ = [
    "Activation",
    "BatchNormalization",
    "Conv2D",
    "Dense",
    "Dropout",
    "Effects",
    "Flatten",
    "GaussianDropout",
    "GaussianNoise",
    "Input",
    "InputLayer",
    "Layer",
    "LayerNormalization",
    "MaxPooling2D",
    "RandomKeys",
    "SpatialDropout2D",
    "add_loss",
    "add_update",
    "latest",
]
