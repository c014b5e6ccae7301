"""Optimizers: rules by which gradients change variables, as graphs.

An optimizer can be given to `compile` by name, `optimizer="adam"`, or as an object with settings
of its own, `optimizer=cn.optimizers.SGD(0.1, momentum=0.9)`. The learning rate may be a schedule,
`cn.optimizers.schedules.CosineDecay(0.1, decay_steps=10_000)`. It can also be used without a model:
`cn.function(…, updates=optimizer.updates(variables, gradients))`.
"""

from typing import Any

from cairnet.optim import schedules
from cairnet.optim.adadelta import Adadelta
from cairnet.optim.adagrad import Adagrad
from cairnet.optim.adam import Adam, AdamW
from cairnet.optim.adamax import Adamax
from cairnet.optim.nadam import Nadam
from cairnet.optim.optimizer import Optimizer, registry
from cairnet.optim.rmsprop import RMSprop
from cairnet.optim.sgd import SGD

__all__ = [
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Nadam",
    "Optimizer",
    "RMSprop",
    "get",
    "schedules",
]


def get(optimizer: Any) -> Optimizer:
    """The optimizer of a name, as "adam" or "Adam", with its default settings; others as they are.

    Args:
        optimizer: a name, an optimizer, or its saved form.

    Raises:
        UnknownNameError: no optimizer has this name; the nearest one that has is offered.

    Example:
        >>> import cairnet as cn
        >>> cn.optimizers.get("sgd").learning_rate
        0.01
    """
    return registry.get(optimizer)
