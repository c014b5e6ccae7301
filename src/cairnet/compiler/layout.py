"""Layouts: where the samples of a batch lie in the memory of the program.

    row-major    h[n, y, x, c]                  a sample after the other
    batch lanes  h[n / 16, c, y, x, n % 16]     16 samples side by side, element by element

In batch lanes one vector instruction does the same to 16 samples, whatever the other extents are:
six channels fill the lanes as well as sixteen, and forward pass, both gradients and pooling need no
shuffles at all. Wide layers are as well off with channels along the lanes, and products of matrices
better: so each buffer is given the layout with which the nests that touch it are expected to take
the least time.

Axes along which windows slide come last within a sample, so that a window's elements lie close
together; where the planes that they span would crowd a few sets of the cache, a place is left free
behind each. A last group that is not full is filled up; what is computed there is never looked at.
Only memory that the program has for itself is laid out anew; what the user sees stays row-major.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from cairnet.compiler.grouping import Grouped, accesses, axis_of_samples, grouped_buffers
from cairnet.compiler.loops import Affine, Axis, Buffer, Fold, Guard, Load, Nest, Store
from cairnet.compiler.packing import with_packed_samples
from cairnet.compiler.rebuild import rewrite_nest
from cairnet.compiler.schedule import Target

__all__ = ["choose_layouts"]

#: What a nest is expected to take.
Cost = Callable[[Nest], float]
Forms = Mapping[Buffer, Grouped]
_ROUNDS = 3


def choose_layouts(
    nests: Sequence[Nest], target: Target, cost: Cost, plain_cost: Cost
) -> list[Nest]:
    """Lay out buffers anew where that makes the nests that touch them cheaper.

    Args:
        nests: the nests of a program; they are changed.
        target: the machine.
        cost: what a nest is expected to take.
        plain_cost: what a nest is expected to take that finds everything in row-major order.

    Returns:
        The nests, and those that copy what is read often into memory that has been laid out anew.
    """
    plain = _Choice(nests, target, cost, plain_cost)
    best = min((plain.nothing(), plain.best()), key=lambda found: found.cycles)
    packed = with_packed_samples(nests)
    if len(packed) > len(nests):
        other = _Choice(packed, target, cost, plain_cost).best()
        if other.cycles < best.cycles:
            best = other
    if best.blocked:
        for nest in best.nests:
            if nest.kind == "map":
                _lay_out(nest, best.forms, best.blocked)
    return list(best.nests)


@dataclass(frozen=True)
class _Found:
    """Nests, the memory in batch lanes, and what all of it is expected to take."""

    nests: Sequence[Nest]
    forms: Forms
    blocked: AbstractSet[Buffer]
    cycles: float


class _Choice:
    """The cheapest set of buffers in batch lanes."""

    def __init__(self, nests: Sequence[Nest], target: Target, cost: Cost, plain_cost: Cost) -> None:
        self.nests = nests
        self.plain_cost = plain_cost
        self.forms = grouped_buffers(nests, target)
        self.cost = cost
        self.touched = {
            nest: frozenset(b for b in (*nest.reads(), *nest.written()) if b in self.forms)
            for nest in nests
            if nest.kind == "map"
        }
        self.near: dict[Buffer, list[Nest]] = {buffer: [] for buffer in self.forms}
        for nest, touched in self.touched.items():
            for buffer in touched:
                self.near[buffer].append(nest)
        self._known: dict[tuple[Nest, frozenset[Buffer]], float] = {}

    def nothing(self) -> _Found:
        """Everything in row-major order."""
        return _Found(self.nests, self.forms, set(), self._sum(list(self.touched), set()))

    def best(self) -> _Found:
        """The best of two searches, from all buffers in batch lanes on and from none.

        A nest that meets two layouts may be worse off than with either. So where a chain of nests
        is best left as it is, no step of the first search leads there; nor one of the second to
        batch lanes. What they disagree on falls into parts that share no nest, and of each part
        the cheaper answer is taken.
        """
        candidates = [buffer for buffer, form in self.forms.items() if form.blocked is not None]
        chosen = self._improved(candidates, set(candidates))
        other = self._improved(candidates, set())
        for part in self._parts([b for b in candidates if (b in chosen) != (b in other)]):
            chosen = self._turned(chosen, part)
        return _Found(self.nests, self.forms, chosen, self._sum(list(self.touched), chosen))

    def _improved(self, candidates: Sequence[Buffer], chosen: set[Buffer]) -> set[Buffer]:
        """Every buffer is turned over that is better off so, as long as that helps."""
        for _ in range(_ROUNDS):
            before = chosen
            for buffer in candidates:
                chosen = self._turned(chosen, [buffer])
            if chosen == before:
                break
        return chosen

    def _turned(self, chosen: set[Buffer], part: Sequence[Buffer]) -> set[Buffer]:
        """The choice with some buffers turned over, if that is cheaper."""
        near = list(dict.fromkeys(nest for buffer in part for nest in self.near[buffer]))
        turned = chosen.symmetric_difference(part)
        return turned if self._sum(near, turned) < self._sum(near, chosen) else chosen

    def _parts(self, buffers: Sequence[Buffer]) -> list[list[Buffer]]:
        """The buffers in parts: two that a nest touches are in the same one."""
        parts: list[list[Buffer]] = []
        for buffer in buffers:
            touched = {other for nest in self.near[buffer] for other in self.touched[nest]}
            met = [part for part in parts if not touched.isdisjoint(part)]
            parts = [part for part in parts if part not in met]
            parts.append([*itertools.chain.from_iterable(met), buffer])
        return parts

    def _sum(self, nests: Sequence[Nest], chosen: AbstractSet[Buffer]) -> float:
        return sum(self._cost_of(nest, self.touched[nest] & chosen) for nest in nests)

    def _cost_of(self, nest: Nest, blocked: frozenset[Buffer]) -> float:
        key = nest, blocked
        if key not in self._known:
            copy = Nest(nest.axes, nest.reduce, nest.folds, nest.stores, nest.tensors)
            _lay_out(copy, self.forms, blocked)
            self._known[key] = self.cost(copy) if blocked else self.plain_cost(copy)
        return self._known[key]


def _lay_out(nest: Nest, forms: Forms, blocked: AbstractSet[Buffer]) -> None:
    """Let a nest find some buffers in batch lanes; its axes over samples are split for it."""
    halves: dict[Axis, tuple[Axis, Axis]] = {}
    for access in accesses(nest):
        if access.buffer in blocked:
            form = forms[access.buffer]
            axis = axis_of_samples(access, form.extents)
            if axis not in halves:
                groups = Axis(f"{axis.name}g", form.groups)
                halves[axis] = groups, Axis(f"{axis.name}l", form.lanes)
    split = {
        axis: Affine.of(group) * lane.extent + Affine.of(lane)
        for axis, (group, lane) in halves.items()
    }
    guards = {
        axis: guard
        for axis, place in split.items()
        if not (guard := Guard(place, axis.extent)).always()
    }

    def load(old: Load, new: Load) -> Load:
        form = forms.get(old.buffer)
        own = None if form is None else axis_of_samples(old, form.extents)
        extra = tuple(g for axis, g in guards.items() if axis != own and _depends(old, axis))
        guarded = replace(new, guards=new.guards + extra)
        if form is None:
            return guarded
        place = form.place(old, new, old.buffer in blocked, halves)
        # An axis within a sample here may count the samples of other memory, as where a matrix
        # meets its transpose, and is split all the same.
        return replace(
            guarded,
            buffer=place.buffer,
            offset=place.offset.substitute(split),
            computed=place.computed,
        )

    def store(item: Store) -> Store:
        form = forms.get(item.buffer)
        if form is None:
            return item
        return replace(item, **vars(form.place(item, item, item.buffer in blocked, halves)))

    nest.stores = tuple(map(store, nest.stores))
    rewrite_nest(nest, split, load)
    reduced = tuple(guard for axis, guard in guards.items() if axis in nest.reduce)
    nest.folds = tuple(
        Fold(fold.kind, fold.value, fold.guards + reduced, fold.position) for fold in nest.folds
    )
    nest.axes = tuple(part for axis in nest.axes for part in _parts(axis, halves))
    nest.reduce = tuple(part for axis in nest.reduce for part in _parts(axis, halves))


def _depends(load: Load, axis: Axis) -> bool:
    """Whether what a load reads differs along an axis."""
    return axis in load.offset.terms or bool(load.computed)


def _parts(axis: Axis, halves: Mapping[Axis, tuple[Axis, Axis]]) -> list[Axis]:
    return [part for part in halves.get(axis, (axis,)) if part.extent != 1]
