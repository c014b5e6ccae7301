"""LambdaCallback: hooks given as functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cairnet.base.errors import ArgumentError, UnknownNameError
from cairnet.training.callbacks.base import Callback

__all__ = ["LambdaCallback"]

_HOOKS = sorted(name for name in vars(Callback) if name.startswith("on_"))


class LambdaCallback(Callback):
    """A callback made of functions, each given under the name of its hook.

    Args:
        hooks: such as `on_epoch_end=f`, which is called as `f(epoch, logs)`; see `Callback`.

    Raises:
        UnknownNameError: there is no hook of this name; the nearest is offered.
        ArgumentError: not a function.

    Source:
        Arguments as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> x = [[0.0], [1.0]]
        >>> model = cn.Sequential([cn.Input((1,)), cn.layers.Dense(1)])
        >>> model.compile("sgd", "mean_squared_error")
        >>> say = cn.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: print(epoch))
        >>> history = model.fit(x, x, epochs=2, callbacks=[say], verbose=0)
        0
        1
    """

    def __init__(self, **hooks: Callable[..., Any] | None) -> None:
        self._given = {name: hook for name, hook in hooks.items() if hook is not None}
        for name, hook in self._given.items():
            if name not in _HOOKS:
                raise UnknownNameError("hook", name, _HOOKS)
            if not callable(hook):
                raise ArgumentError(f"{name}: expected a function, got {hook!r}")
            setattr(self, name, hook)

    def wants_batches(self, phase: str) -> bool:
        """Whether a hook for single batches of this phase was given."""
        return any(name.startswith(f"on_{phase}_batch_") for name in self._given)
