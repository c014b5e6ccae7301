"""Linear algebra of complex matrices as nests around calls of LAPACK.

As in `routines`, but for the memory on which a call works: there the real and the imaginary part of
a number stand side by side, as LAPACK has them, and everywhere else they are tensors of their own.
The nests that fill the memory bring them together, and those that take the result from it part
them. A transposed matrix is not conjugated by turning its memory round.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from cairnet.base.dtypes import bool_
from cairnet.compiler.folding import fold
from cairnet.compiler.loops import (
    Affine,
    Axis,
    Buffer,
    Compute,
    Coordinate,
    Expression,
    Guard,
    Literal,
    Load,
    Nest,
    Result,
    Store,
)
from cairnet.compiler.nest import Lowering
from cairnet.compiler.stacks import INT32, Index, Stack, Value
from cairnet.tensor.core import Tensor
from cairnet.tensor.extent import Extent, Size, maximum, minimum

__all__ = ["complex_matrices"]

#: Columns that LAPACK treats together where it is given the work space for it.
_BLOCK = 32

Family = Mapping[int, Tensor]


def complex_matrices(lowering: Lowering, tensor: Tensor) -> list[Nest]:
    """The nests of all outputs, when the first of them is met."""
    family = lowering.families.get(tensor)
    if family is None:
        return []
    stack = _PairStack(lowering, tensor, tensor.inputs[0])
    return _BUILDERS[tensor.parameters["of"]](stack, family, **dict(tensor.parameters["given"]))


class _PairStack(Stack):
    """A stack of complex matrices."""

    def numbers(self, name: str, *extents: Size) -> Buffer:
        """Memory for complex numbers: the two parts of each are neighbours."""
        return self.memory(name, *extents, 2)

    def fill_parts(self, buffer: Buffer, *values: Value) -> list[Nest]:
        """Nests that give all numbers of matrices in memory their parts."""
        return [self._fill_part(buffer, part, value) for part, value in enumerate(values)]

    def _fill_part(self, buffer: Buffer, part: int, value: Value) -> Nest:
        rows, columns = Axis("r", buffer.extents[-3]), Axis("c", buffer.extents[-2])
        lead = self.axes()
        index = tuple(map(Affine.of, lead))
        row, column = Affine.of(rows), Affine.of(columns)
        place = self.place(buffer, (*index, row, column)) + part
        kept = tuple(axis for axis in (*lead, rows, columns) if axis.extent != 1)
        store = Store(buffer, place, value(index, row, column))
        return Nest(kept, (), (), (store,), (self.tensor,))

    def part(self, buffer: Buffer, part: int, *index: Affine, inside: Sequence[Guard] = ()) -> Load:
        """A part of a number in memory, zero where a guard fails."""
        kept = tuple(guard for guard in inside if not guard.always())
        return Load(buffer.dtype, buffer, self.place(buffer, index) + part, kept)

    def parts(self, buffer: Buffer) -> tuple[Value, Value]:
        """The parts of the numbers in memory."""

        def held(part: int) -> Value:
            return lambda lead, row, column: self.part(buffer, part, *lead, row, column)

        return held(0), held(1)

    def inputs(self, number: int) -> tuple[Value, Value]:
        """The parts of an input."""
        real, imag = self.tensor.inputs[2 * number : 2 * number + 2]
        return self.read(real), self.read(imag)

    def give(self, family: Family, first: int, *values: Value) -> list[Nest]:
        """Nests that write the parts of an output, as far as they are wanted."""
        return [
            self.fill(self.lowering.buffer(family[first + part]), value)
            for part, value in enumerate(values)
            if first + part in family
        ]

    def negative(self, value: Value) -> Value:
        """The elements with the other sign."""
        return lambda *index: Compute(self.dtype, "negative", (value(*index),))


def _cholesky(stack: _PairStack, family: Family) -> list[Nest]:
    size = stack.tensor.inputs[0].extents[-1]
    factor = stack.numbers("factor", size, size)
    return [
        *stack.fill_parts(factor, *(stack.lower(part, size) for part in stack.inputs(0))),
        *stack.call(
            *("potrf", "U", size, factor, maximum(size, 1)),
            on=[factor],
            spoiled=[factor],
            pairs=True,
            work=size * size * size * 4 // 3,
        ),
        *stack.give(family, 0, *stack.parts(factor)),
    ]


def _solve_triangular(stack: _PairStack, family: Family, low: bool, turned: bool) -> list[Nest]:
    rows, columns = stack.tensor.inputs[2].extents[-2:]
    triangle, x = stack.numbers("triangle", rows, rows), stack.numbers("x", rows, columns)
    letters = ("R", "U" if low else "L", "T" if turned else "N", "N")
    sizes = (columns, rows, 1.0, triangle, maximum(rows, 1), x, maximum(columns, 1))
    return [
        *stack.fill_parts(triangle, *stack.inputs(0)),
        *stack.fill_parts(x, *stack.inputs(1)),
        *stack.call(
            *("trsm", *letters, *sizes),
            on=[x],
            reports=False,
            pairs=True,
            work=rows * rows * columns * 4,
        ),
        *stack.give(family, 0, *stack.parts(x)),
    ]


def _solve(stack: _PairStack, family: Family) -> list[Nest]:
    rows, columns = stack.tensor.inputs[2].extents[-2:]
    factors, right = stack.numbers("lu", rows, rows), stack.numbers("right", columns, rows)
    pivots = stack.memory("pivots", rows, dtype=INT32)
    least = maximum(rows, 1)
    return [
        *stack.fill_parts(factors, *map(stack.turned, stack.inputs(0))),
        *stack.fill_parts(right, *map(stack.turned, stack.inputs(1))),
        *stack.call(
            *("gesv", rows, columns, factors, least, pivots, right, least),
            on=[factors, right],
            gives=[pivots],
            spoiled=[right],
            pairs=True,
            work=rows * rows * (rows * 8 + columns * 24) // 3,
        ),
        *stack.give(family, 0, *map(stack.turned, stack.parts(right))),
    ]


def _determinant(stack: _PairStack, family: Family) -> list[Nest]:
    """Absolute values multiply, their logarithms and the angles of the factors add up."""
    size = stack.tensor.inputs[0].extents[-1]
    factors, pivots = stack.numbers("lu", size, size), stack.memory("pivots", size, dtype=INT32)
    dtype = stack.dtype
    lead, axis = stack.axes(), Axis("k", size)
    index, place = tuple(map(Affine.of, lead)), Affine.of(axis)
    pivot = tuple(stack.part(factors, part, *index, place, place) for part in (0, 1))
    length = _length(stack, pivot)
    angle = Compute(dtype, "atan2", (pivot[1], pivot[0]))
    turned = Compute(dtype, "add", (angle, Literal(dtype, _HALF_TURN)))
    stayed = (stack.load(pivots, *index, place), Coordinate(INT32, place + 1))
    whole_angle = Compute(dtype, "where", (Compute(bool_, "equal", stayed), angle, turned))
    folds = [
        fold("product", length),
        fold("sum", whole_angle),
        fold("sum", Compute(dtype, "log", (length,))),
    ]
    product, total, logarithm = (Result(dtype, number) for number in range(3))
    cosine, sine = (Compute(dtype, name, (total,)) for name in ("cos", "sin"))
    none = Compute(bool_, "equal", (logarithm, Literal(dtype, float("-inf"))))
    outputs = [
        *(Compute(dtype, "multiply", (product, each)) for each in (cosine, sine)),
        *(Compute(dtype, "where", (none, Literal(dtype, 0), each)) for each in (cosine, sine)),
        logarithm,
    ]
    stores = [
        Store(stack.lowering.buffer(member), stack.place(stack.lowering.buffer(member), index), v)
        for number, v in enumerate(outputs)
        if (member := family.get(number)) is not None
    ]
    kept = tuple(each for each in lead if each.extent != 1)
    reduce = () if size == 1 else (axis,)
    return [
        *stack.fill_parts(factors, *stack.inputs(0)),
        *stack.call(
            *("getrf", size, size, factors, maximum(size, 1), pivots),
            on=[factors],
            gives=[pivots],
            pairs=True,
            work=size * size * size * 8 // 3,
        ),
        Nest(kept, reduce, tuple(folds), tuple(stores), (stack.tensor,)),
    ]


_HALF_TURN = 3.141592653589793


def _length(stack: Stack, parts: Sequence[Expression]) -> Expression:
    """The absolute value of a number; the larger part is taken out, so no square overflows."""
    dtype = stack.dtype
    sizes = tuple(Compute(dtype, "absolute", (part,)) for part in parts)
    large, small = (Compute(dtype, name, sizes) for name in ("maximum", "minimum"))
    zero, one = Literal(dtype, 0), Literal(dtype, 1)
    ratio = Compute(dtype, "divide", (small, large))
    square = Compute(dtype, "multiply", (ratio, ratio))
    root = Compute(dtype, "sqrt", (Compute(dtype, "add", (one, square)),))
    whole = Compute(dtype, "multiply", (large, root))
    nothing = Compute(bool_, "equal", (large, zero))
    return Compute(dtype, "where", (nothing, zero, whole))


def _qr(stack: _PairStack, family: Family, complete: bool) -> list[Nest]:
    rows, columns = stack.tensor.inputs[0].extents[-2:]
    inner = minimum(rows, columns)
    packed, scales = stack.numbers("reflections", columns, rows), stack.numbers("scales", inner)
    length = maximum(columns, 1) * _BLOCK
    space = stack.numbers("space", length)
    outer = maximum(rows, columns)
    below = (stack.turned(stack.lower(part, outer)) for part in stack.parts(packed))
    nests = [
        *stack.fill_parts(packed, *map(stack.turned, stack.inputs(0))),
        *stack.call(
            *("geqrf", rows, columns, packed, maximum(rows, 1), scales, space, length),
            on=[packed],
            gives=[scales, space],
            pairs=True,
            work=rows * columns * inner * 8 - inner * inner * inner * 8 // 3,
        ),
        *stack.give(family, 2, *below),
    ]
    if 0 in family or 1 in family:
        nests += _orthonormal(stack, family, packed, scales, rows if complete else inner)
    return nests


def _orthonormal(
    stack: _PairStack, family: Family, packed: Buffer, scales: Buffer, count: Size
) -> list[Nest]:
    columns, rows = packed.extents[-3:-1]
    inner = scales.extents[-2]
    if columns == 0:
        zero = Literal(stack.dtype, 0)
        return stack.give(family, 0, stack.unit, lambda lead, row, column: zero)
    q = stack.numbers("columns", count, rows)
    length = maximum(count, 1) * _BLOCK
    space = stack.numbers("space", length)
    inside = () if count == inner else (columns,)

    def reflection(part: int) -> Value:
        def element(lead: Index, column: Affine, row: Affine) -> Expression:
            guards = [Guard(column, extent) for extent in inside]
            return stack.part(packed, part, *lead, column, row, inside=guards)

        return element

    return [
        *stack.fill_parts(q, reflection(0), reflection(1)),
        *stack.call(
            *("ungqr", rows, count, inner, q, maximum(rows, 1), scales, space, length),
            on=[q],
            gives=[space],
            pairs=True,
            work=rows * count * inner * 8 - inner * inner * inner * 8 // 3,
        ),
        *stack.give(family, 0, *map(stack.turned, stack.parts(q))),
    ]


def _eigh(stack: _PairStack, family: Family) -> list[Nest]:
    size = stack.tensor.inputs[0].extents[-1]
    vectors = stack.numbers("vectors", size, size)
    values = stack.lowering.buffer(family[0]) if 0 in family else stack.memory("values", size)
    wanted = 1 in family or 2 in family
    length = size * (size + 2 + _BLOCK) + 1
    real_length = size * (size * 2 + 5) + 1
    whole_length = size * 5 + 3
    space, real = stack.numbers("space", length), stack.memory("reals", real_length)
    whole = stack.memory("integers", whole_length, dtype=INT32)
    # The memory is the transposed, which is the conjugate matrix there: so are its vectors.
    held = [stack.turned(part) for part in stack.parts(vectors)]
    return [
        *stack.fill_parts(vectors, *stack.inputs(0)),
        *stack.call(
            *("heevd", "V" if wanted else "N", "U", size, vectors, maximum(size, 1), values),
            *(space, length, real, real_length, whole, whole_length),
            on=[vectors],
            gives=[values, space, real, whole],
            spoiled=[values, vectors],
            pairs=True,
            work=size * size * size * (36 if wanted else 12),
        ),
        *stack.give(family, 1, held[0], stack.negative(held[1])),
    ]


def _svd(stack: _PairStack, family: Family, full: bool) -> list[Nest]:
    rows, columns = stack.tensor.inputs[0].extents[-2:]
    inner, outer = minimum(rows, columns), maximum(rows, columns)
    left, right = (rows, columns) if full else (inner, inner)
    wanted = any(number in family for number in (0, 1, 3, 4))
    matrix = stack.numbers("matrix", rows, columns)
    values = stack.lowering.buffer(family[2]) if 2 in family else stack.memory("values", inner)
    u = stack.numbers("u", *((rows, left) if wanted else (1, 1)))
    v = stack.numbers("v", *((right, columns) if wanted else (1, 1)))
    length = inner * inner * 2 + inner * 4 + outer + (inner + outer) * _BLOCK + 1
    space = stack.numbers("space", length)
    real = stack.memory("reals", (inner * 5 + outer * 2 + 9) * inner + 1)
    whole = stack.memory("integers", inner * 8 + 1, dtype=INT32)
    job = ("A" if full else "S") if wanted else "N"
    least = maximum(columns, 1)
    # Of a matrix without elements LAPACK leaves the full factors as they are.
    begun = [u, v] if job == "A" and (inner == 0 or isinstance(inner, Extent)) else []
    zero = Literal(stack.dtype, 0)
    begin = [stack.fill_parts(each, stack.unit, lambda lead, r, c: zero) for each in begun]
    return [
        *stack.fill_parts(matrix, *stack.inputs(0)),
        *(nest for nests in begin for nest in nests),
        *stack.call(
            *("gesdd", job, columns, rows, matrix, least, values, v, least),
            *(u, maximum(left, 1), space, length, real, whole),
            on=[matrix, *begun],
            gives=[each for each in (values, v, u, space, real, whole) if each not in begun],
            spoiled=[values, v, u],
            pairs=True,
            work=rows * columns * inner * (80 if wanted else 16),
        ),
        *stack.give(family, 0, *stack.parts(u)),
        *stack.give(family, 3, *stack.parts(v)),
    ]


_BUILDERS: dict[str, Callable[..., list[Nest]]] = {
    "cholesky": _cholesky,
    "determinant": _determinant,
    "eigh": _eigh,
    "qr": _qr,
    "solve": _solve,
    "solve_triangular": _solve_triangular,
    "svd": _svd,
}
