"""What layers do to a real digit."""

from __future__ import annotations

from functools import cache

import numpy as np
from looks import INK, new_figure, panels, tiles
from matplotlib.figure import Figure

import cairnet as cn

__all__ = ["augmentations", "convolutions", "noise", "normalizations", "poolings", "shifts"]


@cache
def digit(number: int = 7) -> np.ndarray:
    """A digit of MNIST's test images as a batch of one."""
    _, (images, _) = cn.datasets.mnist()
    return images[number : number + 1]


def shown(tensor: object) -> np.ndarray:
    """The first image of a batch, of its first channel."""
    return np.asarray(tensor)[0, :, :, 0]


def poolings() -> Figure:
    """A digit behind layers that make images smaller or larger."""
    layers = cn.layers
    row = {
        "the digit, 28 × 28": lambda x: x,
        "MaxPooling2D(2)": layers.MaxPooling2D(2),
        "AveragePooling2D(2)": layers.AveragePooling2D(2),
        "LpPooling2D(2)": layers.LpPooling2D(2),
        "Cropping2D(4)": layers.Cropping2D(4),
        "ZeroPadding2D(6)": layers.ZeroPadding2D(6),
        "pooled by 4 × 4, then\nUpSampling2D(4)": cn.Sequential(
            [layers.AveragePooling2D(4), layers.UpSampling2D(4)]
        ),
        'UpSampling2D(4,\ninterpolation="bilinear")': cn.Sequential(
            [layers.AveragePooling2D(4), layers.UpSampling2D(4, interpolation="bilinear")]
        ),
    }
    figure, axes = panels(2, 4, 1.75, 1.95)
    # The root of the sum of four squares is up to 2.
    images = [shown(f(digit())) for f in row.values()]
    images[3] = images[3] / 2
    tiles(axes.ravel(), images, list(row))
    return figure


def noise() -> Figure:
    """A digit behind the layers that disturb it while training."""
    layers = cn.layers
    row = {
        "in use: y = x": lambda x, training: x,
        "Dropout(0.5)": layers.Dropout(0.5, seed=1),
        "GaussianNoise(0.2)": layers.GaussianNoise(0.2, seed=1),
        "GaussianDropout(0.5)": layers.GaussianDropout(0.5, seed=1),
    }
    figure, axes = panels(2, 4, 1.75, 1.95)
    tiles(axes[0], [shown(f(digit(), training=True)) for f in row.values()], list(row))
    maps = _edges()(digit()).numpy()
    dropped = layers.SpatialDropout2D(0.5, seed=3)(maps, training=True).numpy()
    tiles(
        axes[1],
        [dropped[0, :, :, channel] for channel in range(4)],
        [f"SpatialDropout2D(0.5)\nchannel {channel}" for channel in range(4)],
    )
    return figure


def augmentations() -> Figure:
    """Six draws of each layer that changes images at random."""
    layers = cn.layers
    rows = {
        'RandomFlip("horizontal")': layers.RandomFlip("horizontal", seed=3),
        "RandomTranslation(0.2, 0.2)": layers.RandomTranslation(0.2, 0.2, "constant", seed=5),
        "RandomRotation(0.1)": layers.RandomRotation(0.1, "constant", seed=8),
        "RandomZoom(0.4)": layers.RandomZoom(0.4, fill_mode="constant", seed=14),
    }
    figure = new_figure(6.4, 5.6)
    batch = np.repeat(digit(), 6, axis=0)
    for part, (title, layer) in zip(figure.subfigures(4, 1), rows.items(), strict=True):
        part.suptitle(title, fontsize=9, color=INK, x=0.01, ha="left")
        images = np.asarray(layer(batch, training=True))
        tiles(part.subplots(1, 6), [one[:, :, 0] for one in images], [""] * 6)
    return figure


def shifts() -> Figure:
    """The five copies that `cn.augment.shifts` makes, with a shift that can be seen."""
    figure, axes = panels(1, 5, 1.45, 1.65)
    images, _ = cn.augment.shifts(digit(), [9], pixels=4)
    names = ("as it is", "down", "up", "right", "left")
    tiles(axes[0], [one[:, :, 0] for one in images], names)
    return figure


def _edges() -> cn.layers.DepthwiseConv2D:
    """Four filters that see edges, as one layer."""
    down = np.array([[1, 2, 1], [0, 0, 0], [-1, -2, -1]], np.float32) / 4
    kernel = np.stack([down, -down, down.T, -down.T], axis=-1)[:, :, np.newaxis]
    layer = cn.layers.DepthwiseConv2D(
        3, padding="same", depth_multiplier=4, activation="relu", use_bias=False
    )
    layer(digit())
    layer.kernel.assign(kernel)
    return layer


def convolutions() -> Figure:
    """The filters that a network has learned, and the maps that they make of a digit."""
    cn.seed(3)
    (x, y), _ = cn.datasets.mnist()
    first = cn.layers.Conv2D(8, 5, activation="relu")
    rest = [cn.layers.MaxPooling2D(2), cn.layers.Flatten(), cn.layers.Dense(10, "softmax")]
    model = cn.Sequential([cn.Input((28, 28, 1)), first, *rest])
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(x[:20000], y[:20000], batch_size=64, epochs=2, verbose=0)
    kernel = np.asarray(first.kernel.numpy())[:, :, 0]
    maps = np.asarray(first(digit()))[0]
    pooled = np.asarray(rest[0](maps[np.newaxis]))[0]
    size, most = float(np.abs(kernel).max()), float(maps.max())
    rows = {
        "kernels, 5 × 5: red above 0, blue below": (kernel, -size, size, "RdBu_r"),
        "what they make of a 9: maps of 24 × 24, behind relu": (maps, 0, most, "gray"),
        "the maps behind MaxPooling2D(2), 12 × 12": (pooled, 0, most, "gray"),
    }
    figure = new_figure(7.2, 3.3)
    parts = figure.subfigures(3, 1)
    for part, (title, (images, low, high, colours)) in zip(parts, rows.items(), strict=True):
        part.suptitle(title, fontsize=9, color=INK, x=0.01, ha="left")
        tiles(part.subplots(1, 8), list(np.moveaxis(images, -1, 0)), [""] * 8, low, high, colours)
    return figure


def normalizations() -> Figure:
    """One digit in three lights, and what each normalization makes of them."""
    image = digit()[0]
    lights = np.stack([image, 0.4 * image, 0.4 * image + 0.4])
    batch = cn.layers.BatchNormalization(epsilon=1e-6)
    normal = np.asarray(batch(lights, training=True))
    by_sample = cn.layers.LayerNormalization(axis=(1, 2, 3), epsilon=1e-6)
    rows = {
        "input: as it is, dimmed, dimmed on grey": lights,
        "BatchNormalization(), training: mean 0, deviation 1 of all": normal,
        "LayerNormalization(axis=(1, 2, 3)): every image has": np.asarray(by_sample(lights)),
    }
    figure = new_figure(5.4, 6.9)
    for part, (title, images) in zip(figure.subfigures(3, 1), rows.items(), strict=True):
        part.suptitle(title, fontsize=9.5, color=INK, x=0.02, ha="left")
        low, high = (0.0, 1.0) if title.startswith("input") else (-2.0, 4.0)
        captions = [f"mean {one.mean():z.2f}, deviation {one.std():.2f}" for one in images]
        tiles(part.subplots(1, 3), [one[:, :, 0] for one in images], captions, low, high)
    return figure
