r"""Schedules: the learning rate as a function of the count of steps.

A schedule takes the number t of steps that an optimizer has done, a tensor, and gives the learning
rate of the next, a float64 tensor. It is a graph inside the training step, so that a run of steps
stays one native call:

>>> import cairnet as cn
>>> rate = cn.optimizers.schedules.ExponentialDecay(0.5, decay_steps=10, decay_rate=0.1)
>>> adam = cn.optimizers.Adam(rate)
>>> adam.learning_rate
0.5
>>> rate([0, 10, 20]).numpy()
array([0.5  , 0.05 , 0.005])

Names, arguments and defaults are those of Keras 3; `StepHalving` and `LinearWarmup` are our own.
Where Keras computes in float32, the rates here are exact to float64.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cairnet.base.dtypes import float64
from cairnet.base.errors import ArgumentError
from cairnet.base.registry import Configurable, Registry, snake_case
from cairnet.optim.numbers import at_least_zero, finite, positive
from cairnet.tensor.core import Tensor
from cairnet.tensor.functions import astype, ceil, cos, floor, maximum, minimum, pow, where
from cairnet.tensor.functions.arguments import as_tensor

__all__ = [
    "CosineDecay",
    "ExponentialDecay",
    "InverseTimeDecay",
    "LearningRateSchedule",
    "LinearWarmup",
    "PiecewiseConstantDecay",
    "PolynomialDecay",
    "StepHalving",
    "get",
]

_registry: Registry[Any] = Registry("schedule")


class LearningRateSchedule(Configurable, ABC):
    """Base of the schedules; a subclass states the rate in `rate`.

    Args:
        name: what it is called; default: the class's name in lower case.

    Example:
        >>> import cairnet as cn
        >>> class Reciprocal(cn.optimizers.schedules.LearningRateSchedule):
        ...     def rate(self, step):
        ...         return 1 / (step + 1)
        >>> Reciprocal()([0, 1, 3]).numpy()
        array([1.  , 0.5 , 0.25])
    """

    def __init__(self, name: str | None = None) -> None:
        self.name = name or snake_case(type(self).__name__)

    def __call__(self, step: Any) -> Tensor:
        """The learning rate after so many steps.

        Args:
            step: the number of steps done, from 0; a number, an array or a tensor.

        Returns:
            float64, of the shape of `step`.
        """
        return self.rate(astype(as_tensor(step), float64))

    @abstractmethod
    def rate(self, step: Tensor) -> Tensor:
        """The learning rate, for a count of steps that is float64."""


@_registry.add
class ExponentialDecay(LearningRateSchedule):
    r"""The rate α₀ · r^(t/T), multiplied by r every T steps.

    Args:
        initial_learning_rate: α₀, 0 or more.
        decay_steps: T, above 0.
        decay_rate: r, above 0.
        staircase: whether t/T is rounded down, so that the rate falls in steps.
        name: default: "exponential_decay".

    Raises:
        ArgumentError: a number is out of its range.

    Source:
        Keras 3, `keras.optimizers.schedules.ExponentialDecay`.

    Example:
        >>> import cairnet as cn
        >>> cn.optimizers.schedules.ExponentialDecay(1.0, 2, 0.25)([0, 1, 2]).numpy()
        array([1.  , 0.5 , 0.25])
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        decay_rate: float,
        staircase: bool = False,
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        self.initial_learning_rate = at_least_zero("initial_learning_rate", initial_learning_rate)
        self.decay_steps = positive("decay_steps", decay_steps)
        self.decay_rate = positive("decay_rate", decay_rate)
        self.staircase = staircase

    def rate(self, step: Tensor) -> Tensor:
        """The learning rate at a step."""
        return self.initial_learning_rate * pow(self.decay_rate, _periods(self, step))


@_registry.add
class StepHalving(LearningRateSchedule):
    r"""The rate α₀ · 2^(−⌊t/T⌋): halved every T steps.

    `ExponentialDecay(α₀, T, 0.5, staircase=True)` under the name that textbooks give it.

    Args:
        initial_learning_rate: α₀, 0 or more.
        decay_steps: T, above 0.
        name: default: "step_halving".

    Raises:
        ArgumentError: a number is out of its range.

    Source:
        M. Nielsen: Neural networks and deep learning. Determination Press 2015, chapter 3, on
        learning-rate schedules. Keras has no schedule of this name.

    Example:
        >>> import cairnet as cn
        >>> cn.optimizers.schedules.StepHalving(1.0, 10)([0, 9, 10, 25]).numpy()
        array([1.  , 1.  , 0.5 , 0.25])
    """

    def __init__(
        self, initial_learning_rate: float, decay_steps: float, name: str | None = None
    ) -> None:
        super().__init__(name)
        self.initial_learning_rate = at_least_zero("initial_learning_rate", initial_learning_rate)
        self.decay_steps = positive("decay_steps", decay_steps)

    def rate(self, step: Tensor) -> Tensor:
        """The learning rate at a step."""
        return self.initial_learning_rate * pow(0.5, floor(step / self.decay_steps))


@_registry.add
class InverseTimeDecay(LearningRateSchedule):
    r"""The rate α₀ / (1 + r · t/T).

    Args:
        initial_learning_rate: α₀, 0 or more.
        decay_steps: T, above 0.
        decay_rate: r, 0 or more.
        staircase: whether t/T is rounded down, so that the rate falls in steps.
        name: default: "inverse_time_decay".

    Raises:
        ArgumentError: a number is out of its range.

    Source:
        H. Robbins, S. Monro: A stochastic approximation method. Annals of Mathematical Statistics
        22 (3), 1951: rates whose sum diverges while that of their squares converges. Arguments as
        in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> cn.optimizers.schedules.InverseTimeDecay(1.0, 10, 1.0)([0, 10, 30]).numpy()
        array([1.  , 0.5 , 0.25])
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        decay_rate: float,
        staircase: bool = False,
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        self.initial_learning_rate = at_least_zero("initial_learning_rate", initial_learning_rate)
        self.decay_steps = positive("decay_steps", decay_steps)
        self.decay_rate = at_least_zero("decay_rate", decay_rate)
        self.staircase = staircase

    def rate(self, step: Tensor) -> Tensor:
        """The learning rate at a step."""
        return self.initial_learning_rate / (1 + self.decay_rate * _periods(self, step))


def _periods(schedule: ExponentialDecay | InverseTimeDecay, step: Tensor) -> Tensor:
    periods = step / schedule.decay_steps
    return floor(periods) if schedule.staircase else periods


@_registry.add
class PolynomialDecay(LearningRateSchedule):
    r"""The rate (α₀ − α₁) · (1 − t/T)ᵖ + α₁, which stays at α₁ after T steps.

    With `cycle`, T is the smallest multiple of `decay_steps` that is not below t, so that the
    rate jumps up again after every period, to less each time.

    Args:
        initial_learning_rate: α₀, 0 or more.
        decay_steps: T, above 0.
        end_learning_rate: α₁, 0 or more.
        power: p, above 0; 1 falls along a line.
        cycle: whether to begin again after T steps.
        name: default: "polynomial_decay".

    Raises:
        ArgumentError: a number is out of its range.

    Source:
        Keras 3, `keras.optimizers.schedules.PolynomialDecay`.

    Example:
        >>> import cairnet as cn
        >>> schedule = cn.optimizers.schedules.PolynomialDecay(1.0, 10, 0.0, power=2.0)
        >>> schedule([0, 5, 10, 20]).numpy()
        array([1.  , 0.25, 0.  , 0.  ])
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        self.initial_learning_rate = at_least_zero("initial_learning_rate", initial_learning_rate)
        self.decay_steps = positive("decay_steps", decay_steps)
        self.end_learning_rate = at_least_zero("end_learning_rate", end_learning_rate)
        self.power = positive("power", power)
        self.cycle = cycle

    def rate(self, step: Tensor) -> Tensor:
        """The learning rate at a step."""
        if self.cycle:
            fraction = step / (self.decay_steps * maximum(ceil(step / self.decay_steps), 1.0))
        else:
            fraction = minimum(step, self.decay_steps) / self.decay_steps
        span = self.initial_learning_rate - self.end_learning_rate
        return span * pow(1 - fraction, self.power) + self.end_learning_rate


@_registry.add
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


@_registry.add
class PiecewiseConstantDecay(LearningRateSchedule):
    r"""The rate vᵢ for bᵢ₋₁ < t ≤ bᵢ: constants with jumps after the boundaries.

    Args:
        boundaries: b₀ < b₁ < …, counts of steps.
        values: v₀, v₁, …, one more than there are boundaries, each 0 or more.
        name: default: "piecewise_constant_decay".

    Raises:
        ArgumentError: boundaries that do not rise, or not one value more than boundaries.

    Source:
        Keras 3, `keras.optimizers.schedules.PiecewiseConstantDecay`.

    Example:
        >>> import cairnet as cn
        >>> schedule = cn.optimizers.schedules.PiecewiseConstantDecay([10, 20], [1.0, 0.5, 0.1])
        >>> schedule([0, 10, 11, 20, 21]).numpy()
        array([1. , 1. , 0.5, 0.5, 0.1])
    """

    def __init__(
        self, boundaries: Sequence[float], values: Sequence[float], name: str | None = None
    ) -> None:
        super().__init__(name)
        self.boundaries = [finite("boundaries", boundary) for boundary in boundaries]
        self.values = [at_least_zero("values", value) for value in values]
        if len(self.values) != len(self.boundaries) + 1:
            raise ArgumentError(
                f"values: expected {len(self.boundaries) + 1}, one more than there are "
                f"boundaries, got {len(self.values)}"
            )
        if sorted(set(self.boundaries)) != self.boundaries:
            raise ArgumentError(f"boundaries: expected numbers that rise, got {self.boundaries}")

    def rate(self, step: Tensor) -> Tensor:
        """The learning rate at a step."""
        rate = 0 * step + self.values[-1]
        for boundary, value in zip(self.boundaries[::-1], self.values[-2::-1], strict=True):
            rate = where(step <= boundary, value, rate)
        return rate


@_registry.add
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


def as_schedule(learning_rate: Any) -> Callable[[Any], Tensor] | None:
    """The schedule that an argument `learning_rate` gives, in whatever form; None for a number."""
    if isinstance(learning_rate, Mapping) or callable(learning_rate):
        return get(learning_rate)
    return None


def get(schedule: Any) -> Callable[[Any], Tensor]:
    """The schedule of a saved form; schedules and functions of the step as they are.

    Args:
        schedule: `{"class_name": …, "config": {…}}`, a schedule, or a function from the count of
            steps, a tensor, to the rate.

    Raises:
        UnknownNameError: no schedule has this name; the nearest one that has is offered.
        ArgumentError: something else.

    Example:
        >>> import cairnet as cn
        >>> saved = {
        ...     "class_name": "StepHalving",
        ...     "config": {"initial_learning_rate": 1.0, "decay_steps": 10},
        ... }
        >>> float(cn.optimizers.schedules.get(saved)(10))
        0.5
    """
    found: Callable[[Any], Tensor] = _registry.get(schedule)
    return found
