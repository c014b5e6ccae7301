"""Finding the first NaN or infinity: where it arose, in which layer, at which step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NoReturn

import numpy as np

from cairnet.backends.program import Program
from cairnet.base.dtypes import is_complex, is_differentiable
from cairnet.base.errors import NonFiniteError
from cairnet.runtime.graph import FunctionGraph
from cairnet.tensor.core import Tensor
from cairnet.tensor.extent import Extent
from cairnet.tensor.interpreter import evaluate

__all__ = ["check_finite"]


def check_finite(
    graph: FunctionGraph,
    program: Program,
    arrays: Sequence[np.ndarray],
    bindings: Mapping[Extent, int],
    step: int,
) -> list[np.ndarray]:
    """Run the program for one step, and explain the first result that is not finite.

    The step is run by the program as always, so that its results are the same bits. Only when
    one of them is not finite is the step repeated in the interpreter, on the old values of the
    variables, to find the node that made the first NaN or infinity out of finite inputs.

    Args:
        graph: of the function.
        program: what runs it.
        arrays: one for each input.
        bindings: the size of every unknown extent.
        step: how many steps the function has run before, for the message.

    Raises:
        NonFiniteError: names the node, its layer path, the user's line and the step. The
            variables keep the values they had before that step.
    """
    before = [variable.numpy() for variable, _ in graph.updates]
    results = program.run(arrays, bindings)
    if not all(_finite(value) for value in (*results, *(v.data for v, _ in graph.updates))):
        for (variable, _), value in zip(graph.updates, before, strict=True):
            variable.data[...] = value
        _explain(graph, arrays, bindings, step)
    return results


def _finite(value: np.ndarray) -> bool:
    return not is_differentiable(value.dtype) or bool(np.isfinite(value).all())


def _explain(
    graph: FunctionGraph,
    arrays: Sequence[np.ndarray],
    bindings: Mapping[Extent, int],
    step: int,
) -> NoReturn:
    """Interpret the step up to the node that made the first NaN or infinity, and raise."""
    values: dict[Tensor, np.ndarray] = {}

    def observe(tensor: Tensor, value: np.ndarray) -> None:
        values[tensor] = value
        # An infinity that the user wrote into the graph is meant; what is made of it may not be.
        if _finite(value) or tensor.closed:
            return
        kind = "NaN" if np.isnan(value).any() else "infinity"
        place = tuple(int(i) for i in np.argwhere(~np.isfinite(value))[0])
        name = getattr(tensor, "name", tensor.primitive.name)
        layer = f" in layer {tensor.path}" if tensor.path else ""
        ranges = "; ".join(_range(item, values[item]) for item in tensor.inputs)
        raise NonFiniteError(
            f"step {step}: the first {kind} arose in {name}{layer}, written at {tensor.source}: "
            f"element {place} of {tensor.describe()}. "
            + (f"Its inputs: {ranges}" if ranges else "It was given from outside")
        )

    feeds: dict[Tensor, np.ndarray] = dict(zip(graph.inputs, arrays, strict=True))
    wanted = [*graph.outputs, *(value for _, value in graph.updates)]
    evaluate(wanted, feeds, bindings, observe)
    # Rounding may differ where a value is close to the largest number.
    made = "; ".join(f"{t.describe()} from {t.primitive.name}, {t.source}" for t in wanted)
    raise NonFiniteError(
        f"step {step}: a result is not finite, although no node is when the graph is interpreted. "
        f"The results: {made}"
    )


def _range(tensor: Tensor, value: np.ndarray) -> str:
    if not value.size:
        return f"{tensor.primitive.name} with no elements"
    if is_complex(value.dtype):
        return f"{tensor.primitive.name} of magnitudes up to {np.abs(value).max():.6g}"
    return f"{tensor.primitive.name} from {value.min():.6g} to {value.max():.6g}"
