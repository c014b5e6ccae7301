"""The listing of a graph, against golden files."""

import re
from typing import Any

import numpy as np
from tests.golden import check_golden

import cairnet as cn
from cairnet.tensor.printer import format_graph


def network() -> tuple[Any, Any, Any]:
    x = cn.input((None, 6, 6, 1), name="x")
    with cn.scope("convolution"):
        kernel = cn.Variable(np.zeros((3, 3, 1, 2), np.float32), name="kernel")
        hidden = cn.max_pool(cn.relu(cn.conv2d(x, kernel)), 2)
    with cn.scope("dense"):
        weights = cn.Variable(np.zeros((8, 3), np.float32), name="weights")
        scores = cn.reshape(hidden, (-1, 8)) @ weights + cn.asarray([0.5, 1.5, 2.5])
    return x, weights, cn.log_softmax(scores)


def test_a_small_network() -> None:
    _, weights, result = network()
    slope = cn.grad(cn.sum(result * result), weights)
    check_golden("printer_network.txt", format_graph(result, remarks=False))
    check_golden(
        "printer_update.txt",
        format_graph([result], [(weights, weights - 0.1 * slope)], remarks=False),
    )


def test_the_step_of_a_scan_is_listed_apart() -> None:
    x, w = cn.input((None, 2, 3), name="x"), cn.Variable(np.eye(3, dtype=np.float32), name="w")

    def step(item: Any, state: Any) -> Any:
        new = cn.tanh(item + state["h"] @ w)
        return cn.sum(new, axis=1), {"h": new}

    sums, state = cn.scan(step, x, {"h": cn.zeros((2, 3))})
    check_golden("printer_scan.txt", format_graph([sums, state["h"]], remarks=False))


def test_parameters_are_readable() -> None:
    x = cn.input((4,), cn.int32, name="x")
    text = format_graph(
        cn.astype(cn.random.uniform(cn.random.key(1), (4,)), cn.float64) * cn.astype(x, "float64"),
        remarks=False,
    )
    assert "constant(value=[0, 1]) : uint32[2]" in text
    assert "iota(size=4, dtype=uint32) : uint32[4]" in text
    assert re.search(r"= cast\(%\d+, dtype=float64\) : float64\[4\]", text)
    large = format_graph(cn.asarray(np.zeros((3, 5))) * 1.0, remarks=False)
    assert "constant(value=<float64[3, 5]>) : float64[3, 5]" in large


def test_remarks_name_layers_and_lines() -> None:
    _, _, result = network()
    lines = format_graph(result).splitlines()
    (dot,) = [line for line in lines if " dot(" in line]
    assert re.search(r"# dense, test_printer\.py:\d+$", dot)
    (convolve,) = [line for line in lines if " convolve(" in line]
    assert re.search(r"# convolution, test_printer\.py:\d+$", convolve)
    columns = {line.index("  # ") for line in lines if "  # " in line and line.index("  # ") <= 88}
    assert len(columns) == 1


def test_a_watched_value_is_named_by_its_watch() -> None:
    text = format_graph(cn.watch(cn.input((2,), name="x"), "hidden"), remarks=False)
    assert '%1 = watch(%0, watcher="hidden") : float32[2]' in text


def test_a_node_that_is_used_twice_is_listed_once() -> None:
    x = cn.input((2,), name="x")
    y = cn.exp(x)
    assert format_graph([y * y, y], remarks=False).splitlines() == [
        '%0 = input "x" : float32[2]',
        "%1 = exp(%0) : float32[2]",
        "%2 = multiply(%1, %1) : float32[2]",
        "return %2, %1",
    ]
