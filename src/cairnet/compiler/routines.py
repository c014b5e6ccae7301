"""Linear algebra as nests around calls of LAPACK: the hearts of its primitives.

LAPACK numbers the elements of a matrix column by column, the memory here is row by row. So the same
memory is a matrix here and its transpose there, which serves where the problem can be turned round
with it: the lower triangle here is the upper one there, and a = u·s·v here is aᵀ = vᵀ·s·uᵀ there.
Elsewhere the nests that fill the memory of a call transpose on the way.

Names, arguments and work space are those of the LAPACK Users' Guide (Anderson et al., 1999).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cairnet.base.dtypes import bool_
from cairnet.compiler.loops import (
    Affine,
    Buffer,
    Compute,
    Coordinate,
    Expression,
    Guard,
    Literal,
    Nest,
)
from cairnet.compiler.nest import Lowering, NotStoredError
from cairnet.compiler.stacks import INT32, Index, Stack
from cairnet.compiler.storage import is_leaf
from cairnet.tensor.core import Tensor
from cairnet.tensor.extent import Extent, Size, maximum, minimum

__all__ = ["ROUTINES"]

#: Columns that LAPACK treats together where it is given the work space for it.
_BLOCK = 32


def _at_least_one(size: Size) -> Size:
    """LAPACK wants leading extents of 1 or more, even of matrices without elements."""
    return maximum(size, 1)


def _cholesky(lowering: Lowering, tensor: Tensor) -> list[Nest]:
    (a,) = tensor.inputs
    stack = Stack(lowering, tensor, a)
    size, factor = tensor.extents[-1], lowering.buffer(tensor)
    return [
        stack.fill(factor, stack.lower(stack.read(a), size)),
        *stack.call(
            *("potrf", "U", size, factor, _at_least_one(size)),
            on=[factor],
            spoiled=[factor],
            work=size * size * size // 3,
        ),
    ]


def _solve_triangular(lowering: Lowering, tensor: Tensor) -> list[Nest]:
    a, b = tensor.inputs
    if not (is_leaf(a) or a in lowering.stored):
        raise NotStoredError(a)
    stack = Stack(lowering, tensor, a)
    rows, columns = tensor.extents[-2:]
    triangle, x = lowering.buffer(a), lowering.buffer(tensor)
    part = "U" if tensor.parameters["low"] else "L"
    turn = "T" if tensor.parameters["turned"] else "N"
    # a·x = b here is xᵀ·aᵀ = bᵀ there: the triangle stands on the right.
    sizes = (columns, rows, 1.0, triangle, _at_least_one(rows), x, _at_least_one(columns))
    return [
        stack.fill(x, stack.read(b)),
        *stack.call(
            *("trsm", "R", part, turn, "N", *sizes),
            on=[x],
            reports=False,
            work=rows * rows * columns,
        ),
    ]


def _solve(lowering: Lowering, tensor: Tensor) -> list[Nest]:
    a, b = tensor.inputs
    stack = Stack(lowering, tensor, a)
    rows, columns = tensor.extents[-2:]
    factors, right = stack.memory("lu", rows, rows), stack.memory("right", columns, rows)
    pivots = stack.memory("pivots", rows, dtype=INT32)
    least = _at_least_one(rows)
    return [
        stack.fill(factors, stack.turned(stack.read(a))),
        stack.fill(right, stack.turned(stack.read(b))),
        *stack.call(
            *("gesv", rows, columns, factors, least, pivots, right, least),
            on=[factors, right],
            gives=[pivots],
            spoiled=[right],
            work=rows * rows * (rows * 2 + columns * 6) // 3,
        ),
        stack.fill(lowering.buffer(tensor), stack.turned(stack.held(right))),
    ]


def _determinant(lowering: Lowering, tensor: Tensor) -> list[Nest]:
    """det a = det aᵀ, so the memory is taken as it is: products over the diagonal of its factor."""
    family = lowering.families.get(tensor, {})
    if not family:
        return []
    (a,) = tensor.inputs
    stack = Stack(lowering, tensor, a)
    size = a.extents[-1]
    factors, pivots = stack.memory("lu", size, size), stack.memory("pivots", size, dtype=INT32)
    dtype = a.dtype

    def pivot(lead: Index, place: Affine) -> Expression:
        return stack.load(factors, *lead, place, place)

    def signed(lead: Index, place: Affine, value: Expression) -> Expression:
        # Rows count from 1 there; one that stayed where it was leaves the sign as it was.
        stayed = (stack.load(pivots, *lead, place), Coordinate(INT32, place + 1))
        other = Compute(dtype, "negative", (value,))
        return Compute(dtype, "where", (Compute(bool_, "equal", stayed), value, other))

    def sign(lead: Index, place: Affine) -> Expression:
        return signed(lead, place, Compute(dtype, "sign", (pivot(lead, place),)))

    def logarithm(lead: Index, place: Affine) -> Expression:
        size = Compute(dtype, "absolute", (pivot(lead, place),))
        return Compute(dtype, "log", (size,))

    def factor(lead: Index, place: Affine) -> Expression:
        return signed(lead, place, pivot(lead, place))

    kinds = (("product", factor), ("product", sign), ("sum", logarithm))
    return [
        stack.fill(factors, stack.read(a)),
        *stack.call(
            *("getrf", size, size, factors, _at_least_one(size), pivots),
            on=[factors],
            gives=[pivots],
            work=size * size * size * 2 // 3,
        ),
        *(stack.folded(kinds[i][0], member, size, kinds[i][1]) for i, member in family.items()),
    ]


def _qr(lowering: Lowering, tensor: Tensor) -> list[Nest]:
    family = lowering.families.get(tensor, {})
    if not family:
        return []
    (a,) = tensor.inputs
    stack = Stack(lowering, tensor, a)
    rows, columns = a.extents[-2:]
    inner = minimum(rows, columns)
    least = _at_least_one(rows)
    # Column by column: reflections below the diagonal, r above it.
    packed, scales = stack.memory("reflections", columns, rows), stack.memory("scales", inner)
    length = _at_least_one(columns) * _BLOCK
    space = stack.memory("space", length)
    nests: list[Nest] = [
        stack.fill(packed, stack.turned(stack.read(a))),
        *stack.call(
            *("geqrf", rows, columns, packed, least, scales, space, length),
            on=[packed],
            gives=[scales, space],
            work=rows * columns * inner * 2 - inner * inner * inner * 2 // 3,
        ),
    ]
    if 1 in family:
        below = stack.lower(stack.held(packed), maximum(rows, columns))
        nests.append(stack.fill(lowering.buffer(family[1]), stack.turned(below)))
    if 0 in family:
        nests += _orthonormal(stack, family[0], packed, scales)
    return nests


def _orthonormal(stack: Stack, tensor: Tensor, packed: Buffer, scales: Buffer) -> list[Nest]:
    """The columns q, from reflections."""
    rows, count = tensor.extents[-2:]
    (a,) = tensor.inputs
    columns, inner = a.extents[-1], scales.extents[-1]
    if columns == 0:
        return [stack.fill(stack.lowering.buffer(tensor), stack.unit)]
    q = stack.memory("columns", count, rows)
    length = _at_least_one(count) * _BLOCK
    space = stack.memory("space", length)

    def reflection(lead: Index, column: Affine, row: Affine) -> Expression:
        inside = [] if count == inner else [Guard(column, columns)]
        return stack.load(packed, *lead, column, row, guards=inside)

    least = _at_least_one(rows)
    return [
        stack.fill(q, reflection),
        *stack.call(
            *("orgqr", rows, count, inner, q, least, scales, space, length),
            on=[q],
            gives=[space],
            work=rows * count * inner * 2 - inner * inner * inner * 2 // 3,
        ),
        stack.fill(stack.lowering.buffer(tensor), stack.turned(stack.held(q))),
    ]


def _eigh(lowering: Lowering, tensor: Tensor) -> list[Nest]:
    family = lowering.families.get(tensor, {})
    if not family:
        return []
    (a,) = tensor.inputs
    stack = Stack(lowering, tensor, a)
    size = a.extents[-1]
    vectors = stack.memory("vectors", size, size)
    values = lowering.buffer(family[0]) if 0 in family else stack.memory("values", size)
    wanted = 1 in family
    length = size * size * 2 + size * (6 + _BLOCK) + 1 if wanted else size * (2 + _BLOCK) + 1
    whole_length = size * 5 + 3 if wanted else 1
    space = stack.memory("space", length)
    whole = stack.memory("integers", whole_length, dtype=INT32)
    nests: list[Nest] = [
        stack.fill(vectors, stack.read(a)),
        *stack.call(
            *("syevd", "V" if wanted else "N", "U", size, vectors, _at_least_one(size)),
            *(values, space, length, whole, whole_length),
            on=[vectors],
            gives=[values, space, whole],
            spoiled=[values, vectors],
            work=size * size * size * (9 if wanted else 3),
        ),
    ]
    if wanted:
        # A vector is a column there, a row of this memory here.
        held = stack.turned(stack.held(vectors))
        signs, settling = stack.settled(held, size, size)
        nests += settling
        nests.append(stack.fill(lowering.buffer(family[1]), stack.columns_times(held, signs)))
    return nests


def _svd(lowering: Lowering, tensor: Tensor) -> list[Nest]:
    family = lowering.families.get(tensor, {})
    if not family:
        return []
    (a,) = tensor.inputs
    stack = Stack(lowering, tensor, a)
    inner = minimum(*a.extents[-2:])
    values = lowering.buffer(family[1]) if 1 in family else stack.memory("values", inner)
    full, vectors = tensor.parameters["full"], 0 in family or 2 in family
    job = ("A" if full else "S") if vectors else "N"
    u, v, nests = _singular(stack, a, job, values)
    return nests + (_with_signs(stack, family, u, v, inner) if vectors else [])


def _singular(
    stack: Stack, a: Tensor, job: str, values: Buffer
) -> tuple[Buffer, Buffer, list[Nest]]:
    """The memory of the singular vectors u and v, and the nests that fill it, and the values.

    a = u·s·v here is aᵀ = vᵀ·s·uᵀ there, so the factors change places and none is transposed.
    """
    rows, columns = a.extents[-2:]
    inner, outer = minimum(rows, columns), maximum(rows, columns)
    left, right = (rows, columns) if job == "A" else (inner, inner)
    matrix = stack.memory("matrix", rows, columns)
    if job == "N":
        length = inner * 10 + outer
        u, v = stack.memory("u", 1, 1), stack.memory("v", 1, 1)
    else:
        length = inner * inner * 4 + inner * 7 + outer
        u, v = stack.memory("u", rows, left), stack.memory("v", right, columns)
    length = length + (inner + outer) * _BLOCK + 1
    space = stack.memory("space", length)
    whole = stack.memory("integers", _at_least_one(inner) * 8, dtype=INT32)
    least = _at_least_one(columns)
    # Of a matrix without elements LAPACK leaves the full factors as they are.
    begun = [u, v] if job == "A" and (inner == 0 or isinstance(inner, Extent)) else []
    nests: list[Nest] = [
        stack.fill(matrix, stack.read(a)),
        *(stack.fill(each, stack.unit) for each in begun),
        *stack.call(
            *("gesdd", job, columns, rows, matrix, least, values, v, least),
            *(u, _at_least_one(left), space, length, whole),
            on=[matrix, *begun],
            gives=[each for each in (values, v, u, space, whole) if each not in begun],
            spoiled=[values, v, u],
            work=rows * columns * inner * (4 if job == "N" else 20),
        ),
    ]
    return u, v, nests


def _with_signs(
    stack: Stack, family: Mapping[int, Tensor], u: Buffer, v: Buffer, inner: Size
) -> list[Nest]:
    """The singular vectors, from those that LAPACK gives."""
    columns, right = stack.held(u), stack.turned(stack.held(v))
    signs, nests = stack.settled(columns, *u.extents[-2:])
    buffer = stack.lowering.buffer
    if 0 in family:
        nests.append(stack.fill(buffer(family[0]), stack.columns_times(columns, signs)))
    if 2 in family:
        if v.extents[-2] != inner:
            # Those beyond the singular values have no partner.
            alone, settling = stack.settled(right, v.extents[-1], v.extents[-2])
            nests += settling
            turned = stack.columns_times(right, signs, inner, alone)
        else:
            turned = stack.columns_times(right, signs)
        nests.append(stack.fill(buffer(family[2]), stack.turned(turned)))
    return nests


def _pinv(lowering: Lowering, tensor: Tensor) -> list[Nest]:
    a, limit = tensor.inputs
    stack = Stack(lowering, tensor, a)
    inner = minimum(*a.extents[-2:])
    values, inverses = stack.memory("values", 1, inner), stack.memory("inverses", 1, inner)
    u, v, nests = _singular(stack, a, "S", values)
    dtype = a.dtype

    def inverse(lead: Index, row: Affine, column: Affine) -> Expression:
        value, largest = (stack.load(values, *lead, row, each) for each in (column, Affine()))
        least = Compute(dtype, "multiply", (lowering.read(limit, lead), largest))
        kept = Compute(bool_, "less", (least, value))
        quotient = Compute(dtype, "divide", (Literal(dtype, 1), value))
        return Compute(dtype, "where", (kept, quotient, Literal(dtype, 0)))

    def term(lead: Index, row: Affine, column: Affine, k: Affine) -> Expression:
        right = (stack.load(v, *lead, k, row), stack.load(inverses, *lead, Affine(), k))
        left = stack.load(u, *lead, column, k)
        return Compute(dtype, "multiply", (Compute(dtype, "multiply", right), left))

    return [*nests, stack.fill(inverses, inverse), stack.summed(tensor, inner, term)]


ROUTINES: dict[str, Callable[[Lowering, Tensor], list[Nest]]] = {
    "cholesky": _cholesky,
    "determinant": _determinant,
    "eigh": _eigh,
    "pinv": _pinv,
    "qr": _qr,
    "solve": _solve,
    "solve_triangular": _solve_triangular,
    "svd": _svd,
}
