"""A schedule that falls again and again."""

from __future__ import annotations

import math

from cairnet.base.errors import ArgumentError
from cairnet.optim.numbers import at_least_zero, finite, positive
from cairnet.optim.schedules.base import LearningRateSchedule, registry
from cairnet.tensor.core import Tensor
from cairnet.tensor.functions import cos, floor, log, maximum, pow, where

__all__ = ["CosineDecayRestarts"]


@registry.add
class CosineDecayRestarts(LearningRateSchedule):
    r"""Half a cosine again and again, each period longer and perhaps lower than the one before.

    Period i has T · qⁱ steps and begins at step tᵢ = T · (1 + q + … + qⁱ⁻¹). In it,

        α(t) = α₀ · ((1 − a) · mⁱ · ½ (1 + cos(π · (t − tᵢ) / (T · qⁱ))) + a)

    Args:
        initial_learning_rate: α₀, 0 or more.
        first_decay_steps: T, above 0.
        t_mul: q, 1 or more: how much longer each period is than the one before.
        m_mul: m, 0 or more: how much of the height each period has of the one before.
        alpha: a, from 0 to 1: the share of the rate that no period falls below.
        name: default: "cosine_decay_restarts".

    Raises:
        ArgumentError: a number is out of its range.

    Notes:
        A restart is where the formula of tᵢ says, to the step; Keras takes the period from a
        quotient of rounded logarithms, and may begin one a step late.

    Source:
        I. Loshchilov, F. Hutter: SGDR: stochastic gradient descent with warm restarts. ICLR 2017.
        Arguments as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> schedule = cn.optimizers.schedules.CosineDecayRestarts(1.0, 10, m_mul=0.5)
        >>> schedule([0, 5, 10, 20, 30]).numpy().round(3)
        array([1.  , 0.5 , 0.5 , 0.25, 0.25])
    """

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: float,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        self.initial_learning_rate = at_least_zero("initial_learning_rate", initial_learning_rate)
        self.first_decay_steps = positive("first_decay_steps", first_decay_steps)
        self.t_mul = finite("t_mul", t_mul)
        if self.t_mul < 1:
            raise ArgumentError(f"t_mul: expected a number, 1 or more, got {t_mul!r}")
        self.m_mul = at_least_zero("m_mul", m_mul)
        self.alpha = at_least_zero("alpha", alpha)
        if self.alpha > 1:
            raise ArgumentError(f"alpha: expected a number from 0 to 1, got {alpha!r}")

    def rate(self, step: Tensor) -> Tensor:
        """The learning rate at a step."""
        periods = step / self.first_decay_steps
        number = self._period(periods)
        fraction = (periods - self._begin(number)) / pow(self.t_mul, number)
        wave = pow(self.m_mul, number) * 0.5 * (1 + cos(math.pi * fraction))
        return self.initial_learning_rate * ((1 - self.alpha) * wave + self.alpha)

    def _period(self, periods: Tensor) -> Tensor:
        """The number of the period that so many first periods lead to."""
        if self.t_mul == 1:
            return floor(periods)
        guess = floor(log(1 + periods * (self.t_mul - 1)) / math.log(self.t_mul))
        # The logarithms are rounded, so that a guess at a restart may be one off.
        guess = where(self._begin(guess + 1) <= periods, guess + 1, guess)
        return maximum(where(self._begin(guess) > periods, guess - 1, guess), 0.0)

    def _begin(self, number: Tensor) -> Tensor:
        """Where a period begins, counted in first periods."""
        if self.t_mul == 1:
            return number
        return (pow(self.t_mul, number) - 1) / (self.t_mul - 1)
