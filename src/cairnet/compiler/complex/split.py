"""The walk over a graph that replaces every complex node by the two parts of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cairnet.base.dtypes import is_complex, real_of
from cairnet.base.errors import CompileError
from cairnet.compiler.complex.formulas import Pair
from cairnet.compiler.complex.rules import RULES, Parts
from cairnet.tensor.core import VARIABLE, Input, Tensor, Variable, apply, topological_order
from cairnet.tensor.extent import evaluate
from cairnet.tensor.primitives import CONCATENATE, RESHAPE, SCAN, SLICE
from cairnet.tensor.primitives.loops import Body, has_complex
from cairnet.tensor.source import standing_for

__all__ = ["Split", "split_complex"]


@dataclass(frozen=True)
class Split:
    """A function of real numbers that stands for one of complex numbers.

    Attributes:
        inputs: placeholders; those of complex numbers have one axis more.
        outputs: results, likewise.
        updates: variables, likewise, which are views of the memory of the complex ones.
    """

    inputs: tuple[Input, ...]
    outputs: tuple[Tensor, ...]
    updates: tuple[tuple[Variable, Tensor], ...]


class _View(Variable):
    """The memory of a complex variable as real numbers, with one axis more."""

    __slots__ = ()

    def __init__(self, whole: Variable) -> None:
        data = whole.data[..., None].view(real_of(whole.dtype))
        Tensor.__init__(self, VARIABLE, (), {}, data.shape, data.dtype, whole.source, whole.path)
        self.data = data
        self.name = whole.name
        self.trainable = whole.trainable


def split_complex(
    inputs: Sequence[Input],
    outputs: Sequence[Tensor],
    updates: Sequence[tuple[Variable, Tensor]],
) -> Split:
    """The same function in real numbers.

    Args:
        inputs: the placeholders.
        outputs: the results.
        updates: variables and the expressions of their new values.

    Raises:
        CompileError: a primitive has no rule for complex numbers.
    """
    walk = _Walk()
    placeholders = [walk.placeholder(item) for item in inputs]
    variables = [walk.variable(variable) for variable, _ in updates]
    values = [value for _, value in updates]
    walk.visit([*outputs, *values])
    new = [walk.joined(value) for value in values]
    return Split(
        tuple(placeholders),
        tuple(walk.joined(output) for output in outputs),
        tuple(zip(variables, new, strict=True)),
    )


class _Walk:
    """What each tensor has become so far; bodies of loops share it, as they extend each other."""

    def __init__(self) -> None:
        self.parts: dict[Tensor, Parts] = {}
        self.bodies: dict[Body, Body] = {}
        self._variables: dict[Variable, Variable] = {}
        #: The placeholders that stand for each one inside a loop.
        self._places: dict[Input, tuple[Input, ...]] = {}

    # -- the border ------------------------------------------------------------------------------

    def placeholder(self, tensor: Input) -> Input:
        """The placeholder in real numbers."""
        if not is_complex(tensor.dtype):
            self.parts[tensor] = tensor
            return tensor
        with standing_for(tensor.source, tensor.path):
            whole = Input((*tensor.extents, 2), real_of(tensor.dtype), tensor.name)
            self.parts[tensor] = _parts_of(whole)
        return whole

    def variable(self, tensor: Variable) -> Variable:
        """The variable in real numbers, over the same memory."""
        if tensor not in self._variables:
            if not is_complex(tensor.dtype):
                self._variables[tensor] = tensor
                self.parts[tensor] = tensor
            else:
                with standing_for(tensor.source, tensor.path):
                    self._variables[tensor] = _View(tensor)
                    self.parts[tensor] = _parts_of(self._variables[tensor])
        return self._variables[tensor]

    def joined(self, tensor: Tensor) -> Tensor:
        """A result, with both parts side by side where it is complex."""
        found = self.parts[tensor]
        if isinstance(found, Tensor):
            return found
        shape = (*tensor.extents, 1)
        with standing_for(tensor.source, tensor.path):
            columns = [apply(RESHAPE, part, shape=shape) for part in found]
            return apply(CONCATENATE, *columns, axis=tensor.ndim)

    # -- the graph -------------------------------------------------------------------------------

    def visit(self, results: Iterable[Tensor]) -> None:
        """Find the parts of every node below some results."""
        for tensor in topological_order(results, stop=lambda t: t in self.parts):
            if tensor in self.parts:
                continue
            if isinstance(tensor, Variable):
                self.variable(tensor)
            elif isinstance(tensor, Input):
                self.placeholder(tensor)
            else:
                with standing_for(tensor.source, tensor.path):
                    self.parts[tensor] = self._node(tensor)

    def _node(self, tensor: Tensor) -> Parts:
        inputs = [self.parts[item] for item in tensor.inputs]
        if has_complex(tensor) or any(not isinstance(item, Tensor) for item in inputs):
            if tensor.primitive is SCAN:
                return self._scan(tensor, inputs)
            rule = RULES.get(tensor.primitive.name)
            if rule is None:
                raise CompileError(
                    f"{tensor.primitive.name}, written at {tensor.source}: the native backend has "
                    'no complex numbers for it; make the function with backend="reference"'
                )
            return rule(tensor, *inputs, **_given(tensor))
        real = [item for item in inputs if isinstance(item, Tensor)]
        if all(new is old for new, old in zip(real, tensor.inputs, strict=True)):
            return tensor
        return Tensor(
            tensor.primitive, tuple(real), tensor.parameters, tensor.extents, tensor.dtype
        )

    # -- loops -----------------------------------------------------------------------------------

    def _scan(self, tensor: Tensor, inputs: Sequence[Parts]) -> Parts:
        old: Body = tensor.parameters["body"]
        new = self._body(old)
        sizes = dict(zip(old.symbols, tensor.parameters["sizes"], strict=True))
        place = sum(_width(output) for output in old.outputs[: tensor.parameters["output"]])
        arguments = [part for item in inputs for part in _listed(item)]
        nodes = [
            apply(
                SCAN,
                *arguments,
                body=new,
                output=place + part,
                length=tensor.parameters["length"],
                reverse=tensor.parameters["reverse"],
                sizes=evaluate(new.symbols, sizes),
            )
            for part in range(_width(tensor))
        ]
        return _as_parts(nodes)

    def _body(self, body: Body) -> Body:
        """One step in real numbers; made once, since equal loops share it."""
        if not body.has_complex:
            return body
        if body not in self.bodies:
            extends = None if body.extends is None else self._body(body.extends)
            for item in body.inputs:
                if item not in self._places:
                    self._places[item] = _places_of(item)
                    self.parts[item] = _as_parts(self._places[item])
            self.visit(body.outputs)
            self.bodies[body] = Body(
                [part for item in body.inputs for part in self._places[item]],
                [part for item in body.outputs for part in _listed(self.parts[item])],
                sum(_width(item) for item in body.inputs[: body.carries]),
                sum(
                    _width(item)
                    for item in body.inputs[body.carries : body.carries + body.sequences]
                ),
                extends,
            )
        return self.bodies[body]


def _given(tensor: Tensor) -> dict[str, object]:
    """The parameters that a rule wants: all but those that the node shows anyway."""
    return {} if tensor.primitive.name in ("constant", "iota", "size") else tensor.parameters


def _parts_of(whole: Tensor) -> Pair:
    """The two columns of the last axis."""
    extents = whole.extents[:-1]
    steps = (1,) * whole.ndim
    columns = [
        apply(SLICE, whole, starts=(*(0 for _ in extents), k), sizes=(*extents, 1), steps=steps)
        for k in (0, 1)
    ]
    real, imag = (apply(RESHAPE, column, shape=extents) for column in columns)
    return real, imag


def _places_of(item: Input) -> tuple[Input, ...]:
    """What stands for a placeholder inside a loop: itself, or one placeholder for each part."""
    if not is_complex(item.dtype):
        return (item,)
    with standing_for(item.source, item.path):
        return tuple(
            Input(item.extents, real_of(item.dtype), f"{item.name}.{part}")
            for part in ("real", "imag")
        )


def _as_parts(listed: Sequence[Tensor]) -> Parts:
    return listed[0] if len(listed) == 1 else (listed[0], listed[1])


def _listed(parts: Parts) -> tuple[Tensor, ...]:
    return (parts,) if isinstance(parts, Tensor) else parts


def _width(tensor: Tensor) -> int:
    """How many real tensors stand for one."""
    return 2 if is_complex(tensor.dtype) else 1
