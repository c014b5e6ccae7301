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

from cairnet.optim.schedules.base import LearningRateSchedule, get
from cairnet.optim.schedules.decays import (
    ExponentialDecay,
    InverseTimeDecay,
    PiecewiseConstantDecay,
    PolynomialDecay,
    StepHalving,
)
from cairnet.optim.schedules.restarts import CosineDecayRestarts
from cairnet.optim.schedules.warmup import CosineDecay, LinearWarmup

__all__ = [
    "CosineDecay",
    "CosineDecayRestarts",
    "ExponentialDecay",
    "InverseTimeDecay",
    "LearningRateSchedule",
    "LinearWarmup",
    "PiecewiseConstantDecay",
    "PolynomialDecay",
    "StepHalving",
    "get",
]
