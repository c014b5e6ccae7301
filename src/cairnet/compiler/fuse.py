"""Pass 2: join nests that walk the same points, so that values stay in registers between them.

    absorb   nest P stores b[i]; nest E reads b[i] only at its own point
             → E's stores become stores of P (the bias, the activation, the optimizer's update)
    join     two maps, or two reductions, over the same points that read the same memory, neither
             needing the other
             → one nest with the folds and the stores of both
    pool     windows side by side fold what one nest computes, and nobody else reads
             → that nest computes a window's results, and folds them in registers (`pooled`)
    redirect a value stored both in b and in an output → readers of b read the output;
             a value stored in b and with a border around it → readers of b read within the border
    drop     a store to memory that nobody reads

A join is refused where a third nest stands between the two.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from cairnet.compiler.dependence import NestOrder
from cairnet.compiler.grouping import indices_of
from cairnet.compiler.loops import Affine, Axis, Buffer, Expression, Load, Nest, Store
from cairnet.compiler.pooled import pool_in_registers
from cairnet.compiler.rebuild import rewrite_nest
from cairnet.compiler.shape import hint
from cairnet.tensor.extent import Extent, Size

__all__ = ["absorbed", "fuse"]

#: More stores than this in one nest would not fit into registers any more.
_STORE_LIMIT = 12
#: More folds than this in one nest would leave too few registers for each.
_FOLD_LIMIT = 4
_JOINED_FOLDS = frozenset({"sum", "product", "max", "min"})


def fuse(nests: list[Nest]) -> list[Nest]:
    """Join nests until nothing more can be joined. The list is in an order that computes right."""
    order = NestOrder(nests)
    _absorb_all(order)
    # What is stored twice, or for nobody, counts for no store when nests are to be joined.
    order = _tidied(order)
    _join_all(order)
    order = _tidied(order)
    pool_in_registers(order)
    return order.nests


# -- absorb ------------------------------------------------------------------------------------


def _absorb_all(order: NestOrder) -> None:
    """Let producers absorb elementwise consumers, in order, until none is left."""
    changed = True
    while changed:
        changed = False
        for consumer in list(order.nests):
            if consumer.kind == "map" and not consumer.folds and _absorb(order, consumer):
                changed = True


def _absorb(order: NestOrder, consumer: Nest) -> bool:
    # The producer that comes last: the earlier ones are then inputs of the joined nest.
    for producer in reversed(order.in_order(order.before[consumer])):
        mapping = _identity(order, producer, consumer)
        if mapping is not None and not order.stands_between(producer, consumer):
            order.join(producer, consumer, absorbed(producer, consumer, mapping))
            return True
    return False


def _identity(order: NestOrder, producer: Nest, consumer: Nest) -> dict[Axis, Affine] | None:
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
        if order.only_writer(load.buffer) is not producer or load.guards or load.computed:
            return None
        found = _match(store.offset, load.offset, producer.axes, consumer.axes)
        if found is None or (mapping is not None and found != mapping):
            return None
        mapping = found
    return mapping


# -- join --------------------------------------------------------------------------------------


def _join_all(order: NestOrder) -> None:
    """Join maps and reductions over the same points that read the same memory."""
    position = 0
    while position < len(order.nests):
        if not _join(order, order.nests[position]):
            position += 1


def _join(order: NestOrder, first: Nest) -> bool:
    if not _can_join(first):
        return False
    points = {*first.axes, *first.reduce}
    places = {
        (load.buffer, load.offset.key)
        for load in first.loads()
        # A contraction reads elements again and again: it is not bound by what it reads.
        if not load.computed and (not first.folds or points <= load.offset.terms.keys())
    }
    near = {nest for buffer, _ in places for nest in order.readers(buffer)}
    for second in order.in_order(nest for nest in near if order.follows(first, nest)):
        if not _can_join(second) or _extents(second) != _extents(first):
            continue
        if len(first.stores) + len(second.stores) > _STORE_LIMIT:
            continue
        if len(first.folds) + len(second.folds) > _FOLD_LIMIT:
            continue
        pairs = zip((*first.axes, *first.reduce), (*second.axes, *second.reduce), strict=True)
        mapping = {b: Affine.of(a) for a, b in pairs}
        if _reads_at(second, mapping, places) and not order.needs(second, first):
            order.join(first, second, absorbed(first, second, mapping))
            return True
    return False


def _can_join(nest: Nest) -> bool:
    if nest.kind != "map" or not (nest.axes or nest.reduce):
        return False
    return all(fold.kind in _JOINED_FOLDS for fold in nest.folds)


def _extents(nest: Nest) -> tuple[list[Size], list[Size]]:
    return [axis.extent for axis in nest.axes], [axis.extent for axis in nest.reduce]


def _reads_at(
    nest: Nest, mapping: Mapping[Axis, Affine], places: set[tuple[Buffer, tuple[Any, ...]]]
) -> bool:
    """Whether a nest, its axes replaced, loads something from one of these places."""
    return any(
        (load.buffer, load.offset.substitute(mapping).key) in places for load in nest.loads()
    )


# -- redirect and drop -------------------------------------------------------------------------


def _tidied(order: NestOrder) -> NestOrder:
    """The nests without stores that nobody needs."""
    _redirect_all(order)
    order = _redirect_padded(order)
    return NestOrder(_without_dead_stores(order.nests))


def _redirect_all(order: NestOrder) -> None:
    """Where one value is stored twice, keep the store that is wanted outside."""
    for nest in order.nests:
        for store in nest.stores:
            if store.buffer.kind != "arena" or order.only_writer(store.buffer) is not nest:
                continue
            twin = next(
                (
                    other.buffer
                    for other in nest.stores
                    if other.buffer.kind in ("output", "update", "moving")
                    and other.value is store.value
                    and other.offset == store.offset
                    and order.only_writer(other.buffer) is nest
                ),
                None,
            )
            readers = order.readers(store.buffer)
            if twin is not None and not any(reader.kind == "loop" for reader in readers):
                for reader in readers:
                    _replace_buffer(reader, store.buffer, twin)


def _redirect_padded(order: NestOrder) -> NestOrder:
    """Where one value is stored as it is and with a border around it, keep the store with it."""
    for nest in order.nests:
        for store in nest.stores:
            if store.buffer.kind != "arena" or order.only_writer(store.buffer) is not nest:
                continue
            found = (_border(order, nest, store, other) for other in nest.stores)
            shift = next((each for each in found if each is not None), None)
            readers = order.readers(store.buffer)
            if shift is not None and all(_can_shift(reader, store.buffer) for reader in readers):
                for reader in readers:
                    _shift_loads(reader, store.buffer, *shift)
    return NestOrder(order.nests)


def _border(
    order: NestOrder, nest: Nest, store: Store, other: Store
) -> tuple[Buffer, tuple[int, ...]] | None:
    """The larger memory that a value is stored in as well, and where in it the value begins."""
    if other is store or other.value is not store.value or other.buffer.kind != "arena":
        return None
    # What else is written there must need nothing: readers will wait for it.
    if any(writer is not nest and writer.reads() for writer in order.writers(other.buffer)):
        return None
    if any(isinstance(extent, Extent) for each in (store, other) for extent in each.buffer.extents):
        return None
    if len(store.buffer.extents) != len(other.buffer.extents):
        return None
    # Another store of the same nest may fill another part of that memory.
    if sum(each.buffer is store.buffer for each in nest.stores) != 1:
        return None
    plain, moved = indices_of(store), indices_of(other)
    if plain is None or moved is None:
        return None
    shift = []
    extents = zip(store.buffer.extents, other.buffer.extents, strict=True)
    for index, place, (least, most) in zip(plain, moved, extents, strict=True):
        rest = place + index * -1
        if rest.terms or not isinstance(rest.constant, int) or rest.constant < 0:
            return None
        if rest.constant + hint(least) > hint(most):
            return None
        shift.append(rest.constant)
    return other.buffer, tuple(shift)


def _can_shift(reader: Nest, buffer: Buffer) -> bool:
    """Whether all that a nest reads of a buffer is read by its indices."""
    if reader.kind != "map":
        return False
    loads = [load for load in reader.loads() if load.buffer is buffer]
    return all(not load.computed and indices_of(load) is not None for load in loads)


def _shift_loads(nest: Nest, old: Buffer, new: Buffer, shift: tuple[int, ...]) -> None:
    def load(before: Load, item: Load) -> Expression:
        if item.buffer is not old:
            return item
        offset = Affine()
        for index, start, stride in zip(indices_of(item) or (), shift, new.strides, strict=True):
            offset = offset + (index + start) * stride
        return replace(item, buffer=new, offset=offset)

    rewrite_nest(nest, {}, load)


def _replace_buffer(nest: Nest, old: Buffer, new: Buffer) -> None:
    def load(_: Load, item: Load) -> Expression:
        return replace(item, buffer=new) if item.buffer is old else item

    rewrite_nest(nest, {}, load)


def _without_dead_stores(nests: list[Nest]) -> list[Nest]:
    """Without stores to memory of the program that is never read, and nests without stores."""
    changed = True
    while changed:
        changed = False
        read = {buffer for nest in nests for buffer in nest.reads()}
        for nest in nests:
            if nest.kind in ("sort", "loop", "call"):
                continue
            kept = tuple(s for s in nest.stores if s.buffer.kind != "arena" or s.buffer in read)
            if len(kept) != len(nest.stores):
                nest.stores = kept
                changed = True
        nests = [nest for nest in nests if nest.stores]
    return nests


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


def absorbed(producer: Nest, consumer: Nest, mapping: Mapping[Axis, Affine]) -> Nest:
    """One nest that does the producer's work, then the consumer's on the same points."""
    values = {store.buffer: store.value for store in producer.stores}
    copy = Nest(consumer.axes, consumer.reduce, consumer.folds, consumer.stores, consumer.tensors)
    rewrite_nest(
        copy,
        mapping,
        lambda _, load: values.get(load.buffer, load),
        lambda item: replace(item, fold=item.fold + len(producer.folds)),
    )
    tensors = tuple(dict.fromkeys((*producer.tensors, *consumer.tensors)))
    return Nest(
        producer.axes,
        producer.reduce,
        (*producer.folds, *copy.folds),
        (*producer.stores, *copy.stores),
        tensors,
        producer.kind,
    )
