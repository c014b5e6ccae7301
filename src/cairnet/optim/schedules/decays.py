"""Schedules that fall: by powers, quotients, polynomials, or in steps."""

from __future__ import annotations

from collections.abc import Sequence

from cairnet.base.errors import ArgumentError
from cairnet.optim.numbers import at_least_zero, finite, positive
from cairnet.optim.schedules.base import LearningRateSchedule, registry
from cairnet.tensor.core import Tensor
from cairnet.tensor.functions import ceil, floor, maximum, minimum, pow, where

__all__ = [
    "ExponentialDecay",
    "InverseTimeDecay",
    "PiecewiseConstantDecay",
    "PolynomialDecay",
    "StepHalving",
]


@registry.add
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


@registry.add
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


@registry.add
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


@registry.add
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


@registry.add
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
