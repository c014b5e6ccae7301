"""The steps from which random graphs are built: at least one for every primitive."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from tests.graphs import INTEGERS, MOST_ELEMENTS, Builder

import cairnet as cn
from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.functions.arguments import broadcast_extents, stretch
from cairnet.tensor.primitives import (
    ARGMAX,
    ARGMIN,
    ARGSORT,
    BROADCAST,
    CONCATENATE,
    CONVOLVE,
    CONVOLVE_INPUT_GRADIENT,
    CONVOLVE_WEIGHT_GRADIENT,
    CUMULATIVE_PRODUCT,
    CUMULATIVE_SUM,
    DOT,
    ELEMENTWISE,
    GATHER,
    IOTA,
    MAX,
    MIN,
    PAD,
    PRODUCT,
    RESHAPE,
    SCATTER_ADD,
    SIZE,
    SLICE,
    STOP_GRADIENT,
    SUM,
    TRANSPOSE,
    WATCH,
    WINDOW_ARGMAX,
    WINDOW_PUT,
    WINDOW_SUM,
    WINDOW_TAKE,
)

__all__ = ["OPERATIONS", "family_of"]

Operation = Callable[[Builder], "Tensor | None"]
OPERATIONS: dict[str, Operation] = {}
BOOL, UINT32, INT64 = np.dtype(bool), np.dtype(np.uint32), np.dtype(np.int64)


#: The primitives of each family but the elementwise ones; every family is drawn equally often.
FAMILIES = {
    "movement": (
        "broadcast reshape transpose slice pad concatenate iota size stop_gradient watch cast "
        "bitcast threefry"
    ),
    "reduction": "sum product max min argmax argmin argsort cumulative_sum cumulative_product",
    "contraction": "dot dot convolve convolve_input_gradient convolve_weight_gradient",
    "window": "window_sum window_argmax window_take window_put",
    "indexing": "gather scatter_add one_hot scan softmax",
    "arithmetic": "add subtract multiply divide power maximum minimum where equal less less_equal",
}


def family_of(name: str) -> str:
    """The family of an operation."""
    found = [family for family, names in FAMILIES.items() if name in names.split()]
    return found[0] if found else "function" if name in UNARY else "integer"


def operation(name: str) -> Callable[[Operation], Operation]:
    def enter(function: Operation) -> Operation:
        OPERATIONS[name] = function
        return function

    return enter


def call(name: str, *inputs: Tensor, **parameters: Any) -> Tensor:
    """An elementwise primitive on inputs stretched to one shape."""
    shape = broadcast_extents(name, *inputs)
    return apply(ELEMENTWISE[name], *(stretch(item, shape) for item in inputs), **parameters)


# -- elementwise functions of one float --------------------------------------------------------


def positive(b: Builder, x: Tensor) -> Tensor:
    """x where it is well above zero, else x² + ½."""
    return x if b.value(x).size and b.value(x).min() > 0.3 else x * x + 0.5


def moderate(b: Builder, x: Tensor) -> Tensor:
    """x where it is not large, else tanh(x)."""
    value = b.value(x)
    return x if not value.size or np.abs(value).max() < 3 else cn.tanh(x)


def small(b: Builder, x: Tensor) -> Tensor:
    """0.9·tanh(x), inside the open interval from -1 to 1."""
    return cn.tanh(x) * 0.9


def above_one(b: Builder, x: Tensor) -> Tensor:
    return x * x + 1.5


def unchanged(b: Builder, x: Tensor) -> Tensor:
    return x


def off_corners(b: Builder, x: Tensor) -> Tensor | None:
    """x where no element is near a whole number (or half way between two), else None."""
    value = b.value(x).astype(np.float64) * 2
    return x if not value.size or np.abs(value - np.round(value)).min() > 1e-4 else None


UNARY: dict[str, Callable[[Builder, Tensor], Tensor | None]] = {
    "negative": unchanged,
    "absolute": off_corners,
    "sign": off_corners,
    "floor": off_corners,
    "ceil": off_corners,
    "round": off_corners,
    "trunc": off_corners,
    "exp": moderate,
    "expm1": moderate,
    "log": positive,
    "log1p": positive,
    "sqrt": positive,
    "sigmoid": unchanged,
    "softplus": unchanged,
    "erf": unchanged,
    "sin": unchanged,
    "cos": unchanged,
    "tan": small,
    "asin": small,
    "acos": small,
    "atan": unchanged,
    "sinh": moderate,
    "cosh": moderate,
    "tanh": unchanged,
    "asinh": unchanged,
    "acosh": above_one,
    "atanh": small,
}


def _unary(name: str, prepare: Callable[[Builder, Tensor], Tensor | None]) -> Operation:
    def build(b: Builder) -> Tensor | None:
        x = prepare(b, b.tensor())
        return None if x is None else call(name, x)

    return build


for _name, _prepare in UNARY.items():
    OPERATIONS[_name] = _unary(_name, _prepare)


# -- elementwise functions of several floats ---------------------------------------------------


def _pair(b: Builder) -> tuple[Tensor, Tensor]:
    x = b.tensor()
    y = b.partner(x)
    return (x, y) if b.maybe() else (y, x)


def _binary(name: str) -> Operation:
    return lambda b: call(name, *_pair(b))


for _name in ("add", "subtract", "multiply"):
    OPERATIONS[_name] = _binary(_name)


@operation("divide")
def divide(b: Builder) -> Tensor | None:
    x, y = _pair(b)
    return call("divide", x, positive(b, y))


def _quotient(name: str) -> Operation:
    def build(b: Builder) -> Tensor | None:
        x, y = _pair(b)
        y = positive(b, y)
        return None if off_corners(b, call("divide", x, y)) is None else call(name, x, y)

    return build


for _name in ("floor_divide", "remainder"):
    OPERATIONS[_name] = _quotient(_name)


@operation("power")
def power(b: Builder) -> Tensor | None:
    x, y = _pair(b)
    if b.maybe():
        y = cn.asarray(np.asarray(b.choose([-1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0, 4.0]), x.dtype))
        return call("power", x if float(y) in (1, 2, 3, 4) else positive(b, x), y)
    return call("power", positive(b, x), cn.tanh(y))


@operation("atan2")
def atan2(b: Builder) -> Tensor | None:
    x, y = _pair(b)
    return call("atan2", x, positive(b, y))


def _step(name: str) -> Operation:
    """Functions of two floats that take a step where both are equal."""

    def build(b: Builder) -> Tensor | None:
        x, y = _pair(b)
        gap = np.abs(np.subtract(b.value(x), b.value(y), dtype=np.float64))
        return None if gap.size and gap.min() < 1e-4 else call(name, x, y)

    return build


for _name in ("maximum", "minimum", "equal", "less", "less_equal"):
    OPERATIONS[_name] = _step(_name)


@operation("where")
def where(b: Builder) -> Tensor | None:
    x, y = _pair(b)
    shape = np.broadcast_shapes(b.shape_of(x), b.shape_of(y))
    condition = b.leaf(shape[b.number(0, len(shape)) :], BOOL)
    return call("where", condition, x, y)


# -- integers and bools ------------------------------------------------------------------------


def _integer_pair(b: Builder) -> tuple[Tensor, Tensor]:
    x = b.tensor(b.choose(INTEGERS))
    return x, b.partner(x)


def _filled(x: Tensor, value: int) -> Tensor:
    return cn.asarray(np.asarray(value, x.dtype))


def _integer(name: str) -> Operation:
    return lambda b: call(name, *_integer_pair(b))


for _name in ("add", "subtract", "multiply", "maximum", "minimum", "equal", "less", "less_equal"):
    OPERATIONS[f"integer {_name}"] = _integer(_name)
for _name in ("bitwise_and", "bitwise_or", "bitwise_xor"):
    OPERATIONS[_name] = _integer(_name)


def _integer_division(name: str) -> Operation:
    def build(b: Builder) -> Tensor:
        x, y = _integer_pair(b)
        return call(
            name, x, call("bitwise_or", call("bitwise_and", y, _filled(y, 7)), _filled(y, 1))
        )

    return build


for _name in ("floor_divide", "remainder"):
    OPERATIONS[f"integer {_name}"] = _integer_division(_name)


def _integer_by_few(name: str) -> Operation:
    def build(b: Builder) -> Tensor:
        x, y = _integer_pair(b)
        return call(name, x, call("bitwise_and", y, _filled(y, 3)))

    return build


for _name in ("power", "shift_left", "shift_right"):
    OPERATIONS[f"integer {_name}"] = _integer_by_few(_name)


@operation("bitwise_not")
def bitwise_not(b: Builder) -> Tensor:
    return call("bitwise_not", b.tensor(b.choose([BOOL, *INTEGERS])))


@operation("integer signs")
def integer_signs(b: Builder) -> Tensor:
    return call(b.choose(["negative", "absolute", "sign"]), b.tensor(b.choose(INTEGERS)))


@operation("logic")
def logic(b: Builder) -> Tensor:
    x = b.tensor(BOOL)
    names = ["bitwise_and", "bitwise_or", "bitwise_xor", "equal"]
    return call(b.choose(names), x, b.partner(x))


@operation("cast")
def cast(b: Builder) -> Tensor | None:
    dtype = b.choose([BOOL, *INTEGERS, np.dtype(np.float32), np.dtype(np.float64)])
    x = b.tensor(b.choose([BOOL, b.choose(INTEGERS), b.floating]))
    if x.dtype.kind == "f" and dtype.kind != "f":
        prepared = off_corners(b, x)
        if prepared is None:
            return None
        x = prepared * prepared if dtype.kind == "u" else prepared
        if b.value(x).size and np.abs(b.value(x)).max() > 100:
            return None
    if x.dtype.kind == "f" and dtype.kind == "u" and off_corners(b, x) is None:
        return None
    result = apply(ELEMENTWISE["cast"], x, dtype=dtype)
    # A graph has one floating dtype, so that its pieces fit together.
    if dtype.kind == "f" and dtype != b.floating:
        b.value(result)
        return apply(ELEMENTWISE["cast"], result, dtype=b.floating)
    return result


@operation("bitcast")
def bitcast(b: Builder) -> Tensor:
    dtype = b.choose(INTEGERS)
    other = np.dtype(("u" if dtype.kind == "i" else "") + f"int{8 * dtype.itemsize}")
    return apply(ELEMENTWISE["bitcast"], b.tensor(dtype), dtype=other)


@operation("threefry")
def threefry(b: Builder) -> Tensor:
    x = b.tensor(UINT32)
    words = [b.partner(x) for _ in range(3)]
    return call("threefry", x, *words, word=b.number(0, 1))


# -- movement ----------------------------------------------------------------------------------


def _any(b: Builder, least_rank: int = 0) -> Tensor:
    """Mostly floats, else something of another dtype."""
    dtype = b.floating if b.number(0, 3) else b.choose([BOOL, *INTEGERS])
    return b.tensor(dtype, least_rank)


@operation("broadcast")
def broadcast(b: Builder) -> Tensor | None:
    x = _any(b)
    own = b.shape_of(x)
    lead = b.shape(b.number(0, 2))
    shape = [
        b.choose([2, 3, 5]) if size == 1 and b.maybe() else extent
        for size, extent in zip(own, x.extents, strict=True)
    ]
    if np.prod((*lead, *own), dtype=np.int64) > MOST_ELEMENTS:
        return None
    return apply(BROADCAST, x, shape=(*lead, *shape))


@operation("reshape")
def reshape(b: Builder) -> Tensor:
    x = _any(b)
    kind = b.choose(["flat", "units", "merge", "split"])
    extents = list(x.extents)
    if kind == "units":
        shape = [size for size in extents if size != 1 or b.maybe()]
        shape.insert(b.number(0, len(shape)), 1)
    elif kind == "merge" and x.ndim >= 2:
        place = b.number(0, x.ndim - 2)
        shape = [*extents[:place], extents[place] * extents[place + 1], *extents[place + 2 :]]
    elif kind == "split" and any(size in (33, 100) for size in extents):
        place = next(i for i, size in enumerate(extents) if size in (33, 100))
        factor = 3 if extents[place] == 33 else 5
        shape = [*extents[:place], factor, extents[place] // factor, *extents[place + 1 :]]
    else:
        total: Any = 1
        for size in extents:
            total = size * total
        shape = [total]
    return apply(RESHAPE, x, shape=tuple(shape))


@operation("transpose")
def transpose(b: Builder) -> Tensor:
    x = _any(b, 1)
    axes = list(range(x.ndim))
    for place in range(x.ndim - 1):
        other = b.number(place, x.ndim - 1)
        axes[place], axes[other] = axes[other], axes[place]
    return apply(TRANSPOSE, x, axes=tuple(axes))


@operation("slice")
def slice_(b: Builder) -> Tensor:
    x = _any(b, 1)
    starts, sizes, steps = [], [], []
    for extent, size in zip(x.extents, b.shape_of(x), strict=True):
        step = b.choose([1, 1, 1, 2, 3, -1, -2])
        if size < 2 or b.maybe():
            backwards = step == -1 and size > 0
            starts.append(extent - 1 if backwards else 0)
            sizes.append(extent)
            steps.append(-1 if backwards else 1)
            continue
        first = b.number(0, size - 1)
        room = (size - 1 - first) // step if step > 0 else first // -step
        starts.append(first)
        sizes.append(b.number(0, room + 1))
        steps.append(step)
    return apply(SLICE, x, starts=tuple(starts), sizes=tuple(sizes), steps=tuple(steps))


@operation("pad")
def pad(b: Builder) -> Tensor:
    x = _any(b, 1)
    widths = [[b.choose([0, 0, 1, 2, 3]) for _ in range(x.ndim)] for _ in range(2)]
    interior = [b.choose([0, 0, 0, 1, 2]) if size < 40 else 0 for size in b.shape_of(x)]
    # An unknown extent might be 0, and there is nothing between the elements of an empty axis.
    interior = [
        gap if isinstance(size, int) else 0 for gap, size in zip(interior, x.extents, strict=True)
    ]
    value = b.choose([0, 0, 1, 2.5]) if x.dtype.kind == "f" else b.choose([0, 1])
    return apply(
        PAD,
        x,
        low=tuple(widths[0]),
        high=tuple(widths[1]),
        interior=tuple(interior),
        value=value,
    )


@operation("concatenate")
def concatenate(b: Builder) -> Tensor:
    x = _any(b, 1)
    axis = b.number(0, x.ndim - 1)
    shape = list(b.shape_of(x))
    parts = [x]
    for _ in range(b.number(0, 2)):
        shape[axis] = b.choose([0, 1, 2, 5, shape[axis]])
        parts.insert(b.number(0, len(parts)), b.leaf(shape, x.dtype))
    return apply(CONCATENATE, *parts, axis=axis)


@operation("iota")
def iota(b: Builder) -> Tensor:
    x = _any(b, 1)
    dtype = b.choose([b.floating, INT64, np.dtype(np.int32)])
    counter = apply(IOTA, size=b.choose(x.extents), dtype=dtype)
    return counter * (1 / 64) if dtype.kind == "f" else counter


@operation("size")
def size(b: Builder) -> Tensor:
    x = b.tensor(least_rank=1)
    count = apply(SIZE, size=b.choose(x.extents), dtype=b.floating)
    return call("divide", x, call("add", count, _filled(x, 1)))


@operation("stop_gradient")
def stop_gradient(b: Builder) -> Tensor:
    return apply(STOP_GRADIENT, b.tensor())


class Unmoved:
    """A watcher that looks on."""

    name = "watched"

    def see(self, value: np.ndarray, step: int) -> None:
        """Take notice."""


@operation("watch")
def watch(b: Builder) -> Tensor:
    return apply(WATCH, b.tensor(), watcher=Unmoved())


# -- reductions --------------------------------------------------------------------------------


def _some_axes(b: Builder, x: Tensor, least: int = 0) -> tuple[int, ...]:
    axes = [axis for axis in range(x.ndim) if b.maybe()]
    return tuple(axes) if len(axes) >= least else tuple(range(x.ndim))


@operation("sum")
def sum_(b: Builder) -> Tensor:
    x = b.tensor(b.floating if b.number(0, 3) else b.choose(INTEGERS), 1)
    return apply(SUM, x, axes=_some_axes(b, x))


@operation("product")
def product(b: Builder) -> Tensor:
    x = cn.tanh(b.tensor(least_rank=1)) + 1.0
    return apply(PRODUCT, x, axes=_some_axes(b, x))


def _extreme(primitive: Any) -> Operation:
    def build(b: Builder) -> Tensor | None:
        x = b.tensor(b.floating if b.number(0, 3) else b.choose(INTEGERS), 1)
        axes = _some_axes(b, x, least=1)
        if 0 in b.shape_of(x):
            return None
        moved = np.moveaxis(b.value(x), axes, range(len(axes)))
        rows = moved.reshape(-1, *moved.shape[len(axes) :])
        return apply(primitive, x, axes=axes) if b.apart(rows, 0) else None

    return build


def _place(primitive: Any, **parameters: Any) -> Operation:
    def build(b: Builder) -> Tensor | None:
        x = b.tensor(b.floating if b.number(0, 3) else b.choose(INTEGERS), 1)
        axis = b.number(0, x.ndim - 1)
        if 0 in b.shape_of(x) or not b.apart(b.value(x), axis):
            return None
        chosen = {name: b.choose(values) for name, values in parameters.items()}
        return apply(primitive, x, axis=axis, **chosen)

    return build


OPERATIONS["max"], OPERATIONS["min"] = _extreme(MAX), _extreme(MIN)
OPERATIONS["argmax"], OPERATIONS["argmin"] = _place(ARGMAX), _place(ARGMIN)
OPERATIONS["argsort"] = _place(ARGSORT, descending=[False, True])


@operation("cumulative_sum")
def cumulative_sum(b: Builder) -> Tensor:
    x = b.tensor(least_rank=1)
    return apply(CUMULATIVE_SUM, x, axis=b.number(0, x.ndim - 1))


@operation("cumulative_product")
def cumulative_product(b: Builder) -> Tensor | None:
    x = cn.tanh(b.tensor(least_rank=1)) + 1.0
    axis = b.number(0, x.ndim - 1)
    # Its gradient squares the extent.
    if b.shape_of(x)[axis] > 33:
        return None
    return apply(CUMULATIVE_PRODUCT, x, axis=axis)


# -- contractions ------------------------------------------------------------------------------


@operation("dot")
def dot(b: Builder) -> Tensor | None:
    x = b.tensor(b.floating if b.number(0, 7) else b.choose(INTEGERS))
    kinds = [b.choose(["contract", "contract", "batch", "free"]) for _ in range(x.ndim)]
    paired = [axis for axis in range(x.ndim) if kinds[axis] != "free"]
    others = [("free", size) for size in b.shape(b.number(0, 2))]
    axes: list[Any] = [*paired, *others]
    for place in range(len(axes) - 1):
        other = b.number(place, len(axes) - 1)
        axes[place], axes[other] = axes[other], axes[place]
    own = b.shape_of(x)
    shape = [own[axis] if isinstance(axis, int) else axis[1] for axis in axes]
    free = np.prod([own[i] for i in range(x.ndim) if kinds[i] != "contract"], dtype=np.int64)
    size = free * np.prod([extent for _, extent in others], dtype=np.int64)
    if np.prod(shape, dtype=np.int64) > MOST_ELEMENTS or size > MOST_ELEMENTS:
        return None
    y = b.leaf(shape, x.dtype)
    pairs = {
        kind: (
            tuple(axis for axis in paired if kinds[axis] == kind),
            tuple(axes.index(axis) for axis in paired if kinds[axis] == kind),
        )
        for kind in ("contract", "batch")
    }
    return apply(DOT, x, y, **pairs)


def _geometry(b: Builder, spatial: int) -> dict[str, Any]:
    return {
        "strides": tuple(b.choose([1, 1, 2, 3]) for _ in range(spatial)),
        "padding": tuple((b.number(0, 2), b.number(0, 2)) for _ in range(spatial)),
        "dilation": tuple(b.choose([1, 1, 2]) for _ in range(spatial)),
        "groups": b.choose([1, 1, 2]),
    }


def _image(b: Builder, groups: int, spatial: int) -> Tensor:
    """A new leaf [batch, *space, channels] of a few thousand elements at most."""
    space = [b.choose([5, 7, 13]) for _ in range(spatial)]
    shape = [b.choose([1, 2, 3, 17]), *space, groups * b.choose([1, 2, 3])]
    return b.leaf(shape, known=[len(shape) - 1])


def _taps(b: Builder, spatial: int) -> list[int]:
    return [b.choose([1, 2, 3]) for _ in range(spatial)]


@operation("convolve")
def convolve(b: Builder) -> Tensor | None:
    spatial = b.number(1, 2)
    geometry = _geometry(b, spatial)
    x = _image(b, geometry["groups"], spatial)
    inside = b.shape_of(x)[-1] // geometry["groups"]
    outside = geometry["groups"] * b.choose([1, 2, 5])
    w = b.leaf([*_taps(b, spatial), inside, outside], known=range(spatial + 2))
    return apply(CONVOLVE, x, w, **geometry)


@operation("convolve_input_gradient")
def convolve_input_gradient(b: Builder) -> Tensor | None:
    y = convolve(b)
    if y is None:
        return None
    x, w = y.inputs
    g = b.leaf(b.shape_of(y), known=[y.ndim - 1])
    return apply(CONVOLVE_INPUT_GRADIENT, g, w, space=x.extents[1:-1], **y.parameters)


@operation("convolve_weight_gradient")
def convolve_weight_gradient(b: Builder) -> Tensor | None:
    y = convolve(b)
    if y is None:
        return None
    x, w = y.inputs
    g = b.leaf(b.shape_of(y), known=[y.ndim - 1])
    return apply(CONVOLVE_WEIGHT_GRADIENT, x, g, taps=b.shape_of(w)[:-2], **y.parameters)


def _windows(b: Builder, x: Tensor) -> dict[str, Any]:
    window, strides, padding, dilation = [], [], [], []
    for size in b.shape_of(x):
        reach = b.choose([1, 2, 3])
        spread = b.choose([1, 1, 2])
        if (reach - 1) * spread + 1 > size:
            reach, spread = 1, 1
        window.append(reach)
        strides.append(b.choose([1, 2, 3]) if reach > 1 else 1)
        # Padding is less than a window reaches, so that every window holds an element.
        most = (reach - 1) * spread if spread == 1 else 0
        padding.append((b.number(0, most), b.number(0, most)))
        dilation.append(spread)
    return {
        "window": tuple(window),
        "strides": tuple(strides),
        "padding": tuple(padding),
        "dilation": tuple(dilation),
    }


@operation("window_sum")
def window_sum(b: Builder) -> Tensor | None:
    x = b.tensor(least_rank=1)
    if 0 in b.shape_of(x):
        return None
    geometry = _windows(b, x)
    return apply(WINDOW_SUM, x, **geometry)


def _argmax(b: Builder) -> Tensor | None:
    x = b.leaf(b.shape(b.number(1, 3)))
    if 0 in b.shape_of(x):
        return None
    geometry = _windows(b, x)
    return apply(WINDOW_ARGMAX, x, **geometry)


OPERATIONS["window_argmax"] = _argmax


@operation("window_take")
def window_take(b: Builder) -> Tensor | None:
    position = _argmax(b)
    if position is None:
        return None
    (x,) = position.inputs
    return apply(WINDOW_TAKE, x, position, **position.parameters)


@operation("window_put")
def window_put(b: Builder) -> Tensor | None:
    position = _argmax(b)
    if position is None:
        return None
    (x,) = position.inputs
    g = b.leaf(b.shape_of(position))
    return apply(WINDOW_PUT, g, position, shape=x.extents, **position.parameters)


# -- indexing ----------------------------------------------------------------------------------


def _indices(
    b: Builder, x: Tensor, shape: tuple[int, ...]
) -> tuple[tuple[int, ...], list[Tensor]] | None:
    """Axes of x, in any order, and indices in range for each."""
    axes = [axis for axis in range(x.ndim) if b.maybe()] or [b.number(0, x.ndim - 1)]
    if b.maybe():
        axes.reverse()
    indices = []
    for axis in axes:
        extent = b.shape_of(x)[axis]
        if extent == 0:
            return None
        dtype = b.choose([INT64, np.dtype(np.int32), np.dtype(np.uint8)])
        places = b.random.integers(0, extent, shape).astype(dtype)
        indices.append(b.placeholder(places))
    return tuple(axes), indices


@operation("gather")
def gather(b: Builder) -> Tensor | None:
    x = _any(b, 1)
    shape = tuple(b.choose([0, 1, 2, 5, 13]) for _ in range(b.number(0, 2)))
    found = _indices(b, x, shape)
    if found is None:
        return None
    axes, indices = found
    rest = [size for axis, size in enumerate(b.shape_of(x)) if axis not in axes]
    if np.prod((*shape, *rest), dtype=np.int64) > MOST_ELEMENTS:
        return None
    return apply(GATHER, x, *indices, axes=axes)


@operation("scatter_add")
def scatter_add(b: Builder) -> Tensor | None:
    like = b.tensor(least_rank=1)
    shape = (b.choose([1, 2, 5, 13]),)
    found = _indices(b, like, shape)
    if found is None:
        return None
    axes, indices = found
    rest = [size for axis, size in enumerate(b.shape_of(like)) if axis not in axes]
    updates = b.leaf([*shape, *rest])
    return apply(SCATTER_ADD, updates, *indices, axes=axes, shape=like.extents)


# -- compositions that the compiler treats in a way of its own ---------------------------------


@operation("softmax")
def softmax(b: Builder) -> Tensor | None:
    x = b.tensor(least_rank=1)
    axis = b.number(0, x.ndim - 1)
    if b.shape_of(x)[axis] == 0:
        return None
    return b.choose([cn.softmax, cn.log_softmax])(x, axis=axis)


@operation("one_hot")
def one_hot(b: Builder) -> Tensor | None:
    x = b.tensor(least_rank=1)
    axis = b.number(0, x.ndim - 1)
    depth = x.extents[axis]
    if not isinstance(depth, int) or depth == 0:
        return None
    shape = [size for place, size in enumerate(b.shape_of(x)) if place != axis]
    labels = b.placeholder(b.random.integers(-1, depth + 1, shape).astype(np.int32))
    return cn.sum(cn.one_hot(labels, depth, axis=axis, dtype=x.dtype) * x, axis=axis)


@operation("scan")
def scan(b: Builder) -> Tensor | None:
    x = b.tensor(least_rank=1)
    if not 0 < b.shape_of(x)[0] <= 13 or x.ndim > 3:
        return None

    def step(item: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        return item * state, cn.tanh(item + state)

    outputs, state = cn.scan(step, x, x[0], reverse=b.maybe())
    return b.choose([outputs, state])
