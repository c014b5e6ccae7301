"""Nadam: Adam with Nesterov's momentum."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from cairnet.optim.numbers import positive, share
from cairnet.optim.optimizer import Optimizer, registry
from cairnet.tensor.core import Tensor, Variable
from cairnet.tensor.functions import astype, sqrt, square

__all__ = ["Nadam"]

#: By what the difference of the momentum from β₁ shrinks with every step, as in the paper.
_DECAY = 0.96


@registry.add
class Nadam(Optimizer):
    r"""Adam whose step looks ahead by one momentum, as Nesterov's does.

    With learning rate α and gradient g at step t = 1, 2, …, and m and v that start from 0,

        μₜ = β₁ (1 − ½ · 0.96ᵗ),   Πₜ = μ₁ μ₂ ⋯ μₜ
        m ← β₁ m + (1 − β₁) g
        v ← β₂ v + (1 − β₂) g²
        m̂ = μₜ₊₁ m / (1 − Πₜ₊₁) + (1 − μₜ) g / (1 − Πₜ)
        w ← w − α · m̂ / (√(v / (1 − β₂ᵗ)) + ε)

    Args:
        learning_rate: α, 0 or more, or a schedule.
        beta_1: β₁, from 0 to below 1.
        beta_2: β₂, from 0 to below 1.
        epsilon: ε, above 0.
        weight_decay, clipnorm, clipvalue, global_clipnorm: see `Optimizer`.
        name: default: "nadam".

    Raises:
        ArgumentError: a number is out of its range.

    Source:
        T. Dozat: Incorporating Nesterov momentum into Adam. ICLR 2016 workshop, algorithm 2, with
        the momentum schedule of Sutskever et al. 2013 as the paper uses it, 0.96^(t/250). Keras 3
        has 0.96ᵗ, which comes to β₁ much sooner; this follows Keras, and so does PyTorch with
        `momentum_decay=1`.

    Example:
        >>> import cairnet as cn
        >>> w = cn.Variable([1.0], name="w")
        >>> nadam = cn.optimizers.Nadam(learning_rate=0.1, beta_1=0.0)
        >>> step = cn.function([], w, updates=nadam.updates([w], [cn.ones((1,)) * 7]))
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
        self._product = Variable(np.float64(1), name="momentum_product", trainable=False)

    @property
    def variables(self) -> list[Variable]:
        """The count of steps, the learning rate, the product of the momenta, and all slots."""
        return [*super().variables, self._product]

    def begin(self) -> Mapping[Variable, Tensor]:
        """The product of the momenta up to this step."""
        return {self._product: self._product * self._momentum(self.time())}

    def update(self, variable: Variable, gradient: Tensor) -> Mapping[Variable, Tensor]:
        """The new value of one variable and of its two moments."""
        first = self.slot("first_moment", variable)
        second = self.slot("second_moment", variable)
        new_first = self.beta_1 * first + (1 - self.beta_1) * gradient
        new_second = self.beta_2 * second + (1 - self.beta_2) * square(gradient)
        # What is the same for every weight is computed once a step, in float64.
        time, rate = self.time(), self._current_rate()
        momentum, following = self._momentum(time), self._momentum(time + 1)
        product = self._product * momentum
        of_first = astype(rate * following / (1 - product * following), variable.dtype)
        of_gradient = astype(rate * (1 - momentum) / (1 - product), variable.dtype)
        root = astype(sqrt(1 - self.beta_2**time), variable.dtype)
        step = (of_first * new_first + of_gradient * gradient) / (
            sqrt(new_second) / root + self.epsilon
        )
        return {first: new_first, second: new_second, variable: variable - step}

    def _momentum(self, time: Tensor) -> Tensor:
        return self.beta_1 * (1 - 0.5 * _DECAY**time)
