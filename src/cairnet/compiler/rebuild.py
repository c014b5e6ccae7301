"""Rewriting all expressions of a nest at once: axes by formulas, loads and results by others."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cairnet.compiler.loops import (
    Affine,
    Axis,
    Compute,
    Coordinate,
    Expression,
    Fold,
    Guard,
    Guarded,
    Load,
    Nest,
    Result,
    Store,
    expressions,
)

__all__ = ["rewrite_nest"]


#: Called with a load as it was and as it is with its axes replaced; gives what takes its place.
Replacement = Callable[[Load, Load], Expression]


def rewrite_nest(
    nest: Nest,
    axes: Mapping[Axis, Affine],
    replacement: Replacement | None = None,
    result: Callable[[Result], Expression] | None = None,
) -> None:
    """Replace axes by formulas, and then loads and results by expressions, in all of a nest."""
    done: dict[int, Expression] = {}
    for item in expressions(nest.roots()):
        if result is not None and isinstance(item, Result):
            done[id(item)] = result(item)
        else:
            done[id(item)] = _rebuild(item, axes, replacement, done)
    nest.folds = tuple(
        Fold(
            fold.kind,
            done[id(fold.value)],
            _guards(fold.guards, axes),
            None if fold.position is None else fold.position.substitute(axes),
        )
        for fold in nest.folds
    )
    nest.stores = tuple(
        Store(
            store.buffer,
            store.offset.substitute(axes),
            done[id(store.value)],
            tuple((done[id(i)], extent, stride) for i, extent, stride in store.computed),
        )
        for store in nest.stores
    )


def _guards(guards: tuple[Guard, ...], axes: Mapping[Axis, Affine]) -> tuple[Guard, ...]:
    return tuple(Guard(guard.index.substitute(axes), guard.extent) for guard in guards)


def _rebuild(
    item: Expression,
    axes: Mapping[Axis, Affine],
    replacement: Replacement | None,
    done: Mapping[int, Expression],
) -> Expression:
    if isinstance(item, Load):
        computed = tuple((done[id(i)], extent, stride) for i, extent, stride in item.computed)
        moved = Load(
            item.dtype,
            item.buffer,
            item.offset.substitute(axes),
            _guards(item.guards, axes),
            computed,
        )
        return moved if replacement is None else replacement(item, moved)
    if isinstance(item, Compute):
        arguments = tuple(done[id(part)] for part in item.arguments)
        return Compute(item.dtype, item.name, arguments, item.word)
    if isinstance(item, Guarded):
        return Guarded(
            item.dtype, _guards(item.guards, axes), done[id(item.inside)], done[id(item.outside)]
        )
    if isinstance(item, Coordinate):
        return Coordinate(item.dtype, item.index.substitute(axes))
    return item
