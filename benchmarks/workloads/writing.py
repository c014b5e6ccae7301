"""Writing 10,000 characters one at a time with an LSTM of two layers of 256 units."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.contest import Contest, Contestant, Runner
from benchmarks.data import initial_weights, recurrent_weights
from benchmarks.problem import Problem
from benchmarks.runners.with_torch import transposed

__all__ = ["CONTEST"]

_CHARACTERS, _UNITS, _LENGTH, _SEED = 65, 256, 10_000, 0
#: How many characters JAX writes in one compiled call.
_UNIT = 1000


def _problem(quick: bool) -> Problem:
    """The random numbers that decide, the same that `CharRNN.generate` draws."""
    from cairnet.base.seeds import generator

    length = _LENGTH // 10 if quick else _LENGTH
    uniform = generator(_SEED).random(length, dtype=np.float32)
    return Problem(
        x=uniform,
        y=uniform,
        order=np.arange(length)[:, None],
        weights=(
            *recurrent_weights(_CHARACTERS, _UNITS, (4 * _UNITS,), seed=1),
            *recurrent_weights(_UNITS, _UNITS, (4 * _UNITS,), seed=2),
            *initial_weights([(_UNITS, _CHARACTERS)]),
        ),
        source="random numbers between 0 and 1, which decide what is drawn",
    )


class _Cairnet:
    """`CharRNN.generate`, as it is called by everyone."""

    def __init__(self, problem: Problem, threads: int) -> None:
        import cairnet as cn

        letters = [chr(ord("0") + number) for number in range(_CHARACTERS)]
        self._vocabulary = cn.text.CharacterVocabulary(letters)
        self._model = cn.models.CharRNN("lstm", 2, _UNITS, vocabulary=self._vocabulary)
        self._model.set_weights(problem.weights)
        self._length = 0

    def reset(self, order: np.ndarray) -> None:
        self._length = len(order)

    def run(self) -> np.ndarray:
        text = self._model.generate("0", self._length, seed=_SEED)
        return self._vocabulary.encode(text)


class _Torch:
    """A loop of steps in Python: PyTorch's own LSTM, or equations that are compiled."""

    def __init__(self, problem: Problem, threads: int, compiled: bool) -> None:
        import torch

        torch.set_num_threads(threads)
        weights = [torch.from_numpy(np.ascontiguousarray(w)) for w in transposed(problem.weights)]
        self._step = torch.compile(_equations(weights)) if compiled else _modules(weights)
        self._uniform = torch.from_numpy(problem.x)
        self._length = 0

    def reset(self, order: np.ndarray) -> None:
        self._length = len(order)

    def run(self) -> np.ndarray:
        import torch

        with torch.inference_mode():
            drawn, states = torch.zeros(1, dtype=torch.int64), torch.zeros(2, 2, 1, _UNITS)
            text = []
            for uniform in self._uniform[: self._length]:
                drawn, states = self._step(drawn, states, uniform)
                text.append(drawn)
            return np.asarray(torch.cat(text))


def _modules(weights: list[Any]) -> Callable[..., Any]:
    import torch
    from torch.nn import functional

    network = torch.nn.LSTM(_CHARACTERS, _UNITS, num_layers=2)
    given = dict.fromkeys(("bias_hh_l0", "bias_hh_l1"), torch.zeros(4 * _UNITS))
    names = [
        f"{name}_l{layer}" for layer in (0, 1) for name in ("weight_ih", "weight_hh", "bias_ih")
    ]
    network.load_state_dict({**given, **dict(zip(names, weights[:6], strict=True))})

    def step(drawn: Any, states: Any, uniform: Any) -> tuple[Any, Any]:
        letter = functional.one_hot(drawn, _CHARACTERS).float()[None]
        output, new = network(letter, (states[0], states[1]))
        return _drawn(functional.linear(output[0], weights[6], weights[7]), uniform), new

    return step


def _equations(weights: list[Any]) -> Callable[..., Any]:
    import torch
    from torch.nn import functional

    letters = weights[0].T.contiguous()

    def step(drawn: Any, states: Any, uniform: Any) -> tuple[Any, Any]:
        given = letters[drawn] + weights[2]
        hidden: list[Any] = []
        memory: list[Any] = []
        for layer in (0, 1):
            if layer:
                given = functional.linear(hidden[0], weights[3], weights[5])
            gates = given + functional.linear(states[0][layer], weights[1 + 3 * layer])
            i, f, g, o = gates.chunk(4, dim=1)
            c = torch.sigmoid(f) * states[1][layer] + torch.sigmoid(i) * torch.tanh(g)
            hidden.append(torch.sigmoid(o) * torch.tanh(c))
            memory.append(c)
        logits = functional.linear(hidden[1], weights[6], weights[7])
        return _drawn(logits, uniform), torch.stack([torch.stack(hidden), torch.stack(memory)])

    return step


def _drawn(logits: Any, uniform: Any) -> Any:
    """The number of the place where u falls in the cumulative probabilities."""
    cumulative = logits.softmax(dim=1).cumsum(dim=1)
    below = (cumulative <= uniform * cumulative[:, -1:]).sum(dim=1)
    return below.clamp(max=_CHARACTERS - 1)


class _Jax:
    """A step that is compiled, called from Python or, many at a time, under lax.scan."""

    def __init__(self, problem: Problem, threads: int, scanned: bool) -> None:
        import jax
        from jax import lax
        from jax import numpy as jnp

        weights = [jnp.asarray(weight) for weight in problem.weights]

        def step(carried: Any, uniform: Any) -> Any:
            return _jax_step(weights, carried, uniform)

        whole = jax.jit(lambda carried, uniform: lax.scan(step, carried, uniform))
        self._call, self._unit = (whole, _UNIT) if scanned else (jax.jit(step), 1)
        self._uniform = problem.x
        self._pieces: list[Any] = []

    def reset(self, order: np.ndarray) -> None:
        from jax import numpy as jnp

        uniform = self._uniform[: len(order)]
        size = min(self._unit, len(order))
        pieces = uniform if self._unit == 1 else uniform.reshape(-1, size)
        self._pieces = [jnp.asarray(piece) for piece in pieces]

    def run(self) -> np.ndarray:
        from jax import numpy as jnp

        zeros = jnp.zeros((2, _UNITS))
        carried = jnp.asarray(0), zeros, zeros
        text = []
        for piece in self._pieces:
            carried, drawn = self._call(carried, piece)
            text.append(drawn)
        return np.concatenate([np.atleast_1d(np.asarray(drawn)) for drawn in text])


def _jax_step(weights: Any, carried: Any, uniform: Any) -> Any:
    import jax
    from jax import numpy as jnp

    drawn, hidden, memory = carried
    new_hidden: list[Any] = []
    new_memory: list[Any] = []
    for layer in (0, 1):
        kernel, recurrent_kernel, bias = weights[3 * layer : 3 * layer + 3]
        given = new_hidden[0] @ kernel if layer else kernel[drawn]
        gates = jnp.split(given + hidden[layer] @ recurrent_kernel + bias, 4)
        i, f, o = (jax.nn.sigmoid(gates[gate]) for gate in (0, 1, 3))
        new_memory.append(f * memory[layer] + i * jnp.tanh(gates[2]))
        new_hidden.append(o * jnp.tanh(new_memory[-1]))
    cumulative = jnp.cumsum(jax.nn.softmax(new_hidden[1] @ weights[6] + weights[7]))
    drawn = jnp.minimum(jnp.sum(cumulative <= uniform * cumulative[-1]), _CHARACTERS - 1)
    return (drawn, jnp.stack(new_hidden), jnp.stack(new_memory)), drawn


def _torch(compiled: bool) -> Callable[[Problem, int], Runner]:
    return lambda problem, threads: _Torch(problem, threads, compiled)


def _jax(scanned: bool) -> Callable[[Problem, int], Runner]:
    return lambda problem, threads: _Jax(problem, threads, scanned)


def _flops(batch: int) -> int:
    """Forward only; the row of a character is looked up."""
    return 2 * batch * (3 * _UNITS * 4 * _UNITS + _UNITS * _CHARACTERS)


_CAIRNET = Contestant("Cairnet", "cairnet", _Cairnet)
_EAGER = Contestant("torch, eager", "torch", _torch(compiled=False), ("torch",))
_SCAN = Contestant("JAX, lax.scan", "jax", _jax(scanned=True), ("jax",), unit=_UNIT)
CONTEST = Contest(
    name="writing",
    title="Writing 10,000 characters",
    description=(
        "An LSTM of two layers of 256 units reads a character and gives the probabilities of the "
        "65 that may be next; one is drawn, and read. A step is a character; what is compared "
        "instead of losses are the characters. Cairnet's is `CharRNN.generate`."
    ),
    problem=_problem,
    contestants=(
        _CAIRNET,
        _CAIRNET.alone(),
        _EAGER,
        _EAGER.alone(),
        Contestant("torch, compiled", "torch", _torch(compiled=True), ("torch",), True),
        _SCAN,
        _SCAN.alone(),
        Contestant("JAX, jitted step", "jax", _jax(scanned=False), ("jax",)),
    ),
    flops=_flops,
    floor=5.0,
    limits=(
        "Each character reads all weights, 3.1 MB, which is more than the second-level caches of "
        "two cores hold; the three products that do take nine tenths of the time, and about as "
        "long as the same loops written in C. Reading in long runs and looking up the row of the "
        "character are what helped. Tried in C without gaining more than a few percent: halves "
        "along the sum instead of by columns, walking to and fro through each matrix, asking for "
        "rows ahead, reading a third of the weights past the second-level cache, and huge pages. "
        "Weights copied into panels for every call would save a tenth. Smaller weights would save "
        "more, but they are another network."
    ),
)
