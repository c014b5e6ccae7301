"""Products of two square matrices, called from Python: how much of the processor is used."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from benchmarks.contest import Contest, Contestant
from benchmarks.peers import EAGER
from benchmarks.problem import Problem
from cairnet.runtime import Function, Profile

__all__ = ["CONTESTS"]

_SIZES = (256, 512, 1024, 2048)
_STEPS = 10_000

#: Makes, from two matrices and a number of threads, a function without arguments that multiplies.
Multiply = Callable[[np.ndarray, np.ndarray, int], Callable[[], Any]]


def _problem(size: int, quick: bool) -> Problem:
    """Positive elements, so that sums of them have no cancellation."""
    random = np.random.default_rng(size)
    left, right = (random.random((size, size), np.float32) for _ in range(2))
    order = np.zeros((_STEPS // 10 if quick else _STEPS, 0), np.int64)
    return Problem(left, right, order, (), "random numbers between 0 and 1")


class _Products:
    """The same product again and again; what it returns of each is one element, to be compared."""

    def __init__(self, multiply: Multiply, problem: Problem, threads: int) -> None:
        self._multiply = multiply(problem.x, problem.y, threads)
        self._size = len(problem.x)
        self._steps = len(problem.order)

    def reset(self, order: np.ndarray) -> None:
        self._steps = len(order)

    def run(self) -> np.ndarray:
        multiply, size = self._multiply, self._size
        return np.array([float(multiply()[0, step % size]) for step in range(self._steps)])


class _OurProducts(_Products):
    def __init__(self, problem: Problem, threads: int) -> None:
        super().__init__(_cairnet, problem, threads)
        self._matrices = problem.x, problem.y

    def profile(self) -> Profile:
        import cairnet as cn

        return cn.profile(_product(*self._matrices), *self._matrices, seconds=0.2)


def _product(left: np.ndarray, right: np.ndarray) -> Function:
    import cairnet as cn

    inputs = [cn.input(array.shape, name=name) for name, array in (("a", left), ("b", right))]
    return cn.function(inputs, inputs[0] @ inputs[1], name="product")


def _cairnet(left: np.ndarray, right: np.ndarray, threads: int) -> Callable[[], Any]:
    return partial(_product(left, right), left, right)


def _numpy(left: np.ndarray, right: np.ndarray, threads: int) -> Callable[[], Any]:
    return lambda: left @ right


def _torch(left: np.ndarray, right: np.ndarray, threads: int) -> Callable[[], Any]:
    import torch

    torch.set_num_threads(threads)
    first, second = torch.from_numpy(left), torch.from_numpy(right)
    return lambda: first @ second


def _jax(left: np.ndarray, right: np.ndarray, threads: int) -> Callable[[], Any]:
    import jax
    from jax import numpy as jnp

    first, second = jnp.asarray(left), jnp.asarray(right)
    multiply = jax.jit(jnp.matmul)
    # As an array of NumPy's, which shares the memory: JAX's own way to one element is slow.
    return lambda: np.asarray(multiply(first, second))


def _contestant(name: str, library: str, multiply: Multiply, *needs: str) -> Contestant:
    return Contestant(name, library, partial(_Products, multiply), needs)


def _contest(size: int) -> Contest:
    return Contest(
        name=f"product-{size}",
        title=f"Matrix product, {size} × {size}",
        description=(
            f"Two float32 matrices of {size} × {size} are multiplied; a step is one call from "
            "Python, which returns a new array. What is compared instead of losses are elements "
            "of the products."
        ),
        problem=partial(_problem, size),
        contestants=(
            Contestant("Cairnet", "cairnet", _OurProducts),
            _contestant("NumPy", "numpy", _numpy),
            _contestant(EAGER[0], "torch", _torch, "torch"),
            _contestant("JAX, jitted", "jax", _jax, "jax"),
        ),
        flops=lambda batch: 2 * batch * size * size,
        share=0.9,
        limits=(
            "What a call from Python adds, checking the arrays and finding where they lie, weighs "
            "most where a product is small, and so does the start of the threads; inside a larger "
            "function both fall away. A large product waits for memory where operands are copied "
            "into panels first. Preparing calls once for all of a size and seldom trying other "
            "numbers of threads helped; half as wide panels, and asking for lines early where a "
            "matrix is turned, gained nothing."
        ),
    )


#: From the smallest to the largest.
CONTESTS = tuple(_contest(size) for size in _SIZES)
