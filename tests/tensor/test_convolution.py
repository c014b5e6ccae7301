"""Convolutions: against PyTorch and Keras, by hand, with unknown extents, and what is refused."""

import re
from typing import Any

import numpy as np
import pytest

import cairnet as cn
from cairnet.tensor.interpreter import evaluate

GENERATOR = np.random.default_rng(7)
CLOSE = {"rtol": 1e-9, "atol": 1e-9}


def draw(*shape: int) -> np.ndarray:
    return GENERATOR.standard_normal(shape)


def value_and_gradients(
    function: Any, *arrays: np.ndarray
) -> tuple[np.ndarray, list[np.ndarray], np.ndarray]:
    """The value of a function of variables, and the gradients of its product with a cotangent."""
    variables = [cn.Variable(array) for array in arrays]
    result = function(*variables)
    value = result.numpy()
    cotangent = draw(*value.shape)
    gradients = cn.grad(cn.sum(result * cn.asarray(cotangent)), variables)
    return value, [gradient.numpy() for gradient in gradients], cotangent


def torch_value_and_gradients(
    function: Any, cotangent: np.ndarray, *arrays: np.ndarray
) -> tuple[np.ndarray, list[np.ndarray]]:
    torch = pytest.importorskip("torch")
    tensors = [torch.tensor(array, requires_grad=True) for array in arrays]
    result = function(*tensors)
    result.backward(torch.tensor(cotangent))
    return result.detach().numpy(), [tensor.grad.numpy() for tensor in tensors]


# extents, taps, strides, padding, dilation, groups
GEOMETRIES = [
    ((5, 5), (1, 1), 1, 0, 1, 1),
    ((7, 5), (3, 3), 1, 1, 1, 1),
    ((7, 6), (3, 2), (2, 1), 0, 1, 1),
    ((13, 11), (5, 3), 2, ((2, 2), (1, 1)), 1, 1),
    ((9, 10), (3, 3), 1, 2, 2, 1),
    ((11, 9), (3, 2), (3, 2), (1, 0), (2, 3), 1),
    ((6, 7), (3, 3), 2, 1, 1, 2),
    ((6, 6), (2, 3), 1, 0, 1, 4),
    ((3, 3), (3, 3), 4, 0, 1, 1),
    ((8, 8), (2, 2), 3, 0, 1, 1),
]


@pytest.mark.parity
@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_conv2d_agrees_with_torch(geometry: Any) -> None:
    functional = pytest.importorskip("torch").nn.functional
    space, taps, strides, padding, dilation, groups = geometry
    x, w = draw(2, *space, 4), draw(*taps, 4 // groups, 8)
    value, gradients, cotangent = value_and_gradients(
        lambda x, w: cn.conv2d(x, w, strides, padding, dilation, groups), x, w
    )
    symmetric = tuple(p[0] for p in padding) if np.ndim(padding) == 2 else padding
    expected, expected_gradients = torch_value_and_gradients(
        lambda x, w: functional.conv2d(
            x.permute(0, 3, 1, 2),
            w.permute(3, 2, 0, 1),
            stride=strides,
            padding=symmetric,
            dilation=dilation,
            groups=groups,
        ).permute(0, 2, 3, 1),
        cotangent,
        x,
        w,
    )
    np.testing.assert_allclose(value, expected, **CLOSE)
    for got, wanted in zip(gradients, expected_gradients, strict=True):
        np.testing.assert_allclose(got, wanted, **CLOSE)


@pytest.mark.parity
@pytest.mark.parametrize("geometry", GEOMETRIES)
@pytest.mark.parametrize("output_padding", [0, 1])
def test_conv2d_transpose_agrees_with_torch(geometry: Any, output_padding: int) -> None:
    functional = pytest.importorskip("torch").nn.functional
    space, taps, strides, padding, dilation, groups = geometry
    if np.min(strides) <= output_padding:
        output_padding = 0
    x, w = draw(2, *space, 8), draw(*taps, 4 // groups, 8)
    value, gradients, cotangent = value_and_gradients(
        lambda x, w: cn.conv2d_transpose(x, w, strides, padding, dilation, groups, output_padding),
        x,
        w,
    )
    symmetric = tuple(p[0] for p in padding) if np.ndim(padding) == 2 else padding
    expected, expected_gradients = torch_value_and_gradients(
        lambda x, w: functional.conv_transpose2d(
            x.permute(0, 3, 1, 2),
            w.permute(3, 2, 0, 1),
            stride=strides,
            padding=symmetric,
            output_padding=output_padding,
            dilation=dilation,
            groups=groups,
        ).permute(0, 2, 3, 1),
        cotangent,
        x,
        w,
    )
    np.testing.assert_allclose(value, expected, **CLOSE)
    for got, wanted in zip(gradients, expected_gradients, strict=True):
        np.testing.assert_allclose(got, wanted, **CLOSE)


def keras_value(function: Any, *arrays: np.ndarray) -> np.ndarray:
    torch, keras = pytest.importorskip("torch"), pytest.importorskip("keras")
    return np.asarray(function(keras.ops, *map(torch.tensor, arrays)).numpy(force=True))


@pytest.mark.parity
@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("strides", [1, 2, 3, (2, 1)])
@pytest.mark.parametrize("taps", [(1, 1), (2, 2), (3, 3), (5, 4)])
def test_named_padding_of_conv2d_agrees_with_keras(padding: str, strides: Any, taps: Any) -> None:
    for space in [(7, 8), (9, 5), (6, 6)]:
        x, w = draw(2, *space, 3), draw(*taps, 3, 4)
        got = cn.conv2d(x, w, strides, padding).numpy()
        expected = keras_value(lambda ops, x, w: ops.conv(x, w, strides, padding), x, w)
        np.testing.assert_allclose(got, expected, **CLOSE)


@pytest.mark.parity
def test_dilated_same_padding_agrees_with_keras() -> None:
    x, w = draw(2, 9, 8, 3), draw(3, 2, 3, 4)
    got = cn.conv2d(x, w, padding="same", dilation=(2, 3)).numpy()
    expected = keras_value(lambda ops, x, w: ops.conv(x, w, 1, "same", dilation_rate=(2, 3)), x, w)
    np.testing.assert_allclose(got, expected, **CLOSE)


@pytest.mark.parity
@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("output_padding", [None, 0, 1])
@pytest.mark.parametrize("strides", [2, 3])
@pytest.mark.parametrize("taps", [(1, 1), (2, 2), (3, 3), (5, 4)])
@pytest.mark.filterwarnings("ignore:You might experience inconsistencies")
@pytest.mark.filterwarnings("ignore:Torch backend requires output_padding")
def test_conv2d_transpose_agrees_with_keras(
    padding: str, output_padding: int | None, strides: int, taps: Any
) -> None:
    x, w = draw(2, 4, 3, 3), draw(*taps, 5, 3)
    got = cn.conv2d_transpose(x, w, strides, padding, output_padding=output_padding).numpy()
    expected = keras_value(
        lambda ops, x, w: ops.conv_transpose(x, w, strides, padding, output_padding), x, w
    )
    np.testing.assert_allclose(got, expected, **CLOSE)


@pytest.mark.parity
def test_conv1d_and_conv3d_agree_with_torch() -> None:
    functional = pytest.importorskip("torch").nn.functional
    x, w = draw(2, 9, 4), draw(3, 2, 6)
    value, gradients, cotangent = value_and_gradients(
        lambda x, w: cn.conv1d(x, w, 2, 1, 2, 2), x, w
    )
    expected, expected_gradients = torch_value_and_gradients(
        lambda x, w: functional.conv1d(
            x.permute(0, 2, 1), w.permute(2, 1, 0), stride=2, padding=1, dilation=2, groups=2
        ).permute(0, 2, 1),
        cotangent,
        x,
        w,
    )
    np.testing.assert_allclose(value, expected, **CLOSE)
    np.testing.assert_allclose(gradients[0], expected_gradients[0], **CLOSE)
    np.testing.assert_allclose(gradients[1], expected_gradients[1], **CLOSE)
    x, w = draw(2, 4, 5, 6, 2), draw(2, 3, 2, 2, 3)
    value, gradients, cotangent = value_and_gradients(lambda x, w: cn.conv3d(x, w, 2, 1), x, w)
    expected, expected_gradients = torch_value_and_gradients(
        lambda x, w: functional.conv3d(
            x.permute(0, 4, 1, 2, 3), w.permute(4, 3, 0, 1, 2), stride=2, padding=1
        ).permute(0, 2, 3, 4, 1),
        cotangent,
        x,
        w,
    )
    np.testing.assert_allclose(value, expected, **CLOSE)
    np.testing.assert_allclose(gradients[0], expected_gradients[0], **CLOSE)
    np.testing.assert_allclose(gradients[1], expected_gradients[1], **CLOSE)


@pytest.mark.parametrize("padding", ["valid", "same", 1])
@pytest.mark.parametrize("strides", [1, 2, 3])
def test_unknown_extents_give_what_known_ones_give(padding: Any, strides: int) -> None:
    image = cn.input((None, None, None, 3), cn.float64)
    w = draw(3, 2, 3, 4)
    y = cn.conv2d(image, w, strides, padding)
    dx = cn.grad(cn.sum(y * y), image)
    for space in [(3, 3), (4, 7), (8, 5)]:
        x = draw(2, *space, 3)
        got = evaluate([y, dx], {image: x})
        known = cn.Variable(x)
        expected = cn.conv2d(known, w, strides, padding)
        gradient = cn.grad(cn.sum(expected * expected), known)
        np.testing.assert_allclose(got[0], expected.numpy(), **CLOSE)
        np.testing.assert_allclose(got[1], gradient.numpy(), **CLOSE)


@pytest.mark.parametrize("padding", ["valid", "same", 1])
def test_a_transposed_convolution_takes_unknown_extents(padding: Any) -> None:
    image = cn.input((None, None, None, 3), cn.float64)
    w = draw(3, 3, 4, 3)
    y = cn.conv2d_transpose(image, w, 2, padding)
    x = draw(2, 4, 5, 3)
    expected = cn.conv2d_transpose(x, w, 2, padding).numpy()
    np.testing.assert_allclose(evaluate([y], {image: x})[0], expected, **CLOSE)


def test_same_padding_keeps_the_known_extents_known() -> None:
    y = cn.conv2d(cn.input((None, 28, None, 1)), cn.zeros((5, 5, 1, 6)), padding="same")
    assert y.shape == (None, 28, None, 6)
    assert y.extents[2] == y.inputs[0].extents[2]


@pytest.mark.parametrize("shape", [(0, 5, 5, 2), (2, 5, 5, 0)])
def test_images_without_elements_have_a_convolution(shape: tuple[int, ...]) -> None:
    x, w = cn.Variable(np.zeros(shape)), cn.Variable(draw(3, 3, shape[-1], 4))
    y = cn.conv2d(x, w, padding="same")
    assert y.numpy().shape == (*shape[:3], 4)
    dx, dw = cn.grad(cn.sum(y), [x, w])
    assert dx.numpy().shape == shape
    assert not dw.numpy().any()


def message(error: pytest.ExceptionInfo[BaseException]) -> str:
    return re.sub(r"at \S+:\d+", "at HERE", str(error.value))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (
            (cn.zeros((2, 8, 3)), cn.zeros((3, 3, 3, 4))),
            (
                "conv2d, at HERE: x must have rank 4, [batch, height, width, channels]; "
                "got shape (2, 8, 3)"
            ),
        ),
        (
            (cn.zeros((2, 8, 8, 3)), cn.zeros((3, 3, 4, 4))),
            (
                "conv2d, at HERE: x (2, 8, 8, 3) has 3 channels, filters (3, 3, 4, 4) with "
                "groups=1 are for 4; expected filters [..., channels, outputs]"
            ),
        ),
        (
            (cn.zeros((2, 8, 8, 4)), cn.zeros((3, 3, 2, 3)), 1, 0, 1, 2),
            (
                "conv2d, at HERE: x (2, 8, 8, 4) has 4 channels, filters (3, 3, 2, 3) with "
                "groups=2 are for 4; expected filters [..., channels / 2, outputs] with outputs a "
                "multiple of 2"
            ),
        ),
        (
            (cn.zeros((2, 4, 8, 1)), cn.zeros((5, 5, 1, 1))),
            (
                "conv2d, at HERE: a window that reaches over 5 does not fit into 4 + padding 0 + "
                "0 along spatial axis 0 of x (2, 4, 8, 1); pad more, for instance with "
                'padding="same"'
            ),
        ),
        (
            (cn.zeros((2, 8, 8, 1)), cn.zeros((5, 5, 1, 1)), 1, "sane"),
            "unknown padding of conv2d 'sane'; did you mean 'same'? Known: same, valid",
        ),
        (
            (cn.zeros((2, 8, 8, 1)), cn.zeros((5, 5, 1, 1)), (1, 0)),
            (
                "conv2d, at HERE: strides must be a whole number of 1 or more, or 2 of them, "
                "got (1, 0)"
            ),
        ),
        (
            (cn.zeros((2, 8, 8, 1)), cn.zeros((5, 5, 1, 1)), 1, (1, 2, 3)),
            (
                'conv2d, at HERE: padding must be "valid", "same", a whole number of 0 or more, '
                "2 of them, or 2 pairs (before, after), got (1, 2, 3)"
            ),
        ),
        (
            (cn.zeros((2, 8, 8, 1)), cn.zeros((5, 5, 1, 1)), 1, 0, 1, 0),
            "conv2d, at HERE: groups must be a whole number, 1 or more, got 0",
        ),
        (
            (cn.zeros((2, 8, 8, 1), dtype="int32"), cn.zeros((5, 5, 1, 1), dtype="int32")),
            (
                "conv2d, at HERE: expected floating images and filters, got int32; "
                "convert them with cn.astype(x, 'float32')"
            ),
        ),
    ],
)
def test_refusals_of_conv2d(arguments: tuple[Any, ...], expected: str) -> None:
    with pytest.raises(ValueError, match=r".") as error:
        cn.conv2d(*arguments)
    assert message(error) == expected
    if "HERE" in expected:
        assert f"at {__file__}:" in str(error.value)


def test_refusals_of_conv2d_transpose() -> None:
    x = cn.zeros((1, 2, 2, 3))
    with pytest.raises(ValueError, match="has 3 channels") as error:
        cn.conv2d_transpose(x, cn.zeros((3, 3, 3, 4)))
    assert "expected filters [height, width, outputs / groups, channels]" in str(error.value)
    with pytest.raises(ValueError, match="output_padding must be less than the strides"):
        cn.conv2d_transpose(x, cn.zeros((3, 3, 4, 3)), 2, output_padding=2)
    with pytest.raises(ValueError, match="crops more than the 4 rows there are"):
        cn.conv2d_transpose(x, cn.zeros((3, 3, 4, 3)), padding=3)
    with pytest.raises(ValueError, match="unknown padding of conv2d_transpose 'full'"):
        cn.conv2d_transpose(x, cn.zeros((3, 3, 4, 3)), padding="full")
