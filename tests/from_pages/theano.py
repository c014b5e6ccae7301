"""What docs/from_theano.md must come to, computed by NumPy and SciPy alone.

`ROWS` has an expression for every row of the page's tables, in the same order as there; its names
stand for what the inputs are fed, for the values of variables, and for `NAMES`. For random numbers
it is a function that looks at them. A function in `SECTIONS` is handed what the programs of a
section made.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from scipy.signal import convolve2d
from scipy.special import expit, softmax
from tests.from_pages.formulas import NAMES, digits, distributed, frequencies, jacobian
from tests.from_pages.page import compare

import cairnet as cn

RANDOM = np.random.default_rng(5)
a = np.arange(12, dtype="float32").reshape(4, 3) / 10
FEEDS: dict[str, Any] = {
    "x": RANDOM.normal(size=(4, 3)).astype("float32"),
    "y": RANDOM.normal(size=(4, 3)).astype("float32"),
    "v": RANDOM.normal(size=3).astype("float32"),
    "s": np.float32(0.7),
    "t": np.float64(1 / 3),
    "n": np.arange(3, dtype="int32"),
    "a": a,
    "column": a[:, :1],
    "q": a.reshape(1, 2, 2, 3),
    "i": np.int64(1),
    "labels": np.array([2, 0, 1, 2]),
    "images": RANDOM.normal(size=(2, 7, 7, 3)).astype("float32"),
}


def hidden(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    """The h of the section on gradients."""
    return x[:, :2] * np.sum(w * w)


def cost(x: np.ndarray, w: np.ndarray) -> Any:
    """The cost of the section on gradients."""
    return np.sum(np.tanh(x @ w) ** 2)


NAMES = {**NAMES, "hidden": hidden, "cost": cost}

ROWS: dict[str, list[Any]] = {
    "Inputs and shared variables": [
        "t",
        "n",
        "a",
        "column",
        "q",
        "np.zeros((3, 2), 'float32')",
        "np.float32(0.5)",
        "w",
        "w",
        "(3, 2)",
        "np.arange(3)",
    ],
    "Shapes and elements": [
        "v.reshape(1, 3)",
        "v.reshape(3, 1)",
        "x.transpose()",
        "x.reshape(4, 1, 3)",
        "images.transpose(0, 3, 1, 2)",
        "x.reshape(1, 4, 3)",
        "x.reshape(2, 6)",
        "x.ravel()",
        "images.reshape(2, 147)",
        "np.zeros((4, 5), 'f')",
        "np.full((4, 2), 1.5, 'f')",
        "0 * x",
        "0 * x + 3",
        "np.arange(4)",
        "np.identity(3, 'f')",
        "np.hstack([x, y])",
        "np.array([v, 2 * v])",
        "np.split(x, [1], axis=1)",
        "np.tile(v, 2)",
        "np.repeat(v, 2)",
        "np.roll(v, 1)",
        "v[::-1]",
        "x[1:, 0]",
        "w[labels]",
        "np.choose(labels, x.transpose())",
        "x[:, labels]",
        "x[2:4]",
        "placed(v, 1, 0)",
        "placed(x, np.s_[:, :1], 1)",
        "placed(w, labels, x[:, :2], add=True)",
        "np.trunc(x).astype(int)",
        "np.tril(x)",
        "np.diag(v)",
    ],
    "Arithmetic and comparison": [
        "np.dot(x, w)",
        "np.dot(v, v)",
        "np.array([np.dot(x, w), np.dot(y, w)])",
        "np.dot(x, w)",
        "np.outer(v, v)",
        "x * x",
        "np.exp(x / 2)",
        "np.log(1 + x * x)",
        "1 / x",
        "np.abs(x)",
        "np.sign(x)",
        "np.tanh(x)",
        "np.angle(y + 1j * x)",
        "erf(x)",
        "np.maximum(x, y)",
        "np.clip(x, -1, 1)",
        "np.where(x > 0, x, y)",
        "x",
        "np.array([False, False, True, False])",
        "np.array([True, True, False, True])",
        "np.logical_and(x > 0, x < 1)",
        "x <= 0",
        "np.zeros((4, 3), bool)",
        "np.floor(x)",
        "np.rint(x).astype(int)",
        "np.array([0, 0, 1, 0])",
        "np.array([1, 0, 0, 1])",
    ],
    "Sums and their kin": [
        "x.sum()",
        "x.mean(1, keepdims=True)",
        "x.var(0)",
        "x.std()",
        "x.max(1)",
        "x.argmax(1)",
        "(x.max(1), x.argmax(1))",
        "x.prod(0)",
        "np.linalg.norm(x)",
        "x.sum() / 4",
        "(x > 1).any()",
        "np.float32(0.75)",
        "np.cumsum(v)",
        "np.sort(v)",
        "np.argsort(v)",
    ],
    "Linear algebra and transforms": [
        "np.linalg.inv(x.T @ x + np.eye(3))",
        "np.linalg.det(x.T @ x + np.eye(3))",
        "(x * x).sum() + 3",
        "np.linalg.pinv(x)",
        "np.linalg.eigvalsh(x.T @ x + np.eye(3))",
        "np.linalg.svd(x)[1]",
        "np.linalg.solve(x.T @ x + np.eye(3), v)",
        "np.linalg.cholesky(x.T @ x + np.eye(3))",
        "np.fft.rfft(x)",
        "2 * x @ np.linalg.inv(x.T @ x + np.eye(3))",
    ],
    "T.nnet": [
        "expit(x)",
        "np.clip(x / 5 + 0.5, 0, 1)",
        "np.where(x > 0, x, 0)",
        "np.where(x > 0, x, 0.1 * x)",
        "np.where(x > 0, x, 1.5 * np.expm1(x))",
        "np.log(1 + np.exp(x))",
        "softmax(x, axis=1)",
        "log_softmax(x, axis=1)",
        "-log_softmax(x, axis=1)[np.arange(4), labels]",
        "-(softmax(y, axis=1) * log_softmax(x, axis=1)).sum(1)",
        "-np.mean(np.where(y > 0, np.log(expit(x)), np.log(expit(-x))))",
        "np.identity(3, 'f')[labels]",
        "(x - x.mean(0)) / (x.var(0) + 1e-4) ** 0.5",
    ],
    "Convolution and pooling": [
        "convolved(images, filters)",
        "convolved(images, filters[::-1, ::-1])",
        "convolved(images, filters, 'same')",
        "convolved(images, filters, 'full')",
        "convolved(images, filters, 'same')",
        "convolved(images, filters)[:, ::2, ::2]",
        "convolved(images, spread(filters))",
        "pooled(images, 2, 2, np.max)",
        "pooled(images, 2, 2, np.max, True)",
        "pooled(images, 3, 2, np.max)",
        "pooled(images, 2, 2, np.mean)",
        "pooled(images, 2, 2, np.sum)",
    ],
    "Functions, updates and givens": [
        "a + a",
        "[a.sum(), a.max()]",
        "{'total': a.sum()}",
        "a.sum()",
        "a.sum()",
        "np.tanh(2 * a @ w)",
    ],
    "Gradients": [
        "jacobian(lambda w: cost(x, w), w)",
        "[jacobian(lambda w: cost(x, w), w), jacobian(lambda x: cost(x, w), x)]",
        "np.zeros((4, 3))",
        "np.pad(hidden(x, w), ((0, 0), (0, 1)))",
        "hidden(x, w)",
        "np.sum(u[..., None, None] * jacobian(lambda w: hidden(x, w), w), (0, 1))",
        "np.sum(u[..., None, None] * jacobian(lambda w: hidden(x, w), w), (0, 1))",
        "np.sum(jacobian(lambda w: hidden(x, w), w) * direction, (2, 3))",
        "True",
    ],
    "Random numbers": [
        lambda drawn: distributed(drawn, "uniform", -1, 2),
        lambda drawn: distributed(drawn, "norm", 2, 3),
        lambda drawn: frequencies(drawn, [0.7, 0.3]),
        lambda drawn: np.testing.assert_array_equal(np.sort(drawn), np.arange(1000)),
        lambda drawn: frequencies(drawn, [0.2, 0.5, 0.3]),
    ],
}

#: Sections whose tables compare arguments, which the programs below them use.
PROSE = ("scan", "Looking inside", "Settings")


def theano_filters(names: dict[str, Any]) -> None:
    """Filters shaped and turned as Theano has them give what Theano gave."""
    bank = np.random.default_rng(3).normal(size=(4, 3, 2, 5)).astype("float32")
    images = FEEDS["images"]
    expected = [
        [sum(convolve2d(image[..., c], bank[k, c], "valid") for c in range(3)) for k in range(4)]
        for image in images
    ]
    ours = cn.conv2d(images, names["from_theano"](bank))
    compare(ours.numpy(), np.transpose(expected, (0, 2, 3, 1)), "from_theano")


def functions(names: dict[str, Any]) -> None:
    """Minibatches of kept data."""
    data = names["data"].numpy()
    for index in (0, 1):
        compare(names["sums"](index), data[3 * index : 3 * index + 3].sum(1), "sums")


def second_derivatives(names: dict[str, Any]) -> None:
    """The Jacobian of p², the Hessian of Σp³."""
    p = np.array([0.3, -1.2, 2.0], "float32")
    found = cn.function([names["p"]], [names["jacobian"], names["hessian"]])(p)
    compare(found, [np.diag(2 * p), np.diag(6 * p)], "jacobian, hessian")


def loops(names: dict[str, Any]) -> None:
    """A power, a polynomial, and a recurrent step with its gradient, by loops and differences."""
    compare(names["power"]([2.0, -1.5]), np.array([8, -3.375], "f"), "power")
    coefficients = [0.5, -1.0, 2.0, 0.25]
    compare(
        names["polynomial"](coefficients, 1.5), np.polyval(coefficients[::-1], 1.5), "polynomial"
    )
    items = np.random.default_rng(1).normal(size=(5, 3))
    w_in, w_back = names["w_in"].numpy(), names["w_back"].numpy()

    def memories(w_in: np.ndarray, w_back: np.ndarray) -> np.ndarray:
        memory, kept = np.zeros(2), []
        for item in items:
            memory = np.tanh(item @ w_in + memory @ w_back)
            kept.append(memory)
        return np.array(kept)

    expected = [
        memories(w_in, w_back),
        jacobian(lambda w: (memories(w, w_back)[-1] ** 2).sum(), w_in),
        jacobian(lambda w: (memories(w_in, w)[-1] ** 2).sum(), w_back),
    ]
    compare(names["unroll"](items), expected, "unroll")


def softmax_regression(names: dict[str, Any]) -> None:
    """The same five epochs in NumPy."""
    (x, y), (x_test, y_test) = cn.datasets.digits()
    x, x_test = x.reshape(len(x), 784), x_test.reshape(len(x_test), 784)
    weights, bias, losses = np.zeros((784, 10)), np.zeros(10), []
    for _ in range(5):
        losses = []
        for start in range(0, 1200, 60):
            batch, wanted = x[start : start + 60], np.identity(10)[y[start : start + 60]]
            chances = softmax(batch @ weights + bias, axis=1)
            losses.append(-np.log(chances[wanted == 1]).mean())
            slope = (chances - wanted) / 60
            weights, bias = weights - 0.13 * batch.T @ slope, bias - 0.13 * slope.sum(0)
    compare(names["losses"], np.array(losses), "losses", 1e-4)
    compare(names["W"].numpy(), weights, "W", 1e-4)
    wrong = (x_test @ weights + bias).argmax(1) != y_test
    compare(names["test"](x_test, y_test), wrong.mean(), "errors")


def perceptron(names: dict[str, Any]) -> None:
    """Three steps, the gradient by the chain rule."""
    x, y = digits(50)
    hidden, top = names["hidden"], names["top_W"]
    values = [one.numpy().astype("float64") for one in (hidden.W, hidden.b, top)]
    for _ in range(3):
        w, b, t = values
        inner = np.tanh(x @ w + b)
        chances = softmax(inner @ t, axis=1)
        penalty = 1e-4 * (abs(w).sum() + abs(t).sum()) + 1e-3 * ((w**2).sum() + (t**2).sum())
        expected = penalty - np.log(chances[np.arange(50), y]).mean()
        compare(names["train"](x, y), expected, "cost", 1e-4)
        outer = (chances - np.identity(10)[y]) / 50
        below = outer @ t.T * (1 - inner**2)
        slopes = [x.T @ below, below.sum(0), inner.T @ outer]
        slopes[0] += 1e-4 * np.sign(w) + 2e-3 * w
        slopes[2] += 1e-4 * np.sign(t) + 2e-3 * t
        values = [one - 0.1 * slope for one, slope in zip(values, slopes, strict=True)]
    compare([one.numpy() for one in (hidden.W, hidden.b, top)], values, "weights", 1e-4)


def convolutional(names: dict[str, Any]) -> None:
    """Two steps: windows, their largest elements, and the way back to them."""
    x, y = digits(20)
    w, b, t = (one.numpy().astype("float64") for one in names["params"])
    windows = np.lib.stride_tricks.sliding_window_view(x.reshape(-1, 28, 28), (5, 5), (1, 2))
    for _ in range(2):
        sums = np.einsum("nijpq,pqck->nijk", windows, w)
        blocks = sums.reshape(20, 12, 2, 12, 2, 4).transpose(0, 1, 3, 5, 2, 4).reshape(-1, 4)
        winners = blocks.argmax(1)
        outputs = np.tanh(blocks.max(1).reshape(20, 12, 12, 4) + b)
        chances = softmax(outputs.reshape(20, -1) @ t, axis=1)
        expected = -np.log(chances[np.arange(20), y]).mean()
        compare(names["train"](x, y), expected, "cost", 1e-4)
        outer = (chances - np.identity(10)[y]) / 20
        below = (outer @ t.T).reshape(20, 12, 12, 4) * (1 - outputs**2)
        spread = np.identity(4)[winners] * below.reshape(-1, 1)
        back = spread.reshape(20, 12, 12, 4, 2, 2).transpose(0, 1, 4, 2, 5, 3)
        slope = np.einsum("nijpq,nijk->pqk", windows, back.reshape(20, 24, 24, 4))
        t = t - 0.1 * outputs.reshape(20, -1).T @ outer
        w, b = w - 0.1 * slope[:, :, None], b - 0.1 * below.sum((0, 1, 2))
    compare([one.numpy() for one in names["params"]], [w, b, t], "weights", 1e-4)


def autoencoder(names: dict[str, Any]) -> None:
    """Two steps, with the masks that were drawn; the weights get a share from both layers."""
    x, _ = digits(30)
    w, b, c = (one.numpy().astype("float64") for one in names["params"])
    masks = []
    for _ in range(2):
        loss, kept = names["train"](x)
        masks.append(kept)
        corrupted = x * kept
        code = expit(corrupted @ w + b)
        rebuilt = expit(code @ w.T + c)
        entropy = x * np.log(rebuilt) + (1 - x) * np.log(1 - rebuilt)
        compare(loss, -entropy.sum(1).mean(), "cost", 1e-4)
        outer = (rebuilt - x) / 30
        below = outer @ w * code * (1 - code)
        w = w - 0.1 * (corrupted.T @ below + outer.T @ code)
        b, c = b - 0.1 * below.sum(0), c - 0.1 * outer.sum(0)
    compare([one.numpy() for one in names["params"]], [w, b, c], "weights", 1e-4)
    assert (masks[0] != masks[1]).any()
    assert abs(np.mean(masks) - 0.7) < 0.01


def drawing(names: dict[str, Any]) -> None:
    """The listing and the picture show the logarithm."""
    assert "= log(" in names["listing"]
    assert "log" in Path("f.svg").read_text(encoding="utf-8")


#: What is checked beside the outputs that the programs of a section show.
SECTIONS: dict[str, Callable[[dict[str, Any]], None]] = {
    "Convolution and pooling": theano_filters,
    "Functions, updates and givens": functions,
    "Gradients": second_derivatives,
    "scan": loops,
    "Softmax regression": softmax_regression,
    "A multilayer perceptron": perceptron,
    "A convolutional network": convolutional,
    "A denoising autoencoder": autoencoder,
    "Looking inside": drawing,
}
