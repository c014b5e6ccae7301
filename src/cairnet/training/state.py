"""What an optimizer remembers, by names that lead back to the weights it is about.

A slot is named after its kind and the path of its weight ("first_moment/dense/kernel"), everything
else that the optimizer keeps after itself ("iterations"). The names do not depend on the order in
which the slots were made.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cairnet.base.errors import ArgumentError
from cairnet.tensor.core import Variable
from cairnet.training.learner import Learner

__all__ = ["PREFIX", "optimizer_state", "restore_optimizer"]

#: What the names of an optimizer's state begin with, where they stand among those of weights.
PREFIX = "optimizer/"


def optimizer_state(model: Learner) -> dict[str, np.ndarray]:
    """Copies of everything that the optimizer of a compiled model remembers of its weights."""
    optimizer = model.optimizer
    paths = {variable: path for path, variable in model.named_variables().items()}
    state: dict[str, np.ndarray] = {}
    slots: set[Variable] = set()
    for kind, held in optimizer.slots.items():
        slots.update(held.values())
        for variable, slot in held.items():
            if variable in paths:
                state[f"{PREFIX}{kind}/{paths[variable]}"] = slot.numpy()
    for variable in optimizer.variables:
        if variable not in slots:
            state[f"{PREFIX}{variable.name}"] = variable.numpy()
    return state


def restore_optimizer(model: Learner, state: Mapping[str, np.ndarray]) -> None:
    """Give the optimizer of a model back what `optimizer_state` took.

    Raises:
        ArgumentError: a name or a shape that does not fit the model and its optimizer.
    """
    if not state:
        return
    if model.compiled is None:
        raise ArgumentError("found the state of an optimizer, and no optimizer to have it")
    optimizer, weights = model.optimizer, model.named_variables()
    slots = {id(slot) for held in optimizer.slots.values() for slot in held.values()}
    own = {each.name: each for each in optimizer.variables if id(each) not in slots}
    for name, value in state.items():
        key = name.removeprefix(PREFIX)
        kind, _, path = key.partition("/")
        if key in own:
            variable = own[key]
        elif path in weights:
            variable = optimizer.slot(kind, weights[path])
        else:
            raise ArgumentError(f"found {name!r}, and the model has no such weight")
        if variable.data.dtype != value.dtype:
            raise ArgumentError(
                f"expected {name!r} to be {variable.data.dtype.name}, found {value.dtype.name}"
            )
        variable.assign(value)
