"""The phase in which layers are being applied: for training or for use, free or frozen.

Some layers are another function while they are trained: dropout silences units, batch
normalisation looks at the batch. Which function is meant is said once, at the outermost call,
`network(x, training=True)`, and holds for every layer inside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from cairnet.base.errors import ArgumentError

__all__ = ["Phase", "current_phase", "phase"]


@dataclass(frozen=True, slots=True)
class Phase:
    """How the layers that are being called are to behave.

    Attributes:
        training: whether the graph is for training.
        trainable: whether no layer around this one is frozen (`trainable = False`).
    """

    training: bool = False
    trainable: bool = True


_USE = Phase()
_current: ContextVar[Phase] = ContextVar("phase", default=_USE)


def current_phase() -> Phase:
    """The phase of the layer that is being called; outside of all layers, that of use."""
    return _current.get()


@contextmanager
def phase(training: Any = None, trainable: bool = True) -> Iterator[Phase]:
    """The phase of what is inside: None keeps that of the surroundings, and frozen stays frozen.

    Raises:
        ArgumentError: training is not True, False or None.

    Example:
        >>> with phase(training=True), phase(trainable=False), phase() as inner:
        ...     inner
        Phase(training=True, trainable=False)
    """
    if training is not None and not isinstance(training, bool):
        raise ArgumentError(
            f"training: expected True, False, or None for what holds around, got {training!r}; "
            "it is known when a graph is built, so that each phase has a graph of its own"
        )
    around = _current.get()
    inside = Phase(
        around.training if training is None else training, around.trainable and trainable
    )
    token = _current.set(inside)
    try:
        yield inside
    finally:
        _current.reset(token)
