"""Pass 2: join nests that walk the same points, so that values stay in registers between them.

    absorb   nest P stores b[i]; nest E reads b[i] only at its own point
             → E's stores become stores of P (the bias, the activation, the optimizer's update)
    join     two maps over the same points that read the same memory, neither needing the other
             → one map with both stores
    redirect a value stored both in b and in an output → readers of b read the output
    drop     a store to memory that nobody reads

A join is refused where a third nest stands between the two.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from cairnet.compiler.loops import Affine, Axis, Buffer, Expression, Load, Nest
from cairnet.compiler.rebuild import rewrite_nest

__all__ = ["dependencies", "fuse"]

#: More stores than this in one nest would not fit into registers any more.
_STORE_LIMIT = 12


def fuse(nests: list[Nest]) -> list[Nest]:
    """Join nests until nothing more can be joined. The list is in an order that computes right."""
    state = _State(list(nests))
    state.absorb_all()
    state.join_all()
    state.redirect_all()
    state.drop_dead_stores()
    return state.nests


class _State:
    """The nests while they are being joined."""

    def __init__(self, nests: list[Nest]) -> None:
        self.nests = nests
        self._refresh()

    def _refresh(self) -> None:
        self.nests = _topological(self.nests)
        self.before = dependencies(self.nests)
        self.writers: dict[Buffer, list[Nest]] = {}
        for nest in self.nests:
            for buffer in dict.fromkeys(nest.written()):
                self.writers.setdefault(buffer, []).append(nest)

    # -- absorb --------------------------------------------------------------------------------

    def absorb_all(self) -> None:
        """Let producers absorb elementwise consumers, in order, until none is left."""
        changed = True
        while changed:
            changed = False
            for consumer in list(self.nests):
                if consumer.kind == "map" and not consumer.folds and self._absorb(consumer):
                    changed = True

    def _absorb(self, consumer: Nest) -> bool:
        # The producer that comes last: the earlier ones are then inputs of the joined nest.
        for producer in reversed(self.nests):
            if producer not in self.before[consumer]:
                continue
            mapping = self._identity(producer, consumer)
            if mapping is None or self._between(producer, consumer):
                continue
            merged = _absorbed(producer, consumer, mapping)
            position = self.nests.index(consumer)
            self.nests[position] = merged
            self.nests.remove(producer)
            self._refresh()
            return True
        return False

    def _identity(self, producer: Nest, consumer: Nest) -> dict[Axis, Affine] | None:
        """The consumer's axes as the producer's, if it reads the producer at its own point only."""
        if producer.kind != "map" or len(producer.stores) + len(consumer.stores) > _STORE_LIMIT:
            return None
        if len(producer.axes) != len(consumer.axes):
            return None
        written = {store.buffer: store for store in producer.stores}
        mapping: dict[Axis, Affine] | None = None
        for load in consumer.loads():
            store = written.get(load.buffer)
            if store is None:
                continue
            if self.writers[load.buffer] != [producer] or load.guards or load.computed:
                return None
            found = _match(store.offset, load.offset, producer.axes, consumer.axes)
            if found is None or (mapping is not None and found != mapping):
                return None
            mapping = found
        return mapping

    def _between(self, first: Nest, last: Nest) -> bool:
        """Whether some other nest needs `first` and is needed by `last`."""
        pending = [nest for nest in self.before[last] if nest is not first]
        seen: set[Nest] = set()
        while pending:
            nest = pending.pop()
            if nest in seen:
                continue
            seen.add(nest)
            if first in self.before[nest]:
                return True
            pending.extend(self.before[nest])
        return False

    # -- join ----------------------------------------------------------------------------------

    def join_all(self) -> None:
        """Join maps over the same points that read the same memory."""
        position = 0
        while position < len(self.nests):
            if not self._join(self.nests[position]):
                position += 1

    def _join(self, first: Nest) -> bool:
        if first.kind != "map" or first.folds or not first.axes:
            return False
        for second in self.nests[self.nests.index(first) + 1 :]:
            if second.kind != "map" or second.folds or len(second.axes) != len(first.axes):
                continue
            if len(first.stores) + len(second.stores) > _STORE_LIMIT:
                continue
            if any(a.extent != b.extent for a, b in zip(first.axes, second.axes, strict=True)):
                continue
            mapping = {
                b: Affine.of(a) for a, b in zip(first.axes, second.axes, strict=True)
            }
            if not _shares_a_load(first, second, mapping):
                continue
            if first in self.before[second] or self._between(first, second):
                continue
            merged = _absorbed(first, second, mapping)
            self.nests[self.nests.index(second)] = merged
            self.nests.remove(first)
            self._refresh()
            return True
        return False

    # -- redirect and drop ---------------------------------------------------------------------

    def redirect_all(self) -> None:
        """Where one value is stored twice, keep the store that is wanted outside."""
        for nest in list(self.nests):
            for store in nest.stores:
                if store.buffer.kind != "arena" or self.writers[store.buffer] != [nest]:
                    continue
                twin = next(
                    (
                        other
                        for other in nest.stores
                        if other.buffer.kind in ("output", "update", "moving")
                        and other.value is store.value
                        and other.offset == store.offset
                        and self.writers[other.buffer] == [nest]
                    ),
                    None,
                )
                in_loop = any(
                    store.buffer in other.reads() for other in self.nests if other.kind == "loop"
                )
                if twin is not None and not in_loop:
                    self._replace_buffer(store.buffer, twin.buffer)
        self._refresh()

    def _replace_buffer(self, old: Buffer, new: Buffer) -> None:
        def load(item: Load) -> Expression:
            return replace(item, buffer=new) if item.buffer is old else item

        for nest in self.nests:
            if any(item.buffer is old for item in nest.loads()):
                rewrite_nest(nest, {}, load)

    def drop_dead_stores(self) -> None:
        """Remove stores to memory of the program that is never read, and nests without stores."""
        changed = True
        while changed:
            read = {buffer for nest in self.nests for buffer in nest.reads()}
            changed = False
            for nest in list(self.nests):
                kept = tuple(
                    store
                    for store in nest.stores
                    if store.buffer.kind != "arena" or store.buffer in read or nest.kind in ("sort", "loop")
                )
                if len(kept) != len(nest.stores):
                    nest.stores = kept
                    changed = True
                if not kept:
                    self.nests.remove(nest)
        self._refresh()


def _topological(nests: list[Nest]) -> list[Nest]:
    """An order in which every nest comes after those it needs, close to the given one."""
    before = dependencies(nests)
    done: set[Nest] = set()
    order: list[Nest] = []
    for root in nests:
        stack = [root]
        while stack:
            nest = stack[-1]
            waiting = [item for item in nests if item in before[nest] and item not in done]
            if nest in done or not waiting:
                stack.pop()
                if nest not in done:
                    done.add(nest)
                    order.append(nest)
            else:
                stack.extend(reversed(waiting))
    return order


def dependencies(nests: list[Nest]) -> dict[Nest, set[Nest]]:
    """For each nest those that must run before it.

    A nest needs the nests that write what it reads; a scatter or a loop also the nest that gives
    its memory the first value.
    """
    writers: dict[Buffer, list[Nest]] = {}
    for nest in nests:
        for buffer in dict.fromkeys(nest.written()):
            writers.setdefault(buffer, []).append(nest)
    result: dict[Nest, set[Nest]] = {}
    for nest in nests:
        needed = {
            writer
            for buffer in nest.reads()
            for writer in writers.get(buffer, ())
        }
        if nest.kind in ("scatter", "loop"):
            for buffer in nest.written():
                needed.update(w for w in writers[buffer] if w.kind != nest.kind)
        needed.discard(nest)
        result[nest] = needed
    return result


def _match(
    stored: Affine, read: Affine, own: Iterable[Axis], others: Iterable[Axis]
) -> dict[Axis, Affine] | None:
    """Pair the axes of two formulas that have equal strides and extents, one to one."""
    if stored.constant != read.constant:
        return None
    free = list(own)
    mapping: dict[Axis, Affine] = {}
    for axis in others:
        stride = read.coefficient(axis)
        partner = next(
            (
                candidate
                for candidate in free
                if candidate.extent == axis.extent and stored.coefficient(candidate) == stride
            ),
            None,
        )
        if partner is None or stride == 0:
            return None
        free.remove(partner)
        mapping[axis] = Affine.of(partner)
    return mapping if not free else None


def _shares_a_load(first: Nest, second: Nest, mapping: Mapping[Axis, Affine]) -> bool:
    places = {
        (load.buffer, load.offset.key) for load in first.loads() if not load.computed
    }
    return any(
        (load.buffer, load.offset.substitute(mapping).key) in places for load in second.loads()
    )


def _absorbed(producer: Nest, consumer: Nest, mapping: Mapping[Axis, Affine]) -> Nest:
    """One nest that does the producer's work, then the consumer's on the same points."""
    values = {store.buffer: store.value for store in producer.stores}
    copy = Nest(consumer.axes, (), (), consumer.stores, consumer.tensors)
    rewrite_nest(copy, mapping, lambda load: values.get(load.buffer, load))
    tensors = tuple(dict.fromkeys((*producer.tensors, *consumer.tensors)))
    return Nest(
        producer.axes,
        producer.reduce,
        producer.folds,
        (*producer.stores, *copy.stores),
        tensors,
        producer.kind,
    )
