"""Adadelta: steps in the units of the weights, without a learning rate to choose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cairnet.optim.numbers import positive, share
from cairnet.optim.optimizer import Optimizer, registry
from cairnet.tensor.core import Tensor, Variable
from cairnet.tensor.functions import sqrt, square

__all__ = ["Adadelta"]


@registry.add
class Adadelta(Optimizer):
    r"""Steps as large as the recent ones, over the root mean square of recent gradients.

    With learning rate α and gradient g, and averages s and d that start from 0,

        s ← ρ s + (1 − ρ) g²
        Δ = √(d + ε) / √(s + ε) · g
        d ← ρ d + (1 − ρ) Δ²
        w ← w − α Δ

    Args:
        learning_rate: α, 0 or more, or a schedule. The paper has none, that is, 1.0.
        rho: ρ, from 0 to below 1.
        epsilon: ε, above 0; it makes the first steps possible, and sets their size.
        weight_decay, clipnorm, clipvalue, global_clipnorm: see `Optimizer`.
        name: default: "adadelta".

    Raises:
        ArgumentError: a number is out of its range.

    Source:
        M. Zeiler: ADADELTA: an adaptive learning rate method. 2012, algorithm 1, where
        α = 1 and ε = 10⁻⁶. Defaults as in Keras 3, with α = 0.001; PyTorch computes the same.

    Example:
        >>> import cairnet as cn
        >>> w = cn.Variable([1.0], name="w")
        >>> adadelta = cn.optimizers.Adadelta(1.0, rho=0.75, epsilon=1e-2)
        >>> step = cn.function([], w, updates=adadelta.updates([w], [cn.ones((1,)) * 7]))
        >>> _ = step()
        >>> w.numpy().round(3)  # √0.01 / √(49/4 + 0.01) · 7 further down
        array([0.8], dtype=float32)
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.95,
        epsilon: float = 1e-7,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(
            learning_rate,
            name,
            weight_decay=weight_decay,
            clipnorm=clipnorm,
            clipvalue=clipvalue,
            global_clipnorm=global_clipnorm,
        )
        self.rho = share("rho", rho)
        self.epsilon = positive("epsilon", epsilon)

    def update(self, variable: Variable, gradient: Tensor) -> Mapping[Variable, Tensor]:
        """The new value of one variable and of its averages."""
        squares = self.slot("mean_square", variable)
        moves = self.slot("mean_square_step", variable)
        new_squares = self.rho * squares + (1 - self.rho) * square(gradient)
        step = sqrt(moves + self.epsilon) / sqrt(new_squares + self.epsilon) * gradient
        new_moves = self.rho * moves + (1 - self.rho) * square(step)
        change = self.rate(variable) * step
        return {squares: new_squares, moves: new_moves, variable: variable - change}
