"""Adagrad: steps divided by the root of all squared gradients so far."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cairnet.optim.numbers import at_least_zero, positive
from cairnet.optim.optimizer import Optimizer, registry
from cairnet.tensor.core import Tensor, Variable
from cairnet.tensor.functions import sqrt, square

__all__ = ["Adagrad"]


@registry.add
class Adagrad(Optimizer):
    r"""Adaptive gradients: the more a weight has been changed, the less it is changed further.

    With learning rate α and gradient g, and an accumulator s that starts from s₀,

        s ← s + g²
        w ← w − α g / √(s + ε)

    Args:
        learning_rate: α, 0 or more, or a schedule.
        initial_accumulator_value: s₀, 0 or more.
        epsilon: ε, above 0.
        weight_decay, clipnorm, clipvalue, global_clipnorm: see `Optimizer`.
        name: default: "adagrad".

    Raises:
        ArgumentError: a number is out of its range.

    Source:
        J. Duchi, E. Hazan, Y. Singer: Adaptive subgradient methods for online learning and
        stochastic optimization. JMLR 12, 2011, section 1.3. The paper has the small number inside
        the root and s₀ = 0; this follows Keras 3, with s₀ = 0.1. PyTorch adds ε to the root.

    Example:
        >>> import cairnet as cn
        >>> w = cn.Variable([1.0], name="w")
        >>> adagrad = cn.optimizers.Adagrad(0.5, initial_accumulator_value=0.0)
        >>> step = cn.function([], w, updates=adagrad.updates([w], [cn.ones((1,)) * 7]))
        >>> _ = step()
        >>> w.numpy()
        array([0.5], dtype=float32)
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        initial_accumulator_value: float = 0.1,
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
        self.initial_accumulator_value = at_least_zero(
            "initial_accumulator_value", initial_accumulator_value
        )
        self.epsilon = positive("epsilon", epsilon)

    def update(self, variable: Variable, gradient: Tensor) -> Mapping[Variable, Tensor]:
        """The new value of one variable and of its accumulator."""
        accumulator = self.slot("accumulator", variable, self.initial_accumulator_value)
        new = accumulator + square(gradient)
        step = self.rate(variable) * gradient / sqrt(new + self.epsilon)
        return {accumulator: new, variable: variable - step}
