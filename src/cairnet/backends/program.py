"""What a backend makes of a graph: a program that runs calls, one or many in a row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import numpy as np

from cairnet.tensor.extent import Extent

__all__ = ["Program", "of_step"]


class Program(Protocol):
    """A graph made runnable for one set of known extents."""

    def prepare(
        self, bindings: Mapping[Extent, int], steps: int | None = None, whole: int = 0
    ) -> Callable[[Sequence[np.ndarray]], list[np.ndarray]]:
        """A call but for its arrays; calling what is returned with them is `run`."""

    def run(
        self,
        arrays: Sequence[np.ndarray],
        bindings: Mapping[Extent, int],
        steps: int | None = None,
        whole: int = 0,
    ) -> list[np.ndarray]:
        """Run one call, or `steps` calls in a row.

        Args:
            arrays: one for each input, of its dtype, C-contiguous; with a leading axis of length
                `steps` where `steps` is given.
            bindings: the size of every unknown extent.
            steps: how many consecutive calls to run; None for one call without leading axes.
            whole: how many arrays, the last ones, have no leading axis: all calls are given them.

        Returns:
            The outputs, then the watched values; stacked along a leading axis for `steps`.
            Updates have been written to the variables.
        """


def of_step(arrays: Sequence[np.ndarray], step: int, whole: int) -> list[np.ndarray]:
    """The arrays of one of several calls; see `Program.run`.

    >>> of_step([np.arange(4), np.arange(2)], 3, whole=1)
    [array(3), array([0, 1])]
    """
    split = len(arrays) - whole
    return [*(array[step, ...] for array in arrays[:split]), *arrays[split:]]
