"""LeNet-5: two convolutions and three dense layers, the network that read the digits of cheques."""

from __future__ import annotations

from typing import Any

from cairnet.nn.layers import Conv2D, Dense, Flatten, Input, MaxPooling2D
from cairnet.training.sequential import Sequential

__all__ = ["lenet5"]


def lenet5(input_shape: tuple[int, int, int] = (28, 28, 1), classes: int = 10) -> Sequential:
    """LeNet-5 in the form in which it is taught today, 61,706 parameters for digits.

    Convolutions of 6 and 16 filters of 5 × 5, each followed by a rectifier and by 2 × 2 maximum
    pooling; dense layers of 120, 84 and `classes` units. The first convolution pads its input, as
    the original did by drawing the digits on 32 × 32.

    The original had scaled tanh units, learned averages for pooling, a table of which map reads
    which, and radial basis functions for outputs; rectifiers, maximum pooling and a softmax have
    taken their places. Layers with rectifiers start from `HeNormal` weights.

    Args:
        input_shape: height, width and channels of the images.
        classes: the number of outputs, which are probabilities.

    Returns:
        A `Sequential` that is built and not yet compiled.

    Raises:
        ShapeError: images too small for the two convolutions.

    Source:
        Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: Gradient-based learning applied to document
        recognition. Proceedings of the IEEE 86 (11), 1998.

    Example:
        >>> import cairnet as cn
        >>> model = cn.models.lenet5()
        >>> model.output_shape, model.count_params()
        ((None, 10), 61706)
    """
    rectified: dict[str, Any] = {"activation": "relu", "kernel_initializer": "he_normal"}
    return Sequential(
        [
            Input(input_shape),
            Conv2D(6, 5, padding="same", **rectified),
            MaxPooling2D(2),
            Conv2D(16, 5, **rectified),
            MaxPooling2D(2),
            Flatten(),
            Dense(120, **rectified),
            Dense(84, **rectified),
            Dense(classes, activation="softmax"),
        ],
        name="lenet5",
    )
