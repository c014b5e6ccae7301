"""scan: against Python loops, forwards, backwards and twice backwards; what it refuses."""

import re
from typing import Any

import numpy as np
import pytest

import cairnet as cn
from cairnet.tensor import primitives
from cairnet.tensor.core import topological_order
from cairnet.tensor.interpreter import evaluate
from cairnet.tensor.primitives.loops import Scan

GENERATOR = np.random.default_rng(17)
CLOSE = {"rtol": 1e-9, "atol": 1e-11}


def draw(*shape: int) -> np.ndarray:
    return GENERATOR.standard_normal(shape)


def loop(
    step: Any, sequences: list[Any], state: Any, reverse: bool = False
) -> tuple[list[Any], Any]:
    """What scan means, as a graph without a loop."""
    outputs: list[Any] = [None] * len(sequences)
    places = range(len(sequences))
    for place in reversed(places) if reverse else places:
        outputs[place], state = step(sequences[place], state)
    return outputs, state


def elman(weights: Any) -> Any:
    """A recurrent network with a state of two tensors and two outputs a step."""
    w, u, b = weights

    def step(x: Any, state: Any) -> Any:
        h, c = state["h"], state["c"]
        new_h = cn.tanh(x @ w + h @ u + b)
        new_c = c * cn.sigmoid(h) + new_h * x[..., :3]
        return (new_h * c, cn.sum(new_c * new_c, axis=-1)), {"h": new_h, "c": new_c}

    return step


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("length", [1, 2, 5])
def test_values_and_gradients_are_those_of_the_loop_written_out(length: int, reverse: bool) -> None:
    weights = [cn.Variable(draw(4, 3)), cn.Variable(draw(3, 3)), cn.Variable(draw(3))]
    x = cn.Variable(draw(length, 2, 4))
    start = {"h": cn.Variable(draw(2, 3)), "c": cn.Variable(draw(2, 3))}
    targets = [*weights, x, start["h"], start["c"]]
    p, q, r = (cn.asarray(draw(*shape)) for shape in [(length, 2, 3), (length, 2), (2, 3)])

    (ys, zs), state = cn.scan(elman(weights), x, start, reverse=reverse)
    outputs, last = loop(elman(weights), [x[i] for i in range(length)], start, reverse)
    expected_ys = cn.stack([y for y, _ in outputs])
    expected_zs = cn.stack([z for _, z in outputs])
    np.testing.assert_allclose(ys.numpy(), expected_ys.numpy(), **CLOSE)
    np.testing.assert_allclose(zs.numpy(), expected_zs.numpy(), **CLOSE)
    for name in ("h", "c"):
        np.testing.assert_allclose(state[name].numpy(), last[name].numpy(), **CLOSE)

    cost = cn.sum(ys * p) + cn.sum(zs * q) + cn.sum(state["h"] * state["c"] * r)
    expected_cost = (
        cn.sum(expected_ys * p) + cn.sum(expected_zs * q) + cn.sum(last["h"] * last["c"] * r)
    )
    gradients = cn.grad(cost, targets)
    expected_gradients = cn.grad(expected_cost, targets)
    for got, wanted in zip(gradients, expected_gradients, strict=True):
        np.testing.assert_allclose(got.numpy(), wanted.numpy(), **CLOSE)

    second = cn.grad(sum_of_squares(gradients), targets)
    expected_second = cn.grad(sum_of_squares(expected_gradients), targets)
    for got, wanted in zip(second, expected_second, strict=True):
        np.testing.assert_allclose(got.numpy(), wanted.numpy(), **CLOSE)


def sum_of_squares(tensors: list[Any]) -> Any:
    total = cn.asarray(np.float64(0))
    for tensor in tensors:
        total = total + cn.sum(tensor * tensor)
    return total


@pytest.mark.parametrize("which", ["outputs", "state"])
def test_a_gradient_through_one_of_the_results_alone(which: str) -> None:
    w, x, h = cn.Variable(draw(3, 3)), cn.Variable(draw(4, 3)), cn.Variable(draw(3))

    def step(item: Any, state: Any) -> Any:
        new = cn.tanh(state @ w + item)
        return new * item, new

    outputs, state = cn.scan(step, x, h)
    stacked, last = loop(step, [x[i] for i in range(4)], h)
    cost, expected = {
        "outputs": (cn.sum(outputs**2), cn.sum(cn.stack(stacked) ** 2)),
        "state": (cn.sum(state**2), cn.sum(last**2)),
    }[which]
    for target in (w, x, h):
        got, wanted = cn.grad(cost, target), cn.grad(expected, target)
        np.testing.assert_allclose(got.numpy(), wanted.numpy(), **CLOSE)


@pytest.mark.parity
@pytest.mark.parametrize("reverse", [False, True])
def test_scan_agrees_with_jax(reverse: bool) -> None:
    jax = pytest.importorskip("jax")
    w, x, h = draw(3, 3), draw(5, 3), draw(3)

    def cost(w: Any, x: Any, h: Any) -> Any:
        def step(state: Any, item: Any) -> Any:
            new = jax.numpy.tanh(state @ w + item)
            return new, new * item

        last, ys = jax.lax.scan(step, h, x, reverse=reverse)
        return (ys**3).sum() + last.sum()

    with jax.enable_x64(True):
        arrays = [jax.numpy.asarray(array) for array in (w, x, h)]
        expected = [np.asarray(g) for g in jax.grad(cost, argnums=(0, 1, 2))(*arrays)]
    variables = [cn.Variable(array) for array in (w, x, h)]
    v, sequence, start = variables

    def step(item: Any, state: Any) -> Any:
        new = cn.tanh(state @ v + item)
        return new * item, new

    ys, last = cn.scan(step, sequence, start, reverse=reverse)
    for got, wanted in zip(cn.grad(cn.sum(ys**3) + cn.sum(last), variables), expected, strict=True):
        np.testing.assert_allclose(got.numpy(), wanted, **CLOSE)


def test_an_unknown_length_and_an_unknown_batch() -> None:
    x = cn.input((None, None, 3), cn.float64, name="x")
    w = cn.Variable(draw(3, 3))
    start = cn.zeros((x.extents[1], 3), dtype=cn.float64)

    def step(item: Any, state: Any) -> Any:
        new = cn.tanh(item + state @ w)
        return cn.mean(new, axis=0), new

    means, last = cn.scan(step, x, start)
    gradient = cn.grad(cn.sum(last * last) + cn.sum(means), w)
    assert means.shape == (None, 3)
    assert last.shape == (None, 3)
    for length, batch in [(4, 2), (1, 5), (0, 3), (3, 1)]:
        array = draw(length, batch, 3)
        value, final, slope = evaluate([means, last, gradient], {x: array})
        state, expected = np.zeros((batch, 3)), []
        for item in array:
            state = np.tanh(item + state @ w.numpy())
            expected.append(state.mean(axis=0))
        np.testing.assert_allclose(value, np.reshape(expected, (length, 3)), **CLOSE)
        np.testing.assert_allclose(final, state, **CLOSE)
        assert slope.shape == (3, 3)
        # The state is zero before the first step, so that w acts from the second on.
        assert slope.any() == (length > 1)


def test_a_loop_that_only_counts() -> None:
    powers, last = cn.scan(lambda _, state: (state, state * 2), None, cn.asarray(1), length=5)
    assert powers.numpy().tolist() == [1, 2, 4, 8, 16]
    assert int(last) == 32


def test_no_steps_leave_the_state_as_it_was() -> None:
    x, start = cn.Variable(np.zeros((0, 3))), cn.Variable(draw(3))
    outputs, last = cn.scan(lambda item, state: (state, state * 2 + item), x, start)
    assert outputs.shape == (0, 3)
    np.testing.assert_array_equal(last.numpy(), start.numpy())
    dx, dstart = cn.grad(cn.sum(last * last), [x, start])
    assert dx.numpy().shape == (0, 3)
    np.testing.assert_allclose(dstart.numpy(), 2 * start.numpy())


def test_nests_go_in_and_come_out_alike() -> None:
    x = {"a": cn.asarray([1.0, 2.0]), "b": [cn.asarray([10, 20])]}

    def step(items: Any, state: Any) -> Any:
        assert set(items) == {"a", "b"}
        return {"sum": items["a"] + 1.0, "none": None}, (state[0] + items["b"][0], state[1])

    outputs, (total, flag) = cn.scan(step, x, (cn.asarray(0), True))
    assert outputs["none"] is None
    assert outputs["sum"].numpy().tolist() == [2, 3]
    assert int(total) == 30
    assert bool(flag)


def test_python_numbers_serve_as_new_state() -> None:
    _, (count, scale) = cn.scan(
        lambda x, s: (None, (s[0] + 1, 0.5)), cn.asarray([1.0, 2.0]), (cn.asarray(0), 1.0)
    )
    assert int(count) == 2
    assert float(scale) == 0.5


def test_non_sequences_are_handed_to_every_step() -> None:
    def step(item: Any, state: Any, scale: Any, shift: Any) -> Any:
        return item * scale, state + shift

    outputs, total = cn.scan(step, cn.asarray([1.0, 2.0]), 0.0, (3.0, cn.asarray(0.25)))
    assert outputs.numpy().tolist() == [3, 6]
    assert float(total) == 0.5


def test_a_loop_in_a_loop() -> None:
    x = cn.Variable(draw(3, 4))
    scale = cn.Variable(0.5, dtype=cn.float64)

    def row(item: Any, total: Any) -> Any:
        inner, last = cn.scan(
            lambda e, s: (s * e * scale, cn.sin(s + e * total)), item, cn.asarray(np.float64(1))
        )
        return inner, total + last

    start = cn.asarray(np.float64(0.1))
    outputs, last = cn.scan(row, x, start)
    total, expected = 0.1, np.empty((3, 4))
    for i in range(3):
        state = 1.0
        for j in range(4):
            expected[i, j] = state * x.numpy()[i, j] * 0.5
            state = np.sin(state + x.numpy()[i, j] * total)
        total += state
    np.testing.assert_allclose(outputs.numpy(), expected, **CLOSE)
    np.testing.assert_allclose(float(last), total, **CLOSE)

    def flat_row(item: Any, total: Any) -> Any:
        inner, last = loop(
            lambda e, s: (s * e * scale, cn.sin(s + e * total)),
            [item[j] for j in range(4)],
            cn.asarray(np.float64(1)),
        )
        return cn.stack(inner), total + last

    rows, final = loop(flat_row, [x[i] for i in range(3)], start)
    cost, flat = cn.sum(outputs**2) + last, cn.sum(cn.stack(rows) ** 2) + final
    for target in (x, scale):
        got, wanted = cn.grad(cost, target), cn.grad(flat, target)
        np.testing.assert_allclose(got.numpy(), wanted.numpy(), **CLOSE)


def test_a_gradient_inside_the_step() -> None:
    """Gradient descent as a scan, and its own derivative by the learning rate."""
    rate = cn.Variable(0.1, dtype=cn.float64)

    def step(_: Any, w: Any) -> Any:
        return None, w - rate * cn.grad(cn.sum((w * w - 2) ** 2), w)

    _, w = cn.scan(step, None, cn.asarray(np.array([1.0, 1.5])), length=3)
    slope = float(cn.grad(cn.sum(w), rate))
    values = []
    for shift in (1e-6, -1e-6):
        rate.assign(0.1 + shift)
        values.append(w.numpy().sum())
    np.testing.assert_allclose(slope, (values[0] - values[1]) / 2e-6, rtol=1e-6)


def test_integers_carried_along_have_no_gradient_and_stop_none() -> None:
    x = cn.Variable(draw(4))

    def step(item: Any, state: Any) -> Any:
        count, total = state
        return None, (count + 1, total + item * cn.astype(count, cn.float64))

    _, (_, total) = cn.scan(step, x, (cn.asarray(0), cn.asarray(np.float64(0))))
    np.testing.assert_allclose(cn.grad(total, x).numpy(), [0, 1, 2, 3])


def test_what_no_step_changes_is_computed_before_the_loop() -> None:
    w = cn.Variable(draw(3, 3))
    _, last = cn.scan(lambda item, state: (None, state + item @ cn.exp(w)), draw(4, 3), np.zeros(3))
    body = last.parameters["body"]
    names = [tensor.primitive.name for tensor in topological_order(body.outputs)]
    assert "exp" not in names
    assert [tensor.primitive.name for tensor in last.inputs][2:] == ["exp"]


def test_the_loop_runs_once_for_all_its_outputs(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = []
    meanings = Scan.meanings

    def counted(self: Any, *arrays: Any, **parameters: Any) -> Any:
        runs.append(1)
        return meanings(self, *arrays, **parameters)

    monkeypatch.setattr(Scan, "meanings", counted)
    x = cn.Variable(draw(4))
    outputs, last = cn.scan(lambda item, state: (state * item, state + item), x, draw())
    evaluate([outputs, last], {})
    assert len(runs) == 1


def test_back_propagation_runs_one_loop_for_all_cotangents() -> None:
    x, w = cn.Variable(draw(4)), cn.Variable(draw())

    def step(item: Any, state: Any) -> Any:
        return state * item, cn.tanh(state * w + item)

    outputs, last = cn.scan(step, x, draw())
    gradients = cn.grad(cn.sum(outputs) + last, [x, w])
    bodies = {
        tensor.parameters["body"]
        for tensor in topological_order(gradients)
        if tensor.primitive is primitives.SCAN
    }
    forward = last.parameters["body"]
    extended = [body for body in bodies if body.extends is forward]
    # One that keeps what the forward steps computed, one that walks back.
    assert len(bodies) == 2
    assert len(extended) == 1
    assert extended[0].outputs[: len(forward.outputs)] == forward.outputs


def test_what_the_steps_put_out_is_not_kept_twice() -> None:
    x, w = cn.Variable(draw(4)), cn.Variable(draw())

    def step(item: Any, state: Any) -> Any:
        new = cn.tanh(state * w + item)
        return new, new

    outputs, _ = cn.scan(step, x, draw())
    forward = outputs.parameters["body"]
    scans = [t for t in topological_order([cn.grad(cn.sum(outputs), w)]) if t.primitive.joint]
    (extended,) = {t.parameters["body"] for t in scans if t.parameters["body"].extends is forward}
    # Beside the output, only the state before each step is needed.
    assert extended.outputs[len(forward.outputs) :] == (forward.inputs[0],)


def test_what_follows_from_what_is_stored_is_not_stored() -> None:
    x, u = cn.Variable(draw(3, 4)), cn.Variable(draw(4, 4))

    def step(item: Any, state: Any) -> Any:
        keep, write = cn.sigmoid(item + state @ u), cn.tanh(item - state @ u)
        new = keep * state + write * write
        return cn.sin(new) * keep, new

    shown, state = cn.scan(step, x, draw(4))
    slope = cn.grad(cn.sum(shown) + cn.sum(state), x)
    bodies = {t.parameters["body"] for t in topological_order([slope]) if t.primitive.joint}
    (forward,) = (body for body in bodies if body.extends is not None)
    stored = forward.outputs[len(forward.extends.outputs) :]
    # Not sin and cos of the new state, nor that itself: it follows from the gates and the old one.
    assert {t.primitive.name for t in stored} == {"sigmoid", "tanh", "input"}


def test_a_disconnected_sequence_has_no_gradient() -> None:
    x, y = cn.Variable(draw(3)), cn.Variable(draw(3))
    _, last = cn.scan(lambda items, state: (None, state + items[0]), (x, y), draw())
    with pytest.raises(ValueError, match="does not depend on 'variable'"):
        cn.grad(last, y)
    np.testing.assert_array_equal(cn.grad(last, x).numpy(), 1)


def refuse(match: str, step: Any, *arguments: Any, **named: Any) -> None:
    with pytest.raises(ValueError, match=match) as error:
        cn.scan(step, *arguments, **named)
    assert f"at {__file__}:" in str(error.value)


def test_refusals() -> None:
    x, zero = cn.zeros((3, 2)), cn.zeros((2,))
    add = lambda item, state: (None, state + item)  # noqa: E731
    refuse("sequences.0. asks for 3 steps, sequences.1. for 4", add, (x, cn.zeros((4,))), zero)
    refuse("length asks for 5 steps, sequences for 3", add, x, zero, length=5)
    refuse("nothing says how many steps", add, None, zero)
    refuse("length must be 0 or more, got -1", add, None, zero, length=-1)
    refuse("length must be a whole number", add, None, zero, length=2.5)
    refuse("sequences is a scalar; a sequence needs a first axis", add, 1.0, zero)
    refuse("step must give a pair .* got one tensor", lambda item, state: state, x, zero)
    refuse("step must give a pair .* got tuple of 3", lambda i, s: (s, s, s), x, zero)
    refuse(
        r"the new state must be nested like initial_state, state\[0\], state\[1\]; got state\[0\]$",
        lambda item, state: (None, (state[0],)),
        x,
        (zero, zero),
    )
    refuse(
        r"initial_state\['h'\] is float32\[2\], but step makes float32\[1, 2\] of it",
        lambda item, state: (None, {"h": cn.reshape(state["h"], (1, 2))}),
        x,
        {"h": zero},
    )
    refuse(
        r"initial_state is float32\[2\], but step makes float64\[2\] of it",
        lambda item, state: (None, cn.astype(state, cn.float64)),
        x,
        zero,
    )


def test_unknown_extents_that_meet_in_a_loop_must_be_equal() -> None:
    x, y = cn.input((None, 2), name="x"), cn.input((None, 2), name="y")
    zero = cn.zeros((2,))
    _, last = cn.scan(lambda items, s: (None, s + items[0] * items[1]), (x, y), zero)
    f = cn.function([x, y], last)
    np.testing.assert_array_equal(f(np.ones((3, 2)), np.ones((3, 2))), [3, 3])
    with pytest.raises(ValueError, match=r"scan, written at .*unknown extents that meet must be"):
        f(np.ones((3, 2)), np.ones((4, 2)))
    # Inside the step: a state of one unknown extent meets an item of another.
    start = cn.input((None,), name="start")
    rows = cn.input((None, None), name="rows")
    _, last = cn.scan(lambda item, s: (None, s + item), rows, start)
    g = cn.function([rows, start], last)
    np.testing.assert_array_equal(g(np.ones((3, 4)), np.ones(4)), [4, 4, 4, 4])
    with pytest.raises(ValueError, match=r"unknown extents that meet must be equal"):
        g(np.ones((3, 4)), np.ones(5))


def recurrence(rows: int = 2) -> tuple[Any, list[Any]]:
    """A cost of a recurrent network over seven steps, and what it depends on."""
    w, x, h = cn.Variable(draw(3, 3)), cn.Variable(draw(7, rows, 3)), cn.Variable(draw(rows, 3))
    b = cn.Variable(draw(3))
    p = draw(7, rows, 3)

    def step(item: Any, state: Any) -> Any:
        new = cn.tanh(item + state @ w + b)
        return new * item, new

    def cost(**options: Any) -> Any:
        outputs, last = cn.scan(step, x, h, **options)
        return cn.sum(outputs * p) + cn.sum(last * last)

    return cost, [w, x, h, b]


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("every", [1, 2, 3, 7, 10])
def test_checkpoints_change_no_number(every: int, reverse: bool) -> None:
    cost, targets = recurrence()
    plain, stored = (
        cost(reverse=reverse),
        cost(reverse=reverse, checkpoint_every=every),
    )
    np.testing.assert_allclose(float(stored), float(plain), **CLOSE)
    first, expected = cn.grad(stored, targets), cn.grad(plain, targets)
    for got, wanted in zip(first, expected, strict=True):
        np.testing.assert_allclose(got.numpy(), wanted.numpy(), **CLOSE)
    if every == 3:
        second = cn.grad(sum_of_squares(first), targets)
        for got, wanted in zip(second, cn.grad(sum_of_squares(expected), targets), strict=True):
            np.testing.assert_allclose(got.numpy(), wanted.numpy(), **CLOSE)


def test_checkpoints_of_a_sequence_of_unknown_length() -> None:
    x = cn.input((None, 3), cn.float64, name="x")
    w = cn.Variable(draw(3, 3))

    def step(item: Any, state: Any) -> Any:
        new = cn.tanh(item + state @ w)
        return new, new

    def graph(**options: Any) -> list[Any]:
        outputs, last = cn.scan(step, x, cn.zeros((3,), dtype=cn.float64), **options)
        return [outputs, cn.grad(cn.sum(outputs * outputs) + cn.sum(last), w)]

    results = [*graph(), *graph(checkpoint_every=3)]
    native, reference = (cn.function([x], results, backend=b) for b in ("native", "reference"))
    for length in (7, 6, 3, 2, 0):
        array = draw(length, 3)
        for found in (native(array), reference(array)):
            for got, wanted in zip(found[2:], found[:2], strict=True):
                np.testing.assert_allclose(got, wanted, **CLOSE)


def backward_bytes(length: int, every: int | None) -> int:
    """The memory that the gradient of a loop needs beside its inputs and outputs."""
    w, x = cn.Variable(draw(16, 16).astype("float32")), cn.input((length, 4, 16), name="x")

    def step(item: Any, state: Any) -> Any:
        return None, cn.tanh(cn.sin(item + state @ w))

    _, last = cn.scan(step, x, cn.zeros((4, 16)), checkpoint_every=every)
    f = cn.function([x], cn.grad(cn.sum(last), w), backend="native")
    shown = cn.explain(f, "loops", np.zeros((length, 4, 16), np.float32))
    found = re.search(r"an arena of ([\d,]+) bytes", shown)
    assert found is not None
    return int(found[1].replace(",", ""))


def test_the_backward_pass_stores_states_and_with_checkpoints_the_root_of_that() -> None:
    state = 4 * 4 * 16
    fixed = backward_bytes(100, None) - 100 * (
        backward_bytes(101, None) - backward_bytes(100, None)
    )
    each = backward_bytes(101, None) - backward_bytes(100, None)
    assert each <= 4 * state  # what a step computes and the way back reads
    assert fixed < 100 * state
    assert backward_bytes(400, 20) < backward_bytes(400, None) / 5
    assert backward_bytes(1600, 40) < 2.5 * backward_bytes(400, 20)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("every", [1, 3, 7])
def test_a_truncated_gradient_is_that_of_the_pieces(every: int, reverse: bool) -> None:
    """The values go on from piece to piece; the gradient of each stops where it begins."""
    _, targets = recurrence()
    w, x, h, b = targets
    p = draw(7, 2, 3)

    def step(item: Any, state: Any) -> Any:
        new = cn.tanh(item + state @ w + b)
        return new * item, new

    outputs, last = cn.scan(step, x, h, reverse=reverse, truncate=every)
    order = list(reversed(range(7))) if reverse else list(range(7))
    state, made = h, {}
    for done, place in enumerate(order):
        if done and done % every == 0:
            state = cn.stop_gradient(state)
        made[place], state = step(x[place], state)
    expected = cn.stack([made[place] for place in range(7)])
    np.testing.assert_allclose(outputs.numpy(), expected.numpy(), **CLOSE)
    np.testing.assert_allclose(last.numpy(), state.numpy(), **CLOSE)
    mine = cn.grad(cn.sum(outputs * p) + cn.sum(last**2), targets, disconnected="zero")
    other = cn.grad(cn.sum(expected * p) + cn.sum(state**2), targets, disconnected="zero")
    for got, wanted in zip(mine, other, strict=True):
        np.testing.assert_allclose(got.numpy(), wanted.numpy(), **CLOSE)
    both, _ = cn.scan(step, x, h, reverse=reverse, truncate=every, checkpoint_every=2)
    np.testing.assert_allclose(
        cn.grad(cn.sum(both * p), w).numpy(), cn.grad(cn.sum(expected * p), w).numpy(), **CLOSE
    )


def test_a_number_of_steps_for_the_gradient_must_be_one() -> None:
    x, zero = cn.zeros((3, 2)), cn.zeros((2,))
    add = lambda item, state: (None, state + item)  # noqa: E731
    refuse("truncate must be a whole number of steps, 1 or more, got 0", add, x, zero, truncate=0)
    refuse("checkpoint_every must be .* got 2.5", add, x, zero, checkpoint_every=2.5)


def loop_carries(cost: Any, targets: list[Any]) -> int:
    """How many carries the loop has that goes back."""
    bodies = [
        tensor.parameters["body"]
        for tensor in topological_order(cn.grad(cost, targets))
        if tensor.primitive is primitives.SCAN and tensor.parameters["reverse"]
    ]
    return int(bodies[0].carries)


def test_weight_gradients_of_single_samples_are_one_product_after_the_loop() -> None:
    """For many samples they are added up in the loop, beside the cotangent of the state."""
    cost, targets = recurrence(rows=1)
    assert loop_carries(cost(), targets) == 1
    many, others = recurrence(rows=16)
    assert loop_carries(many(), others) == 3


def test_a_kernel_that_is_read_twice_in_a_step() -> None:
    w, x = cn.Variable(draw(3, 3)), cn.Variable(draw(5, 3))

    def step(item: Any, state: Any) -> Any:
        new = cn.tanh(item @ w + cn.matrix_transpose(w) @ state)
        return None, new

    _, last = cn.scan(step, x, cn.zeros((3,), dtype=cn.float64))
    _, flat = loop(step, [x[i] for i in range(5)], cn.zeros((3,), dtype=cn.float64))
    for target in (w, x):
        got, wanted = cn.grad(cn.sum(last**2), target), cn.grad(cn.sum(flat**2), target)
        np.testing.assert_allclose(got.numpy(), wanted.numpy(), **CLOSE)
