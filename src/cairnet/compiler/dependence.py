"""Which nests need which others, and an order that respects it, kept up to date while nests join.

A nest needs the nests that write what it reads; a scatter or a loop also the nest that gives its
memory the first value.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from cairnet.compiler.loops import Buffer, Nest

__all__ = ["NestOrder", "dependencies"]


def dependencies(nests: Sequence[Nest]) -> dict[Nest, set[Nest]]:
    """For each nest those that must run before it."""
    writers = _writers(nests)
    result: dict[Nest, set[Nest]] = {}
    for nest in nests:
        needed = {writer for buffer in nest.reads() for writer in writers.get(buffer, ())}
        if nest.kind in ("scatter", "loop"):
            for buffer in nest.written():
                needed.update(w for w in writers[buffer] if w.kind != nest.kind)
        needed.discard(nest)
        result[nest] = needed
    return result


def _writers(nests: Iterable[Nest]) -> dict[Buffer, set[Nest]]:
    result: dict[Buffer, set[Nest]] = {}
    for nest in nests:
        for buffer in nest.written():
            result.setdefault(buffer, set()).add(nest)
    return result


class NestOrder:
    """Nests in an order that computes right.

    Joining two of them costs a short walk over the nests between them, not over the whole
    program, so that a program of a thousand nests is joined in well under a second.

    Args:
        nests: in any order; the one kept is close to it.

    Attributes:
        nests: the order.
        before: for each nest those that it needs.
    """

    def __init__(self, nests: Sequence[Nest]) -> None:
        self.before = dependencies(nests)
        self._after: dict[Nest, set[Nest]] = {nest: set() for nest in nests}
        for nest, needed in self.before.items():
            for other in needed:
                self._after[other].add(nest)
        self._writers = _writers(nests)
        self._readers: dict[Buffer, set[Nest]] = {}
        for nest in nests:
            for buffer in nest.reads():
                self._readers.setdefault(buffer, set()).add(nest)
        #: Numbers that rise along the order; joining leaves gaps.
        self._position = {nest: number for number, nest in enumerate(nests)}
        self.nests = self._sorted(nests)
        self._position = {nest: number for number, nest in enumerate(self.nests)}
        #: Every nest is a bit; the nests that one needs, directly or not, are a set of bits.
        self._bit: dict[Nest, int] = {}
        self._above: dict[Nest, int] = {}
        for nest in self.nests:
            self._bit[nest] = 1 << len(self._bit)
            self._above[nest] = self._bits_above(nest)

    def _bits_above(self, nest: Nest) -> int:
        bits = 0
        for other in self.before[nest]:
            bits |= self._above[other] | self._bit[other]
        return bits

    # -- questions -----------------------------------------------------------------------------

    def in_order(self, nests: Iterable[Nest]) -> list[Nest]:
        """Some of the nests, in their order."""
        return sorted(nests, key=self._position.__getitem__)

    def index(self, nest: Nest) -> int:
        """The place of a nest in `nests`."""
        return bisect_left(self.nests, self._position[nest], key=self._position.__getitem__)

    def follows(self, first: Nest, second: Nest) -> bool:
        """Whether `second` comes later than `first`."""
        return self._position[first] < self._position[second]

    def needs(self, later: Nest, earlier: Nest) -> bool:
        """Whether `later` needs `earlier`, directly or by way of others."""
        return bool(self._above[later] & self._bit[earlier])

    def stands_between(self, first: Nest, last: Nest) -> bool:
        """Whether some other nest needs `first` and is needed by `last`."""
        return any(self.needs(nest, first) for nest in self.before[last] if nest is not first)

    def only_writer(self, buffer: Buffer) -> Nest | None:
        """The nest that writes a buffer, if there is exactly one."""
        writers = self._writers.get(buffer, ())
        return next(iter(writers)) if len(writers) == 1 else None

    def writers(self, buffer: Buffer) -> list[Nest]:
        """The nests that write a buffer, in their order."""
        return self.in_order(self._writers.get(buffer, ()))

    def readers(self, buffer: Buffer) -> list[Nest]:
        """The nests that read a buffer, in their order."""
        return self.in_order(self._readers.get(buffer, ()))

    # -- joining -------------------------------------------------------------------------------

    def join(self, first: Nest, second: Nest, merged: Nest) -> None:
        """Let one nest stand for two, the first of which comes earlier, with none in between."""
        start, stop = self.index(first), self.index(second)
        pair = {first, second}
        self._join_needs(pair, merged)
        for table, buffers in (
            (self._writers, (*first.written(), *second.written())),
            (self._readers, (*first.reads(), *second.reads())),
        ):
            for buffer in buffers:
                table[buffer].difference_update(pair)
        for buffer in merged.written():
            self._writers[buffer].add(merged)
        for buffer in merged.reads():
            self._readers[buffer].add(merged)
        # Only nests that need the first may have to move, behind the joined one.
        window = [*self.nests[start + 1 : stop], merged]
        positions = [self._position[nest] for nest in self.nests[start + 1 : stop + 1]]
        self._position[merged] = positions[-1]
        window = self._sorted(window)
        self._position.update(zip(window, positions, strict=True))
        self.nests[start : stop + 1] = window
        for nest in pair:
            del self._position[nest]
        self._join_bits(pair, merged, start)

    def _join_needs(self, pair: set[Nest], merged: Nest) -> None:
        for own, other in ((self.before, self._after), (self._after, self.before)):
            linked = set().union(*(own.pop(nest) for nest in pair)) - pair
            own[merged] = linked
            for nest in linked:
                other[nest].difference_update(pair)
                other[nest].add(merged)

    def _join_bits(self, pair: set[Nest], merged: Nest, start: int) -> None:
        gone = 0
        bits = 0
        for nest in pair:
            gone |= self._bit.pop(nest)
            bits |= self._above.pop(nest)
        # A number that has gone is free for the joined nest.
        own = gone & -gone
        self._bit[merged] = own
        self._above[merged] = bits & ~gone
        moved = self._above[merged] | own
        for nest in self.nests[start:]:
            above = self._above[nest]
            if above & gone and nest is not merged:
                self._above[nest] = above & ~gone | moved

    def _sorted(self, nests: Sequence[Nest]) -> list[Nest]:
        """The nests with every one behind those among them that it needs, else as they were."""
        left = set(nests)
        order: list[Nest] = []
        for root in nests:
            stack = [root]
            while stack:
                nest = stack[-1]
                waiting = [item for item in self.before[nest] if item in left]
                if nest not in left or not waiting:
                    stack.pop()
                    if nest in left:
                        left.remove(nest)
                        order.append(nest)
                else:
                    stack.extend(reversed(self.in_order(waiting)))
        return order
