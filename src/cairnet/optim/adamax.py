"""Adamax: Adam with the largest recent gradient in place of the mean square."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cairnet.optim.numbers import positive, share
from cairnet.optim.optimizer import Optimizer, registry
from cairnet.tensor.core import Tensor, Variable
from cairnet.tensor.functions import abs, astype, maximum

__all__ = ["Adamax"]


@registry.add
class Adamax(Optimizer):
    r"""Adam with an infinity norm.

    With learning rate α and gradient g at step t = 1, 2, …, and m and u that start from 0,

        m ← β₁ m + (1 − β₁) g
        u ← max(β₂ u, |g|)
        w ← w − α / (1 − β₁ᵗ) · m / (u + ε)

    Args:
        learning_rate: α, 0 or more, or a schedule.
        beta_1: β₁, from 0 to below 1.
        beta_2: β₂, from 0 to below 1.
        epsilon: ε, above 0.
        weight_decay, clipnorm, clipvalue, global_clipnorm: see `Optimizer`.
        name: default: "adamax".

    Raises:
        ArgumentError: a number is out of its range.

    Source:
        D. Kingma, J. Ba: Adam: a method for stochastic optimization. ICLR 2015, algorithm 2,
        which has no ε. It is added to u as in Keras 3, whose defaults these are; PyTorch adds it
        to |g|.

    Example:
        >>> import cairnet as cn
        >>> w = cn.Variable([1.0], name="w")
        >>> adamax = cn.optimizers.Adamax(learning_rate=0.1)
        >>> step = cn.function([], w, updates=adamax.updates([w], [cn.ones((1,)) * 7]))
        >>> _ = step()
        >>> w.numpy()
        array([0.9], dtype=float32)
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
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
        self.beta_1 = share("beta_1", beta_1)
        self.beta_2 = share("beta_2", beta_2)
        self.epsilon = positive("epsilon", epsilon)

    def update(self, variable: Variable, gradient: Tensor) -> Mapping[Variable, Tensor]:
        """The new value of one variable, of its moment and of its norm."""
        first = self.slot("first_moment", variable)
        norm = self.slot("infinity_norm", variable)
        new_first = self.beta_1 * first + (1 - self.beta_1) * gradient
        new_norm = maximum(self.beta_2 * norm, abs(gradient))
        rate = astype(self._current_rate() / (1 - self.beta_1 ** self.time()), variable.dtype)
        step = rate * new_first / (new_norm + self.epsilon)
        return {first: new_first, norm: new_norm, variable: variable - step}
