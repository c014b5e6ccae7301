"""Layers, with the names and arguments of Keras 3; images have their channels last.

A layer is a callable from Tensor to Tensor that makes its variables at the first call. Layers that
merge take a list of tensors.
"""

from cairnet.nn.effects import Effects, add_loss, add_update, latest
from cairnet.nn.layers.activation import Activation
from cairnet.nn.layers.attention import Attention
from cairnet.nn.layers.augmentation import (
    RandomFlip,
    RandomRotation,
    RandomTranslation,
    RandomZoom,
)
from cairnet.nn.layers.base import Layer
from cairnet.nn.layers.batch_normalization import BatchNormalization
from cairnet.nn.layers.bidirectional import Bidirectional
from cairnet.nn.layers.borders import Cropping2D, ZeroPadding2D
from cairnet.nn.layers.convolution import Conv1D, Conv2D
from cairnet.nn.layers.dense import Dense
from cairnet.nn.layers.depthwise import DepthwiseConv2D
from cairnet.nn.layers.dot import Dot
from cairnet.nn.layers.dropout import Dropout, SpatialDropout2D
from cairnet.nn.layers.embedding import Embedding
from cairnet.nn.layers.function import Lambda
from cairnet.nn.layers.global_pooling import GlobalAveragePooling2D, GlobalMaxPooling2D
from cairnet.nn.layers.gru import GRU, GRUCell
from cairnet.nn.layers.inputs import Input, InputLayer
from cairnet.nn.layers.layer_normalization import LayerNormalization
from cairnet.nn.layers.local_response_normalization import LocalResponseNormalization
from cairnet.nn.layers.lstm import LSTM, LSTMCell
from cairnet.nn.layers.masking import Masking
from cairnet.nn.layers.merging import (
    Add,
    Average,
    Concatenate,
    Maximum,
    Merge,
    Minimum,
    Multiply,
    Subtract,
)
from cairnet.nn.layers.multi_head_attention import MultiHeadAttention
from cairnet.nn.layers.noise import GaussianDropout, GaussianNoise
from cairnet.nn.layers.pooling import AveragePooling2D, LpPooling2D, MaxPooling2D
from cairnet.nn.layers.prelu import PReLU
from cairnet.nn.layers.random_keys import RandomKeys
from cairnet.nn.layers.rectifiers import ELU, LeakyReLU, ReLU, Softmax
from cairnet.nn.layers.recurrent import RNN
from cairnet.nn.layers.rescaling import Rescaling
from cairnet.nn.layers.sequence_pooling import (
    AveragePooling1D,
    GlobalAveragePooling1D,
    GlobalMaxPooling1D,
    MaxPooling1D,
)
from cairnet.nn.layers.shaping import Flatten, Permute, RepeatVector, Reshape
from cairnet.nn.layers.simple_rnn import SimpleRNN, SimpleRNNCell
from cairnet.nn.layers.stacked_cells import StackedRNNCells
from cairnet.nn.layers.time_distributed import TimeDistributed
from cairnet.nn.layers.transposed import Conv2DTranspose
from cairnet.nn.layers.upsampling import UpSampling2D
from cairnet.nn.masks import mask_of

__all__ = [
    "ELU",
    "GRU",
    "LSTM",
    "RNN",
    "Activation",
    "Add",
    "Attention",
    "Average",
    "AveragePooling1D",
    "AveragePooling2D",
    "BatchNormalization",
    "Bidirectional",
    "Concatenate",
    "Conv1D",
    "Conv2D",
    "Conv2DTranspose",
    "Cropping2D",
    "Dense",
    "DepthwiseConv2D",
    "Dot",
    "Dropout",
    "Effects",
    "Embedding",
    "Flatten",
    "GRUCell",
    "GaussianDropout",
    "GaussianNoise",
    "GlobalAveragePooling1D",
    "GlobalAveragePooling2D",
    "GlobalMaxPooling1D",
    "GlobalMaxPooling2D",
    "Input",
    "InputLayer",
    "LSTMCell",
    "Lambda",
    "Layer",
    "LayerNormalization",
    "LeakyReLU",
    "LocalResponseNormalization",
    "LpPooling2D",
    "Masking",
    "MaxPooling1D",
    "MaxPooling2D",
    "Maximum",
    "Merge",
    "Minimum",
    "MultiHeadAttention",
    "Multiply",
    "PReLU",
    "Permute",
    "RandomFlip",
    "RandomKeys",
    "RandomRotation",
    "RandomTranslation",
    "RandomZoom",
    "ReLU",
    "RepeatVector",
    "Rescaling",
    "Reshape",
    "SimpleRNN",
    "SimpleRNNCell",
    "Softmax",
    "SpatialDropout2D",
    "StackedRNNCells",
    "Subtract",
    "TimeDistributed",
    "UpSampling2D",
    "ZeroPadding2D",
    "add_loss",
    "add_update",
    "latest",
    "mask_of",
]
