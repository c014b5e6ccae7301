r"""Initializers: the values that weights start from.

An initializer is a callable `(shape, dtype) -> array`. Most scale their values by how many numbers
a unit adds up, so that signals neither grow nor fade from layer to layer:

    variance = scale / n,  n = fan in, fan out, or their mean

Here fan in is the number of inputs that one unit reads, fan out the number of units that one input
is read by; for a convolution both are counted over the taps of the kernel.

Without a seed of its own, an initializer draws a new stream from `cn.seed`'s at every call; with
one, every call gives the same values.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from cairnet.nn.initializers.base import Initializer, registry
from cairnet.nn.initializers.constant import Constant, Identity, Ones, Zeros
from cairnet.nn.initializers.orthogonal import Orthogonal
from cairnet.nn.initializers.random import RandomNormal, RandomUniform, TruncatedNormal
from cairnet.nn.initializers.scaling import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    VarianceScaling,
)

__all__ = [
    "Constant",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "Identity",
    "Initializer",
    "LecunNormal",
    "LecunUniform",
    "Ones",
    "Orthogonal",
    "RandomNormal",
    "RandomUniform",
    "TruncatedNormal",
    "VarianceScaling",
    "Zeros",
    "get",
]

registry.alias("normal", RandomNormal)
registry.alias("uniform", RandomUniform)
registry.alias("one", Ones)
registry.alias("zero", Zeros)


def get(initializer: Any) -> Callable[..., np.ndarray]:
    """The initializer of a name, as "glorot_uniform" or "GlorotUniform"; others as they are.

    Args:
        initializer: a name, an initializer, or a function of shape and dtype.

    Raises:
        UnknownNameError: no initializer has this name; the nearest one that has is offered.

    Example:
        >>> import cairnet as cn
        >>> type(cn.initializers.get("he_normal")).__name__
        'HeNormal'
    """
    return registry.get(initializer)
