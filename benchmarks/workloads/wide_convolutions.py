"""Wide convolutions of 3 × 3, forward and both gradients: how much of the processor is used.

The four shapes are those of a residual network's stages: 64 channels at 56 × 56 to 512 at 7 × 7.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from benchmarks.contest import Contest, Contestant
from benchmarks.operations import convolution
from benchmarks.peers import EAGER
from benchmarks.problem import Problem

__all__ = ["CONTESTS"]

_BATCH = 16
#: Channels, and rows and columns of the images.
_LAYERS = ((64, 56), (128, 28), (256, 14), (512, 7))
_STEPS = 2_000
#: What is computed, as it is called on the command line and on the page.
_DIRECTIONS = {
    "forward": "forward",
    "images": "gradient of the images",
    "weights": "gradient of the weights",
}

#: Makes, from the arrays, a direction and a number of threads, a function without arguments.
Convolve = Callable[[Problem, str, int], Callable[[], Any]]


def _problem(channels: int, space: int, quick: bool) -> Problem:
    """Positive elements, so that sums of them have no cancellation."""
    random = np.random.default_rng(channels)
    images, slopes = (random.random((_BATCH, space, space, channels), np.float32) for _ in range(2))
    weights = random.random((3, 3, channels, channels), np.float32)
    order = np.zeros((_STEPS // 10 if quick else _STEPS, 0), np.int64)
    return Problem(images, slopes, order, (weights,), "random numbers between 0 and 1")


class _Convolutions:
    """The same convolution again and again; one element of each result is compared."""

    def __init__(self, convolve: Convolve, direction: str, problem: Problem, threads: int) -> None:
        self._convolve = convolve(problem, direction, threads)
        self._shape = problem.weights[0].shape if direction == "weights" else problem.x.shape
        self._steps = len(problem.order)

    def reset(self, order: np.ndarray) -> None:
        self._steps = len(order)

    def run(self) -> np.ndarray:
        places = [np.unravel_index(1_009 * step, self._shape) for step in range(self._steps)]
        return np.array([float(self._convolve()[tuple(map(int, place))]) for place in places])


def _cairnet(problem: Problem, direction: str, threads: int) -> Callable[[], Any]:
    import cairnet as cn

    arrays = {"images": problem.x, "weights": problem.weights[0], "slopes": problem.y}
    inputs = {name: cn.input(array.shape, name=name) for name, array in arrays.items()}
    result = cn.conv2d(inputs["images"], inputs["weights"], padding="same")
    if direction != "forward":
        (result,) = cn.grad(cn.sum(result * inputs["slopes"]), [inputs[direction]])
    unused = {"forward": "slopes", "images": "images", "weights": "weights"}[direction]
    del inputs[unused], arrays[unused]
    return partial(cn.function([*inputs.values()], result, name="convolution"), *arrays.values())


def _torch(problem: Problem, direction: str, threads: int) -> Callable[[], Any]:
    import torch

    torch.set_num_threads(threads)
    # Channels last in memory, as NumPy has them; torch counts the axes in another order.
    images, slopes = (torch.from_numpy(a).permute(0, 3, 1, 2) for a in (problem.x, problem.y))
    weights = torch.from_numpy(problem.weights[0]).permute(3, 2, 0, 1)
    weights = weights.contiguous(memory_format=torch.channels_last)
    if direction == "forward":
        forward = partial(torch.nn.functional.conv2d, images, weights, padding=1)
        return lambda: forward().permute(0, 2, 3, 1)
    wanted = [direction == "images", direction == "weights", False]
    # Its arguments: no bias; steps, padding and dilation; not transposed; one group.
    geometry = [1, 1], [1, 1], [1, 1], False, [0, 0], 1

    def backward() -> Any:
        return torch.ops.aten.convolution_backward(slopes, images, weights, None, *geometry, wanted)

    if direction == "images":
        return lambda: backward()[0].permute(0, 2, 3, 1)
    return lambda: backward()[1].permute(2, 3, 1, 0)


def _jax(problem: Problem, direction: str, threads: int) -> Callable[[], Any]:
    import jax
    from jax import numpy as jnp

    images, slopes = jnp.asarray(problem.x), jnp.asarray(problem.y)
    weights = jnp.asarray(problem.weights[0])

    def forward(x: Any, w: Any) -> Any:
        names = ("NHWC", "HWIO", "NHWC")
        return jax.lax.conv_general_dilated(x, w, (1, 1), "SAME", dimension_numbers=names)

    def backward(x: Any, w: Any, g: Any) -> Any:
        if direction == "images":
            return jax.vjp(lambda x: forward(x, w), x)[1](g)[0]
        return jax.vjp(lambda w: forward(x, w), w)[1](g)[0]

    if direction == "forward":
        compiled = partial(jax.jit(forward), images, weights)
    else:
        compiled = partial(jax.jit(backward), images, weights, slopes)
    # As an array of NumPy's, which shares the memory: JAX's own way to one element is slow.
    return lambda: np.asarray(compiled())


def _contest(channels: int, space: int, direction: str) -> Contest:
    def contestant(name: str, library: str, convolve: Convolve, *needs: str) -> Contestant:
        note = "Images and weights lie channels last." if library == "torch" else ""
        build = partial(_Convolutions, convolve, direction)
        return Contestant(name, library, build, needs, note=note)

    return Contest(
        name=f"convolution-{channels}-{direction}",
        title=f"Convolution {channels} × {space} × {space}: {direction}",
        description=(
            f"{_BATCH} images of {space} × {space} with {channels} channels and as many filters of "
            f"3 × 3, padded so that the results are as large; {_DIRECTIONS[direction]}. A step is "
            "one call from Python, which returns a new array. What is compared instead of losses "
            "are elements of the results."
        ),
        problem=partial(_problem, channels, space),
        contestants=(
            contestant("Cairnet", "cairnet", _cairnet),
            contestant(EAGER[0], "torch", _torch, "torch"),
            contestant("JAX, jitted", "jax", _jax, "jax"),
        ),
        # One of the two passes; the third has as many operations.
        flops=lambda batch: convolution(batch, space, 3, channels, channels, "same", True) // 2,
        share=0.85,
        limits=(
            "Results are new arrays, which the system hands out page by page; that weighs most "
            "where images are large. Sums of the gradient of the weights are split into stretches "
            "of a sample for the caches, and their parts added up afterwards. Copying images into "
            "memory with a border first, summing rows apart and other tiles were no faster."
        ),
    )


#: The directions of every layer, from the widest images on.
CONTESTS = tuple(
    _contest(channels, space, direction) for channels, space in _LAYERS for direction in _DIRECTIONS
)
