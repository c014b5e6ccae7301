"""Recurrent layers: states, masks, dropout, and cells, beyond what the table of layers says."""

from typing import Any

import numpy as np
import pytest
from tests.nn.peers import keras_in_float64

import cairnet as cn
from cairnet.base.errors import ArgumentError, ShapeError

KINDS = ["SimpleRNN", "LSTM", "GRU"]
CLOSE = {"rtol": 1e-9, "atol": 1e-12}


def draw(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def padded(lengths: list[int], time: int, features: int = 3) -> np.ndarray:
    """Sequences of some lengths, zeros behind them."""
    x = draw(len(lengths), time, features)
    for row, length in enumerate(lengths):
        x[row, length:] = 0
    return x


OPTIONS: list[dict[str, Any]] = [
    {},
    {"return_sequences": True},
    {"return_state": True, "go_backwards": True},
    {"return_sequences": True, "return_state": True, "go_backwards": True},
]


@pytest.mark.parity
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("options", OPTIONS, ids=lambda o: "+".join(o) or "plain")
@pytest.mark.parametrize("kind", KINDS)
def test_states_masks_and_gradients_are_those_of_keras(
    kind: str, options: dict[str, Any], masked: bool
) -> None:
    torch = pytest.importorskip("torch")
    states = 2 if kind == "LSTM" else 1
    mask = np.array([[1, 1, 0, 1, 0], [0, 1, 1, 1, 1]], bool) if masked else None
    with keras_in_float64() as keras:
        theirs = getattr(keras.layers, kind)(4, **options)
        x, begin = draw(2, 5, 3), [draw(2, 4, seed=i) for i in range(1, 1 + states)]
        tensors = [torch.tensor(array, requires_grad=True) for array in (x, *begin)]
        expected = theirs(
            tensors[0],
            initial_state=list(tensors[1:]),
            mask=None if mask is None else torch.tensor(mask),
        )
        expected = list(expected) if isinstance(expected, list | tuple) else [expected]
        weights = [torch.tensor(draw(*w.shape, seed=9), requires_grad=True) for w in theirs.weights]
        result, _ = theirs.stateless_call(
            weights,
            [state.value for state in theirs.non_trainable_variables],
            tensors[0],
            initial_state=list(tensors[1:]),
            mask=None if mask is None else torch.tensor(mask),
        )
        expected = list(result) if isinstance(result, list | tuple) else [result]
        cost = sum((part**2).sum() for part in expected)
        slopes = torch.autograd.grad(cost, [*tensors, *weights])
    layer = getattr(cn.layers, kind)(4, **options)
    given = [cn.Variable(array) for array in (x, *begin)]
    outputs = layer(given[0], initial_state=given[1:], mask=mask)
    layer.set_weights([weight.detach().numpy() for weight in weights])
    outputs = outputs if isinstance(outputs, list) else [outputs]
    for mine, other in zip(outputs, expected, strict=True):
        np.testing.assert_allclose(mine.numpy(), other.detach().numpy(), **CLOSE)
    total = cn.asarray(np.float64(0))
    for output in outputs:
        total = total + cn.sum(output**2)
    gradients = cn.grad(total, [*given, *layer.weights])
    for mine, other in zip(gradients, slopes, strict=True):
        np.testing.assert_allclose(mine.numpy(), other.numpy(), rtol=1e-8, atol=1e-10)


@pytest.mark.parity
@pytest.mark.parametrize("mode", ["concat", None])
def test_a_masked_bidirectional_layer_is_that_of_keras(mode: str | None) -> None:
    torch = pytest.importorskip("torch")
    mask = np.array([[1, 1, 0, 1, 0], [0, 1, 1, 1, 1]], bool)
    x, begin = draw(2, 5, 3), [draw(2, 4, seed=i) for i in range(1, 5)]
    with keras_in_float64() as keras:
        inner = keras.layers.LSTM(4, return_sequences=True, return_state=True)
        theirs = keras.layers.Bidirectional(inner, merge_mode=mode)
        arguments = {
            "initial_state": [torch.tensor(array) for array in begin],
            "mask": torch.tensor(mask),
        }
        theirs(torch.tensor(x), **arguments)
        weights = [draw(*weight.shape, seed=7) for weight in theirs.weights]
        theirs.set_weights(weights)
        expected = theirs(torch.tensor(x), **arguments)
    layer = cn.layers.Bidirectional(
        cn.layers.LSTM(4, return_sequences=True, return_state=True), merge_mode=mode
    )
    layer(x)
    layer.set_weights(weights)
    outputs = layer(x, initial_state=begin, mask=mask)
    assert len(outputs) == len(expected) == (5 if mode else 6)
    for mine, other in zip(outputs, expected, strict=True):
        np.testing.assert_allclose(mine.numpy(), other.detach().numpy(), **CLOSE)


@pytest.mark.parametrize("kind", KINDS)
def test_a_cell_step_by_step_is_the_layer(kind: str) -> None:
    layer = getattr(cn.layers, kind)(4, return_sequences=True, return_state=True)
    x = draw(2, 5, 3)
    outputs, *last = layer(x)
    cell = getattr(cn.layers, f"{kind}Cell")(4)
    states = cell.get_initial_state(2, np.float64)
    cell(x[:, 0], states)
    cell.set_weights(layer.get_weights())
    for step in range(5):
        output, states = cell(x[:, step], states)
        np.testing.assert_allclose(output.numpy(), outputs.numpy()[:, step], **CLOSE)
    for mine, other in zip(states, last, strict=True):
        np.testing.assert_allclose(mine.numpy(), other.numpy(), **CLOSE)


def test_a_stack_of_cells_is_a_stack_of_layers() -> None:
    x = draw(2, 5, 3)
    stack = cn.layers.RNN([cn.layers.LSTMCell(4), cn.layers.GRUCell(2)], return_state=True)
    y, *states = stack(x)
    first = cn.layers.LSTM(4, return_sequences=True, return_state=True)
    second = cn.layers.GRU(2)
    hidden, h, c = first(x)
    expected = second(hidden)
    first.set_weights(stack.get_weights()[:3])
    second.set_weights(stack.get_weights()[3:])
    np.testing.assert_allclose(y.numpy(), expected.numpy(), **CLOSE)
    for mine, other in zip(states[0], (h, c), strict=True):
        np.testing.assert_allclose(mine.numpy(), other.numpy(), **CLOSE)
    again = stack(x, initial_state=states)
    assert again[0].shape == (2, 2)


def test_a_layer_derived_from_one_hands_its_arguments_on() -> None:
    class Every(cn.layers.GRU):
        def __init__(self, size: int) -> None:
            super().__init__(size, dropout=0.25, return_sequences=True, name="every")

    layer = Every(3)
    assert layer(draw(2, 5, 4)).shape == (2, 5, 3)
    assert (layer.name, layer.cell.dropout, layer.units) == ("every", 0.25, 3)


class Leaky(cn.layers.Layer):
    """A cell of one's own, with a layer inside; its output is not its state."""

    state_size = 4
    output_size = 2

    def __init__(self, name: str | None = None) -> None:
        super().__init__(name=name)
        self.inner, self.outer = cn.layers.Dense(4), cn.layers.Dense(2)

    def call(self, x: cn.Tensor, states: Any) -> Any:
        state = 0.5 * states[0] + self.inner(x)
        return self.outer(state), [state]


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("backwards", [False, True])
def test_a_cell_of_ones_own(masked: bool, backwards: bool) -> None:
    x = draw(3, 6, 2)
    mask = draw(3, 6, seed=3) > -0.5 if masked else None
    layer = cn.layers.RNN(Leaky(), return_state=True, go_backwards=backwards)
    y, state = layer(x, mask=mask)
    cell = layer.cell
    expected, output = np.zeros((3, 4)), np.zeros((3, 2))
    for step in reversed(range(6)) if backwards else range(6):
        keep = np.ones((3, 1), bool) if mask is None else mask[:, step, np.newaxis]
        expected = np.where(keep, 0.5 * expected + cell.inner(x[:, step]).numpy(), expected)
        output = np.where(keep, cell.outer(expected).numpy(), output)
    np.testing.assert_allclose(state.numpy(), expected, **CLOSE)
    np.testing.assert_allclose(y.numpy(), output, **CLOSE)
    assert len(layer.trainable_variables) == 4


@pytest.mark.parametrize(
    ("kind", "sequences"),
    [
        pytest.param("SimpleRNN", True, marks=pytest.mark.slow),
        pytest.param("LSTM", False, marks=pytest.mark.slow),
        ("GRU", True),
    ],
)
def test_padding_changes_nothing(kind: str, sequences: bool) -> None:
    """Loss, metrics and weights after training are those of the sequences without padding."""
    lengths = [3, 5, 5, 2]
    x = padded(lengths, 5).astype(np.float32)
    y = (draw(4, 5, 1, seed=2) if sequences else draw(4, 1, seed=2)).astype(np.float32)
    results = []
    for extra in (0, 4):
        cn.seed(3)
        model = cn.Sequential(
            [
                cn.Input((None, 3)),
                cn.layers.Masking(),
                cn.layers.Bidirectional(getattr(cn.layers, kind)(4, return_sequences=True)),
                cn.layers.Dropout(0.0),
                getattr(cn.layers, kind)(3, return_sequences=sequences),
                cn.layers.Dense(1),
            ]
        )
        model.compile(cn.optimizers.SGD(0.1), "mse", metrics=["mean_absolute_error"])
        more_x = np.concatenate([x, np.zeros((4, extra, 3), np.float32)], axis=1)
        more_y = y
        if sequences:
            more_y = np.concatenate([y, np.full((4, extra, 1), 7, np.float32)], axis=1)
        history = model.fit(more_x, more_y, batch_size=4, epochs=3, verbose=0).history
        numbers = [*history["loss"], *history["mean_absolute_error"]]
        measured = model.evaluate(more_x, more_y, batch_size=4)
        predicted = model.predict(more_x)
        results.append(
            [
                np.array([*numbers, *measured]),
                predicted[:, :5] if sequences else predicted,
                *model.get_weights(),
            ]
        )
    for short, long in zip(*results, strict=True):
        np.testing.assert_allclose(long, short, rtol=1e-6, atol=1e-6)


def test_a_masked_loss_is_the_mean_over_what_counts() -> None:
    x = cn.asarray(padded([2, 3], 4))
    hidden = cn.layers.Masking()(x)
    target = draw(2, 4, 3, seed=1)
    errors = ((hidden.numpy() - target) ** 2).mean(axis=-1)
    counts = np.array([[1, 1, 0, 0], [1, 1, 1, 0]])
    loss = cn.losses.MeanSquaredError()
    np.testing.assert_allclose(float(loss(target, hidden)), (errors * counts).sum() / 5)
    summed = cn.losses.MeanSquaredError(reduction="sum")
    np.testing.assert_allclose(float(summed(target, hidden)), (errors * counts).sum())
    weights = np.array([1.0, 3.0])
    np.testing.assert_allclose(
        float(loss(target, hidden, weights)), (errors * counts * weights[:, None]).sum() / 5
    )
    metric = cn.metrics.MeanSquaredError()
    np.testing.assert_allclose(metric(target, hidden), (errors * counts).sum() / 5)
    with pytest.raises(ArgumentError, match=r"'auc' .* cannot leave out the padding"):
        cn.metrics.AUC()(target, hidden)


def test_ragged_sequences_are_refused_with_the_way_out() -> None:
    model = cn.Sequential([cn.Input((None,), "int64"), cn.layers.Embedding(3, 2)])
    with pytest.raises(ShapeError, match=r"x: .* unequal lengths; fill sequences up .*mask_zero"):
        model.predict([[1, 2], [1]])
    with pytest.raises(ShapeError, match=r"x: .* unequal lengths"):
        model.predict(np.array([[1, 2], [1]], object))


def test_counts_of_decisions_leave_padding_out() -> None:
    x = cn.asarray(np.array([[[0.9], [0.8], [0.0]], [[0.7], [0.0], [0.0]]]))
    shown = cn.layers.Masking()(x)
    truth = np.array([[[1.0], [0.0], [1.0]], [[1.0], [1.0], [1.0]]])
    assert cn.metrics.Recall()(truth, shown) == 1.0
    assert cn.metrics.Precision()(truth, shown) == pytest.approx(2 / 3)


def test_masks_go_on_from_layer_to_layer() -> None:
    x = cn.Input((6,), "int64")
    hidden = cn.layers.Embedding(9, 4, mask_zero=True)(x)
    mask = cn.layers.mask_of(hidden)
    assert mask is not None
    for layer in (
        cn.layers.Dense(3),
        cn.layers.Dropout(0.5),
        cn.layers.Activation("relu"),
        cn.layers.LayerNormalization(),
        cn.layers.LSTM(4, return_sequences=True),
        cn.layers.TimeDistributed(cn.layers.Dense(2)),
        cn.layers.Bidirectional(cn.layers.GRU(2, return_sequences=True)),
    ):
        assert cn.layers.mask_of(layer(hidden)) is mask, layer
    assert cn.layers.mask_of(cn.layers.LSTM(4)(hidden)) is None
    other = cn.layers.Dense(4)(x=hidden)
    assert cn.layers.mask_of(cn.layers.Add()([hidden, other])) is not None
    assert cn.layers.mask_of(cn.layers.Add()([hidden, cn.zeros((1, 6, 4))])) is None
    side = cn.layers.Concatenate()([hidden, cn.zeros((hidden.extents[0], 6, 1))])
    assert cn.layers.mask_of(side) is mask
    longer = cn.layers.Concatenate(axis=1)([hidden, cn.ones((hidden.extents[0], 2, 4))])
    f = cn.function([x], cn.layers.mask_of(longer))
    assert f([[1, 0, 3, 0, 0, 0]]).astype(int).tolist() == [[1, 0, 1, 0, 0, 0, 1, 1]]
    # A model hands on what its layers say.
    model = cn.Model(x, cn.layers.Dense(1)(hidden))
    assert cn.layers.mask_of(model(cn.asarray([[1, 2, 0, 0, 0, 0]]))).numpy().sum() == 2


@pytest.mark.parametrize("keepdims", [False, True])
def test_pooling_over_time_leaves_padding_out(keepdims: bool) -> None:
    x = cn.layers.Masking()(padded([2, 5, 0], 5) - 0.0)
    for layer, of in (
        (cn.layers.GlobalAveragePooling1D(keepdims=keepdims), np.mean),
        (cn.layers.GlobalMaxPooling1D(keepdims=keepdims), np.max),
    ):
        y = layer(x)
        assert cn.layers.mask_of(y) is None
        values, array = y.numpy().reshape(3, 3), x.numpy()
        np.testing.assert_allclose(values[0], of(array[0, :2], axis=0), rtol=1e-12)
        np.testing.assert_allclose(values[1], of(array[1], axis=0), rtol=1e-12)
        assert not values[2].any()


def test_the_largest_of_whole_numbers_over_time() -> None:
    x, mask = np.array([[[-3], [-5], [7]]]), np.array([[True, True, False]])
    assert cn.layers.GlobalMaxPooling1D()(x, mask=mask).numpy().item() == -3


def test_a_layer_that_loses_a_mask_says_so() -> None:
    hidden = cn.layers.Embedding(9, 4, mask_zero=True)(cn.Input((6,), "int64"))
    with pytest.warns(UserWarning, match=r"layer 'flatten' .*does not hand it on"):
        cn.layers.Flatten()(hidden)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_units_are_silenced_at_every_step(kind: str) -> None:
    x = np.ones((2, 4, 50))
    layer = getattr(cn.layers, kind)(3, dropout=0.5, kernel_initializer="ones", seed=1)
    layer(x)
    assert layer.get_config()["dropout"] == 0.5
    projected = layer.cell.project(cn.asarray(np.swapaxes(x, 0, 1)), True).numpy()
    assert (projected == projected[:1]).all()
    assert len(np.unique(projected[0, :, 0])) == 2
    np.testing.assert_array_equal(layer(x).numpy(), layer(x).numpy())


@pytest.mark.parametrize("kind", KINDS)
def test_dropout_of_the_state_keeps_to_its_mask_and_draws_anew_for_every_batch(kind: str) -> None:
    cn.seed(1)
    layer = getattr(cn.layers, kind)(8, recurrent_dropout=0.5, dropout=0.25)
    x = cn.input((2, 3, 4), cn.float64)
    with cn.layers.Effects() as effects:
        y = layer(x, training=True)
    f = cn.function([x], y, updates=effects.updates)
    g = cn.function([x], layer(x))
    values = draw(2, 3, 4)
    first, second = f(values), f(values)
    assert (first != second).any()
    assert (g(values) == g(values)).all()
    assert list(effects.updates) == [layer.cell.random.count]
    gradient = cn.grad(cn.sum(y), layer.trainable_variables)
    assert all(np.isfinite(a).all() for a in cn.function([x], gradient)(values))


def test_dropout_of_the_state_by_hand() -> None:
    layer = cn.layers.SimpleRNN(6, "linear", recurrent_dropout=0.5, seed=4)
    x = draw(1, 3, 6)
    y = layer(x, training=True).numpy()
    kernel, recurrent, _ = layer.get_weights()
    key = cn.random.fold_in(layer.cell.random.key, np.int64(0))
    kept = cn.random.bernoulli(key, 0.5, (1, 1, 6)).numpy()[0] * 2.0
    state = np.zeros((1, 6))
    for step in range(3):
        state = x[:, step] @ kernel + (state * kept) @ recurrent
    np.testing.assert_allclose(y, state, rtol=1e-12)


def stateful_model() -> cn.Sequential:
    cn.seed(5)
    model = cn.Sequential(
        [
            cn.Input((4, 3), batch_size=2),
            cn.layers.LSTM(5, stateful=True, return_sequences=True),
            cn.layers.RNN([cn.layers.GRUCell(4), cn.layers.GRUCell(3)], stateful=True),
            cn.layers.Dense(1),
        ]
    )
    model.compile("adam", "mse")
    return model


def test_states_are_kept_from_batch_to_batch() -> None:
    model = stateful_model()
    x = draw(6, 4, 3).astype(np.float32)
    pieces = model.predict(x, batch_size=2)
    whole = cn.Sequential(
        [
            cn.Input((12, 3)),
            cn.layers.LSTM(5, return_sequences=True),
            cn.layers.RNN([cn.layers.GRUCell(4), cn.layers.GRUCell(3)]),
            cn.layers.Dense(1),
        ]
    )
    whole.set_weights(model.get_weights())
    joined = np.concatenate([x[0:2], x[2:4], x[4:6]], axis=1)
    np.testing.assert_allclose(pieces[4:], whole.predict(joined), rtol=1e-5, atol=1e-6)
    assert (model.predict(x, batch_size=2) != pieces).any()
    for layer in model.layers[:2]:
        layer.reset_state()
    np.testing.assert_array_equal(model.predict(x, batch_size=2), pieces)


def test_a_stateful_model_goes_on_from_its_file(tmp_path: Any) -> None:
    x, y = draw(6, 4, 3).astype(np.float32), draw(6, 1, seed=1).astype(np.float32)
    one, two = stateful_model(), stateful_model()
    settings: dict[str, Any] = {"batch_size": 2, "shuffle": False, "verbose": 0}
    one.fit(x, y, epochs=3, **settings)
    two.fit(x, y, epochs=1, **settings)
    two.save(tmp_path / "model.safetensors")
    again = cn.load_model(tmp_path / "model.safetensors")
    assert again.rows == 2
    again.fit(x, y, epochs=3, initial_epoch=1, **settings)
    for mine, other in zip(again.variables, one.variables, strict=True):
        np.testing.assert_array_equal(mine.numpy(), other.numpy())
    assert any("state" in variable.name for variable in again.variables)
    assert len(again.weights) == 3 + 6 + 2


def test_a_stateful_model_wants_whole_batches() -> None:
    model = stateful_model()
    x, y = np.zeros((6, 4, 3), np.float32), np.zeros((6, 1), np.float32)
    words = r"made for batches of 2 samples .* expected batch_size=2 .* got batch_size=32 and 6"
    with pytest.raises(ShapeError, match=words):
        model.predict(x)
    with pytest.raises(ShapeError, match="got batch_size=2 and 5 samples"):
        model.fit(x[:5], y[:5], batch_size=2)
    with pytest.raises(ShapeError, match="the states of 2 rows, got 3"):
        model.layers[0](cn.zeros((3, 4, 3)))


def encoder_decoder() -> cn.Model:
    source, begun = cn.Input((None, 3), name="source"), cn.Input((None, 2), name="begun")
    _, *states = cn.layers.LSTM(4, return_state=True, name="encoder")(source)
    hidden = cn.layers.LSTM(4, return_sequences=True, name="decoder")(begun, initial_state=states)
    return cn.Model([source, begun], cn.layers.Dense(2)(hidden))


def test_states_are_handed_over_in_a_model_and_its_file(tmp_path: Any) -> None:
    cn.seed(1)
    model = encoder_decoder()
    source, begun = draw(3, 5, 3).astype(np.float32), draw(3, 4, 2).astype(np.float32)
    target = draw(3, 4, 2, seed=1).astype(np.float32)
    model.compile("adam", "mse")
    before = model.get_weights()
    model.fit([source, begun], target, epochs=2, verbose=0)
    assert all((a != b).any() for a, b in zip(before, model.get_weights(), strict=True))
    model.save(tmp_path / "model.safetensors")
    again = cn.load_model(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(again.predict([source, begun]), model.predict([source, begun]))
    changed = source.copy()
    changed[:, 0] += 1
    assert (again.predict([changed, begun]) != model.predict([source, begun])).any()


def test_states_that_do_not_fit_are_refused() -> None:
    x, layer = cn.Input((5, 3)), cn.layers.LSTM(4)
    with pytest.raises(ShapeError, match=r"layer 'lstm' .*initial_state: expected 2 states, got 1"):
        layer(x, initial_state=[cn.zeros((2, 4))])
    with pytest.raises(ShapeError, match=r"initial_state\[1\]: expected a shape .*got \(2, 5\)"):
        layer(x, initial_state=[cn.zeros((2, 4)), cn.zeros((2, 5))])
    with pytest.raises(ArgumentError, match="unknown argument to layer 'lstm' 'initial_stat'; did"):
        layer(x, initial_stat=[])


def test_masks_that_do_not_fit_are_refused() -> None:
    x, mask = cn.zeros((2, 5, 3)), np.ones((2, 4), bool)
    words = r"mask: expected a shape \(batch, time\), here \(2, 5\), got \(2, 4\)"
    with pytest.raises(ShapeError, match=rf"layer 'gru' .*: {words}"):
        cn.layers.GRU(2)(x, mask=mask)
    with pytest.raises(ShapeError, match=rf"value_{words}"):
        cn.layers.MultiHeadAttention(1, 2)(cn.zeros((2, 4, 3)), x, value_mask=mask)
    with pytest.raises(ShapeError, match=r"here \(None, 5\), got \(5,\)"):
        cn.layers.LSTM(2)(cn.Input((5, 3)), mask=np.ones(5, bool))


def test_a_cell_that_gives_no_pair_is_refused() -> None:
    class Wrong(cn.layers.Layer):
        state_size = 2

        def call(self, x: cn.Tensor, states: Any) -> Any:
            return x

    with pytest.raises(ArgumentError, match=r"cell 'wrong' \(Wrong\): expected the pair"):
        cn.layers.RNN(Wrong())(cn.zeros((1, 2, 2)))


@pytest.mark.parity
def test_the_weights_of_a_model_can_be_moved_over_from_keras() -> None:
    keras = pytest.importorskip("keras")
    torch = pytest.importorskip("torch")
    numbers = np.random.default_rng(0).integers(1, 9, size=(4, 7))
    numbers[1, 3:] = numbers[3, 5:] = 0

    def stacked(layers: Any, inputs: Any) -> list[Any]:
        return [
            inputs,
            layers.Embedding(9, 5, mask_zero=True),
            layers.Bidirectional(layers.LSTM(4, return_sequences=True)),
            layers.TimeDistributed(layers.Dense(6, activation="tanh")),
            layers.GRU(3, return_sequences=True),
            layers.SimpleRNN(4),
            layers.Dense(2, activation="softmax"),
        ]

    theirs = keras.Sequential(stacked(keras.layers, keras.Input((7,), dtype="int32")))
    mine = cn.Sequential(stacked(cn.layers, cn.Input((7,), "int64")))
    mine.set_weights([weight.value.detach().numpy() for weight in theirs.weights])
    names = [weight.path.split("/")[-2:] for weight in theirs.layers[1].weights]
    assert [variable.name.split("/")[-2:] for variable in mine.layers[1].weights] == names
    expected = theirs(torch.tensor(numbers)).detach().numpy()
    np.testing.assert_allclose(mine.predict(numbers), expected, rtol=1e-5, atol=1e-6)


def test_lengths_and_a_ragged_batch_compile_two_programs() -> None:
    cn.seed(0)
    x, y = cn.input((None, None, 3), name="x"), cn.input((None, 1), name="y")
    layer = cn.layers.LSTM(4)
    head = cn.layers.Dense(1)
    cost = cn.mean((head(layer(x)) - y) ** 2)
    weights = [*layer.trainable_variables, *head.trainable_variables]
    updates = cn.optimizers.SGD(0.1).updates(weights, cn.grad(cost, weights))
    f = cn.function([x, y], cost, updates=updates)
    for length in range(1, 21):
        assert np.isfinite(f(np.ones((8, length, 3), np.float32), np.ones((8, 1), np.float32)))
    f(np.ones((5, 7, 3), np.float32), np.ones((5, 1), np.float32))
    assert f.compilations == 2


def test_one_hot_inputs_cost_the_same_for_any_number_of_symbols() -> None:
    numbers, cycles = np.arange(96).reshape(8, 12) % 16, []
    for symbols in (16, 4096):
        x = cn.input((8, 12), cn.int64, "x")
        y = cn.layers.GRU(8)(cn.one_hot(x, symbols))
        loops = cn.explain(cn.function([x], y), "loops", numbers)
        cycles.append(int(loops.split("about ")[1].split(" ")[0].replace(",", "")))
    assert cycles[1] < 1.5 * cycles[0]
