"""The reference backend: the interpreter run as a program. Slow, and the definition of correct."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np

from cairnet.backends.program import of_step
from cairnet.tensor.core import Input, Tensor, Variable
from cairnet.tensor.extent import Extent
from cairnet.tensor.extent import evaluate as evaluate_extent
from cairnet.tensor.interpreter import evaluate

__all__ = ["ReferenceProgram"]


class ReferenceProgram:
    """Interprets the graph with NumPy, one primitive at a time."""

    def __init__(
        self,
        inputs: Sequence[Input],
        outputs: Sequence[Tensor],
        updates: Sequence[tuple[Variable, Tensor]],
    ) -> None:
        self.inputs = tuple(inputs)
        self.outputs = tuple(outputs)
        self.updates = tuple(updates)

    def prepare(
        self, bindings: Mapping[Extent, int], steps: int | None = None, whole: int = 0
    ) -> Callable[[Sequence[np.ndarray]], list[np.ndarray]]:
        """See `cairnet.backends.program.Program.prepare`."""
        return partial(self.run, bindings=bindings, steps=steps, whole=whole)

    def run(
        self,
        arrays: Sequence[np.ndarray],
        bindings: Mapping[Extent, int],
        steps: int | None = None,
        whole: int = 0,
    ) -> list[np.ndarray]:
        """See `cairnet.backends.program.Program.run`."""
        if steps is None:
            return self._one(arrays, bindings)
        results = [
            np.empty((steps, *evaluate_extent(output.extents, bindings)), output.dtype)
            for output in self.outputs
        ]
        for step in range(steps):
            values = self._one(of_step(arrays, step, whole), bindings)
            for stacked, value in zip(results, values, strict=True):
                stacked[step] = value
        return results

    def _one(
        self, arrays: Sequence[np.ndarray], bindings: Mapping[Extent, int]
    ) -> list[np.ndarray]:
        feeds: dict[Tensor, np.ndarray] = dict(zip(self.inputs, arrays, strict=True))
        wanted = [*self.outputs, *(value for _, value in self.updates)]
        values = [np.array(value) for value in evaluate(wanted, feeds, bindings)]
        count = len(self.outputs)
        for (variable, _), value in zip(self.updates, values[count:], strict=True):
            variable.data[...] = value
        return values[:count]
