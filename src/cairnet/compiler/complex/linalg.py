"""Linear algebra of complex matrices: one primitive in their parts, and what surrounds it."""

from __future__ import annotations

from typing import Any

from cairnet.base.dtypes import int64
from cairnet.compiler.complex.formulas import Pair, magnitude, multiply, times
from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.extent import Size
from cairnet.tensor.functions.arguments import cast_to
from cairnet.tensor.functions.indexing import take_along_axis
from cairnet.tensor.functions.linear_algebra import matmul, matrix_transpose
from cairnet.tensor.functions.manipulation import concat
from cairnet.tensor.functions.searching import argmax, where
from cairnet.tensor.functions.statistics import max
from cairnet.tensor.primitives import PAD, SLICE
from cairnet.tensor.primitives.linalg_matrices import LARGE
from cairnet.tensor.primitives.linalg_parts import COMPLEX_MATRICES, places_of

__all__ = ["eigenvectors", "in_parts", "pseudo_inverse", "singular_vectors"]


def in_parts(node: Tensor, *inputs: Pair, **parameters: Any) -> Tensor | Pair:
    """Any primitive of linear algebra."""
    number = parameters.pop("output", 0)
    return _output_of(node.primitive.name, number, inputs, parameters)


def _output_of(name: str, number: int, inputs: tuple[Pair, ...], parameters: dict[str, Any]) -> Any:
    given = tuple(sorted(parameters.items()))
    parts = [part for pair in inputs for part in pair]
    found = [
        apply(COMPLEX_MATRICES, *parts, of=name, given=given, output=output)
        for output, (i, _) in enumerate(places_of(name))
        if i == number
    ]
    return found[0] if len(found) == 1 else (found[0], found[1])


def eigenvectors(node: Tensor, a: Pair, *, output: int) -> Tensor | Pair:
    """Eigenvalues as they are; eigenvectors of which the first large element is positive."""
    found = _output_of("eigh", output, (a,), {})
    return multiply(found, _turns(found)) if output else found


def singular_vectors(node: Tensor, a: Pair, *, full: bool, output: int) -> Tensor | Pair:
    """Singular values as they are; vectors turned so that those of u begin positive."""
    found = _output_of("svd", output, (a,), {"full": full})
    if output == 1:
        return found
    u = found if output == 0 else _output_of("svd", 0, (a,), {"full": full})
    turns = _turns(u)
    if output == 0:
        return multiply(u, turns)
    inner = _output_of("svd", 1, (a,), {"full": full}).extents[-1]
    real, imag = (_slice(part, 0, inner) for part in turns)
    row = [real, -imag]
    if full:
        # Those beyond the singular values have no partner.
        alone = _turns((matrix_transpose(found[0]), matrix_transpose(found[1])))
        row = [
            concat([own, _slice(rest, inner, rest.extents[-1] - inner)], axis=-1)
            for own, rest in zip(row, alone, strict=True)
        ]
    real, imag = map(matrix_transpose, row)
    return multiply(found, (real, imag))


def pseudo_inverse(node: Tensor, a: Pair, limit: Tensor) -> Pair:
    """(vᴴ)ᴴ · diag(1/s) · uᴴ, without singular values that are negligible."""
    u, s, v = (_output_of("svd", i, (a,), {"full": False}) for i in range(3))
    kept = s > limit[..., None] * max(_not_empty(s, -1), axis=-1, keepdims=True)
    inverse = where(kept, 1 / where(kept, s, 1.0), 0.0)[..., None, :]
    right = matrix_transpose(v[0]) * inverse, -matrix_transpose(v[1]) * inverse
    return times(matmul, right, (matrix_transpose(u[0]), -matrix_transpose(u[1])))


def _not_empty(x: Tensor, axis: int) -> Tensor:
    """One zero more along an axis, so that there is a largest of numbers that are not negative."""
    none = (0,) * x.ndim
    one = tuple(1 if number == x.ndim + axis else 0 for number in range(x.ndim))
    return apply(PAD, x, low=none, high=one, interior=none, value=0)


def _slice(x: Tensor, start: Size, size: Size) -> Tensor:
    """Some of the last axis, whose extents may be formulas."""
    lead = x.extents[:-1]
    starts = (*(0 for _ in lead), start)
    return apply(SLICE, x, starts=starts, sizes=(*lead, size), steps=(1,) * x.ndim)


def _turns(vectors: Pair) -> Pair:
    """A row of factors of size 1 that make the first large element of each column positive."""
    size = _not_empty(magnitude(vectors), -2)
    large = size > LARGE * max(size, axis=-2, keepdims=True)
    place = argmax(cast_to(large, int64), axis=-2, keepdims=True)
    real, imag = (take_along_axis(part, place, axis=-2) for part in vectors)
    length = magnitude((real, imag))
    return real / length, -imag / length
