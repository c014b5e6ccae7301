"""ResNet-18 on images of 224 × 224 pixels, with batch normalisation; SGD with momentum."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.contest import Contest, Contestant
from benchmarks.data import gratings, shuffled_rows
from benchmarks.operations import convolution, dense
from benchmarks.peers import torch_peers
from benchmarks.problem import Optimizer, Problem
from benchmarks.runners import with_cairnet

__all__ = ["CONTEST"]

_OPTIMIZER = Optimizer("sgd", 0.01, momentum=0.9)
_ROWS, _BATCH, _SIZE, _CLASSES = 64, 16, 224, 1000
_EPSILON, _MOMENTUM = 1e-5, 0.9
#: Filters of the blocks, two of them a stage; the first of each stage but the first halves.
_STAGES = (64, 128, 256, 512)
_BLOCKS = 2


def _problem(quick: bool) -> Problem:
    rows = _ROWS // 2 if quick else _ROWS
    images, labels, source = gratings(rows, _SIZE, _CLASSES)
    order = shuffled_rows(rows, _BATCH, epochs=4)
    return Problem(images, labels, order, _weights(), source)


def _weights() -> tuple[np.ndarray, ...]:
    """The kernels of He's initialization, each with the scale and shift behind it; the last layer.

    A block's shortcut comes before its convolutions.
    """
    random = np.random.default_rng(0)
    weights: list[np.ndarray] = []

    def normalized(size: int, channels: int, filters: int) -> None:
        kernel = random.standard_normal((size, size, channels, filters))
        weights.append((kernel * np.sqrt(2 / (size**2 * channels))).astype(np.float32))
        weights.append(np.ones(filters, np.float32))
        weights.append(np.zeros(filters, np.float32))

    normalized(7, 3, _STAGES[0])
    for channels, filters, stride in _blocks():
        if stride > 1:
            normalized(1, channels, filters)
        normalized(3, channels, filters)
        normalized(3, filters, filters)
    last = random.standard_normal((_STAGES[-1], _CLASSES)) / np.sqrt(_STAGES[-1])
    return (*weights, last.astype(np.float32), np.zeros(_CLASSES, np.float32))


def _blocks() -> list[tuple[int, int, int]]:
    """Channels, filters and stride of each block."""
    blocks = []
    channels = _STAGES[0]
    for filters in _STAGES:
        for _ in range(_BLOCKS):
            blocks.append((channels, filters, filters // channels))
            channels = filters
    return blocks


def _cairnet() -> Any:
    import cairnet as cn

    layers = cn.layers

    def normalized(x: Any, size: int, filters: int, stride: int = 1) -> Any:
        if size > 1:
            x = layers.ZeroPadding2D(size // 2)(x)
        x = layers.Conv2D(filters, size, stride, use_bias=False)(x)
        return layers.BatchNormalization(momentum=_MOMENTUM, epsilon=_EPSILON)(x)

    inputs = cn.Input((_SIZE, _SIZE, 3))
    x = layers.ReLU()(normalized(inputs, 7, _STAGES[0], 2))
    x = layers.MaxPooling2D(3, 2)(layers.ZeroPadding2D(1)(x))
    for _, filters, stride in _blocks():
        shortcut = x if stride == 1 else normalized(x, 1, filters, stride)
        x = layers.ReLU()(normalized(x, 3, filters, stride))
        x = layers.ReLU()(layers.Add()([shortcut, normalized(x, 3, filters)]))
    x = layers.GlobalAveragePooling2D()(x)
    return cn.Model(inputs, layers.Dense(_CLASSES)(x), name="resnet18")


def _loss(labels: Any, logits: Any) -> Any:
    import cairnet as cn

    return cn.losses.SparseCategoricalCrossentropy(from_logits=True)(labels, logits)


def _torch() -> Any:
    import torch
    from torch.nn import functional

    # Moving averages by the number of the layer, as torch's own module would hold them.
    averages: dict[int, tuple[Any, Any]] = {}

    def loss(weights: Any, x: Any, y: Any) -> Any:
        left = iter(weights)
        count = 0

        def normalized(x: Any, stride: int = 1) -> Any:
            nonlocal count
            kernel, scale, shift = next(left), next(left), next(left)
            padding = kernel.shape[-1] // 2
            x = functional.conv2d(x, kernel, stride=stride, padding=padding)
            count += 1
            if count not in averages:
                averages[count] = torch.zeros_like(shift), torch.ones_like(scale)
            moving = averages[count]
            momentum = 1 - _MOMENTUM
            return functional.batch_norm(x, *moving, scale, shift, True, momentum, _EPSILON)

        x = functional.relu(normalized(x, 2), inplace=True)
        x = functional.max_pool2d(x, 3, 2, padding=1)
        for _, _, stride in _blocks():
            shortcut = x if stride == 1 else normalized(x, stride)
            x = functional.relu(normalized(x, stride), inplace=True)
            x = functional.relu(normalized(x).add_(shortcut), inplace=True)
        logits = functional.linear(x.mean((2, 3)), next(left), next(left))
        return functional.cross_entropy(logits, y)

    return loss


def _flops(batch: int) -> int:
    size = _SIZE // 2
    total = convolution(batch, _SIZE, 7, 3, _STAGES[0], 3, stride=2, first=True)
    size //= 2
    for channels, filters, stride in _blocks():
        total += convolution(batch, size, 3, channels, filters, 1, stride=stride)
        if stride > 1:
            total += convolution(batch, size, 1, channels, filters, 0, stride=stride)
        size //= stride
        total += convolution(batch, size, 3, filters, filters, 1)
    return total + dense(batch, _STAGES[-1], _CLASSES)


CONTEST = Contest(
    name="resnet18",
    title="ResNet-18",
    description=(
        "Twenty convolutions of 64 to 512 filters with batch normalisation and rectifiers, in "
        "eight blocks around which shortcuts lead, on images of 224 × 224 pixels with three "
        "colours; a dense layer of 1,000 outputs; softmax and cross entropy; SGD with momentum; "
        "shuffled rows."
    ),
    problem=_problem,
    contestants=(
        Contestant("Cairnet", "cairnet", with_cairnet.steps(_cairnet, _loss, _OPTIMIZER, 1)),
        *torch_peers(_torch, _OPTIMIZER, images=True, compiled=False),
    ),
    flops=_flops,
    floor=1.0,
    compared=3,
)
