"""Pass 3: every stored tensor becomes one or several loop nests.

What is not stored is read *through*: a movement node turns the index of the element wanted into
the index of the element it shows, an elementwise node becomes part of the expression.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cairnet.base.errors import CompileError
from cairnet.compiler.loops import (
    Affine,
    Axis,
    Buffer,
    Compute,
    Coordinate,
    Expression,
    Guard,
    Guarded,
    Literal,
    Load,
    Nest,
    Number,
    Store,
)
from cairnet.compiler.storage import is_leaf
from cairnet.tensor.core import CONSTANT, INPUT, VARIABLE, Tensor
from cairnet.tensor.extent import Size

__all__ = ["Lowering", "NotStoredError"]

Index = tuple[Affine, ...]
Guards = tuple[Guard, ...]


class NotStoredError(Exception):
    """A tensor cannot be read through at the wanted index: it must be stored first."""

    def __init__(self, tensor: Tensor) -> None:
        super().__init__(repr(tensor))
        self.tensor = tensor


class Lowering:
    """Turns stored tensors into nests; keeps the buffers it has made.

    Args:
        stored: the tensors that get memory.
        companions: for a window_argmax the window_take that reads where it points, if there is
            one: a single nest computes both.
    """

    def __init__(
        self, stored: set[Tensor], companions: Mapping[Tensor, Tensor] | None = None
    ) -> None:
        self.stored = stored
        self.companions = dict(companions or {})
        #: The outputs of each joint computation by number, under the first of them in the order.
        self.families: Mapping[Tensor, Mapping[int, Tensor]] = {}
        self.buffers: dict[Tensor, Buffer] = {}
        self._memo: dict[tuple[Any, ...], Expression] = {}

    # -- buffers -------------------------------------------------------------------------------

    def buffer(self, tensor: Tensor) -> Buffer:
        """The memory of a leaf or of a stored tensor."""
        if tensor not in self.buffers:
            if tensor.primitive in (INPUT, VARIABLE, CONSTANT) and tensor not in self.stored:
                kind = tensor.primitive.name
                name = getattr(tensor, "name", "constant")
            else:
                kind, name = "arena", f"{tensor.primitive.name}{len(self.buffers)}"
            self.buffers[tensor] = Buffer(name, tensor.dtype, tensor.extents, tensor, kind)
        return self.buffers[tensor]

    # -- nests ---------------------------------------------------------------------------------

    def nests(self, tensor: Tensor) -> list[Nest]:
        """The nests that together compute a stored tensor."""
        from cairnet.compiler.hearts import HEARTS

        self._memo.clear()
        build = HEARTS.get(tensor.primitive.name)
        if build is not None:
            return build(self, tensor)
        axes = self.axes(tensor)
        index = tuple(Affine.of(axis) for axis in axes)
        value = self.inside(tensor, index, ())
        return [self.nest(axes, tensor, index, value)]

    def axes(self, tensor: Tensor, prefix: str = "i") -> tuple[Axis, ...]:
        """One axis for each axis of the tensor."""
        return tuple(Axis(f"{prefix}{i}", size) for i, size in enumerate(tensor.extents))

    def nest(
        self,
        axes: Sequence[Axis],
        tensor: Tensor,
        index: Index,
        value: Expression,
        *,
        reduce: Sequence[Axis] = (),
        folds: Sequence[Any] = (),
        kind: str = "map",
    ) -> Nest:
        """A nest that stores `value` at `index` of the tensor's buffer."""
        store = Store(self.buffer(tensor), self.offset(tensor, index), value)
        return Nest(
            tuple(axis for axis in axes if axis.extent != 1),
            tuple(axis for axis in reduce if axis.extent != 1),
            tuple(folds),
            (store,),
            (tensor,),
            kind,
        )

    def offset(self, tensor: Tensor, index: Index) -> Affine:
        """Where the element at `index` lies in the tensor's buffer."""
        total = Affine()
        for position, stride in zip(index, self.buffer(tensor).strides, strict=True):
            total = total + position * stride
        return total

    # -- reading -------------------------------------------------------------------------------

    def read(self, tensor: Tensor, index: Index, guards: Guards = ()) -> Expression:
        """The element at `index`, as an expression; only asked for where the guards hold."""
        guards = tuple(guard for guard in guards if not guard.always())
        key = (tensor, tuple(item.key for item in index), guards)
        if key not in self._memo:
            self._memo[key] = self._read(tensor, index, guards)
        return self._memo[key]

    def is_stored(self, tensor: Tensor) -> bool:
        """Whether the tensor lies in memory."""
        return is_leaf(tensor) or tensor in self.stored

    def _read(self, tensor: Tensor, index: Index, guards: Guards) -> Expression:
        if self.is_stored(tensor):
            return Load(tensor.dtype, self.buffer(tensor), self.offset(tensor, index), guards)
        return self.inside(tensor, index, guards)

    def guarded(
        self, tensor: Tensor, index: Index, outside: float, guards: Guards = ()
    ) -> Expression:
        """The element at `index` where that lies within the tensor, `outside` elsewhere."""
        own = tuple(Guard(place, size) for place, size in zip(index, tensor.extents, strict=True))
        own = tuple(guard for guard in own if not guard.always())
        value = self.read(tensor, index, guards + own)
        if not own or (outside == 0 and isinstance(value, Load)):
            return value  # a load whose guards fail is zero anyway
        return Guarded(tensor.dtype, own, value, Literal(tensor.dtype, outside))

    def inside(self, tensor: Tensor, index: Index, guards: Guards) -> Expression:
        """The element computed from the node's inputs, whether the tensor is stored or not."""
        name = tensor.primitive.name
        if tensor.primitive.elementwise:
            return self._elementwise(tensor, index, guards)
        rule = _THROUGH.get(name)
        if rule is None:
            raise CompileError(
                f"the native compiler has no rule for {name} (written at {tensor.source})"
            )
        return rule(self, tensor, index, guards)

    def _elementwise(self, tensor: Tensor, index: Index, guards: Guards) -> Expression:
        name = tensor.primitive.name
        arguments = tuple(self.read(item, index, guards) for item in tensor.inputs)
        if name in ("watch", "stop_gradient"):
            return arguments[0]
        return Compute(tensor.dtype, name, arguments, tensor.parameters.get("word", 0))


def _constant(lowering: Lowering, tensor: Tensor, index: Index, guards: Guards) -> Expression:
    return Literal(tensor.dtype, tensor.parameters["value"].array.reshape(-1)[0])


def _broadcast(lowering: Lowering, tensor: Tensor, index: Index, guards: Guards) -> Expression:
    (x,) = tensor.inputs
    kept = index[len(index) - x.ndim :]
    return lowering.read(
        x,
        tuple(
            Affine() if own == 1 and wanted != 1 else position
            for own, wanted, position in zip(
                x.extents, tensor.extents[len(index) - x.ndim :], kept, strict=True
            )
        ),
        guards,
    )


def _transpose(lowering: Lowering, tensor: Tensor, index: Index, guards: Guards) -> Expression:
    axes = tensor.parameters["axes"]
    moved = [Affine()] * len(index)
    for position, axis in enumerate(axes):
        moved[axis] = index[position]
    return lowering.read(tensor.inputs[0], tuple(moved), guards)


def _slice(lowering: Lowering, tensor: Tensor, index: Index, guards: Guards) -> Expression:
    parameters = tensor.parameters
    moved = tuple(
        position * step + start
        for position, start, step in zip(
            index, parameters["starts"], parameters["steps"], strict=True
        )
    )
    return lowering.read(tensor.inputs[0], moved, guards)


def _pad(lowering: Lowering, tensor: Tensor, index: Index, guards: Guards) -> Expression:
    (x,) = tensor.inputs
    moved = tuple(
        position + (-low if isinstance(low, int) else low * -1)
        for position, low in zip(index, tensor.parameters["low"], strict=True)
    )
    return lowering.guarded(x, moved, tensor.parameters["value"], guards)


def _reshape(lowering: Lowering, tensor: Tensor, index: Index, guards: Guards) -> Expression:
    (x,) = tensor.inputs
    if lowering.is_stored(x):
        # Memory is in row-major order, so the flat position is the same under both shapes.
        flat = Affine()
        for position, stride in zip(index, _strides(tensor.extents), strict=True):
            flat = flat + position * stride
        return Load(x.dtype, lowering.buffer(x), flat, guards)
    moved: list[Affine] = []
    groups = _groups(x.extents, tensor.extents)
    if groups is None:
        raise NotStoredError(x)
    for old, new in groups:
        flat = Affine()
        for axis, stride in zip(new, _strides([tensor.extents[i] for i in new]), strict=True):
            flat = flat + index[axis] * stride
        places = _split(flat, [x.extents[i] for i in old])
        if places is None:
            raise NotStoredError(x)
        moved.extend(places)
    return lowering.read(x, tuple(moved), guards)


def _strides(extents: Sequence[Size]) -> list[Size]:
    result: list[Size] = []
    total: Size = 1
    for size in reversed(extents):
        result.append(total)
        total = size * total
    return result[::-1]


def _groups(old: Sequence[Size], new: Sequence[Size]) -> list[tuple[list[int], list[int]]] | None:
    """Pair runs of axes with equal products, as short as possible."""
    result: list[tuple[list[int], list[int]]] = []
    i = j = 0
    while i < len(old) or j < len(new):
        left: list[int] = []
        right: list[int] = []
        first: Size = 1
        second: Size = 1
        while True:
            if i < len(old) and (not left or _smaller(first, second)):
                first = old[i] * first
                left.append(i)
                i += 1
            elif j < len(new):
                second = new[j] * second
                right.append(j)
                j += 1
            elif i < len(old):
                first = old[i] * first
                left.append(i)
                i += 1
            else:
                return None if first != second else [*result, (left, right)]
            if first == second and left and right:
                break
        while i < len(old) and old[i] == 1:
            left.append(i)
            i += 1
        while j < len(new) and new[j] == 1:
            right.append(j)
            j += 1
        result.append((left, right))
    return result


def _smaller(first: Size, second: Size) -> bool:
    if isinstance(first, int) and isinstance(second, int):
        return first < second
    return isinstance(first, int)


def _split(flat: Affine, extents: Sequence[Size]) -> list[Affine] | None:
    """Write a flat position as one index for each extent, or None where that is not affine."""
    real = [i for i, size in enumerate(extents) if size != 1]
    if len(real) <= 1:
        return [flat if i in real else Affine() for i in range(len(extents))]
    strides = _strides(extents)
    places = [Affine() for _ in extents]
    for axis, factor in flat.terms.items():
        for i in real:
            quotient = _exact_quotient(factor, strides[i])
            if quotient is not None:
                places[i] = places[i] + Affine(0, {axis: quotient})
                break
        else:
            return None
    rest = flat.constant
    for i in real:
        if rest == 0:
            break
        stride = strides[i]
        if not isinstance(rest, int) or not isinstance(stride, int):
            return None
        places[i] = places[i] + rest // stride
        rest = rest % stride
    inner = [(places[i], extents[i]) for i in real[1:]]
    fits = all(Guard(place, size).always() or _spans(place, size) for place, size in inner)
    return places if fits else None


def _spans(place: Affine, extent: Size) -> bool:
    """Whether the place is one axis that runs over exactly this extent."""
    return place.constant == 0 and [
        (axis.extent, factor) for axis, factor in place.terms.items()
    ] in ([(extent, 1)], [])


def _exact_quotient(value: Size, divisor: Size) -> Size | None:
    if divisor == 0:
        return None
    quotient = value // divisor
    return quotient if quotient * divisor == value and quotient != 0 else None


def _iota(lowering: Lowering, tensor: Tensor, index: Index, guards: Guards) -> Expression:
    return Coordinate(tensor.dtype, index[0])


def _size(lowering: Lowering, tensor: Tensor, index: Index, guards: Guards) -> Expression:
    return Number(tensor.dtype, tensor.parameters["size"])


def _gather(lowering: Lowering, tensor: Tensor, index: Index, guards: Guards) -> Expression:
    x, *indices = tensor.inputs
    if not lowering.is_stored(x):
        raise NotStoredError(x)
    axes = tensor.parameters["axes"]
    rank = indices[0].ndim
    rest = [i for i in range(x.ndim) if i not in axes]
    buffer = lowering.buffer(x)
    offset = Affine()
    for axis, position in zip(rest, index[rank:], strict=True):
        offset = offset + position * buffer.strides[axis]
    computed = []
    for item, axis in zip(indices, axes, strict=True):
        place = lowering.read(item, index[:rank], guards)
        if isinstance(place, Coordinate) and _within(place.index, x.extents[axis]):
            offset = offset + place.index * buffer.strides[axis]
        else:
            computed.append((place, x.extents[axis], buffer.strides[axis]))
    return Load(x.dtype, buffer, offset, guards, tuple(computed))


def _within(index: Affine, extent: Size) -> bool:
    """Whether an index that counts something never leaves an extent."""
    if Guard(index, extent).always():
        return True
    return index.constant == 0 and [(a.extent, f) for a, f in index.terms.items()] == [(extent, 1)]


_THROUGH: dict[str, Any] = {
    "constant": _constant,
    "broadcast": _broadcast,
    "transpose": _transpose,
    "slice": _slice,
    "pad": _pad,
    "reshape": _reshape,
    "iota": _iota,
    "size": _size,
    "gather": _gather,
}
