"""Schedules that rise before they fall."""

from __future__ import annotations

import math
from typing import Any

from cairnet.base.dtypes import float64
from cairnet.base.errors import ArgumentError
from cairnet.optim.numbers import at_least_zero, positive
from cairnet.optim.schedules.base import LearningRateSchedule, as_schedule, registry
from cairnet.tensor.core import Tensor
from cairnet.tensor.functions import astype, cos, maximum, minimum, where
from cairnet.tensor.functions.arguments import as_tensor

__all__ = ["CosineDecay", "LinearWarmup"]


@registry.add
class CosineDecay(LearningRateSchedule):
    r"""The rate along half a cosine, from α₀ to a · α₀, after a warm-up along a line.

    Without a warm-up,

        α(t) = α₀ · ((1 − a) · ½ (1 + cos(π · min(t, T)/T)) + a)

    With one of W steps to the target α₁, the rate first rises from α₀ to α₁ along a line, and the
    cosine falls from α₁, its t counted from the end of the warm-up.

    Args:
        initial_learning_rate: α₀, 0 or more.
        decay_steps: T, above 0.
        alpha: a, from 0 to 1: the share of the rate that is left at the end.
        name: default: "cosine_decay".
        warmup_target: α₁; None for no warm-up.
        warmup_steps: W, 0 or more.

    Raises:
        ArgumentError: a number is out of its range.

    Source:
        I. Loshchilov, F. Hutter: SGDR: stochastic gradient descent with warm restarts. ICLR 2017,
        equation 5, without the restarts. Arguments as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> cn.optimizers.schedules.CosineDecay(1.0, 10)([0, 5, 10, 20]).numpy().round(3)
        array([1. , 0.5, 0. , 0. ])
        >>> schedule = cn.optimizers.schedules.CosineDecay(
        ...     0.0, 10, warmup_target=1.0, warmup_steps=2
        ... )
        >>> schedule([0, 1, 2, 7, 12]).numpy().round(3)
        array([0. , 0.5, 1. , 0.5, 0. ])
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        alpha: float = 0.0,
        name: str | None = None,
        warmup_target: float | None = None,
        warmup_steps: float = 0,
    ) -> None:
        super().__init__(name)
        self.initial_learning_rate = at_least_zero("initial_learning_rate", initial_learning_rate)
        self.decay_steps = positive("decay_steps", decay_steps)
        self.alpha = at_least_zero("alpha", alpha)
        if self.alpha > 1:
            raise ArgumentError(f"alpha: expected a number from 0 to 1, got {alpha!r}")
        self.warmup_target = (
            None if warmup_target is None else at_least_zero("warmup_target", warmup_target)
        )
        self.warmup_steps = at_least_zero("warmup_steps", warmup_steps)

    def rate(self, step: Tensor) -> Tensor:
        """The learning rate at a step."""
        if self.warmup_target is None:
            return self._decayed(step, self.initial_learning_rate)
        decayed = self._decayed(step - self.warmup_steps, self.warmup_target)
        first = self.initial_learning_rate
        return _warmed_up(step, first, self.warmup_target, self.warmup_steps, decayed)

    def _decayed(self, step: Tensor, first: float) -> Tensor:
        fraction = minimum(step, self.decay_steps) / self.decay_steps
        wave = 0.5 * (1 + cos(math.pi * fraction))
        return first * ((1 - self.alpha) * wave + self.alpha)


@registry.add
class LinearWarmup(LearningRateSchedule):
    r"""A warm-up in front of any schedule: the rate rises along a line, then the schedule begins.

    With W steps of warm-up from α₀, and a schedule s,

        α(t) = α₀ + (s(0) − α₀) · t/W    for t < W
        α(t) = s(t − W)                  after that

    Args:
        learning_rate: s, a schedule, or a number for a rate that is constant after the warm-up.
        warmup_steps: W, above 0.
        initial_learning_rate: α₀, 0 or more.
        name: default: "linear_warmup".

    Raises:
        ArgumentError: a number is out of its range.

    Source:
        P. Goyal et al.: Accurate, large minibatch SGD: training ImageNet in 1 hour. 2017,
        section 2.2. Keras has a warm-up as a part of `CosineDecay` only.

    Example:
        >>> import cairnet as cn
        >>> after = cn.optimizers.schedules.StepHalving(1.0, 10)
        >>> cn.optimizers.schedules.LinearWarmup(after, 4)([0, 1, 2, 4, 13, 14]).numpy()
        array([0.  , 0.25, 0.5 , 1.  , 1.  , 0.5 ])
    """

    def __init__(
        self,
        learning_rate: Any,
        warmup_steps: float,
        initial_learning_rate: float = 0.0,
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        self._schedule = as_schedule(learning_rate)
        self.learning_rate = self._schedule or at_least_zero("learning_rate", learning_rate)
        self.warmup_steps = positive("warmup_steps", warmup_steps)
        self.initial_learning_rate = at_least_zero("initial_learning_rate", initial_learning_rate)

    def rate(self, step: Tensor) -> Tensor:
        """The learning rate at a step."""
        first = self.initial_learning_rate
        target, after = self._after(as_tensor(0.0)), self._after(step - self.warmup_steps)
        return _warmed_up(step, first, target, self.warmup_steps, after)

    def _after(self, step: Tensor) -> Tensor:
        if self._schedule is not None:
            # Both branches of a choice are computed: steps below 0 are not for the schedule.
            return self._schedule(maximum(step, 0.0))
        return 0 * astype(step, float64) + self.learning_rate


def _warmed_up(
    step: Tensor, first: float, target: float | Tensor, steps: float, after: Tensor
) -> Tensor:
    """A line from first to target for so many steps, then another rate."""
    if steps == 0:
        return after
    return where(step < steps, (target - first) * (step / steps) + first, after)
