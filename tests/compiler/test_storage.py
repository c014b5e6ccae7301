"""Which tensors get memory: each decision, and the one beside it that goes the other way."""

from collections.abc import Callable

import pytest
from tests.compiler.passes import check_values, graph, listing_after

import cairnet as cn
from cairnet.compiler.loops import Affine, Axis
from cairnet.compiler.nest import Lowering, NotStoredError
from cairnet.compiler.storage import is_leaf, stored_tensors
from cairnet.tensor.core import Tensor, apply, constant
from cairnet.tensor.primitives import PAD


def stored(*outputs: Tensor) -> list[str]:
    """The primitives of the tensors that get memory besides the outputs, in alphabetical order."""
    found = stored_tensors(outputs) - set(outputs)
    return sorted(item.primitive.name for item in found)


def tensor(*shape: int | None, name: str = "x") -> Tensor:
    return cn.input(shape, cn.float32, name)


def test_leaves_have_memory_already() -> None:
    x, one, many = tensor(3), constant(1.0), constant([1.0, 2.0, 3.0])
    assert [is_leaf(t) for t in (x, cn.Variable([1.0]), many, one)] == [True, True, True, False]
    assert not {x, many} & stored_tensors([x + many + one])


def test_an_elementwise_chain_is_one_expression() -> None:
    x = tensor(4)
    assert stored(cn.exp(cn.tanh(x) * 2.0) + 1.0) == []


def test_an_output_gets_memory_even_where_another_output_reads_it() -> None:
    x = tensor(4)
    y = x + 1.0
    assert y in stored_tensors([y * 2.0, y])


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        (lambda x, w: cn.tanh(x) @ w, ["tanh"]),
        (lambda x, w: (x + 1.0) @ w, ["add"]),
        (lambda x, w: cn.permute_dims(w, (1, 0)) @ cn.permute_dims(x, (1, 0)), []),
    ],
    ids=["a costly operand", "a cheap operand", "an operand that is only moved"],
)
def test_a_contraction_reads_its_operands_from_memory(
    build: Callable[[Tensor, Tensor], Tensor], expected: list[str]
) -> None:
    x, w = tensor(4, 5), tensor(5, 4, name="w")
    assert stored(build(x, w)) == expected


def test_a_cast_is_repeated_rather_than_stored() -> None:
    x, w = cn.input((4, 5), "uint8", name="x"), tensor(5, 3, name="w")
    assert stored(cn.astype(x, "float32") @ w) == []


def test_a_costly_value_that_is_repeated_is_stored() -> None:
    row, x = tensor(1, 5, name="row"), tensor(4, 5)
    assert stored(cn.exp(row) + x) == ["exp"]
    assert stored(row * 2.0 + x) == []


def test_a_costly_value_with_two_readers_is_stored() -> None:
    x = tensor(5, 5)
    costly, cheap = cn.exp(x), x * 2.0
    assert stored(costly + 1.0, cn.flip(costly, axis=0) * 2.0) == ["exp"]
    assert stored(cheap + 1.0, cn.flip(cheap, axis=0) * 2.0) == []


def test_an_expression_does_not_grow_without_end() -> None:
    x = tensor(4)
    y = x
    for _ in range(100):
        y = cn.sin(y) + x
    names = stored(y)
    assert names
    assert set(names) <= {"sin", "add"}
    check_values(graph([x], y))


def test_the_last_step_on_a_heavy_node_is_stored_in_its_place() -> None:
    x, w, b = tensor(4, 6), tensor(6, 6, name="w"), tensor(6, name="b")
    hidden = cn.relu(x @ w + b)
    text = listing_after(graph([x, w, b], hidden @ w), "fuse")
    assert "maximum[i0, i1] := max(" in text
    assert "dot[i0, i1] := total\n    maximum" not in text


def test_a_pad_before_a_contraction_is_stored() -> None:
    x, w = tensor(2, 8, 1), tensor(3, 1, 4, name="w")
    padded = apply(PAD, x, low=(0, 1, 0), high=(0, 1, 0), interior=(0, 0, 0), value=0)
    text = listing_after(graph([x, w], cn.conv1d(padded, w)), "fuse")
    assert "pad[i0, i1 + 1, 0] := x[i0, i1, 0]" in text
    assert "pad[i0, 0, 0] := 0.0" in text
    assert "pad[i0, 9, 0] := 0.0" in text


def test_a_padded_convolution_whose_gradient_looks_through_a_pooling_has_its_input_padded() -> None:
    x, w = tensor(2, 8, 8, 3), tensor(3, 3, 3, 4, name="w")
    y = cn.max_pool(cn.conv2d(x, w, padding="same"), 2)
    text = listing_after(graph([x, w], [y, cn.grad(cn.sum(y * y), w)]), "fuse")
    assert "pad[i0, i1 + 1, i2 + 1, i3] := x[i0, i1, i2, i3]" in text
    assert "outside" not in text
    assert "pad" not in listing_after(graph([x, w], y), "fuse")


def test_a_pad_that_puts_elements_in_between_is_a_heart() -> None:
    x = tensor(3)
    spread = apply(PAD, x, low=(1,), high=(0,), interior=(1,), value=0)
    text = listing_after(graph([x], spread + 1.0), "nest")
    assert text.count("pad[") == 3  # two residues, and the sum that reads them
    check_values(graph([x], spread + 1.0))


@pytest.mark.parametrize(
    "build",
    [
        lambda x: cn.reshape(x * 2.0, (3, 8)),
        lambda x: cn.take(x * 2.0, cn.asarray([1, 2]), axis=0),
        lambda x: cn.argsort(x * 2.0, axis=0),
    ],
    ids=["reshape", "gather", "argsort"],
)
def test_what_cannot_be_read_through_asks_for_storage(build: Callable[[Tensor], Tensor]) -> None:
    x = tensor(6, 4)
    result = build(x)
    lowering = Lowering({result})
    with pytest.raises(NotStoredError) as missing:
        lowering.nests(result)
    assert missing.value.tensor.primitive.name == "multiply"
    check_values(graph([x], result))


def test_a_reshape_splits_a_row_where_the_row_is_split_evenly() -> None:
    x = tensor(4, 6)
    turned = cn.permute_dims(x, (1, 0))
    places = (Affine(), Affine(), Affine())
    assert Lowering(set()).inside(cn.reshape(turned, (2, 3, 4)), places, ())
    # 24 elements in rows of 8: a row of the result is two rows of what it reads.
    row, column = Affine.of(Axis("i", 3)), Affine.of(Axis("j", 8))
    with pytest.raises(NotStoredError):
        Lowering(set()).inside(cn.reshape(turned, (3, 8)), (row, column), ())


@pytest.mark.parametrize(
    ("window", "size", "wanted", "expected"),
    [
        (2, 9, "w", False),
        (2, 9, "xw", True),
        (2, 8, "w", True),
        ((2, 3), 9, "w", True),
    ],
    ids=[
        "only weight gradients read it",
        "others read it too",
        "the windows do not fill the space",
        "the windows do not fill one of the axes",
    ],
)
def test_what_a_pooling_puts_back_gets_no_memory_where(
    window: object, size: int, wanted: str, expected: bool
) -> None:
    x, w = tensor(2, size, size, 3), tensor(2, 2, 3, 4, name="w")
    y = cn.max_pool(cn.conv2d(x, w), window)
    found = cn.grad(cn.sum(y * y), [{"x": x, "w": w}[name] for name in wanted])
    assert ("window_put" in stored(*found)) == expected
