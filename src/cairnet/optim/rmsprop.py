"""RMSprop: steps divided by the root of a running mean of squared gradients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cairnet.optim.numbers import positive, share
from cairnet.optim.optimizer import Optimizer, registry
from cairnet.tensor.core import Tensor, Variable
from cairnet.tensor.functions import maximum, sqrt, square

__all__ = ["RMSprop"]


@registry.add
class RMSprop(Optimizer):
    r"""Steps divided by the root mean square of recent gradients.

    With learning rate α and gradient g, and averages s and a that start from 0,

        s ← ρ s + (1 − ρ) g²
        w ← w − α g / √(s + ε)

    centered, with the variance of the gradient in place of its mean square,

        a ← ρ a + (1 − ρ) g
        w ← w − α g / √(s − a² + ε)

    and with momentum μ, a velocity v that starts from 0 and gathers these steps,

        v ← μ v + α g / √(…)
        w ← w − v

    Args:
        learning_rate: α, 0 or more, or a schedule.
        rho: ρ, from 0 to below 1.
        momentum: μ, from 0 to below 1.
        epsilon: ε, above 0.
        centered: whether the mean of the gradients is taken off.
        weight_decay, clipnorm, clipvalue, global_clipnorm: see `Optimizer`.
        name: default: "rmsprop".

    Raises:
        ArgumentError: a number is out of its range.

    Source:
        T. Tieleman, G. Hinton: Lecture 6.5: RMSProp. Coursera, Neural networks for machine
        learning, 2012. A. Graves: Generating sequences with recurrent neural networks. 2013,
        equations 38 to 41, for the centered form. ε is inside the root and the learning rate
        inside the velocity, as in Keras 3; PyTorch has both outside.

    Notes:
        s − a² is a variance and never below 0, but its rounded value can be, by more than ε where
        gradients are large and alike; it is kept at 0 or above, where Keras would take the root of
        a negative number.

    Example:
        >>> import cairnet as cn
        >>> w = cn.Variable([1.0], name="w")
        >>> rmsprop = cn.optimizers.RMSprop(0.1, rho=0.75)
        >>> step = cn.function([], w, updates=rmsprop.updates([w], [cn.ones((1,)) * 7]))
        >>> _ = step()
        >>> w.numpy()  # 0.1 / √0.25 further down
        array([0.8], dtype=float32)
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
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
        self.momentum = share("momentum", momentum)
        self.epsilon = positive("epsilon", epsilon)
        self.centered = centered

    def update(self, variable: Variable, gradient: Tensor) -> Mapping[Variable, Tensor]:
        """The new value of one variable, of its averages and of its velocity."""
        squares = self.slot("mean_square", variable)
        scale = self.rho * squares + (1 - self.rho) * square(gradient)
        changes: dict[Variable, Tensor] = {squares: scale}
        if self.centered:
            mean = self.slot("mean", variable)
            changes[mean] = self.rho * mean + (1 - self.rho) * gradient
            scale = maximum(scale - square(changes[mean]), 0.0)
        step = self.rate(variable) * gradient / sqrt(scale + self.epsilon)
        if self.momentum:
            velocity = self.slot("velocity", variable)
            step = changes[velocity] = self.momentum * velocity + step
        changes[variable] = variable - step
        return changes


registry.alias("rmsprop", RMSprop)
