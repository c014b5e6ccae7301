"""The rules that every single nest obeys, one function each.

A rule looks at a nest and yields a sentence for each thing that is wrong with it. Where an extent
is not known before the program runs, what depends on it is not judged.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from functools import cache

import numpy as np

from cairnet.base.dtypes import bool_, kind_of
from cairnet.compiler.formulas import affine_text
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
from cairnet.compiler.reach import is_injective, reach
from cairnet.tensor.extent import Extent, Size
from cairnet.tensor.primitives.elementwise import ELEMENTWISE, Elementwise

__all__ = ["RULES", "Rule"]

Rule = Callable[[Nest], Iterator[str]]

_FOLDS = {
    "map": ("sum", "product", "max", "min", "argmax", "argmin"),
    "running": ("running_sum", "running_product"),
    "scatter": (),
    "sort": ("ascending", "descending"),
    "call": ("operand",),
}


def axes_are_declared(nest: Nest) -> Iterator[str]:
    """Every axis is declared once, and used only where it is looped over."""
    declared = (*nest.axes, *nest.reduce)
    if len(set(declared)) != len(declared):
        yield f"an axis is declared twice in {declared}"
    for axis in declared:
        if isinstance(axis.extent, int) and axis.extent < 0:
            yield f"axis {axis} has the extent {axis.extent}"
    everywhere = set(declared)
    for fold in nest.folds:
        places = [fold.position] if fold.position is not None else []
        yield from _undeclared(
            [*_indices([fold.value]), *places, *_of_guards(fold.guards)], everywhere
        )
    # The stores of a map come after its folds: there the reduce axes have no value any more.
    allowed = set(nest.axes) if nest.kind == "map" else everywhere
    for store in nest.stores:
        roots = [store.value, *(index for index, _, _ in store.computed)]
        yield from _undeclared([store.offset, *_indices(roots)], allowed)


def _undeclared(indices: list[Affine], allowed: set[Axis]) -> Iterator[str]:
    for index in indices:
        for axis in index.terms:
            if axis not in allowed:
                yield f"the index {_text(index)} uses axis {axis}, which is not looped over there"


def _indices(roots: list[Expression]) -> Iterator[Affine]:
    for item in expressions(roots):
        if isinstance(item, Load):
            yield item.offset
        if isinstance(item, Load | Guarded):
            yield from _of_guards(item.guards)
        if isinstance(item, Coordinate):
            yield item.index


def _of_guards(guards: tuple[Guard, ...]) -> list[Affine]:
    return [guard.index for guard in guards]


def folds_are_of_the_kind(nest: Nest) -> Iterator[str]:
    """A nest has the folds of its kind, and results name folds that are there."""
    if nest.kind not in _FOLDS:
        yield f"there is no nest of kind {nest.kind!r}"
        return
    for fold in nest.folds:
        if fold.kind not in _FOLDS[nest.kind]:
            yield f"a nest of kind {nest.kind!r} cannot have a fold of kind {fold.kind!r}"
        if fold.kind.startswith("arg") and fold.position is None:
            yield f"the fold {fold.kind} does not say how its positions are numbered"
        if any(isinstance(item, Result) for item in expressions([fold.value])):
            yield "a fold depends on the result of a fold"
    if nest.kind == "map" and nest.reduce and not nest.folds:
        yield f"nothing is folded over {nest.reduce}"
    for item in expressions(nest.roots()):
        if isinstance(item, Result) and not 0 <= item.fold < len(nest.folds):
            yield f"result {item.fold} of {len(nest.folds)} folds"
        elif isinstance(item, Result) and item.position and not _gives_position(nest, item):
            yield f"a fold of kind {nest.folds[item.fold].kind!r} gives no position"


def _gives_position(nest: Nest, item: Result) -> bool:
    return nest.kind == "sort" or nest.folds[item.fold].position is not None


def dtypes_agree(nest: Nest) -> Iterator[str]:
    """Values have the dtype of the memory they are read from, written to and computed in."""
    for item in expressions(nest.roots()):
        if isinstance(item, Load) and item.dtype != item.buffer.dtype:
            yield f"{item.buffer} is {item.buffer.dtype.name}, and read as {item.dtype.name}"
        elif isinstance(item, Guarded):
            names = {item.dtype.name, item.inside.dtype.name, item.outside.dtype.name}
            if len(names) > 1:
                yield f"the two sides of a guarded value have the dtypes {sorted(names)}"
        elif isinstance(item, Compute):
            yield from _operation(item)
        elif isinstance(item, Result) and item.fold < len(nest.folds) and nest.kind == "map":
            fold = nest.folds[item.fold]
            yield from _result(item, fold)
    for store in nest.stores:
        wanted, given = store.buffer.dtype, store.value.dtype
        if wanted != given:
            yield f"{store.buffer} is {wanted.name}, and a value of {given.name} is stored in it"


def _result(item: Result, fold: Fold) -> Iterator[str]:
    if item.position and item.dtype.kind not in "iu":
        yield f"a position has the dtype {item.dtype.name}"
    if not item.position and item.dtype != fold.value.dtype:
        yield f"a fold of {fold.value.dtype.name} has a result of {item.dtype.name}"


def _operation(item: Compute) -> Iterator[str]:
    if item.name not in ELEMENTWISE:
        yield f"there is no elementwise primitive {item.name!r}"
        return
    given = [argument.dtype for argument in item.arguments]
    if len(given) != _arity(item.name):
        yield f"{item.name} of {len(given)} values, and not of {_arity(item.name)}"
        return
    primitive = ELEMENTWISE[item.name]
    if not isinstance(primitive, Elementwise):
        return  # casts take any dtype to any other
    compared = given[1:] if item.name == "where" else given
    result = primitive.result(compared[0])
    wrong = len(set(compared)) > 1 or kind_of(compared[0]) not in primitive.kinds
    if item.name == "where" and given[0] != bool_:
        wrong = True
    if wrong or item.dtype != result:
        yield f"{item.name} of {', '.join(d.name for d in given)} gives no {item.dtype.name}"


@cache
def _arity(name: str) -> int:
    if name == "threefry":
        return 4
    meaning = ELEMENTWISE[name].meaning
    if isinstance(meaning, np.ufunc):
        return meaning.nin
    if name in ("cast", "bitcast"):
        return 1
    if name == "where":
        return 3
    positional = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = inspect.signature(meaning).parameters.values()
    return sum(p.kind is positional and p.default is inspect.Parameter.empty for p in parameters)


def loads_stay_inside(nest: Nest) -> Iterator[str]:
    """No load reads beyond its buffer."""
    if any(axis.extent == 0 for axis in (*nest.axes, *nest.reduce)):
        return
    for load in nest.loads():
        for fault in _outside(load, load.guards):
            yield f"{fault}, and is read"


def stores_stay_inside(nest: Nest) -> Iterator[str]:
    """No store writes beyond its buffer."""
    if any(axis.extent == 0 for axis in (*nest.axes, *nest.reduce)):
        return
    for store in nest.stores:
        for fault in _outside(store, ()):
            yield f"{fault}, and is written"


def _outside(access: Load | Store, guards: tuple[Guard, ...]) -> Iterator[str]:
    found = reach(access.offset, guards)
    size = access.buffer.size
    if found is None or isinstance(size, Extent) or found[0] > found[1]:
        return
    low, high = found
    for _, extent, stride in access.computed:
        if isinstance(extent, Extent) or isinstance(stride, Extent):
            return
        high += max(extent - 1, 0) * stride
    if low < 0 or high >= size:
        reached = f"elements {low} to {high}" if low != high else f"element {low}"
        yield f"{access.buffer}[{_text(access.offset)}] is {reached} of a buffer of {size}"


def points_write_apart(nest: Nest) -> Iterator[str]:
    """Different points of the parallel axes write different elements: threads share them out."""
    axes = (*nest.axes, *nest.reduce) if nest.kind in ("running", "sort") else nest.axes
    for store in nest.stores:
        if store.computed and nest.kind != "scatter":
            yield f"{store.buffer} is written at places that are values, outside a scatter"
        elif is_injective(store.offset, axes) is False:
            yield f"several points write the same element of {store.buffer}[{_text(store.offset)}]"


def guards_are_sensible(nest: Nest) -> Iterator[str]:
    """A guard's extent is not negative, and a guard that always holds is left out of folds."""
    for item in (*nest.folds, *expressions(nest.roots())):
        for guard in getattr(item, "guards", ()):
            if _is_negative(guard.extent):
                yield f"the guard {guard} can never hold"


def _is_negative(size: Size) -> bool:
    return isinstance(size, int) and size < 0


def _text(index: Affine) -> str:
    return affine_text(index, {axis: axis.name for axis in index.terms})


#: In this order: later rules may rely on earlier ones.
RULES: tuple[Rule, ...] = (
    axes_are_declared,
    folds_are_of_the_kind,
    dtypes_agree,
    guards_are_sensible,
    loads_stay_inside,
    stores_stay_inside,
    points_write_apart,
)
