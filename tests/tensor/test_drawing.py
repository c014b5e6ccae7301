"""cn.draw: well-formed SVG, boxes that do not overlap, arrows that point down, whole files."""

import time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cairnet as cn
from cairnet.tensor.layout import layered_layout

SVG = "{http://www.w3.org/2000/svg}"


def parsed(drawing: Any) -> ET.Element:
    return ET.fromstring(drawing.svg)


def titles(drawing: Any) -> list[str]:
    return [text.text or "" for text in parsed(drawing).iter(f"{SVG}text") if is_name(text)]


def is_name(text: ET.Element) -> bool:
    return text.get("class") == "name"


def box_classes(drawing: Any) -> dict[str, str]:
    """The classes of each box by its title."""
    found = {}
    for group in parsed(drawing).iter(f"{SVG}g"):
        rectangle, text = group.find(f"{SVG}rect"), group.find(f"{SVG}text")
        if rectangle is not None and text is not None:
            found[text.text or ""] = rectangle.get("class", "")
    return found


def network() -> Any:
    x = cn.input((None, 4), name="x <&>")
    with cn.scope("dense"):
        w = cn.Variable(np.ones((4, 3), np.float32), name="w")
        hidden = cn.relu(x @ w + cn.asarray([1.0, 2.0, 3.0]))
    return x, w, hidden


def test_every_operation_is_a_box_with_its_shape() -> None:
    _, _, hidden = network()
    drawing = cn.draw(hidden)
    assert sorted(titles(drawing)) == sorted(
        ["x <&>", "w", "dot", "[1.0, 2.0, 3.0]", "broadcast", "add", "maximum(0.0, ·)"]
    )
    types = [
        text.text for text in parsed(drawing).iter(f"{SVG}text") if text.get("class") == "type"
    ]
    assert types.count("float32[None, 3]") == 4
    arrows = [path for path in parsed(drawing).iter(f"{SVG}path") if path.get("class") == "edge"]
    assert len(arrows) == 6
    assert box_classes(drawing)["maximum(0.0, ·)"] == "box output"


def test_layers_and_kinds_have_colours_and_a_legend() -> None:
    x, w, hidden = network()
    drawing = cn.draw([hidden, cn.grad(cn.sum(hidden), w), cn.exp(x)])
    fills: dict[str, set[str]] = {}
    for group in parsed(drawing).iter(f"{SVG}g"):
        rectangle, tooltip = group.find(f"{SVG}rect"), group.find(f"{SVG}title")
        if rectangle is None or tooltip is None:
            continue
        place = [line for line in (tooltip.text or "").splitlines() if line.startswith("in ")]
        fills.setdefault(place[0] if place else "", set()).add(rectangle.get("fill", ""))
    legend = [text.text for text in parsed(drawing).iter(f"{SVG}text") if text.get("class") is None]
    assert legend[:2] == ["input", "variable"]
    assert {"dense", "dense/gradient"} <= set(legend)
    # Constants and variables of a layer keep the colours of their kinds.
    assert fills["in dense"] - {"#ffd59a", "#e3e6ea"} != fills["in dense/gradient"]
    assert len(fills["in dense/gradient"]) == 1


def test_tooltips_tell_parameters_and_lines() -> None:
    _, _, hidden = network()
    tooltips = [title.text or "" for title in parsed(cn.draw(hidden)).iter(f"{SVG}title")]
    (dot,) = [text for text in tooltips if text.startswith("dot")]
    assert "contract = ((1,), (0,))" in dot
    assert "in dense" in dot
    assert f"made at {__file__}:" in dot


def test_markers_are_dashed_and_named() -> None:
    x = cn.input((2,), name="x")
    drawing = cn.draw(cn.watch(cn.stop_gradient(x), "seen") + 1.0)
    classes = box_classes(drawing)
    assert classes["watch seen"] == "box marker"
    assert classes["stop gradient"] == "box marker"
    assert classes["add(·, 1.0)"] == "box output"


def test_a_scan_is_one_box_and_its_step_a_panel() -> None:
    x = cn.input((None, 3), name="x")
    outputs, last = cn.scan(lambda item, s: (s, cn.tanh(s + item)), x, cn.zeros((3,)))
    drawing = cn.draw([outputs, last])
    names = titles(drawing)
    assert names.count("scan 1") == 1
    assert names.count("tanh") == 1
    assert "step of scan 1" in drawing.svg
    assert "2 outputs" in drawing.svg
    assert titles(cn.draw([outputs, last, cn.exp(last)])).count("scan 1") == 1


def test_a_scalar_asked_for_is_drawn_by_itself() -> None:
    assert titles(cn.draw(cn.asarray(2.5))) == ["2.5"]


@st.composite
def random_graphs(draw: Any) -> Any:
    count = draw(st.integers(1, 25))
    sizes = draw(
        st.lists(
            st.tuples(st.integers(20, 200), st.integers(20, 60)), min_size=count, max_size=count
        )
    )
    edges = []
    for target in range(1, count):
        sources = draw(st.sets(st.integers(0, target - 1), max_size=3))
        edges += [(source, target) for source in sorted(sources)]
    return sizes, edges


@given(random_graphs())
def test_no_boxes_overlap_and_all_arrows_point_down(graph: Any) -> None:
    sizes, edges = graph
    layout = layered_layout(sizes, edges)
    boxes = [
        (x - w / 2, y - h / 2, x + w / 2, y + h / 2)
        for (x, y), (w, h) in zip(layout.centres, sizes, strict=True)
    ]
    for left, top, right, bottom in boxes:
        assert left >= -1e-6
        assert right <= layout.width + 1e-6
        assert top >= -1e-6
        assert bottom <= layout.height + 1e-6
    for i, first in enumerate(boxes):
        for second in boxes[:i]:
            apart_across = first[0] >= second[2] + 1 or second[0] >= first[2] + 1
            apart_down = first[1] >= second[3] + 1 or second[1] >= first[3] + 1
            assert apart_across or apart_down
    for (source, target), route in zip(edges, layout.routes, strict=True):
        heights = [y for _, y in route]
        assert heights == sorted(heights)
        assert heights[0] == pytest.approx(boxes[source][3])
        assert heights[-1] == pytest.approx(boxes[target][1])
        assert boxes[source][0] <= route[0][0] <= boxes[source][2]
        assert boxes[target][0] <= route[-1][0] <= boxes[target][2]


def test_a_chain_is_drawn_in_one_line() -> None:
    layout = layered_layout([(50, 20), (80, 20), (30, 20)], [(0, 1), (1, 2)])
    assert len({round(x, 6) for x, _ in layout.centres}) == 1


def test_crossings_that_can_be_avoided_are() -> None:
    # Drawn in the order of their numbers, 0 → 3 and 1 → 2 would cross.
    layout = layered_layout([(40, 20)] * 4, [(0, 3), (1, 2)])
    x = [centre[0] for centre in layout.centres]
    assert (x[0] - x[1]) * (x[3] - x[2]) > 0


def test_a_long_graph_is_drawn_in_reasonable_time() -> None:
    x = y = cn.input((4,), name="x")
    for _ in range(400):
        y = cn.tanh(y) + x
    start = time.perf_counter()
    cn.draw(y)
    assert time.perf_counter() - start < 20


def test_files_are_written_whole_or_not_at_all(tmp_path: Path) -> None:
    _, _, hidden = network()
    path = tmp_path / "network.svg"
    drawing = cn.draw(hidden, path)
    assert path.read_text(encoding="utf-8") == drawing.svg
    assert drawing._repr_svg_() == drawing.svg
    assert [item.name for item in tmp_path.iterdir()] == ["network.svg"]
    with pytest.raises(ValueError, match=r"expected a path that ends in \.svg, got 'network\.png'"):
        cn.draw(hidden, "network.png")
    with pytest.raises(OSError, match="does not exist"):
        cn.draw(hidden, tmp_path / "nowhere" / "network.svg")


def test_refusals() -> None:
    with pytest.raises(ValueError, match="draw: expected tensors, got int"):
        cn.draw([cn.asarray(1.0), 3])
    with pytest.raises(ValueError, match="draw: expected at least one tensor, got none"):
        cn.draw([])
    y = cn.input((2,))
    for _ in range(3001):
        y = cn.exp(y)
    with pytest.raises(ValueError, match="more than 3000 operations; draw a part"):
        cn.draw(y)
