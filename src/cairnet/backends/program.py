"""What a backend makes of a graph: a program that runs calls, one or many in a row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import numpy as np

from cairnet.tensor.extent import Extent

__all__ = ["Program"]


class Program(Protocol):
    """A graph made runnable for one set of known extents."""

    def prepare(
        self, bindings: Mapping[Extent, int], steps: int | None = None
    ) -> Callable[[Sequence[np.ndarray]], list[np.ndarray]]:
        """A call but for its arrays; calling what is returned with them is `run`."""

    def run(
        self,
        arrays: Sequence[np.ndarray],
        bindings: Mapping[Extent, int],
        steps: int | None = None,
    ) -> list[np.ndarray]:
        """Run one call, or `steps` calls in a row.

        Args:
            arrays: one for each input, of its dtype, C-contiguous; with a leading axis of length
                `steps` where `steps` is given.
            bindings: the size of every unknown extent.
            steps: how many consecutive calls to run; None for one call without leading axes.

        Returns:
            The outputs, then the watched values; stacked along a leading axis for `steps`.
            Updates have been written to the variables.
        """
