"""Joining nests: what joins what, and what must be refused."""

import pytest
from tests.compiler.passes import Graph, Records, check_values, graph, listing_after

import cairnet as cn
from cairnet.compiler.fuse import fuse
from cairnet.compiler.loops import Affine, Axis, Buffer, Compute, Literal, Load, Nest, Store
from cairnet.compiler.nest_listing import format_nests
from cairnet.compiler.verify import verify_nests
from cairnet.tensor.core import Tensor

records = Records("fuse", before="nest", after="fuse")


def tensor(*shape: int | None, name: str = "x", dtype: object = cn.float32) -> Tensor:
    return cn.input(shape, dtype, name)


@records.shows("absorb: a bias and an activation join the product")
def _() -> Graph:
    x, w, b = tensor(None, 6), tensor(6, 5, name="w"), tensor(5, name="b")
    return graph([x, w, b], cn.tanh(x @ w + b))


@records.shows("absorb: the optimizer's update joins the gradient")
def _() -> Graph:
    x, g = tensor(8, 6), tensor(8, 5, name="g")
    w = cn.Variable([[0.0] * 5] * 6, name="w")
    velocity = cn.Variable([[0.0] * 5] * 6, name="velocity")
    new = velocity * 0.9 - cn.matrix_transpose(x) @ g
    return graph([x, g], [], {velocity: new, w: w + 0.1 * new})


@records.shows("absorb: the sum of two products joins the last of them")
def _() -> Graph:
    x, w, v = tensor(4, 6), tensor(6, 5, name="w"), tensor(6, 5, name="v")
    return graph([x, w, v], x @ w + x @ v)


@records.shows("absorb: a chain of rows joins one reduction")
def _() -> Graph:
    x = tensor(4, 6)
    total = cn.sum(x, axis=1)
    return graph([x], [total * 2.0, cn.exp(total) - 1.0])


@records.shows("join: two maps that read the same memory")
def _() -> Graph:
    x, y = tensor(4, 6), tensor(4, 6, name="y")
    return graph([x, y], [cn.exp(x) * y, cn.tanh(x) - y])


@records.shows("join: two sums over the same elements")
def _() -> Graph:
    x, g = tensor(6, 4), tensor(6, 4, name="g")
    return graph([x, g], [cn.sum(g * x, axis=0), cn.sum(g, axis=0)])


@records.shows("redirect: what is stored with a border around it is read there")
def _() -> Graph:
    x, w = tensor(2, 6, 6, 3), tensor(3, 3, 3, 4, name="w")
    images = cn.tanh(cn.conv2d(x, w))
    bordered = cn.layers.ZeroPadding2D(1)(images)
    return graph([x, w], [bordered, cn.sum(images, axis=0)])


@records.shows("refused: a product and a sum that read the same matrix")
def _() -> Graph:
    x, w = tensor(6, 4), tensor(4, 6, name="w")
    return graph([x, w], [x @ w, cn.sum(x, axis=1)])


@records.shows("redirect: readers of a value read the output it is stored in")
def _() -> Graph:
    x, w, v = tensor(4, 6), tensor(6, 6, name="w"), tensor(6, 5, name="v")
    hidden = x @ w
    return graph([x, w, v], [hidden, hidden @ v])


@records.shows("drop: what nobody reads any more")
def _() -> Graph:
    x, w = tensor(4, 6), tensor(6, 5, name="w")
    return graph([x, w], [cn.exp(x @ w)])


@records.shows("join: the four residues of a gradient")
def _() -> Graph:
    x = tensor(2, 4, 4, 3)
    return graph([x], cn.grad(cn.sum(cn.max_pool(x, 2) ** 2), x))


@records.shows("absorb: the consumer reads the producer turned around, and is turned itself")
def _() -> Graph:
    x, w = tensor(5, 5), tensor(5, 5, name="w")
    product = x @ w
    return graph([x, w], cn.permute_dims(product, (1, 0)) + x)


@records.shows("refused: the consumer reads the producer at two points")
def _() -> Graph:
    x, w = tensor(5, 5), tensor(5, 5, name="w")
    product = x @ w
    return graph([x, w], product + cn.flip(product, axis=0))


@records.shows("refused: the consumer reads the producer behind a guard")
def _() -> Graph:
    x, w = tensor(4, 5), tensor(5, 5, name="w")
    return graph([x, w], cn.concat([(x @ w)[1:], cn.zeros((1, 5))], axis=0) + x)


@records.shows("refused: a third nest stands between")
def _() -> Graph:
    x = tensor(4, 6)
    scaled = cn.sum(x, axis=1)
    return graph([x], scaled / cn.sum(scaled))


@records.shows("refused: a running fold absorbs nothing")
def _() -> Graph:
    x = tensor(4, 6)
    return graph([x], cn.cumulative_sum(x, axis=0) * 2.0)


def test_the_loops_of_every_record() -> None:
    records.check_golden()


@pytest.mark.parametrize("title", list(records.shown))
def test_the_values_of_every_record(title: str) -> None:
    check_values(records.shown[title]())


def test_no_nest_has_more_stores_than_registers_can_serve() -> None:
    x = tensor(64)
    made = graph([x], [x + float(number) for number in range(40)])
    text = listing_after(made, "fuse")
    nests = text.split("for i0 < 64:")[1:]
    assert len(nests) > 1
    assert max(nest.count(":=") for nest in nests) <= 12
    check_values(made)


def small_nest(name: str, source: Buffer | None, size: int = 4) -> tuple[Nest, Buffer]:
    """name[i] := source[i] + 1"""
    x = cn.zeros((size,))
    axis = Axis("i", size)
    buffer = Buffer(name, cn.float32, (size,), x, "arena")
    place = Affine.of(axis)
    one = Literal(cn.float32, 1)
    value = (
        one
        if source is None
        else Compute(cn.float32, "add", (Load(cn.float32, source, place), one))
    )
    return Nest((axis,), (), (), (Store(buffer, place, value),), (x,)), buffer


def test_a_chain_of_a_thousand_becomes_one_nest_a_dozen_stores() -> None:
    """Joining does not become slow with the length of the program."""
    nests: list[Nest] = []
    buffer: Buffer | None = None
    for number in range(1000):
        nest, buffer = small_nest(f"b{number}", buffer)
        nests.append(nest)
    assert buffer is not None
    buffer.kind = "output"
    fused = fuse(nests)
    verify_nests("fuse", fused)
    assert len(fused) <= 1000 // 11 + 1
    assert all(len(nest.stores) <= 12 for nest in fused)


def test_an_order_that_computes_wrong_is_put_right() -> None:
    first, made = small_nest("a", None)
    second, result = small_nest("b", made)
    result.kind = "output"
    text = format_nests(fuse([second, first]))
    assert text == "for i < 4:\n    b[i] := 1.0 + 1.0"
