"""`cn.debug`: checks that cost time, switched on where something is being hunted."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType

from cairnet.base.configuration import configure
from cairnet.base.errors import ArgumentError

__all__ = ["Debugging", "debug"]


def debug(*, non_finite: bool | None = None, verify: bool | None = None) -> Debugging:
    """Check what compiled functions compute, and explain the first thing that is wrong.

    It takes effect at once. As a context manager it ends with the block; called by itself it
    stays on until `cn.debug(non_finite=False)`.

    Args:
        non_finite: after every step, look for NaN and infinity in the outputs and in the new
            values of variables. The first one is reported with the node in which it arose, its
            layers, the user's line, the step, and the range of the node's inputs; the variables
            keep the values they had before that step. Results stay the same bits. Steps run one
            by one, so `Function.steps` and `fit` are slower.
        verify: check graphs and loops between all passes of the compiler, when a function
            compiles: for those who write passes.

    Returns:
        A context manager that restores the settings from before.

    Raises:
        ArgumentError: nothing to check is named, or not by True or False.

    Example:
        >>> import cairnet as cn
        >>> x = cn.input((2,), name="x")
        >>> f = cn.function([x], cn.sum(cn.log(x)))
        >>> with cn.debug(non_finite=True):
        ...     f([1.0, -1.0])  # doctest: +ELLIPSIS
        Traceback (most recent call last):
            ...
        cairnet.base.errors.NonFiniteError: step 0: the first NaN arose in log, written at ...
    """
    given = {"non_finite": non_finite, "verify": verify}
    chosen = {name: value for name, value in given.items() if value is not None}
    for name, value in chosen.items():
        if not isinstance(value, bool):
            raise ArgumentError(f"debug: {name}: expected True or False, got {value!r}")
    if not chosen:
        raise ArgumentError("debug: name what to check, as in cn.debug(non_finite=True)")
    before = configure(**chosen)
    return Debugging({name: getattr(before, name) for name in chosen})


class Debugging:
    """Checks that are on; leaving the context restores the settings from before.

    Args:
        before: those settings.
    """

    def __init__(self, before: Mapping[str, bool]) -> None:
        self._before = dict(before)

    def __enter__(self) -> None:
        """Nothing more to do: the checks are on already."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        configure(**self._before)
