"""One record or more for every primitive: inputs, parameters, and its value worked out otherwise.

The expected values come from plain Python arithmetic, loops over indices, or PyTorch: never from
the NumPy functions that the primitives' own meanings call.
"""

import itertools
import math
import operator
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from tests.tensor.linalg_records import ENTRIES

import cairnet as cn
from cairnet.tensor.core import Literal, apply
from cairnet.tensor.primitive import Primitive, all_primitives
from cairnet.tensor.primitives.loops import Body

GENERATOR = np.random.default_rng(29)


@dataclass
class Record:
    """One use of a primitive.

    Attributes:
        name: the primitive.
        arrays: its inputs. Those of floating dtype are float64 or complex128, away from kinks,
            poles and cuts.
        parameters: its parameters.
        expected: its value, from the arrays.
        label: tells the records of one primitive apart.
        exact: whether every bit must agree.
    """

    name: str
    arrays: list[np.ndarray]
    expected: Callable[..., Any]
    parameters: dict[str, Any] = field(default_factory=dict)
    label: str = ""
    exact: bool = False

    @property
    def primitive(self) -> Primitive:
        return all_primitives()[self.name]

    def __str__(self) -> str:
        return f"{self.name}-{self.label}" if self.label else self.name

    def result(self, *inputs: Any) -> Any:
        """The node, applied to tensors."""
        return apply(self.primitive, *inputs, **self.parameters)

    @property
    def floating(self) -> list[int]:
        """Which inputs have a derivative, if any has."""
        if not (self.primitive.differentiable or self.primitive.joint):
            return []
        return [i for i, array in enumerate(self.arrays) if array.dtype.kind in "fc"]


def draw(*shape: int) -> np.ndarray:
    return GENERATOR.standard_normal(shape)


def integers(low: int, high: int, *shape: int, dtype: Any = np.int64) -> np.ndarray:
    return GENERATOR.integers(low, high, shape).astype(dtype)


def by_element(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function applied to Python numbers, element by element."""

    def apply_to(*arrays: np.ndarray) -> np.ndarray:
        flat = [array.ravel().tolist() for array in arrays]
        values = [function(*numbers) for numbers in zip(*flat, strict=True)]
        return np.reshape(values, arrays[0].shape)

    return apply_to


def by_index(
    shape: Any, element: Callable[..., Any], dtype: Any = np.float64
) -> Callable[..., np.ndarray]:
    """An array filled by a function of the index and the inputs."""

    def fill(*arrays: np.ndarray) -> np.ndarray:
        result = np.zeros(shape, dtype)
        for index in np.ndindex(*shape):
            result[index] = element(index, *arrays)
        return result

    return fill


ANYWHERE = np.array([[-2.7, -1.2, -0.4], [0.3, 1.4, 2.6]])
POSITIVE = np.array([[0.2, 0.9, 1.3], [2.2, 3.7, 5.1]])
INSIDE = np.array([[-0.9, -0.5, -0.1], [0.2, 0.6, 0.8]])
OTHER = np.array([[1.3, -2.1, 0.7], [-0.6, 0.8, 3.2]])
WHOLE = np.array([[-7, -2, 0], [3, 5, 9]])
WHOLE_OTHER = np.array([[2, -3, 4], [-5, 5, 1]])


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


UNARY: dict[str, tuple[Callable[..., Any], np.ndarray]] = {
    "negative": (operator.neg, ANYWHERE),
    "absolute": (abs, ANYWHERE),
    "sign": (lambda x: math.copysign(1, x), ANYWHERE),
    "floor": (math.floor, ANYWHERE),
    "ceil": (math.ceil, ANYWHERE),
    "round": (round, np.array([-2.5, -1.5, -0.5, 0.5, 1.2, 2.5])),
    "trunc": (math.trunc, ANYWHERE),
    "exp": (math.exp, ANYWHERE),
    "expm1": (math.expm1, ANYWHERE * 1e-3),
    "log": (math.log, POSITIVE),
    "log1p": (math.log1p, POSITIVE * 1e-3),
    "sqrt": (math.sqrt, POSITIVE),
    "sigmoid": (sigmoid, ANYWHERE),
    "softplus": (lambda x: math.log1p(math.exp(x)), ANYWHERE),
    "erf": (math.erf, ANYWHERE),
    "sin": (math.sin, ANYWHERE),
    "cos": (math.cos, ANYWHERE),
    "tan": (math.tan, INSIDE),
    "asin": (math.asin, INSIDE),
    "acos": (math.acos, INSIDE),
    "atan": (math.atan, ANYWHERE),
    "sinh": (math.sinh, ANYWHERE),
    "cosh": (math.cosh, ANYWHERE),
    "tanh": (math.tanh, ANYWHERE),
    "asinh": (math.asinh, ANYWHERE),
    "acosh": (math.acosh, POSITIVE + 1),
    "atanh": (math.atanh, INSIDE),
    "stop_gradient": (lambda x: x, ANYWHERE),
}

BINARY: dict[str, tuple[Callable[..., Any], np.ndarray, np.ndarray]] = {
    "add": (operator.add, ANYWHERE, OTHER),
    "subtract": (operator.sub, ANYWHERE, OTHER),
    "multiply": (operator.mul, ANYWHERE, OTHER),
    "divide": (operator.truediv, ANYWHERE, OTHER),
    "floor_divide": (operator.floordiv, ANYWHERE, OTHER),
    "remainder": (operator.mod, ANYWHERE, OTHER),
    "power": (operator.pow, POSITIVE * 0.4, OTHER * 0.6),
    "maximum": (max, ANYWHERE, OTHER),
    "minimum": (min, ANYWHERE, OTHER),
    "atan2": (math.atan2, ANYWHERE, OTHER),
    "equal": (operator.eq, ANYWHERE, np.where(OTHER > 0, ANYWHERE, OTHER)),
    "less": (operator.lt, ANYWHERE, np.where(OTHER > 1, ANYWHERE, OTHER)),
    "less_equal": (operator.le, ANYWHERE, np.where(OTHER > 1, ANYWHERE, OTHER)),
}

INTEGER: dict[str, tuple[Callable[..., Any], list[np.ndarray]]] = {
    "add": (operator.add, [WHOLE, WHOLE_OTHER]),
    "subtract": (operator.sub, [WHOLE, WHOLE_OTHER]),
    "multiply": (operator.mul, [WHOLE, WHOLE_OTHER]),
    "floor_divide": (operator.floordiv, [WHOLE, WHOLE_OTHER]),
    "remainder": (operator.mod, [WHOLE, WHOLE_OTHER]),
    "power": (operator.pow, [WHOLE, abs(WHOLE_OTHER)]),
    "maximum": (max, [WHOLE, WHOLE_OTHER]),
    "minimum": (min, [WHOLE, WHOLE_OTHER]),
    "negative": (operator.neg, [WHOLE]),
    "absolute": (abs, [WHOLE]),
    "sign": (lambda x: (x > 0) - (x < 0), [WHOLE]),
    "bitwise_and": (operator.and_, [WHOLE, WHOLE_OTHER]),
    "bitwise_or": (operator.or_, [WHOLE, WHOLE_OTHER]),
    "bitwise_xor": (operator.xor, [WHOLE, WHOLE_OTHER]),
    "bitwise_not": (operator.invert, [WHOLE]),
    "shift_left": (operator.lshift, [WHOLE, abs(WHOLE_OTHER)]),
    "shift_right": (operator.rshift, [WHOLE, abs(WHOLE_OTHER)]),
    "equal": (operator.eq, [WHOLE, WHOLE_OTHER]),
    "less": (operator.lt, [WHOLE, WHOLE_OTHER]),
    "less_equal": (operator.le, [WHOLE, WHOLE_OTHER]),
}

TRUTH = [np.array([True, True, False, False]), np.array([True, False, True, False])]


def elementwise_records() -> list[Record]:
    records = [Record(name, [x], by_element(function)) for name, (function, x) in UNARY.items()]
    records += [
        Record(name, [x, y], by_element(function)) for name, (function, x, y) in BINARY.items()
    ]
    records += [
        Record(name, arrays, by_element(function), label="integers", exact=True)
        for name, (function, arrays) in INTEGER.items()
    ]
    records += [
        Record("bitwise_and", TRUTH, by_element(lambda a, b: a and b), label="bool", exact=True),
        Record("bitwise_or", TRUTH, by_element(lambda a, b: a or b), label="bool", exact=True),
        Record("bitwise_xor", TRUTH, by_element(operator.ne), label="bool", exact=True),
        Record("bitwise_not", TRUTH[:1], by_element(operator.not_), label="bool", exact=True),
        Record("where", [ANYWHERE > 0, ANYWHERE, OTHER], by_element(lambda c, a, b: a if c else b)),
        Record("cast", [ANYWHERE], by_element(int), {"dtype": cn.int32}, "truncates"),
        Record("cast", [ANYWHERE], by_element(float), {"dtype": cn.float64}, "same"),
        Record("cast", [ANYWHERE], single_precision, {"dtype": cn.float32}, "rounds", exact=True),
        Record("cast", [WHOLE], by_element(lambda x: x & 0xFF), {"dtype": cn.uint8}, "wraps"),
        Record("cast", [WHOLE], by_element(bool), {"dtype": cn.bool}, "truth"),
        Record("bitcast", [ANYWHERE], by_element(as_int64), {"dtype": cn.int64}, exact=True),
        Record("threefry", threefry_words(), threefry(0), {"word": 0}, "0", exact=True),
        Record("threefry", threefry_words(), threefry(1), {"word": 1}, "1", exact=True),
        Record("watch", [ANYWHERE], lambda x: x, {"watcher": None}, exact=True),
    ]
    return records


def single_precision(x: np.ndarray) -> np.ndarray:
    return by_element(lambda v: struct.unpack("f", struct.pack("f", v))[0])(x).astype(np.float32)


def as_int64(value: float) -> int:
    return int(struct.unpack("q", struct.pack("d", value))[0])


def threefry_words() -> list[np.ndarray]:
    # Key words, then counter words: the published answers of Random123.
    words = [(0, 0, 0, 0), (2**32 - 1,) * 4, (0x13198A2E, 0x03707344, 0x243F6A88, 0x85A308D3)]
    return list(np.array(words, np.uint32).T)


def threefry(word: int) -> Callable[..., np.ndarray]:
    answers = [(0x6B200159, 0x99BA4EFE), (0x1CB996FC, 0xBB002BE7), (0xC4923A9C, 0x483DF7A0)]
    return lambda *words: np.array([answer[word] for answer in answers], np.uint32)


def movement_records() -> list[Record]:
    x = draw(2, 3, 4)
    return [
        Record(
            "broadcast",
            [draw(3, 1)],
            by_index((2, 3, 4), lambda i, x: x[i[1], 0]),
            {"shape": (2, 3, 4)},
        ),
        Record(
            "broadcast", [draw()], by_index((2, 0), lambda i, x: x), {"shape": (2, 0)}, "scalar"
        ),
        Record(
            "reshape",
            [x],
            by_index((4, 6), lambda i, x: x.flat[i[0] * 6 + i[1]]),
            {"shape": (4, 6)},
        ),
        Record(
            "transpose",
            [x],
            by_index((4, 2, 3), lambda i, x: x[i[1], i[2], i[0]]),
            {"axes": (2, 0, 1)},
        ),
        Record(
            "slice",
            [draw(5, 7)],
            by_index((2, 3), lambda i, x: x[1 + 2 * i[0], 6 - 3 * i[1]]),
            {"starts": (1, 6), "sizes": (2, 3), "steps": (2, -3)},
        ),
        Record(
            "pad",
            [draw(3, 2)],
            by_index((8, 2), padded_element),
            {"low": (1, 0), "high": (2, 0), "interior": (1, 0), "value": 7.5},
        ),
        Record(
            "concatenate",
            [draw(2, 3), draw(2, 1), draw(2, 2)],
            by_index((2, 6), lambda i, *parts: [v for p in parts for v in p[i[0]]][i[1]]),
            {"axis": 1},
        ),
        Record(
            "iota", [], lambda: np.array([0, 1, 2, 3], np.int16), {"size": 4, "dtype": cn.int16}
        ),
        Record("size", [], lambda: np.float64(5), {"size": 5, "dtype": cn.float64}),
        Record("constant", [], lambda: np.float32(2.5), {"value": Literal(np.float32(2.5))}),
    ]


def padded_element(index: tuple[int, int], x: np.ndarray) -> float:
    place, rest = divmod(index[0] - 1, 2)
    return float(x[place, index[1]]) if rest == 0 and 0 <= place < 3 else 7.5


def reduction_records() -> list[Record]:
    x, ties = draw(3, 4, 2), np.array([[1, 5, 5], [7, 7, 2]])

    def folded(fold: Callable[..., Any]) -> Callable[..., np.ndarray]:
        return by_index(
            (4,), lambda i, x: fold([x[a, i[0], b] for a in range(3) for b in range(2)])
        )

    def running(fold: Callable[..., Any]) -> Callable[..., np.ndarray]:
        return by_index((3, 4, 2), lambda i, x: fold(list(x[i[0], : i[1] + 1, i[2]])))

    return [
        Record("sum", [x], folded(math.fsum), {"axes": (0, 2)}),
        Record("product", [x], folded(math.prod), {"axes": (0, 2)}),
        Record(
            "product", [np.array([[2.0, 0.0], [0.0, 0.0]])], lambda x: [0, 0], {"axes": (1,)}, "0"
        ),
        Record("max", [x], folded(max), {"axes": (0, 2)}),
        Record("min", [x], folded(min), {"axes": (0, 2)}),
        Record("argmax", [ties], lambda x: [1, 0], {"axis": 1}),
        Record("argmin", [ties], lambda x: [0, 0, 1], {"axis": 0}),
        Record("cumulative_sum", [x], running(math.fsum), {"axis": 1}),
        Record("cumulative_product", [x], running(math.prod), {"axis": 1}),
    ]


def window_records() -> list[Record]:
    geometry = {
        "window": (1, 3, 2),
        "strides": (1, 2, 1),
        "padding": ((0, 0), (1, 2), (0, 1)),
        "dilation": (1, 1, 2),
    }
    x, shape = draw(2, 5, 4), (2, 3, 3)
    taps = list(itertools.product(range(3), range(2)))

    def place(index: Any, tap: Any) -> tuple[int, int, int]:
        return index[0], index[1] * 2 + tap[0] - 1, index[2] + tap[1] * 2

    def window(index: Any, x: np.ndarray) -> list[tuple[float, int]]:
        """The elements of a window that lie inside, with the number of their tap."""
        found = [(place(index, tap), number) for number, tap in enumerate(taps)]
        return [(float(x[at]), k) for at, k in found if 0 <= at[1] < 5 and 0 <= at[2] < 4]

    position = by_index(
        shape, lambda i, x: max(window(i, x), key=lambda pair: pair[0])[1], np.uint8
    )(x)

    def put(g: np.ndarray, chosen: np.ndarray) -> np.ndarray:
        result = np.zeros((2, 5, 4))
        for index in np.ndindex(*shape):
            result[place(index, taps[chosen[index]])] += g[index]
        return result

    return [
        Record(
            "window_sum",
            [x],
            by_index(shape, lambda i, x: sum(v for v, _ in window(i, x))),
            geometry,
        ),
        Record("window_argmax", [x], lambda x: position, geometry, exact=True),
        Record(
            "window_take",
            [x, position],
            by_index(shape, lambda i, x, p: {k: v for v, k in window(i, x)}[p[i]]),
            geometry,
        ),
        Record("window_put", [draw(*shape), position], put, {**geometry, "shape": (2, 5, 4)}),
    ]


def contraction_records() -> list[Record]:
    def dot(i: Any, a: np.ndarray, b: np.ndarray) -> float:
        # Batch axis, free axis of a, free axis of b.
        return math.fsum(
            a[k, i[0], i[1], m] * b[m, i[2], i[0], k] for k in range(3) for m in (0, 1)
        )

    geometry = {"strides": (2, 1), "padding": ((1, 2), (0, 1)), "dilation": (1, 2), "groups": 2}
    x, w, g = draw(2, 5, 4, 4), draw(3, 2, 2, 6), draw(2, 3, 3, 6)

    def terms() -> Any:
        """Every product of the trilinear form: indices into x, w and g."""
        for n, y0, y1, k0, k1, c, o in itertools.product(*map(range, (2, 3, 3, 3, 2, 2, 6))):
            i, j = y0 * 2 + k0 - 1, y1 + k1 * 2
            if 0 <= i < 5 and 0 <= j < 4:
                yield (n, i, j, o // 3 * 2 + c), (k0, k1, c, o), (n, y0, y1, o)

    def form(missing: int, shape: Any) -> Callable[..., np.ndarray]:
        def compute(first: np.ndarray, second: np.ndarray) -> np.ndarray:
            result = np.zeros(shape)
            for indices in terms():
                others = [index for k, index in enumerate(indices) if k != missing]
                result[indices[missing]] += first[others[0]] * second[others[1]]
            return result

        return compute

    def from_g_and_w(g: np.ndarray, w: np.ndarray) -> np.ndarray:
        return form(0, x.shape)(w, g)

    return [
        Record(
            "dot",
            [draw(3, 2, 4, 2), draw(2, 5, 2, 3)],
            by_index((2, 4, 5), dot),
            {"contract": ((3, 0), (0, 3)), "batch": ((1,), (2,))},
        ),
        Record(
            "dot",
            [draw(3), draw(3)],
            lambda a, b: math.fsum(a * b),
            {"contract": ((0,), (0,)), "batch": ((), ())},
            "vectors",
        ),
        Record("convolve", [x, w], form(2, g.shape), geometry),
        Record("convolve_input_gradient", [g, w], from_g_and_w, {**geometry, "space": (5, 4)}),
        Record("convolve_weight_gradient", [x, g], form(1, w.shape), {**geometry, "taps": (3, 2)}),
    ]


def indexing_records() -> list[Record]:
    rows, columns = integers(0, 4, 2, 3), integers(0, 5, 2, 3, dtype=np.int32)

    def scattered(u: np.ndarray, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        result = np.zeros((4, 2, 5))
        for index in np.ndindex(2, 3):
            for k in range(2):
                result[i[index], k, j[index]] += u[(*index, k)]
        return result

    ties = np.array([[3.0, 1.0, 3.0, math.nan, 1.0]])
    return [
        Record(
            "gather",
            [draw(4, 2, 5), rows, columns],
            by_index((2, 3, 2), lambda n, x, i, j: x[i[n[:2]], n[2], j[n[:2]]]),
            {"axes": (0, 2)},
        ),
        Record(
            "scatter_add",
            [draw(2, 3, 2), rows, columns],
            scattered,
            {"axes": (0, 2), "shape": (4, 2, 5)},
        ),
        Record(
            "argsort", [ties], lambda x: [[1, 4, 0, 2, 3]], {"axis": 1, "descending": False}, "up"
        ),
        Record(
            "argsort",
            [ties[:, [0, 1, 2, 4]]],
            lambda x: [[0, 2, 1, 3]],
            {"axis": 1, "descending": True},
            "down",
        ),
    ]


def scan_records() -> list[Record]:
    h, x = cn.input((2,), cn.float64, "h"), cn.input((2,), cn.float64, "x")
    w = cn.input((2, 2), cn.float64, "w")
    new = cn.tanh(cn.einsum("i,ij->j", h, w) + x)
    body = Body([h, x, w], [new, new * h], 1, 1)

    def looped(output: int, reverse: bool) -> Callable[..., Any]:
        def run(state: np.ndarray, items: np.ndarray, w: np.ndarray) -> Any:
            stacked: list[Any] = [None] * 3
            for t in (2, 1, 0) if reverse else (0, 1, 2):
                sums = [sum(state[i] * w[i, j] for i in range(2)) + items[t, j] for j in range(2)]
                fresh = [math.tanh(value) for value in sums]
                stacked[t] = [a * b for a, b in zip(fresh, state, strict=True)]
                state = np.array(fresh)
            return stacked if output else state

        return run

    arrays = [draw(2), draw(3, 2), draw(2, 2)]
    return [
        Record(
            "scan",
            arrays,
            looped(output, reverse),
            {"body": body, "output": output, "length": 3, "reverse": reverse, "sizes": ()},
            f"{('state', 'stack')[output]}-{('forwards', 'backwards')[reverse]}",
        )
        for output, reverse in itertools.product((0, 1), (False, True))
    ]


def linalg_records() -> list[Record]:
    return [
        Record(name, arrays, expected, parameters, label)
        for name, arrays, expected, parameters, label in ENTRIES
    ]


RECORDS: list[Record] = [
    *elementwise_records(),
    *movement_records(),
    *reduction_records(),
    *window_records(),
    *contraction_records(),
    *indexing_records(),
    *scan_records(),
    *linalg_records(),
]

# Their values come from outside the graph.
LEAVES = {"input", "variable"}
