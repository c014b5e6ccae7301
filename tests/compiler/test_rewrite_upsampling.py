"""Convolutions of repeated elements, and sums of neighbours of their gradients."""

from typing import Any

import numpy as np
import pytest
from tests.compiler.rewriting import Case, Cases

import cairnet as cn
from cairnet.tensor.core import Input, Tensor, apply
from cairnet.tensor.primitives import (
    CONVOLVE,
    CONVOLVE_INPUT_GRADIENT,
    CONVOLVE_WEIGHT_GRADIENT,
)

cases = Cases("upsampling")


def images(*shape: int | None, name: str = "x") -> Input:
    return cn.input(shape, cn.float64, name)


def repeated(x: Tensor, *factors: int) -> Tensor:
    """x with elements repeated along its spatial axes, one axis after the other."""
    for axis, factor in enumerate(factors, start=1):
        x = cn.repeat(x, factor, axis=axis) if factor > 1 else x
    return x


def geometry(padding: Any, **changed: Any) -> dict[str, Any]:
    count = len(padding)
    plain = {"strides": (1,) * count, "dilation": (1,) * count, "groups": 1}
    return {**plain, "padding": padding, **changed}


def convolved(x: Tensor, w: tuple[int, ...], padding: Any, **changed: Any) -> Tensor:
    return apply(CONVOLVE, x, images(*w, name="w"), **geometry(padding, **changed))


def gradient(g: Tensor, w: tuple[int, ...], space: Any, padding: Any, **changed: Any) -> Tensor:
    kernel = images(*w, name="w")
    return apply(CONVOLVE_INPUT_GRADIENT, g, kernel, space=space, **geometry(padding, **changed))


# -- the convolution ---------------------------------------------------------------------------


@cases.shows("convolution of repeated elements")
def _() -> Any:
    return convolved(repeated(images(2, 3, 4, 2), 2, 2), (3, 3, 2, 5), ((1, 1), (1, 1)))


@cases.shows("convolution of repeated elements", "along one axis, an even kernel, uneven padding")
def _() -> Any:
    return convolved(repeated(images(2, 3, 4, 2), 1, 3), (3, 4, 2, 5), ((0, 2), (1, 2)))


@cases.shows("convolution of repeated elements", "both axes repeated at once, a batch unknown")
def _() -> Any:
    return convolved(
        cn.layers.UpSampling2D((3, 2))(images(None, 2, 3, 1)), (2, 5, 1, 2), ((1, 0), (2, 2))
    )


@cases.shows("convolution of repeated elements", "one spatial axis")
def _() -> Any:
    return convolved(repeated(images(2, 5, 1), 2), (3, 1, 2), ((0, 0),))


@cases.refuses("convolution of repeated elements")
def nothing_overlaps() -> Any:
    return convolved(repeated(images(2, 3, 4, 2), 2, 2), (1, 1, 2, 5), ((0, 0), (0, 0)))


@cases.refuses("convolution of repeated elements")
def it_goes_in_steps() -> Any:
    x = repeated(images(2, 3, 4, 2), 2, 2)
    return convolved(x, (3, 3, 2, 5), ((1, 1), (1, 1)), strides=(2, 2))


@cases.refuses("convolution of repeated elements")
def its_taps_lie_apart() -> Any:
    x = repeated(images(2, 3, 4, 2), 2, 2)
    return convolved(x, (3, 3, 2, 5), ((2, 2), (2, 2)), dilation=(2, 2))


@cases.refuses("convolution of repeated elements")
def it_has_groups() -> Any:
    x = repeated(images(2, 3, 4, 2), 2, 2)
    return convolved(x, (3, 3, 1, 4), ((1, 1), (1, 1)), groups=2)


@cases.refuses("convolution of repeated elements")
def it_is_padded_by_a_whole_window() -> Any:
    return convolved(repeated(images(2, 3, 4, 2), 2, 2), (3, 3, 2, 5), ((3, 1), (1, 1)))


@cases.refuses("convolution of repeated elements")
def channels_are_repeated() -> Any:
    x = cn.repeat(repeated(images(2, 3, 4, 2), 2, 2), 2, axis=3)
    return convolved(x, (3, 3, 4, 5), ((1, 1), (1, 1)))


@cases.refuses("convolution of repeated elements")
def the_whole_is_repeated_and_not_each_element() -> Any:
    return convolved(cn.tile(images(2, 3, 4, 2), (1, 2, 2, 1)), (3, 3, 2, 5), ((1, 1), (1, 1)))


@cases.refuses("convolution of repeated elements")
def there_would_be_too_many_positions() -> Any:
    return convolved(repeated(images(1, 2, 2, 1), 5, 4), (3, 3, 1, 1), ((1, 1), (1, 1)))


# -- its weight gradient -----------------------------------------------------------------------


def weights(x: Tensor, g: tuple[int, ...], taps: Any, padding: Any, **changed: Any) -> Tensor:
    cotangent = images(*g, name="g")
    return apply(CONVOLVE_WEIGHT_GRADIENT, x, cotangent, taps=taps, **geometry(padding, **changed))


@cases.shows("weight gradient of repeated elements")
def _() -> Any:
    x = repeated(images(2, 3, 4, 2), 2, 2)
    return weights(x, (2, 6, 8, 5), (3, 3), ((1, 1), (1, 1)))


@cases.shows("weight gradient of repeated elements", "along one axis, uneven padding")
def _() -> Any:
    x = repeated(images(2, 3, 4, 2), 1, 3)
    return weights(x, (2, 3, 12, 5), (3, 4), ((0, 2), (1, 2)))


@cases.refuses("weight gradient of repeated elements")
def its_convolution_goes_in_steps() -> Any:
    x = repeated(images(2, 3, 4, 2), 2, 2)
    return weights(x, (2, 3, 4, 5), (3, 3), ((1, 1), (1, 1)), strides=(2, 2))


# -- sums of neighbours ------------------------------------------------------------------------


@cases.shows("sums of a convolution's neighbours")
def _() -> Any:
    both = gradient(images(2, 6, 8, 5, name="g"), (3, 3, 2, 5), (6, 8), ((1, 1), (1, 1)))
    return cn.sum(cn.reshape(both, (2, 3, 2, 4, 2, 2)), axis=(2, 4))


@cases.shows("sums of a convolution's neighbours", "one axis after the other")
def _() -> Any:
    both = gradient(images(2, 5, 12, 5, name="g"), (4, 3, 2, 5), (6, 12), ((0, 2), (1, 1)))
    across = cn.sum(cn.reshape(both, (2, 6, 4, 3, 2)), axis=3)
    return cn.sum(cn.reshape(across, (2, 3, 2, 4, 2)), axis=2)


@cases.shows("sums of a convolution's neighbours", "of the convolution itself")
def _() -> Any:
    y = convolved(images(2, 5, 6, 2), (2, 3, 2, 5), ((0, 0), (1, 1)))
    return cn.sum(cn.reshape(y, (2, 2, 2, 3, 2, 5)), axis=(2, 4))


@cases.refuses("sums of a convolution's neighbours")
def it_moves_by_more_than_one() -> Any:
    y = convolved(images(2, 7, 6, 2), (3, 3, 2, 5), ((1, 1), (1, 1)), strides=(2, 1))
    return cn.sum(cn.reshape(y, (2, 2, 2, 6, 5)), axis=2)


@cases.refuses("sums of a convolution's neighbours")
def they_are_not_neighbours() -> Any:
    y = convolved(images(2, 6, 6, 2), (3, 3, 2, 5), ((1, 1), (1, 1)))
    return cn.sum(cn.reshape(y, (2, 2, 3, 6, 5)), axis=1)


@cases.refuses("sums of a convolution's neighbours")
def samples_are_added_up_too() -> Any:
    y = convolved(images(2, 6, 6, 2), (3, 3, 2, 5), ((1, 1), (1, 1)))
    return cn.sum(cn.reshape(y, (1, 2, 3, 2, 6, 5)), axis=(1, 3))


@pytest.mark.parametrize("case", cases.shown, ids=str)
def test_the_rule_applies_and_keeps_what_it_promises(case: Case) -> None:
    case.check()


@pytest.mark.parametrize("case", cases.refused, ids=str)
def test_the_rule_refuses(case: Case) -> None:
    case.check_refusal()


def test_the_graphs_before_and_after() -> None:
    cases.check_golden()


def test_a_training_step_repeats_nothing() -> None:
    """Forward pass and both gradients of an upsampling before a convolution."""
    x, w = images(2, 3, 4, 2), images(3, 3, 2, 1, name="w")
    y = cn.conv2d(repeated(x, 2, 2), w, padding="same")
    found = cn.grad(cn.sum(y * y), [x, w])
    step = cn.function([x, w], found)
    random = np.random.default_rng(0)
    feeds = [random.normal(size=shape) for shape in ((2, 3, 4, 2), (3, 3, 2, 1))]
    expected = cn.function([x, w], found, backend="reference")(*feeds)
    for actual, wanted in zip(step(*feeds), expected, strict=True):
        np.testing.assert_allclose(actual, wanted, rtol=1e-12, atol=1e-12)
    text = cn.explain(step, "rewritten")
    assert "shape=(2, 6, 8, 2)" not in text
    assert text.count("strides=(2, 2)") == 3
