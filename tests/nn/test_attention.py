"""Attention: masks, causality and dropout, beyond what the table of layers says."""

from typing import Any

import numpy as np
import pytest
from tests.nn.peers import keras_in_float64

import cairnet as cn

CLOSE = {"rtol": 1e-9, "atol": 1e-11}
QUERY_MASK = np.array([[1, 1, 1, 0], [1, 0, 1, 1]], bool)
VALUE_MASK = np.array([[1, 0, 1, 1, 0], [1, 1, 1, 1, 1]], bool)


def draw(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


@pytest.mark.parity
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("masked", [False, True])
def test_masked_attention_is_that_of_keras(causal: bool, masked: bool) -> None:
    torch = pytest.importorskip("torch")
    query, value = draw(2, 4, 3), draw(2, 5, 3, seed=1)
    masks = [QUERY_MASK, VALUE_MASK] if masked else None
    with keras_in_float64() as keras:
        theirs = keras.layers.Attention()(
            [torch.tensor(query), torch.tensor(value)],
            mask=None if masks is None else [torch.tensor(mask) for mask in masks],
            use_causal_mask=causal,
            return_attention_scores=True,
        )
    y, weights = cn.layers.Attention()(
        [query, value], mask=masks, use_causal_mask=causal, return_attention_scores=True
    )
    np.testing.assert_allclose(y.numpy(), theirs[0].numpy(), **CLOSE)
    np.testing.assert_allclose(weights.numpy(), theirs[1].numpy(), **CLOSE)
    if causal:
        assert not weights.numpy()[:, 0, 1:].any()
    if masked:
        assert not y.numpy()[~QUERY_MASK].any()


@pytest.mark.parity
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("masked", [False, True])
def test_masked_attention_of_several_heads_is_that_of_keras(causal: bool, masked: bool) -> None:
    torch = pytest.importorskip("torch")
    query, value, key = draw(2, 4, 3), draw(2, 5, 6, seed=1), draw(2, 5, 2, seed=2)
    options: dict[str, Any] = {"use_causal_mask": causal, "return_attention_scores": True}
    masks: dict[str, np.ndarray] = {}
    if masked:
        allowed = draw(2, 4, 5, seed=3) > -1
        allowed[..., 0] = True  # a row without any value is nobody's
        masks = {"value_mask": VALUE_MASK, "attention_mask": allowed}
    with keras_in_float64() as keras:
        theirs = keras.layers.MultiHeadAttention(2, 4, value_dim=3)
        given = {name: torch.tensor(mask) for name, mask in masks.items()}
        arguments = [torch.tensor(array) for array in (query, value, key)]
        theirs(*arguments, **given, **options)
        weights = [draw(*weight.shape, seed=9) for weight in theirs.weights]
        theirs.set_weights(weights)
        names = [weight.path.split("/", 1)[1] for weight in theirs.weights]
        expected = theirs(*arguments, **given, **options)
    layer = cn.layers.MultiHeadAttention(2, 4, value_dim=3)
    layer(query, value, key)
    order = {v.name.split("/", 1)[1]: i for i, v in enumerate(layer.weights)}
    assert sorted(order) == sorted(names)
    for name, weight in zip(names, weights, strict=True):
        layer.weights[order[name]].assign(weight)
    assert list(order) == names  # so that get_weights and set_weights do too
    outputs = layer(query, value, key=key, **masks, **options)
    for mine, other in zip(outputs, expected, strict=True):
        np.testing.assert_allclose(mine.numpy(), other.detach().numpy(), **CLOSE)


def test_masks_of_the_sequences_are_taken() -> None:
    numbers = np.array([[3, 1, 0, 0], [2, 4, 1, 0]])
    x = cn.layers.Embedding(5, 3, mask_zero=True)(numbers)
    layer = cn.layers.MultiHeadAttention(1, 2)
    y, weights = layer(x, x, return_attention_scores=True)
    assert not weights.numpy()[0, 0, :2, 2:].any()
    assert cn.layers.mask_of(y) is cn.layers.mask_of(x)
    short = layer(x[:1, :2], x[:1, :2])
    np.testing.assert_allclose(y.numpy()[:1, :2], short.numpy(), rtol=1e-5, atol=1e-6)
    simple = cn.layers.Attention()([x, x])
    assert cn.layers.mask_of(simple) is cn.layers.mask_of(x)
    assert not simple.numpy()[0, 2:].any()


def test_what_comes_later_changes_nothing_before() -> None:
    layer = cn.layers.MultiHeadAttention(2, 3)
    x = draw(1, 6, 4)
    y = layer(x, x, use_causal_mask=True).numpy()
    changed = x.copy()
    changed[:, 4:] += 1
    other = layer(changed, changed, use_causal_mask=True).numpy()
    np.testing.assert_array_equal(y[:, :4], other[:, :4])
    assert (y[:, 4:] != other[:, 4:]).all()


@pytest.mark.parametrize("kind", ["Attention", "MultiHeadAttention"])
def test_dropout_of_the_weights(kind: str) -> None:
    arguments = {"num_heads": 1, "key_dim": 3} if kind == "MultiHeadAttention" else {}
    layer = getattr(cn.layers, kind)(**arguments, dropout=0.5, seed=1)
    x = cn.input((2, 4, 3), cn.float64)
    given = (x, x) if arguments else ([x, x],)
    with cn.layers.Effects() as effects:
        y = layer(*given, training=True)
    f, g = cn.function([x], y, updates=effects.updates), cn.function([x], layer(*given))
    values = draw(2, 4, 3)
    assert (f(values) != f(values)).any()
    np.testing.assert_array_equal(g(values), g(values))


@pytest.mark.parity
def test_attention_along_chosen_axes_is_that_of_keras() -> None:
    torch = pytest.importorskip("torch")
    query, value = draw(2, 3, 4, 5), draw(2, 3, 6, 5, seed=1)
    allowed = draw(2, 4, 6, seed=3) > -1
    allowed[..., 0] = True
    arguments = {"num_heads": 2, "key_dim": 3, "attention_axes": (2,)}
    with keras_in_float64() as keras:
        theirs = keras.layers.MultiHeadAttention(**arguments)
        given = [torch.tensor(array) for array in (query, value)]
        theirs(*given)
        weights = [draw(*weight.shape, seed=9) for weight in theirs.weights]
        theirs.set_weights(weights)
        expected = theirs(
            *given, attention_mask=torch.tensor(allowed), return_attention_scores=True
        )
    layer = cn.layers.MultiHeadAttention(**arguments)
    layer(query, value)
    layer.set_weights(weights)
    y, scores = layer(query, value, attention_mask=allowed, return_attention_scores=True)
    np.testing.assert_allclose(y.numpy(), expected[0].detach().numpy(), **CLOSE)
    np.testing.assert_allclose(scores.numpy(), expected[1].detach().numpy(), **CLOSE)


@pytest.mark.parametrize("causal", [False, True])
def test_what_is_not_attended_to_is_a_sample_of_its_own(causal: bool) -> None:
    """Along the middle axis, beside a loop over the other one; with masks and causes."""
    x, mask = draw(2, 4, 3, 5), draw(2, 4, 3, seed=1) > -1
    mask[:, 0] = True
    layer = cn.layers.MultiHeadAttention(2, 3, attention_axes=1)
    options: dict[str, Any] = {"use_causal_mask": causal, "return_attention_scores": True}
    y, weights = layer(x, x, value_mask=mask, **options)
    assert weights.shape == (2, 3, 2, 4, 4)
    flat = cn.layers.MultiHeadAttention(2, 3)
    for column in range(3):
        part = x[:, :, column]
        flat(part, part)
        flat.set_weights(layer.get_weights())
        expected, seen = flat(part, part, value_mask=mask[:, :, column], **options)
        np.testing.assert_allclose(y.numpy()[:, :, column], expected.numpy(), **CLOSE)
        np.testing.assert_allclose(weights.numpy()[:, column], seen.numpy(), **CLOSE)


def test_images_of_unknown_size_are_attended_to() -> None:
    layer = cn.layers.MultiHeadAttention(1, 2, attention_axes=(1, 2))
    x = cn.input((None, None, None, 3), cn.float64)
    f, array = cn.function([x], layer(x, x)), draw(2, 3, 4, 3)
    joined = array.reshape(2, 12, 3)
    flat = cn.layers.MultiHeadAttention(1, 2)
    flat(joined, joined)
    flat.set_weights(layer.get_weights())
    np.testing.assert_allclose(
        f(array).reshape(2, 12, 3), flat(joined, joined).numpy(), rtol=1e-9, atol=1e-11
    )


def test_a_mask_of_no_pairs_is_refused() -> None:
    layer, x = cn.layers.MultiHeadAttention(1, 2), cn.Input((4, 3))
    with pytest.raises(ValueError, match="attention_mask: expected a shape"):
        layer(x, x, attention_mask=np.ones(4, bool))


class Block(cn.layers.Layer):
    """A block of a causal transformer, the norm before each part."""

    def __init__(self, heads: int, *, name: str | None = None) -> None:
        super().__init__(name=name)
        self.heads = heads
        self.first, self.second = (cn.layers.LayerNormalization() for _ in range(2))

    def build(self, input_shape: Any) -> None:
        size = input_shape[-1]
        self.attention = cn.layers.MultiHeadAttention(self.heads, size // self.heads)
        self.widen = cn.layers.Dense(2 * size, activation="gelu")
        self.narrow = cn.layers.Dense(size)

    def call(self, x: cn.Tensor) -> cn.Tensor:
        seen = self.first(x)
        x = x + self.attention(seen, seen, use_causal_mask=True)
        result: cn.Tensor = x + self.narrow(self.widen(self.second(x)))
        return result


class Places(cn.layers.Layer):
    """A learned vector for every place, added."""

    def build(self, input_shape: Any) -> None:
        self.places = self.add_weight(input_shape[1:], "random_normal")

    def call(self, x: cn.Tensor) -> cn.Tensor:
        return x + self.places


def test_a_small_transformer_learns_to_repeat_what_was_two_steps_before(tmp_path: Any) -> None:
    cn.seed(0)
    x = np.random.default_rng(0).integers(6, size=(256, 8))
    y = np.concatenate([np.zeros((256, 2), int), x[:, :-2]], axis=1)
    model = cn.Sequential(
        [
            cn.Input((8,), "int64"),
            cn.layers.Embedding(6, 16),
            Places(),
            Block(2),
            cn.layers.LayerNormalization(),
            cn.layers.Dense(6, activation="softmax"),
        ]
    )
    model.compile(cn.optimizers.Adam(0.01), "sparse_categorical_crossentropy", ["accuracy"])
    history = model.fit(x, y, batch_size=32, epochs=20, verbose=0).history
    assert history["accuracy"][-1] > 0.99
    fresh = np.random.default_rng(1).integers(6, size=(64, 8))
    told = model.predict(fresh).argmax(axis=-1)
    assert (told[:, 2:] == fresh[:, :-2]).mean() > 0.98
    model.save(tmp_path / "model.safetensors")
    again = cn.load_model(tmp_path / "model.safetensors", {"Block": Block, "Places": Places})
    np.testing.assert_array_equal(again.predict(fresh), model.predict(fresh))
