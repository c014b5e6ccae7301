"""Tensor, an immutable node of the expression graph, and Variable, state that functions update."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from cairnet.base.dtypes import DTypeLike, as_dtype, check_conversion, complex64, float32, int64
from cairnet.base.errors import ArgumentError, CairnetError, DTypeError, ShapeError
from cairnet.tensor import extent
from cairnet.tensor.conversions import Conversions
from cairnet.tensor.extent import Extent, Size
from cairnet.tensor.operators import Operators
from cairnet.tensor.primitive import Primitive, register
from cairnet.tensor.source import Source, current_path, here

__all__ = [
    "Tensor",
    "Variable",
    "apply",
    "apply_for",
    "constant",
    "input",
    "topological_order",
]

_serial = itertools.count()


class Tensor(Operators, Conversions):
    """The result of a primitive applied to tensors: an expression, not yet a value.

    Writing `x @ w + b` builds tensors and computes nothing. `numpy.asarray(t)`, `float(t)`,
    printing, or a compiled `cn.function` computes.

    Attributes:
        primitive: the operation that makes this tensor.
        inputs: the tensors it is applied to.
        parameters: its static parameters, by name.
        extents: the size of every axis, a number or a formula (see `cairnet.tensor.extent`).
        dtype: the element type, a `numpy.dtype`.
        source: the user's line that made this node.
        path: the layers inside which it was made, as "block1/conv".
        origin: a note of what gave this tensor to the user, for the rooms above; None for none.
    """

    __slots__ = (
        "__weakref__",
        "closed",
        "dtype",
        "extents",
        "inputs",
        "origin",
        "parameters",
        "path",
        "primitive",
        "serial",
        "source",
        "value",
    )
    closed: bool
    # NumPy must leave `array + tensor` to Tensor.__radd__.
    __array_ufunc__ = None

    def __init__(
        self,
        primitive: Primitive,
        inputs: tuple[Tensor, ...],
        parameters: Mapping[str, Any],
        extents: tuple[Size, ...],
        dtype: np.dtype[Any],
        source: Source | None = None,
        path: str | None = None,
    ) -> None:
        self.primitive = primitive
        self.inputs = inputs
        self.parameters = dict(parameters)
        self.extents = extents
        self.dtype = dtype
        self.source = source or here()
        self.path = current_path() if path is None else path
        self.serial = next(_serial)
        self.origin: Any = None
        #: The value of a closed tensor, once computed.
        self.value: np.ndarray | None = None
        #: Whether the value can never change: no input, no variable and no unknown extent below.
        self.closed = (
            all(item.closed for item in inputs)
            and primitive not in (INPUT, VARIABLE)
            and not any(extent.symbols_of((extents, *parameters.values())))
        )

    @property
    def shape(self) -> tuple[int | None, ...]:
        """The extents, with None for each that is not known before the function is called."""
        return tuple(size if isinstance(size, int) else None for size in self.extents)

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.extents)

    @property
    def size(self) -> int | None:
        """The number of elements, or None where an extent is unknown."""
        total: Size = 1
        for item in self.extents:
            total = item * total
        return total if isinstance(total, int) else None

    def describe(self) -> str:
        """Dtype and shape in one word, as "float32[None, 784]"."""
        return f"{self.dtype.name}[{', '.join(str(item) for item in self.shape)}]"

    def numpy(self) -> np.ndarray:
        """The value as a NumPy array (interpreted; variables give their current values)."""
        from cairnet.tensor.interpreter import value_of

        return value_of(self)

    def __hash__(self) -> int:
        return id(self)


def apply(primitive: Primitive, *inputs: Tensor, **parameters: Any) -> Tensor:
    """Build the node `primitive(*inputs, **parameters)`; its shape rule checks the inputs."""
    extents, dtype = primitive.infer(*inputs, **parameters)
    return Tensor(primitive, inputs, parameters, extents, dtype)


def apply_for(origin: Tensor, primitive: Primitive, *inputs: Tensor, **parameters: Any) -> Tensor:
    """Build a node that stands in for another one, and so carries its source and path."""
    extents, dtype = primitive.infer(*inputs, **parameters)
    return Tensor(primitive, inputs, parameters, extents, dtype, origin.source, origin.path)


class Literal:
    """A NumPy array that is never changed, hashed and compared by its bytes."""

    __slots__ = ("_key", "array")

    def __init__(self, array: np.ndarray) -> None:
        self.array = np.array(array, order="C", copy=True)
        self.array.flags.writeable = False
        self._key: tuple[Any, ...] | None = None

    @property
    def key(self) -> tuple[Any, ...]:
        """What makes two literals the same: dtype, shape, bytes (so -0.0 is not 0.0)."""
        if self._key is None:
            self._key = (self.array.dtype.name, self.array.shape, self.array.tobytes())
        return self._key

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Literal) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __repr__(self) -> str:
        if self.array.size <= 4:
            return str(self.array.tolist())
        return f"<{self.array.dtype.name}{list(self.array.shape)}>"


class _Leaf(Primitive):
    """Inputs and variables: nodes whose value comes from outside the graph."""

    differentiable = False

    def __init__(self, name: str) -> None:
        self.name = name


class _Constant(Primitive):
    """A value fixed when the graph is built."""

    name = "constant"
    differentiable = False

    def infer(self, *, value: Literal) -> tuple[tuple[Size, ...], np.dtype[Any]]:
        return value.array.shape, value.array.dtype

    def meaning(self, *, value: Literal) -> np.ndarray:
        return value.array


CONSTANT = register(_Constant())
INPUT = register(_Leaf("input"))
VARIABLE = register(_Leaf("variable"))


class Input(Tensor):
    """A placeholder that a function fills in when it is called; made by `cn.input`."""

    __slots__ = ("name",)

    def __init__(self, extents: tuple[Size, ...], dtype: np.dtype[Any], name: str) -> None:
        super().__init__(INPUT, (), {}, extents, dtype)
        self.name = name


class Variable(Tensor):
    """State: an array that functions read, and that `updates=` and `assign` replace.

    Args:
        value: the initial value, an array or nested list; it is copied.
        dtype: element type; default: that of `value`, with Python floats and lists of them as
            float32, complex numbers as complex64.
        name: shown in printed graphs and in errors.
        trainable: whether an optimizer should update it.

    Example:
        >>> import cairnet as cn
        >>> counter = cn.Variable(0.0, name="counter")
        >>> step = cn.function([], counter + 1.0, updates={counter: counter + 1.0})
        >>> float(step()), float(step()), float(counter)
        (1.0, 2.0, 2.0)
    """

    __slots__ = ("data", "name", "trainable")

    def __init__(
        self,
        value: Any,
        dtype: DTypeLike | None = None,
        name: str = "variable",
        trainable: bool = True,
    ) -> None:
        array = aligned_copy(as_array(value, dtype))
        super().__init__(VARIABLE, (), {}, array.shape, array.dtype)
        self.data = array
        self.name = name
        self.trainable = trainable

    def assign(self, value: Any) -> None:
        """Replace the value; shape and dtype must stay what they are.

        Raises:
            ShapeError: the new value has another shape.
            DTypeError: the new value does not convert to this dtype without changing kind.
        """
        array = value.numpy() if isinstance(value, Tensor) else np.asarray(value)
        if array.shape != self.data.shape:
            raise ShapeError(
                f"assign to variable {self.name!r}: expected shape {self.data.shape}, "
                f"got {array.shape}"
            )
        if not np.can_cast(array.dtype, self.data.dtype, casting="same_kind"):
            raise DTypeError(
                f"assign to variable {self.name!r}: expected {self.data.dtype.name}, "
                f"got {array.dtype.name}"
            )
        self.data[...] = array

    def numpy(self) -> np.ndarray:
        """A copy of the current value."""
        return self.data.copy()


def aligned_copy(array: np.ndarray) -> np.ndarray:
    """A C-contiguous copy that starts on a 64-byte boundary, as whole vectors like it."""
    raw = np.empty(array.nbytes + 64, np.uint8)
    start = -raw.ctypes.data % 64
    copy = raw[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
    copy[...] = array
    return copy


def as_array(value: Any, dtype: DTypeLike | None = None) -> np.ndarray:
    """A NumPy array of a supported dtype.

    Without a `dtype`, Python floats become float32, complex numbers complex64 and ints int64;
    arrays keep theirs.

    Raises:
        ShapeError: nested lists of unequal lengths.
        UnknownNameError: a dtype that Cairnet does not compute with.
        DTypeError: complex numbers for a real dtype.
        ArgumentError: a number that is out of range for the dtype.
    """
    wanted = None if dtype is None else as_dtype(dtype)
    if wanted is not None and isinstance(value, (Tensor, *_ARRAYS)):
        check_conversion(value.dtype, wanted)
    if isinstance(value, Tensor):
        return value.numpy().astype(wanted or value.dtype, copy=False)
    try:
        array = np.asarray(value, wanted)
    except CairnetError:
        # A tensor inside the list has no value; its own words say why.
        raise
    except OverflowError as error:
        raise ArgumentError(f"a number is out of range for {wanted or int64}: {error}") from None
    except (TypeError, ValueError) as error:
        raise ShapeError(f"expected numbers or nested lists of equal lengths: {error}") from None
    if wanted is None and not isinstance(value, _ARRAYS):
        # What Python's numbers make, in the precision that is the default here.
        array = array.astype(_DEFAULTS.get(array.dtype.name, array.dtype), copy=False)
    return array.astype(as_dtype(array.dtype), copy=False)


_ARRAYS = (np.ndarray, np.generic)
_DEFAULTS = {"float64": float32, "complex128": complex64}


def constant(value: Any, dtype: DTypeLike | None = None) -> Tensor:
    """A node with a fixed value; the array is copied."""
    return apply(CONSTANT, value=Literal(as_array(value, dtype)))


def input(
    shape: Iterable[int | Extent | None] = (),
    dtype: DTypeLike = float32,
    name: str = "input",
) -> Input:
    """A placeholder, filled in when the function that reads it is called.

    Args:
        shape: the extents; None for one that is known only at the call. Two Nones are two
            different unknowns; where they meet in one operation they must turn out equal.
        dtype: element type.
        name: shown in printed graphs and in errors.

    Example:
        >>> import cairnet as cn
        >>> x = cn.input((None, 3), name="x")
        >>> cn.function([x], cn.sum(x, axis=0))([[1, 2, 3], [4, 5, 6]])
        array([5., 7., 9.], dtype=float32)
    """
    if isinstance(shape, int):
        raise ShapeError(f"shape of input {name!r}: expected a tuple like ({shape},), got {shape}")
    extents: list[Size] = []
    for axis, size in enumerate(shape):
        if size is None:
            extents.append(extent.symbol(f"{name}.shape[{axis}]" if axis else f"len({name})"))
        elif isinstance(size, Extent) or (isinstance(size, int | np.integer) and size >= 0):
            extents.append(size if isinstance(size, Extent) else int(size))
        else:
            raise ShapeError(
                f"shape of input {name!r}: extent {axis} is {size!r}; "
                "expected a whole number, 0 or more, or None"
            )
    return Input(tuple(extents), as_dtype(dtype), name)


def topological_order(
    outputs: Iterable[Tensor], stop: Callable[[Tensor], bool] | None = None
) -> list[Tensor]:
    """Every tensor that the outputs depend on, inputs before users (no recursion: graphs are deep).

    Args:
        outputs: where to start.
        stop: tensors for which this is true are listed, but what lies below them is not.
    """
    order: list[Tensor] = []
    done: set[int] = set()
    stack: list[tuple[Tensor, Iterator[Tensor]]] = []
    for output in outputs:
        if id(output) in done:
            continue
        done.add(id(output))
        stack.append((output, _below(output, stop)))
        while stack:
            tensor, rest = stack[-1]
            for below in rest:
                if id(below) not in done:
                    done.add(id(below))
                    stack.append((below, _below(below, stop)))
                    break
            else:
                order.append(tensor)
                stack.pop()
    return order


def _below(tensor: Tensor, stop: Callable[[Tensor], bool] | None) -> Iterator[Tensor]:
    return iter(()) if stop is not None and stop(tensor) else iter(tensor.inputs)
