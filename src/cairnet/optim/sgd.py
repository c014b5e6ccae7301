"""SGD: one step against the gradient, with or without momentum."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cairnet.optim.numbers import share
from cairnet.optim.optimizer import Optimizer, registry
from cairnet.tensor.core import Tensor, Variable

__all__ = ["SGD"]


@registry.add
class SGD(Optimizer):
    r"""Stochastic gradient descent.

    With learning rate η and gradient g,

        w ← w − η g

    and with momentum μ, a velocity v that starts from 0,

        v ← μ v − η g
        w ← w + v               (Nesterov: w ← w + μ v − η g, with the new v)

    Args:
        learning_rate: η, 0 or more, or a schedule.
        momentum: μ, from 0 to below 1.
        nesterov: whether the gradient counts as taken where the momentum leads to.
        weight_decay, clipnorm, clipvalue, global_clipnorm: see `Optimizer`.
        name: default: "sgd".

    Raises:
        ArgumentError: a number is out of its range.

    Source:
        B. Polyak: Some methods of speeding up the convergence of iteration methods. USSR
        Computational Mathematics and Mathematical Physics 4 (5), 1964. I. Sutskever, J. Martens,
        G. Dahl, G. Hinton: On the importance of initialization and momentum in deep learning.
        ICML 2013. Arguments and defaults as in Keras 3. PyTorch keeps the velocity without the
        learning rate in it, which differs when the rate changes on the way.

    Example:
        >>> import cairnet as cn
        >>> w = cn.Variable([1.0], name="w")
        >>> sgd = cn.optimizers.SGD(0.1, momentum=0.5)
        >>> step = cn.function([], w, updates=sgd.updates([w], [cn.ones((1,))]))
        >>> _ = step(), step()
        >>> w.numpy()  # 1 - 0.1, then - 0.05 - 0.1
        array([0.75], dtype=float32)
    """

    def __init__(
        self,
        learning_rate: Any = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
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
        self.momentum = share("momentum", momentum)
        self.nesterov = nesterov

    def update(self, variable: Variable, gradient: Tensor) -> Mapping[Variable, Tensor]:
        """The new value of one variable and of its velocity."""
        step = self.rate(variable) * gradient
        if self.momentum == 0:
            return {variable: variable - step}
        velocity = self.slot("velocity", variable)
        new = self.momentum * velocity - step
        move = self.momentum * new - step if self.nesterov else new
        return {velocity: new, variable: variable + move}
