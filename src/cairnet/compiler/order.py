"""The order in which nests run: few meetings of the threads, and little memory at a time.

The order that nests have been made in follows the graph, so it is kept as far as needs allow, with
two exceptions, both for the sake of large buffers only:

- a nest that is the last to touch some memory, as a weight gradient or the update behind it is,
  does not wait for its turn: it runs as soon as it can be done without a meeting of its own;
- a nest that only fills memory with numbers, as the borders of a padded tensor are, waits until
  the memory is wanted.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence

from cairnet.compiler.loops import Buffer, Nest
from cairnet.compiler.shape import hint

__all__ = ["in_order"]

#: Bytes that are worth more than one meeting: smaller buffers stay in the caches anyway.
_LARGE = 256 << 10


def in_order(
    nests: Sequence[Nest],
    before: Mapping[Nest, set[Nest]],
    after: Mapping[Nest, set[Nest]],
    in_place: Mapping[Buffer, Buffer],
) -> list[Nest]:
    """The nests in the order in which they run.

    Args:
        nests: in an order that computes right.
        before: for each nest those that must run before it.
        after: for each nest those that must run after it.
        in_place: buffers that are the memory of another one.
    """
    return _Order(nests, before, after, _Memory(nests, in_place)).made()


class _Memory:
    """Which buffers of the program are in use while nests are put in order."""

    def __init__(self, nests: Sequence[Nest], in_place: Mapping[Buffer, Buffer]) -> None:
        self._in_place = in_place
        self._left: dict[Buffer, int] = {}
        self._begun: set[Buffer] = set()
        for nest in nests:
            for buffer in self.touched(nest):
                self._left[buffer] = self._left.get(buffer, 0) + 1

    def touched(self, nest: Nest) -> list[Buffer]:
        """The buffers of the program that a nest reads or writes, each once."""
        homes = (self._in_place.get(each, each) for each in (*nest.written(), *nest.reads()))
        return list(dict.fromkeys(home for home in homes if home.kind in ("arena", "update")))

    def pass_by(self, nest: Nest) -> None:
        """The nest has its place in the order now."""
        for buffer in self.touched(nest):
            self._left[buffer] -= 1
            self._begun.add(buffer)

    def relieve(self, nests: Sequence[Nest]) -> bool:
        """Whether some nests, if they ran now, would leave much less in use than there is."""
        touching: dict[Buffer, int] = {}
        for nest in nests:
            for buffer in self.touched(nest):
                touching[buffer] = touching.get(buffer, 0) + 1
        gain = 0
        for buffer, count in touching.items():
            begun, ended = buffer in self._begun, self._left[buffer] == count
            if begun == ended:
                gain += _bytes(buffer) if begun else -_bytes(buffer)
        return gain >= _LARGE

    def fills(self, nest: Nest) -> bool:
        """Whether a nest does nothing but fill some large memory, which others touch too."""
        if nest.reads() or len(nest.stores) != 1:
            return False
        (buffer,) = nest.written()
        return self._left.get(buffer, 0) > 1 and _bytes(buffer) >= _LARGE


def _bytes(buffer: Buffer) -> int:
    return hint(buffer.size) * buffer.dtype.itemsize


class _Order:
    """The order as far as it is made, and the stretch at its end in which no threads meet."""

    def __init__(
        self,
        nests: Sequence[Nest],
        before: Mapping[Nest, set[Nest]],
        after: Mapping[Nest, set[Nest]],
        memory: _Memory,
    ) -> None:
        self._before, self._after, self._memory = before, after, memory
        self._number = {nest: number for number, nest in enumerate(nests)}
        self._missing = {nest: len(before[nest]) for nest in nests}
        self._order: list[Nest] = []
        self._stretch: set[Nest] = set()
        self._start = 0
        self._fills: dict[Buffer, list[Nest]] = {}
        self._ready: list[tuple[int, Nest]] = []
        for nest in nests:
            if before[nest]:
                continue
            if memory.fills(nest):
                self._fills.setdefault(nest.written()[0], []).append(nest)
            else:
                heapq.heappush(self._ready, (self._number[nest], nest))
        self._release({nest for waiting in self._fills.values() for nest in waiting})

    def made(self) -> list[Nest]:
        """Make it."""
        while self._ready:
            _, nest = self._ready[0]
            if self._must_meet(nest):
                self._relieve()
                self._stretch = set()
                self._start = len(self._order)
            else:
                heapq.heappop(self._ready)
                self._append(nest)
        return self._order

    def _must_meet(self, nest: Nest) -> bool:
        return not self._stretch.isdisjoint(self._before[nest])

    def _relieve(self) -> None:
        """Append what leaves less memory in use and needs no meeting."""
        for entry in sorted(self._ready):
            nest = entry[1]
            if not self._must_meet(nest) and self._memory.relieve(self._with_next(nest)):
                self._ready.remove(entry)
                heapq.heapify(self._ready)
                self._append(nest)

    def _with_next(self, nest: Nest) -> list[Nest]:
        """A nest, and the one behind it if that waits for nothing else: a copy and its reader."""
        later = self._after[nest]
        return [nest, *(each for each in later if len(later) == 1 and self._missing[each] == 1)]

    def _append(self, nest: Nest) -> None:
        for buffer in self._memory.touched(nest):
            # Before the meeting at which the stretch begins, so that they need none of their own.
            waiting = self._fills.pop(buffer, [])
            self._order[self._start : self._start] = waiting
            self._start += len(waiting)
            for fill in waiting:
                self._memory.pass_by(fill)
        self._memory.pass_by(nest)
        self._order.append(nest)
        self._stretch.add(nest)
        self._release([nest])

    def _release(self, done: Iterable[Nest]) -> None:
        """Nests for which all that they need is done are ready."""
        for nest in done:
            for later in self._after[nest]:
                self._missing[later] -= 1
                if not self._missing[later]:
                    heapq.heappush(self._ready, (self._number[later], later))
