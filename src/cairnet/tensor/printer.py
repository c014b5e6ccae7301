"""A graph as text: one line a node, inputs before users.

    %0 = input "x" : float32[None, 784]
    %1 = variable "w" : float32[784, 30]
    %2 = dot(%0, %1, contract=((1,), (0,)), batch=((), ())) : float32[None, 30]  # dense, net.py:7
    return %2

A line names the node, what makes it of which nodes and parameters, its dtype and shape, the layers
inside which it was made and the user's line. Scalar constants stand where they are used. The step
of a scan is listed after the graph, as a graph of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cairnet.tensor.core import CONSTANT, Input, Literal, Tensor, Variable, topological_order
from cairnet.tensor.primitives.loops import Body

__all__ = ["format_graph"]

# Remarks of lines up to this long start in one column.
_WIDEST_ALIGNED = 88


def format_graph(
    outputs: Tensor | Sequence[Tensor],
    updates: Sequence[tuple[Variable, Tensor]] = (),
    *,
    remarks: bool = True,
) -> str:
    """The listing of everything that some tensors are computed from.

    Args:
        outputs: one tensor or several.
        updates: variables with their new values, listed after the outputs.
        remarks: whether to say where each node was made: layers, file and line.

    Returns:
        Lines of text, without a newline at the end.

    Example:
        >>> import cairnet as cn
        >>> x = cn.input((None, 2), name="x")
        >>> print(format_graph(cn.sum(x * 2, axis=0), remarks=False))
        %0 = input "x" : float32[None, 2]
        %1 = broadcast(2.0, shape=(len(x), 2)) : float32[None, 2]
        %2 = multiply(%0, %1) : float32[None, 2]
        %3 = sum(%2, axes=(0,)) : float32[2]
        return %3
    """
    roots = [outputs] if isinstance(outputs, Tensor) else list(outputs)
    listing = _Listing(remarks)
    listing.add_graph([*roots, *(value for _, value in updates)])
    listing.lines.append(("return " + ", ".join(map(listing.operand, roots)), ""))
    for variable, value in updates:
        listing.lines.append((f'update "{variable.name}" <- {listing.operand(value)}', ""))
    # Bodies may hold further scans, whose bodies join the list while it is read.
    for number, body in enumerate(listing.bodies):
        listing.add_body(number, body)
    return listing.text()


class _Listing:
    """Lines with their remarks, and the names given to nodes and bodies so far."""

    def __init__(self, remarks: bool) -> None:
        self.remarks = remarks
        self.lines: list[tuple[str, str]] = []
        self.names: dict[Tensor, str] = {}
        self.bodies: list[Body] = []

    def add_graph(self, roots: Sequence[Tensor], indent: str = "") -> None:
        for tensor in topological_order(roots):
            if tensor in self.names or _is_inline(tensor):
                continue
            self.names[tensor] = f"%{len(self.names)}"
            self.lines.append((indent + self.definition(tensor), _remark(tensor)))

    def add_body(self, number: int, body: Body) -> None:
        shared = dict(self.names)
        self.names = {}
        self.lines.append(("", ""))
        self.lines.append((f"step @{number}:", ""))
        self.add_graph([*body.inputs, *body.outputs], indent="  ")
        outputs = list(map(self.operand, body.outputs))
        state, stacked = outputs[: body.carries], outputs[body.carries :]
        self.lines.append((f"  state {', '.join(state)}", ""))
        self.lines.append((f"  outputs {', '.join(stacked)}", ""))
        self.names = shared

    def definition(self, tensor: Tensor) -> str:
        if isinstance(tensor, Input | Variable):
            call = f'{tensor.primitive.name} "{tensor.name}"'
        else:
            given = [f"{name}={self.parameter(value)}" for name, value in tensor.parameters.items()]
            call = (
                f"{tensor.primitive.name}({', '.join([*map(self.operand, tensor.inputs), *given])})"
            )
        return f"{self.names[tensor]} = {call} : {tensor.describe()}"

    def operand(self, tensor: Tensor) -> str:
        if _is_inline(tensor):
            return str(tensor.parameters["value"].array[()])
        return self.names[tensor]

    def parameter(self, value: Any) -> str:
        if isinstance(value, np.dtype):
            return str(value.name)
        if isinstance(value, Literal):
            return repr(value)
        if isinstance(value, Body):
            if value not in self.bodies:
                self.bodies.append(value)
            return f"@{self.bodies.index(value)}"
        if hasattr(value, "see"):
            return f'"{value.name}"'
        return repr(value)

    def text(self) -> str:
        if not self.remarks:
            return "\n".join(line for line, _ in self.lines)
        column = max(
            (len(line) for line, remark in self.lines if remark and len(line) <= _WIDEST_ALIGNED),
            default=0,
        )
        return "\n".join(
            f"{line:<{column}}  # {remark}" if remark else line for line, remark in self.lines
        )


def _is_inline(tensor: Tensor) -> bool:
    return tensor.primitive is CONSTANT and tensor.ndim == 0


def _remark(tensor: Tensor) -> str:
    place = tensor.source.short
    return f"{tensor.path}, {place}" if tensor.path else place
