"""Records of the primitives on complex numbers; values by `cmath` and plain loops.

Points lie off the cuts and zeros, so that central differences exist in both directions.
"""

import cmath
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from tests.tensor.primitive_records import Record, by_element, by_index, draw

import cairnet as cn
from cairnet.tensor.core import Literal
from cairnet.tensor.primitives.loops import Body

HERE = np.array([[0.8 + 0.3j, -1.2 + 0.7j, 0.4 - 1.1j], [-0.5 - 0.6j, 1.7 + 0.2j, -0.3 + 1.6j]])
THERE = np.array([[1.1 - 0.4j, 0.6 + 0.9j, -0.7 + 0.2j], [0.9 + 1.3j, -1.4 - 0.5j, 0.2 - 0.8j]])

#: Elementwise functions of one complex number.
UNARY: dict[str, Callable[[complex], Any]] = {
    "negative": operator.neg,
    "absolute": abs,
    "exp": cmath.exp,
    "expm1": lambda z: cmath.exp(z) - 1,
    "log": cmath.log,
    "log1p": lambda z: cmath.log(1 + z),
    "sqrt": cmath.sqrt,
    "sin": cmath.sin,
    "cos": cmath.cos,
    "tan": cmath.tan,
    "asin": cmath.asin,
    "acos": cmath.acos,
    "atan": cmath.atan,
    "sinh": cmath.sinh,
    "cosh": cmath.cosh,
    "tanh": cmath.tanh,
    "asinh": cmath.asinh,
    "acosh": cmath.acosh,
    "atanh": cmath.atanh,
    "real": lambda z: z.real,
    "imag": lambda z: z.imag,
    "stop_gradient": lambda z: z,
}
BINARY: dict[str, Callable[[complex, complex], Any]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": operator.truediv,
}


def draw_complex(*shape: int) -> np.ndarray:
    return draw(*shape) + 1j * draw(*shape)


def elementwise_records() -> list[Record]:
    equal = np.where(THERE.real > 0, HERE, THERE)
    records = [Record(n, [HERE], by_element(f), label="complex") for n, f in UNARY.items()]
    records += [Record(n, [HERE, THERE], by_element(f), label="complex") for n, f in BINARY.items()]
    return [
        *records,
        Record("complex", [HERE.real.copy(), HERE.imag.copy()], by_element(complex)),
        Record("power", [HERE, THERE * 0.3], by_element(pow), label="complex"),
        Record("power", [HERE, np.full((2, 3), 3 + 0j)], by_element(pow), label="whole"),
        Record("power", [HERE, np.full((2, 3), -0.5 + 0j)], by_element(pow), label="real"),
        Record("equal", [HERE, equal], by_element(operator.eq), label="complex", exact=True),
        Record(
            "where",
            [HERE.real > 0, HERE, THERE],
            by_element(lambda c, a, b: a if c else b),
            label="complex",
        ),
        Record("cast", [HERE], lambda z: z, {"dtype": cn.complex128}, "complex to complex"),
        Record("cast", [HERE.real], by_element(complex), {"dtype": cn.complex128}, "to complex"),
        Record("cast", [HERE * (HERE.real > 0)], lambda z: z != 0, {"dtype": cn.bool}, "complex"),
        Record("watch", [HERE], lambda z: z, {"watcher": None}, "complex", exact=True),
    ]


def movement_records() -> list[Record]:
    x = draw_complex(2, 3, 4)

    def padded(index: tuple[int, int], z: np.ndarray) -> complex:
        place, rest = divmod(index[0] - 1, 2)
        return complex(z[place, index[1]]) if rest == 0 and 0 <= place < 3 else 7.5

    def moved(name: str, size: Any, element: Any, arrays: Any, **parameters: Any) -> Record:
        return Record(name, arrays, by_index(size, element, complex), parameters, "complex")

    return [
        moved(
            "broadcast", (2, 3, 4), lambda i, z: z[i[1], 0], [x[0, :, :1].copy()], shape=(2, 3, 4)
        ),
        moved("reshape", (4, 6), lambda i, z: z.flat[i[0] * 6 + i[1]], [x], shape=(4, 6)),
        moved("transpose", (4, 2, 3), lambda i, z: z[i[1], i[2], i[0]], [x], axes=(2, 0, 1)),
        moved(
            "slice",
            (1, 2, 2),
            lambda i, z: z[1, 2 * i[1], 3 - 2 * i[2]],
            [x],
            starts=(1, 0, 3),
            sizes=(1, 2, 2),
            steps=(1, 2, -2),
        ),
        moved(
            "pad",
            (8, 2),
            padded,
            [x[0, :, :2].copy()],
            low=(1, 0),
            high=(2, 0),
            interior=(1, 0),
            value=7.5,
        ),
        moved(
            "concatenate",
            (2, 6),
            lambda i, *parts: [v for part in parts for v in part[i[0]]][i[1]],
            [x[:, 0, :3].copy(), x[:, 1, :1].copy(), x[:, 2, :2].copy()],
            axis=1,
        ),
        Record(
            "iota", [], lambda: np.arange(4) + 0j, {"size": 4, "dtype": cn.complex64}, "complex"
        ),
        Record("size", [], lambda: 5 + 0j, {"size": 5, "dtype": cn.complex128}, "complex"),
        Record("constant", [], lambda: 2.5 - 1j, {"value": Literal(np.array(2.5 - 1j))}, "complex"),
    ]


def folding_records() -> list[Record]:
    x = draw_complex(3, 4, 2)

    def folded(start: complex, fold: Any) -> Callable[..., np.ndarray]:
        def element(index: Any, z: np.ndarray) -> complex:
            total = start
            for a, b in np.ndindex(3, 2):
                total = fold(total, z[a, index[0], b])
            return total

        return by_index((4,), element, complex)

    def running(start: complex, fold: Any) -> Callable[..., np.ndarray]:
        def element(index: Any, z: np.ndarray) -> complex:
            total = start
            for b in range(index[1] + 1):
                total = fold(total, z[index[0], b, index[2]])
            return total

        return by_index((3, 4, 2), element, complex)

    add, multiply = operator.add, operator.mul
    return [
        Record("sum", [x], folded(0, add), {"axes": (0, 2)}, "complex"),
        Record("product", [x], folded(1, multiply), {"axes": (0, 2)}, "complex"),
        Record("cumulative_sum", [x], running(0, add), {"axis": 1}, "complex"),
        Record("cumulative_product", [x], running(1, multiply), {"axis": 1}, "complex"),
        Record(
            "window_sum",
            [x[:, :, 0].copy()],
            by_index((3, 2), lambda i, z: z[i[0], i[1]] + z[i[0], i[1] + 2], complex),
            {"window": (1, 2), "strides": (1, 1), "padding": ((0, 0), (0, 0)), "dilation": (1, 2)},
            "complex",
        ),
    ]


def other_records() -> list[Record]:
    a, b = draw_complex(3, 2, 4), draw_complex(4, 5, 3)
    x, rows = draw_complex(5, 3), np.array([4, 0, 4, 2])

    def dot(index: Any, z: np.ndarray, w: np.ndarray) -> complex:
        # Batch axis, free axis of the first, free axis of the second.
        return sum(z[index[0], index[1], k] * w[k, index[2], index[0]] for k in range(4))

    def scattered(index: Any, z: np.ndarray, places: np.ndarray) -> complex:
        return sum(z[k, index[1]] for k in range(4) if places[k] == index[0])

    return [
        Record(
            "dot",
            [a, b],
            by_index((3, 2, 5), dot, complex),
            {"contract": ((2,), (0,)), "batch": ((0,), (2,))},
            "complex",
        ),
        Record("gather", [x, rows], lambda z, at: z[list(at)], {"axes": (0,)}, "complex"),
        Record(
            "scatter_add",
            [x[:4].copy(), rows],
            by_index((5, 3), scattered, complex),
            {"axes": (0,), "shape": (5, 3)},
            "complex",
        ),
        *scan_records(),
    ]


def scan_records() -> list[Record]:
    """A rotation that also puts out a real number, so that its outputs are of both kinds."""
    h, x = cn.input((2,), cn.complex128, "h"), cn.input((2,), cn.float64, "x")
    w = cn.input((2,), cn.complex128, "w")
    new = h * w + x
    body = Body([h, x, w], [new, cn.real(new), new * cn.conj(h)], 1, 1)

    def looped(output: int) -> Callable[..., Any]:
        def run(state: np.ndarray, items: np.ndarray, w: np.ndarray) -> Any:
            stacked = []
            for item in items:
                fresh = state * w + item
                stacked.append((fresh.real, fresh * state.conjugate())[output - 1])
                state = fresh
            return np.array(stacked) if output else state

        return run

    arrays = [draw_complex(2), draw(3, 2), draw_complex(2)]
    return [
        Record(
            "scan",
            arrays,
            looped(output),
            {"body": body, "output": output, "length": 3, "reverse": False, "sizes": ()},
            ("complex state", "real stack", "complex stack")[output],
        )
        for output in range(3)
    ]


RECORDS: list[Record] = [
    *elementwise_records(),
    *movement_records(),
    *folding_records(),
    *other_records(),
]
