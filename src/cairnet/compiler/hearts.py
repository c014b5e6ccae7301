"""The hearts of nests: how each heavy primitive becomes folds over reduce axes.

Where a gradient would have to divide an index by a stride, the result is taken apart by residue:
positions i = s·q + r for each r in 0 … s - 1 are a nest of their own over q, in which only the
taps that hit them occur. So no nest ever tests divisibility, and no work is wasted.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from cairnet.base.dtypes import bool_
from cairnet.compiler.loops import (
    Affine,
    Axis,
    Buffer,
    Compute,
    Coordinate,
    Expression,
    Fold,
    Guard,
    Guarded,
    Literal,
    Load,
    Nest,
    Result,
    Store,
)
from cairnet.compiler.nest import Lowering, NotStoredError
from cairnet.compiler.storage import is_leaf
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
                folds=[_fold(kind, value)],
            )
        ]

    return build


def _fold(
    kind: str,
    value: Expression,
    guards: tuple[Guard, ...] = (),
    position: Affine | None = None,
) -> Fold:
    return Fold(kind, value, tuple(g for g in guards if not g.always()), position)


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
            folds=[_fold(tensor.primitive.name, value, position=Affine.of(axis))],
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
                folds=[_fold(kind, lowering.read(x, index))],
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
    return [_product_nest(lowering, tensor, axes, reduce, (a, left), (b, right))]


def _product_nest(
    lowering: Lowering,
    tensor: Tensor,
    axes: Sequence[Axis],
    reduce: Sequence[Axis],
    first: tuple[Tensor, Sequence[Affine]],
    second: tuple[Tensor, Sequence[Affine]],
    *,
    index: Sequence[Affine] | None = None,
    guards: tuple[Guard, ...] = (),
    second_guards: tuple[Guard, ...] = (),
) -> Nest:
    """tensor[index] = sum over `reduce` of first · second."""
    a = lowering.read(first[0], tuple(first[1]), guards)
    b = lowering.read(second[0], tuple(second[1]), second_guards)
    value = Compute(tensor.dtype, "multiply", (a, b))
    return lowering.nest(
        axes,
        tensor,
        tuple(Affine.of(axis) for axis in axes) if index is None else tuple(index),
        Result(tensor.dtype, 0),
        reduce=reduce,
        folds=[_fold("sum", value, _untested(a, guards))],
    )


def _untested(value: Expression, guards: tuple[Guard, ...]) -> tuple[Guard, ...]:
    """The guards that must be tested around a value: a load tests its own, and gives zero."""
    return () if isinstance(value, Load) else guards


@dataclass(frozen=True)
class _Channels:
    """The channel axes of a convolution with groups: group g, input c and output o within it."""

    group: Axis
    inputs: Axis
    outputs: Axis

    @property
    def x(self) -> Affine:
        return Affine.of(self.group) * self.inputs.extent + Affine.of(self.inputs)

    @property
    def w(self) -> tuple[Affine, Affine]:
        outputs = Affine.of(self.group) * self.outputs.extent + Affine.of(self.outputs)
        return Affine.of(self.inputs), outputs


def _channels(w_extents: Sequence[Size], groups: int) -> _Channels:
    return _Channels(
        Axis("g", groups), Axis("c", w_extents[-2]), Axis("o", w_extents[-1] // groups)
    )


def _convolve(lowering: Lowering, tensor: Tensor) -> list[Nest]:
    x, w = tensor.inputs
    p = tensor.parameters
    channels = _channels(w.extents, p["groups"])
    batch = Axis("n", tensor.extents[0])
    space = [Axis(f"y{i}", size) for i, size in enumerate(tensor.extents[1:-1])]
    taps = [Axis(f"k{i}", size) for i, size in enumerate(w.extents[:-2])]
    places, guards = _reach(x.extents[1:-1], space, taps, p["strides"], p["padding"], p["dilation"])
    axes = [batch, *space, channels.group, channels.outputs]
    output = channels.w[1]
    return [
        _product_nest(
            lowering,
            tensor,
            axes,
            [*taps, channels.inputs],
            (x, [Affine.of(batch), *places, channels.x]),
            (w, [*map(Affine.of, taps), *channels.w]),
            index=[Affine.of(batch), *map(Affine.of, space), output],
            guards=guards,
        )
    ]


def _reach(
    extents: Sequence[Size],
    space: Sequence[Axis],
    taps: Sequence[Axis],
    strides: Sequence[int],
    padding: Sequence[tuple[int, int]],
    dilation: Sequence[int],
) -> tuple[list[Affine], tuple[Guard, ...]]:
    """Where a window reads: y·stride + k·dilation - padding, guarded by the input's extents."""
    places = [
        Affine.of(y) * s + Affine.of(k) * d + -low
        for y, k, s, d, (low, _) in zip(space, taps, strides, dilation, padding, strict=True)
    ]
    guards = (Guard(place, size) for place, size in zip(places, extents, strict=True))
    return places, tuple(guard for guard in guards if not guard.always())


@dataclass(frozen=True)
class _Residue:
    """One residue class along one axis: results at stride·q + offset, and the taps that hit it."""

    block: Axis
    result: Affine
    tap_axis: Axis
    tap: Affine
    source: Affine


def _residues(
    axis: int, extent: Size, taps: int, stride: int, low: int, dilation: int
) -> Iterator[_Residue]:
    """The residue classes of positions i with i + low = stride·y + dilation·k."""
    step = stride // math.gcd(dilation, stride)
    for r in range(stride):
        if isinstance(extent, int) and r >= extent:
            continue
        block = Axis(f"q{axis}", (extent - r + stride - 1) // stride)
        first = next(
            (k for k in range(min(step, taps)) if (r + low - k * dilation) % stride == 0), None
        )
        result = Affine.of(block) * stride + r
        if first is None:
            none = Axis(f"k{axis}", 0)
            yield _Residue(block, result, none, Affine.of(none), Affine())
            continue
        tap_axis = Axis(f"k{axis}", (taps - first + step - 1) // step)
        tap = Affine.of(tap_axis)
        source = (
            Affine.of(block)
            + tap * (-step * dilation // stride)
            + (r + low - first * dilation) // stride
        )
        yield _Residue(block, result, tap_axis, tap * step + first, source)


def _convolve_input_gradient(lowering: Lowering, tensor: Tensor) -> list[Nest]:
    g, w = tensor.inputs
    p = tensor.parameters
    variants = [
        list(_residues(i, size, taps, stride, low, dilation))
        for i, (size, taps, stride, (low, _), dilation) in enumerate(
            zip(p["space"], w.extents[:-2], p["strides"], p["padding"], p["dilation"], strict=True)
        )
    ]
    nests = []
    for parts in itertools.product(*variants):
        channels = _channels(w.extents, p["groups"])
        batch = Axis("n", tensor.extents[0])
        output = channels.w[1]
        guards = tuple(
            Guard(part.source, size) for part, size in zip(parts, g.extents[1:-1], strict=True)
        )
        nests.append(
            _product_nest(
                lowering,
                tensor,
                [batch, *(part.block for part in parts), channels.group, channels.inputs],
                [*(part.tap_axis for part in parts), channels.outputs],
                (g, [Affine.of(batch), *(part.source for part in parts), output]),
                (w, [*(part.tap for part in parts), *channels.w]),
                index=[Affine.of(batch), *(part.result for part in parts), channels.x],
                guards=guards,
            )
        )
    return nests


def _convolve_weight_gradient(lowering: Lowering, tensor: Tensor) -> list[Nest]:
    x, g = tensor.inputs
    p = tensor.parameters
    channels = _channels(tensor.extents, p["groups"])
    batch = Axis("n", x.extents[0])
    space = [Axis(f"y{i}", size) for i, size in enumerate(g.extents[1:-1])]
    taps = [Axis(f"k{i}", size) for i, size in enumerate(tensor.extents[:-2])]
    places, guards = _reach(x.extents[1:-1], space, taps, p["strides"], p["padding"], p["dilation"])
    return [
        _product_nest(
            lowering,
            tensor,
            [*taps, channels.inputs, channels.group, channels.outputs],
            [batch, *space],
            (x, [Affine.of(batch), *places, channels.x]),
            (g, [Affine.of(batch), *map(Affine.of, space), channels.w[1]]),
            index=[*map(Affine.of, taps), *channels.w],
            guards=guards,
        )
    ]


def _windows(
    lowering: Lowering, tensor: Tensor, x: Tensor
) -> tuple[list[Axis], list[Axis], list[Affine], tuple[Guard, ...], Affine]:
    """Axes, tap axes, the places read, their guards, and the number of the tap."""
    p = tensor.parameters
    axes = list(lowering.axes(tensor))
    taps = [Axis(f"k{i}", size) for i, size in enumerate(p["window"])]
    places, guards = _reach(x.extents, axes, taps, p["strides"], p["padding"], p["dilation"])
    return axes, taps, places, guards, _tap_number(p["window"], [Affine.of(k) for k in taps])


def _tap_number(window: Sequence[int], taps: Sequence[Affine]) -> Affine:
    number = Affine()
    for size, tap in zip(window, taps, strict=True):
        number = number * size + tap
    return number


def _window_sum(lowering: Lowering, tensor: Tensor) -> list[Nest]:
    (x,) = tensor.inputs
    axes, taps, places, guards, _ = _windows(lowering, tensor, x)
    value = lowering.read(x, tuple(places), guards)
    return [
        lowering.nest(
            axes,
            tensor,
            tuple(map(Affine.of, axes)),
            Result(tensor.dtype, 0),
            reduce=taps,
            folds=[_fold("sum", value, guards)],
        )
    ]


def _window_argmax(lowering: Lowering, tensor: Tensor) -> list[Nest]:
    (x,) = tensor.inputs
    axes, taps, places, guards, number = _windows(lowering, tensor, x)
    value = lowering.read(x, tuple(places), guards)
    index = tuple(map(Affine.of, axes))
    nest = lowering.nest(
        axes,
        tensor,
        index,
        Result(tensor.dtype, 0, position=True),
        reduce=taps,
        folds=[_fold("argmax", value, guards, number)],
    )
    taken = lowering.companions.get(tensor)
    if taken is not None:
        store = Store(lowering.buffer(taken), lowering.offset(taken, index), Result(x.dtype, 0))
        nest.stores = (*nest.stores, store)
        nest.tensors = (*nest.tensors, taken)
    return [nest]


def _window_take(lowering: Lowering, tensor: Tensor) -> list[Nest]:
    x, position = tensor.inputs
    if lowering.companions.get(position) is tensor:
        return []
    axes, taps, places, guards, number = _windows(lowering, tensor, x)
    index = tuple(map(Affine.of, axes))
    chosen = _selected(
        lowering.read(position, index), number, lowering.read(x, tuple(places), guards)
    )
    return [
        lowering.nest(
            axes,
            tensor,
            index,
            Result(tensor.dtype, 0),
            reduce=taps,
            folds=[_fold("sum", chosen)],
        )
    ]


def _selected(position: Expression, number: Affine, value: Expression) -> Expression:
    """The value where the position is this tap, zero elsewhere."""
    hit = Compute(bool_, "equal", (position, Coordinate(position.dtype, number)))
    return Compute(value.dtype, "where", (hit, value, Literal(value.dtype, 0)))


def _window_put(lowering: Lowering, tensor: Tensor) -> list[Nest]:
    g, position = tensor.inputs
    p = tensor.parameters
    variants = [
        list(_residues(i, size, taps, stride, low, dilation))
        for i, (size, taps, stride, (low, _), dilation) in enumerate(
            zip(p["shape"], p["window"], p["strides"], p["padding"], p["dilation"], strict=True)
        )
    ]
    nests = []
    for parts in itertools.product(*variants):
        sources = tuple(part.source for part in parts)
        guards = tuple(Guard(place, size) for place, size in zip(sources, g.extents, strict=True))
        guards = tuple(guard for guard in guards if not guard.always())
        given = lowering.read(g, sources, guards)
        number = _tap_number(p["window"], [part.tap for part in parts])
        chosen = _selected(lowering.read(position, sources, guards), number, given)
        untested = _untested(given, guards)
        single = all(part.tap_axis.extent == 1 for part in parts)
        if single and untested:
            chosen = Guarded(tensor.dtype, untested, chosen, Literal(tensor.dtype, 0))
        nests.append(
            lowering.nest(
                [part.block for part in parts],
                tensor,
                tuple(part.result for part in parts),
                chosen if single else Result(tensor.dtype, 0),
                reduce=[part.tap_axis for part in parts],
                folds=[] if single else [_fold("sum", chosen, untested)],
            )
        )
    return nests


def _pad(lowering: Lowering, tensor: Tensor) -> list[Nest]:
    (x,) = tensor.inputs
    p = tensor.parameters
    steps = [gap + 1 for gap in p["interior"]]
    nests = []
    for residues in itertools.product(*(range(step) for step in steps)):
        blocks = [
            Axis(f"q{i}", (size - r + step - 1) // step)
            for i, (size, r, step) in enumerate(zip(tensor.extents, residues, steps, strict=True))
        ]
        result = tuple(
            Affine.of(q) * step + r for q, step, r in zip(blocks, steps, residues, strict=True)
        )
        hits = all(
            step == 1 or low % step == r
            for low, step, r in zip(p["low"], steps, residues, strict=True)
        )
        value: Expression = Literal(tensor.dtype, p["value"])
        if hits:
            sources = tuple(
                Affine.of(q) + (low // step) * -1
                for q, low, step in zip(blocks, p["low"], steps, strict=True)
            )
            value = lowering.guarded(x, sources, p["value"])
        nests.append(lowering.nest(blocks, tensor, result, value))
    return nests


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
    if not (is_leaf(x) or x in lowering.stored):
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
        folds=[_fold(kind, lowering.read(x, index))],
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
    "convolve": _convolve,
    "convolve_input_gradient": _convolve_input_gradient,
    "convolve_weight_gradient": _convolve_weight_gradient,
    "window_sum": _window_sum,
    "window_argmax": _window_argmax,
    "window_take": _window_take,
    "window_put": _window_put,
    "pad": _pad,
    "concatenate": _concatenate,
    "scatter_add": _scatter_add,
    "argsort": _argsort,
}
