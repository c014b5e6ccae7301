"""How memory lies when the samples of a batch go along the lanes, and which memory can.

A buffer can be laid out in groups of samples if every nest that touches it counts the samples with
an axis of their own. What lies within a sample can change its order too, if every place can be
taken apart into one index for each of its axes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from cairnet.base.dtypes import is_floating
from cairnet.compiler.loops import (
    Affine,
    Axis,
    Buffer,
    Expression,
    Guard,
    Load,
    Nest,
    Store,
    expressions,
)
from cairnet.compiler.reach import reach
from cairnet.compiler.schedule import Target
from cairnet.compiler.traffic import L1_SETS, LINE
from cairnet.tensor.extent import Size

__all__ = [
    "Grouped",
    "Place",
    "accesses",
    "axis_of_samples",
    "grouped_buffers",
    "indices_of",
    "samples_of",
]

Access = Load | Store
_Computed = tuple[tuple[Expression, Size, Size], ...]

#: How many lines of a set of the first-level cache a nest can count on.
_L1_WAYS = 8


@dataclass(frozen=True)
class Place:
    """Where an access finds its element."""

    buffer: Buffer
    offset: Affine
    computed: _Computed


@dataclass(frozen=True)
class Grouped:
    """A buffer that can be laid out in groups of samples.

    Attributes:
        count: the number of samples.
        lanes: how many of them make a group.
        inner: the extents within a sample; a single one where places cannot be taken apart.
        order: the axes within a sample from the outermost to the innermost, when laid out anew.
        flat: the same memory in row-major order, with room for a last group that is full.
        blocked: the memory laid out anew, or None where it has to stay row-major.
        slid: how many of the axes, the last in that order, windows slide along.
    """

    count: int
    lanes: int
    inner: tuple[int, ...]
    order: tuple[int, ...]
    flat: Buffer
    blocked: Buffer | None
    slid: int = 0

    @property
    def extents(self) -> tuple[int, ...]:
        """The extents by which places are taken apart."""
        return (self.count, *self.inner)

    @property
    def groups(self) -> int:
        """The number of groups, the last one filled up."""
        return -(-self.count // self.lanes)

    def place(
        self, old: Access, new: Access, blocked: bool, halves: Mapping[Axis, tuple[Axis, Axis]]
    ) -> Place:
        """Where an access finds its element from now on.

        Args:
            old: the access with the axes that the nest has had.
            new: the same with axes split.
            blocked: whether the buffer is laid out anew.
            halves: the axis of groups and that of lanes for each axis that is split.
        """
        if not blocked or self.blocked is None:
            return Place(self.flat, new.offset, new.computed)
        samples, *within = _places(old, self.extents) or ()
        (axis,) = samples.terms
        group, lane = halves[axis]
        strides = self._strides()
        offset = Affine.of(lane) + Affine.of(group) * self.blocked.strides[0]
        for index, stride in zip(within, strides, strict=True):
            offset = offset + index * stride
        rows = _row_major(self.inner)
        computed = tuple(
            (item, extent, strides[rows.index(int(str(own)))]) for item, extent, own in new.computed
        )
        return Place(self.blocked, offset, computed)

    def _strides(self) -> list[int]:
        """How far apart neighbours along each axis within a sample lie, when laid out anew."""
        ordered = [self.inner[i] for i in self.order]
        kept = len(ordered) - self.slid
        outer, plane = ordered[:kept], ordered[kept:]
        pitch = _pitch(outer, plane, self.lanes * self.flat.dtype.itemsize)
        strides = [pitch * stride for stride in _row_major(outer)] + _row_major(plane)
        return [strides[self.order.index(i)] * self.lanes for i in range(len(self.inner))]


def grouped_buffers(nests: Sequence[Nest], target: Target) -> dict[Buffer, Grouped]:
    """The buffers that can be laid out in groups of samples."""
    touching, refused = _touching(nests)
    forms: dict[Buffer, Grouped] = {}
    for buffer, found in touching.items():
        form = None if buffer in refused else _grouped(buffer, found, target)
        if form is not None:
            forms[buffer] = form
    return _with_closed_ends(nests, _ordered(nests, forms))


def axis_of_samples(access: Access, extents: tuple[int, ...]) -> Axis:
    """The axis that counts the samples of a buffer whose places can be taken apart so."""
    found = _places(access, extents)
    if found is None:
        raise ValueError(f"{access.offset} cannot be taken apart")
    (axis,) = found[0].terms
    return axis


def samples_of(access: Access) -> Axis | None:
    """The axis that counts the samples along the first axis of memory, and nothing else, if any."""
    if not all(isinstance(extent, int) and extent for extent in access.buffer.extents):
        return None
    count, *rest = (int(str(extent)) for extent in access.buffer.extents)
    for inner in ((*rest,), (math.prod(rest),)):
        if _samples_apart(access, (count, *inner)) is not None:
            return axis_of_samples(access, (count, *inner))
    return None


def indices_of(access: Access) -> tuple[Affine, ...] | None:
    """The index along each axis of its memory, or None where an access has no such indices."""
    return _places(access, tuple(int(str(extent)) for extent in access.buffer.extents))


def _touching(nests: Sequence[Nest]) -> tuple[dict[Buffer, list[Access]], set[Buffer]]:
    """All accesses to the memory that these nests write for each other, and what to leave alone."""
    touching: dict[Buffer, list[Access]] = {
        buffer: [] for nest in nests for buffer in nest.written() if buffer.kind == "arena"
    }
    refused: set[Buffer] = set()
    for nest in nests:
        if nest.kind != "map":
            refused.update((*nest.reads(), *nest.written()))
            continue
        for access in accesses(nest):
            for item in expressions(index for index, _, _ in access.computed):
                if isinstance(item, Load):
                    refused.add(item.buffer)
            if access.buffer in touching:
                touching[access.buffer].append(access)
    return touching, refused


def accesses(nest: Nest) -> Iterator[Access]:
    """Every load and every store of a nest."""
    yield from nest.loads()
    yield from nest.stores


def _grouped(buffer: Buffer, touching: Sequence[Access], target: Target) -> Grouped | None:
    if not buffer.extents or not all(isinstance(e, int) and e for e in buffer.extents):
        return None
    count, *rest = (int(str(extent)) for extent in buffer.extents)
    width = buffer.dtype.itemsize if is_floating(buffer.dtype) else 4
    lanes = target.vector_bytes // width
    if lanes < 2 or 2 * count < lanes:
        return None
    for inner in ((*rest,), (math.prod(rest),)):
        found = [_samples_apart(access, (count, *inner)) for access in touching]
        if None in found:
            continue
        groups = -(-count // lanes)
        spare = (groups * lanes - count) * math.prod(rest)
        flat = replace(buffer, extents=(groups * lanes, *rest), spare=spare) if spare else buffer
        return Grouped(count, lanes, inner, tuple(range(len(inner))), flat, None)
    return None


def _samples_apart(access: Access, extents: tuple[int, ...]) -> tuple[Affine, ...] | None:
    """The indices within a sample, if an axis of its own counts the samples."""
    found = _places(access, extents)
    if found is None:
        return None
    samples, *within = found
    if samples.constant != 0 or len(samples.terms) != 1:
        return None
    ((axis, factor),) = samples.terms.items()
    if factor != 1 or axis.extent != extents[0] or any(axis in index.terms for index in within):
        return None
    strides = _row_major(extents[1:])
    if any(own not in strides for _, _, own in access.computed):
        return None
    return tuple(within)


def _ordered(nests: Sequence[Nest], forms: Mapping[Buffer, Grouped]) -> dict[Buffer, Grouped]:
    """The forms with memory laid out anew: axes along which windows slide come last.

    An axis of memory is such a one where an access steps along it with more than one counter, or
    with a counter that steps along such an axis of other memory. So what a convolution reads, what
    it writes and what is computed from that element by element all lie in one order.
    """
    sliding: dict[Buffer, set[int]] = {buffer: set() for buffer in forms}
    indices = [
        [
            (sliding[access.buffer], position, index)
            for access in accesses(nest)
            if access.buffer in forms and len(forms[access.buffer].inner) > 1
            for position, index in enumerate(_within(access, forms[access.buffer]))
        ]
        for nest in nests
        if nest.kind == "map"
    ]
    changed = True
    while changed:
        changed = False
        for found in indices:
            counters = {
                axis
                for known, position, index in found
                if position in known or len(index.terms) > 1
                for axis in index.terms
            }
            for known, position, index in found:
                if position not in known and not counters.isdisjoint(index.terms):
                    known.add(position)
                    changed = True
    return {buffer: _blocked(buffer, form, sliding[buffer]) for buffer, form in forms.items()}


def _within(access: Access, form: Grouped) -> tuple[Affine, ...]:
    """The indices within a sample."""
    return (_places(access, form.extents) or ())[1:]


def _blocked(buffer: Buffer, form: Grouped, sliding: AbstractSet[int]) -> Grouped:
    """A form with its memory laid out anew, if there is more than a number for each sample."""
    positions = range(len(form.inner))
    order = (*(i for i in positions if i not in sliding), *sorted(sliding))
    form = replace(form, order=order, slid=len(sliding))
    count = math.prod(form.inner)
    if count == 1:
        return form
    kept = len(order) - len(sliding)
    outer, plane = [form.inner[i] for i in order[:kept]], [form.inner[i] for i in order[kept:]]
    gap = _pitch(outer, plane, form.lanes * buffer.dtype.itemsize) - math.prod(plane)
    within = [*outer, math.prod(plane) + gap] if gap else [*outer, *plane]
    spare = form.groups * math.prod(outer) * gap * form.lanes
    blocked = replace(buffer, extents=(form.groups, *within, form.lanes), spare=spare)
    return replace(form, blocked=blocked)


def _pitch(outer: Sequence[int], plane: Sequence[int], width: int) -> int:
    """How many places apart the planes lie that windows slide along, such as those of channels.

    Where so many planes would lie a power of two apart that what they have at one place crowds a
    few sets of the first-level cache, a place is left free behind each.

    Args:
        outer: the extents that count planes.
        plane: the extents of each.
        width: bytes of a place.
    """
    places = math.prod(plane)
    sets = L1_SETS // math.gcd(L1_SETS, max(places * width // LINE, 1))
    return places + 1 if len(plane) > 0 and math.prod(outer) > sets * _L1_WAYS else places


def _with_closed_ends(nests: Sequence[Nest], forms: dict[Buffer, Grouped]) -> dict[Buffer, Grouped]:
    """Keep row-major what would make a nest write beyond the end of memory without room for it.

    A nest whose samples do not fill the last group writes whole groups all the same.
    """
    for nest in nests:
        if nest.kind != "map":
            continue
        open_ended = {axis for store in nest.stores for axis in _open_axes(store, forms)}
        for access in accesses(nest):
            form = forms.get(access.buffer)
            if form is None or form.flat.spare == 0:
                continue
            if axis_of_samples(access, form.extents) in open_ended:
                forms[access.buffer] = replace(form, blocked=None)
    return forms


def _open_axes(store: Store, forms: Mapping[Buffer, Grouped]) -> Iterator[Axis]:
    """The axes along which a store must not go on to the end of a group."""
    form = forms.get(store.buffer)
    samples = None if form is None else axis_of_samples(store, form.extents)
    for axis in (*store.offset.terms, *_axes_of(store.computed)):
        if axis is not samples:
            yield axis


def _axes_of(computed: _Computed) -> Iterator[Axis]:
    for item in expressions(index for index, _, _ in computed):
        if isinstance(item, Load):
            yield from item.offset.terms


# -- taking places apart -----------------------------------------------------------------------


def _places(access: Access, extents: tuple[int, ...]) -> tuple[Affine, ...] | None:
    """One index for each extent that together make the offset, or None where there are none."""
    guards = access.guards if isinstance(access, Load) else ()
    for nearest in (False, True):
        found = _taken_apart(access.offset, extents, nearest)
        if found is None:
            return None
        computed = {own for _, _, own in access.computed}
        strides = _row_major(extents)
        if all(
            stride in computed or _inside(index, extent, guards)
            for index, extent, stride in zip(found, extents, strides, strict=True)
        ):
            return found
    return None


def _taken_apart(
    offset: Affine, extents: tuple[int, ...], nearest: bool
) -> tuple[Affine, ...] | None:
    strides = _row_major(extents)
    terms: list[dict[Axis, Size]] = [{} for _ in extents]
    for axis, factor in offset.terms.items():
        if not isinstance(factor, int):
            return None
        for index, stride, extent in zip(terms, strides, extents, strict=True):
            if extent > 1 and factor % stride == 0:
                index[axis] = factor // stride
                break
        else:
            return None
    if not isinstance(offset.constant, int):
        return None
    left = offset.constant
    result = []
    for index, stride in zip(terms, strides, strict=True):
        whole = (left + stride // 2) // stride if nearest else left // stride
        left -= whole * stride
        result.append(Affine(whole, index))
    return tuple(result)


def _inside(index: Affine, extent: int, guards: Sequence[Guard]) -> bool:
    bounds = index.bounds()
    if bounds is not None and bounds[0] >= 0 and bounds[1] < extent:
        return True
    if any(guard.index == index and guard.extent == extent for guard in guards):
        return True
    found = reach(index, guards)
    return found is not None and found[0] >= 0 and found[1] < extent


def _row_major(extents: Sequence[int]) -> list[int]:
    result: list[int] = []
    total = 1
    for extent in reversed(extents):
        result.append(total)
        total *= extent
    return result[::-1]
