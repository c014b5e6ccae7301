"""The hearts of nests: how each heavy primitive becomes folds over reduce axes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from cairnet.compiler.complex_routines import complex_matrices
from cairnet.compiler.convolutions import (
    convolve,
    convolve_input_gradient,
    convolve_weight_gradient,
)
from cairnet.compiler.folding import fold, product_nest
from cairnet.compiler.loops import (
    Affine,
    Axis,
    Buffer,
    Literal,
    Nest,
    Result,
    Store,
)
from cairnet.compiler.nest import Lowering, NotStoredError
from cairnet.compiler.pads import pad
from cairnet.compiler.routines import ROUTINES
from cairnet.compiler.windows import window_argmax, window_put, window_sum, window_take
from cairnet.tensor.core import Tensor
from cairnet.tensor.extent import Size

__all__ = ["HEARTS"]

Builder = Callable[[Lowering, Tensor], list[Nest]]


def _reduction(kind: str) -> Builder:
    def build(lowering: Lowering, tensor: Tensor) -> list[Nest]:
        (x,) = tensor.inputs
        folded = tensor.parameters["axes"]
        every = lowering.axes(x)
        index = tuple(Affine.of(axis) for axis in every)
        kept = [axis for i, axis in enumerate(every) if i not in folded]
        value = lowering.read(x, index)
        return [
            lowering.nest(
                kept,
                tensor,
                tuple(Affine.of(axis) for axis in kept),
                Result(tensor.dtype, 0),
                reduce=[every[i] for i in folded],
                folds=[fold(kind, value)],
            )
        ]

    return build


def _arg_extreme(lowering: Lowering, tensor: Tensor) -> list[Nest]:
    (x,) = tensor.inputs
    every = lowering.axes(x)
    axis = every[tensor.parameters["axis"]]
    value = lowering.read(x, tuple(Affine.of(each) for each in every))
    kept = [each for each in every if each is not axis]
    return [
        lowering.nest(
            kept,
            tensor,
            tuple(Affine.of(each) for each in kept),
            Result(tensor.dtype, 0, position=True),
            reduce=[axis],
            folds=[fold(tensor.primitive.name, value, position=Affine.of(axis))],
        )
    ]


def _cumulative(kind: str) -> Builder:
    def build(lowering: Lowering, tensor: Tensor) -> list[Nest]:
        (x,) = tensor.inputs
        every = lowering.axes(x)
        index = tuple(Affine.of(axis) for axis in every)
        axis = every[tensor.parameters["axis"]]
        return [
            lowering.nest(
                [each for each in every if each is not axis],
                tensor,
                index,
                Result(tensor.dtype, 0),
                reduce=[axis],
                folds=[fold(kind, lowering.read(x, index))],
                kind="running",
            )
        ]

    return build


def _dot(lowering: Lowering, tensor: Tensor) -> list[Nest]:
    a, b = tensor.inputs
    contract, batch = tensor.parameters["contract"], tensor.parameters["batch"]
    axes = lowering.axes(tensor)
    reduce = [Axis(f"k{n}", a.extents[i]) for n, i in enumerate(contract[0])]
    left: list[Affine] = [Affine()] * a.ndim
    right: list[Affine] = [Affine()] * b.ndim
    for axis, i, j in zip(reduce, *contract, strict=True):
        left[i] = right[j] = Affine.of(axis)
    count = len(batch[0])
    for axis, i, j in zip(axes[:count], *batch, strict=True):
        left[i] = right[j] = Affine.of(axis)
    rest = iter(axes[count:])
    for side, ndim, used in (
        (left, a.ndim, (*contract[0], *batch[0])),
        (right, b.ndim, (*contract[1], *batch[1])),
    ):
        for i in range(ndim):
            if i not in used:
                side[i] = Affine.of(next(rest))
    return [
        product_nest(
            lowering,
            tensor,
            axes,
            reduce,
            lowering.read(a, tuple(left)),
            lowering.read(b, tuple(right)),
        )
    ]


def _concatenate(lowering: Lowering, tensor: Tensor) -> list[Nest]:
    axis = tensor.parameters["axis"]
    start: Size = 0
    nests = []
    for item in tensor.inputs:
        axes = lowering.axes(item)
        index = tuple(map(Affine.of, axes))
        place = tuple(
            position + start if i == axis else position for i, position in enumerate(index)
        )
        nests.append(lowering.nest(axes, tensor, place, lowering.read(item, index)))
        start = item.extents[axis] + start
    return nests


def _scatter_add(lowering: Lowering, tensor: Tensor) -> list[Nest]:
    updates, *indices = tensor.inputs
    axes = tensor.parameters["axes"]
    every = lowering.axes(tensor)
    zero = lowering.nest(every, tensor, tuple(map(Affine.of, every)), Literal(tensor.dtype, 0))
    ordered = lowering.axes(indices[0], "s")
    rest = [axis for i, axis in enumerate(lowering.axes(tensor, "r")) if i not in axes]
    place = tuple(map(Affine.of, ordered))
    buffer = lowering.buffer(tensor)
    others = [i for i in range(tensor.ndim) if i not in axes]
    offset = Affine()
    for axis, i in zip(rest, others, strict=True):
        offset = offset + Affine.of(axis) * buffer.strides[i]
    computed = tuple(
        (lowering.read(index, place), tensor.extents[i], buffer.strides[i])
        for index, i in zip(indices, axes, strict=True)
    )
    value = lowering.read(updates, (*place, *map(Affine.of, rest)))
    scatter = Nest(
        tuple(axis for axis in rest if axis.extent != 1),
        tuple(axis for axis in ordered if axis.extent != 1),
        (),
        (Store(buffer, offset, value, computed),),
        (tensor,),
        "scatter",
    )
    return [zero, scatter]


def _argsort(lowering: Lowering, tensor: Tensor) -> list[Nest]:
    (x,) = tensor.inputs
    if not lowering.is_stored(x):
        raise NotStoredError(x)
    every = lowering.axes(tensor)
    index = tuple(map(Affine.of, every))
    axis = every[tensor.parameters["axis"]]
    kind = "descending" if tensor.parameters["descending"] else "ascending"
    nest = lowering.nest(
        [each for each in every if each is not axis],
        tensor,
        index,
        Result(tensor.dtype, 0),
        reduce=[axis],
        folds=[fold(kind, lowering.read(x, index))],
        kind="sort",
    )
    nest.reduce = (axis,)
    # A second store names spare memory of the same shape for the merges.
    spare = Buffer("spare", tensor.dtype, tensor.extents, tensor, "arena")
    nest.stores = (*nest.stores, replace(nest.stores[0], buffer=spare))
    return [nest]


HEARTS: dict[str, Builder] = {
    "sum": _reduction("sum"),
    "product": _reduction("product"),
    "max": _reduction("max"),
    "min": _reduction("min"),
    "argmax": _arg_extreme,
    "argmin": _arg_extreme,
    "cumulative_sum": _cumulative("running_sum"),
    "cumulative_product": _cumulative("running_product"),
    "dot": _dot,
    "convolve": convolve,
    "convolve_input_gradient": convolve_input_gradient,
    "convolve_weight_gradient": convolve_weight_gradient,
    "window_sum": window_sum,
    "window_argmax": window_argmax,
    "window_take": window_take,
    "window_put": window_put,
    "pad": pad,
    "concatenate": _concatenate,
    "scatter_add": _scatter_add,
    "argsort": _argsort,
    **ROUTINES,
    "complex_matrices": complex_matrices,
}
