"""Adam: steps scaled, weight by weight, by running means of the gradient and its square."""

from __future__ import annotations

from collections.abc import Mapping

from cairnet.base.dtypes import float64
from cairnet.base.errors import ArgumentError
from cairnet.optim.optimizer import Optimizer, registry, share
from cairnet.tensor.core import Tensor, Variable
from cairnet.tensor.functions import astype, sqrt, square

__all__ = ["Adam"]


@registry.add
class Adam(Optimizer):
    r"""Adaptive moment estimation.

    With learning rate α and gradient g at step t = 1, 2, …, and m and v that start from 0,

        m ← β₁ m + (1 − β₁) g
        v ← β₂ v + (1 − β₂) g²
        w ← w − α · m / (1 − β₁ᵗ) / (√(v / (1 − β₂ᵗ)) + ε)

    Args:
        learning_rate: α, 0 or more.
        beta_1: β₁, from 0 to below 1.
        beta_2: β₂, from 0 to below 1.
        epsilon: ε, above 0.
        name: default: "adam".

    Raises:
        ArgumentError: a number is out of its range.

    Source:
        D. Kingma, J. Ba: Adam: a method for stochastic optimization. ICLR 2015, algorithm 1. The
        defaults are those of Keras 3. Keras itself adds ε to √v before the correction, the
        paper's variant at the end of its section 2; PyTorch does as here.

    Example:
        >>> import cairnet as cn
        >>> w = cn.Variable([1.0], name="w")
        >>> adam = cn.optimizers.Adam(learning_rate=0.1)
        >>> step = cn.function([], w, updates=adam.updates([w], [cn.ones((1,)) * 7]))
        >>> _ = step()
        >>> w.numpy()  # the first step is as long as the learning rate
        array([0.9], dtype=float32)
    """

    def __init__(
        self,
        learning_rate: float = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        name: str | None = None,
    ) -> None:
        super().__init__(learning_rate, name)
        self.beta_1 = share("beta_1", beta_1)
        self.beta_2 = share("beta_2", beta_2)
        if not epsilon > 0:
            raise ArgumentError(f"epsilon: expected a number above 0, got {epsilon!r}")
        self.epsilon = float(epsilon)

    def update(self, variable: Variable, gradient: Tensor) -> Mapping[Variable, Tensor]:
        """The new value of one variable and of its two moments."""
        first = self.slot("first_moment", variable)
        second = self.slot("second_moment", variable)
        new_first = self.beta_1 * first + (1 - self.beta_1) * gradient
        new_second = self.beta_2 * second + (1 - self.beta_2) * square(gradient)
        # The corrections are two scalars a step, in float64: β₂ᵗ is close to 1.
        time = astype(self.iterations + 1, float64)
        rate = astype(self._learning_rate / (1 - self.beta_1**time), variable.dtype)
        root = astype(sqrt(1 - self.beta_2**time), variable.dtype)
        step = rate * new_first / (sqrt(new_second) / root + self.epsilon)
        return {first: new_first, second: new_second, variable: variable - step}
