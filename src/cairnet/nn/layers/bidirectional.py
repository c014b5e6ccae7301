"""Bidirectional: a recurrent layer that reads every sequence from both ends."""

from __future__ import annotations

from typing import Any

from cairnet.base.errors import ArgumentError, ShapeError, UnknownNameError
from cairnet.base.registry import serialize
from cairnet.nn.layers.base import Layer, Shape, registry
from cairnet.nn.layers.recurrent import RNN
from cairnet.nn.layers.recurrent_states import as_states
from cairnet.tensor.core import Tensor
from cairnet.tensor.functions import concat, flip

__all__ = ["Bidirectional"]

_MODES = ("concat", "sum", "mul", "ave")


@registry.add
class Bidirectional(Layer):
    r"""Two recurrent layers, one that reads forwards and one backwards, and what they come to.

        y[t] = merge(forward(x[0], …, x[t]), backward(x[end], …, x[t]))

    so that every step is seen in the light of what comes before it and after it.

    Args:
        layer: a recurrent layer, as `LSTM(8, return_sequences=True)`. The two layers are made like
            it, as "forward_…" and "backward_…"; it is not changed itself.
        merge_mode: what becomes of both outputs: "concat" puts them side by side, "sum", "mul" and
            "ave" give their sum, product or mean, and None both, in a list.
        backward_layer: the layer that reads backwards, if it is to be another one; it has
            `go_backwards=True`, and otherwise returns what `layer` does.
        name, trainable: see `Layer`.

    Call arguments:
        sequences: [batch, time, inputs].
        initial_state: the states of the forward layer, then those of the backward layer.
        mask: bool [batch, time], False where a step is skipped.

    Shapes:
        those of the layer, and the double of its last axis for "concat". With `return_state` a list
        of the output (or both), the forward states and the backward states.

    Raises:
        ArgumentError: the layers are no recurrent layers, or do not fit each other.
        UnknownNameError: another merge_mode.
        ShapeError: see `RNN`.

    Source:
        M. Schuster, K. Paliwal: Bidirectional recurrent neural networks. IEEE Transactions on
        Signal Processing 45 (11), 1997. Arguments as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> layer = cn.layers.Bidirectional(cn.layers.GRU(4, return_sequences=True))
        >>> layer(cn.ones((2, 7, 3))).shape
        (2, 7, 8)
        >>> [variable.name for variable in layer.variables][:1]
        ['bidirectional/forward_gru/gru_cell/kernel']
    """

    def __init__(
        self,
        layer: Any,
        merge_mode: str | None = "concat",
        backward_layer: Any = None,
        *,
        name: str | None = None,
        trainable: bool = True,
    ) -> None:
        super().__init__(name=name, trainable=trainable)
        if merge_mode is not None and merge_mode not in _MODES:
            raise UnknownNameError("merge_mode", merge_mode, _MODES)
        self.merge_mode = merge_mode
        given = _recurrent("layer", layer)
        own = None if backward_layer is None else _recurrent("backward_layer", backward_layer)
        self._has_own_backward = own is not None
        self.forward_layer = _copied(given, "forward_", given.go_backwards)
        self.backward_layer = own or _copied(given, "backward_", not given.go_backwards)
        _check_pair(self.forward_layer, self.backward_layer)
        for each in (self.forward_layer, self.backward_layer):
            # The last output that counts is another one from the other end.
            each.zero_output_for_mask = each.return_sequences

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments by name."""
        return {
            "layer": serialize(self.forward_layer),
            "merge_mode": self.merge_mode,
            "backward_layer": serialize(self.backward_layer) if self._has_own_backward else None,
            "name": self.name,
            "trainable": self.trainable,
        }

    def build(self, input_shape: Shape) -> None:
        """Check the rank; the two layers make their variables when they are called."""
        if len(input_shape) < 3:
            raise ShapeError(f"expected a shape (batch, time, features), got {input_shape}")

    def call(self, sequences: Tensor, initial_state: Any = None, mask: Tensor | None = None) -> Any:
        """The graph of the output; a list with several outputs or states."""
        halves = self._halves(initial_state)
        outputs: list[Tensor] = []
        states: list[Any] = []
        for layer, begin in zip((self.forward_layer, self.backward_layer), halves, strict=True):
            result = layer(sequences, initial_state=begin, mask=mask)
            output, *after = result if layer.return_state else [result]
            if layer.return_sequences and layer.go_backwards:
                output = flip(output, axis=1)
            outputs.append(output)
            states.extend(after)
        merged = self._merged(*outputs)
        if not self.forward_layer.return_state:
            return merged
        return [*as_states(merged), *states]

    def _halves(self, initial_state: Any) -> tuple[Any, Any]:
        if initial_state is None:
            return None, None
        states = as_states(initial_state)
        if len(states) % 2:
            raise ShapeError(
                "initial_state: expected the states of the forward and of the backward layer, got "
                f"{len(states)}"
            )
        return states[: len(states) // 2], states[len(states) // 2 :]

    def _merged(self, forward: Tensor, backward: Tensor) -> Any:
        if self.merge_mode == "concat":
            return concat([forward, backward], axis=-1)
        if self.merge_mode == "sum":
            return forward + backward
        if self.merge_mode == "ave":
            return (forward + backward) / 2
        return [forward, backward] if self.merge_mode is None else forward * backward

    def compute_mask(self, inputs: Any, mask: Any) -> Any:
        """That of the input for the outputs of all steps, none for the states."""
        own = mask if self.forward_layer.return_sequences else None
        return [own, own] if self.merge_mode is None else [own]

    def reset_state(self) -> None:
        """Make the states of stateful layers zeros again."""
        self.forward_layer.reset_state()
        self.backward_layer.reset_state()


def _recurrent(argument: str, given: Any) -> RNN:
    layer = given if isinstance(given, Layer) else registry.get(given)
    if not isinstance(layer, RNN):
        raise ArgumentError(
            f"{argument}: expected a recurrent layer such as cn.layers.LSTM(units), got {layer!r}"
        )
    return layer


def _copied(layer: RNN, prefix: str, backwards: bool) -> RNN:
    """A new layer of the same arguments."""
    name = layer.name.removeprefix("forward_").removeprefix("backward_")
    config = {**layer.get_config(), "go_backwards": backwards, "name": prefix + name}
    copied: RNN = type(layer).from_config(config)
    return copied


def _check_pair(forward: RNN, backward: RNN) -> None:
    if forward.go_backwards == backward.go_backwards:
        raise ArgumentError(
            "backward_layer: expected another go_backwards than that of layer, got "
            f"go_backwards={backward.go_backwards} in both"
        )
    for name in ("stateful", "return_sequences", "return_state"):
        if getattr(forward, name) != getattr(backward, name):
            raise ArgumentError(
                f"backward_layer: expected {name}={getattr(forward, name)} as in layer, got "
                f"{getattr(backward, name)}"
            )
