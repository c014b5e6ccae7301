"""`einsum`: sums of products by the summation convention.

Every operand is first reduced to distinct letters (a repeated one takes the diagonal, one that no
other operand and no output knows is summed away). Then operands are multiplied two at a time: a
letter that both have and that is still needed is a batch axis, one that is needed no more is
contracted by `dot`. What is left is put in the order of the output.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cairnet.base.dtypes import bool_, int64
from cairnet.base.errors import ArgumentError, DTypeError, ShapeError
from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.extent import Size
from cairnet.tensor.functions.arguments import stretch, together
from cairnet.tensor.functions.manipulation import permute_dims, reshape
from cairnet.tensor.primitives import DOT, GATHER, IOTA, SUM
from cairnet.tensor.source import here

__all__ = ["einsum"]

# A stand-in for unknown extents, to choose an order of products by; nothing else depends on it.
_TYPICAL_EXTENT = 64


def einsum(subscripts: str, /, *operands: Any) -> Tensor:
    """Sums of products, written with one letter for each axis (Einstein's convention).

    "ij,jk->ik" is the matrix product: letters of the operands before the arrow, one string for
    each, letters of the result after it. Over a letter that the result does not have, products
    are summed.

    Args:
        subscripts: the whole syntax of NumPy's strings:

            - a letter twice in one operand takes a diagonal: "ii->i", and "ii->" is the trace;
            - "..." stands for any further axes, which broadcast, and come first in the result if
              no arrow says where;
            - without an arrow the result has the letters that occur once, in alphabetical order;
            - spaces are ignored.
        operands: numbers, arrays or tensors of one kind of dtype, promoted together. An axis of
            extent 1 broadcasts.

    Returns:
        A tensor with the axes that the subscripts name.

    Raises:
        ArgumentError: the subscripts are not well formed.
        ShapeError: subscripts and operands do not fit, or one letter stands for two extents.
        DTypeError: the operands are bool.

    Example:
        >>> import cairnet as cn
        >>> a = cn.asarray([[1.0, 2.0], [3.0, 4.0]])
        >>> cn.einsum("ij,kj->ik", a, a).numpy()
        array([[ 5., 11.],
               [11., 25.]], dtype=float32)
        >>> float(cn.einsum("ii", a))
        5.0
    """
    if not operands:
        raise ArgumentError(f"einsum, at {here()}: expected operands after {subscripts!r}")
    tensors = together("einsum", *operands)
    if tensors[0].dtype == bool_:
        raise DTypeError(
            f"einsum, at {here()}: bool has no sums; convert with cn.astype(x, 'int32')"
        )
    terms, output = _parse(subscripts, tensors)
    sizes = _sizes(subscripts, terms)
    for label in output:
        if label not in sizes:
            raise ArgumentError(
                f"einsum, at {here()}: {subscripts!r}: output letter {label!r} is in no operand"
            )
    factors = [_distinct(_without_ones(term, sizes)) for term in terms]
    while len(factors) > 1:
        i, j = _cheapest_pair(factors, output, sizes) if len(factors) > 2 else (0, 1)
        rest = [factor for place, factor in enumerate(factors) if place not in (i, j)]
        needed = {*output, *(label for factor in rest for label in factor.labels)}
        factors = [*rest, _product(factors[i], factors[j], needed)]
    return _in_order(_summed(factors[0], set(output)), output, sizes)


@dataclass(frozen=True)
class _Term:
    """A tensor and a label for each of its axes; several characters only for those of "..."."""

    tensor: Tensor
    labels: tuple[str, ...]


def _parse(subscripts: Any, tensors: Sequence[Tensor]) -> tuple[list[_Term], tuple[str, ...]]:
    """The operands with their labels, and the labels of the result."""
    if not isinstance(subscripts, str):
        raise ArgumentError(
            f"einsum, at {here()}: expected a string such as 'ij,jk->ik', got {subscripts!r}"
        )
    text = subscripts.replace(" ", "")
    inputs, arrow, result = text.partition("->")
    for part in (*inputs.split(","), result):
        bare = part.replace("...", "", 1)
        if not all(letter.isascii() and letter.isalpha() for letter in bare):
            raise ArgumentError(
                f"einsum, at {here()}: {subscripts!r}: expected letters, commas, one '->' and at "
                f"most one '...' an operand, got {part!r}"
            )
    parts = inputs.split(",")
    if len(parts) != len(tensors):
        raise ArgumentError(
            f"einsum, at {here()}: {subscripts!r} names {len(parts)} operands, got {len(tensors)}"
        )
    terms = [
        _Term(tensor, _labels(subscripts, part, tensor))
        for part, tensor in zip(parts, tensors, strict=True)
    ]
    dots = max(sum(len(label) > 1 for label in term.labels) for term in terms)
    ellipsis = tuple(_dot_label(dots - i) for i in range(dots))
    if not arrow:
        counts = Counter(letter for letter in inputs if letter.isalpha())
        return terms, (*ellipsis, *sorted(letter for letter, n in counts.items() if n == 1))
    if len(set(result.replace("...", ""))) != len(result.replace("...", "")):
        raise ArgumentError(
            f"einsum, at {here()}: {subscripts!r}: a letter stands twice in the output"
        )
    if dots and "..." not in result:
        raise ArgumentError(
            f"einsum, at {here()}: {subscripts!r}: the axes of '...' must be in the output, too"
        )
    before, _, after = result.partition("...")
    return terms, (*before, *(ellipsis if "..." in result else ()), *after)


def _labels(subscripts: str, part: str, tensor: Tensor) -> tuple[str, ...]:
    before, dots, after = part.partition("...")
    extra = tensor.ndim - len(before) - len(after)
    if extra < 0 or (extra > 0 and not dots):
        raise ShapeError(
            f"einsum, at {here()}: {subscripts!r}: {part!r} names {len(before) + len(after)} axes "
            f"of an operand of shape {tensor.shape}"
        )
    # Counted from the right, as broadcasting aligns them.
    return (*before, *(_dot_label(extra - i) for i in range(extra)), *after)


def _dot_label(place: int) -> str:
    return f"...{place}"


def _sizes(subscripts: str, terms: Sequence[_Term]) -> dict[str, Size]:
    """The extent of every label: the one that is not 1, and a known one where there is one."""
    sizes: dict[str, Size] = {}
    for term in terms:
        for label, size in zip(term.labels, term.tensor.extents, strict=True):
            met = sizes.get(label, 1)
            if met == 1 or (isinstance(size, int) and size != 1 and not isinstance(met, int)):
                sizes[label] = size
            elif isinstance(met, int) and isinstance(size, int) and size not in (1, met):
                shapes = " and ".join(str(each.tensor.shape) for each in terms)
                name = "..." if len(label) > 1 else label
                raise ShapeError(
                    f"einsum, at {here()}: {subscripts!r}: letter {name!r} is {met} in one place "
                    f"and {size} in another of the shapes {shapes}"
                )
    return sizes


def _without_ones(term: _Term, sizes: dict[str, Size]) -> _Term:
    """The operand without the axes of extent 1 that would have to be repeated."""
    kept = [
        axis
        for axis, (label, size) in enumerate(zip(term.labels, term.tensor.extents, strict=True))
        if size != 1 or sizes[label] == 1
    ]
    if len(kept) == len(term.labels):
        return term
    shape = tuple(term.tensor.extents[axis] for axis in kept)
    return _Term(reshape(term.tensor, shape), tuple(term.labels[axis] for axis in kept))


def _distinct(term: _Term) -> _Term:
    """The diagonal over every label that stands twice."""
    tensor, labels = term.tensor, list(term.labels)
    while repeated := [label for label, count in Counter(labels).items() if count > 1]:
        label = repeated[0]
        axes = tuple(axis for axis, own in enumerate(labels) if own == label)
        index = apply(IOTA, size=tensor.extents[axes[0]], dtype=int64)
        tensor = apply(GATHER, tensor, *(index for _ in axes), axes=axes)
        labels = [label, *(own for own in labels if own != label)]
    return _Term(tensor, tuple(labels))


def _summed(term: _Term, needed: set[str]) -> _Term:
    """The operand with the labels that nobody needs summed away."""
    axes = tuple(axis for axis, label in enumerate(term.labels) if label not in needed)
    if not axes:
        return term
    labels = tuple(label for label in term.labels if label in needed)
    return _Term(apply(SUM, term.tensor, axes=axes), labels)


def _product(first: _Term, second: _Term, needed: set[str]) -> _Term:
    """Multiply two operands, and sum over what neither the rest nor the output needs."""
    first = _summed(first, needed | set(second.labels))
    second = _summed(second, needed | set(first.labels))
    shared = [label for label in first.labels if label in second.labels]
    contracted = [label for label in shared if label not in needed]
    batch = [label for label in shared if label in needed]
    free = [label for label in (*first.labels, *second.labels) if label not in shared]
    labels = (*batch, *free)
    if not contracted:
        return _Term(_outer(first, second, labels), labels)
    axes = [
        tuple(tuple(term.labels.index(label) for label in chosen) for term in (first, second))
        for chosen in (contracted, batch)
    ]
    result = apply(DOT, first.tensor, second.tensor, contract=axes[0], batch=axes[1])
    return _Term(result, labels)


def _outer(first: _Term, second: _Term, labels: tuple[str, ...]) -> Tensor:
    """The product element by element, where nothing is summed: a broadcast multiplication."""
    sizes = dict(zip(second.labels, second.tensor.extents, strict=True))
    sizes.update(zip(first.labels, first.tensor.extents, strict=True))
    return _spread(first, labels, sizes) * _spread(second, labels, sizes)


def _spread(term: _Term, labels: tuple[str, ...], sizes: dict[str, Size]) -> Tensor:
    """The tensor with its axes in the order of the labels, and 1 for those it lacks."""
    present = [label for label in labels if label in term.labels]
    moved = permute_dims(term.tensor, [term.labels.index(label) for label in present])
    return reshape(moved, tuple(sizes[label] if label in present else 1 for label in labels))


def _in_order(term: _Term, output: tuple[str, ...], sizes: dict[str, Size]) -> Tensor:
    own = dict(zip(term.labels, term.tensor.extents, strict=True))
    spread = _spread(term, output, own)
    # A label that only axes of extent 1 carried was dropped: it is repeated now.
    return stretch(spread, tuple(own.get(label, sizes[label]) for label in output))


def _cheapest_pair(
    factors: Sequence[_Term], output: tuple[str, ...], sizes: dict[str, Size]
) -> tuple[int, int]:
    """Which two operands to multiply next: fewest multiplications, then the smallest product."""

    def elements(labels: set[str]) -> int:
        known = (sizes[label] for label in labels)
        return math.prod(size if isinstance(size, int) else _TYPICAL_EXTENT for size in known)

    def cost(pair: tuple[int, int]) -> tuple[int, int]:
        union = {label for place in pair for label in factors[place].labels}
        others = (set(factor.labels) for k, factor in enumerate(factors) if k not in pair)
        return elements(union), elements(union & set(output).union(*others))

    return min(itertools.combinations(range(len(factors)), 2), key=cost)
