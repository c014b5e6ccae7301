"""Pass 5: the order of the nests, which updates happen in place, and where everything lies.

All updates read the old values. A new value may be written straight into its variable when its
nest comes after every other nest that reads the variable, and itself reads it only at the point
that it writes. Otherwise it is written aside and copied in at the end.

The memory of the program is one arena. Each buffer lives from the nest that first writes it to
the last that reads it; buffers whose lives do not overlap may lie in the same place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cairnet.compiler.dependence import dependencies
from cairnet.compiler.loops import Affine, Axis, Buffer, Load, Loop, Nest, Store
from cairnet.compiler.order import in_order
from cairnet.tensor.extent import Extent, Size, evaluate

__all__ = [
    "ALIGNMENT",
    "Life",
    "arena_layout",
    "arrange",
    "lives_of",
    "phase_count",
    "phases_of",
]

#: Two cache lines: neighbours never share a line, and no vector straddles one needlessly.
ALIGNMENT = 128


@dataclass(frozen=True)
class Life:
    """A buffer of the arena: its size in bytes, the first and the last phase of its life."""

    buffer: Buffer
    size: Size
    first: int
    last: int


def arrange(
    nests: Sequence[Nest], updates: Mapping[Buffer, Buffer]
) -> tuple[list[Nest], dict[Buffer, Buffer]]:
    """Order the nests, and decide which new values are written straight into their variables.

    Args:
        nests: in any order.
        updates: for each buffer of a new value, the buffer of the variable it replaces.

    Returns:
        The nests in the order in which they run, with copies into variables at the end; and for
        each new value that is written in place the buffer of its variable.
    """
    needs = _Needs(nests)
    in_place: dict[Buffer, Buffer] = {}
    copies: list[Nest] = []
    for new, old in updates.items():
        if _write_in_place(needs, new, old):
            in_place[new] = old
        else:
            copies.append(_copy(new, old))
    order = in_order(nests, needs.before, needs.after, in_place)
    return order + copies, in_place


class _Needs:
    """Which nest must come before which, and who reads and writes each buffer."""

    def __init__(self, nests: Sequence[Nest]) -> None:
        self.before = dependencies(nests)
        self.after: dict[Nest, set[Nest]] = {nest: set() for nest in nests}
        self.writers: dict[Buffer, list[Nest]] = {}
        self.readers: dict[Buffer, list[Nest]] = {}
        for nest in nests:
            for other in self.before[nest]:
                self.after[other].add(nest)
            for buffer in dict.fromkeys(nest.written()):
                self.writers.setdefault(buffer, []).append(nest)
            for buffer in nest.reads():
                self.readers.setdefault(buffer, []).append(nest)

    def add(self, nest: Nest, earlier: Iterable[Nest]) -> None:
        """From now on `nest` must come after these."""
        for other in earlier:
            self.before[nest].add(other)
            self.after[other].add(nest)

    def later(self, nest: Nest) -> set[Nest]:
        """Every nest that must come after this one."""
        found: set[Nest] = set()
        pending = [nest]
        while pending:
            for other in self.after[pending.pop()]:
                if other not in found:
                    found.add(other)
                    pending.append(other)
        return found


def phases_of(
    order: Sequence[Nest], in_place: Mapping[Buffer, Buffer], serial: Sequence[bool], first: int = 0
) -> list[int]:
    """Number the stretches between which the threads must meet.

    Nests that touch the same memory, one of them writing, need a meeting in between, unless one
    thread does both. A loop meets at every turn: it has phases of its own, and a stretch begins
    before and after it.

    Args:
        order: the nests.
        in_place: buffers that are the memory of another one.
        serial: for each nest whether one thread does it alone.
        first: the number of the first phase.
    """
    result: list[int] = []
    phase = first
    stretch = _Stretch()
    for nest, alone in zip(order, serial, strict=True):
        if isinstance(nest, Loop):
            result.append(phase + 1)
            phase += 2 + phase_count(nest)
            stretch = _Stretch()
            continue
        reads = {in_place.get(buffer, buffer) for buffer in nest.reads()}
        writes = {in_place.get(buffer, buffer) for buffer in nest.written()}
        if stretch.conflicts(reads, writes, alone):
            phase += 1
            stretch = _Stretch()
        stretch.add(reads, writes, alone)
        result.append(phase)
    return result


class _Stretch:
    """What the nests of one phase touch: all of them, and those that the threads share."""

    def __init__(self) -> None:
        self._read: dict[bool, set[Buffer]] = {True: set(), False: set()}
        self._written: dict[bool, set[Buffer]] = {True: set(), False: set()}

    def add(self, reads: set[Buffer], writes: set[Buffer], alone: bool) -> None:
        """Enter a nest; `alone` says that one thread does it."""
        self._read[alone] |= reads
        self._written[alone] |= writes

    def conflicts(self, reads: set[Buffer], writes: set[Buffer], alone: bool) -> bool:
        """Whether a nest must wait for one of them that another thread has a part in."""
        touched = reads | writes
        return any(
            not (writes.isdisjoint(self._read[other]) and touched.isdisjoint(self._written[other]))
            for other in ((False,) if alone else (False, True))
        )


def phase_count(loop: Loop) -> int:
    """More phases than the body of a loop can have."""
    return sum(2 + phase_count(nest) if isinstance(nest, Loop) else 1 for nest in loop.body)


def _write_in_place(needs: _Needs, new: Buffer, old: Buffer) -> bool:
    """Add the order that makes an update in place right; False where there is none."""
    writers = needs.writers.get(new, [])
    if len(writers) != 1 or writers[0].kind != "map":
        return False
    writer = writers[0]
    if not _reads_at_own_point(writer, new, old):
        return False
    readers = [nest for nest in needs.readers.get(old, ()) if nest is not writer]
    if not needs.later(writer).isdisjoint(readers):
        return False
    needs.add(writer, readers)
    return True


def _reads_at_own_point(writer: Nest, new: Buffer, old: Buffer) -> bool:
    store = next(store for store in writer.stores if store.buffer is new)
    in_folds = {id(load) for load in _loads_of_folds(writer)}
    for load in writer.loads():
        if load.buffer is not old:
            continue
        moved = load.offset != store.offset or load.guards or load.computed
        if moved or id(load) in in_folds:
            return False
    return True


def _loads_of_folds(nest: Nest) -> tuple[Load, ...]:
    folded = Nest(nest.axes, nest.reduce, nest.folds, (), ())
    return folded.loads()


def _copy(new: Buffer, old: Buffer) -> Nest:
    axes = tuple(Axis(f"i{i}", size) for i, size in enumerate(old.extents))
    place = Affine()
    for axis, stride in zip(axes, old.strides, strict=True):
        place = place + Affine.of(axis) * stride
    store = Store(old, place, Load(new.dtype, new, place))
    return Nest(tuple(a for a in axes if a.extent != 1), (), (), (store,), (new.tensor,))


def lives_of(
    touches: Sequence[tuple[int, int, Nest]], in_place: Mapping[Buffer, Buffer]
) -> list[Life]:
    """The buffers of the arena, with the first and the last phase that touches each.

    Lives are counted in phases, not in nests: within a phase threads may be at different nests.

    Args:
        touches: every nest, those inside loops included, with its first and last phase.
        in_place: buffers that are the memory of another one.
    """
    first: dict[Buffer, int] = {}
    last: dict[Buffer, int] = {}
    for start, stop, nest in touches:
        for buffer in (*nest.written(), *nest.reads()):
            home = in_place.get(buffer, buffer)
            if home.kind in ("arena", "update"):
                first[home] = min(first.get(home, start), start)
                last[home] = max(last.get(home, stop), stop)
    return [
        Life(buffer, buffer.size * buffer.dtype.itemsize, first[buffer], last[buffer])
        for buffer in first
    ]


def arena_layout(
    lives: Sequence[tuple[Size, int, int]], bindings: Mapping[Extent, int]
) -> tuple[list[int], int]:
    """The offset in bytes of every buffer, and the size of the arena.

    Largest first, each at the lowest place where it overlaps nothing that lives with it.

    Args:
        lives: (size in bytes, first, last) of every buffer.
        bindings: the sizes of unknown extents.
    """
    sizes = [
        -(-max(int(evaluate(size, bindings)), 1) // ALIGNMENT) * ALIGNMENT for size, _, _ in lives
    ]
    offsets = [0] * len(lives)
    placed: list[int] = []
    for index in sorted(range(len(lives)), key=lambda i: -sizes[i]):
        _, first, last = lives[index]
        neighbours = sorted(
            (offsets[other], offsets[other] + sizes[other])
            for other in placed
            if lives[other][1] <= last and first <= lives[other][2]
        )
        place = 0
        for start, stop in neighbours:
            if place + sizes[index] <= start:
                break
            place = max(place, stop)
        offsets[index] = place
        placed.append(index)
    total = max((offset + size for offset, size in zip(offsets, sizes, strict=True)), default=0)
    return offsets, total
