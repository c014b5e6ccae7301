"""`cn.debug`: checks that cost time, switched on where something is being hunted."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType

from cairnet.base.configuration import configure
from cairnet.base.errors import ArgumentError

__all__ = ["Debugging", "debug"]


def debug(
    *, non_finite: bool | None = None, verify: bool | None = None, bounds: bool | None = None
) -> Debugging:
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
        bounds: test every load and store of compiled code before it happens, lane by lane. One
            that would leave its memory, which would be a defect of Cairnet, stops the call with
            a `BoundsError` that names the kernel, the memory, the element and the extent. So does
            an index into an array, in `cn.take` for instance, that is not in range: without the
            test it is taken for the nearest that is. Functions compile once more, and are some
            ten times slower; results stay the same bits. CAIRNET_BOUNDS=1 in the environment
            does the same from the start.

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
        >>> rows = cn.input((None,), "int64", "rows")
        >>> pick = cn.function([rows], cn.take(cn.asarray([1.0, 2.0]), rows), backend="native")
        >>> pick([0, 7])
        array([1., 2.], dtype=float32)
        >>> with cn.debug(bounds=True):
        ...     pick([0, 7])  # doctest: +ELLIPSIS
        Traceback (most recent call last):
            ...
        cairnet.base.errors.IndexRangeError: kernel ...: index 7 into ... outside of its axis; ...
    """
    given = {"non_finite": non_finite, "verify": verify, "bounds": bounds}
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
