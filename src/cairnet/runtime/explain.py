"""`cn.explain`: a compiled function shows what became of it, from its graph to its assembly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from cairnet.base.errors import ArgumentError, UnknownNameError
from cairnet.runtime.function import Function
from cairnet.tensor.extent import Extent
from cairnet.tensor.printer import format_graph

if TYPE_CHECKING:
    from cairnet.backends.native.program import NativeProgram

__all__ = ["LEVELS", "Explainable", "Explanation", "explain"]

LEVELS = ("graph", "rewritten", "loops", "llvm", "asm")


class Explanation(str):
    """Text that shows itself as it is, in a notebook or at the prompt; otherwise a `str`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


@runtime_checkable
class Explainable(Protocol):
    """Something that has functions inside, as a model has: it says which one arguments call for."""

    def function_for(self, *arguments: Any) -> tuple[Function, tuple[Any, ...]]:
        """A function made by `cn.function`, and the arguments for it."""


def explain(
    function: Function | Explainable,
    level: str = "loops",
    *arguments: Any,
    kernel: int | None = None,
) -> Explanation:
    """What a function has been made into, at one of five levels.

    =============  ==========================================================================
    "graph"        the expression graph as it was written, one node a line
    "rewritten"    the graph after algebra, with the extents that are numbers in the program
    "loops"        the kernels: loops, formulas, how they are walked, and the plan of memory
    "llvm"         the LLVM IR, exactly as it was written
    "asm"          the assembly that LLVM makes of it for this machine
    =============  ==========================================================================

    Kernels are numbered at the level "loops", and the loops, the IR or the assembly of a single
    one can be asked for by its number.

    Args:
        function: a function made by `cn.function`; or a model: with data x, what `predict` does
            with it; with x and targets y, a step of training with its gradients and updates.
        level: one of the five.
        arguments: values for the function's inputs, or data for the model: the program shown is
            the one that a call with them would run, and it is compiled if need be. Without them it
            is the one that ran last. The level "graph" needs neither.
        kernel: the number of a kernel, to see no more than that one.

    Returns:
        A string that prints itself.

    Raises:
        UnknownNameError: there is no such level.
        ArgumentError: the function has not been called and no arguments are given; it runs on the
            reference backend, which interprets the graph and has no further levels; or there is
            no kernel of that number.

    Example:
        >>> import cairnet as cn
        >>> x = cn.input((None, 3), name="x")
        >>> f = cn.function([x], cn.sum(cn.exp(x), axis=1), backend="native")
        >>> f([[0.0, 0.0, 0.0]])
        array([3.], dtype=float32)
        >>> cn.explain(f, "loops", kernel=0)
        kernel 0: sum  phase 0, one thread
            # ...
            # ... about ... cycles
            total = sum over i1 < 3 of exp(x[0, i1])
            output0[0] := total
        >>> model = cn.Sequential([cn.Input((2,)), cn.layers.Dense(1, use_bias=False)])
        >>> cn.explain(model, "graph")
        %0 = input "input" : float32[None, 2]  ...
        %1 = reshape(%0, shape=(len(input), 2)) : float32[None, 2]  # input, ...
        %2 = variable "dense/kernel" : float32[2, 1]  # dense, ...
        %3 = dot(%1, %2, contract=((1,), (0,)), batch=((), ())) : float32[None, 1]  # dense, ...
        return %3
    """
    if not isinstance(function, Function | Explainable):
        raise ArgumentError(
            "explain: expected a function made by cn.function, or a model, got "
            f"{type(function).__name__}"
        )
    if not isinstance(level, str) or level not in LEVELS:
        raise UnknownNameError("level", level, LEVELS)
    if kernel is not None and level not in ("loops", "llvm", "asm"):
        raise ArgumentError(f'kernel: the level "{level}" shows no kernels, those after it do')
    if not isinstance(function, Function):
        function, arguments = function.function_for(*arguments)
    if level == "graph":
        return Explanation(format_graph(function.graph.outputs, function.graph.updates))
    program, sizes = _chosen(function, level, arguments)
    if level == "rewritten":
        return Explanation(_rewritten(function, program))
    if level == "loops":
        return Explanation(_loops(function, program, sizes, kernel))
    return Explanation(_code(program, level, kernel))


def _chosen(
    function: Function, level: str, arguments: tuple[Any, ...]
) -> tuple[NativeProgram, Mapping[Extent, int]]:
    """The program to show, and the sizes that are known of it."""
    if function.backend != "native":
        raise ArgumentError(
            f"explain: {function.name} runs on the {function.backend} backend, which interprets "
            f'the graph as it is: it has the level "graph" alone, and no "{level}"; make the '
            'function with backend="native"'
        )
    sizes: Mapping[Extent, int] = {}
    if arguments or not function.graph.inputs:
        sizes = function.sizes(*arguments)
        function.program(*arguments)
    if function.last is None:
        names = ", ".join(tensor.name for tensor in function.graph.inputs)
        raise ArgumentError(
            f"explain: {function.name} has not been called yet, so there is nothing at the level "
            f'"{level}" to show; call it, or say for which arguments: '
            f'cn.explain(f, "{level}", {names})'
        )
    from cairnet.backends.native.program import NativeProgram

    fixed, program = function.last
    if not isinstance(program, NativeProgram):
        raise ArgumentError(f"explain: {function.name} has no native program")
    return program, {**fixed, **sizes}


def _rewritten(function: Function, program: NativeProgram) -> str:
    results, count = program.rewritten, len(function.graph.outputs)
    variables = [variable for variable, _ in function.graph.updates]
    return format_graph(results[:count], list(zip(variables, results[count:], strict=True)))


def _loops(
    function: Function,
    program: NativeProgram,
    sizes: Mapping[Extent, int],
    kernel: int | None,
) -> str:
    from cairnet.compiler.listing import format_kernel, format_program

    module = program.module
    functions = dict(zip(module.steps, module.kernels, strict=True))
    if kernel is not None:
        return format_kernel(program.lowered, _checked(program, kernel), functions=functions)
    known = ", ".join(f"{size} = {number}" for size, number in sizes.items())
    title = f"{function.name}, with {known}" if known else function.name
    return f"{title}: {format_program(program.lowered, sizes, functions=functions)}"


def _code(program: NativeProgram, level: str, kernel: int | None) -> str:
    from cairnet.backends.native import jit
    from cairnet.backends.native.machine import host
    from cairnet.backends.native.symbols import closure, function_text, instructions

    text = program.module.text
    if kernel is None:
        return text if level == "llvm" else instructions(jit.assembly(text, host()))
    name = program.module.kernels[_checked(program, kernel)]
    if level == "llvm":
        return function_text(text, name)
    return instructions(jit.assembly(closure(text, name), host()))


def _checked(program: NativeProgram, kernel: int) -> int:
    count = len(program.module.kernels)
    if not isinstance(kernel, int) or not 0 <= kernel < count:
        raise ArgumentError(
            f'kernel: expected a number from 0 to {count - 1}, as the level "loops" gives them, '
            f"got {kernel!r}"
        )
    return kernel
